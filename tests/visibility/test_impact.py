"""What a change would do is what it does; what a user's settings come to is what they then see."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.databases import empty
from support.documents import AT, Sizes, documents, make_document
from support.edits import OPEN, Attempts, World, lists, provider, with_administrators
from support.oracle import Oracle
from support.tiers import seeds
from support.told import said, told

from ringfence.domain.customer_group import CustomerGroupState
from ringfence.domain.errors import Conflict, Refused, RingfenceError
from ringfence.domain.security_group import SecurityGroupState
from ringfence.domain.user import UserState
from ringfence.services.edited import Prospect
from ringfence.services.editing import Edit
from ringfence.services.records import Listing
from ringfence.storage.engine import Database
from ringfence.wording import wall

SIZES = Sizes(tenants=1, customers=6, sites=4, devices=9, roles=3, groups=4, filters=2, users=4)


def previewed(database: Database, document: dict[str, Any], chance: Random, tries: int) -> int:
    """Previews and saves many changes; returns how many of those that were made changed what anybody sees."""
    empty(database)
    world = World(database, with_administrators(document, chance))
    attempts = Attempts(world, chance)
    made = 0
    text, old = world.dump(), world.document()
    for _ in range(tries):
        editor = chance.choice(["full", "full", "a0", "a1"])
        if not any(user["login"] == editor and user["active"] for user in old["users"]):
            editor = "full"
        edits, count = attempts.next(editor, old), world.entries()
        try:
            preview = world.session(editor).preview(edits)
        except Conflict:
            continue
        assert world.dump() == text
        assert world.entries() == count
        if preview.refusal:
            assert preview.users == ()
            with pytest.raises(Refused) as caught:
                world.save(editor, *edits)
            assert (str(caught.value), caught.value.field) == (preview.refusal, preview.field)
            continue
        world.save(editor, *edits)
        text, new = world.dump(), world.document()
        assert said(preview.users) == told(old, new, editor), (editor, edits)
        made += bool(preview.users)
        old = new
    return made


def test_previews_from_seeds(sqlite_database: Database) -> None:
    told = 0
    for seed in range(3):
        chance = Random(seed)
        told += previewed(sqlite_database, make_document(chance, replace(SIZES, exact=True)), chance, 15)
    assert told > 1


@settings(max_examples=3)
@given(document=documents(SIZES), chance=st.randoms(use_true_random=False))
def test_preview_by_chance(sqlite_database: Database, document: dict[str, Any], chance: Random) -> None:
    previewed(sqlite_database, document, chance, 6)


@pytest.mark.postgres
def test_preview_on_postgresql(postgres_database: Database) -> None:
    chance = Random(11)
    assert previewed(postgres_database, make_document(chance, replace(SIZES, exact=True)), chance, 8) >= 0


@pytest.fixture
def world(sqlite_database: Database) -> World:
    return World(sqlite_database, provider())


def prospect(world: World, login: str, user: int, *edits: Edit) -> Prospect:
    return world.session(login).prospect(edits, user)


def counted(world: World, login: str) -> tuple[int, int]:
    session = world.session(login)
    return session.count(Listing("customers")), session.count(Listing("devices"))


@pytest.mark.parametrize("seed", seeds(3))
def test_a_prospect_is_what_the_lists_say(sqlite_database: Database, seed: int) -> None:
    """To a full administrator all of it; to another what both see."""
    chance = Random(seed)
    world = World(sqlite_database, with_administrators(make_document(chance, replace(SIZES, exact=True)), chance))
    old = world.document()
    shown, oracle = lists(old), Oracle(old, AT)
    for viewer in ("full", "a0", "a1"):
        for user in old["users"]:
            record, login = world.id("user", user["key"]), user["login"]
            if user["home"] not in oracle.visible_nodes(viewer, "user.view")[0] and login != viewer:
                with pytest.raises(RingfenceError, match="this user is not there any more"):
                    prospect(world, viewer, record)
                continue
            found = prospect(world, viewer, record)
            both = [len(own & theirs) for own, theirs in zip(shown[viewer], shown[login], strict=True)]
            assert [found.customers, found.devices] == both, (viewer, login)
            forest = oracle.forest(login)
            if viewer == "full":
                tops = {name for name, parent in forest.items() if parent is False}
                assert {world.id("customer", top) for top in tops} >= {one.id for one in found.tops}
            later = found.later
            if later is not None:
                future = Oracle(old, datetime.fromisoformat(later[0]))
                theirs = future.listed(login, "customers"), future.listed(login, "devices")
                assert later[1:] == tuple(len(a & b) for a, b in zip(shown[viewer], theirs, strict=True))


def test_it_follows_each_change_before_it_is_saved(world: World) -> None:
    rita = world.id("user", "rita")
    prod = frozenset({world.id("customer_group", "prod")})
    assert prospect(world, "boss", rita).customers == 4
    change = world.edit("boss", "user", "rita", customer_groups=prod)
    found = prospect(world, "boss", rita, change)
    assert (found.customers, found.devices, found.top_count) == (1, 3, 1)
    (top,) = found.tops
    assert (top.name, top.customers, top.devices) == ("Acme North", 1, 3)
    assert top.permissions == {"customer.list", "device.list", "site.list"}
    assert [(one.login, one.now.customers_lost, one.now.devices_lost) for one in found.preview.users] == [
        ("rita", 3, 8)
    ]
    world.save("boss", change)
    assert counted(world, "rita") == (found.customers, found.devices)
    new = UserState(world.id("customer", "acme"), "new", "New", security_groups=frozenset({(-2, OPEN)}))
    group = SecurityGroupState(world.id("customer", "acme"), "N", world.id("role", "reader"), "all")
    edits = (Edit("security_group", -2, None, group), Edit("user", -1, None, new))
    found = prospect(world, "dora", -1, *edits)
    assert (found.customers, found.devices, found.levels) == (4, 11, ("service_provider",))
    assert [(one.login, one.now.customers_gained) for one in found.preview.users] == [("new", 4)]
    taken = prospect(world, "dora", -1, edits[0], Edit("user", -1, None, replace(new, login="boss")))
    assert (taken.customers, taken.preview.refusal) == (0, "another user has this login")
    refused = prospect(world, "boss", rita, world.edit("boss", "user", "rita", email="\x00"))
    assert (refused.customers, refused.preview.field) == (1, "email")


def warned(world: World, user: str, **fields: Any) -> str:
    edit = [world.edit("boss", "user", user, **fields)] if fields else []
    found = prospect(world, "boss", world.id("user", user), *edit)
    ends = [wall(path) for path in found.nothing.paths] if found.nothing is not None else []
    return "\n".join([*ends, *found.warnings])


def test_warnings(world: World) -> None:
    rita, readers, north = (
        world.id(*one) for one in (("user", "rita"), ("security_group", "readers"), ("security_group", "north-readers"))
    )

    def given(*windows: Any) -> Any:
        return frozenset(windows)

    assert warned(world, "rita") == ""
    assert "closed at user active: inactive: sees nothing" in warned(world, "rita", active=False)
    none = prospect(world, "boss", rita, world.edit("boss", "user", "rita", security_groups=frozenset()))
    assert none.nothing is not None
    assert none.nothing.paths == ()
    assert "closed at filter: Filter off is inactive" in warned(world, "olaf")
    day = timedelta(days=1)
    begins = warned(world, "rita", security_groups=given((readers, (AT + day, None))))
    assert "closed at window: from 23 Nov 2026 12:00 UTC" in begins
    assert "Group readers begins on 23 Nov 2026 12:00 UTC." in begins
    ended = warned(world, "rita", security_groups=given((readers, (None, AT - day))))
    assert "Group readers ended on 21 Nov 2026 12:00 UTC." in ended
    assert "Group readers ends on" in warned(world, "rita", security_groups=given((readers, (None, AT + 3 * day))))
    assert warned(world, "rita", security_groups=given((readers, (None, AT + 4 * day)))) == ""
    assert warned(world, "gus", sites=frozenset()) == "closed at level: site: at none of their sites"
    beyond = warned(world, "bert", home=world.id("customer", "gamma"))
    assert beyond == "closed at scope: does not name anything in reach"
    both = given((readers, OPEN), (north, OPEN))
    assert (
        warned(world, "rita", security_groups=both) == "Group north-readers has no effect: the others give all of it."
    )
    named = SecurityGroupState(world.id("customer", None), "Named", world.id("role", "named"), "all")
    group = world.session("boss").save([Edit("security_group", -1, None, named)]).created[-1]
    nobody = warned(world, "staff", security_groups=given((group, OPEN)))
    assert "closed at level: customer: nothing is named for them" in nobody
    everything = given((world.id("security_group", "everything"), OPEN))
    assert warned(world, "staff", security_groups=everything) == ""
    role = world.edit("boss", "role", "reader", permissions=frozenset({"customer.list", "script.create"}))
    world.save("boss", role)
    assert "counts only with all customers: it has no effect here" in warned(world, "rita")


def test_warnings_name_no_hidden_group(world: World) -> None:
    betas = world.id("security_group", "betas")
    soon = (None, AT + timedelta(days=1))
    world.save("boss", world.edit("boss", "user", "rita", security_groups=frozenset({(betas, soon)})))
    found = prospect(world, "dora", world.id("user", "rita"))
    world.save("boss", world.edit("boss", "user", "rita", security_groups=frozenset()))
    without = prospect(world, "dora", world.id("user", "rita"))
    past = frozenset({(betas, (AT - timedelta(days=1), AT))})
    world.save("boss", world.edit("boss", "user", "rita", security_groups=past))
    assert found == without == prospect(world, "dora", world.id("user", "rita"))
    assert "betas" not in repr(found)


def test_a_hidden_filter_that_is_off_is_as_one_that_lets_nothing_through(world: World) -> None:
    beta = world.id("customer", "beta")
    found = []
    for active in (True, False):
        own = CustomerGroupState(beta, f"Of beta {active}", active=active, customers={beta: True})
        group = world.session("boss").save([Edit("customer_group", -1, None, own)]).created[-1]
        world.save("boss", world.edit("boss", "user", "rita", customer_groups=frozenset({group})))
        found.append(prospect(world, "dora", world.id("user", "rita")))
    assert found[0] == found[1]
    assert found[0].nothing is not None
    assert [wall(path) for path in found[0].nothing.paths] == [
        "closed at filter: no customer group of theirs lets anything in reach through"
    ]


def test_a_preview_of_somebody_greater_shows_no_hidden_user(world: World) -> None:
    """Wide changes are told of whom the viewer may list, and of nobody else."""
    edit = world.edit("boss", "security_group", "readers", customers={})
    assert {one.login for one in world.session("boss").preview([edit]).users} == {"rita", "nora"}
    world.save("boss", world.edit("boss", "user", "staff", security_groups=frozenset({(edit.id, OPEN)})))
    edit = world.edit("dora", "security_group", "readers", customers={})
    assert {one.login for one in world.session("dora").preview([edit]).users} == {"rita", "nora"}
