"""Who raises themselves by moving things, a second time: record by record over two documents, with sets of keys.

What is moved may not come to be held by its editor who did not hold it just before. Whatever could be nested in a
customer counts as well as what is: each has a phantom in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from support.documents import AT
from support.oracle import EVERYWHERE, OWNERS, STANDING, Oracle, at_sites

from ringfence.domain.permission import PERMISSIONS

AT_DEVICES = ("device", "alarm", "script", "ticket", "ticket_attachment", "ticket_comment")
CONCERNING = {
    "customers": tuple({permission.partition(".")[0] for permission in PERMISSIONS}),
    "sites": ("site", *AT_DEVICES),
    "devices": AT_DEVICES,
    "users": ("user", "api_token"),
    "edges": ("edge",),
    "alarm-rules": ("alarm_rule",),
    "test-modes": ("alarm",),
    "alarms": ("alarm",),
    "roles": ("role",),
    "security-groups": ("security_group",),
    "customer-groups": ("customer_group",),
}
"""The resources whose permissions may be held over a record of a kind."""
ACCESS = ("roles", "security_groups", "customer_groups", "users")

Document = dict[str, Any]


def raises(editor: str, before: Document, after: Document, former: Document | None = None) -> list[Any]:
    """What the editor holds over something that a change moved and did not hold over it just before: empty when all is
    well. With ``former``, what they held then counts as held, too."""
    found = []
    old, new = Oracle(before, AT), Oracle(after, AT)
    moved = {
        kind: [
            key
            for key in old.records("t", kind).keys() & new.records("t", kind).keys()
            if _place(old, kind, key) != _place(new, kind, key)
        ]
        for kind in CONCERNING
    }
    if not any(moved.values()):
        return []
    for moment, active in postures(old.user(editor), before):
        known = [Held(_opened(one, active), moment, editor) for one in (before, former) if one is not None]
        now = Held(_opened(after, active), moment, editor)
        for kind, keys in moved.items():
            for key in keys:
                for permission in now.over(kind, key) - frozenset().union(*(one.over(kind, key) for one in known)):
                    found.append((permission, kind, key, moment, active))
    return found


class Held:
    """What one user holds over what, at a moment."""

    def __init__(self, document: Document, at: datetime, login: str) -> None:
        self.oracle = Oracle(_with_phantoms(document), at)
        self.login = login
        self.sites = self.oracle.site_keys(login)
        groups = self.oracle.records("t", "security-groups")
        roles = self.oracle.records("t", "roles")
        held = {key: roles[group["role"]]["permissions"] for key, group in groups.items() if group.get("role")}
        mine = {one["group"] for one in self.oracle.user(login).get("security_groups", [])}
        self.classes: dict[tuple[frozenset[str], bool], list[str]] = {}
        for permission in PERMISSIONS - set(EVERYWHERE):
            by = frozenset(key for key in mine & held.keys() if held[key] == "all" or permission in held[key])
            self.classes.setdefault((by, at_sites(permission)), []).append(permission)
        self.nodes = {by: self.oracle.reached_nodes(login, known[0]) for by, known in self.classes.items()}

    def over(self, kind: str, key: str) -> frozenset[Any]:
        """The permissions held over a record that is there; over a customer, for a site of it alone, as names."""
        record = self.oracle.records("t", kind).get(key)
        if record is None:
            return frozenset()
        found: set[Any] = set()
        for by, permissions in self.classes.items():
            wide, narrow = self.nodes[by]
            owner = record.get(OWNERS[kind])
            concerned = [one for one in permissions if one.partition(".")[0] in CONCERNING[kind]]
            standing = key if kind == "sites" else record.get("site") if kind in STANDING else None
            if owner in wide or (owner in narrow and standing in self.sites and standing is not None):
                found.update(concerned)
            if kind == "customers":
                found.update(("nested", one) for one in concerned if f"\0{key}" in wide)
                found.update(("name", one) for one in concerned if owner in wide | narrow)
        return frozenset(found)


def postures(user: dict[str, Any], document: Document) -> Iterator[tuple[datetime, str | None]]:
    """Now and whenever a membership of somebody begins or ends; as it is, and with each inactive filter active."""
    times = {one.get(side) for one in user.get("security_groups", []) for side in ("valid_from", "valid_until")}
    moments = {datetime.fromisoformat(one) for one in times if one}
    given = user.get("customer_groups", [])
    idle = [one["key"] for one in document["customer_groups"] if one["key"] in given and not one.get("active", True)]
    for moment in sorted({AT, *(one for one in moments if one > AT)}):
        for active in (None, *idle):
            yield moment, active


def _opened(document: Document, active: str | None) -> Document:
    if active is None:
        return document
    groups = [one | ({"active": True} if one["key"] == active else {}) for one in document["customer_groups"]]
    return {**document, "customer_groups": groups}


def _with_phantoms(document: Document) -> Document:
    customers = document["customers"]
    inside = [{"key": f"\0{one['key']}", "tenant": one["tenant"], "parent": one["key"]} for one in customers]
    return {**document, "customers": [*customers, *inside]}


def _place(oracle: Oracle, kind: str, key: str) -> tuple[Any, ...]:
    record = oracle.records("t", kind)[key]
    step = record.get("parent") if kind == "customers" else record.get(OWNERS[kind])
    chain = [record.get("site")]
    while step is not None:
        chain.append(step)
        step = oracle.parent("t", step)
    return tuple(chain)


def arrived(before: Document, after: Document) -> Document:
    """Things where they are after a change, and access as it was before: what somebody reaches more in it than before
    came to them, and was not given."""
    made: Document = json.loads(json.dumps({**after, **{name: before[name] for name in ACCESS}}))
    there = {None, *(one["key"] for one in after["customers"])}
    sites = {one["key"] for one in after["sites"]}
    for user in made["users"]:
        user["sites"] = [one for one in user.get("sites", []) if one in sites]
    for name in ("security_groups", "customer_groups"):
        for group in made[name]:
            group["customers"] = [one for one in group.get("customers", []) if one.get("customer") in there]
    made["users"] = [one for one in made["users"] if one.get("home") in there]
    return made
