"""Loading a snapshot: an upsert by key, in one transaction, all or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import Connection, bindparam, func, select, update

from ringfence.domain.customer import CUSTOMERS, child_path
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import InvalidDocument
from ringfence.domain.field import Ref
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED, PLACE
from ringfence.domain.text import fold, search_key
from ringfence.snapshot.collect import Contents, DeviceRow, Progress, collect, collect_from, fault
from ringfence.snapshot.listed import TAKEN, Listed
from ringfence.snapshot.load_alarms import Following, demand_one_open
from ringfence.snapshot.load_audit import LoadAudit
from ringfence.snapshot.load_devices import leave_behind
from ringfence.snapshot.load_limits import limit_faults
from ringfence.snapshot.load_ties import TieRows, private_roles, tables
from ringfence.snapshot.read import show
from ringfence.snapshot.resolve import Resolver, columns_of, lists, naming_devices
from ringfence.storage.bulk import insert_rows, lock_ids, raise_versions, settle_ids, settle_statistics, take_turn
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.engine import Database
from ringfence.storage.grants import Membership
from ringfence.storage.rehearsal import rehearsed
from ringfence.storage.tables import (
    Customer,
    Device,
    FormerCustomer,
    Tenant,
    table_of,
)

_MANY: Final = 1000
_TOLD: Final = tuple(name for name in CUSTOMERS.stored if name not in ("parent", "name", "key"))
"""What an entry says of a customer besides what it is called and where it is."""
COMMAND_LINE: Final = "command line"

_Entries = tuple[Kind, list[tuple[Any, ...]], TieRows]
"""The entries of a kind: their rows, and what is tied to them."""


def load_file(
    database: Database, source: Path | IO[bytes], progress: Progress | None = None, origin: str = COMMAND_LINE
) -> dict[str, int]:
    """Loads a snapshot file; returns how many entries each list had. ``origin`` is where the audit says it came from.

    Raises InvalidDocument with every fault it has, or RingfenceError; in both cases nothing was changed.
    """
    told: Progress = progress or _silent
    return load_contents(database, collect(source, told), told, origin)


def load_document(database: Database, document: dict[str, Any], origin: str | None = None) -> dict[str, int]:
    """The same for a document that is in memory already. Without an origin the audit says nothing of it: what is made
    in memory, such as the demo, has no history yet."""
    return load_contents(database, collect_from(document), _silent, origin)


def load_contents(
    database: Database,
    contents: Contents,
    progress: Progress,
    origin: str | None = COMMAND_LINE,
    last: Callable[[Connection], None] | None = None,
) -> dict[str, int]:
    """The same for a file that was read already. ``last`` is called in the same transaction: what it raises undoes it
    all."""
    with database.writing() as connection:
        load_into(connection, contents, progress, origin)
        if last is not None:
            last(connection)
        settle_ids(connection, _own_ids())
        if len(contents.devices) + sum(map(len, contents.entries.values())) >= _MANY:
            settle_statistics(connection, (*_own_ids()[1:-1], *tables()))
    counts = {name: len(entries) for name, entries in contents.entries.items()}
    return {**counts, "devices": len(contents.devices)}


def load_into(
    connection: Connection,
    contents: Contents,
    progress: Progress,
    origin: str | None = None,
    listed: Listed | None = None,
) -> None:
    """The same in a writing transaction of the caller's, who may roll it back, upon which it left no trace.

    With ``listed`` it is read as if there were no more than one user lists: it only looked, and must be rolled back.
    """
    _Load(connection, contents, progress, origin, listed or Listed(connection)).run()


def keep_others_out(connection: Connection) -> None:
    """Keeps other writers out until the transaction ends: what is read from now on is what a load in it starts from. A
    rehearsal sees one moment anyway."""
    # The tenants first, as every change does: two who wait for each other would both fail.
    if not rehearsed(connection):
        take_turn(connection)
        for tenant in connection.execute(select(Tenant.id).order_by(Tenant.id)).scalars().all():
            connection.execute(select(Tenant.id).where(Tenant.id == tenant).with_for_update(key_share=True)).all()
        lock_ids(connection, _own_ids())


def _silent(_step: str, _done: int) -> None:
    pass


@dataclass
class _Load:
    connection: Connection
    contents: Contents
    progress: Progress
    origin: str | None
    listed: Listed

    def run(self) -> None:
        keep_others_out(self.connection)
        if self.connection.dialect.name == "sqlite":
            # Rows arrive list by list; what they refer to is checked below, and the engine checks again at the end.
            self.connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        self.following = Following(self.connection)
        self.to = Resolver(self.connection, self.contents, self.listed)
        self.to.tree()
        self.to.unique()
        self._unit_ids()
        placed, others = self._entries()
        if self.contents.faults:
            for _ in self.to.devices():
                pass  # asked only for their faults: with any, nothing is written
            self._about_devices(written=False)
        self._refuse()
        self.audit = None if self.origin is None else LoadAudit(self.connection, self.contents, self.to)
        self._tenants()
        self._customers()
        self._records(placed)
        self._devices()
        self._records(others)
        about_devices = self._about_devices(written=True)
        demand_one_open(self.connection, self.to)
        self._refuse()
        self._records(about_devices)
        for kind in EDITED.values():
            self._astray(kind)
        self._refuse()
        private_roles(self.connection, self.contents, self.to)
        self._refuse()
        self._settle()
        self.following.settle()
        self.contents.faults += limit_faults(self.connection, self.contents, self.to)
        self._refuse()
        if self.audit is not None and self.origin is not None:
            self.audit.write(self.origin, self.progress)

    def _entries(self) -> tuple[list[_Entries], list[_Entries]]:
        """The rows of all but customers, devices and what refers to these, with what is tied to them: of what devices
        stand on, and of the others."""
        later = naming_devices()
        found = [self._entries_of(kind) for kind in lists().values() if not kind.is_customer and kind not in later]
        return [one for one in found if one[0].is_site], [one for one in found if not one[0].is_site]

    def _about_devices(self, *, written: bool) -> list[_Entries]:
        """The same of what refers to devices; before these are written, only for the faults that it has."""
        self.to.know_devices(written=written)
        return [self._entries_of(kind) for kind in naming_devices()]

    def _entries_of(self, kind: Kind) -> _Entries:
        rows, ties = [], TieRows(self.to, kind)
        for row, index, entry in self.to.rows(kind):
            rows.append(row)
            ties.add(index, entry, row[1], row[0])
        return kind, rows, ties

    def _records(self, found: Sequence[_Entries]) -> None:
        for kind, rows, _ in found:
            self.following.records(kind, rows)
            self._free(kind, rows)
            self._write(table_of(kind), columns_of(kind), rows)
        for _, _, ties in found:
            ties.write(self.connection)

    def _free(self, kind: Kind, rows: Sequence[tuple[Any, ...]]) -> None:
        """Users of the file may swap logins, and others what is unique of them: each is set aside before any is given
        out."""
        table: Any = table_of(kind).__table__
        known = [{"own_id": row[0], "aside": f"\x1f{row[0]}"} for row in rows if row[0] < self.to.first[kind.plural]]
        for name, text in kind.texts.items():
            if text.unique and known:
                aside = update(table).where(table.c.id == bindparam("own_id"))
                self.connection.execute(aside.values({text.folded or name: bindparam("aside")}), known)

    def _refuse(self) -> None:
        if self.contents.faults:
            raise InvalidDocument(list(dict.fromkeys(self.contents.faults)))

    def _unit_ids(self) -> None:
        """Finds unit ids that two devices would have, and those that change hands (``freed``)."""
        holders: defaultdict[str, dict[str, DeviceRow]] = defaultdict(dict)
        for row in self.contents.devices:
            if row.unit_id:
                holder = holders[row.tenant].setdefault(row.unit_id, row)
                if holder is not row:
                    message = f"{show(row.unit_id)} is the unit id of device {show(holder.key)} too"
                    self.contents.faults.append(fault("devices", row.place, row.key, "unit_id", message))
        self.freed: list[dict[str, int]] = []
        if not self.contents.devices:
            return
        tenants = {own: key for key, own in self.to.tenants.items()}
        changing: set[tuple[str, str]] = set()
        query = select(
            Device.id, Device.tenant_id, Device.key, Device.unit_id, Device.customer_id, Device.site_id
        ).where(Device.unit_id != "")
        for own, tenant, key, unit_id, *where in self.connection.execute(query):
            if tenant not in tenants:
                continue
            changing = changing or {(row.tenant, row.key) for row in self.contents.devices}
            wanted = holders[tenants[tenant]].get(unit_id)
            if not self.listed.shows("devices", tenant, *where):
                if wanted is not None:
                    self.contents.faults.append(fault("devices", wanted.place, wanted.key, "unit_id", TAKEN))
                continue
            if wanted is not None and wanted.key == key:
                continue
            if (tenants[tenant], key) in changing:
                self.freed.append({"own_id": own})
            elif wanted is not None:
                message = f"{show(unit_id)} is the unit id of device {show(key)}"
                self.contents.faults.append(fault("devices", wanted.place, wanted.key, "unit_id", message))

    def _write(
        self, mapped: Any, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]], *, step: str | None = None
    ) -> None:
        """Inserts the rows whose id (the first value) is new, updates the others."""
        listed = next(kind.plural for kind in EDITED.values() if table_of(kind) is mapped)
        name, first = step or listed.replace("_", " "), self.to.first[listed]
        known: list[dict[str, Any]] = []

        def arriving() -> Iterator[tuple[Any, ...]]:
            for row in rows:
                if row[0] >= first:
                    yield row
                else:
                    known.append(dict(zip(("own_id", *columns), row, strict=True)))

        watching = self.audit if mapped is Device else None
        insert_rows(
            self.connection,
            mapped.__table__,
            ("id", *columns),
            arriving() if watching is None else watching.arriving(arriving()),
            lambda done: self.progress(f"Writing {name}", done),
        )
        if known:
            if mapped is Device:
                leave_behind(self.connection, known)
                self.following.devices(known)
            if watching is not None:
                watching.compare(known)
            these = mapped.__table__.c.id == bindparam("own_id"), of_tenant(mapped, bindparam("its_tenant"))
            statement = update(mapped.__table__).where(*these)
            values: dict[str, Any] = {column: bindparam(column) for column in columns if column != "tenant_id"}
            if "revision" in mapped.__table__.c:
                values["revision"] = mapped.__table__.c.revision + 1  # so that a form opened before notices
            # What a row says of its tenant finds it, and is not written: it stays where it is.
            found = [{"its_tenant": row.pop("tenant_id"), **row} for row in known]
            self.connection.execute(statement.values(values), found)

    def _tenants(self) -> None:
        entries = self.contents.entries["tenants"]
        rows = ((self.to.tenants[entry.key], entry.key, 1) for _, entry in entries)
        fresh = [row for row in rows if row[0] >= self.to.first["tenants"]]
        insert_rows(self.connection, Tenant.__table__, ("id", "key", "version"), fresh)

    def _customers(self) -> None:
        untold = [getattr(Customer, column) for column in _TOLD]
        query = select(Customer.tenant_id, *untold).where(Customer.parent_id.is_(None))
        # A tenant's entry says nothing of these: a root that is there keeps its own.
        blank = tuple(CUSTOMERS.fields[name].default for name in _TOLD)
        kept = {tenant: tuple(values) for tenant, *values in self.connection.execute(query)}
        roots = (
            (
                self.to.roots[self.to.tenants[entry.key]],
                self.to.tenants[entry.key],
                None,
                None,
                entry.name,
                *kept.get(self.to.tenants[entry.key], blank),
                self.to.nodes[self.to.roots[self.to.tenants[entry.key]]].path,
                search_key(entry.name),
            )
            for _, entry in self.contents.entries["tenants"]
        )
        customers = (
            (
                own,
                tenant,
                self.to.nodes[own].parent_id,
                entry.key,
                entry.name,
                *(getattr(entry, name) for name in _TOLD),
                self.to.nodes[own].path,
                search_key(entry.name),
            )
            for _, entry, tenant, own in self.to.entries("customers")
        )
        columns = ("tenant_id", "parent_id", "key", "name", *_TOLD, "path", "search_key")
        before: dict[int, str] = dict(self.connection.execute(select(Customer.id, Customer.path)).all())
        # Every path that a move changes is rewritten with it, in this transaction.
        moved = [
            {"own_id": own, "new_path": self.to.nodes[own].path}
            for own, path in before.items()
            if self.to.nodes[own].path != path
        ]
        if moved:
            statement = update(Customer).where(Customer.id == bindparam("own_id")).values(path=bindparam("new_path"))
            self.connection.execute(statement.execution_options(synchronize_session=False), moved)
            self._places_of_the_gone()
            self.following.moved([own for own, path in before.items() if self.to.nodes[own].path != path])
        self._write(
            Customer,
            (*columns, "device_count"),
            ((*row, 0) for row in (*roots, *customers)),
            step="customers",
        )

    def _places_of_the_gone(self) -> None:
        """What is gone goes along with what it stood below."""
        places = []
        for own, path in self.connection.execute(select(FormerCustomer.id, FormerCustomer.path)).all():
            steps = path.strip("/").split("/")
            depth, above = next(
                (depth, self.to.nodes[node])
                for depth in range(len(steps) - 1, 0, -1)
                if (node := int(steps[depth - 1], 36)) in self.to.nodes
            )
            new = f"{above.path}{'/'.join(steps[depth:])}/"
            if not self.to.fits(new):
                new = child_path(above.path, own)
            if new != path:
                places.append({"own_id": own, "new_path": new})
        if places:
            table: Any = FormerCustomer.__table__
            one = update(table).where(table.c.id == bindparam("own_id"))
            self.connection.execute(one.values(path=bindparam("new_path")), places)

    def _devices(self) -> None:
        columns = (
            *("tenant_id", "customer_id", "site_id", "key", "name", "unit_id", "kind", "notes", "attributes"),
            *("kind_key", "search_key"),
        )
        rows = (
            (
                own,
                tenant,
                customer,
                stands,
                row.key,
                row.name,
                row.unit_id,
                row.kind,
                row.notes,
                row.attributes,
                fold(row.kind),
                search_key(row.name, row.unit_id),
            )
            for row, tenant, own, customer, stands in self.to.devices()
        )
        if self.freed:
            # Two devices of the file may swap their unit ids: each is set aside before any is given out.
            table: Any = Device.__table__
            self.connection.execute(
                update(table).where(table.c.id == bindparam("own_id")).values(unit_id=""), self.freed
            )
        self._write(Device, columns, rows, step="devices")

    def _astray(self, kind: Kind) -> None:
        """Finds records of a kind that a site of the file leaves behind when it goes to another customer."""
        if kind.stands is None:
            return
        assert isinstance(kind.stands.spec, Ref)
        if kind.stands.spec.gone == "null":
            self._leave_places(kind)
            return
        mapped, place = table_of(kind), EDITED[kind.stands.refers]
        of = table_of(place)
        stands, owner = getattr(mapped, kind.stands.column), getattr(mapped, kind.owner)
        astray = select(mapped.tenant_id, mapped.key, of.key, owner, stands).join(of, leads_to(stands, of))
        found = self.connection.execute(astray.where(getattr(of, place.owner) != owner)).all()
        if not found:
            return
        tenants = {own: key for key, own in self.to.tenants.items()}
        moved = {(entry.tenant, entry.key): index for index, entry in self.contents.entries[place.plural]}
        told = {(row.tenant, row.key) for row in self.contents.devices} if kind is DEVICES else set()
        told |= {(entry.tenant, entry.key) for _, entry in self.contents.entries[kind.plural]}
        for tenant, key, left, *where in found:
            if not self.listed.shows(kind.plural, tenant, *where):
                continue
            index = moved.get((tenants[tenant], left))
            if index is not None and (tenants[tenant], key) not in told:
                message = f"{kind.said} {show(key)}, which is not in the file, stands on it"
                self.contents.faults.append(fault(place.plural, index, left, place.node.name, message))

    def _leave_places(self, kind: Kind) -> None:
        """Takes from their sites the records of a kind that stay where they were made, once those are another's."""
        mapped, of = table_of(kind), table_of(PLACE)
        assert kind.stands is not None
        stands, owner = getattr(mapped, kind.stands.column), getattr(mapped, kind.owner)
        theirs = select(of.id).where(leads_to(stands, of), getattr(of, PLACE.owner) != owner).exists()
        left = update(mapped).where(stands.is_not(None), theirs).values({kind.stands.column: None})
        self.connection.execute(left.execution_options(synchronize_session=False))

    def _settle(self) -> None:
        """What follows from the rows: counts, and the tenants' versions."""
        theirs = [Device.customer_id == Customer.id]
        if self.connection.dialect.name == "postgresql":  # on SQLite whole rows would be read for it
            theirs.append(Device.tenant_id == Customer.tenant_id)
        own = select(func.count()).where(*theirs).correlate(Customer).scalar_subquery()
        counted = update(Customer).where(Customer.device_count != own).values(device_count=own)
        self.connection.execute(counted.execution_options(synchronize_session=False))
        raise_versions(self.connection)


def _own_ids() -> list[Any]:
    """The tables whose rows get ids from whoever writes them."""
    return [Tenant.__table__, *(table_of(kind).__table__ for kind in EDITED.values()), Membership.__table__]
