"""Alarms as they live: raised, counted on, over, cleared by themselves; of what comes too often, and of test modes.

Of a device and a kind one alarm at most is open. It may have two sources: a rule, and a signal that said so. It is over
once both are, whichever it was that raised it. Nobody but the engine is at a tenant's alarms while it is: before a
transaction reads them it takes the tenant's turn (`take_turn`), as operators' changes do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from sqlalchemy import Connection, select, update

from ringfence.domain import clock
from ringfence.domain.alarm import ALARMS, BY_ITSELF, HANDED_OVER, LASTING, OPEN, TEST, more_severe
from ringfence.domain.clock import moment_of
from ringfence.domain.ids import drawn
from ringfence.domain.signal import SEVERITIES
from ringfence.signals import alarm_rows, queue
from ringfence.signals.happening import Entry, Happening, open_among, open_at, under_test
from ringfence.signals.queue import Open
from ringfence.signals.rules import escalations
from ringfence.signals.suppression import Modes
from ringfence.signals.units import Unit
from ringfence.storage.bulk import (
    delete_rows,
    insert_rows,
    listed,
    prepared,
    records_of,
    take_ids,
    update_rows,
    upsert_rows,
)
from ringfence.storage.signal_tables import Escalation, Runaway, Suppressed
from ringfence.storage.tables import Alarm, Tenant

AN_HOUR: Final = 20
"""So many alarms of a kind a device may raise an hour, and as many at once; what comes beyond is counted only."""
_STEP: Final = 3_600_000 // AN_HOUR
_LEFT: Final = (AN_HOUR - 1) * _STEP
"""Milliseconds that a bucket may lack of being full and still have one more in it."""

_SUPPRESSED: Final = {"tenant_id": "int", "device_id": "int", "kind": "text", "alarm_id": "int", "due_at": "bigint"}
_OF_KIND: Final = {"tenant_id": "int", "device_id": "int", "kind": "text"}
_RUNAWAY: Final = {**_OF_KIND, "full_at": "bigint", "due_at": "bigint"}
ESCALATION: Final = {"tenant_id": "int", "alarm_id": "int", "since": "bigint", "due_at": "bigint"}
"""The columns of `Escalation`; the first two are its key."""

Key = tuple[int, str]
"""A device, and a kind of alarm."""


class Tally(NamedTuple):
    """How many alarms were raised that operators see, and how many of theirs were cleared."""

    raised: int = 0
    cleared: int = 0


def take_turn(connection: Connection, tenant_id: int) -> None:
    """Waits until nobody else is at the tenant's alarms, its records or its access, and keeps others away until the
    transaction ends. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(Tenant.id).where(Tenant.id == tenant_id).with_for_update(key_share=True)).all()


class _Bucket:
    __slots__ = ("due_at", "full_at")

    def __init__(self, full_at: int, due_at: int | None) -> None:
        self.full_at = full_at
        self.due_at = due_at

    def empty(self, at: int) -> bool:
        return self.full_at - at > _LEFT


class Ledger:
    """The open alarms of devices, and what comes upon them; nothing is written before `write`. ``since`` and ``until``
    are the first and the last moment at which a test mode may matter; ``also`` are alarms whose devices are gone."""

    def __init__(
        self,
        connection: Connection,
        tenant_id: int,
        devices: Collection[int],
        since: int,
        until: int,
        also: Collection[int] = (),
    ) -> None:
        self.connection = connection
        self.tenant = tenant_id
        self.devices = devices
        self._moments = since, until
        self._modes: Modes | None = None
        self._buckets: dict[Key, _Bucket] | None = None
        self._filled: set[Key] = set()
        self.open: dict[Key, Entry] = {}
        self.tests: dict[Key, Entry] = {}
        self._told: set[Key] = set()  # of whose tests something changed
        self._untested: set[Key] = set()
        self._unacked: list[tuple[Entry, int]] = []
        self._escalating: dict[int, tuple[Entry, int, int]] = {}
        self.entries: list[Entry] = []
        if also:
            self.entries += open_among(connection, tenant_id, also)
        for entry in open_at(connection, tenant_id, devices):
            self.open[entry.device, entry.kind] = entry
            self.entries.append(entry)
        for entry in under_test(connection, tenant_id, devices):
            self.tests[entry.device, entry.kind] = entry
            self.entries.append(entry)

    # What happens.

    def tell(self, happenings: Iterable[Happening], judged_at: int | None = None) -> None:
        """Takes what happened, in its order. Whether a test mode is in force is judged at the moment of each, or else
        at that one."""
        for one in happenings:
            at = max(one.at, one.unit.since)
            if one.on:
                self._begin(one, at, at if judged_at is None else judged_at)
            else:
                self._end(one, at)

    def _begin(self, one: Happening, at: int, judged_at: int) -> None:
        key = one.unit.id, one.kind
        test = self.tests.get(key)
        until = self._mode(one.unit, one.kind, judged_at)
        if until is not None:
            if test is None:
                test = self.tests[key] = self._made(one, at, outcome=TEST, cleared_at=at)
            else:
                test.count_on(one, at)
            test.due_at = until if test.due_at is None else max(test.due_at, until)
            self._told.add(key)
            return
        if test is not None:
            self._close(key, test, at)
        entry = self.open.get(key)
        if entry is None:
            self._raise(one, at)
            return
        attached = one.rule is not None and entry.rule != one.rule
        entry.count_on(one, at)
        if more_severe(one.severity, entry.severity):
            if entry.acked:
                self._unacked.append((entry, at))
            entry.set_severity(one.severity)
        if attached and one.escalate_after:
            self._escalate_later(entry, at, one.escalate_after)

    def _raise(self, one: Happening, at: int) -> None:
        key = one.unit.id, one.kind
        entry = self.open[key] = self._made(one, at)
        bucket = self._bucket(key)
        if not bucket.empty(at):
            bucket.full_at = max(bucket.full_at, at) + _STEP
        # The last one stands for all that follow; so does one that is raised when somebody has cleared that.
        entry.runaway = bucket.empty(at)
        self._filled.add(key)
        if one.escalate_after:
            self._escalate_later(entry, at, one.escalate_after)

    def _made(self, one: Happening, at: int, outcome: str = OPEN, cleared_at: int | None = None) -> Entry:
        entry = Entry.of(one, at)
        entry.outcome, entry.cleared_at = outcome, cleared_at
        self.entries.append(entry)
        return entry

    def _end(self, one: Happening, at: int) -> None:
        """A rule that no longer looks at a device names no kind: what it has raised is over, whatever that was."""
        keys = (
            {(one.unit.id, one.kind)}
            if one.kind
            else {key for key in {*self.open, *self.tests} if key[0] == one.unit.id}
        )
        for key in sorted(keys):
            test, entry = self.tests.get(key), self.open.get(key)
            if test is not None and test.leave(one):
                self._close(key, test, at)
            if entry is not None and entry.ended_at is None and entry.leave(one):
                self._over(key, entry, at)

    def _over(self, key: Key, entry: Entry, at: int) -> None:
        entry.ended_at = at = max(at, entry.started_at)
        entry.changed = True
        if entry.severity in LASTING and not entry.acked:
            return
        if entry.runaway and self._bucket(key).empty(at):
            self._bucket(key).due_at = self._bucket(key).full_at - _LEFT
            self._filled.add(key)
            return
        self._clear(key, entry, at, BY_ITSELF)

    def _clear(self, key: Key, entry: Entry, at: int, outcome: str) -> None:
        entry.cleared_at, entry.outcome, entry.revised, entry.changed = max(at, entry.started_at), outcome, True, True
        del self.open[key]

    def _close(self, key: Key, test: Entry, at: int) -> None:
        """What was suppressed is over, or is told from now on."""
        test.ended_at, test.changed = max(at, test.started_at), True
        del self.tests[key]
        self._untested.add(key)

    # What is due.

    def release(self, key: Key, unit: Unit, now: int, escalate_after: int) -> None:
        """Looks at what is suppressed once its test mode may be over: it is told where none is in force any more."""
        test = self.tests[key]
        assert test.due_at is not None
        until = self._mode(unit, test.kind, now)
        if until is not None:
            test.due_at = until
            self._told.add(key)
            return
        at = max(min(test.due_at, now), unit.since)
        anew = Happening(
            unit, at, True, test.kind, test.name, test.severity, test.text, test.rule, test.edge, escalate_after
        )
        self._close(key, test, at)
        self._begin(anew, at, now)

    def calm(self, key: Key, now: int) -> None:
        """Looks at one that came too often and is over, once it may be cleared."""
        bucket, entry = self._bucket(key), self.open.get(key)
        self._filled.add(key)
        if bucket.empty(now):
            bucket.due_at = bucket.full_at - _LEFT
            return
        at, bucket.due_at = bucket.due_at or now, None
        if entry is not None and entry.ended_at is not None and not (entry.severity in LASTING and not entry.acked):
            self._clear(key, entry, max(min(at, now), entry.ended_at), BY_ITSELF)

    def escalate(self, alarm: int, since: int, now: int, after: Mapping[int, int]) -> bool:
        """Looks at an alarm that nobody has acknowledged ``since`` then: it is a step more severe each time that its
        rule's while has gone by (``after``, in milliseconds by rule). Returns whether that goes on."""
        entry = next((one for one in self.entries if one.id == alarm), None)
        while_ = after.get(entry.rule or 0) if entry is not None else None
        if entry is None or not while_ or entry.acked or entry.cleared_at is not None:
            return False
        rank = SEVERITIES.index(entry.severity)
        while rank and since + while_ <= now:
            rank, since = rank - 1, since + while_
        if entry.severity != SEVERITIES[rank]:
            entry.set_severity(SEVERITIES[rank])
        if rank:
            self._escalate_later(entry, since, while_)
        return rank > 0

    def hand_over(self, units: Iterable[Unit], at: int) -> None:
        """Clears the alarms of devices that came to stand elsewhere, and raises what signals said and is not over anew
        there, bare. What somebody raised by hand has no kind, and stays where it is."""
        places = {unit.id: unit for unit in units}
        again: dict[Key, Happening] = {}
        for known in (self.tests, self.open):
            for (device, kind), entry in known.items():
                said = entry.rule is None or entry.edge is not None
                if device in places and entry.ended_at is None and said:
                    unit = places[device]
                    bare = Happening(unit, at, True, kind, entry.name, entry.severity, edge=entry.edge)
                    again[device, kind] = bare
        for key, entry in list(self.tests.items()):
            if key[0] in places:
                self._close(key, entry, at)
        for key, entry in list(self.open.items()):
            if key[0] in places:
                self._clear(key, entry, at, HANDED_OVER)
        self.tell((again[key] for key in sorted(again)), at)

    def _escalate_later(self, entry: Entry, since: int, after: int) -> None:
        self._escalating[id(entry)] = entry, since, since + after

    def _mode(self, unit: Unit, kind: str, at: int) -> int | None:
        if self._modes is None:
            self._modes = Modes(self.connection, self.tenant, *self._moments)
        return self._modes.until(unit, kind, at)

    def _bucket(self, key: Key) -> _Bucket:
        if self._buckets is None:
            given = {"tenant": self.tenant, "devices": listed(self.connection, self.devices)}
            rows = self.connection.execute(prepared(self.connection, alarm_rows.buckets), given)
            self._buckets = {(device, kind): _Bucket(full, due) for device, kind, full, due in rows}
        return self._buckets.setdefault(key, _Bucket(0, None))

    # Writing.

    def write(self) -> Tally:
        """Writes what came of it."""
        known = [one for one in self.entries if one.changed and not one.fresh]
        fresh = [one for one in self.entries if one.fresh]
        if known:
            self._update(known)
        if fresh:
            self._insert(fresh)
        moved = [one for one in known if one.queued != one.wanted]
        queue.take_out(self.connection, self.tenant, [one.id for one in moved if one.queued])
        coming = [
            Open(one.id, one.wanted, clock.in_order(moment_of(one.started_at)), one.path)
            for one in (*moved, *fresh)
            if one.wanted
        ]
        queue.put(self.connection, self.tenant, coming)
        self._write_tests()
        buckets = self._buckets or {}
        filled = [(self.tenant, *key, buckets[key].full_at, buckets[key].due_at) for key in sorted(self._filled)]
        upsert_rows(self.connection, Runaway.__tablename__, _RUNAWAY, 3, filled)
        self._escalate_anew()
        due = sorted((self.tenant, entry.id, *when) for entry, *when in self._escalating.values())
        upsert_rows(self.connection, Escalation.__tablename__, ESCALATION, 2, due)
        if known or fresh:
            queue.count_on(self.connection, self.tenant)
        cleared = sum(one.changed and one.outcome == BY_ITSELF for one in self.entries)
        return Tally(sum(one.outcome != TEST for one in fresh), cleared)

    def _escalate_anew(self) -> None:
        """Those that count as new, and that nobody has acknowledged from then on."""
        after = escalations(
            self.connection, self.tenant, {one.rule for one, _ in self._unacked if one.rule is not None}
        )
        for entry, at in self._unacked:
            if entry.rule in after:
                self._escalate_later(entry, at, after[entry.rule])

    def _write_tests(self) -> None:
        gone = [(self.tenant, *key) for key in sorted(self._untested - self.tests.keys())]
        delete_rows(self.connection, Suppressed.__tablename__, _OF_KIND, gone)
        under = [
            (self.tenant, *key, self.tests[key].id, self.tests[key].due_at)
            for key in sorted(self._told & self.tests.keys())
        ]
        upsert_rows(self.connection, Suppressed.__tablename__, _SUPPRESSED, 3, under)

    def _update(self, known: Collection[Entry]) -> None:
        rows = [alarm_rows.changes(self.tenant, entry) for entry in known]
        update_rows(self.connection, Alarm.__table__, alarm_rows.CHANGING, rows, add="revision")
        if unacked := [entry.id for entry in known if entry.unacked]:
            taken = update(Alarm).where(records_of(self.connection, Alarm, self.tenant, unacked))
            self.connection.execute(taken.values(acked_at=None, acked_by_id=None))

    def _insert(self, fresh: Collection[Entry]) -> None:
        ids = take_ids(self.connection, Alarm.__table__, len(fresh))
        keys = self._keys(len(fresh))
        for entry, own in zip(fresh, ids, strict=True):
            entry.id = own
        rows = [alarm_rows.row(self.tenant, entry, key) for entry, key in zip(fresh, keys, strict=True)]
        insert_rows(self.connection, Alarm.__table__, tuple(rows[0]), (tuple(row.values()) for row in rows))

    def _keys(self, count: int) -> list[str]:
        found: set[str] = set()
        while len(found) < count:
            more = {drawn(ALARMS.drawn) for _ in range(count - len(found))} - found
            given = {"tenant": self.tenant, "keys": listed(self.connection, more)}
            found |= more - set(self.connection.execute(prepared(self.connection, alarm_rows.taken), given).scalars())
        return list(found)
