"""Attacks by taking back what was done."""

from __future__ import annotations

from typing import Any

import pytest
from support.attacks import new, not_undone, ours, undo
from support.edits import OPEN, World, beyond

from ringfence.domain.customer import CustomerState
from ringfence.domain.device import DeviceState
from ringfence.domain.role import RoleState
from ringfence.domain.security_group import SecurityGroupState
from ringfence.domain.site import SiteState
from ringfence.domain.user import UserState
from ringfence.services.records import Listing
from ringfence.storage import maintenance

# Taking back.


def test_a_subtree_comes_back_only_to_where_it_was(world: World) -> None:
    gone = world.save("boss", world.delete("customer", "south"))
    above = world.save("boss", world.delete("customer", "acme"))
    not_undone(world, "boss", gone, "it refers to a customer that is not there any more")
    undo(world, "boss", above)
    undo(world, "boss", gone)
    assert world.session("dora").count(Listing("devices")) == 11


@pytest.mark.parametrize("kind", ["customer", "site", "device", "user"])
def test_a_subtree_does_not_come_back_over_another(world: World, kind: Any) -> None:
    """Whose key or login or unit id is taken meanwhile stays where it is, and all that went with it."""
    acme, beta = world.id("customer", "acme"), world.id("customer", "beta")
    world.save("boss", world.blind("device", "north-0", unit_id="U-1"))
    gone = world.save("boss", world.delete("customer", "north"))
    if kind == "customer":
        world.save("boss", new(kind, CustomerState(beta, "North")))
        said = "there is a customer with the key 'north' again"
    elif kind == "site":
        world.save("boss", new(kind, SiteState(acme, "Gate")))
        said = "there is a site with the key 'gate' again"
    elif kind == "device":
        world.save("boss", new(kind, DeviceState(acme, "Other", "U-1")))
        said = "another device has the unit id 'U-1'"
    else:
        world.save("boss", new(kind, UserState(acme, "x", "X")))
        world.save("boss", world.edit("boss", kind, "x", login="NORA"))
        said = "another user has this login"
    not_undone(world, "boss", gone, said)


@pytest.mark.once
def test_what_else_named_it_may_be_gone(on_both: World) -> None:
    """Groups, people and sites that it was tied to are left out, the rest is as it was."""
    world = on_both
    expected = ours(world)
    gone = world.save("boss", world.delete("customer", "north"))
    for key in ("north-readers", "both"):
        world.save("boss", world.delete("security_group", key))
    world.save("boss", world.delete("customer_group", "mixed"))
    back = undo(world, "boss", gone)
    for name, lost in (("security_groups", {"north-readers", "both"}), ("customer_groups", {"mixed"})):
        expected[name] = [one for one in expected[name] if one["key"] not in lost]
    assert ours(world) == expected
    undo(world, "boss", back)
    site = world.save("boss", world.delete("site", "roof"))
    yard = world.session("boss").save([new("site", SiteState(world.id("customer", "beta"), "Yard"))]).created[-1]
    world.save("boss", world.blind("device", "beta-1", site=yard), world.delete("device", "beta-2"))
    preview = world.session("boss").preview_undo(site)[2]
    assert preview.refusal == ""
    undo(world, "boss", site)
    sites = {one["key"]: one["site"] for one in ours(world)["devices"] if one["customer"] == "beta"}
    assert sites == {"beta-0": "roof", "beta-1": "yard", "beta-3": "roof", "beta-4": "roof"}
    assert maintenance.check(world.database) == []


def test_a_deletion_is_no_way_into_groups(world: World) -> None:
    """What is brought back is named by the groups that named it: by somebody who may give all that they give."""
    north, root = world.id("customer", "north"), world.id("customer", None)
    group = SecurityGroupState(root, "Greater", world.id("role", "all"), "selected", {north: True})
    greater = frozenset({(-1, OPEN)})
    world.save("boss", new("security_group", group), world.blind("user", "staff", security_groups=greater))
    before, old = world.dump(), world.document()
    gone = world.save("dora", world.delete("customer", "north"))
    not_undone(world, "dora", gone, "somebody who has it would get")
    undo(world, "boss", gone)
    assert world.dump() == before
    site = world.save("dora", world.delete("site", "gate"))
    undo(world, "dora", site)
    assert world.dump() == before
    world.save("boss", world.blind("user", "staff", sites=frozenset({world.id("site", "gate")})))
    site = world.save("dora", world.delete("site", "gate"))
    not_undone(world, "dora", site, "whom you may not change")
    assert beyond("dora", old, world.document(), ("device.delete", "customer.delete", "alarm.manage")) == []


def test_nobody_gives_themselves_back_what_was_taken(world: World) -> None:
    """A customer that somebody else deleted comes back to whoever had more there than they have above."""
    north, acme, root = (world.id("customer", key) for key in ("north", "acme", None))
    reading = ["customer.list", "customer.view", "customer.create", "site.create", "device.create", "user.create"]
    creating = RoleState(root, "Creating", permissions=frozenset({*reading, "audit.view", "user.list", "device.list"}))
    made = world.session("boss").save(
        [
            new("role", creating),
            new("security_group", SecurityGroupState(root, "Above", -1, "selected", {acme: True}), -2),
            new(
                "security_group",
                SecurityGroupState(root, "There", world.id("role", "delegate"), "selected", {north: True}),
                -3,
            ),
            new("user", UserState(root, "max", "Max", security_groups=frozenset({(-2, OPEN), (-3, OPEN)})), -4),
        ],
    )
    assert made.created
    for key in ("gus", "nora", "nick"):
        world.save("boss", world.delete("user", key))
    gone = world.save("boss", world.delete("customer", "north"))
    not_undone(world, "max", gone, "somebody who has it would get")
    undo(world, "boss", gone)
