"""The rule of visibility a second time: brute force over a snapshot document, with sets of keys and nothing clever.

It follows the text of the rule line by line and shares no code with the product but the names of the permissions, so
that the two can be compared.
A node is the key of a customer, or None for the tenant's root. Two readings of the rule's last line are stated here:
a customer's own record is the node itself; of a node that only site-level groups bring in, nothing else is visible but
what stands on one of the user's sites (the site itself, and the devices on it).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from ringfence.domain.permission import PERMISSIONS

if TYPE_CHECKING:
    from support.filters import Filter

Node = str | None
Entry = dict[str, Any]

OWNERS = {
    "customers": "key",
    "sites": "customer",
    "devices": "customer",
    "users": "home",
    "security-groups": "owner",
    "customer-groups": "owner",
    "roles": "owner",
    "edges": "customer",
    "alarms": "customer",
    "alarm-rules": "customer",
    "test-modes": "customer",
    "audit": "owner",
}
"""The field that names the node which owns a record, by kind; a customer is its own node."""

REFERS = {"customer": "customers", "home": "customers", "owner": "customers", "site": "sites", "role": "roles"}
REFERS |= {"device": "devices", "assignee": "users"}
"""The kinds that fields refer to."""

SHOWN: dict[str, tuple[str, ...]] = {
    "customers": ("name",),
    "sites": ("name", "customer", "key"),
    "devices": ("name", "unit_id", "kind", "site", "customer"),
    "users": ("name", "login", "email", "home", "active"),
    "security-groups": ("name", "role", "owner"),
    "customer-groups": ("name", "active", "description"),
    "roles": ("name", "access_level", "mark", "owner"),
    "edges": ("name", "kind", "active", "customer"),
    "alarms": ("severity", "name", "device", "customer", "outcome", "assignee", "standing"),
    "alarm-rules": ("name", "severity", "raise_when", "active", "customer"),
    "test-modes": ("name", "device", "site", "customer"),
    "audit": ("who", "what", "note", "origin"),
}
"""The columns that a filter looks at."""

UNSAID = {"outcome": "open", "severity": "warning"}
"""What columns show where a document says nothing."""

LISTING = {kind: kind.removesuffix("s").replace("-", "_") + ".list" for kind in OWNERS}
LISTING |= {"audit": "audit.view", "test-modes": "alarm.list"}
"""The permission that lists a kind. No document holds entries of the audit: nobody is to see any."""

STANDING = ("devices", "alarms", "test-modes")
"""What may stand on a site, or be about what does."""

EVERYWHERE = ("script.create", "policy.edit")
"""What cannot be scoped: held over the whole tenant, or not at all. The second needs every other permission besides."""


@cache
def folded(text: str) -> str:
    """Text without regard to case and to the way its accents are written."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold())


def at_sites(permission: str) -> bool:
    """Whether a permission can be held at single sites: over what is there, and by name over whose they are."""
    resource = permission.partition(".")[0]
    if permission in ("customer.list", "site.create", *EVERYWHERE):
        return permission == "customer.list"
    return resource in ("site", "device", "alarm", "script", "ticket", "ticket_attachment", "ticket_comment")


def _needed(permission: str) -> frozenset[str]:
    """The permissions that somebody must hold over the whole tenant to hold one that cannot be scoped."""
    return PERMISSIONS if permission == "policy.edit" else frozenset({permission})


Eyes = Callable[[dict[str, Any], datetime], "Oracle"]
"""What makes the oracle of somebody's view of a document, at a moment."""


class Oracle:
    """Answers for one document at one moment."""

    def __init__(self, document: dict[str, Any], at: datetime) -> None:
        self.document = document
        self.at = at
        self.whole: dict[tuple[str, str], bool] = {}
        self.known: dict[tuple[str, str], dict[str, Entry]] = {}
        self.below: dict[tuple[str, Node], frozenset[Node]] = {}
        self.reached: dict[tuple[str, str], tuple[frozenset[Node], frozenset[Node]]] = {}
        self.users: dict[str, Entry] = {}
        self.seen: dict[tuple[str, str, str], frozenset[str]] = {}
        self.forests: dict[str, dict[Node, Node | bool]] = {}

    def records(self, tenant: str, kind: str) -> dict[str, Entry]:
        """Every record of a kind in a tenant, by key."""
        if (tenant, kind) not in self.known:
            entries = self.document.get(kind.replace("-", "_"), [])
            self.known[tenant, kind] = {entry["key"]: entry for entry in entries if entry["tenant"] == tenant}
        return self.known[tenant, kind]

    def user(self, login: str) -> Entry:
        if login not in self.users:
            self.users[login] = next(u for u in self.document["users"] if folded(u["login"]) == folded(login))
        return self.users[login]

    def nodes(self, tenant: str) -> set[Node]:
        return {None, *self.records(tenant, "customers")}

    def parent(self, tenant: str, node: Node) -> Node:
        return None if node is None else self.records(tenant, "customers")[node].get("parent")

    def subtree(self, tenant: str, top: Node) -> set[Node]:
        """The node and every customer nested below it."""
        if (tenant, top) not in self.below:
            self.below[tenant, top] = frozenset(self._subtree(tenant, top))
        return set(self.below[tenant, top])

    def _subtree(self, tenant: str, top: Node) -> set[Node]:
        customers = self.records(tenant, "customers")
        if top is None:
            return {None, *customers}
        found: set[Node] = set()
        for key in customers:
            step: Node = key
            while step is not None:
                if step == top:
                    found.add(key)
                    break
                step = customers[step].get("parent")
        return found

    def members(self, tenant: str, group: Entry) -> set[Node]:
        found: set[Node] = set()
        for entry in group.get("customers", []):
            node = entry.get("customer")
            found |= self.subtree(tenant, node) if entry.get("nested", True) else {node}
        return found

    def site_keys(self, login: str) -> set[str]:
        return set(self.user(login).get("sites", []))

    def visible_nodes(self, login: str, permission: str) -> tuple[set[Node], set[Node]]:
        """The nodes in sight: those whose records are all visible, and those that only site-level groups bring in."""
        if permission not in EVERYWHERE:
            return self.reached_nodes(login, permission)
        tenant = self.user(login)["tenant"]
        if self.user(login).get("home") is None and all(self.reaches_all(login, one) for one in _needed(permission)):
            return self.nodes(tenant), set()
        return set(), set()

    def reaches_all(self, login: str, permission: str) -> bool:
        """Whether the permission is held over the root with all that is nested in it: a new customer would be too."""
        if (login, permission) not in self.whole:
            fresh = {"key": "\0", "tenant": self.user(login)["tenant"], "parent": None}
            grown = Oracle({**self.document, "customers": [*self.document["customers"], fresh]}, self.at)
            self.whole[login, permission] = {None, "\0"} <= grown.reached_nodes(login, permission)[0]
        return self.whole[login, permission]

    def reached_nodes(self, login: str, permission: str) -> tuple[set[Node], set[Node]]:
        """What the user's groups reach together, whether or not the permission can be scoped."""
        if (login, permission) not in self.reached:
            wide, narrow = self._reached_nodes(login, permission)
            self.reached[login, permission] = frozenset(wide), frozenset(narrow)
        wide_nodes, narrow_nodes = self.reached[login, permission]
        return set(wide_nodes), set(narrow_nodes)

    def _reached_nodes(self, login: str, permission: str) -> tuple[set[Node], set[Node]]:
        user = self.user(login)
        wide: set[Node] = set()
        narrow: set[Node] = set()
        if not user.get("active", True):
            return wide, narrow
        tenant = user["tenant"]
        reach = self.subtree(tenant, user.get("home"))
        filters = [self.records(tenant, "customer-groups")[key] for key in user.get("customer_groups", [])]
        if filters:
            filtered: set[Node] = set()
            for customer_group in filters:
                if customer_group.get("active", True):
                    filtered |= self.members(tenant, customer_group)
        else:
            filtered = reach
        sites = self.records(tenant, "sites")
        owners = {sites[key].get("customer") for key in user.get("sites", [])}
        for membership in user.get("security_groups", []):
            group = self.records(tenant, "security-groups")[membership["group"]]
            if group.get("role") is None or not self.in_force(membership):
                continue
            role = self.records(tenant, "roles")[group["role"]]
            if role["permissions"] != "all" and permission not in role["permissions"]:
                continue
            selects = group["scope"] == "selected"
            everything = self.nodes(tenant)
            chosen = self.members(tenant, group) if selects else everything
            if role["access_level"] == "service_provider":
                level = everything
            elif role["access_level"] == "site":
                level = owners
            elif selects:
                level = chosen
            elif filters:
                level = filtered
            elif user.get("home") is not None:
                level = reach
            else:
                level = set()
            seen = reach & filtered & chosen & level
            if role["access_level"] == "site":
                narrow |= seen
            else:
                wide |= seen
        return wide, (narrow - wide if at_sites(permission) else set())

    def in_force(self, membership: Entry) -> bool:
        begin, end = membership.get("valid_from"), membership.get("valid_until")
        return (begin is None or datetime.fromisoformat(begin) <= self.at) and (
            end is None or self.at < datetime.fromisoformat(end)
        )

    def visible(self, login: str, permission: str, kind: str) -> set[str]:
        """The keys of the records of a kind that the permission reaches."""
        if (login, permission, kind) not in self.seen:
            self.seen[login, permission, kind] = frozenset(self._visible(login, permission, kind))
        return set(self.seen[login, permission, kind])

    def _visible(self, login: str, permission: str, kind: str) -> set[str]:
        tenant = self.user(login)["tenant"]
        wide, narrow = self.visible_nodes(login, permission)
        own_sites = self.site_keys(login)
        found = set()
        for key, record in self.records(tenant, kind).items():
            owner = record.get(OWNERS[kind])
            standing = key if kind == "sites" else record.get("site") if kind in STANDING else None
            if owner in wide or (owner in narrow and (kind == "customers" or standing in own_sites)):
                found.add(key)
        return found

    def listed(self, login: str, kind: str, wanted: Filter | None = None, under: Node | bool = False) -> set[str]:
        """What the user lists of a kind; ``under`` a node (None is the root), False for anywhere."""
        tenant = self.user(login)["tenant"]
        found = self.visible(login, LISTING[kind], kind)
        records = self.records(tenant, kind)
        if under is not False:
            below = self.subtree(tenant, under)  # type: ignore[arg-type]
            found = {key for key in found if records[key].get(OWNERS[kind]) in below}
        if wanted is not None:
            found = {key for key in found if wanted.fits(self.shown(login, kind, records[key]))}
        return found

    def shown(self, login: str, kind: str, record: Entry) -> dict[str, str]:
        """What the user is shown of a record that they list, column by column: of what it refers to the name, where
        they may list that."""
        return {column: self._cell(login, kind, record, column) for column in SHOWN[kind]}

    def _cell(self, login: str, kind: str, record: Entry, column: str) -> str:
        value = record.get(column, UNSAID.get(column))
        if column in REFERS:
            return self._name(login, REFERS[column], value, owner=column == OWNERS[kind])
        if column == "active":
            words = ("active", "inactive") if kind == "users" else ("yes", "inactive: gives nothing")
            return words[not record.get("active", True)]
        if column == "mark":
            return "built in" if record.get("builtin") else "private" if record.get("private") else ""
        if column == "standing":
            return "" if record.get("outcome", "open") != "open" else "seen" if record.get("acked_at") else "new"
        return str(value or "").replace("_", " ") if column in ("access_level", "outcome") else str(value or "")

    def _name(self, login: str, kind: str, key: str | None, *, owner: bool) -> str:
        tenant = self.user(login)["tenant"]
        if kind == "customers":
            if key not in self.forest(login) or (key is None and not owner):
                return ""
            if key is None:
                return str(next(one["name"] for one in self.document["tenants"] if one["key"] == tenant))
        elif key not in self.visible(login, LISTING[kind], kind):
            return ""
        return str(self.records(tenant, kind)[str(key)]["name"])

    def forest(self, login: str) -> dict[Node, Node | bool]:
        """The visible nodes of the tree, each with its visible parent, or False where it stands as a root."""
        if login not in self.forests:
            self.forests[login] = self._forest(login)
        return self.forests[login]

    def _forest(self, login: str) -> dict[Node, Node | bool]:
        tenant = self.user(login)["tenant"]
        wide, narrow = self.visible_nodes(login, "customer.list")
        nodes = wide | narrow
        return {
            node: self.parent(tenant, node) if node is not None and self.parent(tenant, node) in nodes else False
            for node in nodes
        }
