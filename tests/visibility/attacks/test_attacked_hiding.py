"""What is hidden stays so, whatever is tried, and what careless people do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from support.attacks import MISSING, new, ours, refused
from support.edits import World

from ringfence.domain.customer import CustomerState
from ringfence.domain.device import DeviceState
from ringfence.domain.errors import Conflict, RingfenceError
from ringfence.domain.site import SiteState
from ringfence.domain.user import UserState
from ringfence.services.editing import Edit

pytestmark = pytest.mark.always


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
    assert refused(world, "dora", edit) == "you may not edit a device there (device.edit)"
    world.save("boss", world.blind("device", "north-0", name="Theirs"))
    with pytest.raises(Conflict, match="was changed meanwhile"):
        world.save("dora", edit)


@pytest.mark.parametrize("login", ["dora", "nick", "gus", "sam"])
@pytest.mark.parametrize("kind", ["customer", "site", "device"])
@pytest.mark.once(4)
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
