"""Writing states back, many records of a kind at once, with what is tied to them: what writes grants beside the
snapshot."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, insert, literal, select, update

from ringfence.changes.ledger import TABLES, keys_of
from ringfence.changes.states import (
    CustomerGroupState,
    CustomerState,
    DeviceState,
    Edit,
    RoleState,
    SecurityGroupState,
    SiteState,
    State,
    StateKind,
    UserState,
)
from ringfence.domain import limits
from ringfence.domain.customer import Customer, child_path
from ringfence.domain.device import Device
from ringfence.domain.errors import Refused
from ringfence.domain.former_customer import FormerCustomer
from ringfence.domain.grants import (
    CustomerGroupCustomer,
    Membership,
    RolePermission,
    SecurityGroupCustomer,
    UserCustomerGroup,
    UserSite,
)
from ringfence.domain.security_group import SecurityGroup
from ringfence.domain.text import fold, search_key
from ringfence.storage.bulk import any_of, insert_rows, take_ids

_STEM: Final = limits.KEY - 12
_TOGETHER: Final = 20
"""Records that get the same values are written by one statement from so many on; fewer cost less one by one."""


def new_ids(connection: Connection, kind: StateKind, states: Sequence[State]) -> list[int]:
    """An id for each record that comes; a customer that is brought back gets its own again where nobody has it."""
    fresh = take_ids(connection, TABLES[kind].__table__, len(states))
    former = [state.former for state in states if isinstance(state, CustomerState) and state.former]
    if not former:
        return fresh
    query = select(Customer.id).where(any_of(connection, Customer.id, former))
    taken = set(connection.execute(query).scalars())
    return [
        state.former if isinstance(state, CustomerState) and state.former and state.former not in taken else own
        for own, state in zip(fresh, states, strict=True)
    ]


def new_keys(connection: Connection, kind: StateKind, tenant_id: int, states: Sequence[State]) -> list[str]:
    """A key for each record that comes: its own where it has one, else one made of a user's login, a device's unit id
    or the record's name."""
    stems = [state.key or _stem(state) for state in states]
    taken = set(keys_of(connection, kind, tenant_id, stems))
    keys = []
    for state, stem in zip(states, stems, strict=True):
        key = stem
        if not state.key and key in taken:
            key = _numbered(connection, kind, tenant_id, stem, taken)
        taken.add(key)
        keys.append(key)
    return keys


def _stem(state: State) -> str:
    text = state.name
    if isinstance(state, UserState):
        text = state.login
    elif isinstance(state, DeviceState) and state.unit_id:
        text = state.unit_id
    plain = unicodedata.normalize("NFKD", fold(text)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9.]+", "-", plain).strip("-.")[:_STEM] or "record"


def _numbered(connection: Connection, kind: StateKind, tenant_id: int, stem: str, taken: Collection[str]) -> str:
    """The stem with a number that is free, found in a few steps however many are taken."""
    step, number = 1, 2
    while True:
        names = [f"{stem}-{one}" for one in range(number, number + step)]
        known = keys_of(connection, kind, tenant_id, names)
        for name in names:
            if name not in known and name not in taken:
                return name
        number += step
        step = min(step * 4, 10_000)


def create(
    connection: Connection,
    tenant_id: int,
    kind: StateKind,
    made: Mapping[int, State],
    paths: dict[int, str],
    revision: int,
) -> None:
    """Writes new records by id, their ties left out. ``paths`` holds the paths of their nodes, and gets those of new
    customers. Some ids are given out again: with a ``revision`` that no earlier record had, none is taken for it."""
    if not made:
        return
    table = TABLES[kind].__table__
    if kind == "customer":
        _grow(made, paths)
    rows = [
        {"id": own, "tenant_id": tenant_id, "key": state.key, "revision": revision, **_values(state)}
        for own, state in made.items()
    ]
    if kind == "customer":
        for row in rows:
            row["path"], row["device_count"] = paths[row["id"]], 0
        rows.sort(key=lambda row: row["path"].count("/"))  # a parent before those below it
        for row in rows:
            row["parent_id"] = row["parent_id"] or None
    columns = tuple(rows[0])
    insert_rows(connection, table, columns, (tuple(row.values()) for row in rows))


def _grow(made: Mapping[int, State], paths: dict[int, str]) -> None:
    """Works out the paths of new customers, whatever the order that they come in."""
    for own in made:
        waiting = [own]
        while waiting:
            state = made[waiting[-1]]
            assert isinstance(state, CustomerState)
            if state.parent in paths:
                customer = waiting.pop()
                paths[customer] = child_path(paths[state.parent], customer)
            else:
                waiting.append(state.parent)


def tie(connection: Connection, record: int, before: State, after: State) -> None:
    """Writes what differs in what is tied to a record."""
    if isinstance(before, RoleState) and isinstance(after, RoleState):
        held, wanted = before.permissions or frozenset(), after.permissions or frozenset()
        _exchange(connection, RolePermission, "role_id", record, "permission", held - wanted, wanted - held)
    elif isinstance(before, SecurityGroupState) and isinstance(after, SecurityGroupState):
        _write_customers(connection, SecurityGroupCustomer, record, before.customers, after.customers)
        _write_memberships(connection, "group_id", "user_id", record, before.members, after.members)
    elif isinstance(before, CustomerGroupState) and isinstance(after, CustomerGroupState):
        _write_customers(connection, CustomerGroupCustomer, record, before.customers, after.customers)
        gone, come = before.users - after.users, after.users - before.users
        _exchange(connection, UserCustomerGroup, "group_id", record, "user_id", gone, come)
    elif isinstance(before, UserState) and isinstance(after, UserState):
        _write_memberships(connection, "user_id", "group_id", record, before.security_groups, after.security_groups)
        for mapped, column, old, new in (
            (UserCustomerGroup, "group_id", before.customer_groups, after.customer_groups),
            (UserSite, "site_id", before.sites, after.sites),
        ):
            _exchange(connection, mapped, "user_id", record, column, old - new, new - old)
    elif isinstance(after, CustomerState):
        _bring_back_customer(connection, record, after)
    elif isinstance(after, SiteState):
        _exchange(connection, UserSite, "site_id", record, "user_id", (), after.users)
        if after.devices:
            home = (Device.customer_id == after.customer) & Device.site_id.is_(None)
            placed = update(Device).where(any_of(connection, Device.id, after.devices), home)
            connection.execute(placed.values(site_id=record, revision=Device.revision + 1))


def _bring_back_customer(connection: Connection, record: int, state: CustomerState) -> None:
    """Puts a customer that was deleted back where it was named."""
    for entry, groups in (
        (SecurityGroupCustomer, state.secured_by),
        (CustomerGroupCustomer, state.grouped_by),
    ):
        if groups:
            rows = [{"group_id": group, "customer_id": record, "nested": nested} for group, nested in groups.items()]
            connection.execute(insert(entry), rows)
    if state.groups_made:
        again = update(SecurityGroup).where(any_of(connection, SecurityGroup.id, state.groups_made))
        connection.execute(again.where(SecurityGroup.made_for_id.is_(None)).values(made_for_id=record))


def take_places(connection: Connection, tenant_id: int, customers: Mapping[int, str]) -> None:
    """Puts customers that were brought back under their own ids, with the paths that they have now, where they were:
    what is gone from below them comes along, and its history with it."""
    if not customers:
        return
    former = any_of(connection, FormerCustomer.id, list(customers))
    places: dict[int, str] = dict(
        connection.execute(select(FormerCustomer.id, FormerCustomer.path).where(former)).all()
    )
    connection.execute(delete(FormerCustomer).where(former))
    for own in sorted(places, key=lambda place: len(places[place])):
        old, new = places[own], customers[own]
        if old != new:
            _shift(connection, FormerCustomer, tenant_id, old, new)
            places.update((one, new + path[len(old) :]) for one, path in places.items() if path.startswith(old))


def free_unit_ids(connection: Connection, edits: Iterable[tuple[int, State | None, State | None]]) -> None:
    """Takes their unit ids from devices that get others or go, where others may be given them: each is set aside before
    any is given out."""
    freed: list[int] = []
    given = 0
    for record, before, after in edits:
        old = before.unit_id if isinstance(before, DeviceState) else ""
        new = after.unit_id if isinstance(after, DeviceState) else ""
        if old != new:
            given += new != ""
            if old:
                freed.append(record)
    if freed and given:
        connection.execute(update(Device).where(any_of(connection, Device.id, freed)).values(unit_id=""))


def change(connection: Connection, kind: StateKind, edits: Iterable[Edit]) -> None:
    """Writes what the edits of records of a kind that stay change, their ties left out, and their next revisions."""
    mapped = TABLES[kind]
    groups: defaultdict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
    for edit in edits:
        groups[_changed_values(edit)].append(edit.id)
    single: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for values, records in groups.items():
        if len(records) < _TOGETHER:
            names = tuple(name for name, _ in values)
            single[names] += ({"own_id": record, **dict(values)} for record in records)
            continue
        together = update(mapped).where(any_of(connection, mapped.id, records))
        connection.execute(together.values(revision=mapped.revision + 1, **dict(values)))
    table = mapped.__table__
    for names, rows in single.items():
        one = update(table).where(table.c.id == bindparam("own_id"))
        columns: dict[str, Any] = {name: bindparam(name) for name in names}
        connection.execute(one.values(revision=table.c.revision + 1, **columns), rows)


def move(connection: Connection, tenant_id: int, moved: Mapping[int, int]) -> list[tuple[str, str]]:
    """Rewrites the paths of customers that go below others (``moved`` by id), with all that is nested in them.

    Returns the former path and the new one of each, in the order in which they went: each starts where those before
    left it. Raises Refused where one would come to stand below itself.
    """
    shifts: list[tuple[str, str]] = []
    waiting = dict(moved)
    while waiting:
        standing = dict(waiting)
        for record, parent in standing.items():
            query = select(Customer.id, Customer.path).where(Customer.id.in_((record, parent)))
            paths: dict[int, str] = dict(connection.execute(query).all())
            old = paths[record]
            if paths[parent].startswith(old):
                continue  # it may be that the other leaves first
            new = child_path(paths[parent], record)
            for mapped in (Customer, FormerCustomer):
                _shift(connection, mapped, tenant_id, old, new)
            shifts.append((old, new))
            del waiting[record]
        if len(waiting) == len(standing):
            raise Refused("a customer cannot be put below itself", "parent")
    return shifts


def deepest(connection: Connection, tenant_id: int, path: str) -> int:
    """The length of the longest path at one and below it, of customers and of what is gone."""
    found = [len(path)]
    for mapped in (Customer, FormerCustomer):
        below = (mapped.tenant_id == tenant_id) & (mapped.path >= path) & (mapped.path < path + "~")
        found.append(connection.execute(select(func.max(func.length(mapped.path))).where(below)).scalar() or 0)
    return max(found)


def _shift(connection: Connection, mapped: Any, tenant_id: int, old: str, new: str) -> None:
    """Puts what stands at a path and below it somewhere else."""
    below = (mapped.tenant_id == tenant_id) & (mapped.path >= old) & (mapped.path < old + "~")
    tail = func.substr(mapped.path, len(old) + 1)
    connection.execute(update(mapped).where(below).values(path=literal(new).concat(tail)))


def remove(connection: Connection, kind: StateKind, records: Collection[int]) -> None:
    """Deletes records with their ties. What belongs to them or refers to a role must have gone before."""
    if not records:
        return
    for entry, column in _TIES_OF[kind]:
        connection.execute(delete(entry).where(any_of(connection, column, records)))
    if kind == "customer":
        made = any_of(connection, SecurityGroup.made_for_id, records)
        connection.execute(update(SecurityGroup).where(made).values(made_for_id=None))
        leaving = select(Customer.id, Customer.tenant_id, Customer.path).where(any_of(connection, Customer.id, records))
        connection.execute(insert(FormerCustomer).from_select(["id", "tenant_id", "path"], leaving))
    elif kind == "site":
        standing = update(Device).where(any_of(connection, Device.site_id, records))
        connection.execute(standing.values(site_id=None, revision=Device.revision + 1))
    mapped = TABLES[kind]
    connection.execute(delete(mapped).where(any_of(connection, mapped.id, records)))


def count_devices(connection: Connection, more: Mapping[int, int]) -> None:
    """Keeps the counts of devices of customers that have got more (or fewer)."""
    by_step: defaultdict[int, list[int]] = defaultdict(list)
    for customer, step in more.items():
        if step:
            by_step[step].append(customer)
    for step, customers in by_step.items():
        counted = update(Customer).where(any_of(connection, Customer.id, customers))
        connection.execute(counted.values(device_count=Customer.device_count + step))


def device_steps(edits: Iterable[tuple[State | None, State | None]]) -> Counter[int]:
    """How many devices more (or fewer) each customer has by these changes."""
    steps: Counter[int] = Counter()
    for before, after in edits:
        if isinstance(before, DeviceState):
            steps[before.customer] -= 1
        if isinstance(after, DeviceState):
            steps[after.customer] += 1
    return steps


_TIES_OF: Final[dict[StateKind, tuple[tuple[Any, Any], ...]]] = {
    "customer": (
        (SecurityGroupCustomer, SecurityGroupCustomer.customer_id),
        (CustomerGroupCustomer, CustomerGroupCustomer.customer_id),
    ),
    "site": ((UserSite, UserSite.site_id),),
    "device": (),
    "role": ((RolePermission, RolePermission.role_id),),
    "customer_group": (
        (CustomerGroupCustomer, CustomerGroupCustomer.group_id),
        (UserCustomerGroup, UserCustomerGroup.group_id),
    ),
    "security_group": ((SecurityGroupCustomer, SecurityGroupCustomer.group_id), (Membership, Membership.group_id)),
    "user": (
        (Membership, Membership.user_id),
        (UserCustomerGroup, UserCustomerGroup.user_id),
        (UserSite, UserSite.user_id),
    ),
}


_PLAIN: Final = {"customer": "customer_id", "site": "site_id", "kind": "kind", "notes": "notes"}
"""The fields of a device that are columns as they are, and nothing else's."""


def _changed_values(edit: Edit) -> tuple[tuple[str, Any], ...]:
    """The columns that an edit changes, with their new values."""
    before, after = edit.before, edit.after
    assert before is not None
    assert after is not None
    if edit.kind == "device" and _PLAIN.keys() >= set(edit.changed):
        return tuple([(_PLAIN[name], getattr(after, name)) for name in edit.changed])
    old = _values(before)
    return tuple((name, value) for name, value in _values(after).items() if old[name] != value)


def _values(state: State) -> dict[str, Any]:
    """A state as columns, but for its key."""
    if isinstance(state, DeviceState):
        return {
            "customer_id": state.customer,
            "site_id": state.site,
            "name": state.name,
            "unit_id": state.unit_id,
            "kind": state.kind,
            "notes": state.notes,
            "search_key": search_key(state.name, state.unit_id),
        }
    if isinstance(state, SiteState):
        return {"customer_id": state.customer, "name": state.name, "search_key": search_key(state.name)}
    if isinstance(state, CustomerState):
        return {
            "parent_id": state.parent,
            "name": state.name,
            "email": state.email,
            "phone": state.phone,
            "address": state.address,
            "max_users": state.max_users,
            "max_devices": state.max_devices,
            "max_customers": state.max_customers,
            "search_key": search_key(state.name),
        }
    if isinstance(state, RoleState):
        return {
            "owner_id": state.owner,
            "name": state.name,
            "access_level": state.access_level,
            "all_permissions": state.permissions is None,
            "private": state.private,
            "builtin": state.builtin,
            "search_key": search_key(state.name),
        }
    if isinstance(state, CustomerGroupState):
        return {
            "owner_id": state.owner,
            "name": state.name,
            "description": state.description,
            "active": state.active,
            "search_key": search_key(state.name),
        }
    if isinstance(state, SecurityGroupState):
        return {
            "owner_id": state.owner,
            "name": state.name,
            "role_id": state.role,
            "scope": state.scope,
            "made_for_id": state.made_for,
            "search_key": search_key(state.name),
        }
    return {
        "home_id": state.home,
        "login": state.login,
        "login_key": fold(state.login),
        "name": state.name,
        "email": state.email,
        "active": state.active,
        "search_key": search_key(state.name, state.login, state.email),
    }


def _write_customers(
    connection: Connection, entry: Any, group: int, before: Mapping[int, bool], after: Mapping[int, bool]
) -> None:
    old, new = set(before.items()), set(after.items())
    _exchange(connection, entry, "group_id", group, "customer_id", {customer for customer, _ in old - new}, ())
    if new - old:
        rows = [{"group_id": group, "customer_id": customer, "nested": nested} for customer, nested in new - old]
        connection.execute(insert(entry), rows)


def _write_memberships(
    connection: Connection, own: str, other: str, record: int, before: frozenset[Any], after: frozenset[Any]
) -> None:
    for target, (since, until) in before - after:
        query = delete(Membership).where(getattr(Membership, own) == record, getattr(Membership, other) == target)
        for column, value in ((Membership.valid_from, since), (Membership.valid_until, until)):
            query = query.where(column.is_(None) if value is None else column == value)
        connection.execute(query)
    if after - before:
        rows = [
            {own: record, other: target, "valid_from": since, "valid_until": until}
            for target, (since, until) in after - before
        ]
        connection.execute(insert(Membership), rows)


def _exchange(
    connection: Connection, entry: Any, own: str, record: int, column: str, gone: Iterable[Any], come: Iterable[Any]
) -> None:
    """Takes the ties to some records away and puts others there."""
    leaving = list(gone)
    if leaving:
        left = any_of(connection, getattr(entry, column), leaving)
        connection.execute(delete(entry).where(getattr(entry, own) == record, left))
    rows = [{own: record, column: other} for other in come]
    if rows:
        connection.execute(insert(entry), rows)
