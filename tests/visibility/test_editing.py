"""Creating, changing and deleting roles, groups and users: what is allowed, what is refused, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from support.documents import AT
from support.edits import OPEN, World, provider

from ringfence.domain.customer_group import CustomerGroupState
from ringfence.domain.errors import Conflict, Refused, RingfenceError, SessionEnded
from ringfence.domain.kind import altered
from ringfence.domain.role import RoleState
from ringfence.domain.security_group import SecurityGroupState
from ringfence.domain.user import UserState
from ringfence.services import audit
from ringfence.services.editing import Edit
from ringfence.services.records import Listing
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

NEW = UserState(0, "newcomer", "Newcomer")


@pytest.fixture
def world(database: Database) -> World:
    return World(database, provider())


@pytest.fixture
def on_file(sqlite_database: Database) -> World:
    """On SQLite alone, for what does not depend on the engine."""
    return World(sqlite_database, provider())


def refused(world: World, login: str, *edits: Edit, said: str, field: str | None = None) -> None:
    before, count = world.dump(), world.entries()
    with pytest.raises(Refused) as caught:
        world.save(login, *edits)
    assert said in str(caught.value)
    assert field is None or caught.value.field == field
    assert world.dump() == before
    assert world.entries() == count


def test_each_kind_comes_changes_and_goes(world: World) -> None:
    """By somebody who may, of one customer; each step is in the audit."""
    acme, south = world.id("customer", "acme"), world.id("customer", "south")
    made = world.session("dora").save(
        [
            Edit("role", -1, None, RoleState(acme, "Läser & co", permissions=frozenset({"device.list"}))),
            Edit("customer_group", -2, None, CustomerGroupState(acme, "South", "a\nb", True, {south: False})),
            Edit("security_group", -3, None, SecurityGroupState(acme, "South", -1, "selected", {south: True})),
            Edit(
                "user",
                -4,
                None,
                replace(NEW, home=south, security_groups=frozenset({(-3, OPEN)}), customer_groups=frozenset({-2})),
            ),
        ],
    )
    assert set(made.created) == {-1, -2, -3, -4}
    document = world.document()
    role = next(one for one in document["roles"] if one["key"] == "laser-co")
    assert role["permissions"] == ["device.list"]
    user = next(one for one in document["users"] if one["key"] == "newcomer")
    assert user["customer_groups"] == ["south"]
    assert [member["group"] for member in user["security_groups"]] == ["south"]
    session = world.session("newcomer")
    assert session.count(Listing("devices")) == 3  # those of the south itself, by the filter
    assert world.entries() == 4
    world.save("dora", world.edit("dora", "customer_group", "south", customers={south: True}, name="All south"))
    world.save("dora", world.edit("dora", "role", "laser-co", permissions=frozenset({"device.list", "customer.list"})))
    assert session.count(Listing("devices")) == 7
    assert session.count(Listing("customers")) == 2
    world.save("dora", world.delete("user", "newcomer"))
    world.save("dora", world.delete("security_group", "south"), world.delete("role", "laser-co"))
    world.save("dora", world.delete("customer_group", "south"))
    assert world.entries() == 10
    assert audit.verify(world.database)[1] == []


@pytest.mark.parametrize("kind", ["role", "customer_group", "security_group", "user"])
def test_hidden_and_missing_are_one(on_file: World, kind: Any) -> None:
    """Opening, changing and deleting what is hidden, or is not there, at any revision, by the same words and class."""
    world = on_file
    hidden = world.id(
        kind, {"role": "beta-role", "customer_group": "beta-only", "security_group": "betas"}.get(kind, "bert")
    )
    state, revision = world.state(kind, hidden)
    session = world.session("dora")

    def said(call: Callable[[], Any]) -> tuple[Any, ...]:
        with pytest.raises(RingfenceError) as caught:
            call()
        error = caught.value
        seen = (error.current, error.revision, error.who) if isinstance(error, Conflict) else ()
        return type(error), str(error).replace(str(hidden), "ID"), seen

    answers = []
    for record in (hidden, 10**6):
        found = [said(partial(session.open_record, kind, record))]
        for known in (0, revision, revision + 5):
            for after in (None, altered(state, name="Mine")):
                edit = Edit(kind, record, state, after, known)
                found.append(said(partial(session.save, [edit])))
                found.append(said(partial(session.preview, [edit])))
        answers.append(found)
    assert answers[0] == answers[1]


def test_references_to_hidden_things(on_file: World) -> None:
    """Each in the words for what is not there."""
    world = on_file
    acme, beta = world.id("customer", "acme"), world.id("customer", "beta")
    missing = 10**6
    user = replace(NEW, home=acme)
    betas, filtering = world.id("security_group", "betas"), world.id("customer_group", "beta-only")
    answers: list[set[tuple[str, str]]] = []
    for pairs in (
        [("customer_group", CustomerGroupState(acme, "N", customers={one: True})) for one in (beta, missing)],
        [("security_group", SecurityGroupState(acme, "N", customers={one: True})) for one in (beta, missing)],
        [("security_group", SecurityGroupState(acme, "N", made_for=one)) for one in (beta, missing)],
        [("security_group", SecurityGroupState(acme, "N", one)) for one in (world.id("role", "beta-role"), missing)],
        [("user", replace(user, security_groups=frozenset({(one, OPEN)}))) for one in (betas, missing)],
        [("user", replace(user, customer_groups=frozenset({one}))) for one in (filtering, missing)],
        [("user", replace(user, sites=frozenset({one}))) for one in (world.id("site", "roof"), missing)],
        [("user", replace(user, home=one)) for one in (beta, missing)],
        [("role", RoleState(one, "N")) for one in (beta, missing)],
        [("customer_group", CustomerGroupState(one, "N")) for one in (beta, missing)],
        [("security_group", SecurityGroupState(one, "N")) for one in (beta, missing)],
    ):
        said = set()
        for kind, state in pairs:
            with pytest.raises(Refused) as caught:
                world.save("dora", Edit(kind, -1, None, state))
            said.add((str(caught.value), caught.value.field))
        answers.append(said)
    assert [len(said) for said in answers] == [1] * len(answers)


def test_both_ends(on_file: World) -> None:
    """What is moved out of sight, or to where one may only look, stays."""
    world = on_file
    beta, root = world.id("customer", "beta"), world.id("customer", None)
    for node in (beta, root):
        refused(world, "dora", world.edit("dora", "role", "guard", owner=node), said="choose a customer", field="owner")
        refused(world, "dora", world.edit("dora", "user", "rita", home=node), said="choose a customer", field="home")
    # rita may list users nowhere; who may view but not change is told so
    with pytest.raises(RingfenceError):
        world.edit("rita", "user", "nora")
    with pytest.raises(Conflict, match="is not there any more"):
        world.save("rita", world.blind("user", "nora", name="N"))


def test_built_in_and_private_roles(on_file: World) -> None:
    world = on_file
    acme = world.id("customer", "acme")
    builtin = RoleState(acme, "B", builtin=True)
    refused(world, "boss", Edit("role", -1, None, builtin), said="built-in")
    refused(world, "boss", world.edit("boss", "role", "reader", builtin=True), said="built-in")
    with world.database.writing() as connection:
        connection.exec_driver_sql("UPDATE role SET builtin = TRUE WHERE key = 'guard'")
    refused(world, "boss", world.edit("boss", "role", "guard", name="Mine"), said="is copied, not changed")
    refused(world, "boss", world.delete("role", "guard"), said="is copied, not changed")
    assert "copied" in world.session("boss").open_record("role", world.id("role", "guard")).why_not
    refused(world, "boss", world.delete("role", "reader"), said="security groups use this role")
    world.save("boss", world.delete("role", "named"))


def test_a_private_role_belongs_to_one_group(on_file: World) -> None:
    """It goes with its group, or when its group takes another role; nobody else gets it."""
    world = on_file
    refused(world, "boss", world.edit("boss", "role", "reader", private=True), said="private to another")
    private = RoleState(world.id("customer", "acme"), "Own", permissions=frozenset({"device.list"}), private=True)
    made = (
        world.session("dora")
        .save(
            [
                Edit("role", -1, None, private),
                world.edit("dora", "security_group", "north-readers", role=-1),
            ],
        )
        .created[-1]
    )
    assert made in world.ids("role").values()
    refused(world, "dora", world.edit("dora", "security_group", "guards", role=made), said="private to another")
    swap = (
        world.edit("dora", "security_group", "north-readers", role=world.id("role", "reader")),
        world.edit("dora", "security_group", "guards", role=made),
    )
    refused(world, "dora", *swap, said="security groups use this role")
    world.save("dora", swap[0])
    assert made not in world.ids("role").values()
    again = (
        world.session("dora")
        .save(
            [Edit("role", -1, None, private), world.edit("dora", "security_group", "north-readers", role=-1)],
        )
        .created[-1]
    )
    # whoever says that the group had no role does not leave an orphan
    state, revision = world.state("security_group", world.id("security_group", "north-readers"))
    world.save(
        "dora",
        Edit("security_group", world.id("security_group", "north-readers"), altered(state, role=None), None, revision),
    )
    assert again not in world.ids("role").values()


def test_of_oneself_only_the_profile(on_file: World) -> None:
    world = on_file
    me = world.id("user", "rita")
    state, revision = world.state("user", me)
    world.save("rita", Edit("user", me, state, altered(state, name="Margarita", email="r@acme.example"), revision))
    assert world.state("user", me)[0].name == "Margarita"
    state, revision = world.state("user", me)
    changes: tuple[dict[str, Any], ...] = (
        {"login": "margarita"},
        {"home": world.id("customer", None)},
        {"security_groups": frozenset()},
        {"customer_groups": frozenset({world.id("customer_group", "prod")})},
        {"active": False},
    )
    for change in changes:
        refused(world, "rita", Edit("user", me, state, altered(state, **change), revision), said="this is you")
    with pytest.raises(RingfenceError):
        world.save("rita", Edit("user", me, state, None, revision))
    refused(world, "dora", world.delete("user", "dora"), said="somebody else must delete you")


def test_the_branch_one_sits_on(on_file: World) -> None:
    world = on_file
    for edit in (
        world.edit("dora", "security_group", "delegates", name="Mine"),
        world.delete("security_group", "delegates"),
        world.edit("dora", "role", "delegate", name="Mine"),
    ):
        refused(world, "dora", edit, said="you stand on this")


def test_whoever_was_deactivated_meanwhile(on_file: World) -> None:
    world = on_file
    session = world.session("dora")
    edit = world.edit("dora", "user", "rita", name="R")
    world.save("boss", world.edit("boss", "user", "dora", active=False))
    with pytest.raises(SessionEnded):
        session.save([edit])


TEXTS: list[tuple[dict[str, Any], str, str | None]] = [
    ({"name": ""}, "must not be empty", "name"),
    ({"name": " \u3000"}, "must not be empty", "name"),
    ({"name": "a\x1bb"}, "control character", "name"),
    ({"name": "a\nb"}, "control character", "name"),
    ({"name": "a\ud800b"}, "control character", "name"),
    ({"name": "a" * 401}, "longer than 400", "name"),
    ({"name": "\ufdfa" * 140}, "too long", "name"),
    ({"login": ""}, "must not be empty", "login"),
    ({"login": "\x85"}, "must not be empty", "login"),
    ({"login": "a\x7f"}, "control character", "login"),
    ({"login": "a" * 201}, "longer than 200", "login"),
    ({"login": "BOSS"}, "another user has this login", "login"),
    ({"login": "ｂｏｓｓ"}, "another user has this login", "login"),
    ({"email": "a\tb"}, "control character", "email"),
    ({"email": "a" * 201}, "longer than 200", "email"),
    ({"name": "ﬁ" * 400, "login": "ﷺ" * 99}, "too long", None),
]


def test_texts_that_no_user_has(on_file: World) -> None:
    for fields, said, field in TEXTS:
        state = replace(NEW, home=on_file.id("customer", "acme"), **fields)
        refused(on_file, "dora", Edit("user", -1, None, state), said=said, field=field)
        assert said in on_file.session("dora").preview([Edit("user", -1, None, state)]).refusal


def test_other_values_that_nothing_has(on_file: World) -> None:
    world = on_file
    acme = world.id("customer", "acme")
    group = CustomerGroupState(acme, "G", "x" * 4001)
    refused(world, "dora", Edit("customer_group", -1, None, group), said="longer than 4000", field="description")
    group = replace(group, description="a\x00")
    refused(world, "dora", Edit("customer_group", -1, None, group), said="control character", field="description")
    role = RoleState(acme, "R", "galaxy")
    refused(world, "dora", Edit("role", -1, None, role), said="access level", field="access_level")
    role = RoleState(acme, "R", permissions=frozenset({"device.fly"}))
    refused(world, "dora", Edit("role", -1, None, role), said="unknown", field="permissions")
    scope = SecurityGroupState(acme, "G", scope="some")
    refused(world, "dora", Edit("security_group", -1, None, scope), said="all or selected", field="scope")
    backwards = frozenset({(world.id("security_group", "readers"), (AT, AT))})
    user = replace(NEW, home=acme, security_groups=backwards)
    refused(world, "dora", Edit("user", -1, None, user), said="ends before it begins", field="security_groups")
    refused(world, "dora", said="nothing was changed")
    refused(world, "dora", world.edit("dora", "user", "rita"), said="nothing was changed")


def test_whole_or_nothing(world: World) -> None:
    first = world.edit("dora", "user", "rita", name="Changed")
    second = world.blind("security_group", "both", name="Mine")  # names beta too
    refused(world, "dora", first, second, said="over more customers")
    third = Edit("user", -1, None, replace(NEW, home=world.id("customer", "acme"), login="boss"))
    refused(world, "dora", first, third, said="another user has this login")
    world.save("dora", first)


def test_a_new_record_takes_a_free_key_and_none_of_its_own(on_file: World) -> None:
    world = on_file
    acme = world.id("customer", "acme")
    for name in ("reader", "Reader", "***", "北京", "北京"):
        world.save("dora", Edit("role", -1, None, RoleState(acme, name, key="chosen")))
    assert {"reader-2", "reader-3", "record", "record-2", "record-3"} <= set(world.ids("role"))
    assert "chosen" not in world.ids("role")


def test_a_conflict_shows_what_its_viewer_may_see(world: World) -> None:
    mine = world.edit("dora", "security_group", "empty", name="Mine")
    world.save(
        "boss",
        world.edit("boss", "security_group", "empty", name="Theirs", customers={world.id("customer", "beta"): True}),
    )
    with pytest.raises(Conflict, match="was changed meanwhile") as caught:
        world.save("dora", mine)
    conflict = caught.value
    assert (conflict.kind, conflict.id, conflict.revision) == ("security_group", mine.id, 2)
    assert conflict.current.name == "Theirs"
    assert conflict.current.customers == {}  # beta is hidden
    assert conflict.who == ""  # and so is boss
    with pytest.raises(Conflict) as caught:
        world.save("boss2", mine)
    assert caught.value.who == "boss"
    assert caught.value.current.customers == {world.id("customer", "beta"): True}
    with pytest.raises(Conflict):
        world.session("dora").preview([mine])
    with pytest.raises(Conflict):
        world.session("dora").prospect([mine], world.id("user", "rita"))
    world.save("boss", world.delete("security_group", "empty"))
    with pytest.raises(Conflict, match="is not there any more") as caught:
        world.save("dora", mine)
    assert caught.value.current is None


def test_what_an_editor_does_not_see_stays(on_file: World) -> None:
    """A form shows a part of what a record refers to; saving it loses nothing of the rest."""
    world = on_file
    beta, north = world.id("customer", "beta"), world.id("customer", "north")
    world.save("boss", world.edit("boss", "security_group", "empty", customers={beta: True}))
    betas = world.id("security_group", "betas")
    filters = frozenset({world.id("customer_group", "beta-only")})
    groups = frozenset({(betas, OPEN), (world.id("security_group", "readers"), OPEN)})
    world.save("boss", world.edit("boss", "user", "rita", customer_groups=filters, security_groups=groups))
    opened = world.session("dora").open_record("security_group", world.id("security_group", "empty"))
    assert opened.state.customers == {}
    world.save("dora", world.edit("dora", "security_group", "empty", customers={north: False}, name="E"))
    state = world.state("security_group", opened.id)[0]
    assert isinstance(state, SecurityGroupState)
    assert state.customers == {beta: True, north: False}
    opened = world.session("dora").open_record("user", world.id("user", "rita"))
    assert opened.state.customer_groups == frozenset()
    assert {group for group, _ in opened.state.security_groups} == {world.id("security_group", "readers")}
    given = opened.state.security_groups | {(world.id("security_group", "north-readers"), OPEN)}
    world.save("dora", world.edit("dora", "user", "rita", security_groups=given))
    user = world.state("user", opened.id)[0]
    assert isinstance(user, UserState)
    assert user.customer_groups == filters
    assert user.security_groups == given | {(betas, OPEN)}
    refused(world, "dora", world.edit("dora", "security_group", "both", name="B"), said="over more")
    refused(world, "dora", world.edit("dora", "customer_group", "mixed", name="B"), said="more customers")


def test_an_edit_of_another_field_meanwhile_is_a_conflict_and_then_rebased(on_file: World) -> None:
    """With the revision of the newer one, the older form's changes are made upon it."""
    world = on_file
    mine = world.edit("dora", "customer_group", "prod", customers={world.id("customer", "south"): True})
    world.save("boss", world.edit("boss", "customer_group", "prod", description="Theirs"))
    with pytest.raises(Conflict) as caught:
        world.save("dora", mine)
    world.save("dora", replace(mine, revision=caught.value.revision))
    state = world.state("customer_group", mine.id)[0]
    assert isinstance(state, CustomerGroupState)
    assert (state.description, state.customers) == ("Theirs", {world.id("customer", "south"): True})


def test_two_at_once(world: World) -> None:
    """One wins, the other is told; the chain of the audit is whole."""
    logins = ("boss", "boss2", "dora")
    edits = {login: world.edit(login, "customer_group", "prod", description=login) for login in logins}
    barrier = Barrier(len(logins))

    def save(login: str) -> str:
        session = world.session(login)
        barrier.wait()
        try:
            session.save([edits[login]])
        except Conflict:
            return "conflict"
        return login

    with ThreadPoolExecutor(len(logins)) as pool:
        results = list(pool.map(save, logins))
    assert sorted(result == "conflict" for result in results) == [False, True, True]
    state = world.state("customer_group", edits["boss"].id)[0]
    assert isinstance(state, CustomerGroupState)
    assert state.description in results
    assert world.entries() == 1
    assert audit.verify(world.database)[1] == []


def test_many_at_once_upon_different_records(world: World) -> None:
    """None is lost, and the audit numbers them one after the other."""
    keys = ["rita", "nora", "olaf", "gus", "bert", "staff"]
    edits = [world.edit("boss", "user", key, name=f"{key} {number}") for number, key in enumerate(keys)]
    with ThreadPoolExecutor(6) as pool:
        numbers = sorted(saved.change for saved in pool.map(lambda edit: world.session("boss").save([edit]), edits))
    assert numbers == [1, 2, 3, 4, 5, 6]
    assert audit.verify(world.database)[1] == []


def test_a_look_follows_at_once(on_file: World) -> None:
    """A viewer who stays sees what the change gave in their next look."""
    world = on_file
    viewer = Viewer.sign_in(world.database, "gus", AT)
    workspace = Workspace(world.database, AT)
    stamp = workspace.session(viewer).stamp()
    assert workspace.session(viewer).count(Listing("devices")) == 2
    world.save(
        "dora",
        world.edit("dora", "user", "gus", security_groups=frozenset({(world.id("security_group", "readers"), OPEN)})),
    )
    assert workspace.session(viewer).count(Listing("devices")) == 3
    assert workspace.session(viewer).stamp() != stamp
