"""Changes of customers, sites and devices by chance, sound and unsound, by whoever may and may not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from support.documents import AT
from support.edits import OPEN, World
from support.oracle import Oracle
from support.tree_edits import LIMITED

from ringfence.domain.customer import CustomerState
from ringfence.domain.device import DeviceState
from ringfence.domain.kind import StateKind, altered
from ringfence.domain.role import RoleState
from ringfence.domain.security_group import SecurityGroupState
from ringfence.domain.site import SiteState
from ringfence.domain.user import UserState
from ringfence.services.editing import Edit


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
        return Edit(kind, record, state, altered(state, **fields), revision)

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
