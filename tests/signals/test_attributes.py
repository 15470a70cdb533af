"""Attributes that people set, as alarm rules ask for them: the nearest counts, and nobody is told what they do not
see."""

from __future__ import annotations

from contextlib import suppress
from io import StringIO
from typing import Any

import pytest
from support.edits import World, provider
from support.signals import NOW, edge, send

from ringfence.domain import clock
from ringfence.domain.clock import moment_of
from ringfence.domain.errors import RingfenceError
from ringfence.domain.kind import StateKind
from ringfence.domain.registry import KINDS
from ringfence.services import listing
from ringfence.services.attributes import Attribute, attributes
from ringfence.services.records import Listing
from ringfence.signals import clocks
from ringfence.signals.clocks import Done
from ringfence.snapshot.dump import dump
from ringfence.storage.engine import Database

MINUTE = 60_000
LIMIT = 7.125
"""A number that stands nowhere else."""
WHERE: list[tuple[StateKind, str]] = [
    ("customer", "acme"),
    ("customer", "north"),
    ("site", "gate"),
    ("device", "north-0"),
]
"""Where it may be set for a device, from afar to near."""


def document(**rule: Any) -> dict[str, Any]:
    """The small provider with a rule at Acme, and with people who see all of North or only its gate."""
    made, own = provider(), {"tenant": "t"}
    made["devices"] = [{**one, "unit_id": one["key"]} for one in made["devices"]]
    made["edges"] = [{"key": "e", "name": "E", "customer": None, **own, "kind": "pipe"}]
    made["alarms"], made["test_modes"] = [], []
    when = {"raise_when": "temperature > attr.max_temperature", "severity": "warning", **rule}
    made["alarm_rules"] = [{"key": "r", **own, "name": "Too warm", "customer": "acme", **when}]
    view = [f"{noun}.{verb}" for noun in ("customer", "site", "device") for verb in ("list", "view")]
    for key, level in (("looker", "service_provider"), ("watch", "site")):
        role = {
            "key": key,
            **own,
            "name": key,
            "access_level": level,
            "permissions": [*view, "alarm.list", "audit.view"],
        }
        made["roles"].append(role)
    group = {"key": "lookers", **own, "name": "L", "role": "looker", "scope": "selected"}
    made["security_groups"] += [
        {**group, "customers": [{"customer": "north"}]},
        {"key": "watchers", **own, "name": "W", "role": "watch", "scope": "all"},
    ]
    for login, belongs, sites in (("looker", "lookers", []), ("watcher", "watchers", ["gate"])):
        user = {"key": login, **own, "login": login, "name": login, "sites": sites}
        made["users"].append({**user, "security_groups": [{"group": belongs}]})
    return made


@pytest.fixture
def world(database: Database) -> World:
    return World(database, document())


def put(world: World, noun: StateKind, key: str, *lines: str, passed: int = 0) -> None:
    """Sets attributes on a record, in the place of all that it had."""
    with clock.stopped(moment_of(NOW + passed)):
        world.save("boss", world.edit("boss", noun, key, attributes="\n".join(lines)))


def told(world: World, number: float, unit: str = "north-0", *, passed: int) -> tuple[int, int]:
    """How many alarms are raised and cleared when it is that warm."""
    found = send(
        world.database, edge(world.database, "e"), {"unit": unit, "values": {"temperature": number}}, now=NOW + passed
    )
    return found.raised, found.cleared


def test_set_at_a_customer_asked_for_above_it_and_raised_by_the_clock(database: Database) -> None:
    world = World(database, document(held_for="5m"))
    put(world, "customer", "north", f"max_temperature = {LIMIT}")
    assert told(world, 9, passed=0) == (0, 0)
    assert told(world, 9, "south-0", passed=0) == (0, 0), "at South nobody knows the limit"
    assert clocks.run(database, NOW + 5 * MINUTE - 1) == Done()
    assert clocks.run(database, NOW + 8 * MINUTE) == Done(1, 0)
    assert clocks.run(database, NOW + 9 * MINUTE) == Done()
    (alarm,) = world.document()["alarms"]
    assert (alarm["device"], alarm["text"]) == ("north-0", "temperature, for 5m")
    assert alarm["started_at"] == moment_of(NOW + 5 * MINUTE).isoformat()


def test_the_nearest_counts_and_what_is_taken_away_counts_no_more(world: World) -> None:
    passed = 0
    for place, (noun, key) in enumerate(WHERE):
        put(world, noun, key, f"max_temperature = {10 * (place + 1)}", "other = 1")
        passed += 2
        assert told(world, 10 * place + 5, passed=passed) == (0, int(place > 0)), "no more than may be here"
        assert told(world, 10 * place + 11, passed=passed + 1) == (1, 0)
    for place, (noun, key) in reversed([*enumerate(WHERE)]):
        put(world, noun, key, "other = 1")
        passed += 2
        assert told(world, 10 * place + 5, passed=passed) == ((0, 0) if place == 3 else (int(place > 0), 0))
        assert told(world, 10 * place - 1, passed=passed + 1) == (0, int(place > 0))
    assert told(world, 100, passed=passed + 2) == (0, 0), "nobody knows how much may be"


def test_customers_and_devices_that_are_moved_come_under_others(world: World) -> None:
    put(world, "customer", "north", "max_temperature = 5")
    put(world, "device", "north-1", "max_temperature = 6")
    assert told(world, 9, "deep-0", passed=0) == (0, 0)
    with clock.stopped(moment_of(NOW + 1)):
        world.save("boss", world.edit("boss", "customer", "deep", parent=world.id("customer", "north")))
        south = {"customer": world.id("customer", "south"), "site": None}
        world.save("boss", world.edit("boss", "device", "north-1", **south))
    assert told(world, 9, "deep-0", passed=2) == (1, 0), "below North, by its limit"
    assert told(world, 9, "north-1", passed=2) == (0, 0), "what was set on it stayed behind"


def test_text_is_no_limit(world: World) -> None:
    put(world, "customer", "north", 'max_temperature = "5"')
    assert told(world, 9, passed=0) == (0, 0)


def test_what_people_set_on_the_device_counts_before_what_it_reports(world: World) -> None:
    own = edge(world.database, "e")
    put(world, "site", "gate", "max_temperature = 1")
    send(world.database, own, {"unit": "north-0", "attributes": {"max_temperature": 20}})
    assert told(world, 10, passed=1) == (0, 0), "it says itself that it may be so"
    put(world, "device", "north-0", "max_temperature = 5", passed=2)
    assert told(world, 10, passed=3) == (1, 0)


def everything(world: World, login: str) -> str:
    """All that somebody can read: lists, exports, a dump, the audit, records opened, attributes."""
    viewer, session = world.viewer(login), world.session(login)
    out = StringIO()
    dump(world.database, out, viewer)
    found: list[Any] = [out.getvalue()]
    for kind in KINDS:
        found += (one.fields() for one in listing.export(viewer, Listing(kind)))
        if kind == "audit":
            found += (session.audit_detail(one.id).lines for one in listing.export(viewer, Listing(kind)))
    for noun in ("customer", "site", "device"):
        opened = session.open_records(noun, [own for key, own in world.ids(noun).items() if key])
        found += (one.state for one in opened)
        for key in world.ids(noun):
            with suppress(RingfenceError):
                found += attributes(viewer, noun, key or "")
    return "\n".join(map(str, found))


def test_what_stands_above_is_told_to_nobody_who_does_not_see_it(world: World) -> None:
    put(world, "customer", "acme", f"max_temperature = {LIMIT}", "contact = Ada Above")
    assert told(world, 9, passed=0) == (1, 0)
    for login, sees in (("boss", True), ("looker", False), ("watcher", False)):
        found = everything(world, login)
        assert "temperature 9" in found, "the alarm they all see"
        assert (str(LIMIT) in found, "Ada Above" in found) == (sees, sees), login


def test_the_guard_of_a_site_is_told_of_the_site_and_not_of_its_customer(world: World) -> None:
    put(world, "customer", "north", "contact = Ada of North")
    put(world, "site", "gate", "contact = Bo of the gate")
    for login, sees in (("looker", True), ("watcher", False)):
        found = everything(world, login)
        assert ("Ada of North" in found, "Bo of the gate" in found) == (sees, True), login


def test_attributes_are_listed_with_where_they_stand_the_nearest_first(world: World) -> None:
    send(world.database, edge(world.database, "e"), {"unit": "north-0", "attributes": {"firmware": "2.4", "b": 3}})
    for place, (noun, key) in enumerate(WHERE):
        put(world, noun, key, f"b = {place}")
    boss = world.viewer("boss")
    assert attributes(boss, "device", "north-0") == [
        Attribute("b", 3.0, "set", "device", "north-0", "north 0"),
        Attribute("b", 3.0, "reported", "device", "north-0", "north 0"),
        Attribute("b", 2.0, "set", "site", "gate", "Gate"),
        Attribute("b", 1.0, "set", "customer", "north", "Acme North"),
        Attribute("b", 0.0, "set", "customer", "acme", "Acme"),
        Attribute("firmware", "2.4", "reported", "device", "north-0", "north 0"),
    ]
    assert [one.key for one in attributes(world.viewer("looker"), "site", "gate")] == ["gate", "north"]
    assert [one.key for one in attributes(world.viewer("watcher"), "device", "north-0")][:3] == [
        "north-0",
        "north-0",
        "gate",
    ]
    for noun, key in (("device", "beta-0"), ("customer", "acme"), ("site", "roof")):
        said = []
        for wanted in (key, "nothing"):
            with pytest.raises(RingfenceError) as refused:
                attributes(world.viewer("looker"), noun, wanted)
            said.append(str(refused.value).replace(wanted, "KEY"))
        assert said[0] == said[1]
