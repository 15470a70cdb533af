"""Edits that no form would make."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.attacks import MISSING, audited, new, refused
from support.databases import rows
from support.edits import OPEN, World

from ringfence.domain.customer import CustomerState
from ringfence.domain.device import DeviceState
from ringfence.domain.errors import Conflict
from ringfence.domain.kind import altered
from ringfence.domain.role import RoleState
from ringfence.domain.security_group import SecurityGroupState
from ringfence.domain.site import SiteState
from ringfence.services.editing import Edit

pytestmark = pytest.mark.always

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
        "dora", Edit("device", world.id("device", "north-0"), state, altered(state, name="X", key="beta-0"), revision)
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
