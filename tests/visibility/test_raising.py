"""Nobody raises themselves by moving things: every kind of record, every way in, at once and later; and by chance."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.campaign import SAID, Campaign
from support.documents import AT
from support.edits import World, provider
from support.raising import raises
from support.tiers import seeds

from ringfence.changes.raising import concerning
from ringfence.domain.customer import CustomerState
from ringfence.domain.device import DeviceState
from ringfence.domain.errors import Refused
from ringfence.domain.registry import EDITED
from ringfence.services import assigning, audit, importing
from ringfence.services.editing import Edit
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database

MOVING = [
    *(kind.right(action) for kind in EDITED.values() for action in ("list", "view", "edit", "create")),
    "customer.move",
    "device.assign",
    "audit.view",
]
DAY = timedelta(days=1)
FIELDS = {
    kind.noun: kind.node.name for kind in EDITED.values() if kind.moves and not concerning(kind.noun) <= set(MOVING)
}
"""By which field a record of a kind goes elsewhere; a site stays where it is, and of an edge she holds every right."""
MOVED = {"customer": "deep", "device": "south-0", "user": "rita", "role": "guard"}
MOVED |= {"security_group": "empty", "customer_group": "prod"}


def with_eve(more: Any, **window: Any) -> dict[str, Any]:
    """The provider with Eve, who may move everything everywhere, and holds ``more`` (a group's entries) besides."""
    document = provider()
    t = {"tenant": "t"}
    for key, permissions, scope in (("mover", MOVING, None), ("more", "all", more)):
        fields = {"owner": None, "access_level": "service_provider", "permissions": permissions}
        document["roles"].append({"key": key, **t, "name": key, **fields})
        named = {"scope": "all"} if scope is None else {"scope": "selected", "customers": scope}
        document["security_groups"].append({"key": key, **t, "name": key, "owner": None, "role": key, **named})
    groups = [{"group": "mover"}, {"group": "more", **window}]
    eve = {"key": "eve", **t, "name": "Eve", "login": "eve", "home": None, "security_groups": groups}
    document["users"].append(eve)
    return document


AT_BETA = [{"customer": "beta", "nested": True}]


def to(world: World, kind: Any, customer: str | None) -> Edit:
    """A record of the kind, put below or given to a customer."""
    return replace(world.blind(kind, MOVED[kind], **{FIELDS[kind]: world.id("customer", customer)}), revision=0)


def said_of(world: World, login: str, *edits: Edit) -> str:
    """The refusal, which saving and its preview tell in the same words."""
    preview = world.session(login).preview(edits)
    with pytest.raises(Refused) as caught:
        world.save(login, *edits)
    assert str(caught.value) == preview.refusal
    return preview.refusal


@pytest.mark.parametrize("kind", FIELDS)
def test_nothing_comes_to_where_its_editor_holds_more(sqlite_database: Database, kind: str) -> None:
    """Nor with something else in the same change. Whoever holds as much at both ends may bring it there; and whoever
    takes it from where they hold more may take that back."""
    world = World(sqlite_database, with_eve(AT_BETA))
    old = world.document()
    said = said_of(world, "eve", to(world, kind, "beta"))
    assert said.startswith(SAID)
    assert said_of(world, "eve", to(world, kind, "beta"), world.blind("site", "gate", name="Other")) == said
    assert world.document() == old
    world.save("boss", to(world, kind, "beta"))
    there = world.document()
    assert raises("eve", old, there) != []
    away = world.save("eve", to(world, kind, "gamma"))
    assert said_of(world, "eve", to(world, kind, "beta")) == said
    audit.undo(world.viewer("eve"), away, "test")
    assert world.document() == there


def test_by_every_way_in(sqlite_database: Database) -> None:
    """Devices by assigning and by a sheet, too; one from a pool as well as one from another customer."""
    document = with_eve(AT_BETA)
    document["devices"].append({"key": "pool", "tenant": "t", "name": "Pool", "customer": None})
    world = World(sqlite_database, document)
    eve, beta = world.viewer("eve"), world.id("customer", "beta")
    said = said_of(world, "eve", to(world, "device", "beta"))
    for key in ("south-0", "pool"):
        edits = assigning.edits(eve, [world.id("device", key)], beta, None)[0]
        assert said_of(world, "eve", *edits) == said
        found = importing.read(eve, f"key,customer\n{key},beta\n".encode(), kind="device")
        assert (found.edits, found.faults) == ((), (f"line 2: {said}",))
    site = world.id("site", "roof")
    assert said_of(world, "eve", world.blind("device", "south-0", customer=beta, site=site)) == said
    made = importing.read(eve, b"name,customer\nNew,beta\n", kind="device")
    world.save("eve", *made.edits)  # a new one is judged by the right to create it there
    new = Edit("customer", -1, None, CustomerState(beta, "New"))
    world.save("eve", new, Edit("device", -2, None, DeviceState(-1, "New")))
    moved = world.blind("device", "south-0", customer=-1)
    assert said_of(world, "eve", Edit("customer", -1, None, CustomerState(beta, "Other")), moved) == said


def test_a_site_is_a_place_too(sqlite_database: Database) -> None:
    """Somebody who may do more at their site puts a device of the same customer onto it, or moves the site to where
    it counts."""
    document = with_eve([{"customer": "north", "nested": True}])
    document["roles"][-1]["access_level"] = "site"
    document["users"][-1]["sites"] = ["gate"]
    world = World(sqlite_database, document)
    gate, acme = world.id("site", "gate"), world.id("customer", "acme")
    assert said_of(world, "eve", world.blind("device", "north-x", site=gate)).startswith(SAID)
    world.save("eve", world.blind("device", "north-0", site=None))
    assert said_of(world, "eve", world.blind("device", "north-0", site=gate)).startswith(SAID)
    document["security_groups"][-1]["customers"] = AT_BETA
    world = World(sqlite_database, document)
    assert said_of(world, "eve", world.blind("customer", "north", parent=world.id("customer", "beta"))).startswith(SAID)
    world.save("eve", world.blind("customer", "deep", parent=acme))


@pytest.mark.parametrize(
    ("begin", "end", "raised"),
    [(None, 1, True), (1, None, True), (1, 2, True), (-1, 1, True), (None, -1, False), (-2, -1, False)],
)
def test_windows_that_are_to_open_count_and_those_that_are_shut_do_not(
    sqlite_database: Database, begin: int | None, end: int | None, raised: bool
) -> None:
    moments = [None if days is None else (AT + days * DAY).isoformat() for days in (begin, end)]
    world = World(sqlite_database, with_eve(AT_BETA, valid_from=moments[0], valid_until=moments[1]))
    for kind in FIELDS:
        if raised:
            assert said_of(world, "eve", to(world, kind, "beta")).startswith(SAID)
        else:
            world.save("eve", to(world, kind, "beta"))


def test_held_at_different_times_is_not_held_before(sqlite_database: Database) -> None:
    """More at both ends, but here only until tomorrow and there from then on; or each by another inactive filter."""
    document = with_eve([{"customer": "acme", "nested": True}], valid_until=(AT + DAY).isoformat())
    document["security_groups"].append({**document["security_groups"][-1], "key": "later", "customers": AT_BETA})
    document["users"][-1]["security_groups"].append({"group": "later", "valid_from": (AT + DAY).isoformat()})
    world = World(sqlite_database, document)
    for kind in FIELDS:
        assert said_of(world, "eve", to(world, kind, "beta")).startswith(SAID)
    document = with_eve([{"customer": key, "nested": True} for key in ("acme", "beta")])
    t = {"tenant": "t", "owner": None}
    for key, *named in (("on", "south", "beta"), ("here", "acme"), ("there", "beta")):
        entries = [{"customer": one, "nested": key != "on"} for one in named]
        document["customer_groups"].append({"key": key, **t, "name": key, "active": key == "on", "customers": entries})
    for filters, raised in ((["on", "here", "there"], True), (["on", "there"], True), (["on", "here"], False)):
        document["users"][-1]["customer_groups"] = filters
        world = World(sqlite_database, document)
        edit = world.blind("customer", "south", parent=world.id("customer", "beta"))
        if raised:
            assert said_of(world, "eve", edit).startswith(SAID)
        else:
            world.save("eve", edit)


def test_what_is_hidden_below_decides_nothing(sqlite_database: Database) -> None:
    """Somebody who reaches a customer without what is nested in it may not bring it to where they reach all, be there
    anything nested in it or not: else they would learn whether there is."""
    said = set()
    for key in ("south", "north"):  # one has something nested in it, the other has not
        document = with_eve([{"customer": key, "nested": False}, *AT_BETA])
        document["security_groups"][-2] |= {
            "scope": "selected",
            "customers": [{"customer": key, "nested": False}, {"customer": None, "nested": False}, *AT_BETA],
        }
        world = World(sqlite_database, document)
        said.add(said_of(world, "eve", world.blind("customer", key, parent=world.id("customer", "beta"))))
    assert len(said) == 1
    assert said.pop().startswith(SAID)


class TestTakingBack:
    """One's own change is taken back by whoever held that much just before it, and by nobody who got more since."""

    @pytest.fixture
    def world(self, sqlite_database: Database) -> World:
        return World(sqlite_database, with_eve(AT_BETA))

    def given_away(self, world: World, key: str = "beta") -> int:
        """Something of Beta's that Eve, who holds all of it there, gave away."""
        acme = world.id("customer", "acme")
        if key == "device":
            return world.save("eve", world.blind("device", "beta-0", customer=acme))
        world.save("boss", world.blind("customer", "north", parent=world.id("customer", "beta")))
        return world.save("eve", world.blind("customer", "north", parent=acme))

    @pytest.mark.parametrize("what", ["device", "customer"])
    def test_is_as_before(self, world: World, what: str) -> None:
        change = self.given_away(world, what)
        for edit in (world.blind("user", "rita", name="Other"), world.blind("security_group", "more", name="Other")):
            world.save("boss", edit)  # nothing of this gives anybody anything
        world.save("boss", world.blind("device", "north-0", name="Other"))
        audit.undo(world.viewer("eve"), change, "test")

    @pytest.mark.parametrize("what", ["device", "customer"])
    @pytest.mark.parametrize("way", ["membership", "group", "role", "tree", "load"])
    def test_is_not_where_more_was_given_since(self, sqlite_database: Database, what: str, way: str) -> None:
        document = with_eve([{"customer": "gamma", "nested": True}])
        if way == "membership":
            document["users"][-1]["security_groups"].pop()
        if way == "role":
            document["security_groups"][-1]["customers"] = AT_BETA
            document["roles"][-1]["permissions"] = ["audit.view"]
        world = World(sqlite_database, document)
        change = self.given_away(world, what)
        beta, more = world.id("customer", "beta"), world.id("security_group", "more")
        if way == "membership":
            world.save("boss", world.blind("security_group", "more", customers={beta: True}))
            groups = frozenset({(world.id("security_group", "mover"), (None, None)), (more, (None, None))})
            world.save("boss", world.blind("user", "eve", security_groups=groups))
        elif way == "group":
            world.save("boss", world.blind("security_group", "more", customers={beta: True}))
        elif way == "role":
            world.save("boss", world.blind("role", "more", permissions=None))
        elif way == "tree":
            world.save("boss", world.blind("customer", "beta", parent=world.id("customer", "gamma")))
        else:
            found = world.document()
            (group,) = (one for one in found["security_groups"] if one["key"] == "more")
            group["customers"] = AT_BETA
            load_document(sqlite_database, found, origin="test")
        with pytest.raises(Refused, match=SAID):
            audit.undo(world.viewer("eve"), change, "test")

    def test_is_not_where_something_else_came_along(self, world: World) -> None:
        change = self.given_away(world, "customer")
        world.save("eve", world.blind("device", "south-0", customer=world.id("customer", "north")))
        with pytest.raises(Refused, match=SAID):
            audit.undo(world.viewer("eve"), change, "test")

    def test_of_somebody_else_is_as_a_fresh_edit(self, world: World) -> None:
        change = world.save("boss", world.blind("device", "beta-0", customer=world.id("customer", "acme")))
        with pytest.raises(Refused, match=SAID):
            audit.undo(world.viewer("eve"), change, "test")


def test_the_rights_are_named(sqlite_database: Database) -> None:
    document = with_eve(AT_BETA)
    document["roles"][-1]["permissions"] = ["device.delete", "script.list"]
    world = World(sqlite_database, document)
    assert said_of(world, "eve", to(world, "device", "beta")) == (
        "there you would hold “Devices and assets: Delete”, “Scripts: List” over it, and you do not where it is: "
        "somebody else must do it"
    )
    document["roles"][-1]["permissions"] = ["role.delete", "audit.view"]
    world = World(sqlite_database, document)
    world.save("eve", to(world, "device", "beta"))  # which is nothing that anybody does to a device
    assert "“Roles: Delete”" in said_of(world, "eve", to(world, "customer", "beta"))


@pytest.mark.parametrize("seed", seeds(4))
def test_whatever_editors_try(sqlite_database: Database, tmp_path: Path, seed: int) -> None:
    """By chance, and compared with the oracle; ``python -m support.campaign`` does the same at length."""
    campaign = Campaign(sqlite_database, tmp_path / "ringfence.db", Random(7000 + seed))
    campaign.run(made=8, tries=100)
    assert campaign.compared > 1


@pytest.mark.postgres
def test_whatever_editors_try_on_postgresql(postgres_database: Database) -> None:
    campaign = Campaign(postgres_database, None, Random(9))
    campaign.run(made=4, tries=100)
    assert campaign.compared > 1
