"""Changes of customers, sites and devices for tests: made by chance, sound and unsound, by whoever may and may not."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from sqlalchemy import text
from support.documents import AT
from support.oracle import OWNERS, Eyes, Node, Oracle

from ringfence.storage.engine import Database

READING = [
    *(f"{kind}.{action}" for kind in ("customer", "site", "device", "user") for action in ("list", "view")),
    *("edge.list", "alarm_rule.list", "alarm.list"),
]
WRITING = [
    *(f"customer.{action}" for action in ("create", "edit", "move", "delete")),
    *(f"site.{action}" for action in ("create", "edit", "delete")),
    *(f"device.{action}" for action in ("create", "edit", "assign", "delete")),
    *(f"user.{action}" for action in ("create", "edit", "delete")),
    *("edge.edit", "alarm_rule.edit", "alarm.suppress"),
    *(f"alarm.{action}" for action in ("create", "manage", "delete")),
]
KEEPING = [*READING, *WRITING, "audit.view"]
"""What whoever looks after a part of the tree holds."""
ALL_KEEPING = [
    *KEEPING,
    *(
        f"{kind}.{action}"
        for kind in ("role", "customer_group", "security_group")
        for action in ("list", "view", "create", "edit", "delete")
    ),
]
KEEPERS = ("full", "full", "full", "k0", "k1", "k2", "k3", "k4")
"""Who changes things: the full administrator as often as not."""
LIMITED = {"max_users": "users", "max_devices": "devices", "max_customers": "customers"}


def with_keepers(document: dict[str, Any], chance: Random) -> dict[str, Any]:
    """A document of the generator, its tenant called ``t``, with limits that hold, and people who look after parts of
    it: ``full`` over all, ``k0`` and ``k1`` over a part, ``k2`` by rights chosen by chance, ``k3`` at sites, ``k4``
    over single customers without those nested in them."""
    made: dict[str, Any] = json.loads(json.dumps(document).replace('"t0"', '"t"'))
    t = {"tenant": "t"}
    nodes: list[Node] = [None, *(entry["key"] for entry in made["customers"])]

    def role(key: str, permissions: Any, level: str = "service_provider") -> None:
        fields = {"owner": None, "access_level": level, "permissions": permissions}
        made["roles"].append({"key": key, **t, "name": key, **fields})

    def group(key: str, of: str, *named: tuple[Node, bool]) -> None:
        entries = [{"customer": node, "nested": nested} for node, nested in dict(named).items()]
        fields = {"owner": None, "role": of, "scope": "selected" if named else "all", "customers": entries}
        made["security_groups"].append({"key": key, **t, "name": key, **fields})

    def user(key: str, home: Node, *groups: str, sites: Any = ()) -> None:
        given = {"security_groups": [{"group": one} for one in groups], "sites": list(sites)}
        made["users"].append({"key": key, **t, "name": key, "login": key, "home": home, **given})

    def some(nested: bool | None = None) -> list[tuple[Node, bool]]:
        chosen = chance.sample(nodes, min(len(nodes), chance.randint(1, 3)))
        return [(node, chance.random() < 0.7 if nested is None else nested) for node in chosen]

    role("everything", "all")
    role("keeping", ALL_KEEPING)
    role("reading", READING)
    role("partly", [*READING, *chance.sample(WRITING, 7)])
    role("guarding", KEEPING, "site")
    group("full", "everything")
    group("k0", "keeping")
    group("k1", "keeping", *some())
    group("k2", "partly", *some())
    group("k2-reading", "reading", *some(True))
    group("k3", "guarding")
    group("k4", "keeping", *some(False))
    user("full", None, "full")
    user("k0", chance.choice(nodes[1:] or nodes), "k0")
    user("k1", chance.choice([None, *nodes]), "k1")
    user("k2", None, "k2", "k2-reading")
    sites = [entry["key"] for entry in made["sites"]]
    user("k3", None, "k3", sites=chance.sample(sites, min(len(sites), 3)))
    user("k4", None, "k4")
    oracle = Oracle(made, AT)
    for entry in made["customers"]:
        held = counts(oracle, entry["key"])
        for field in LIMITED:
            if chance.random() < 0.2:
                entry[field] = held[field] + chance.randint(0, 2)
    return made


def counts(oracle: Oracle, node: Node) -> dict[str, int]:
    """What each limit of a node counts, entry by entry."""
    below = oracle.subtree("t", node)
    return {
        "max_users": sum(user.get("home") in below for user in oracle.records("t", "users").values()),
        "max_devices": sum(device.get("customer") in below for device in oracle.records("t", "devices").values()),
        "max_customers": len(below) - 1,
    }


def overfull(document: dict[str, Any]) -> list[tuple[str, str]]:
    """The customers with more of something than they may have."""
    oracle = Oracle(document, AT)
    found = []
    for key, entry in oracle.records("t", "customers").items():
        limited = {field: entry[field] for field in LIMITED if entry.get(field) is not None}
        held = counts(oracle, key) if limited else {}
        found += [(key, field) for field, most in limited.items() if held[field] > most]
    return found


def placed(database: Database) -> dict[Any, tuple[Any, ...]]:
    """Where every customer of ``t`` is, in keys: its path, its count of devices, and which of those it has."""
    with database.reading() as connection:
        query = "SELECT c.id, c.key, c.path, c.device_count, c.parent_id FROM customer c JOIN tenant t "
        rows = connection.execute(text(query + "ON t.id = c.tenant_id WHERE t.key = 't'")).all()
    keys = {row.id: row.key for row in rows}
    return {
        row.key: (
            tuple(keys[int(part, 36)] for part in row.path.strip("/").split("/")),
            row.device_count,
            keys.get(row.parent_id),
        )
        for row in rows
    }


_DESCRIBING = {
    "customers": ("name", "email", "phone", "address", *LIMITED),
    "sites": ("name",),
    "devices": ("name", "unit_id", "kind", "notes"),
    "users": ("login", "name", "email", "active"),
}


def trespasses(editor: str, old: dict[str, Any], new: dict[str, Any], seen: Eyes = Oracle) -> list[Any]:
    """What of a change the editor had no right to, at either end, by comparing all records before and after: empty
    when all is well. What follows from a deletion by itself needs no right of its own."""
    was, now = seen(old, AT), seen(new, AT)
    found: list[Any] = []

    def need(oracle: Oracle, permission: str, kind: str, key: Node) -> None:
        """The right, at a record (a customer: at the node with all of its records)."""
        nodes = oracle.visible_nodes(editor, permission)[0]
        held = key in nodes if kind == "customers" else key in oracle.visible(editor, permission, kind)
        if not held:
            found.append((permission, kind, key, "before" if oracle is was else "after"))

    for kind in ("customers", "sites", "devices", "users"):
        noun = kind.removesuffix("s")
        before, after = was.records("t", kind), now.records("t", kind)
        for key in before.keys() - after.keys():
            need(was, f"{noun}.delete", kind, key)
        for key in after.keys() - before.keys():
            need(now, f"{noun}.create", kind, key)
            node = after[key].get("parent" if kind == "customers" else OWNERS[kind])
            if node in was.nodes("t"):
                _place(was, editor, f"{noun}.create", kind, after[key], found)
        for key in before.keys() & after.keys():
            one, other = before[key], after[key]
            where = "parent" if kind == "customers" else OWNERS[kind]
            rights = set()
            if any(one.get(field) != other.get(field) for field in _DESCRIBING[kind]):
                rights.add(f"{noun}.edit")
            if one.get(where) != other.get(where):
                rights.add({"customers": "customer.move", "devices": "device.assign"}.get(kind, f"{noun}.edit"))
                if other.get(where) in was.nodes("t"):
                    right = {"customers": "customer.move", "devices": "device.assign"}.get(kind, f"{noun}.edit")
                    _place(was, editor, right, kind, other, found)
            elif (
                kind == "devices"
                and one.get("site") != other.get("site")
                and (one.get("site") in now.records("t", "sites") or other.get("site") is not None)
            ):
                rights.add("device.edit")
            for right in rights:
                need(was, right, kind, key)
                need(now, right, kind, key)
            limited = kind == "customers" and any(one.get(field) != other.get(field) for field in LIMITED)
            if limited and one.get("parent") not in was.visible_nodes(editor, "customer.edit")[0]:
                found.append(("customer.edit", "limits", key, "above"))
    return found


def _place(oracle: Oracle, editor: str, right: str, kind: str, entry: dict[str, Any], found: list[Any]) -> None:
    """The right at the place where a record comes to be, as that place was before."""
    node = entry.get("parent" if kind == "customers" else OWNERS[kind])
    wide, narrow = oracle.visible_nodes(editor, right)
    at_site = kind == "devices" and entry.get("site") in oracle.site_keys(editor) and node in narrow
    if node not in wide and not at_site:
        found.append((right, kind, entry["key"], "there"))
