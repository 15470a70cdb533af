"""The second half of a load: references become ids, against the file and the database together."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from ringfence.domain import limits
from ringfence.domain.clock import in_order
from ringfence.domain.customer import child_path
from ringfence.domain.device import DEVICES
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED
from ringfence.domain.text import fold, search_key
from ringfence.snapshot.collect import Contents, DeviceRow, fault
from ringfence.snapshot.listed import TAKEN, Listed
from ringfence.snapshot.read import show
from ringfence.storage.bulk import any_of, next_id
from ringfence.storage.tables import Customer, Device, Site, Tenant, table_of

_SHOWN: Final = 8
_FEW: Final = 5000
_CHUNK: Final = 500


def lists() -> dict[str, Kind]:
    """The kinds by the list of the document that holds their entries, but for the devices, of which there may be very
    many."""
    return {kind.plural: kind for kind in EDITED.values() if kind is not DEVICES}


def naming_devices() -> list[Kind]:
    """The kinds whose records refer to devices: their rows are resolved once those have their ids."""
    return [kind for kind in EDITED.values() if DEVICES.noun in kind.refs.values()]


def columns_of(kind: Kind) -> tuple[str, ...]:
    """The columns that `Resolver.rows` fills in, after the id."""
    everything = (ties.everything for _, ties in kind.ties.values() if ties.everything)
    folded = (text.folded for text in kind.texts.values() if text.folded)
    ordered = (one.sorted for one in kind.moments.values() if one.sorted)
    return ("tenant_id", *(one.column for one in kind.stored.values()), *everything, *folded, *ordered, "search_key")


@dataclass(frozen=True, slots=True)
class Node:
    """Where a customer stands in the tree, as it will be."""

    id: int
    parent_id: int | None
    path: str


class Resolver:
    """Knows every key of the database and of the file, and what becomes of it.

    ``ids`` maps (tenant id, key) to the id that a record has or will have, by list; ``first`` holds the lowest of the
    ids that are given out here, to those that are not in the database yet. Faults are added to those of the contents.
    What is not ``listed`` is not there, but that its keys, unit ids and logins are taken.
    """

    def __init__(self, connection: Connection, contents: Contents, listed: Listed) -> None:
        self.connection = connection
        self.contents = contents
        self.listed = listed
        self.tenants, self._others = listed.tenants(connection)
        self.ids: dict[str, dict[tuple[int, str], int]] = {}
        self.first = {
            name: next_id(connection, mapped.__table__)
            for name, mapped in (
                ("tenants", Tenant),
                *((kind.plural, table_of(kind)) for kind in EDITED.values()),
            )
        }
        self.roots: dict[int, int] = {}
        self.nodes: dict[int, Node] = {}
        self.site_owners: dict[int, int] = {}
        self._tenants()
        self._keys()

    def _tenants(self) -> None:
        known = select(Customer.tenant_id, Customer.id).where(Customer.parent_id.is_(None))
        self.roots.update(self.connection.execute(known).all())
        following, node = self.first["tenants"], self.first["customers"]
        for index, entry in self.contents.entries["tenants"]:
            if entry.key in self._others:
                self.fault("tenants", index, entry.key, "key", TAKEN)
            if entry.key not in self.tenants:
                self.tenants[entry.key] = following
                self.roots[following] = node
                following, node = following + 1, node + 1
        self._next_node = node

    def _keys(self) -> None:
        for name, kind in lists().items():
            if kind.drawn and not self.contents.entries[name]:
                self.ids[name] = {}
                continue  # there may be very many, to which nothing refers
            known, hidden = self.listed.known(self.connection, kind)
            following = self._next_node if name == "customers" else self.first[name]
            for index, entry in self.contents.entries[name]:
                tenant = self.tenants.get(entry.tenant)
                if (tenant, entry.key) in hidden:
                    self.fault(name, index, entry.key, "key", TAKEN)
                if tenant is not None and (tenant, entry.key) not in known:
                    known[tenant, entry.key] = following
                    following += 1
            self.ids[name] = known

    def fault(self, name: str, index: int, key: str, field: str, message: str) -> None:
        """Notes a fault of the file."""
        self.contents.faults.append(fault(name, index, key, field, message))

    def entries(self, name: str) -> Iterator[tuple[int, Any, int, int]]:
        """(index, entry, tenant id, own id) of each entry of a list whose tenant there is."""
        for index, entry in self.contents.entries[name]:
            tenant = self.tenant(name, index, entry.key, entry.tenant)
            if tenant is not None:
                yield index, entry, tenant, self.ids[name][tenant, entry.key]

    def tenant(self, name: str, index: int, key: str, tenant: str) -> int | None:
        """The tenant's id, or a fault."""
        found = self.tenants.get(tenant)
        if found is None and ("", tenant) not in self.contents.claimed["tenants"]:
            self.fault(name, index, key, "tenant", f"there is no tenant {show(tenant)}")
        return found

    def refer(self, name: str, index: int, key: str, field: str, target: str, tenant: int, wanted: str) -> int | None:
        """The id of what an entry refers to within its tenant, or a fault."""
        found = self.ids[target].get((tenant, wanted))
        if found is not None:
            return found
        tenants = {number: other for other, number in self.tenants.items()}
        if (tenants[tenant], wanted) in self.contents.claimed[target]:
            return None  # it is in the file, and its own faults are told already
        noun = next(kind.said for kind in EDITED.values() if kind.plural == target)
        if any((other, wanted) in self.ids[target] for other in tenants if other != tenant):
            self.fault(name, index, key, field, f"{noun} {show(wanted)} belongs to another tenant")
        else:
            self.fault(name, index, key, field, f"there is no {noun} {show(wanted)}")
        return None

    def node(self, name: str, index: int, key: str, field: str, tenant: int, wanted: str | None) -> int | None:
        """The id of the customer meant, the tenant's root for None, or a fault."""
        if wanted is None:
            return self.roots[tenant]
        return self.refer(name, index, key, field, "customers", tenant, wanted)

    def tree(self) -> None:
        """Works out every node's parent and path; cycles are faults."""
        nodes = self.connection.execute(select(Customer.id, Customer.parent_id)).all()
        parents: dict[int, int | None] = dict(nodes)
        for root in self.roots.values():
            parents.setdefault(root, None)
        named: dict[int, tuple[int, str]] = {}
        for index, entry, tenant, own in self.entries("customers"):
            parent = self.node("customers", index, entry.key, "parent", tenant, entry.parent)
            parents[own] = parent if parent is not None else self.roots[tenant]
            named[own] = (index, entry.key)
        paths: dict[int, str] = {}
        for start in parents:
            self._paths_up_to(start, parents, paths, named)
        for own, path in paths.items():
            self.nodes[own] = Node(own, parents[own], path)
            if len(path) > self._longest:
                self._too_deep(own, parents, paths, named)

    def fits(self, path: str) -> bool:
        """Whether a path is short enough for the database."""
        return len(path) <= self._longest

    @property
    def _longest(self) -> int:
        return limits.PATH[self.connection.dialect.name]

    def _too_deep(
        self,
        own: int,
        parents: dict[int, int | None],
        paths: dict[int, str],
        named: dict[int, tuple[int, str]],
    ) -> None:
        """A fault of the first of a branch that goes too deep, or of what the file puts above it."""
        above = parents[own]
        if above is not None and len(paths[above]) > self._longest:
            return
        step: int | None = own
        while step is not None and step not in named:
            step = parents[step]
        if step is not None:
            self.fault("customers", *named[step], "parent", "the tree is too deep here for this database")

    def _paths_up_to(
        self,
        start: int,
        parents: dict[int, int | None],
        paths: dict[int, str],
        named: dict[int, tuple[int, str]],
    ) -> None:
        waiting: list[int] = []
        step: int | None = start
        on_the_way: set[int] = set()
        while step is not None and step not in paths:
            if step in on_the_way:
                cycle = waiting[waiting.index(step) :]
                shown = [show(named[node][1]) for node in cycle[: -_SHOWN - 1 : -1] if node in named]
                names = " > ".join([*shown, shown[0]] if len(cycle) <= _SHOWN else [*shown, "…"])
                for node in cycle:
                    if node in named:
                        self.fault("customers", *named[node], "parent", f"a cycle: {names}")
                for node in waiting:
                    paths[node] = ""  # told once; the load is refused anyway
                return
            waiting.append(step)
            on_the_way.add(step)
            step = parents[step]
        for node in reversed(waiting):
            parent = parents[node]
            above = "" if parent is None else paths[parent]
            paths[node] = above if len(above) > self._longest else child_path(above, node)

    def rows(self, kind: Kind) -> Iterator[tuple[tuple[Any, ...], int, Any]]:
        """The rows of a kind's entries, each an id and ``columns_of``, with the index and the entry."""
        if kind.is_site:
            self.site_owners.update(self.connection.execute(select(Site.id, Site.customer_id)).all())
        stays = self._places_of(kind) if kind.stays else {}
        everything = [name for name, (_, ties) in kind.ties.items() if ties.everything]
        folded = [name for name, text in kind.texts.items() if text.folded]
        for index, entry, tenant, own in self.entries(kind.plural):
            place = (kind.plural, index, entry.key)
            node = self.node(*place, kind.node.name, tenant, getattr(entry, kind.node.name))
            if node is not None and stays.get(own, node) != node:
                self.fault(*place, kind.node.name, f"{kind.indefinite} stays where it was made")
            values: list[Any] = []
            for name, field in kind.stored.items():
                value = getattr(entry, name)
                if field is kind.node:
                    value = node
                elif field.refers and value is not None:
                    value = self.refer(*place, name, EDITED[field.refers].plural, tenant, value)
                    if field is kind.stands and value is not None and self.site_owners.get(value) != node:
                        self.fault(*place, name, f"{show(getattr(entry, name))} is a site of another customer")
                values.append(value)
            if kind.is_site and node is not None:
                self.site_owners[own] = node
            values += (getattr(entry, name) == "all" for name in everything)
            values += (fold(getattr(entry, name)) for name in folded)
            values += (in_order(getattr(entry, name)) for name, one in kind.moments.items() if one.sorted)
            searched = search_key(*(getattr(entry, name) for name in kind.searched))
            yield (own, tenant, *values, searched), index, entry

    def _places_of(self, kind: Kind) -> dict[int, int]:
        """The nodes of those of the file's records that are there."""
        mapped = table_of(kind)
        known = [own for _, _, _, own in self.entries(kind.plural) if own < self.first[kind.plural]]
        query = select(mapped.id, getattr(mapped, kind.owner)).where(any_of(self.connection, mapped.id, known))
        return dict(self.connection.execute(query).all()) if known else {}

    def devices(self) -> Iterator[tuple[DeviceRow, int, int, int, int | None]]:
        """(row, tenant id, own id, customer id, site id) of each device; ids are given in the file's order."""
        known: dict[tuple[int, str], int] = {}
        taken: set[tuple[int, str]] = set()
        for its_tenant, key, record, node, stands in self._known_devices({row.key for row in self.contents.devices}):
            if self.listed.shows("devices", its_tenant, node, stands):
                known[its_tenant, key] = record
            else:
                taken.add((its_tenant, key))
        following = self.first["devices"]
        tenants, customers, sites = self.tenants, self.ids["customers"], self.ids["sites"]
        for row in self.contents.devices:
            tenant = tenants.get(row.tenant)
            if tenant is None:
                self.tenant("devices", row.place, row.key, row.tenant)
                continue
            if (tenant, row.key) in taken:
                self.fault("devices", row.place, row.key, "key", TAKEN)
            customer = self.roots[tenant] if row.customer is None else customers.get((tenant, row.customer))
            if customer is None:
                self.node("devices", row.place, row.key, "customer", tenant, row.customer)
            site = None
            if row.site is not None:
                site = sites.get((tenant, row.site))
                if site is None:
                    self.refer("devices", row.place, row.key, "site", "sites", tenant, row.site)
                elif customer is not None and self.site_owners.get(site, customer) != customer:
                    self.fault("devices", row.place, row.key, "site", f"{show(row.site)} is a site of another customer")
            if customer is None or (row.site is not None and site is None):
                continue
            own = known.get((tenant, row.key)) if known else None
            if own is None:
                own = following
                following += 1
            yield row, tenant, own, customer, site

    def know_devices(self, *, written: bool) -> None:
        """Learns the ids of the devices that other entries name, once those of the file are ``written``; before that,
        only which of them there are or will be."""
        named = {
            key
            for kind in naming_devices()
            for _, entry in self.contents.entries[kind.plural]
            for name, to in kind.refs.items()
            if to == DEVICES.noun and (key := getattr(entry, name)) is not None
        }
        found = {
            (tenant, key): own
            for tenant, key, own, *where in self._known_devices(named)
            if self.listed.shows(DEVICES.plural, tenant, *where)
        }
        if not written:
            rows = (row for row in self.contents.devices if row.key in named and row.tenant in self.tenants)
            found |= {(self.tenants[row.tenant], row.key): 0 for row in rows}
        self.ids[DEVICES.plural] = found

    def _known_devices(self, among: Collection[str]) -> Iterator[Any]:
        """(tenant id, key, id, customer id, site id) of the devices that are there: of all, or of those with these keys
        where they are few."""
        query = select(Device.tenant_id, Device.key, Device.id, Device.customer_id, Device.site_id)
        keys = sorted(among)
        if len(keys) > _FEW:
            yield from self.connection.execute(query)
            return
        for tenant in self.tenants.values():
            for start in range(0, len(keys), _CHUNK):
                some = Device.key.in_(keys[start : start + _CHUNK])
                yield from self.connection.execute(query.where(Device.tenant_id == tenant, some))

    def unique(self) -> None:
        """Two records of a tenant for one login, or whatever else is unique of a kind, are a fault. (Devices, of which
        there may be very many, apart.)"""
        for kind in lists().values():
            if kind.unique:
                self._unique(kind, kind.unique, kind.texts[kind.unique].folded)

    def _unique(self, kind: Kind, name: str, folded: str) -> None:
        def known_as(tenant: int, text: str) -> tuple[int, str]:
            return tenant, fold(text) if folded else text

        mapped = table_of(kind)
        held = getattr(mapped, folded or kind.fields[name].column)
        rows = self.connection.execute(select(held, mapped.tenant_id, mapped.key))
        holders = {(tenant, text): (tenant, key) for text, tenant, key in rows}
        entries = list(self.entries(kind.plural))
        changing = {(tenant, entry.key) for _, entry, tenant, _ in entries}
        holders = {text: holder for text, holder in holders.items() if holder not in changing}
        for index, entry, tenant, _ in entries:
            text = getattr(entry, name)
            holder = holders.setdefault(known_as(tenant, text), (tenant, entry.key)) if text else (tenant, entry.key)
            if holder != (tenant, entry.key):
                seen = holder in self.ids[kind.plural]
                said = f"{show(text)} is another {kind.said}'s {kind.label(name)}" if seen else TAKEN
                self.fault(kind.plural, index, entry.key, name, said)
