"""Attacks upon limits, and upon the places where people put things."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.attacks import MISSING, new, not_undone, ours, refused, undo
from support.edits import OPEN, World
from support.tree_edits import ALL_KEEPING

from ringfence.domain.customer import CustomerState
from ringfence.domain.customer_group import CustomerGroupState
from ringfence.domain.device import DeviceState
from ringfence.domain.errors import Conflict, Refused
from ringfence.domain.role import RoleState
from ringfence.domain.security_group import SecurityGroupState
from ringfence.domain.site import SiteState
from ringfence.domain.user import UserState
from ringfence.services.editing import Edit
from ringfence.services.records import Listing
from ringfence.storage import maintenance

# Limits.


def test_nobody_lifts_their_own_limit(world: World) -> None:
    """By editing it, by moving what it counts, by making the customer anew, by taking back that it was set."""
    acme, north, root = (world.id("customer", key) for key in ("acme", "north", None))
    devices = frozenset({"north-0", "north-1", "north-x"})
    change = world.save("boss", world.edit("boss", "customer", "north", max_devices=3, max_customers=1, max_users=3))
    for fields in ({"max_devices": None}, {"max_devices": 4}, {"max_users": 99, "name": "N"}, {"max_customers": None}):
        refused(
            world, "nick", world.edit("nick", "customer", "north", **fields), said="set by whoever", field=min(fields)
        )
    shown: Any
    shown, revision = world.state("customer", north)
    forged = replace(shown, max_devices=7)
    for edit in (
        Edit("customer", north, forged, replace(forged, max_devices=None)),
        Edit("customer", north, forged, shown),
    ):
        with pytest.raises(Refused):
            world.save("nick", edit)
    assert world.state("customer", north) == (shown, revision)
    one = new("device", DeviceState(north, "One more"))
    refused(
        world, "nick", one, said="“Acme North” may have at most 3 devices, with those nested in it: this would make 4"
    )
    inner = new("customer", CustomerState(north, "Inner"), -2)
    refused(world, "nick", inner, new("device", DeviceState(-2, "One more")), said="at most 3 devices")
    made = world.session("nick").save([inner, world.blind("device", "north-0", customer=-2, site=None)])
    refused(
        world, "nick", new("customer", CustomerState(made.created[-2], "Innermost")), said="at most 1 nested customer:"
    )
    refused(world, "nick", replace(one, after=DeviceState(made.created[-2], "One more")), said="at most 3 devices")
    person = UserState(made.created[-2], "new", "New")
    refused(world, "nick", new("user", person), said="at most 3 users")
    refused(world, "nick", world.delete("customer", "north"), said="you belong to it yourself")
    for parent in (root, acme, MISSING):
        lifted = new("customer", CustomerState(parent, "North again"), -3)
        refused(world, "nick", lifted, said="choose a customer", field="parent")
    not_undone(world, "nick", change, "set by whoever")
    gone = world.save("wim", world.delete("customer", "north"))
    refused(world, "wim", new("customer", CustomerState(acme, "North again")), said="choose a customer")
    undo(world, "boss", gone)
    state = world.state("customer", world.id("customer", "north"))[0]
    assert isinstance(state, CustomerState)
    assert (state.max_devices, state.max_customers, state.max_users) == (3, 1, 3)
    assert devices <= world.ids("device").keys()
    world.save("dora", world.edit("dora", "customer", "north", max_devices=4))
    refused(world, "dora", world.edit("dora", "customer", "acme", max_devices=1), said="set by whoever")


def test_limits_hold_by_whatever_way_it_fills(world: World) -> None:
    """A move, a device that is handed over, somebody who moves, something brought back: of all of them the same."""
    acme, beta, gamma = (world.id("customer", key) for key in ("acme", "beta", "gamma"))
    gone = world.save("boss", world.delete("customer", "deep"))
    world.save("boss", world.edit("boss", "customer", "acme", max_devices=7, max_customers=3, max_users=7))
    not_undone(world, "boss", gone, "“Acme” may have at most 7 devices")
    refused(world, "boss", world.blind("customer", "beta", parent=acme), said="at most 7 devices")
    refused(world, "boss", world.blind("device", "beta-0", customer=acme), said="at most 7 devices")
    refused(world, "boss", world.blind("user", "bert", home=acme), said="at most 7 users")
    world.save("boss", world.blind("customer", "gamma", parent=acme))
    refused(world, "boss", new("customer", CustomerState(gamma, "New")), said="at most 3 nested customers")
    undone = world.save("boss", world.blind("device", "acme-0", customer=beta))
    world.save("boss", new("device", DeviceState(acme, "In its place")))
    not_undone(world, "boss", undone, "at most 7 devices")
    swap = world.blind("device", "beta-0", customer=acme, site=None), world.blind("device", "north-0", customer=beta)
    world.save("boss", *swap)
    refused(world, "boss", world.edit("boss", "customer", "acme", max_devices=6), said="this would make 7")
    assert maintenance.check(world.database) == []


def test_a_limit_above_is_not_named_to_whoever_does_not_see_it(world: World) -> None:
    world.save("boss", world.edit("boss", "customer", "acme", max_devices=12))
    state = DeviceState(world.id("customer", "north"), "New")
    world.save("nick", new("device", state))
    said = refused(world, "nick", new("device", state))
    assert said == "there is no room for more devices here: a limit above allows no more"
    assert refused(world, "dora", new("device", state)).startswith("“Acme” may have at most 12 devices")


# Where people may put things.


def test_a_new_customer_below_an_entry_without_what_is_nested(world: World) -> None:
    acme, north = world.id("customer", "acme"), world.id("customer", "north")
    refused(world, "sam", new("customer", CustomerState(acme, "New")), said="would fall outside")
    refused(world, "sam", new("customer", CustomerState(north, "New")), said="choose a customer", field="parent")
    people = new(
        "user", UserState(-1, "own", "Own", security_groups=frozenset({(world.id("security_group", "sams"), OPEN)})), -2
    )
    refused(world, "sam", new("customer", CustomerState(acme, "New")), people)
    world.save("sam", new("site", SiteState(acme, "Yard")), new("device", DeviceState(acme, "Crane", site=-1), -2))
    refused(world, "sam", world.delete("customer", "acme"), said="not yours to delete")


def test_nobody_moves_what_they_live_in(world: World) -> None:
    """Neither their home nor what is above it; a mere piece of it they may."""
    root, acme, beta, gamma, north, south = (
        world.id("customer", key) for key in (None, "acme", "beta", "gamma", "north", "south")
    )
    for parent in (root, beta, south, MISSING):
        refused(world, "nick", world.edit("nick", "customer", "north", parent=parent), said="choose a customer")
    refused(world, "nick", world.edit("nick", "customer", "north", parent=north), said="below itself")
    with pytest.raises(Conflict, match="this customer is not there any more"):
        world.save("nick", world.blind("customer", "acme", parent=north))
    for parent in (beta, gamma):
        refused(world, "dora", world.edit("dora", "customer", "acme", parent=parent), said="choose a customer")
    refused(
        world, "dora", world.edit("dora", "customer", "acme", parent=world.id("customer", "deep")), said="below itself"
    )
    refused(world, "boss", world.blind("customer", "acme", parent=north), said="below itself")
    world.save("dora", world.edit("dora", "customer", "north", parent=south))
    assert world.session("nick").count(Listing("devices")) == 3
    refused(world, "wim", world.blind("customer", "north", parent=acme), said="choose a customer")
    world.save("wim", world.blind("customer", "north", parent=gamma))
    assert world.session("dora").count(Listing("customers")) == 3


def test_nobody_deletes_what_they_live_in_or_stand_on(world: World) -> None:
    for login, key in (("dora", "acme"), ("nick", "north")):
        refused(world, login, world.delete("customer", key), said="yourself: somebody else must")
    everything = world.id("security_group", "everything")
    boss3 = UserState(world.id("customer", None), "boss3", "B", security_groups=frozenset({(everything, OPEN)}))
    world.save("boss", new("user", boss3))
    group = SecurityGroupState(world.id("customer", "gamma"), "Standing", world.id("role", "all"), "all")
    made = world.session("boss").save([new("security_group", group)]).created[-1]
    world.save("boss", world.edit("boss", "user", "boss3", security_groups=frozenset({(made, OPEN)})))
    refused(world, "boss3", world.delete("customer", "gamma"), said="you stand on this security group")
    filtering = CustomerGroupState(
        world.id("customer", "gamma"), "Through", customers={world.id("customer", None): True}
    )
    made = world.session("boss").save([new("customer_group", filtering)]).created[-1]
    world.save("boss", world.edit("boss", "user", "boss3", customer_groups=frozenset({made})))
    refused(world, "boss3", world.delete("customer", "gamma"), said="you stand on this")
    role = new("role", RoleState(world.id("customer", "beta"), "All", permissions=None))
    group = SecurityGroupState(world.id("customer", None), "By it", -1, "all")
    made = world.session("boss").save([role, new("security_group", group, -2)]).created[-2]
    world.save("boss", world.edit("boss", "user", "boss2", security_groups=frozenset({(made, OPEN)})))
    refused(world, "boss2", world.delete("customer", "beta"), said="you stand on this role")


def test_a_filter_that_goes_with_a_customer_sets_nobody_free(world: World) -> None:
    """Whoever has no filter any more would see all: that is more than who deletes the filter's owner holds."""
    filtering = CustomerGroupState(
        world.id("customer", "north"), "Only", customers={world.id("customer", "north"): True}
    )
    made = world.session("dora").save([new("customer_group", filtering)]).created[-1]
    everything = world.id("security_group", "everything")
    free = UserState(
        world.id("customer", None), "free", "F", "", True, frozenset({(everything, OPEN)}), frozenset({made})
    )
    world.save("boss", new("user", free))
    refused(world, "dora", world.delete("customer", "north"), said="somebody who has it would get")


def test_the_provider_itself_is_no_customer(world: World) -> None:
    root, acme = world.id("customer", None), world.id("customer", "acme")
    state, revision = world.state("customer", root)
    assert isinstance(state, CustomerState)
    for after in (replace(state, name="Mine"), replace(state, max_devices=0), replace(state, parent=acme), None):
        refused(world, "boss", Edit("customer", root, state, after, revision))
    for parent in (0, MISSING):
        refused(world, "boss", new("customer", CustomerState(parent, "Second root")), said="choose a customer")
        refused(world, "boss", world.blind("customer", "acme", parent=parent), said="choose a customer")


ENDS = [
    ("customer.move", "subject"),
    ("customer.move", "target"),
    ("customer.create", "target"),
    ("customer.edit", "subject"),
    ("customer.delete", "subject"),
    ("device.assign", "subject"),
    ("device.assign", "target"),
    ("device.create", "target"),
    ("device.edit", "subject"),
    ("device.delete", "subject"),
    ("site.create", "target"),
    ("site.edit", "subject"),
    ("site.delete", "subject"),
    ("user.edit", "subject"),
    ("user.edit", "target"),
    ("user.create", "target"),
    ("user.delete", "subject"),
]


@pytest.mark.parametrize(("right", "end"), ENDS)
@pytest.mark.once(6)
def test_each_right_counts_at_each_end(world: World, right: str, end: str) -> None:
    """Whoever holds every right but one, or that one at the other end only, is refused; with it, they are not."""
    north, beta, root = world.id("customer", "north"), world.id("customer", "beta"), world.id("customer", None)
    places = {"subject": north, "target": beta}
    without = RoleState(root, "Without", permissions=frozenset(ALL_KEEPING) - {right})
    alone = RoleState(root, "Alone", permissions=frozenset({right}))
    both = {north: True, beta: True}
    elsewhere = {node: True for place, node in places.items() if place != end}
    made = (
        world.session("boss")
        .save(
            [
                new("role", without),
                new("role", alone, -2),
                new("security_group", SecurityGroupState(root, "Without", -1, "selected", both), -3),
                new("security_group", SecurityGroupState(root, "Alone", -2, "selected", elsewhere), -4),
                new("user", UserState(root, "part", "P", security_groups=frozenset({(-3, OPEN), (-4, OPEN)})), -5),
            ],
        )
        .created
    )
    for key in ("gus", "nora", "nick"):
        world.save("boss", world.blind("user", key, security_groups=frozenset(), customer_groups=frozenset()))
    ways: dict[str, Edit] = {
        "customer.move": world.blind("customer", "north", parent=beta),
        "customer.create": new("customer", CustomerState(beta, "N")),
        "customer.edit": world.blind("customer", "north", name="N"),
        "customer.delete": world.delete("customer", "north"),
        "device.assign": world.blind("device", "north-x", customer=beta),
        "device.create": new("device", DeviceState(beta, "N")),
        "device.edit": world.blind("device", "north-0", site=None),
        "device.delete": world.delete("device", "north-0"),
        "site.create": new("site", SiteState(beta, "N")),
        "site.edit": world.blind("site", "gate", name="N"),
        "site.delete": world.delete("site", "gate"),
        "user.edit": world.blind("user", "nora", home=beta),
        "user.create": new("user", UserState(beta, "n", "N")),
        "user.delete": world.delete("user", "nora"),
    }
    refused(world, "part", ways[right], said=f"you may not {right.partition('.')[2]} a")
    if right.endswith(".delete") and right != "customer.delete":
        refused(world, "part", world.delete("customer", "north"), said="not yours to delete")
    world.save("boss", world.edit("boss", "security_group", "alone", customers=both))
    assert made[-5] in world.ids("user").values()
    world.save("part", ways[right])


def test_the_site_of_the_same_name(world: World) -> None:
    """A device that goes finds it where there is just one that its editor sees, in whatever case it is written."""
    beta, gamma = world.id("customer", "beta"), world.id("customer", "gamma")

    def standing(key: str) -> Any:
        return next(one["site"] for one in ours(world)["devices"] if one["key"] == key)

    world.save("boss", new("site", SiteState(beta, "GATE")), new("site", SiteState(gamma, "Gate"), -2))
    world.save("boss", *(world.blind("device", f"north-{n}", customer=beta) for n in (0, 1)))
    assert (standing("north-0"), standing("north-1")) == ("gate-2", "gate-2")
    world.save("boss", new("site", SiteState(gamma, "gate")))
    world.save("boss", world.blind("device", "north-0", customer=gamma))
    assert standing("north-0") is None  # there are two
    world.save("boss", world.blind("device", "north-1", customer=gamma, site=world.id("site", "gate-3")))
    assert standing("north-1") == "gate-3"
    assigning = RoleState(gamma, "Assigning", permissions=frozenset({"device.list", "device.assign", "customer.list"}))
    everywhere = SecurityGroupState(world.id("customer", None), "Assigning", -1, "all")
    user = UserState(world.id("customer", None), "blind", "B", security_groups=frozenset({(-2, OPEN)}))
    world.save("boss", new("role", assigning), new("security_group", everywhere, -2), new("user", user, -3))
    world.save("blind", world.blind("device", "north-1", customer=beta))
    assert standing("north-1") is None  # they see no sites
    assert maintenance.check(world.database) == []
