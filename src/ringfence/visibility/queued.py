"""The queue: alarms that are open, read by the customers that somebody sees.

Each open alarm stands at every customer that it is at or below, in the order in which alarms began. Whoever sees a
customer with all that is nested in it reads that one's queue from its end; whoever sees a few reads a page of each, and
whoever sees very many reads that of the tenant, looking up whose an alarm is. However many alarms there ever were, it
costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text

from ringfence.domain.alarm import ALARMS, EVERY_OUTCOME, OPEN
from ringfence.domain.display import words
from ringfence.domain.filter import Term
from ringfence.domain.kind import Kind
from ringfence.domain.signal import SEVERITIES
from ringfence.domain.text import fold
from ringfence.visibility.intervals import nested, single
from ringfence.visibility.matching import asked
from ringfence.visibility.members import members
from ringfence.visibility.overview import root_of
from ringfence.visibility.plans import Plan
from ringfence.visibility.scopes import Extent
from ringfence.visibility.sql import Queued, Shape
from ringfence.visibility.viewer import Sight

_FEW: Final = 8
"""The queues of no more customers are read a page of each."""
_ROOTS: Final = text(
    "SELECT c.id, c.path, s.path_hi FROM scope_interval s "
    "CROSS JOIN customer c WHERE c.tenant_id = :tenant AND c.path = s.path "
    "AND s.scope_id = :scope AND s.tenant_id = :tenant"
)
_AT: Final = text("SELECT id FROM customer WHERE tenant_id = :tenant AND path = :path")


def queued(kind: Kind, terms: Sequence[Term]) -> Queued | None:
    """How the queue is read for what a filter asks; None where that is not for open alarms alone."""
    if kind is not ALARMS or not any(_only_open(term) for term in terms):
        return None
    ranks, told = list(range(len(SEVERITIES))), True
    for term in terms:
        if term.column == "severity" and term.text:
            ranks = [one for one in ranks if term.fits(fold(words(SEVERITIES[one]))) != term.excluded]
        elif not _only_open(term):
            told = False
    return Queued(tuple(ranks) if len(ranks) < len(SEVERITIES) else None, told=told)


def plans(sight: Sight, shape: Shape, terms: Sequence[Term], extent: Extent, under: str | None) -> list[Plan] | None:
    """The statements that read queues, each in its order where that is asked for; None where what is asked for is in
    none."""
    way = queued(shape.kind, terms)
    if way is None:
        return None
    found = asked(sight, shape.kind, terms, extent, looked=True)
    shape = shape._replace(way="queue", match="scan", condition=found.condition, under=False)
    own = _own(sight, extent, under) if extent.intervals <= _FEW else None
    if own is None:
        binds = {"ancestor": _top(sight, under), "members": members(sight, shape.kind, extent, under)}
        return [Plan(shape._replace(queued=way._replace(of="members")), {**found.binds, **binds})]
    return [
        Plan(shape._replace(queued=way._replace(of="alone" if alone else "")), {**found.binds, "ancestor": customer})
        for customer, alone in own
    ]


def _only_open(term: Term) -> bool:
    if term.column != "outcome" or term.excluded or not term.text:
        return False
    return [one for one in EVERY_OUTCOME if term.fits(fold(words(one)))] == [OPEN]


def _own(sight: Sight, extent: Extent, under: str | None) -> Sequence[tuple[int, bool]] | None:
    """The customers whose queues together are what an extent holds, below a path if one is given, each with whether it
    is it alone; None where it is made otherwise."""
    rows = sight.connection.execute(_ROOTS, {"tenant": sight.tenant_id, "scope": extent.id}).all()
    found: list[tuple[int, bool]] = []
    for own, path, end in rows:
        alone = (path, end) == single(path)
        if not alone and (path, end) != nested(path):
            return None
        if under is None or path.startswith(under):
            found.append((own, alone))
        elif not alone and under.startswith(path):
            return [(_top(sight, under), False)]
    return found if under is not None or len(found) == extent.intervals else None


def _top(sight: Sight, under: str | None) -> int:
    """The customer below which all of it is."""
    if under is not None:
        return int(sight.connection.execute(_AT, {"tenant": sight.tenant_id, "path": under}).scalar_one_or_none() or 0)
    return root_of(sight)
