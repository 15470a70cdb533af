"""Whose the past is: what the audit shows of devices that go from one customer to another, and of customers that go."""

from __future__ import annotations

from typing import Any

import pytest
from support.edits import World
from support.tree_edits import ALL_KEEPING
from support.wall import walled

from ringfence.domain.customer import CustomerState
from ringfence.domain.device import DeviceState
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.services import audit, listing
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.services.rows import AuditRecord
from ringfence.storage.engine import Database

T = {"tenant": "t"}
ALPHA = ("Alpha", "alpha", "anna")
BRAVO = ("Bravo", "bravo", "bert")


def document() -> dict[str, Any]:
    """Two customers with an administrator each, one with two levels below it, and staff."""
    role = {**T, "access_level": "service_provider"}
    group = {**T, "scope": "all", "customers": []}

    def user(login: str, home: str | None, of: str) -> dict[str, Any]:
        return {
            "key": login,
            **T,
            "name": f"User {login}",
            "login": login,
            "home": home,
            "security_groups": [{"group": of}],
        }

    return {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": "Station"}],
        "customers": [
            {"key": "alpha", **T, "name": "Alpha Works"},
            {"key": "bravo", **T, "name": "Bravo Yards"},
            {"key": "dock", **T, "name": "Bravo Dock", "parent": "bravo"},
            {"key": "pier", **T, "name": "Bravo Pier", "parent": "dock"},
        ],
        "sites": [
            {"key": "alpha-gate", **T, "name": "Gate", "customer": "alpha"},
            {"key": "alpha-hall", **T, "name": "Alpha hall", "customer": "alpha"},
            {"key": "bravo-gate", **T, "name": "Gate", "customer": "bravo"},
        ],
        "devices": [
            {"key": f"pump-{n}", **T, "name": f"Pump {n}", "customer": "alpha", "site": site}
            for n, site in enumerate(["alpha-gate", "alpha-hall"] * 8)
        ]
        + [{"key": f"p-{key}", **T, "name": "Lamp", "customer": key} for key in ("dock", "pier")],
        "roles": [
            {"key": "all", "name": "All", "permissions": "all", **role},
            {"key": "keeping", "name": "Keeping", "permissions": ALL_KEEPING, **role},
        ],
        "security_groups": [
            {"key": "staff", "name": "Staff", "role": "all", **group},
            {"key": "alphas", "name": "Alpha people", "role": "keeping", "owner": "alpha", **group},
            {"key": "bravos", "name": "Bravo people", "role": "keeping", "owner": "bravo", **group},
        ],
        "users": [
            user("boss", None, "staff"),
            user("anna", "alpha", "alphas"),
            user("bert", "bravo", "bravos"),
            user("dick", "dock", "bravos"),
            user("pia", "pier", "bravos"),
        ],
    }  # fmt: skip


@pytest.fixture
def world(database: Database) -> World:
    return World(database, document())


@pytest.fixture
def on_file(sqlite_database: Database) -> World:
    return World(sqlite_database, document())


def entries(world: World, login: str, search: str = "", record: tuple[str, str] | None = None) -> list[AuditRecord]:
    """The audit as somebody lists it, oldest first; the count and the export say the same."""
    wanted = Listing("audit", search, record=record)
    viewer = world.viewer(login)
    found: Any = list(world.workspace.session(viewer).rows(wanted, Part(1000)))
    assert world.workspace.session(viewer).count(wanted) == len(found)
    assert list(listing.export(viewer, wanted)) == found
    return list(found)


def done(world: World, login: str, key: str, kind: str = "device") -> list[tuple[str, str]]:
    """What was done to a record, and what it was called, as somebody sees it."""
    found = [(one.action, one.name) for one in entries(world, login) if (one.kind, one.key) == (kind, key)]
    assert [(one.action, one.name) for one in entries(world, login, record=(kind, key))] == found
    return found


def said(world: World, login: str) -> str:
    """Everything that the audit tells somebody, wherever they look for it."""
    session = world.session(login)
    found: list[Any] = [entries(world, login)]
    found += [session.audit_detail(one.id) for one in found[0]]
    found += [one.fields() for one in found[0]]
    for search in ("alpha", "bravo", "pump", "gate", "assign", "hand over", "anna", "bert"):
        found += entries(world, login, search)
    for change in {one.change for one in found[0]}:
        try:
            found.append(session.preview_undo(change))
        except Refused as refused:
            found.append(str(refused))
    own = {one.id for one in found[0]}
    for one in entries(world, "boss"):
        if one.id not in own:
            with pytest.raises(RingfenceError) as caught:
                session.audit_detail(one.id)
            assert str(caught.value) == "this entry is not there"
    assert audit.verify(world.database)[1] == []
    return repr(found)


def silent(text: str, words: tuple[str, ...]) -> None:
    for word in words:
        assert word not in text, word


def assigned(world: World, *keys: str, to: str, **fields: Any) -> list[Edit]:
    return [world.blind("device", key, customer=world.id("customer", to), **fields) for key in keys]


@walled
def test_a_device_that_goes_leaves_its_past_behind(world: World) -> None:
    """The former customer sees what was up to the move and that it was handed over, the new one what is from then on;
    neither hears of the other."""
    world.save("anna", world.edit("anna", "device", "pump-1", name="Pump one", notes="by the alpha hall"))
    world.save("boss", world.edit("boss", "device", "pump-1", notes=""))
    world.save("boss", *assigned(world, "pump-1", to="bravo"))
    world.save("bert", world.edit("bert", "device", "pump-1", name="Pump of bravo"))
    before = [("edit", "Pump one"), ("edit", "Pump one")]
    since = [("assign", "Pump one"), ("edit", "Pump of bravo")]
    assert done(world, "anna", "pump-1") == before
    assert done(world, "anna", "alpha", "customer") == [("hand over", "Alpha Works")]
    assert done(world, "bert", "pump-1") == since
    assert done(world, "boss", "pump-1") == before + since
    assert [one.action for one in entries(world, "anna")] == ["edit", "edit", "hand over"]
    assert [one.action for one in entries(world, "bert")] == ["assign", "edit"]
    silent(said(world, "anna"), BRAVO)
    silent(said(world, "bert"), ALPHA)
    (handed,) = [one for one in entries(world, "anna") if one.action == "hand over"]
    lines = {one[0]: one[2] for one in world.session("anna").audit_detail(handed.id).lines}
    assert lines == {"Devices handed over": "1", "Names": "Pump one"}
    (taken,) = [one for one in entries(world, "bert") if one.action == "assign"]
    opened = world.session("bert").audit_detail(taken.id)
    assert opened.lines[0] == ("Customer", "", "Bravo Yards")
    assert opened.entries == 1
    assert opened.record.actor == ""
    assert world.session("boss").audit_detail(taken.id).entries == 2


def test_it_comes_back(on_file: World) -> None:
    """What it did elsewhere stays there; by undo as by hand."""
    world = on_file
    change = world.save("boss", *assigned(world, "pump-2", to="bravo"))
    world.save("bert", world.edit("bert", "device", "pump-2", name="Pump of bravo"))
    world.save("boss", *assigned(world, "pump-2", to="alpha"))
    assert done(world, "anna", "pump-2") == [("assign", "Pump of bravo")]
    world.save("anna", world.edit("anna", "device", "pump-2", name="Pump again"))
    assert done(world, "anna", "pump-2") == [("assign", "Pump of bravo"), ("edit", "Pump again")]
    assert done(world, "bert", "pump-2") == [("assign", "Pump 2"), ("edit", "Pump of bravo")]
    assert [one.action for one in entries(world, "bert")] == ["assign", "edit", "hand over"]
    change = world.save("boss", *assigned(world, "pump-4", to="bravo"))
    world.session("boss").undo(change)
    assert done(world, "anna", "pump-4") == [("assign", "Pump 4")]
    assert done(world, "bert", "pump-4") == [("assign", "Pump 4")]
    assert [one.action for one in entries(world, "bert")][-2:] == ["assign", "hand over"]
    silent(said(world, "bert"), ALPHA)
    silent(said(world, "anna").replace("Pump of bravo", ""), BRAVO)


def test_many_that_go_are_one_entry_for_those_they_leave(on_file: World) -> None:
    world = on_file
    keys = [f"pump-{n}" for n in range(16)]
    edits = [*assigned(world, *keys, to="bravo"), *assigned(world, "p-dock", to="pier")]
    change = world.save("boss", *edits)
    assert [(one.action, one.kind, one.key) for one in entries(world, "anna")] == [("hand over", "customer", "alpha")]
    assert "and 4 more" in said(world, "anna")
    assert [one.action for one in entries(world, "dick")] == ["assign", "hand over"]
    assert [one.action for one in entries(world, "pia")] == ["assign"]
    assert len(entries(world, "boss")) == 19
    silent(said(world, "anna"), BRAVO)
    for login in ("bert", "dick", "pia"):
        silent(said(world, login), ALPHA)
    world.session("boss").undo(change)
    assert {one.action for one in entries(world, "anna")[1:]} == {"assign"}
    silent(said(world, "anna"), BRAVO)
    silent(said(world, "pia"), ALPHA)


def test_nobody_takes_back_what_they_see_a_part_of(on_file: World) -> None:
    """The one who is left behind sees no more of the change than that it was; it is not theirs to take back."""
    world = on_file
    change = world.save("boss", *assigned(world, "pump-1", to="bravo"))
    for login in ("anna", "bert"):
        with pytest.raises(Refused, match="this entry is not there"):
            world.session(login).undo(change)


def test_whoever_saw_it_go_does_not_hear_what_became_of_it(on_file: World) -> None:
    """Renamed, deleted or left alone where it is now: taking back one's own older change of it says the same."""
    world = on_file
    change = world.save("anna", world.edit("anna", "device", "pump-1", name="Pump one"))
    world.save("boss", *assigned(world, "pump-1", to="bravo"))
    answers = set()
    for edit in (None, world.blind("device", "pump-1", name="Renamed"), None):
        if edit is not None:
            world.save("boss", edit)
        with pytest.raises(Refused) as caught:
            world.session("anna").undo(change)
        answers.add(str(caught.value))
    world.save("boss", world.delete("device", "pump-1"))
    with pytest.raises(Refused) as caught:
        world.session("anna").undo(change)
    assert answers == {str(caught.value)} == {"the device 'Pump one' is not there any more"}


@pytest.mark.once
def test_the_past_of_a_customer_stays_with_the_one_above(world: World) -> None:
    """Who comes back gets it again; nothing of it is lost or touched meanwhile."""
    world.save("pia", world.edit("pia", "device", "p-pier", name="Lamp of pier"))
    world.save("dick", world.edit("dick", "device", "p-dock", name="Lamp of dock"))
    world.save("bert", world.edit("bert", "site", "bravo-gate", name="Old gate"))
    past = {login: [one.number for one in entries(world, login)] for login in ("boss", "bert", "dick", "pia", "anna")}
    assert past == {"boss": [1, 2, 3], "bert": [1, 2, 3], "dick": [1, 2], "pia": [1], "anna": []}
    before = world.dump()
    change = world.save("bert", world.delete("customer", "dock"))
    assert [one.number for one in entries(world, "bert")][:3] == [1, 2, 3]
    assert [(one.action, one.key) for one in entries(world, "bert") if one.kind == "customer"] == [
        ("delete", "dock"),
        ("delete", "pier"),
    ]
    assert entries(world, "anna") == []
    silent(said(world, "bert"), ALPHA)
    count = world.entries()
    world.session("bert").undo(change)
    assert world.dump() == before
    for login, seen in past.items():
        assert [one.number for one in entries(world, login) if one.number <= 3] == seen, login
    assert {one.action for one in entries(world, "pia") if one.number > count} == {"create"}
    assert [one.action for one in entries(world, "pia") if 3 < one.number <= count] == ["delete"] * 3
    world.save("pia", world.edit("pia", "device", "p-pier", name="Lamp again"))
    assert done(world, "pia", "p-pier") == [
        *(("edit", "Lamp of pier"), ("delete", "Lamp of pier"), ("create", "Lamp of pier"), ("edit", "Lamp again")),
    ]
    assert audit.verify(world.database)[1] == []


def test_the_past_goes_up_as_far_as_it_must(on_file: World) -> None:
    """When the one above goes too, then to the next; each time it is brought back, down again."""
    world = on_file
    world.save("pia", world.edit("pia", "device", "p-pier", name="Lamp of pier"))
    inner = world.save("boss", world.delete("customer", "pier"))
    assert done(world, "dick", "p-pier") == [("edit", "Lamp of pier"), ("delete", "Lamp of pier")]
    outer = world.save("boss", world.delete("customer", "bravo"))
    assert done(world, "boss", "p-pier") == [("edit", "Lamp of pier"), ("delete", "Lamp of pier")]
    assert entries(world, "anna") == []
    world.session("boss").undo(outer)
    world.session("boss").undo(inner)
    assert done(world, "pia", "p-pier")[:2] == [("edit", "Lamp of pier"), ("delete", "Lamp of pier")]
    assert audit.verify(world.database)[1] == []


def test_a_customer_that_moves_takes_its_past_along(on_file: World) -> None:
    """Whoever looks after where it is now sees it all; whoever did before sees it no more."""
    world = on_file
    world.save("pia", world.edit("pia", "device", "p-pier", name="Lamp of pier"))
    world.save("boss", world.edit("boss", "customer", "dock", parent=world.id("customer", "alpha"), name="Dock"))
    assert [one.action for one in entries(world, "anna")] == ["edit", "move"]
    assert entries(world, "bert") == []
    assert [one.action for one in entries(world, "dick")] == ["edit", "move"]
    assert [one.action for one in entries(world, "pia")] == ["edit"]
    (move,) = [one for one in entries(world, "anna") if one.action == "move"]
    lines = world.session("anna").audit_detail(move.id).lines
    assert ("Parent", "", "Alpha Works") in lines
    lines = world.session("dick").audit_detail(move.id).lines
    assert ("Parent", "", "") in lines
    silent(said(world, "dick").replace("Bravo Dock", ""), ("Bravo Y", "Alpha", "anna", "bert"))


def test_what_was_cleared_out_first(on_file: World) -> None:
    """A customer goes and its devices stay with another one: the devices' past stays where the customer's does."""
    world = on_file
    before = world.dump()
    world.save("pia", world.edit("pia", "device", "p-pier", name="Lamp of pier"))
    then = world.dump()
    change = world.save("boss", world.delete("customer", "pier"), *assigned(world, "p-pier", to="alpha"))
    assert done(world, "anna", "p-pier") == [("assign", "Lamp of pier")]
    assert done(world, "dick", "p-pier") == [("edit", "Lamp of pier")]
    assert [one.action for one in entries(world, "dick") if one.kind == "customer"] == ["delete", "hand over"]
    silent(said(world, "anna"), BRAVO)
    silent(said(world, "dick"), ALPHA)
    world.session("boss").undo(change)
    assert world.dump() == then != before
    assert [one.action for one in entries(world, "pia")][:1] == ["edit"]
    assert audit.verify(world.database)[1] == []


def test_a_new_customer_gets_nobodys_past(on_file: World) -> None:
    """Neither by a name or key that was there, nor by a number that somebody knows."""
    world = on_file
    pier = world.id("customer", "pier")
    world.save("pia", world.edit("pia", "device", "p-pier", name="Lamp of pier"))
    world.save("boss", world.delete("customer", "pier"))
    new = CustomerState(world.id("customer", "alpha"), "Bravo Pier", key="pier", former=pier)
    made = world.session("anna").save([Edit("customer", -1, None, new)]).created[-1]
    assert made != pier
    assert [(one.action, one.kind) for one in entries(world, "anna")] == [("create", "customer")]
    device = DeviceState(made, "Lamp of pier", key="p-pier")
    world.save("anna", Edit("device", -1, None, device))
    assert len(entries(world, "anna")) == 2


def test_limits_are_in_the_audit_as_numbers(on_file: World) -> None:
    world = on_file
    before = world.dump()
    change = world.save("boss", world.edit("boss", "customer", "pier", max_devices=5, max_users=9))
    (entry,) = entries(world, "pia")
    lines = world.session("pia").audit_detail(entry.id).lines
    assert [(one[0], one[2]) for one in lines] == [("Max devices", "5"), ("Max users", "9")]
    limited = world.dump()
    gone = world.save("boss", world.delete("customer", "pier"))
    world.session("boss").undo(gone)
    assert world.dump() == limited
    world.session("boss").undo(change)
    assert world.dump() == before
