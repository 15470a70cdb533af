"""Changes that do not go together, and two at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from support.attacks import audited, new, ours, refused, undo
from support.edits import OPEN, World

from ringfence.domain.customer import CustomerState
from ringfence.domain.device import DeviceState
from ringfence.domain.errors import Conflict, Refused
from ringfence.domain.role import RoleState
from ringfence.domain.security_group import SecurityGroupState
from ringfence.domain.site import SiteState
from ringfence.domain.user import UserState
from ringfence.services import audit
from ringfence.services.editing import Edit
from ringfence.storage import maintenance

# Changes that do not go together.


def test_what_goes_elsewhere_does_not_go_along(on_both: World) -> None:
    """A customer is cleared out and deleted in one change: what was taken out of it stays, and all of it comes back."""
    world = on_both
    beta, gamma = world.id("customer", "beta"), world.id("customer", "gamma")
    before = world.dump()
    change = world.save(
        "boss",
        world.delete("customer", "south"),
        world.blind("device", "south-0", customer=beta),
        world.blind("customer", "deep", parent=gamma),
    )
    document = ours(world)
    assert {one["key"] for one in document["customers"]} == {"acme", "north", "beta", "deep", "gamma"}
    assert {
        one["key"]: one["customer"] for one in document["devices"] if one["key"] in ("south-0", "deep-0", "south-1")
    } == {
        "south-0": "beta",
        "deep-0": "deep",
    }
    assert maintenance.check(world.database) == []
    undo(world, "boss", change)
    assert world.dump() == before
    named: list[tuple[Any, str]] = [("device", "deep-0"), ("customer", "deep"), ("customer", "south")]
    for order in (named, named[::-1]):  # whether or not it is said what goes along
        change = world.save("boss", *(world.delete(kind, key) for kind, key in order))
        assert not {"deep", "south"} & {one["key"] for one in ours(world)["customers"]}
        undo(world, "boss", change)
        assert world.dump() == before
    change = world.save("boss", world.delete("customer", "north"), world.blind("user", "gus", home=gamma))
    assert "gus" in world.ids("user")
    assert "nora" not in world.ids("user")
    undo(world, "boss", change)
    assert world.dump() == before


def test_nothing_is_put_where_it_would_be_deleted(world: World) -> None:
    north, acme, gate = world.id("customer", "north"), world.id("customer", "acme"), world.id("site", "gate")
    gone = world.delete("customer", "north")
    said = "it belongs to a customer that would be deleted"
    for edit in (
        world.blind("device", "beta-0", customer=north),
        world.blind("device", "north-0", name="X"),
        world.blind("site", "gate", name="X"),
        world.blind("customer", "south", parent=north),
        world.blind("user", "rita", home=north),
        new("customer", CustomerState(north, "N")),
        new("site", SiteState(north, "N")),
        new("device", DeviceState(north, "N")),
        new("role", RoleState(north, "N")),
    ):
        refused(world, "boss", gone, edit, said=said)
        refused(world, "boss", edit, gone, said=said)
    refers = "it refers to something that would be deleted"
    refused(world, "boss", world.delete("site", "gate"), world.blind("device", "north-x", site=gate), said=refers)
    refused(world, "boss", gone, world.blind("customer_group", "off", customers={north: True}), said=refers)
    group = world.blind("security_group", "local", customers={acme: True, north: False}, scope="selected")
    refused(world, "boss", gone, group, said=refers)
    group_gone = world.delete("security_group", "guards")
    guarding = frozenset({(world.id("security_group", "guards"), OPEN)})
    refused(world, "boss", group_gone, world.blind("user", "rita", security_groups=guarding), said=refers)


def test_hidden_things_go_with_nobody(world: World) -> None:
    """A customer with something in it that its deleter may not delete stays, and what that is is not said."""
    role = {
        "customer.list",
        "customer.delete",
        "customer.view",
        "device.list",
        "device.delete",
        "site.delete",
        "user.list",
    }
    acme, root = world.id("customer", "acme"), world.id("customer", None)
    made = RoleState(root, "Half", permissions=frozenset(role))
    group = SecurityGroupState(root, "Half", -1, "selected", {acme: True})
    user = UserState(root, "half", "Half", security_groups=frozenset({(-2, OPEN)}))
    world.save("boss", new("role", made), new("security_group", group, -2), new("user", user, -3))
    said = "something that belongs to it is not yours to delete: ask somebody who may"
    assert refused(world, "half", world.delete("customer", "north")) == said
    world.save("half", world.delete("customer", "deep"))
    assert refused(world, "half", world.delete("customer", "acme")) == said


# Two at once; and what is hidden.


@pytest.mark.parametrize("kind", ["customer", "site", "device"])
def test_two_at_once(on_both: World, kind: Any) -> None:
    """One wins, the other is told; of a deletion too."""
    world = on_both
    key = {"customer": "north", "site": "gate", "device": "north-0"}[kind]
    edits = {login: [world.edit(login, kind, key, name=login)] for login in ("boss", "dora")}
    edits["nick"] = (
        [replace(world.edit("nick", kind, key), after=None)]
        if kind != "customer"
        else [world.edit("nick", kind, key, email="n@north.example")]
    )
    barrier = Barrier(3)

    def save(login: str) -> str:
        session = world.session(login)
        barrier.wait()
        try:
            session.save(edits[login])
        except Conflict:
            return "conflict"
        return login

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(save, edits))
    assert sorted(result == "conflict" for result in results) == [False, True, True]
    assert len({one.change for one in audited(world, "boss")}) == 1
    assert audit.verify(world.database)[1] == []
    assert maintenance.check(world.database) == []


def test_a_move_and_a_deletion_at_once(on_both: World) -> None:
    """Something is put below a customer while that goes: whoever comes second is refused, and nothing dangles."""
    world = on_both
    beta = world.id("customer", "beta")
    changes: dict[str, list[Edit]] = {
        "boss": [world.delete("customer", "beta")],
        "boss2": [
            world.edit("boss2", "customer", "gamma", parent=beta),
            world.blind("device", "north-0", customer=beta),
        ],
    }
    barrier = Barrier(2)

    def save(login: str) -> bool:
        session = world.session(login)
        barrier.wait()
        try:
            session.save(changes[login])
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(save, changes))
    assert made[0]
    keys = world.ids("customer").keys()
    assert ("gamma" in keys, "beta" in keys) == (not made[1], False)
    assert maintenance.check(world.database) == []
    assert audit.verify(world.database)[1] == []
