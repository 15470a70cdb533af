"""Attacks upon the tree and its devices, one by one, and what careless people do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from support.databases import rows
from support.edits import OPEN, World, beyond, provider
from support.tree_edits import ALL_KEEPING

from ringfence.domain.errors import Conflict, Refused, RingfenceError, SessionEnded
from ringfence.services import audit
from ringfence.services.editing import (
    CustomerGroupState,
    CustomerState,
    DeviceState,
    Edit,
    RoleState,
    SecurityGroupState,
    SiteState,
    UserState,
)
from ringfence.services.records import Listing, Part
from ringfence.snapshot.load import load_document
from ringfence.storage import maintenance
from ringfence.storage.engine import Database, open_database

T = {"tenant": "t"}
MISSING = 10**6


def document() -> dict[str, Any]:
    """The provider, with people who look after customers, and another provider beside it.

    ``dora`` looks after acme, ``nick`` after north, ``wim`` after north and gamma, ``sam`` after acme alone, without
    what is nested in it, ``gus`` after a gate.
    """
    made = provider()
    made["roles"][1]["permissions"] = made["roles"][3]["permissions"] = ALL_KEEPING
    made["roles"][1]["owner"] = None
    delegates = {"role": "delegate", "owner": None, **T}
    named = {"wims": [("north", True), ("gamma", True)], "sams": [("acme", False)]}
    for key, entries in named.items():
        customers = [{"customer": node, "nested": nested} for node, nested in entries]
        made["security_groups"].append(
            {"key": key, "name": key, "scope": "selected", "customers": customers, **delegates}
        )
    for login, home, group in (("nick", "north", "delegates"), ("wim", None, "wims"), ("sam", None, "sams")):
        user = {"key": login, **T, "name": login, "login": login, "home": home, "security_groups": [{"group": group}]}
        made["users"].append(user)
    other = json.loads(json.dumps(provider()).replace('"t"', '"other"'))
    for user in other["users"]:
        user["login"] = f"other-{user['login']}"
    for name, entries in other.items():
        if isinstance(entries, list):
            made[name] += entries
    return made


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the document, closed: a copy is there sooner than another one is made."""
    path = tmp_path_factory.mktemp("prepared") / "prepared.db"
    database = open_database(str(path), create=True)
    load_document(database, document())
    database.close()
    return path


@pytest.fixture
def world(prepared: Path, tmp_path: Path) -> Iterator[World]:
    database = open_database(str(shutil.copy(prepared, tmp_path / "ringfence.db")))
    yield World(database)
    database.close()


@pytest.fixture
def on_both(database: Database) -> World:
    return World(database, document())


def refused(world: World, login: str, *edits: Edit, said: str = "", field: str | None = None) -> str:
    """The change is refused, before and when it is saved, and leaves nothing behind; returns what is said."""
    before, count = world.dump(), world.entries()
    with pytest.raises(Refused) as caught:
        world.save(login, *edits)
    assert said in str(caught.value)
    assert field is None or caught.value.field == field
    assert world.session(login).preview(edits).refusal == str(caught.value)
    assert world.dump() == before
    assert world.entries() == count
    return str(caught.value)


def ours(world: World) -> dict[str, list[Any]]:
    """All that is of the first provider."""
    lists = {name: found for name, found in world.document().items() if isinstance(found, list)}
    return {name: [one for one in found if one.get("tenant") == "t"] for name, found in lists.items()}


def audited(world: World, login: str) -> list[Any]:
    """The audit as somebody lists it."""
    return list(world.session(login).rows(Listing("audit"), Part(999)))


def new(kind: Any, state: Any, own: int = -1) -> Edit:
    return Edit(kind, own, None, state)


def undo(world: World, login: str, change: int) -> int:
    return world.session(login).undo(change).change


def not_undone(world: World, login: str, change: int, said: str) -> None:
    before = world.dump()
    with pytest.raises((Refused, Conflict), match=said):
        undo(world, login, change)
    assert world.dump() == before


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


# Devices, sites and ids.


def test_a_device_never_stands_on_another_customers_site(world: World) -> None:
    acme, beta, north = (world.id("customer", key) for key in ("acme", "beta", "north"))
    gate, roof = world.id("site", "gate"), world.id("site", "roof")
    theirs = "this site is another customer's"
    refused(world, "boss", world.blind("device", "acme-0", site=gate), said=theirs, field="site")
    refused(world, "boss", new("device", DeviceState(acme, "N", site=gate)), said=theirs)
    made = new("site", SiteState(acme, "Made"))
    refused(world, "boss", made, world.blind("device", "beta-0", site=-1), said=theirs)
    refused(world, "boss", made, new("device", DeviceState(north, "N", site=-1), -2), said=theirs)
    inner = new("customer", CustomerState(acme, "Inner"), -3)
    refused(world, "boss", inner, made, new("device", DeviceState(-3, "N", site=-1), -2), said=theirs)
    refused(world, "boss", world.blind("site", "gate", customer=acme), said="a site stays with its customer")
    for site in (roof, MISSING):
        said = "one of the sites is not there any more"
        refused(world, "dora", world.blind("device", "north-0", site=site), said=said, field="site")
    world.save(
        "boss", inner, replace(made, after=SiteState(-3, "Made")), world.blind("device", "beta-0", customer=-3, site=-1)
    )
    world.save("boss", world.blind("device", "north-0", customer=beta))  # keeps its site: there is none of that name
    device = world.state("device", world.id("device", "north-0"))[0]
    assert isinstance(device, DeviceState)
    assert device.site is None
    assert maintenance.check(world.database) == []


def test_whose_unit_id_it_is_is_not_said(world: World) -> None:
    """The same words whoever has it: oneself, somebody hidden."""
    north = world.id("customer", "north")
    world.save(
        "boss",
        world.blind("device", "beta-0", unit_id="U-9", name="Secret"),
        world.blind("device", "north-1", unit_id="U-8"),
    )
    answers = set()
    for unit_id in ("U-8", "U-9"):
        for edit in (
            world.blind("device", "north-0", unit_id=unit_id),
            new("device", DeviceState(north, "N", unit_id)),
        ):
            answers.add(refused(world, "nick", edit, field="unit_id").replace(unit_id, "ID"))
    assert answers == {"another device has the unit id 'ID'"}
    two = (new("device", DeviceState(north, "A", "U-7")), new("device", DeviceState(north, "B", "U-7"), -2))
    refused(world, "nick", *two, said="two devices would have the unit id")


def test_unit_ids_change_hands_in_one_change(on_both: World) -> None:
    """Swapped, given to a new one, left by one that goes; and back."""
    world = on_both
    north = world.id("customer", "north")
    world.save("boss", *(world.blind("device", f"north-{n}", unit_id=f"U-{n}") for n in (0, 1)))
    before = world.dump()
    ways: list[Callable[[], list[Edit]]] = [
        lambda: [world.blind("device", "north-0", unit_id="U-1"), world.blind("device", "north-1", unit_id="U-0")],
        lambda: [world.blind("device", "north-0", unit_id="U-5"), new("device", DeviceState(north, "New", "U-0"))],
        lambda: [world.delete("device", "north-0"), new("device", DeviceState(north, "New", "U-0"))],
        lambda: [world.delete("device", "north-0"), world.blind("device", "north-1", unit_id="U-0")],
    ]
    for way in ways:
        change = world.save("dora", *way())
        then = world.dump()
        back = undo(world, "dora", change)
        assert world.dump() == before
        again = undo(world, "dora", back)
        assert world.dump() == then
        undo(world, "dora", again)
    assert maintenance.check(world.database) == []


# Forged edits.


def test_what_an_edit_says_of_before_is_not_believed(world: World) -> None:
    """Whoever says that a record is elsewhere than it is gets no further by it."""
    acme, north, beta = (world.id("customer", key) for key in ("acme", "north", "beta"))
    hidden = world.id("device", "beta-0")
    mine = DeviceState(acme, "Mine", key="beta-0")
    for before in (mine, replace(mine, key=""), world.state("device", hidden)[0]):
        for after in (replace(mine, name="X"), replace(mine, customer=north), None):
            with pytest.raises(Conflict, match="this device is not there any more"):
                world.save("dora", Edit("device", hidden, before, after))
    state, _ = world.state("device", world.id("device", "north-0"))
    assert isinstance(state, DeviceState)
    elsewhere = replace(state, customer=beta, site=None)
    own = world.id("device", "north-0")
    refused(world, "dora", Edit("device", own, state, replace(elsewhere, name="X")), said="choose a customer")
    world.save("dora", Edit("device", own, elsewhere, replace(elsewhere, name="X")))
    now = world.state("device", own)[0]
    assert now == replace(state, name="X")
    customer, _ = world.state("customer", beta)
    assert isinstance(customer, CustomerState)
    forged = replace(customer, parent=acme)
    for edit in (Edit("customer", beta, forged, replace(forged, name="X")), Edit("customer", beta, forged, None)):
        with pytest.raises(Conflict, match="this customer is not there any more"):
            world.save("dora", edit)


def test_keys_and_what_refers_to_a_record_are_not_typed(world: World) -> None:
    """The audit names the record by its own key; what names a customer, or stands on a site, is changed elsewhere."""
    north = world.id("customer", "north")
    state, revision = world.state("device", world.id("device", "north-0"))
    world.save(
        "dora", Edit("device", world.id("device", "north-0"), state, replace(state, name="X", key="beta-0"), revision)
    )
    (entry,) = audited(world, "dora")
    assert entry.key == "north-0"
    customer, revision = world.state("customer", north)
    assert isinstance(customer, CustomerState)
    betas = {world.id("security_group", "betas"): True}
    refused(
        world, "dora", Edit("customer", north, customer, replace(customer, former=7, key="x"), revision), said="nothing"
    )
    ties: list[dict[str, Any]] = [{"secured_by": betas}, {"grouped_by": betas}, {"groups_made": frozenset(betas)}]
    for fields in ties:
        refused(
            world,
            "dora",
            Edit("customer", north, customer, replace(customer, **fields), revision),
            said="with the group",
        )
    site, revision = world.state("site", world.id("site", "gate"))
    assert isinstance(site, SiteState)
    people = frozenset({world.id("user", "dora"), world.id("user", "bert")})
    forged: list[dict[str, Any]] = [{"users": people}, {"devices": frozenset({world.id("device", "beta-0")})}]
    for fields in forged:
        edit = Edit("site", world.id("site", "gate"), site, replace(site, **fields), revision)
        refused(world, "dora", edit, said="with the device")


def test_what_is_new_comes_with_nothing(world: World) -> None:
    """Neither in hidden groups nor given to anybody, nor with the id or the past of one that is gone."""
    acme, gamma = world.id("customer", "acme"), world.id("customer", "gamma")
    world.save("boss", world.blind("customer", "gamma", name="Secret gamma"))
    world.save("boss", world.delete("customer", "gamma"))
    betas, readers = world.id("security_group", "betas"), world.id("security_group", "readers")
    filters = {world.id("customer_group", "beta-only"): True}
    before = world.document()
    forged = CustomerState(
        acme,
        "New",
        secured_by={betas: True, -7: False},
        grouped_by=filters,
        groups_made=frozenset({readers}),
        key="gamma",
    )
    people = frozenset({world.id("user", login) for login in ("dora", "bert", "gus")})
    devices = frozenset({world.id("device", "acme-0"), world.id("device", "beta-0")})
    site = SiteState(acme, "New", devices, people, key="roof")
    made = world.session("dora").save(
        [new("customer", forged), new("customer", replace(forged, former=gamma), -2), new("site", site, -3)],
    )
    assert gamma not in made.created.values()
    after = world.document()
    for name in ("security_groups", "customer_groups", "users", "devices"):
        assert after[name] == before[name]
    assert {one.action for one in audited(world, "dora")} == {"create"}
    assert {"new", "new-2"} <= {one["key"] for one in after["customers"]}
    member = SecurityGroupState(acme, "G", members=frozenset({(world.id("user", "bert"), OPEN)}))
    refused(world, "dora", new("security_group", member), said="whom you may not change")


def test_what_the_change_does_not_make(world: World) -> None:
    acme = world.id("customer", "acme")
    fitting = "it refers to a new record that this change does not make"
    role = new("role", RoleState(acme, "R"), -9)
    for edit in (
        new("customer", CustomerState(-9, "N")),
        new("site", SiteState(-9, "N")),
        new("device", DeviceState(-9, "N")),
        new("device", DeviceState(acme, "N", site=-9)),
        world.blind("customer", "north", parent=-9),
        world.blind("device", "north-0", customer=-9),
        world.blind("device", "north-0", site=-9),
        world.blind("user", "rita", home=-9),
    ):
        refused(world, "boss", edit, said=fitting)
        refused(world, "boss", role, edit, said=fitting)  # of another kind
    device = DeviceState(acme, "N")
    for edits in (
        [Edit("device", 7, None, device)],
        [new("device", device), new("site", SiteState(acme, "S"))],
        [world.blind("device", "north-0", name="A"), world.delete("device", "north-0")],
        [Edit("site", -1, None, device)],
        [Edit("device", world.id("device", "north-0"), world.state("site", world.id("site", "gate"))[0], None)],
    ):
        refused(world, "boss", *edits)
    with pytest.raises(Conflict):
        world.save("boss", Edit("device", -1, device, replace(device, name="M")))


def test_another_provider_is_not_there(world: World) -> None:
    """Its ids are as good as none, in every place of an edit."""
    with world.database.reading() as connection:
        query = (
            "SELECT key, id FROM {} WHERE tenant_id = (SELECT id FROM tenant WHERE key = 'other') AND key IS NOT NULL"
        )
        theirs = {
            kind: {row.key: row.id for row in connection.exec_driver_sql(query.format(kind))}
            for kind in ("customer", "site", "device", "security_group")
        }
    acme, root = world.id("customer", "acme"), world.id("customer", None)
    for customer in (theirs["customer"]["acme"], MISSING):
        refused(world, "boss", new("customer", CustomerState(customer, "N")), said="choose a customer that you may see")
        refused(world, "boss", new("site", SiteState(customer, "N")), said="choose a customer that you may see")
        refused(world, "boss", new("device", DeviceState(customer, "N")), said="choose a customer that you may see")
        refused(
            world,
            "boss",
            world.blind("device", "north-0", customer=customer),
            said="choose a customer that you may see",
        )
        refused(
            world, "boss", world.blind("customer", "north", parent=customer), said="choose a customer that you may see"
        )
        refused(world, "boss", world.blind("user", "rita", home=customer), said="choose a customer that you may see")
    for site in (theirs["site"]["gate"], MISSING):
        refused(
            world, "boss", world.blind("device", "acme-0", site=site), said="one of the sites is not there any more"
        )
    states: dict[Any, Any] = {
        "customer": CustomerState(root, "Acme", key="acme"),
        "site": SiteState(acme, "Gate", key="gate"),
        "device": DeviceState(acme, "north 0", key="north-0"),
    }
    for kind, state in states.items():
        for own in (theirs[kind][state.key], MISSING):
            for after in (None, replace(state, name="X")):
                with pytest.raises(Conflict, match=f"this {kind} is not there any more"):
                    world.save("boss", Edit(kind, own, state, after))
    before = rows(world.database)
    world.save("boss", world.delete("customer", "acme"))
    after = rows(world.database)
    for name in ("site", "device", "customer"):
        assert {one for one in before[name] if ", 2, " in one[:12]} <= set(after[name])


# One id, two records.


def test_a_session_does_not_become_somebody_elses(on_both: World) -> None:
    """Nobody gets the id of a user who is gone: neither who is new, of the same login, nor the one who comes back."""
    world = on_both
    session = world.viewer("rita")
    assert world.workspace.session(session).count(Listing("devices")) == 11
    state = world.state("user", session.user_id)[0]
    assert isinstance(state, UserState)
    gone = world.save("boss", world.delete("user", "rita"))
    with pytest.raises(SessionEnded):
        world.workspace.session(session).count(Listing("devices"))
    everything = frozenset({(world.id("security_group", "everything"), OPEN)})
    made = world.session("boss").save([new("user", replace(state, security_groups=everything))])
    assert made.created[-1] != session.user_id
    for call in (
        lambda: world.workspace.session(session).count(Listing("devices")),
        lambda: world.workspace.session(session).save([world.blind("device", "beta-0", name="X")]),
        lambda: world.workspace.session(session).preview_undo(),
    ):
        with pytest.raises(SessionEnded):
            call()
    undo(world, "boss", made.change)
    undo(world, "boss", gone)
    with pytest.raises(SessionEnded):
        world.workspace.session(session).count(Listing("devices"))
    assert world.session("rita").count(Listing("devices")) == 11


def test_nobody_inherits_what_another_of_their_key_did(world: World) -> None:
    """A new user of an old login has done nothing yet: nothing of theirs is taken back, or told of."""
    root, acme = world.id("customer", None), world.id("customer", "acme")
    everything, readers = (frozenset({(world.id("security_group", key), OPEN)}) for key in ("everything", "readers"))
    world.save("boss", new("user", UserState(root, "temp", "Temp", security_groups=everything)))
    change = world.save("temp", world.blind("device", "beta-0", name="Secret"))
    gone = world.save("boss", world.delete("user", "temp"))
    made = world.save("dora", new("user", UserState(acme, "temp", "Temp", security_groups=readers)))
    with pytest.raises(Refused, match="there is nothing of yours to undo"):
        world.session("temp").preview_undo()
    for number in (change, MISSING):
        with pytest.raises(Refused, match=r"^this entry is not there$"):
            world.session("temp").preview_undo(number)
    undo(world, "boss", made)
    undo(world, "boss", gone)
    undo(world, "temp", change)  # they see it in the audit


@pytest.mark.parametrize("kind", ["device", "site", "customer", "role", "security_group", "customer_group"])
def test_a_form_of_what_is_gone_is_not_saved_over_what_is_new(world: World, kind: Any) -> None:
    """Though the new one may have its id, its key, its name and as few edits behind it."""
    acme, beta = world.id("customer", "acme"), world.id("customer", "beta")
    states: dict[str, tuple[Any, Any]] = {
        "device": (DeviceState(acme, "Pump"), DeviceState(beta, "Pump")),
        "site": (SiteState(acme, "Pump"), SiteState(beta, "Pump")),
        "customer": (CustomerState(acme, "Pump"), CustomerState(beta, "Pump")),
        "role": (RoleState(acme, "Pump"), RoleState(beta, "Pump")),
        "security_group": (SecurityGroupState(acme, "Pump"), SecurityGroupState(beta, "Pump")),
        "customer_group": (CustomerGroupState(acme, "Pump"), CustomerGroupState(beta, "Pump")),
    }
    for first, second in (states[kind], (states[kind][0], states[kind][0])):
        world.save("boss", new(kind, first))
        form = world.edit("boss", kind, "pump", name="Typed before")
        gone = replace(form, after=None)
        world.save("boss", world.delete(kind, "pump"))
        world.save("boss", new(kind, second))
        for stale in (form, gone):
            with pytest.raises(Conflict):
                world.save("boss", stale)
        assert world.state(kind, world.id(kind, "pump"))[0].name == "Pump"
        world.save("boss", world.delete(kind, "pump"))


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


def test_a_full_customer_does_not_count_what_is_hidden(world: World) -> None:
    """Sam sees acme alone: how many devices are nested in it is nothing that a refusal tells."""
    acme = world.id("customer", "acme")
    count = sum(device["customer"] in ("acme", "north", "south", "deep") for device in ours(world)["devices"])
    world.save("boss", world.edit("boss", "customer", "acme", max_devices=count))
    one = new("device", DeviceState(acme, "One more"))
    said = f"“Acme” may have at most {count} devices, with those nested in it: this would make {count + 1}"
    assert refused(world, "boss", one) == said
    hidden = "there is no room for more devices here: a limit above allows no more"
    assert refused(world, "sam", one) == hidden


def test_whoever_loses_by_it_is_told(world: World) -> None:
    """The editor themselves, though they may not list the users of where they are at home."""
    preview = world.session("wim").preview([world.delete("device", "north-x")])
    assert [(one.login, one.now.devices_lost) for one in preview.users if one.login == "wim"] == [("wim", 1)]


def test_a_conflict_shows_what_its_viewer_may_see(world: World) -> None:
    mine = world.edit("dora", "device", "north-0", name="Mine")
    world.save("boss", world.blind("device", "north-0", name="Theirs"))
    with pytest.raises(Conflict, match="was changed meanwhile") as caught:
        world.save("dora", mine)
    assert caught.value.current.name == "Theirs"
    assert caught.value.who == ""
    world.save("dora", replace(mine, revision=caught.value.revision))
    again = world.edit("dora", "device", "north-0", name="Again")
    world.save("boss", world.blind("device", "north-0", customer=world.id("customer", "beta"), name="Secret"))
    with pytest.raises(Conflict, match="is not there any more") as caught:
        world.save("dora", again)
    assert (caught.value.current, caught.value.revision, caught.value.who) == (None, 0, "")
    mine = world.edit("dora", "device", "north-1", name="Mine")
    world.save("boss", world.delete("site", "gate"))
    with pytest.raises(Conflict, match="was changed meanwhile") as caught:
        world.save("dora", mine)
    assert caught.value.current.site is None


def test_whoever_may_view_it_knows_that_it_is_there(world: World) -> None:
    """Without the permission to list devices too: what they may not do to it is told as that."""
    permissions = frozenset({"customer.list", "device.view"})
    world.save("boss", world.edit("boss", "role", "delegate", permissions=permissions))
    edit = world.blind("device", "north-0", name="Mine")
    assert refused(world, "dora", edit) == "you may not edit a device there"
    world.save("boss", world.blind("device", "north-0", name="Theirs"))
    with pytest.raises(Conflict, match="was changed meanwhile"):
        world.save("dora", edit)


@pytest.mark.parametrize("login", ["dora", "nick", "gus", "sam"])
@pytest.mark.parametrize("kind", ["customer", "site", "device"])
def test_hidden_and_missing_are_one(world: World, kind: Any, login: str) -> None:
    """Opening, changing, moving, assigning, deleting what is hidden or not there, and putting something there, at any
    revision: by the same words, of the same class."""
    hidden = world.id(kind, {"customer": "beta", "site": "roof", "device": "beta-0"}[kind])
    state: Any
    state, revision = world.state(kind, hidden)
    session = world.session(login)
    north, gate, beta = world.id("customer", "north"), world.id("site", "gate"), world.id("customer", "beta")
    visible = world.blind("device", "north-0")

    def said(call: Callable[..., Any], *arguments: Any) -> tuple[Any, ...]:
        with pytest.raises(RingfenceError) as caught:
            call(*arguments)
        error = caught.value
        seen = (error.current, error.revision, error.who) if isinstance(error, Conflict) else ()
        return type(error), str(error), getattr(error, "field", ""), seen

    answers = []
    for record in (hidden, MISSING):
        edits: list[Edit] = []
        changed: list[Any] = [None, replace(state, name="Mine")]
        if kind == "customer":
            changed += [replace(state, parent=north), replace(state, max_devices=1)]
            assert isinstance(visible.before, DeviceState)
            places: list[Any] = [
                new("customer", CustomerState(record, "N")),
                new("site", SiteState(record, "N")),
                new("device", DeviceState(record, "N")),
                new("device", DeviceState(record, "N", site=gate)),
                new("user", UserState(record, "n", "N")),
                replace(visible, after=replace(visible.before, customer=record)),
                replace(visible, after=replace(visible.before, customer=record, site=None)),
            ]
            edits += places
            if login in ("dora", "nick"):
                edits.append(world.blind("customer", "north", parent=record))
                gone = world.blind("device", "north-1")
                edits.append(replace(gone, after=replace(gone.before, customer=record)))  # type: ignore[type-var]
        if kind == "site":
            assert isinstance(visible.before, DeviceState)
            edits.append(replace(visible, after=replace(visible.before, site=record)))
            edits.append(new("device", DeviceState(north, "N", site=record)))
            edits.append(new("device", DeviceState(beta, "N", site=record)))
        if kind == "device":
            changed += [replace(state, customer=north, site=None), replace(state, site=gate)]
        for known in (0, revision, revision + 5):
            edits += [Edit(kind, record, state, after, known) for after in changed]
        found = [said(session.open_record, kind, record)]
        for edit in edits:
            found.append(said(session.save, [edit]))
            preview = None
            try:
                preview = session.preview([edit])
            except Conflict as conflict:
                found.append((str(conflict), conflict.current))
            if preview is not None:
                found.append((preview.refusal, preview.field, preview.users))
            found.append(said(session.save, [visible, edit]))
        answers.append(found)
    assert answers[0] == answers[1]


def test_who_sees_a_customer_only_for_a_site_of_it(world: World) -> None:
    """Its name in the tree is all they get, and no form of it: they are told that it is not theirs to change, not that
    it is not there."""
    with pytest.raises(RingfenceError, match="or you may not open it"):
        world.session("gus").open_record("customer", world.id("customer", "north"))
    refused(world, "gus", world.blind("customer", "north", name="Mine"), said="you may not edit a customer there")
    refused(world, "gus", world.delete("customer", "north"), said="you may not delete a customer there")
    north, gate = world.id("customer", "north"), world.id("site", "gate")
    refused(world, "gus", new("device", DeviceState(north, "N")), said="choose a customer")
    world.save("gus", new("device", DeviceState(north, "N", site=gate)))
    refused(world, "gus", world.blind("device", "north-0", site=None), said="choose a customer")
    with pytest.raises(Conflict, match="is not there any more"):
        world.save("gus", world.blind("device", "north-x", name="X"))


def test_words_that_no_customer_has(world: World) -> None:
    """Checked whenever they are typed, at a new customer and at one that is there."""
    acme = world.id("customer", "acme")
    for fields, field in (
        ({"email": "nobody"}, "email"),
        ({"email": "a@b.example\x1b[31m"}, "email"),
        ({"phone": "x" * 500}, "phone"),
        ({"phone": "12"}, "phone"),
        ({"address": "\x00"}, "address"),
        ({"name": " "}, "name"),
        ({"max_users": -1}, "max_users"),
        ({"max_devices": 2**40}, "max_devices"),
    ):
        values: dict[str, Any] = fields
        refused(world, "boss", world.edit("boss", "customer", "north", **values), field=field)
        refused(world, "boss", new("customer", replace(CustomerState(acme, "N"), **values)), field=field)
