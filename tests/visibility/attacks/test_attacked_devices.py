"""Attacks upon devices, sites and ids, one id for two records among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from support.attacks import MISSING, new, refused, undo
from support.edits import OPEN, World

from ringfence.domain.customer import CustomerState
from ringfence.domain.customer_group import CustomerGroupState
from ringfence.domain.device import DeviceState
from ringfence.domain.errors import Conflict, Refused, SessionEnded
from ringfence.domain.role import RoleState
from ringfence.domain.security_group import SecurityGroupState
from ringfence.domain.site import SiteState
from ringfence.domain.user import UserState
from ringfence.services.editing import Edit
from ringfence.services.records import Listing
from ringfence.storage import maintenance

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


@pytest.mark.once
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
