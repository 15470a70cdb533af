"""What forms choose from: customers with their devices, permissions with reasons, groups made for one customer."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from support.documents import AT, Sizes, make_document
from support.edits import ADMINISTRATION, World, provider, with_administrators
from support.oracle import Oracle
from support.tiers import seeds
from support.wall import walled

from ringfence.domain.errors import RingfenceError
from ringfence.domain.security_group import SecurityGroupState
from ringfence.services.choices import GroupMembers
from ringfence.storage.engine import Database

SIZES = Sizes(tenants=1, customers=9, sites=6, devices=20, roles=4, groups=5, filters=3, users=5, exact=True)


@pytest.fixture
def world(sqlite_database: Database) -> World:
    return World(sqlite_database, provider())


@walled
@pytest.mark.parametrize("seed", seeds(4))
def test_customers_are_those_in_sight(database: Database, seed: int) -> None:
    """Parents, and the devices there and below, by brute force; the root only where it is asked for and in sight."""
    chance = Random(seed)
    world = World(database, with_administrators(make_document(chance, SIZES), chance))
    document = world.document()
    oracle = Oracle(document, AT)
    keys = {own: key for key, own in world.ids("customer").items()}
    root = world.id("customer", None)
    for user in document["users"]:
        login = user["login"]
        if not user["active"]:
            continue
        for include in ((), (root,)):
            found = world.session(login).customer_choices(include)
            forest = dict(oracle.forest(login))
            if not include:
                forest = {
                    node: False if parent is None else parent for node, parent in forest.items() if node is not None
                }
            nodes = [keys[own] for own in found.ids]
            assert set(nodes) == set(forest)
            assert len(nodes) == len(forest)
            assert found.folded == sorted(found.folded)
            parents = {
                node: nodes[parent] if parent >= 0 else False for node, parent in zip(nodes, found.parents, strict=True)
            }
            assert parents == forest
            devices = [oracle.records("t", "devices")[key]["customer"] for key in oracle.listed(login, "devices")]
            assert found.own == [devices.count(node) for node in nodes]
            for node, below in zip(nodes, found.below, strict=True):
                assert below == sum(devices.count(other) for other in nodes if _within(forest, other, node)), (
                    login,
                    node,
                )


def _within(forest: dict[str | None, str | bool | None], node: str | bool | None, top: str | None) -> bool:
    while node is not False and node != top:
        node = forest[node]  # type: ignore[index]
    return node is not False


@pytest.mark.parametrize("seed", seeds(4))
def test_a_groups_members_are_those_in_sight(database: Database, seed: int) -> None:
    """Names of its customers, logins of its users and its role, each as far as one may list it, by brute force; of a
    hidden group nothing, as of one that is not there."""
    chance = Random(seed)
    world = World(database, with_administrators(make_document(chance, SIZES), chance))
    document = world.document()
    oracle = Oracle(document, AT)
    told = 0
    for login in [user["login"] for user in document["users"] if user["active"]]:
        session = world.session(login)
        nodes, users = set(oracle.forest(login)), oracle.listed(login, "users")
        names: dict[str | None, str] = {key: one["name"] for key, one in oracle.records("t", "customers").items()}
        names[None] = document["tenants"][0]["name"]
        for kind in ("security_group", "customer_group"):
            plural, listed = f"{kind}s", f"{kind}s".replace("_", "-")
            seen = oracle.listed(login, listed)
            for key, group in world.ids(kind).items():
                found = session.group_members(listed, group)
                if key not in seen:
                    assert found == session.group_members(listed, 10**6) == GroupMembers((), ())
                    continue
                entry = next(one for one in document[plural] if one["key"] == key)
                named = {one["customer"] for one in entry["customers"]} & nodes
                assert sorted(found.customers) == sorted(names[one] for one in named)
                holders = [one["login"] for one in document["users"] if key in _given(one, plural)]
                keys = {one["login"]: one["key"] for one in document["users"]}
                assert set(found.logins) == {one for one in holders if keys[one] in users}
                told += bool(found.customers) + bool(found.logins)
                note = session.group_notes(listed, [group])[group]
                role = entry.get("role")
                shown = role is not None and role in oracle.listed(login, "roles")
                assert note.role == (oracle.records("t", "roles")[role]["name"] if shown and role else "")
    assert told


def _given(user: dict[str, Any], plural: str) -> set[str]:
    return {one["group"] if isinstance(one, dict) else one for one in user[plural]}


def test_permissions_say_why_not(world: World) -> None:
    def blocked(login: str, *, everywhere: bool, made_for: bool = False) -> dict[str, str]:
        found = world.session(login).permission_choices(everywhere=everywhere, made_for=made_for)
        return {one.key: one.blocked for one in found}

    assert set(blocked("boss", everywhere=True).values()) == {""}
    scoped = blocked("boss", everywhere=False)
    assert {key for key, why in scoped.items() if why} == {"script.create", "policy.edit"}
    assert scoped["policy.edit"] == "only with all permissions on all customers: a policy applies to every one of them"
    assert blocked("boss", everywhere=True, made_for=True)["policy.edit"] == "never in a group made for one customer"
    mine = blocked("dora", everywhere=True)
    assert {key for key, why in mine.items() if not why} == set(ADMINISTRATION)
    assert mine["device.delete"] == mine["script.create"] == "you do not hold it yourself"


def test_a_group_for_a_customer_is_made_once(world: World) -> None:
    for login, owner in (("boss", None), ("dora", "north")):
        session = world.session(login)
        customer = world.id("customer", "beta" if login == "boss" else "north")
        temporary, name, edits = session.group_for_customer(customer)
        assert (temporary, len(edits)) == (-1, 2)
        saved = session.save(edits)
        state = world.state("security_group", saved.created[-1])[0]
        assert isinstance(state, SecurityGroupState)
        assert (state.name, state.owner, state.made_for) == (name, world.id("customer", owner), customer)
        assert state.customers == {customer: True}
        assert session.group_for_customer(customer) == (saved.created[-1], name, ())
    with pytest.raises(RingfenceError) as hidden:
        world.session("dora").group_for_customer(world.id("customer", "beta"))
    with pytest.raises(RingfenceError) as missing:
        world.session("dora").group_for_customer(10**6)
    assert str(hidden.value) == str(missing.value)


def test_a_group_for_a_customer_holds_what_its_maker_holds_there(sqlite_database: Database) -> None:
    """Somebody who lists users at one customer and not at another makes a group for the other without that."""
    document = provider()
    t = {"tenant": "t"}
    role = {"key": "few", **t, "name": "Few", "access_level": "service_provider", "permissions": ["ticket.list"]}
    document["roles"].append(role)
    group = {"key": "few", **t, "name": "Few", "role": "few", "scope": "selected", "customers": [{"customer": "south"}]}
    document["security_groups"].append(group)
    document["users"][2]["security_groups"].append({"group": "few"})
    world = World(sqlite_database, document)
    for key, held in (("south", True), ("north", False)):
        edits = world.session("dora").group_for_customer(world.id("customer", key))[2]
        assert ("ticket.list" in edits[0].after.permissions) is held  # type: ignore[union-attr]
        world.save("dora", *edits)


def test_where_something_new_may_stand(world: World) -> None:
    assert world.session("boss").home_of_new("role.create") == (world.id("customer", None), "Tenant")
    assert world.session("dora").home_of_new("role.create") == (world.id("customer", "acme"), "Acme")
    assert world.session("rita").home_of_new("role.create") is None
    assert world.session("gus").home_of_new("device.list") is None  # only what stands at a site


def test_who_stands_on_what(world: World) -> None:
    workspace, viewer = world.workspace, world.viewer("dora")
    groups, logins = workspace.session(viewer).used_by("roles", world.id("role", "reader"))
    assert groups == ["Group both", "Group local", "Group north-readers", "Group readers"]
    assert logins == ["nora", "olaf", "rita"]  # staff is hidden
    beta, north = world.id("customer", "beta"), world.id("customer", "north")
    found = workspace.session(viewer).groups_naming("security-groups", north)
    assert found == {world.id("security_group", "north-readers"): True}
    assert workspace.session(viewer).groups_naming("customer-groups", beta) == {}
    assert set(workspace.session(world.viewer("boss")).groups_naming("customer-groups", beta)) == {
        world.id("customer_group", key) for key in ("mixed", "beta-only")
    }
    names = workspace.session(viewer).names_of("users", world.ids("user").values())
    assert sorted(names.values()) == [f"User {key}" for key in ("dora", "gus", "idle", "nora", "olaf", "rita")]
