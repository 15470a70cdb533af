"""What the audit says of a load: of the first one of a tenant one entry, of any other what it changed besides, each
record before and after in the words of edits, and devices as numbers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Literal

from sqlalchemy import Connection, select

from ringfence.changes import ledger
from ringfence.changes.audit import Actor, Event, Words, append
from ringfence.changes.edits import Edit
from ringfence.changes.events import event
from ringfence.domain.kind import StateKind
from ringfence.snapshot.collect import Contents
from ringfence.snapshot.document import ENTRIES
from ringfence.snapshot.resolve import Resolver, lists
from ringfence.storage.bulk import any_of
from ringfence.storage.tables import Customer, Device

_CHUNK: Final = 10_000

Became = Literal["new", "moved", "changed"]


def touched(contents: Contents) -> dict[str, Counter[str]]:
    """The keys of the tenants that the file says anything about, and how many entries of each list it has of them."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name, entries in contents.entries.items():
        for _, entry in entries:
            found[entry.key if name == "tenants" else entry.tenant][name] += 1
    for row in contents.devices:
        found[row.tenant]["devices"] += 1
    return dict(found)


class LoadAudit:
    """Made before anything is written; told of the devices while they are; writes the entries at the end."""

    def __init__(self, connection: Connection, contents: Contents, to: Resolver) -> None:
        self.connection = connection
        self.to = to
        self.counts = touched(contents)
        named = (to.tenants[key] for key in self.counts if key in to.tenants)  # of others devices are refused later
        self.known = {tenant for tenant in named if tenant < to.first["tenants"]}
        """The tenants that were there before."""
        self._ids = self._records(contents)
        self._before = {place: self._read(*place) for place in self._ids}
        self._devices: Counter[tuple[int, Became]] = Counter()

    def _records(self, contents: Contents) -> dict[tuple[int, StateKind], list[int]]:
        """The records that the file says anything about, by tenant and kind."""
        found: dict[tuple[int, StateKind], list[int]] = {}
        for name, kind in lists().items():
            for _, _, tenant, own in self.to.entries(name):
                if tenant in self.known:
                    found.setdefault((tenant, kind.noun), []).append(own)
        for _, entry in contents.entries["tenants"]:
            tenant = self.to.tenants[entry.key]
            if tenant in self.known:
                found.setdefault((tenant, "customer"), []).insert(0, self.to.roots[tenant])
        return found

    def _read(self, tenant: int, kind: StateKind) -> ledger.Known:
        return ledger.read_many(self.connection, tenant, kind, self._ids[tenant, kind])

    def arriving(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        """New devices (id, tenant and what else a row has), counted as they pass."""
        if not self.known:
            return iter(rows)
        return self._counted(rows)

    def _counted(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        for row in rows:
            if row[1] in self.known:
                self._devices[row[1], "new"] += 1
            yield row

    def compare(self, known: list[dict[str, Any]]) -> None:
        """Counts what becomes of devices that are there, by the values that they are about to get."""
        table = Device.__table__
        names = [name for name in known[0] if name != "own_id"] if known else []
        for start in range(0, len(known), _CHUNK):
            wanted = {row["own_id"]: row for row in known[start : start + _CHUNK]}
            query = select(table.c.id, *(table.c[name] for name in names))
            for own, *old in self.connection.execute(query.where(any_of(self.connection, table.c.id, wanted))):
                row = wanted[own]
                if old != [row[name] for name in names]:
                    moved = row["customer_id"] != old[names.index("customer_id")]
                    self._devices[row["tenant_id"], "moved" if moved else "changed"] += 1

    def write(self, origin: str, progress: Callable[[str, int], None]) -> None:
        """Adds the entries, in the transaction of the load."""
        for key in sorted(self.counts):
            tenant = self.to.tenants[key]
            root = self.to.roots[tenant]
            name = self.connection.execute(select(Customer.name).where(Customer.id == root)).scalar_one()
            counts = self.counts[key]
            # The names of the lists themselves stand for references in other entries; these are plain numbers.
            loaded: dict[str, Any] = {f"{one}_loaded": ["", counts[one]] for one in ENTRIES if one in counts}
            events = [Event("load", "snapshot", key, name, root, {"loaded": loaded}), *self._changes(tenant)]
            became: dict[str, Any] = {
                f"devices_{one}": ["", count] for (own, one), count in self._devices.items() if own == tenant
            }
            if became:
                events.append(Event("load", "devices", key, name, root, {"loaded": became}))
            append(
                self.connection,
                tenant,
                Actor(None, origin),
                events,
                done=lambda done: progress("Writing the audit", done),
            )

    def _changes(self, tenant: int) -> list[Event]:
        """What the audit says of the records of a tenant that are not as they were."""
        edits = []
        for own_tenant, kind in self._ids:
            if own_tenant != tenant:
                continue
            before = self._before[tenant, kind]
            for own, (state, revision) in self._read(tenant, kind).items():
                old = before[own][0] if own in before else None
                if old != state:
                    edits.append(Edit(kind, own, old, state, revision))
        words = Words(self.connection, tenant)
        return [event(edit, detail) for edit, detail in zip(edits, words.details(edits), strict=True)]
