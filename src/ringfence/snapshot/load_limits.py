"""The limits of customers that a load would exceed, told of the entries that do it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, select

from ringfence.changes.quota import COUNTED_BY, Overfull, counted, overfull
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.snapshot.collect import Contents, fault
from ringfence.snapshot.load_audit import touched
from ringfence.snapshot.read import show
from ringfence.snapshot.resolve import Resolver
from ringfence.storage.columns import leads_to
from ringfence.storage.tables import Customer, table_of

_COUNTING: Final = {kind.plural: kind.node.name for kind in COUNTED_BY.values()}
"""The field by which an entry of each list counts for a customer."""
_FILLING: Final = {limit: list(dict.fromkeys((CUSTOMERS.plural, kind.plural))) for limit, kind in COUNTED_BY.items()}
"""The lists whose entries add to what a limit counts; those of the last one are told of rather than the others."""

Place = tuple[str, int, str]
"""The list, the index and the key of an entry."""


def limit_faults(connection: Connection, contents: Contents, to: Resolver) -> list[str]:
    """The faults, once everything is written: of the customer's own entry, else of the last one that fills it."""
    tenants = {to.tenants[key]: key for key in touched(contents)}
    if not tenants:
        return []
    found = overfull(connection, tenants)
    if not to.listed.everything:
        found = [shown for one in found if (shown := _shown(connection, to, one)) is not None]
    if not found:
        return []
    own = {record: index for index, _, _, record in to.entries("customers")}
    filling = _filling(contents, to, [one for one in found if one.customer_id not in own])
    return [_told(one, tenants[one.tenant_id], own.get(one.customer_id), filling) for one in found]


def _shown(connection: Connection, to: Resolver, one: Overfull) -> Overfull | None:
    """The same as if there were no more than is listed, or new by the file; None where there is room enough then."""
    listed = set(to.ids["customers"].values())
    if one.key is not None and one.customer_id not in listed:
        return None
    below = connection.execute(select(Customer.id).where(*_below(Customer, one))).scalars()
    of = COUNTED_BY[one.field]
    mapped = table_of(of)
    owner = leads_to(getattr(mapped, of.owner), Customer)
    within = select(mapped.id).join(Customer, owner).where(*_below(Customer, one))
    if of.is_customer:
        count = len(listed.intersection(below) - {one.customer_id})
    elif of is DEVICES:
        told = {(to.tenants[row.tenant], row.key) for row in to.contents.devices}
        there: Any = within.with_only_columns(mapped.tenant_id, mapped.key, mapped.customer_id, mapped.site_id)
        count = sum(
            (tenant, key) in told or to.listed.shows(of.plural, tenant, *where)
            for tenant, key, *where in connection.execute(there)
        )
    else:
        count = len(set(to.ids[of.plural].values()).intersection(connection.execute(within).scalars()))
    return replace(one, count=count) if count > one.limit else None


def _below(customer: Any, one: Overfull) -> tuple[Any, ...]:
    return customer.tenant_id == one.tenant_id, customer.path >= one.path, customer.path < one.path + "~"


def _told(one: Overfull, tenant: str, own: int | None, filling: dict[tuple[int, str], Place]) -> str:
    count, below = counted(one.field, one.count)
    if own is not None:
        return fault("customers", own, one.key, one.field, f"there would be {count}{below}; the limit is {one.limit:,}")
    name = f"tenant {show(tenant)}" if one.key is None else show(one.key)
    place = filling.get((one.customer_id, one.field))
    if place is not None:
        said = f"{name} would have {count}{below}; its limit is {one.limit:,}"
        return fault(*place, _COUNTING[place[0]], said)
    # It was so before, and nothing of the file is in it.
    whose = "" if one.key is None else f" of tenant {show(tenant)}"
    return f"customers: {name}{whose} has {count}{below}; its limit is {one.limit:,}"


def _filling(contents: Contents, to: Resolver, found: Iterable[Overfull]) -> dict[tuple[int, str], Place]:
    """For each limit the last entry of the file that counts for it, preferably a new one."""
    fields: dict[int, set[str]] = {}
    for one in found:
        fields.setdefault(one.customer_id, set()).add(one.field)
    if not fields:
        return {}
    best: dict[tuple[int, str], tuple[int, bool]] = {}
    filling: dict[tuple[int, str], Place] = {}
    above: dict[int, list[int]] = {}
    for place, record, node in _entries(contents, to):
        name = place[0]
        if node not in above:
            steps = to.nodes[node].path.strip("/").split("/")
            above[node] = [step for step in (int(part, 36) for part in steps) if step in fields]
        for customer in above[node]:
            for field in fields[customer]:
                if name in _FILLING[field]:
                    rank = _FILLING[field].index(name), record >= to.first[name]
                    if rank >= best.get((customer, field), rank):
                        best[customer, field], filling[customer, field] = rank, place
    return filling


def _entries(contents: Contents, to: Resolver) -> Iterator[tuple[Place, int, int]]:
    """(place, own id, id of the customer that it counts for) of what the file has of what is counted."""
    for kind in COUNTED_BY.values():
        for index, entry, tenant, own in to.entries(kind.plural) if kind is not DEVICES else ():
            place = (kind.plural, index, entry.key)
            name = kind.node.name
            node = own if kind.is_customer else to.node(*place, name, tenant, getattr(entry, name))
            if node is not None:
                yield place, own, node
    if contents.devices:
        for row, _, own, customer, _ in to.devices():
            yield (DEVICES.plural, row.place, row.key), own, customer
