"""Lists, counts and exports of every kind of record: one set of rows for all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Row

from ringfence.domain import clock
from ringfence.domain.alarm import ALARMS, standing
from ringfence.domain.audit import AUDIT
from ringfence.domain.clock import moment_of
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.customer_group import CUSTOMER_GROUPS
from ringfence.domain.errors import RingfenceError
from ringfence.domain.event import EVENTS
from ringfence.domain.field import Field, Flag, Moment, Spec
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED, KINDS, kind_named
from ringfence.domain.role import ROLES
from ringfence.domain.security_group import SECURITY_GROUPS
from ringfence.services.records import Listing, Part, SortKey
from ringfence.services.rows import (
    AuditRecord,
    CustomerGroupRecord,
    CustomerRecord,
    PlainRecord,
    Record,
    RoleRecord,
    SecurityGroupRecord,
)
from ringfence.visibility import counting, history, overview, tree
from ringfence.visibility import page as pages
from ringfence.visibility.column_values import permissions
from ringfence.visibility.point import among, find
from ringfence.visibility.viewer import Sight, Viewer

Names = dict[int, tuple[str, str | None]]
"""Names and keys by id, of what the viewer may list."""

_EXPORT_SIZE = 1000
_NONE: Final[tuple[str, str | None]] = ("", None)
"""Name and key of what is not there, or hidden."""


def rows(viewer: Viewer, listing: Listing, part: Part) -> tuple[Record, ...]:
    """A part of a list, in its order. Raises RingfenceError for an unknown kind or order, or a hidden customer."""
    kind = kind_named(listing.kind)
    window = pages.Window(part.limit, part.after, part.before, part.from_end, part.skip)
    with viewer.look(*_needed(kind, listing)) as sight:
        if listing.record is not None and kind is AUDIT:
            told = history.window(_history(sight, listing, listing.record), window, descending=listing.descending)
            return tuple(_records(sight, kind, told))
        return tuple(_records(sight, kind, pages.page(sight, _query(sight, kind, listing), window)))


def count(viewer: Viewer, listing: Listing, so_far: counting.SoFar | None = None) -> int:
    """How many rows the list has, exactly. ``so_far`` is told, while that takes long, how many there are at least;
    what it raises ends the count."""
    kind = kind_named(listing.kind)
    with viewer.look(*_needed(kind, listing)) as sight:
        if listing.record is not None and kind is AUDIT:
            return len(_history(sight, listing, listing.record))
        return counting.count(sight, _query(sight, kind, listing), so_far=so_far)


def place(viewer: Viewer, listing: Listing, record: int) -> int | None:
    """How many rows come before a record (its id); None where the list does not show it."""
    kind = kind_named(listing.kind)
    with viewer.look(*_needed(kind, listing)) as sight:
        return counting.place(sight, _query(sight, kind, listing), record)


def export(viewer: Viewer, listing: Listing, limit: int | None = None) -> Iterator[Record]:
    """Every row of the list (or the first ``limit``), in one transaction."""
    kind = kind_named(listing.kind)
    with viewer.look(*_needed(kind, listing)) as sight:
        if listing.record is not None and kind is AUDIT:
            yield from _records(sight, kind, _history(sight, listing, listing.record)[:limit])
            return
        query = _query(sight, kind, listing)
        left = limit
        after: SortKey | None = None
        while left is None or left > 0:
            size = _EXPORT_SIZE if left is None else min(left, _EXPORT_SIZE)
            found = pages.page(sight, query, pages.Window(size, after))
            yield from _records(sight, kind, found)
            if len(found) < size:
                return
            after = (found[-1].sort_value, found[-1].id)
            left = None if left is None else left - size


def told(viewer: Viewer, name: str, ids: Collection[int]) -> list[Record]:
    """Those of the records of a kind with these ids that the viewer may list, in no order."""
    kind = kind_named(name)
    with viewer.look(*permissions(kind)) as sight:
        columns = (*kind.columns, "id AS sort_value")
        return list(_records(sight, kind, among(sight, kind.permission, kind, sorted(ids), columns)))


def keys(viewer: Viewer, listing: Listing, limit: int | None = None) -> list[str]:
    """The keys of the rows, sorted."""
    return sorted(record.key for record in export(viewer, listing, limit))


def customer_id(viewer: Viewer, key: str) -> int:
    """The id of the customer with that key. Raises RingfenceError alike for one that is hidden and one that is not."""
    with viewer.look(CUSTOMERS.permission) as sight:
        found = find(sight, CUSTOMERS.permission, CUSTOMERS, "key", key)
    if found is None:
        raise RingfenceError(f"there is no customer {key!r}: 'ringfence list customers' shows those there are")
    return found


def kinds() -> tuple[str, ...]:
    """The kinds of record that can be listed, as the command line spells them."""
    return tuple(KINDS)


def _query(sight: Sight, kind: Kind, listing: Listing) -> pages.Query:
    under = None
    if listing.under is not None:
        found = tree.visible(sight, [listing.under])
        if not found:
            raise RingfenceError("this customer is not there any more: go back to the list")
        under = found[0].path
    sought = f"{listing.only} {listing.search}" if listing.only else listing.search
    about = None if listing.record is None else _about(sight, kind, *listing.record)
    return pages.Query(kind, sought, listing.sort, listing.descending, under, about)


def _needed(kind: Kind, listing: Listing) -> tuple[str, ...]:
    """What a look needs for a list."""
    of = () if listing.record is None or kind is AUDIT else (EDITED[listing.record[0]].right("view"),)
    return (*permissions(kind), *of)


def _about(sight: Sight, kind: Kind, noun: str, key: str) -> tuple[str, int]:
    """How records of a kind refer to one of another, which the viewer may open."""
    to = EDITED[noun]
    field = next((one.name for one in _referring(kind) if one.refers == noun), None)
    found = find(sight, to.right("view"), to, "key", key)
    if field is None or found is None:
        raise RingfenceError(f"there is no {to.said} {key!r}: 'ringfence list {to.name}' shows those there are")
    return field, found


def _history(sight: Sight, listing: Listing, record: tuple[str, str]) -> Sequence[Row[Any]]:
    return history.entries(sight, record, listing.search, sort=listing.sort, descending=listing.descending)


def _referring(kind: Kind) -> list[Field]:
    """The fields that refer to one record each."""
    return [one for one in kind.stored.values() if one.refers]


def _records(sight: Sight, kind: Kind, found: Iterable[Row[Any]]) -> Iterator[Record]:
    found = list(found)
    ids = [row.id for row in found]
    owner = kind.node.column
    named = {
        one.name: _names(sight, EDITED[one.refers], {getattr(row, one.column) for row in found} - {None})
        for one in _referring(kind)
    }
    made = _MADE.get(kind.noun, _plain)(sight, kind, ids, found, named)
    for row in found:
        name, key = named[kind.node.name].get(getattr(row, owner), _NONE)
        yield made(row, (row.id, row.key, row.name, name, key, (row.sort_value, row.id)))


Shared = tuple[int, str, str, str, str | None, SortKey]
"""What every record has."""
Maker = Callable[[Row[Any], Shared], Record]
Named = dict[str, Names]
"""By field, what it refers to, as far as the viewer may list that."""


def _moment(value: Any) -> str | None:
    if isinstance(value, int):
        return clock.iso(moment_of(value), "milliseconds")
    return None if value is None else clock.kept(value).isoformat()


_READ: Final[dict[type[Spec], Callable[[Any], Any]]] = {Flag: bool, Moment: _moment}
"""What the two engines keep in ways of their own: SQLite has numbers for flags, and text for moments. Those of signals
are numbers."""


def _plain(_sight: Sight, kind: Kind, _ids: list[int], rows: list[Row[Any]], named: Named) -> Maker:
    """Of a kind that shows no more than its fields."""
    told, node = [kind.fields[name] for name in kind.exported], kind.node.name
    columns = rows[0]._fields if rows else ()
    labels = [one.name for one in told]
    picked = itemgetter(*(columns.index(one.column) for one in told)) if rows else tuple
    refs = [(one.name, named[one.name]) for one in told if one.refers and one.name != node]
    read = [(one.name, _READ[type(one.spec)]) for one in told if type(one.spec) in _READ]

    def made(row: Row[Any], shared: Shared) -> Record:
        values: dict[str, Any] = dict(zip(labels, picked(row), strict=True))
        values[node] = shared[4]
        names = {}
        for name, known in refs:
            names[name], values[name] = known.get(values[name], _NONE)
        for name, reader in read:
            values[name] = reader(values[name])
        return PlainRecord(*shared, values, names)

    return made


def _customer(sight: Sight, _kind: Kind, _ids: list[int], _rows: list[Row[Any]], _named: Named) -> Maker:
    more = overview.more_than_named(sight)

    def made(row: Row[Any], shared: Shared) -> Record:
        told = (row.email, row.phone, row.address, row.attributes) if more(row.path) else ("",) * 4
        return CustomerRecord(*shared, *told)

    return made


def _event(sight: Sight, kind: Kind, ids: list[int], rows: list[Row[Any]], named: Named) -> Maker:
    """Of an event, which has the key of its device."""
    devices = named["device"]
    plain = _plain(sight, kind, ids, rows, named)

    def made(row: Row[Any], shared: Shared) -> Record:
        return plain(row, (shared[0], devices.get(row.device_id, _NONE)[1] or "", *shared[2:]))

    return made


def _users(sight: Sight, kind: Kind, ids: list[int]) -> dict[int, int]:
    """How many users stand on each of these, as far as the viewer may list them."""
    return {record: len(users) for record, users in overview.users_of(sight, kind, ids).items()}


def _security_group(sight: Sight, kind: Kind, ids: list[int], _rows: list[Row[Any]], named: Named) -> Maker:
    users, customers = _users(sight, kind, ids), overview.customers_of(sight, kind, ids)

    def made(row: Row[Any], shared: Shared) -> Record:
        role = named["role"].get(row.role_id, _NONE)[0]
        return SecurityGroupRecord(*shared, row.scope, role, customers[row.id], users.get(row.id, 0))

    return made


def _customer_group(sight: Sight, kind: Kind, ids: list[int], _rows: list[Row[Any]], _named: Named) -> Maker:
    users, customers = _users(sight, kind, ids), overview.customers_of(sight, kind, ids)

    def made(row: Row[Any], shared: Shared) -> Record:
        numbers = (customers[row.id], users.get(row.id, 0))
        return CustomerGroupRecord(*shared, row.description, bool(row.active), *numbers)

    return made


def _role(sight: Sight, kind: Kind, ids: list[int], _rows: list[Row[Any]], _named: Named) -> Maker:
    users, permissions = _users(sight, kind, ids), overview.permission_counts(sight, ids)
    groups = overview.groups_of(sight, ids)

    def made(row: Row[Any], shared: Shared) -> Record:
        numbers = (permissions[row.id], len(groups.get(row.id, ())), users.get(row.id, 0))
        return RoleRecord(*shared, row.access_level, *numbers, bool(row.builtin), bool(row.private))

    return made


def _alarm(sight: Sight, kind: Kind, ids: list[int], rows: list[Row[Any]], named: Named) -> Maker:
    plain = _plain(sight, kind, ids, rows, named)

    def made(row: Row[Any], shared: Shared) -> Record:
        record = plain(row, shared)
        assert isinstance(record, PlainRecord)
        said = standing(row.outcome, acked=row.acked_at is not None)
        return replace(record, names={**record.names, "standing": said})

    return made


def _entry(sight: Sight, _kind: Kind, _ids: list[int], rows: list[Row[Any]], _named: Named) -> Maker:
    seen = overview.actors_seen(sight, (row.actor_key for row in rows))
    taken_back = overview.undone(sight, {row.change for row in rows})

    def made(row: Row[Any], shared: Shared) -> Record:
        actor = row.actor_login if row.actor_key is None or row.actor_key in seen else ""
        user = row.os_user if row.actor_key in seen else ""
        at = row.sort_key.partition(" ")[0]
        what = (row.action, row.kind, row.change in taken_back)
        return AuditRecord(*shared, row.number, row.change, row.undoes, at, actor, row.origin, user, *what)

    return made


_MADE: Final[dict[str, Callable[[Sight, Kind, list[int], list[Row[Any]], Named], Maker]]] = {
    CUSTOMERS.noun: _customer,
    SECURITY_GROUPS.noun: _security_group,
    CUSTOMER_GROUPS.noun: _customer_group,
    ROLES.noun: _role,
    ALARMS.noun: _alarm,
    AUDIT.noun: _entry,
    EVENTS.noun: _event,
}
"""The kinds whose lists show more than their fields, or less."""


def _names(sight: Sight, kind: Kind, ids: set[int]) -> Names:
    """Names only of what the viewer may list: a record's owner or site may be hidden where the record is not."""
    return {row.id: (row.name, row.key) for row in among(sight, kind.permission, kind, sorted(ids))}
