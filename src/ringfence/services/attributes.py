"""The attributes of a customer, a site or a device, with those that come to it from above, as far as a viewer views the
records that they were set on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from sqlalchemy import select

from ringfence.domain.attributes import read
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import RingfenceError
from ringfence.domain.kind import Kind, StateKind
from ringfence.domain.registry import EDITED, PLACE
from ringfence.domain.signal import Value
from ringfence.signals.attributes import reported_of
from ringfence.signals.units import customers_on
from ringfence.storage.columns import of_tenant
from ringfence.storage.tables import Customer, table_of
from ringfence.visibility.overview import more_than_named
from ringfence.visibility.point import among, find
from ringfence.visibility.viewer import Sight, Viewer

RIGHTS: Final = tuple(kind.right("view") for kind in (CUSTOMERS, PLACE, DEVICES))


class Attribute(NamedTuple):
    """An attribute: people ``set`` it on a record, by its kind, key and name, or the device ``reported`` it."""

    name: str
    value: Value
    scope: Literal["set", "reported"]
    kind: StateKind
    key: str
    record: str


def attributes(viewer: Viewer, noun: StateKind, key: str) -> list[Attribute]:
    """The attributes of a record by name; of one name the nearest first, which is the one that counts, as far as the
    viewer sees. Raises RingfenceError alike where they may not view the record, and where it is not there."""
    kind = EDITED[noun]
    with viewer.look(*RIGHTS) as sight:
        own = find(sight, kind.right("view"), kind, "key", key)
        found = [] if own is None else of_record(sight, kind, own)
        if found is None or own is None:
            raise RingfenceError(f"there is no {kind.said} {key!r}: 'ringfence list {kind.name}' shows those there are")
    return found


def of_record(sight: Sight, kind: Kind, own: int) -> list[Attribute] | None:
    """The same of a record by its id, in a look with ``RIGHTS``; None where the viewer may not view it."""
    places = list(_places(sight, kind, own))
    if not places:
        return None
    found = [
        Attribute(name, value, "set", of.noun, place, record)
        for of, place, record, text in places
        for name, value in read(text).items()
    ]
    if kind is DEVICES:
        _, key, record, _ = places[0]
        reported = reported_of(sight.connection, sight.tenant_id, [own]).get(own, {})
        told = [Attribute(name, value, "reported", kind.noun, key, record) for name, value in reported.items()]
        mine = sum(one.kind == kind.noun for one in found)
        found[mine:mine] = told
    return sorted(found, key=lambda one: one.name)  # what is of one name stays in its order


def _places(sight: Sight, kind: Kind, own: int) -> Iterator[tuple[Kind, str, str, str]]:
    """Where it may have been set, the nearest first: kind, key, name and text of each that the viewer may view."""
    mapped = table_of(kind)
    customer = mapped.id if kind.is_customer else getattr(mapped, kind.owner)
    this = mapped.id == own, of_tenant(mapped, sight.tenant_id)
    whose = select(customer).where(*this).scalar_subquery()
    above = select(Customer.path).where(Customer.id == whose, of_tenant(Customer, sight.tenant_id))
    path = sight.connection.execute(above).scalar_one()
    ways: list[tuple[Kind, list[int]]] = [] if kind.is_customer else [(kind, [own])]
    if kind.stands is not None:
        stands = sight.connection.execute(select(getattr(mapped, kind.stands.column)).where(*this)).scalar()
        ways.append((PLACE, [stands] if stands is not None else []))
    ways.append((CUSTOMERS, list(reversed(customers_on(path)))))
    more = more_than_named(sight, CUSTOMERS.right("view"))
    for of, ids in ways:
        columns = ("id", "key", "name", "attributes", *of.more)
        rows = {row.id: row for row in among(sight, of.right("view"), of, ids, columns)}
        for record in ids:
            row = rows.get(record)
            if row is not None and (not of.is_customer or more(row.path)):
                yield of, row.key or "", row.name, row.attributes
