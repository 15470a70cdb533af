"""What has come of an edge: when it was heard, and which units it named in vain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from ringfence.domain.clock import moment_of
from ringfence.domain.edge import EDGES
from ringfence.domain.errors import RingfenceError
from ringfence.storage.signal_tables import EdgeHeard, Unmatched
from ringfence.visibility.point import find
from ringfence.visibility.viewer import Viewer


class UnmatchedUnit(NamedTuple):
    """A unit id that an edge may not speak for: how many lines named it, from when to when, and the last of them."""

    unit_id: str
    lines: int
    first_at: datetime
    last_at: datetime
    sample: str


class Status(NamedTuple):
    """When an edge was last heard (None: never), how many lines were taken of it, and what it named in vain, the last
    heard first."""

    heard_at: datetime | None
    lines: int
    unmatched: Sequence[UnmatchedUnit]


def status(viewer: Viewer, key: str) -> Status:
    """What has come of an edge that the viewer may open. Raises RingfenceError alike where it is hidden, or not
    there."""
    permission = EDGES.right("view")
    with viewer.look(permission) as sight:
        edge = find(sight, permission, EDGES, "key", key)
        if edge is None:
            raise RingfenceError(f"there is no edge {key!r}: 'ringfence list edges' shows those there are")
        heard = sight.connection.execute(
            select(EdgeHeard.at, EdgeHeard.lines).where(
                EdgeHeard.edge_id == edge, EdgeHeard.tenant_id == sight.tenant_id
            )
        ).one_or_none()
        columns = (Unmatched.unit_id, Unmatched.lines, Unmatched.first_at, Unmatched.last_at, Unmatched.sample)
        query = select(*columns).where(Unmatched.edge_id == edge, Unmatched.tenant_id == sight.tenant_id)
        rows = sight.connection.execute(query.order_by(Unmatched.last_at.desc(), Unmatched.unit_id)).all()
    units = [
        UnmatchedUnit(unit, lines, moment_of(first), moment_of(last), said) for unit, lines, first, last, said in rows
    ]
    if heard is None:
        return Status(None, 0, units)
    return Status(moment_of(heard.at), heard.lines, units)
