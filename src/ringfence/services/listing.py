"""Lists, counts and exports of every kind of record: one set of rows for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from ringfence.changes.undo import undone
from ringfence.domain.audit import AUDIT
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.errors import RingfenceError
from ringfence.domain.kind import Kind
from ringfence.domain.registry import KINDS, kind_named
from ringfence.domain.site import SITES
from ringfence.domain.user import USERS
from ringfence.services import records
from ringfence.services.records import Listing, Part, Record
from ringfence.visibility import history, overview, tree
from ringfence.visibility import page as pages
from ringfence.visibility.point import among, find
from ringfence.visibility.viewer import Sight, Viewer

Names = dict[int, tuple[str, str | None]]
"""Names and keys by id, of what the viewer may list."""

_EXPORT_SIZE = 1000
_COUNTED = ("security-groups", "customer-groups", "roles")
"""The kinds that are listed with what belongs to them counted, as far as the viewer sees it."""


def rows(viewer: Viewer, listing: Listing, part: Part) -> tuple[Record, ...]:
    """A part of a list, in its order. Raises RingfenceError for an unknown kind or order, or a hidden customer."""
    kind = kind_named(listing.kind)
    window = pages.Window(part.limit, part.after, part.before, part.from_end, part.skip)
    with viewer.look(*_permissions(kind)) as sight:
        if listing.record is not None:
            return tuple(_records(sight, kind, history.window(_history(sight, listing, listing.record), window)))
        return tuple(_records(sight, kind, pages.page(sight, _query(sight, kind, listing), window)))


def count(viewer: Viewer, listing: Listing) -> int:
    """How many rows the list has."""
    kind = kind_named(listing.kind)
    with viewer.look(*_permissions(kind)) as sight:
        if listing.record is not None:
            return len(_history(sight, listing, listing.record))
        return pages.count(sight, _query(sight, kind, listing))


def place(viewer: Viewer, listing: Listing, record: int) -> int | None:
    """How many rows come before a record (its id); None where the list does not show it."""
    kind = kind_named(listing.kind)
    with viewer.look(*_permissions(kind)) as sight:
        return pages.place(sight, _query(sight, kind, listing), record)


def export(viewer: Viewer, listing: Listing, limit: int | None = None) -> Iterator[Record]:
    """Every row of the list (or the first ``limit``), in one transaction."""
    kind = kind_named(listing.kind)
    with viewer.look(*_permissions(kind)) as sight:
        if listing.record is not None:
            yield from _records(sight, kind, _history(sight, listing, listing.record)[:limit])
            return
        query = _query(sight, kind, listing)
        left = limit
        after: records.SortKey | None = None
        while left is None or left > 0:
            size = _EXPORT_SIZE if left is None else min(left, _EXPORT_SIZE)
            found = pages.page(sight, query, pages.Window(size, after))
            yield from _records(sight, kind, found)
            if len(found) < size:
                return
            after = (found[-1].sort_value, found[-1].id)
            left = None if left is None else left - size


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
    """The kinds that can be listed, as the command line spells them."""
    return tuple(KINDS)


def _permissions(kind: Kind) -> tuple[str, ...]:
    if kind is AUDIT or kind.name in _COUNTED:
        return overview.LISTING
    return tuple({kind.permission: None, CUSTOMERS.permission: None, SITES.permission: None})


def _query(sight: Sight, kind: Kind, listing: Listing) -> pages.Query:
    under = None
    if listing.under is not None:
        found = tree.visible(sight, [listing.under])
        if not found:
            raise RingfenceError("this customer is not there any more: go back to the list")
        under = found[0].path
    return pages.Query(kind, listing.search, listing.sort, listing.descending, under)


def _history(sight: Sight, listing: Listing, record: tuple[str, str]) -> Sequence[Row[Any]]:
    return history.entries(sight, record, listing.search, descending=listing.descending)


def _records(sight: Sight, kind: Kind, found: Iterable[Row[Any]]) -> Iterator[Record]:
    found = list(found)
    owner = "parent_id" if kind.is_customer else kind.owner
    owners = _names(sight, CUSTOMERS, {getattr(row, owner) for row in found})
    sites = _names(sight, SITES, {row.site_id for row in found} - {None}) if kind.name == "devices" else {}
    beside = _beside(sight, kind, [row.id for row in found], found)
    for row in found:
        name, key = owners.get(getattr(row, owner), ("", None))
        shared = (row.id, row.key, row.name, name, key, (row.sort_value, row.id))
        yield _record(kind, row, shared, sites, beside)


def _beside(sight: Sight, kind: Kind, ids: list[int], found: list[Row[Any]]) -> dict[str, Any]:
    """What lists of roles and groups show beside the records themselves, by id."""
    if kind is AUDIT:
        keys = {row.actor_key for row in found} - {None}
        seen: set[str | None] = {key for key in keys if find(sight, USERS.permission, USERS, "key", key) is not None}
        if sight.scope(AUDIT.permission).records.whole:
            seen.add(None)  # what nobody of the tenant did is told whole to whoever sees all of it
        return {"actors": seen, "undone": undone(sight, {row.change for row in found})}
    if kind is CUSTOMERS:
        more = overview.more_than_named(sight)
        return {"more": {row.id for row in found if more(row.path)}}
    if kind.name not in _COUNTED:
        return {}
    beside: dict[str, Any] = {"users": {i: len(users) for i, users in overview.users_of(sight, kind, ids).items()}}
    if kind.name == "roles":
        beside["permissions"] = overview.permission_counts(sight, ids)
        beside["groups"] = {role: len(groups) for role, groups in overview.groups_of(sight, ids).items()}
    else:
        beside["customers"] = overview.customers_of(sight, kind, ids)
    if kind.name == "security-groups":
        beside["roles"] = overview.roles_of(sight, ids)
    return beside


def _record(
    kind: Kind,
    row: Row[Any],
    shared: tuple[int, str, str, str, str | None, records.SortKey],
    sites: Names,
    beside: dict[str, Any],
) -> Record:
    if kind.name == "devices":
        site, site_key = sites.get(row.site_id, ("", None))
        return records.DeviceRecord(*shared, row.unit_id, row.kind, site, site_key, row.notes)
    if kind.name == "customers":
        told = (row.email, row.phone, row.address) if row.id in beside["more"] else ("", "", "")
        return records.CustomerRecord(*shared, *told)
    if kind.name == "users":
        return records.UserRecord(*shared, row.login, row.email, bool(row.active))
    if kind.name == "sites":
        return records.SiteRecord(*shared)
    if kind is AUDIT:
        at = row.sort_value.partition(" ")[0]
        actor = row.actor_login if row.actor_key is None or row.actor_key in beside["actors"] else ""
        user = row.os_user if row.actor_key in beside["actors"] else ""
        taken_back = row.change in beside["undone"]
        whence = (actor, row.origin, user)
        return records.AuditRecord(
            *shared, row.number, row.change, row.undoes, at, *whence, row.action, row.kind, taken_back
        )
    users = beside["users"].get(row.id, 0)
    if kind.name == "security-groups":
        role = beside["roles"].get(row.id, (0, ""))[1]
        return records.SecurityGroupRecord(*shared, row.scope, role, beside["customers"][row.id], users)
    if kind.name == "customer-groups":
        numbers = (beside["customers"][row.id], users)
        return records.CustomerGroupRecord(*shared, row.description, bool(row.active), *numbers)
    numbers = (beside["permissions"][row.id], beside["groups"].get(row.id, 0))
    flags = (bool(row.builtin), bool(row.private))
    return records.RoleRecord(*shared, row.access_level, *numbers, users, *flags)


def _names(sight: Sight, kind: Kind, ids: set[int]) -> Names:
    """Names only of what the viewer may list: a record's owner or site may be hidden where the record is not."""
    return {row.id: (row.name, row.key) for row in among(sight, kind.permission, kind, sorted(ids))}
