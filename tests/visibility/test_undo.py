"""Taking changes back: to the byte, by the same rules, or not at all and with the reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.databases import empty
from support.documents import AT, Sizes, documents, make_document
from support.edits import OPEN, Attempts, World, provider, with_administrators
from support.tiers import seeds
from support.wall import walled

from ringfence.domain.customer_group import CustomerGroupState
from ringfence.domain.device import DeviceState
from ringfence.domain.errors import Conflict, Refused
from ringfence.domain.permission import PERMISSIONS
from ringfence.domain.role import RoleState
from ringfence.domain.security_group import SecurityGroupState
from ringfence.domain.user import UserState
from ringfence.services import audit
from ringfence.services.editing import Edit
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database

SIZES = Sizes(tenants=1, customers=5, sites=3, devices=3, roles=2, groups=3, filters=2, users=3)


@pytest.fixture
def world(database: Database) -> World:
    return World(database, provider())


@pytest.fixture
def on_file(sqlite_database: Database) -> World:
    return World(sqlite_database, provider())


def undo(world: World, login: str, change: int) -> int:
    return world.session(login).undo(change).change


def back_and_forth(database: Database, document: dict[str, Any], chance: Random, tries: int) -> int:
    """Somebody who may do everything changes things and takes each change back; returns how many there were."""
    empty(database)
    world = World(database, with_administrators(document, chance))
    attempts = Attempts(world, chance)
    made = 0
    for _ in range(tries):
        before, old = world.dump(), world.document()
        editor = chance.choice(["full", "full", "a0", "a1"])
        if not any(user["login"] == editor and user["active"] for user in old["users"]):
            editor = "full"
        try:
            change = world.save(editor, *attempts.next(editor, old))
        except (Refused, Conflict):
            continue
        after = world.dump()
        made += 1
        try:
            back = undo(world, editor, change)
        except Refused:
            assert editor != "full"  # it took more away than they may give
            assert world.dump() == after
            continue
        assert world.dump() == before
        if chance.random() < 0.5:
            undo(world, editor, back)  # what they did once they may do again: everything is as it was then
            assert world.dump() == after
    assert audit.verify(database)[1] == []
    return made


@pytest.mark.parametrize("seed", seeds(3))
def test_back_and_forth_from_a_seed(sqlite_database: Database, seed: int) -> None:
    chance = Random(seed)
    assert back_and_forth(sqlite_database, make_document(chance, replace(SIZES, exact=True)), chance, 10) > 0


@settings(max_examples=3)
@given(document=documents(SIZES), chance=st.randoms(use_true_random=False))
def test_back_and_forth_by_chance(sqlite_database: Database, document: dict[str, Any], chance: Random) -> None:
    back_and_forth(sqlite_database, document, chance, 6)


@pytest.mark.postgres
def test_back_and_forth_on_postgresql(postgres_database: Database) -> None:
    chance = Random(3)
    assert back_and_forth(postgres_database, make_document(chance, replace(SIZES, exact=True)), chance, 8) > 0


@walled
def test_what_was_deleted_comes_back_whole(world: World) -> None:
    """With its key, its members and their windows, its private role, and whoever was deleted with it."""
    acme, south = world.id("customer", "acme"), world.id("customer", "south")
    private = RoleState(acme, "Own", permissions=frozenset({"device.list"}), private=True)
    group = SecurityGroupState(acme, "Private", -1, "selected", {south: False}, south)
    made = world.session("boss").save([Edit("role", -1, None, private), Edit("security_group", -2, None, group)])
    window = (AT, AT + timedelta(hours=1, microseconds=5))
    for key in ("rita", "gus"):
        given = frozenset({(made.created[-2], window), (made.created[-2], OPEN)})
        world.save("dora", world.edit("dora", "user", key, security_groups=given))
    before = world.dump()
    change = world.save("dora", world.delete("security_group", "private"))
    assert "own" not in world.ids("role")
    undo(world, "dora", change)
    assert world.dump() == before
    change = world.save("dora", world.delete("user", "rita"), world.delete("security_group", "private"))
    undo(world, "dora", change)
    assert world.dump() == before
    change = world.save("dora", world.delete("customer_group", "prod"), world.delete("user", "nora"))
    undo(world, "dora", change)
    assert world.dump() == before


def test_a_site_of_ones_own_comes_back(on_file: World) -> None:
    """Nobody changes what they may see themselves, but what they took away themselves they get back with the site."""
    sites = frozenset({on_file.id("site", "gate"), on_file.id("site", "roof")})
    on_file.save("boss2", on_file.edit("boss2", "user", "boss", sites=sites))
    before = on_file.dump()
    change = on_file.save("boss", on_file.delete("site", "gate"))
    assert on_file.dump() != before
    undo(on_file, "boss", change)
    assert on_file.dump() == before


def test_leaving_a_group_that_goes(world: World) -> None:
    """Out of the generated group into a full one: in one change, and back in one."""
    before = world.dump()
    readers = world.id("security_group", "readers")
    moved = world.edit("boss", "user", "bert", security_groups=frozenset({(readers, OPEN)}))
    change = world.save("boss", moved, world.delete("security_group", "betas"), world.delete("role", "beta-role"))
    after = world.dump()
    assert before != after
    back = undo(world, "boss", change)
    assert world.dump() == before
    undo(world, "boss", back)
    assert world.dump() == after


def test_undoing_a_creation_takes_it_from_whoever_got_it_since(world: World) -> None:
    acme = world.id("customer", "acme")
    before = world.dump()
    group = SecurityGroupState(acme, "New", world.id("role", "reader"), "selected", {acme: True})
    saved = world.session("dora").save([Edit("security_group", -1, None, group)])
    given = frozenset({(saved.created[-1], OPEN), (world.id("security_group", "readers"), OPEN)})
    world.save("dora", world.edit("dora", "user", "rita", security_groups=given))
    undo(world, "dora", saved.change)
    assert world.dump() == before


def test_the_last_change_is_ones_own(on_file: World) -> None:
    world = on_file
    with pytest.raises(Refused, match="nothing of yours"):
        world.session("dora").preview_undo()
    first = world.save("dora", world.edit("dora", "user", "rita", name="R"))
    second = world.save(
        "dora", world.edit("dora", "user", "nora", name="N"), world.edit("dora", "user", "gus", name="G")
    )
    world.save("boss", world.edit("boss", "user", "bert", name="B"))
    number, said, preview = world.session("dora").preview_undo()
    assert (number, said, preview.refusal, preview.users) == (second, "edit user “N” and 1 more", "", ())
    undo(world, "dora", number)
    assert world.session("dora").preview_undo()[0] == first
    with pytest.raises(Refused, match="taken back already"):
        undo(world, "dora", number)
    undo(world, "dora", first)
    with pytest.raises(Refused, match="nothing of yours"):
        world.session("dora").preview_undo()


def test_what_is_hidden_is_not_there_to_undo(on_file: World) -> None:
    """Whose change it was matters not, but whether one sees all of it."""
    world = on_file
    hidden = world.save("boss", world.edit("boss", "user", "bert", name="B"))
    mixed = world.save(
        "boss", world.edit("boss", "user", "bert", name="B2"), world.edit("boss", "user", "rita", name="R")
    )
    weights = [world.session("dora").weight_of_change(change) for change in (hidden, 99)]
    assert weights == [0, 0], "nor does one learn how much it was"
    seen = world.save("boss", world.edit("boss", "user", "rita", name="R2"))
    for change in (hidden, mixed, 10**6):
        with pytest.raises(Refused) as caught:
            undo(world, "dora", change)
        assert str(caught.value) == "this entry is not there"
    undo(world, "dora", seen)


def test_the_same_rules_hold(on_file: World) -> None:
    """What somebody greater did is taken back only as far as one might have done it oneself."""
    world = on_file
    everything = world.id("security_group", "everything")
    change = world.save("boss", world.edit("boss", "user", "rita", security_groups=frozenset()))
    undo(world, "dora", change)
    world.save("boss", world.edit("boss", "user", "rita", security_groups=frozenset({(everything, OPEN)})))
    change = world.save("boss", world.edit("boss", "user", "rita", security_groups=frozenset()))
    before = world.dump()
    with pytest.raises(Refused) as caught:
        undo(world, "dora", change)
    assert str(caught.value) == "it refers to a security group that is not there any more"  # which is hidden from her
    with pytest.raises(Refused, match=str(caught.value)):
        world.session("dora").preview_undo(change)
    assert world.dump() == before
    # and one does not give oneself what was taken
    given = frozenset({world.id("site", "gate")})
    change = world.save("boss", world.edit("boss", "user", "dora", sites=given))
    with pytest.raises(Refused, match="this is you"):
        undo(world, "dora", change)


def test_a_deletion_is_not_a_way_into_a_group(on_file: World) -> None:
    """Members come back with a group only by somebody who might put each of them in."""
    world = on_file
    world.save(
        "boss",
        world.edit(
            "boss", "user", "staff", security_groups=frozenset({(world.id("security_group", "north-readers"), OPEN)})
        ),
    )
    change = world.save("dora", world.delete("security_group", "north-readers"))
    with pytest.raises(Refused, match="it refers to a user that is not there any more"):  # hidden from her
        undo(world, "dora", change)
    undo(world, "boss", change)


@pytest.mark.parametrize("moved", ["name", "customers", "gone", "again", "reference", "created"])
def test_the_world_has_moved_on(on_file: World, moved: str) -> None:
    world = on_file
    acme, north = world.id("customer", "acme"), world.id("customer", "north")
    if moved == "name":
        change = world.save("dora", world.edit("dora", "customer_group", "prod", name="A"))
        world.save("dora", world.edit("dora", "customer_group", "prod", name="B"))
        said = "the name of customer group 'A' was changed since"
    elif moved == "customers":
        change = world.save("dora", world.edit("dora", "customer_group", "prod", customers={acme: True}))
        world.save("dora", world.edit("dora", "customer_group", "prod", customers={north: False}))
        said = "the customers of customer group 'Filter prod' were changed since"
    elif moved == "gone":
        change = world.save("dora", world.edit("dora", "customer_group", "prod", name="A"))
        world.save("dora", world.delete("customer_group", "prod"))
        said = "the customer group 'A' is not there any more"
    elif moved == "again":
        change = world.save("dora", world.delete("customer_group", "prod"))
        world.save("dora", Edit("customer_group", -1, None, CustomerGroupState(acme, "Prod")))
        said = "there is a customer group with the key 'prod' again"
    elif moved == "reference":
        given = frozenset({world.id("customer_group", "prod")})
        world.save("dora", world.edit("dora", "user", "rita", customer_groups=given))
        change = world.save("dora", world.edit("dora", "user", "rita", customer_groups=frozenset()))
        world.save("dora", world.delete("customer_group", "prod"))
        said = "it refers to a customer group that is not there any more"
    else:
        state = CustomerGroupState(acme, "New")
        change = world.save("dora", Edit("customer_group", -1, None, state))
        world.save("dora", world.edit("dora", "customer_group", "new", name="Newer"))
        said = "the customer group 'New' was changed since: undo that first"
    before = world.dump()
    with pytest.raises(Refused) as caught:
        undo(world, "dora", change)
    assert str(caught.value) == said
    assert world.dump() == before


def test_others_changes_of_other_fields_stay(on_file: World) -> None:
    world = on_file
    acme, north, south = (world.id("customer", key) for key in ("acme", "north", "south"))
    change = world.save("dora", world.edit("dora", "customer_group", "prod", name="A", customers={south: True}))
    world.save(
        "boss", world.edit("boss", "customer_group", "prod", description="B", customers={south: True, acme: False})
    )
    undo(world, "dora", change)
    state = world.state("customer_group", world.id("customer_group", "prod"))[0]
    assert isinstance(state, CustomerGroupState)
    assert (state.name, state.description, state.customers) == ("Filter prod", "B", {north: True, acme: False})


def test_a_login_taken_meanwhile(on_file: World) -> None:
    world = on_file
    change = world.save("dora", world.edit("dora", "user", "rita", login="rita2"))
    state = UserState(world.id("customer", "acme"), "rita", "Other")
    world.save("dora", Edit("user", -1, None, state))
    with pytest.raises(Refused, match="another user has this login"):
        undo(world, "dora", change)


# What went along unseen.

T = {"tenant": "t"}
UNSEEN: dict[str, dict[str, Any]] = {
    "site": {"customer": "south"},
    "device": {"customer": "south", "unit_id": "U-0815"},
    "role": {"owner": "south", "access_level": "customer"},
    "customer_group": {"owner": "south"},
    "security_group": {"owner": "south", "role": None, "scope": "selected"},
    "user": {"home": "south", "login": "hid"},
}


def with_unseen(kind: str, many: int) -> dict[str, Any]:
    """The provider with ``ed``, who may do everything at Acme but list a kind and read the audit, and with so many
    records of that kind at Acme South."""
    document = provider()
    permissions = sorted(PERMISSIONS - {f"{kind}.list", "audit.view", "policy.edit", "script.create"})
    fields = {"key": "ed", **T, "name": "ed", "owner": None}
    level = {"access_level": "service_provider", "permissions": permissions}
    document["roles"].append({**fields, **level})
    named = {"role": "ed", "scope": "selected", "customers": [{"customer": "acme"}]}
    document["security_groups"].append({**fields, **named})
    document["users"].append({"key": "ed", **T, "name": "Ed", "login": "ed", "security_groups": [{"group": "ed"}]})
    document["devices"] = [one for one in document["devices"] if one["customer"] != "south"]
    document[f"{kind}s"] += [unseen(kind, "hid" if not number else f"hid{number}") for number in range(many)]
    return document


def unseen(kind: str, key: str, **fields: Any) -> dict[str, Any]:
    more = {name: value for name, value in (("login", key), ("unit_id", f"U-{key}")) if name in UNSEEN[kind]}
    return {"key": key, **T, "name": key, **UNSEEN[kind], **more, **fields}


@pytest.mark.parametrize("kind", UNSEEN)
def test_what_went_along_unseen_is_neither_counted_nor_named(sqlite_database: Database, kind: Any) -> None:
    """Where a customer went with things that its editor does not list, nor reads the audit of."""
    found = []
    for many in (1, 3):
        empty(sqlite_database)
        world = World(sqlite_database, with_unseen(kind, many))
        world.save("ed", world.delete("customer", "deep"))
        change = world.save("ed", world.delete("customer", "south"))
        found.append(world.session("ed").preview_undo()[1:])
        assert world.session("boss").preview_undo(change)[1].endswith(f" and {many} more")
    assert found[0] == found[1]
    place = next(name for name in ("customer", "owner", "home") if name in UNSEEN[kind])
    load_document(sqlite_database, {"ringfence": 1, f"{kind}s": [unseen(kind, "hid", **{place: "beta"})]})
    with pytest.raises(Refused, match=f"^there is a {kind.replace('_', ' ')} with a key of what went along again$"):
        world.session("ed").preview_undo()
    with pytest.raises(Refused, match=r"with the key 'hid' again$"):
        world.session("boss").preview_undo(change)


def test_a_unit_id_that_went_along_unseen_is_not_said(sqlite_database: Database) -> None:
    """Be it at the customer that was deleted, or one nested in it."""
    for at, gone in (("south", "south"), ("deep", "south")):
        empty(sqlite_database)
        document = with_unseen("device", 0)
        document["devices"].append(unseen("device", "hid", customer=at))
        world = World(sqlite_database, document)
        change = world.save("ed", world.delete("customer", gone))
        beta = world.id("customer", "beta")
        world.save("boss", Edit("device", -1, None, DeviceState(beta, "Other", "U-hid")))
        told = [world.session(one).preview_undo(change)[2].refusal for one in ("ed", "boss")]
        assert told == [
            "another device has a unit id of what went along",
            "another device has the unit id 'U-hid'",
        ]
