"""Changing who may see what: open a record and save it, by one rule. What a change would do is ``previewing``'s."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

from sqlalchemy import Connection

from ringfence.changes import opening
from ringfence.changes.applying import Outcome, Progress, apply
from ringfence.changes.audit import Actor
from ringfence.changes.edits import Edit
from ringfence.changes.lacking import lacked_by
from ringfence.domain import clock
from ringfence.domain.errors import Conflict, Refused, RingfenceError
from ringfence.domain.ids import ids_in
from ringfence.domain.kind import StateKind
from ringfence.domain.registry import EDITED, kind_named
from ringfence.domain.user import USERS, UserState
from ringfence.services.edited import Opened, Saved
from ringfence.visibility import overview
from ringfence.visibility.point import among
from ringfence.visibility.viewer import Viewer

__all__ = ["Edit", "Progress"]


def open_record(viewer: Viewer, kind: StateKind, record: int) -> Opened:
    """A record in a form. Raises RingfenceError alike for one that is hidden, or may not be viewed, or is not there."""
    found = open_records(viewer, kind, [record])
    if not found:
        raise RingfenceError(f"this {EDITED[kind].said} is not there any more, or you may not open it")
    return found[0]


def open_records(viewer: Viewer, kind: StateKind, records: Sequence[int]) -> tuple[Opened, ...]:
    """The same for many at once, in their order; those that are hidden, or may not be viewed, are left out."""
    of = EDITED[kind]
    with viewer.look(*overview.LISTING, of.right("view"), of.right("edit")) as sight:
        known = opening.open_states(sight, kind, records, viewer.own_id)
        states = [state for state, _ in known.values()]
        names = {
            field: overview.names(sight, EDITED[to], {one for state in states for one in ids_in(getattr(state, field))})
            for field, to in of.refs.items()
        }
        for field, to in of.refs.items():
            if to == USERS.noun and viewer.own_id and any(getattr(state, field) == viewer.own_id for state in states):
                names[field][viewer.own_id] = opening.name_of_user(sight, viewer.own_id)
        users = cast("list[UserState]", states) if of is USERS else []
        filters = {one for user in users for one in user.customer_groups}
        active = dict(overview.active_of(sight, filters)) if filters else {}
        rows = among(sight, of.right("edit"), of, list(known))
        editable = {row.id for row in rows}
    found = []
    for record in records:
        if record not in known:
            continue
        state, revision = known[record]
        why_not = ""
        if kind == "user" and record == viewer.own_id:
            pass  # their own profile is everybody's to change; anything else of themselves is refused when saved
        elif record not in editable and state.key:  # the tenant's root, which has none, is nobody's record
            why_not = f"you may view this {of.said}, but not change it ({of.right('edit')})"
        else:
            why_not, _ = of.closed(state)
        found.append(Opened(kind, record, state, revision, names, active, why_not))
    return tuple(found)


def names_of(viewer: Viewer, kind: str, ids: Iterable[int]) -> dict[int, str]:
    """Names by id of records of a kind (as the command line spells it), of those that the viewer may list."""
    listed = kind_named(kind)
    with viewer.look(listed.permission) as sight:
        return overview.names(sight, listed, ids)


def save(
    viewer: Viewer,
    edits: Sequence[Edit],
    origin: str,
    undoes: int | None = None,
    progress: Progress | None = None,
) -> Saved:
    """Makes a change, whole or not at all. Raises Refused, Conflict where somebody was faster, or what ``progress``
    raises to cancel it: Cancelled."""
    with conflicts_as_seen(viewer), viewer.database.writing() as connection:
        outcome = apply_as(connection, viewer, edits, origin, measuring=False, undoes=undoes, progress=progress)
    return Saved(outcome.change, dict(outcome.created))


@contextmanager
def conflicts_as_seen(viewer: Viewer) -> Iterator[None]:
    """A conflict tells of the record what its viewer sees of it, and who changed it where they may list that user."""
    try:
        yield
    except Conflict as conflict:
        said, kind, record = str(conflict), conflict.kind, conflict.id
    else:
        return
    with viewer.look(*overview.LISTING, EDITED[kind].right("view")) as sight:
        found = opening.open_state(sight, kind, record, viewer.own_id)
        who = opening.last_editor(sight, kind, found[0].key) if found else ""
    state, revision = found or (None, 0)
    raise Conflict(said, kind, record, state, revision, who)


def apply_as(
    connection: Connection,
    viewer: Viewer,
    edits: Sequence[Edit],
    origin: str,
    *,
    measuring: bool,
    undoes: int | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Makes a change in a writing transaction of the caller's, as its viewer. Raises Refused, or Conflict."""
    if viewer.read_only:
        raise Refused(viewer.read_only)
    actor = Actor(viewer.user_id, origin, viewer.narrowing(connection))
    now = clock.now()
    with lacked_by(connection, viewer.tenant_id, viewer.user_id):
        return apply(
            connection, viewer.tenant_id, actor, edits, now, measuring=measuring, undoes=undoes, progress=progress
        )
