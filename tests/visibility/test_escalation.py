"""Nobody grants what they do not hold: by chance, against the oracle, and attacks one by one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.databases import empty
from support.documents import AT, Sizes, documents, make_document
from support.edits import ADMINISTRATION, OPEN, PICKED, Attempts, World, beyond, provider, with_administrators
from support.tiers import seeds

from ringfence.domain.customer_group import CustomerGroupState
from ringfence.domain.errors import Conflict, Refused
from ringfence.domain.kind import altered
from ringfence.domain.permission import PERMISSIONS
from ringfence.domain.role import RoleState
from ringfence.domain.security_group import SecurityGroupState
from ringfence.services.editing import Edit
from ringfence.storage.engine import Database

ASKED = (*PICKED, "script.create", "policy.edit")
SIZES = Sizes(tenants=1, customers=6, sites=3, devices=4, roles=2, groups=3, filters=2, users=2)


def sequence(database: Database, document: dict[str, Any], chance: Random, tries: int) -> int:
    """Somebody tries many changes, one upon the other; returns how many were made."""
    empty(database)
    world = World(database, with_administrators(document, chance))
    attempts = Attempts(world, chance)
    before = world.document()
    made = 0
    for _ in range(tries):
        logins = [user["login"] for user in before["users"] if user["active"] and user["login"] != "full"]
        delegates = [login for login in logins if login.startswith("a")]
        editor = chance.choice(delegates if delegates and chance.random() < 0.8 else logins or ["full"])
        edits = attempts.next(editor, before)
        count = world.entries()
        try:
            world.save(editor, *edits)
        except (Refused, Conflict):
            assert world.entries() == count
            continue
        made += 1
        assert world.entries() > count
        after = world.document()
        assert beyond(editor, before, after, ASKED) == [], (editor, edits)
        before = after
    return made


@pytest.mark.parametrize("seed", seeds(4))
def test_sequences_from_a_seed(sqlite_database: Database, seed: int) -> None:
    """Whatever delegated administrators try, together and one after the other, nobody gains beyond what they hold."""
    chance = Random(seed)
    sizes = replace(SIZES, exact=True)
    assert sequence(sqlite_database, make_document(chance, sizes), chance, 80) > 1


@settings(max_examples=5)
@given(document=documents(SIZES), chance=st.randoms(use_true_random=False))
def test_sequences_by_chance(sqlite_database: Database, document: dict[str, Any], chance: Random) -> None:
    sequence(sqlite_database, document, chance, 10)


@pytest.mark.postgres
def test_a_sequence_on_postgresql(postgres_database: Database) -> None:
    chance = Random(77)
    assert sequence(postgres_database, make_document(chance, replace(SIZES, exact=True)), chance, 25) > 0


@pytest.fixture
def world(sqlite_database: Database) -> World:
    """The provider, with a few people more than meet the eye."""
    document = provider()
    t = {"tenant": "t"}
    document["roles"].append(
        {"key": "everything-named", **t, "name": "All, one by one", "access_level": "service_provider"}
        | {"permissions": sorted(PERMISSIONS)}
    )
    people = [one for one in ADMINISTRATION if one.startswith("user.")] + ["security_group.list", "customer.list"]
    document["roles"].append(
        {"key": "hr", **t, "name": "People", "access_level": "service_provider", "permissions": people}
    )
    for key, role, customers in (
        ("hr", "hr", [{"customer": None}]),
        ("rooted", "all", [{"customer": None}]),
        ("listed", "everything-named", [{"customer": None}]),
        ("dana", "delegate", [{"customer": "acme"}]),
    ):
        fields = {"role": role, "scope": "selected", "customers": customers}
        document["security_groups"].append({"key": key, **t, "name": key, **fields})
    for login, groups, filters in (
        ("hana", ["hr"], []),
        ("shadow", ["rooted"], []),
        ("lister", ["listed"], []),
        ("dana", ["dana", "empty"], []),
        ("wilma", ["everything"], ["prod"]),
    ):
        given = {"security_groups": [{"group": group} for group in groups], "customer_groups": filters}
        document["users"].append({"key": login, **t, "name": login, "login": login, **given})
    return World(sqlite_database, document)


def refused(world: World, login: str, *edits: Edit, said: str = "") -> None:
    """The change is refused, and leaves nothing behind."""
    before, count = world.dump(), world.entries()
    with pytest.raises(Refused) as caught:
        world.save(login, *edits)
    assert said in str(caught.value)
    assert world.session(login).preview(edits).refusal == str(caught.value)
    assert world.dump() == before
    assert world.entries() == count


def test_a_group_without_a_role_is_a_branch_too(world: World) -> None:
    """Somebody with their home at the root, in a group of all customers that gives nothing yet, may not arm it."""
    refused(world, "dana", world.blind("security_group", "empty", role=world.id("role", "reader")), said="stand on")
    refused(world, "dana", world.delete("security_group", "empty"), said="stand on")


def test_nobody_else_arms_it_for_them(world: World) -> None:
    """``empty`` is of all customers, owned by acme: whoever is in it at the root would have everything."""
    refused(world, "dora", world.blind("security_group", "empty", role=world.id("role", "reader")))


def test_a_group_reaches_as_far_as_those_who_are_in_it(world: World) -> None:
    """``local`` has a member at the root, so that it is more than acme's administrator holds."""
    refused(
        world, "dora", world.edit("dora", "security_group", "local", role=world.id("role", "delegate")), said="over"
    )
    refused(world, "dora", world.edit("dora", "security_group", "local", name="Mine"), said="over")
    refused(world, "dora", world.delete("security_group", "local"), said="over")
    refused(world, "dora", world.blind("role", "reader", permissions=frozenset(ADMINISTRATION)), said="over")


def test_members_come_with_users_only(world: World) -> None:
    dora, rita = world.id("user", "dora"), world.id("user", "rita")
    staff = world.id("user", "staff")
    refused(
        world, "dora", world.blind("security_group", "north-readers", members=frozenset({(rita, OPEN)})), said="with"
    )
    refused(world, "dora", world.blind("customer_group", "prod", users=frozenset({rita})), said="with the user")
    for user in (dora, staff, 10**6):
        group = SecurityGroupState(world.id("customer", "acme"), "N", members=frozenset({(user, OPEN)}))
        refused(world, "dora", Edit("security_group", -1, None, group), said="whom you may not change")
        filtering = CustomerGroupState(world.id("customer", "acme"), "N", users=frozenset({user}))
        refused(world, "dora", Edit("customer_group", -1, None, filtering), said="whom you may not change")


def test_edits_that_do_not_fit_together(world: World) -> None:
    acme, beta = world.id("customer", "acme"), world.id("customer", "beta")
    group = world.blind("security_group", "north-readers", name="One")
    other = world.blind("security_group", "north-readers", customers={acme: True, beta: True})
    refused(world, "boss", other, group, said="twice")
    user = world.state("user", world.id("user", "rita"))[0]
    refused(world, "boss", Edit("role", -1, None, altered(user, login="new")), said="one kind")
    role = RoleState(acme, "R")
    refused(world, "boss", Edit("role", world.id("role", "reader"), None, role), said="negative number")
    refused(world, "boss", Edit("role", -1, None, role), Edit("role", -1, None, role), said="twice")
    new = SecurityGroupState(acme, "G", -7)
    refused(world, "boss", Edit("security_group", -1, None, new), said="does not make")
    refused(world, "boss", Edit("security_group", -7, None, new), said="does not make")
    with_group = world.blind("user", "rita", security_groups=frozenset({(-9, OPEN)}))
    refused(world, "boss", with_group, said="does not make")


def test_deleting_or_widening_a_filter_of_somebody_greater(world: World) -> None:
    """Wilma holds everything, but for a filter that acme's administrator may change."""
    south = world.id("customer", "south")
    prod = world.state("customer_group", world.id("customer_group", "prod"))[0]
    assert isinstance(prod, CustomerGroupState)
    refused(world, "dora", world.delete("customer_group", "prod"), said="somebody who has it would get")
    wider = {**prod.customers, south: True}
    refused(world, "dora", world.edit("dora", "customer_group", "prod", customers=wider), said="would get")
    world.save("dora", world.edit("dora", "customer_group", "prod", active=False))  # this takes away
    refused(world, "dora", world.edit("dora", "customer_group", "prod", customers=wider), said="would get")
    refused(world, "dora", world.delete("customer_group", "prod"), said="would get")
    world.save("dora", world.edit("dora", "customer_group", "prod", active=True))  # and gives back what was theirs


def test_what_is_not_in_force_counts(world: World) -> None:
    """A window of long ago, or an inactive user or group, hides nothing that somebody may open later."""
    readers, past = world.id("security_group", "readers"), (None, AT - timedelta(days=1))
    new = altered(world.state("user", world.id("user", "idle"))[0], login="new", name="New", key="")
    for window in (OPEN, past, (AT + timedelta(days=1), None)):
        given = altered(new, security_groups=frozenset({(readers, window)}))
        refused(world, "hana", Edit("user", -1, None, given), said="this user would have")
    world.save("hana", Edit("user", -1, None, new))
    now, revision = world.state("user", world.id("user", "new"))
    sleeping = altered(now, active=False, security_groups=frozenset({(readers, past)}))
    refused(world, "hana", Edit("user", world.id("user", "new"), now, sleeping, revision), said="this user would have")
    world.save("dora", Edit("user", world.id("user", "new"), now, sleeping, revision))
    refused(world, "hana", world.blind("user", "new", active=True), said="this user already has")
    refused(world, "hana", world.delete("user", "new"), said="this user already has")


def test_all_permissions_now_and_later_are_more_than_each_of_them(world: World) -> None:
    root = world.id("customer", None)
    refused(world, "lister", Edit("role", -1, None, RoleState(root, "R", permissions=None)), said="all permissions")
    world.save("lister", Edit("role", -1, None, RoleState(root, "R", permissions=PERMISSIONS)))
    world.save("shadow", Edit("role", -1, None, RoleState(root, "R", permissions=None)))


def test_what_cannot_be_scoped_is_not_given_by_whoever_has_a_part(world: World) -> None:
    acme = world.id("customer", "acme")
    for permission in ("script.create", "policy.edit", "device.delete"):
        role = RoleState(acme, "R", permissions=frozenset({permission}))
        refused(world, "dora", Edit("role", -1, None, role), said="you do not hold")


def test_a_group_made_for_one_customer_never_edits_policies(world: World) -> None:
    root, beta = world.id("customer", None), world.id("customer", "beta")
    group = SecurityGroupState(root, "Beta", -2, "selected", {beta: True}, beta)
    for permissions in (None, frozenset({"policy.edit"})):
        role = RoleState(root, "Beta", permissions=permissions, private=True)
        edits = (Edit("role", -2, None, role), Edit("security_group", -1, None, group))
        refused(world, "boss", *edits, said="never edits policies")
    role = RoleState(root, "Beta", permissions=frozenset({"device.list"}), private=True)
    made = world.session("boss").save((Edit("role", -2, None, role), Edit("security_group", -1, None, group)))
    state, revision = world.state("role", made.created[-2])
    assert isinstance(state, RoleState)
    for permissions in (None, frozenset({"policy.edit"})):
        refused(world, "boss", Edit("role", made.created[-2], state, replace(state, permissions=permissions), revision))
    state, revision = world.state("security_group", made.created[-1])
    assert isinstance(state, SecurityGroupState)
    full = replace(state, role=world.id("role", "all"))
    refused(world, "boss", Edit("security_group", made.created[-1], state, full, revision), said="never edits policies")


def test_the_last_full_administrator_stays(world: World) -> None:
    """Shadow may do everything too, but by a group that names the root: that is not counted on."""
    prod = world.id("customer_group", "prod")
    everything = world.id("security_group", "everything")
    world.save("shadow", world.delete("user", "boss2"), world.delete("user", "wilma"))
    until = frozenset({(everything, (None, AT + timedelta(days=1)))})
    for edit in (
        world.delete("user", "boss"),
        world.edit("shadow", "user", "boss", active=False),
        world.edit("shadow", "user", "boss", home=world.id("customer", "acme")),
        world.edit("shadow", "user", "boss", customer_groups=frozenset({prod})),
        world.edit("shadow", "user", "boss", security_groups=frozenset()),
        world.edit("shadow", "user", "boss", security_groups=until),
        world.edit("shadow", "security_group", "everything", scope="selected"),
        world.edit("shadow", "security_group", "everything", role=None),
        world.delete("security_group", "everything"),
    ):
        refused(world, "shadow", edit, said="keep one full administrator")
    rooted = world.id("security_group", "rooted")
    role = world.edit("lister", "role", "all", permissions=frozenset({"device.list"}))
    refused(world, "lister", role)
    refused(
        world, "boss", world.edit("boss", "user", "boss", security_groups=frozenset({(rooted, OPEN)})), said="is you"
    )


def test_an_administrator_of_a_nested_customer(world: World) -> None:
    """Acme's administrator makes one for the south, who stays within it."""
    south, acme = world.id("customer", "south"), world.id("customer", "acme")
    group = SecurityGroupState(south, "South", world.id("role", "delegate"), "all")
    sam = altered(world.state("user", world.id("user", "idle"))[0], home=south, login="sam", name="Sam", active=True)
    sam = altered(sam, security_groups=frozenset({(-1, OPEN)}))
    world.save("dora", Edit("security_group", -1, None, group), Edit("user", -2, None, sam))
    role = RoleState(south, "Reading", permissions=frozenset({"device.list"}))
    made = world.session("sam").save([Edit("role", -1, None, role)]).created[-1]
    own = SecurityGroupState(south, "Own", made, "selected", {south: True})
    world.save("sam", Edit("security_group", -1, None, own))
    for state in (
        replace(own, owner=acme),
        replace(own, customers={acme: True}),
        replace(own, customers={world.id("customer", "north"): True}),
        replace(own, role=world.id("role", "reader")),
    ):
        refused(world, "sam", Edit("security_group", -1, None, state))
    for key in ("readers", "delegates"):
        with pytest.raises(Conflict, match="is not there any more"):
            world.save("sam", world.delete("security_group", key))
    refused(
        world, "sam", Edit("role", -1, None, replace(role, permissions=frozenset({"device.edit"}))), said="not hold"
    )


def test_two_who_work_together(world: World) -> None:
    """Two administrators of acme, each doing what the other may not to themselves, end up where they began."""
    second = altered(world.state("user", world.id("user", "dora"))[0], login="dan", name="Dan", key="")
    world.save("dora", Edit("user", -1, None, second))
    assert json.loads(world.dump())
    local = world.id("security_group", "local")
    before = world.document()
    now = world.state("user", world.id("user", "dora"))[0]
    assert hasattr(now, "security_groups")
    world.save("dan", world.edit("dan", "user", "dora", security_groups=now.security_groups | {(local, OPEN)}))
    assert beyond("dan", before, world.document(), ASKED) == []
    refused(world, "dora", world.blind("security_group", "local", role=world.id("role", "delegate")), said="stand on")
    refused(world, "dan", world.blind("security_group", "local", role=world.id("role", "delegate")), said="over more")
    refused(world, "dan", world.blind("user", "dora", home=world.id("customer", None)), said="choose a customer")
