"""What a preview must say, worked out from the snapshots before and after: brute force, by the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from support.documents import AT
from support.oracle import OWNERS, Entry, Node, Oracle

from ringfence.domain.permission import PERMISSIONS
from ringfence.services.edited import Difference, Rights, UserDifference

NOTHING: tuple[Any, ...] = (0, 0, False, 0, (), ())
HANDED = {
    kind.removesuffix("s").replace("-", "_"): kind for kind in OWNERS if kind not in ("customers", "sites", "audit")
}
"""The kinds of which rights are told that come and go with a record's place."""
MOVED = {noun: kind for noun, kind in HANDED.items() if noun not in ("alarm", "test_mode")}
"""Those of them that go elsewhere; the others can only lose the site."""

Told = tuple[Any, ...]


class Side:
    """Everything of one tenant at one moment."""

    def __init__(self, document: dict[str, Any], at: datetime, tenant: str) -> None:
        self.oracle = Oracle(document, at)
        self.tenant = tenant
        self.users: dict[str, Entry] = self.records("users")
        self.sites = self.records("sites")
        self.customers: set[Node] = self.oracle.nodes(tenant)
        self.devices = self.records("devices")
        self._rights: dict[tuple[str, str], tuple[set[Node], set[str]]] = {}

    def records(self, kind: str) -> dict[str, Entry]:
        return self.oracle.records(self.tenant, kind)

    def login(self, key: str) -> str | None:
        return self.users[key]["login"] if key in self.users else None

    def listed(self, login: str | None, kind: str) -> set[Any]:
        if login is None:
            return set()
        found: set[Any] = set(self.oracle.listed(login, kind))
        if kind == "customers" and None in self.oracle.visible_nodes(login, "customer.list")[0]:
            found.add(None)
        return found

    def rights(self, login: str | None, permission: str) -> tuple[set[Node], set[str]]:
        """The customers over which somebody holds a permission, and the sites over which else."""
        if login is None:
            return set(), set()
        found = self._rights.get((login, permission))
        if found is None:
            wide, narrow = self.oracle.visible_nodes(login, permission)
            sites = {key for key in self.oracle.site_keys(login) if self.sites[key].get("customer") in narrow}
            found = self._rights[login, permission] = (wide, sites)
        return found

    def covers(self, login: str | None, permission: str, site: str) -> bool:
        """Whether somebody holds a permission over a site, or over its customer."""
        wide, sites = self.rights(login, permission)
        return site in self.sites and (site in sites or self.sites[site].get("customer") in wide)

    def holds(self, login: str | None, permission: str, kind: str, key: str) -> bool:
        wide, sites = self.rights(login, permission)
        record = self.records(kind)[key]
        return record.get(OWNERS[kind]) in wide or (kind == "devices" and record.get("site") in sites)


def told(
    document: dict[str, Any],
    after: dict[str, Any],
    editor: str | None,
    at: datetime = AT,
    tenant: str = "t",
    *,
    themselves: bool = True,
    staying: bool = True,
) -> dict[str, Any]:
    """By login what a preview says: what each user gains and loses now, and from later moments on.

    Without an editor, all there is. ``themselves`` says that the editor is told of their own rights too, ``staying``
    that rights over what stays where it was made, and loses its site, are told.
    """
    key = next((user["key"] for user in document["users"] if user["login"] == editor), None)
    now = Side(document, at, tenant), Side(after, at, tenant)
    found = {}
    for user in sorted(now[0].users.keys() | now[1].users.keys()):
        if not (themselves and user == key) and not _may(now, user, key, "user.list"):
            continue
        named = user == key or _may(now, user, key, "user.view")
        changes = []
        for moment in _moments(now, user, at):
            then = now if moment == at else (Side(document, moment, tenant), Side(after, moment, tenant))
            changes.append((moment, *_changed(then, now, user, key, HANDED if staying else MOVED)))
        later = []
        for (_, _, mark), (moment, change, other) in pairwise(changes):
            if other != mark:
                later.append((moment.isoformat(), _unnamed(change, named)))
        if any(changes[0][2]) or later:
            found[now[1].login(user) or now[0].login(user) or ""] = (_unnamed(changes[0][1], named), tuple(later))
    return found


def said(users: tuple[UserDifference, ...]) -> dict[str, Any]:
    """The same of what a preview said."""
    return {one.login: (flat(one.now), tuple((moment, flat(then)) for moment, then in one.later)) for one in users}


def numbers(one: Difference) -> tuple[int, int, int, int]:
    """Customers and devices gained and lost."""
    return one.customers_gained, one.customers_lost, one.devices_gained, one.devices_lost


def flat(one: Difference) -> Told:
    return (*numbers(one), _flat_rights(one.rights_gained), _flat_rights(one.rights_lost))


def _flat_rights(some: Rights) -> Told:
    return some.count, some.customers, some.provider, some.sites, some.records, some.permissions


def _unnamed(change: Told, named: bool) -> Told:
    if named:
        return change
    return (*change[:4], *((*rights[:5], None) if rights[0] else rights for rights in change[4:]))


def _may(now: tuple[Side, Side], user: str, editor: str | None, permission: str) -> bool:
    if editor is None:
        return True
    side = now[0] if user in now[0].users else now[1]
    login = side.login(editor)
    return login is not None and side.users[user].get("home") in side.rights(login, permission)[0]


def _moments(now: tuple[Side, Side], user: str, at: datetime) -> list[datetime]:
    found = {at}
    for side in now:
        for member in side.users.get(user, {}).get("security_groups", ()):
            group = side.records("security-groups")[member["group"]]
            windows = (member.get("valid_from"), member.get("valid_until"))
            if group.get("role") is not None:
                found |= {datetime.fromisoformat(one) for one in windows if one is not None}
    return sorted(moment for moment in found if moment >= at)


def _changed(
    then: tuple[Side, Side], now: tuple[Side, Side], user: str, editor: str | None, handed: Mapping[str, str]
) -> tuple[Told, tuple[Any, ...]]:
    """The numbers at a moment, and what exactly they count; ``now`` says what the editor knows of."""
    old, new = then
    was, is_ = old.login(user), new.login(user)

    def known(kind: str, one: Any) -> bool:
        if editor is None:
            return True
        side = now[0] if one in getattr(now[0], kind) else now[1]
        return one in side.listed(side.login(editor), kind)

    sets = []
    for kind in ("customers", "devices"):
        before, after = old.listed(was, kind) - {None}, new.listed(is_, kind) - {None}
        sets += [{one for one in some if known(kind, one)} for some in (after - before, before - after)]
    rights: list[set[Any]] = [set(), set()]
    for permission in PERMISSIONS:
        over, had = old.rights(was, permission)
        now_over, has = new.rights(is_, permission)
        for side, some in ((0, now_over - over), (1, over - now_over)):
            rights[side] |= {(permission, "customers", one) for one in some if known("customers", one)}
        come = {site for site in has if not old.covers(was, permission, site)}
        gone = {site for site in had if not new.covers(is_, permission, site)}
        for side, sites in ((0, come), (1, gone)):
            rights[side] |= {(permission, "sites", one) for one in sites if known("sites", one)}
    for noun, kind in handed.items():
        records = old.records(kind), new.records(kind)
        for one in records[0].keys() & records[1].keys():
            places = [(record[one].get(OWNERS[kind]), record[one].get("site")) for record in records]
            seen = editor is None or now[0].holds(now[0].login(editor), f"{noun}.list", kind, one)
            if places[0] == places[1] or not seen:
                continue
            kept = one in old.listed(was, kind) and one in new.listed(is_, kind)
            for permission in PERMISSIONS if noun != "device" or kept else ():
                if permission.startswith(f"{noun}."):
                    had_it, has_it = old.holds(was, permission, kind, one), new.holds(is_, permission, kind, one)
                    if had_it != has_it:
                        rights[had_it].add((permission, noun, one))
    return (*map(len, sets), *map(_counted, rights)), (*map(frozenset, sets), *map(frozenset, rights))


def _counted(rights: set[tuple[str, str, Any]]) -> Told:
    if not rights:
        return NOTHING
    over = {(kind, one) for _, kind, one in rights}
    kinds = [kind for kind, one in over if one is not None]
    records = tuple(sorted((noun, kinds.count(noun)) for noun in HANDED if noun in kinds))
    permissions = [permission for permission, _, _ in rights]
    held = tuple(sorted((one, permissions.count(one)) for one in set(permissions)))
    return (
        len(rights),
        kinds.count("customers"),
        ("customers", None) in over,
        kinds.count("sites"),
        records,
        held,
    )
