"""What there is to do at the moment, as far as somebody sees it: what an operator begins a shift with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import func, select

from ringfence.domain import clock
from ringfence.domain.alarm import ALARMS
from ringfence.domain.clock import milliseconds, moment_of
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.edge import EDGES
from ringfence.domain.signal import SEVERITIES
from ringfence.services import listing
from ringfence.services.alarms import lasting_modes
from ringfence.services.rows import Record
from ringfence.signals import working
from ringfence.storage.bulk import any_of
from ringfence.storage.columns import leads_to
from ringfence.storage.signal_tables import AlarmAbove, EdgeHeard, Unmatched
from ringfence.storage.tables import Alarm, Customer
from ringfence.visibility import page
from ringfence.visibility.column_values import permissions
from ringfence.visibility.overview import path_of, root_of
from ringfence.visibility.places import reached
from ringfence.visibility.point import among
from ringfence.visibility.viewer import Sight, Viewer

HEARD: Final = timedelta(minutes=5)
"""An edge that was heard within so long is heard."""


class Alarms(NamedTuple):
    """Alarms that nobody has cleared: how many of each severity there are, the most severe first; how many of all that
    nobody has acknowledged, and when the oldest of these began."""

    counts: Mapping[str, int]
    new: int
    oldest: datetime | None


class Burning(NamedTuple):
    """A customer, by id, key (None: the root) and name, with how many of these alarms there are at it, by severity:
    those there are any of, the most severe first."""

    id: int
    key: str | None
    name: str
    counts: Mapping[str, int]


class Mode(NamedTuple):
    """A test mode that lasts ``until`` a moment; of the customer with that id, where the viewer may list it."""

    record: Record
    until: datetime
    customer: int | None


class Quiet(NamedTuple):
    """An edge that is not heard: its name and its customer's id, and when it was heard last (None: never)."""

    name: str
    customer: int
    last: datetime | None


class Edges(NamedTuple):
    """Active edges: how many there are, the ``quiet`` ones among them, by name; how many lines all have sent so far,
    and how many unit ids they named in vain."""

    many: int
    quiet: tuple[Quiet, ...]
    lines: int
    unmatched: int


class Now(NamedTuple):
    """What there is to do ``at`` a moment. ``burning`` are the customers with alarms, those with the most severe ones
    first; ``test_modes`` those that last, the one that ends first before the others; ``edges`` None for whoever may
    list none at all. ``worker`` says whether there is one, which does what comes of time alone."""

    at: datetime
    alarms: Alarms
    burning: tuple[Burning, ...]
    test_modes: tuple[Mode, ...]
    edges: Edges | None
    worker: bool | None

    def fields(self) -> dict[str, Any]:
        """The same for programs, with moments as ISO 8601."""
        counts, new, oldest = self.alarms
        found: dict[str, Any] = {
            "active": sum(counts.values()),
            "alarms": dict(counts),
            "new": new,
            "oldest_new": None if oldest is None else clock.iso(oldest),
            "customers": [{"key": one.key, "name": one.name, "alarms": dict(one.counts)} for one in self.burning],
            "test_modes": [one.record.fields() for one in self.test_modes],
            "worker": self.worker,
        }
        if self.edges is not None:
            many, quiet, _, unmatched = self.edges
            found["edges"] = {"active": many, "heard": many - len(quiet), "unmatched": unmatched}
        return found


def now(viewer: Viewer, under: str | None = None) -> Now:
    """What there is to do at the viewer's moment, of all that they see or of one customer and what is nested in it.
    Raises RingfenceError alike for a customer that is hidden and one that is not there."""
    top = None if under is None else listing.customer_id(viewer, under)
    at = viewer.at or clock.now()
    modes = lasting_modes(viewer, top)
    with viewer.look(*permissions(ALARMS), EDGES.permission) as sight:
        alarms, burning = _alarms(sight, top)
        edges = None if sight.scope(EDGES.permission).empty else _edges(sight, top, at)
        ids = _ids(sight, {one.owner_key for one in modes}) if modes else {}
        watches = not sight.scope(ALARMS.permission).empty
        worker = not working.absent(sight.connection, milliseconds(at)) if watches else None
    tests = tuple(Mode(one, datetime.fromisoformat(one.fields()["until"]), ids.get(one.owner_key)) for one in modes)
    return Now(at, alarms, burning, tests, edges, worker)


def _alarms(sight: Sight, top: int | None) -> tuple[Alarms, tuple[Burning, ...]]:
    """Counted where they stand, whoever looks, and then by whom each place is reached: there are few places."""
    ancestor = top if top is not None else root_of(sight)
    new = Alarm.acked_at.is_(None)
    columns = (Alarm.customer_id, Alarm.site_id, AlarmAbove.rank, new)
    query = select(*columns, func.count(), func.min(AlarmAbove.started_key)).join(
        AlarmAbove, leads_to(AlarmAbove.alarm_id, Alarm)
    )
    rows = sight.connection.execute(
        query.where(AlarmAbove.tenant_id == sight.tenant_id, AlarmAbove.ancestor_id == ancestor).group_by(*columns)
    ).all()
    places = reached(sight, ALARMS.permission, {(row[0], row[1]) for row in rows})
    counts: dict[str, int] = dict.fromkeys(SEVERITIES, 0)
    by_customer: defaultdict[int, list[int]] = defaultdict(lambda: [0] * len(SEVERITIES))
    many, oldest = 0, list[str]()
    for customer, stands, rank, is_new, number, began in rows:
        if (customer, stands) in places:
            counts[SEVERITIES[rank]] += number
            by_customer[customer][rank] += number
            if is_new:
                many += number
                oldest.append(began)
    named = among(sight, CUSTOMERS.permission, CUSTOMERS, sorted(by_customer))
    # By how many of the most severe, then of the next, and so on.
    named = sorted(named, key=lambda row: ([-one for one in by_customer[row.id]], row.name, row.id))
    burning = tuple(
        Burning(row.id, row.key, row.name, {SEVERITIES[at]: one for at, one in enumerate(by_customer[row.id]) if one})
        for row in named
    )
    began = min(filter(None, oldest), default="")
    return Alarms(counts, many, clock.kept(began) if began else None), burning


def _edges(sight: Sight, top: int | None, at: datetime) -> Edges:
    path = None if top is None else path_of(sight, top)
    active = {row.id: row for row in page.every(sight, page.Query(EDGES, under=path)) if row.active}
    theirs = any_of(sight.connection, EdgeHeard.edge_id, sorted(active))
    query = select(EdgeHeard.edge_id, EdgeHeard.at, EdgeHeard.lines).where(EdgeHeard.tenant_id == sight.tenant_id)
    heard = {own: (last, lines) for own, last, lines in sight.connection.execute(query.where(theirs))}
    in_vain = any_of(sight.connection, Unmatched.edge_id, sorted(active))
    unknown = select(func.count()).where(Unmatched.tenant_id == sight.tenant_id, in_vain)
    late = milliseconds(at - HEARD)
    quiet = [
        Quiet(row.name, row.customer_id, moment_of(heard[own][0]) if own in heard else None)
        for own, row in active.items()
        if own not in heard or heard[own][0] < late
    ]
    lines = sum(many for _, many in heard.values())
    return Edges(len(active), tuple(quiet), lines, sight.connection.execute(unknown).scalar_one())


def _ids(sight: Sight, keys: set[str | None]) -> dict[str | None, int]:
    """The ids of customers whose keys a list has shown."""
    known = any_of(sight.connection, Customer.key, sorted(filter(None, keys)))
    query = select(Customer.key, Customer.id).where(Customer.tenant_id == sight.tenant_id, known)
    found: dict[str | None, int] = dict(sight.connection.execute(query).all())
    return found
