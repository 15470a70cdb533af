"""Changes of customers, sites and devices for tests: made by chance, sound and unsound, by whoever may and may not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from sqlalchemy import text
from support.documents import AT
from support.edits import OPEN, World
from support.oracle import OWNERS, Node, Oracle

from ringfence.services.editing import (
    CustomerState,
    DeviceState,
    Edit,
    RoleState,
    SecurityGroupState,
    SiteState,
    StateKind,
    UserState,
)
from ringfence.storage.engine import Database

READING = [f"{kind}.{action}" for kind in ("customer", "site", "device", "user") for action in ("list", "view")]
WRITING = [
    *(f"customer.{action}" for action in ("create", "edit", "move", "delete")),
    *(f"site.{action}" for action in ("create", "edit", "delete")),
    *(f"device.{action}" for action in ("create", "edit", "assign", "delete")),
    *(f"user.{action}" for action in ("create", "edit", "delete")),
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


def trespasses(editor: str, old: dict[str, Any], new: dict[str, Any]) -> list[Any]:
    """What of a change the editor had no right to, at either end, by comparing all records before and after: empty
    when all is well. What follows from a deletion by itself needs no right of its own."""
    was, now = Oracle(old, AT), Oracle(new, AT)
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


class TreeAttempts:
    """Changes by chance upon whatever there is, by somebody who knows every id: mostly near the editor."""

    def __init__(self, world: World, chance: Random) -> None:
        self.world = world
        self.chance = chance
        self.number = 0

    def next(self, editor: str, document: dict[str, Any]) -> list[Edit]:
        """One change: of one record, of several that belong together, or of several that have nothing in common."""
        self.document = document
        keys: Mapping[str, Mapping[str | None, int]] = {
            kind: self.world.ids(kind) for kind in ("customer", "site", "device", "user", "security_group", "role")
        }
        self.keys = keys
        self.ids = {kind: [one for _, one in sorted(ids.items(), key=repr)] for kind, ids in keys.items()}
        oracle = Oracle(document, AT)
        nodes = oracle.visible_nodes(editor, "device.assign")[0] | oracle.visible_nodes(editor, "customer.edit")[0]
        self.near = {"customer": [keys["customer"][node] for node in sorted(nodes, key=repr)]}
        for kind in ("site", "device", "user"):
            records = oracle.visible(editor, f"{kind}.edit", f"{kind}s")
            self.near[kind] = [keys[kind][key] for key in sorted(records)]
        ways: list[tuple[int, Callable[[], list[Edit]]]] = [
            (3, self.new_customer),
            (2, self.described),
            (4, self.moved),
            (3, self.deleted),
            (2, self.limited),
            (2, self.site),
            (4, self.device),
            (3, self.assigned),
            (3, self.many_assigned),
            (2, self.swapped),
            (2, self.together),
            (3, self.mixed),
            (2, self.cleared_out),
            (1, self.renamed_while_going),
        ]
        way = self.chance.choices([one for _, one in ways], [weight for weight, _ in ways])[0]
        found: dict[tuple[str, int], Edit] = {}
        for edit in way():
            found.setdefault((edit.kind, edit.id), edit)
        return list(found.values())

    # What one thing changes.

    def new_customer(self) -> list[Edit]:
        return [Edit("customer", self.fresh(), None, self.customer(self.pick("customer")))]

    def described(self) -> list[Edit]:
        email = self.chance.choice(["", "desk@north.example"])
        return [self.of("customer", self.nested(), name=self.name(), email=email, address="1 Quay\nRotterdam")]

    def limited(self) -> list[Edit]:
        customer = self.nested()
        fields = self.chance.sample(sorted(LIMITED), self.chance.randint(1, 2))
        return [self.of("customer", customer, **{field: self.limit() for field in fields})]

    def moved(self) -> list[Edit]:
        fields: dict[str, Any] = {"parent": self.pick("customer")}
        if self.chance.random() < 0.2:
            fields["name"] = self.name()
        return [self.of("customer", self.nested(), **fields)]

    def swapped(self) -> list[Edit]:
        """Two go at once: below each other, or each to where the other is."""
        one, other = self.nested(), self.nested()
        above = [self.world.state("customer", customer)[0] for customer in (one, other)]
        assert isinstance(above[0], CustomerState)
        assert isinstance(above[1], CustomerState)
        places = self.chance.choice(
            [(above[1].parent, above[0].parent), (above[1].parent, one), (other, self.pick("customer"))]
        )
        return [self.of("customer", one, parent=places[0]), self.of("customer", other, parent=places[1])]

    def deleted(self) -> list[Edit]:
        return [self.gone("customer", self.nested())]

    def site(self) -> list[Edit]:
        turn = self.chance.random()
        if turn < 0.4 or not self.ids["site"]:
            return [Edit("site", self.fresh(), None, SiteState(self.pick("customer"), self.name()))]
        site = self.pick("site")
        return [self.of("site", site, name=self.name()) if turn < 0.6 else self.gone("site", site)]

    def device(self) -> list[Edit]:
        turn = self.chance.random()
        if turn < 0.3 or not self.ids["device"]:
            return [Edit("device", self.fresh(), None, self.fresh_device(self.pick("customer")))]
        device = self.pick("device")
        if turn < 0.45:
            return [self.gone("device", device)]
        state = self.world.state("device", device)[0]
        assert isinstance(state, DeviceState)
        fields: dict[str, Any] = {"site": self.site_at(state.customer)}
        if turn < 0.75:
            fields = {"name": self.name(), "unit_id": self.unit_id()}
        return [self.of("device", device, **fields)]

    def assigned(self) -> list[Edit]:
        if not self.ids["device"]:
            return self.device()
        customer = self.pick("customer")
        fields: dict[str, Any] = {"customer": customer}
        if self.chance.random() < 0.4:
            fields["site"] = self.site_at(customer)
        if self.chance.random() < 0.2:
            fields["name"] = self.name()
        return [self.of("device", self.pick("device"), **fields)]

    def many_assigned(self) -> list[Edit]:
        customer = self.pick("customer")
        near = self.near["device"] if self.near["device"] and self.chance.random() < 0.85 else self.ids["device"]
        devices = self.chance.sample(near, min(len(near), self.chance.randint(2, 6)))
        return [self.of("device", device, customer=customer) for device in devices] or self.device()

    # What several do.

    def together(self) -> list[Edit]:
        """A customer with another below it, a site, a device on it, somebody who belongs to it, and a group of it."""
        customer = self.fresh()
        nested, site, group, role = (self.fresh() for _ in range(4))
        above = self.pick("customer")
        state = self.fresh_device(customer)
        edits = [
            Edit("customer", nested, None, self.customer(customer)),
            Edit("customer", customer, None, self.customer(above)),
            Edit("site", site, None, SiteState(customer, self.name())),
            Edit("device", self.fresh(), None, replace(state, site=site)),
        ]
        if self.chance.random() < 0.7:
            permissions = frozenset({"device.list", "customer.list", "site.list"})
            level = self.chance.choice(["service_provider", "customer", "site"])
            named = {customer: self.chance.random() < 0.7}
            members = frozenset({(group, OPEN)})
            edits += [
                Edit("role", role, None, RoleState(customer, self.name(), level, permissions, private=True)),
                Edit(
                    "security_group",
                    group,
                    None,
                    SecurityGroupState(above, self.name(), role, "selected", named, customer),
                ),
                Edit("user", self.fresh(), None, self.user(customer, members, frozenset({site}))),
            ]
        if self.chance.random() < 0.3:
            edits.append(self.of("device", self.pick("device"), customer=nested) if self.ids["device"] else edits[0])
        return edits

    def mixed(self) -> list[Edit]:
        """A subtree goes, devices go to it or out of it, and somebody comes."""
        customer = self.nested()
        edits = [*self.moved(), self.of("customer", customer, parent=self.pick("customer"))]
        edits += [one for one in self.many_assigned() if one.before is not None]
        if self.chance.random() < 0.5:
            edits.append(Edit("user", self.fresh(), None, self.user(customer, frozenset(), frozenset())))
        if self.chance.random() < 0.4:
            edits += self.new_customer()
        if self.chance.random() < 0.3:
            edits += self.site()
        self.chance.shuffle(edits)
        return edits

    def cleared_out(self) -> list[Edit]:
        """A customer goes; what is worth keeping of it goes elsewhere first, in the same change."""
        customer = self.nested()
        key = next(key for key, own in self.keys["customer"].items() if own == customer)
        below = Oracle(self.document, AT).subtree("t", key)
        others = [own for other, own in self.keys["customer"].items() if other not in below]
        target = self.chance.choice(sorted(others)) if others else self.pick("customer")
        edits = [self.gone("customer", customer)]
        kinds: list[tuple[StateKind, str, str]] = [
            ("device", "devices", "customer"),
            ("customer", "customers", "parent"),
            ("user", "users", "home"),
        ]
        for kind, listing, field in kinds:
            for entry in self.document[listing]:
                if entry.get(field) in below and entry["key"] != key and self.chance.random() < 0.6:
                    edits.append(self.of(kind, self.keys[kind][entry["key"]], **{field: target}))
        return edits

    def renamed_while_going(self) -> list[Edit]:
        """Nonsense: something of a customer that goes is edited, or put there, or a site is used that goes."""
        customer = self.nested()
        edits = [self.gone("customer", customer)]
        if self.chance.random() < 0.5 and self.ids["device"]:
            edits.append(self.of("device", self.pick("device"), customer=customer))
        if self.chance.random() < 0.5:
            edits.append(Edit("site", self.fresh(), None, SiteState(customer, self.name())))
        if self.chance.random() < 0.5 and self.ids["site"]:
            edits.append(self.gone("site", self.pick("site")))
        return edits

    # Pieces.

    def of(self, kind: StateKind, record: int, **fields: Any) -> Edit:
        state, revision = self.world.state(kind, record)
        return Edit(kind, record, state, replace(state, **fields), revision)

    def gone(self, kind: StateKind, record: int) -> Edit:
        state, revision = self.world.state(kind, record)
        return Edit(kind, record, state, None, revision)

    def fresh(self) -> int:
        self.number += 1
        return -self.number

    def pick(self, kind: str) -> int:
        near = self.near.get(kind, [])
        return self.chance.choice(near if near and self.chance.random() < 0.85 else self.ids[kind])

    def nested(self) -> int:
        """A customer that is not the provider itself; now and then it is."""
        customer = self.pick("customer")
        for _ in range(5):
            if customer != self.keys["customer"][None] or self.chance.random() < 0.02:
                break
            customer = self.pick("customer")
        return customer

    def name(self) -> str:
        return f"N{self.chance.randrange(40)}"

    def unit_id(self) -> str:
        return self.chance.choice(["", f"U-{self.chance.randrange(30):05}"])

    def limit(self) -> int | None:
        return self.chance.choice([None, self.chance.randrange(4), self.chance.randrange(12)])

    def site_at(self, customer: int) -> int | None:
        """Mostly one of the customer's sites, or none; sometimes another one's."""
        own = [
            self.keys["site"][entry["key"]]
            for entry in self.document["sites"]
            if self.keys["customer"][entry.get("customer")] == customer
        ]
        anywhere = self.ids["site"] if self.chance.random() < 0.15 else own
        return self.chance.choice([None, *anywhere])

    def customer(self, parent: int) -> CustomerState:
        limits = (self.limit(), self.limit(), self.limit()) if self.chance.random() < 0.3 else (None, None, None)
        return CustomerState(parent, self.name(), "", "", "", *limits)

    def fresh_device(self, customer: int) -> DeviceState:
        site = None if customer < 0 else self.site_at(customer)
        return DeviceState(customer, self.name(), self.unit_id(), "camera", site, self.chance.choice(["", "a note"]))

    def user(self, home: int, groups: frozenset[Any], sites: frozenset[int]) -> UserState:
        self.number += 1
        name = f"user {self.number}"
        if not groups and self.ids["security_group"]:
            groups = frozenset({(self.chance.choice(self.ids["security_group"]), OPEN)})
        return UserState(home, name, name, "", True, groups, frozenset(), sites)
