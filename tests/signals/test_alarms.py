"""Alarms: raised by signals and rules, counted on, over, suppressed, handed over, and looked at by the clocks."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from support.edits import World, provider
from support.signals import NOW, edge, send

from ringfence.domain import clock
from ringfence.signals import clocks
from ringfence.signals.clocks import Done
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.storage.signal_tables import moment_of

SECOND, MINUTE = 1000, 60_000


def document(*rules: dict[str, Any], **lists: list[dict[str, Any]]) -> dict[str, Any]:
    """The small provider, whose devices have unit ids as they have keys, with an edge over all, and rules."""
    made = provider()
    made["devices"] = [{**one, "unit_id": one["key"]} for one in made["devices"]]
    made["edges"] = [{"key": "e", "name": "E", "customer": None, "tenant": "t", "kind": "pipe"}]
    made["alarm_rules"] = [rule(f"r{place}", **one) for place, one in enumerate(rules)]
    made["alarms"], made["test_modes"] = [], []
    return made | lists


def rule(key: str, **fields: Any) -> dict[str, Any]:
    """A rule of the whole tenant."""
    return {"key": key, "tenant": "t", "name": "Too warm", "customer": None, "severity": "warning", **fields}


def alarms(world: World, *columns: str) -> list[tuple[Any, ...]]:
    """These columns of all alarms, in the order in which they began."""
    with world.database.reading() as connection:
        rows = connection.execute(text(f"SELECT {', '.join(columns)} FROM alarm ORDER BY started_key, id"))
        return [tuple(row) for row in rows]


def above(world: World) -> dict[str | None, int]:
    """How many alarms there are in the queues of customers, by key."""
    keys = {own: key for key, own in world.ids("customer").items()}
    with world.database.reading() as connection:
        rows = connection.execute(text("SELECT ancestor_id, count(*) FROM alarm_above GROUP BY ancestor_id"))
        return {keys[own]: many for own, many in rows}


def queues(world: World, customer: str, many: int) -> dict[str | None, int]:
    """So many in those of a customer and of all above it."""
    with world.database.reading() as connection:
        path = connection.execute(text("SELECT path FROM customer WHERE key = :key"), {"key": customer}).scalar_one()
    keys = {own: key for key, own in world.ids("customer").items()}
    return {keys[int(step, 36)]: many for step in path.strip("/").split("/")}


def hand_over(world: World, device: str, customer: str, passed: int) -> None:
    """Gives a device to another customer."""
    with clock.stopped(moment_of(NOW + passed)):
        world.save("boss", world.edit("boss", "device", device, customer=world.id("customer", customer), site=None))


def values(number: float, unit: str = "acme-0", **more: Any) -> dict[str, Any]:
    """A line that says how warm it is."""
    return {"unit": unit, "values": {"temperature": number}, **more}


def test_a_rule_raises_once_and_clears(database: Database) -> None:
    world = World(database, document({"raise_when": "temperature > 8"}))
    own = edge(database, "e")
    taken = [send(database, own, values(number), now=NOW + place * SECOND) for place, number in enumerate((1, 9, 9, 1))]
    assert [(one.raised, one.cleared) for one in taken] == [(0, 0), (1, 0), (0, 0), (0, 1)]
    assert alarms(world, "kind", "name", "text", "count", "outcome") == [
        ("too_warm", "Too warm", "temperature 9", 1, "by_itself")
    ]


def test_held_for_is_raised_by_the_clock(database: Database) -> None:
    world = World(database, document({"raise_when": "temperature > 8", "held_for": "5m"}))
    own = edge(database, "e")
    assert send(database, own, values(9)).raised == 0
    assert clocks.run(database, NOW + 5 * MINUTE - 1) == Done()
    assert clocks.run(database, NOW + 9 * MINUTE) == Done(1, 0)
    assert clocks.run(database, NOW + 9 * MINUTE) == Done()
    assert alarms(world, "text", "count") == [("temperature > 8, for 5m", 1)]


@pytest.mark.parametrize("kind", ["intrusion", "smoke"])
def test_signals_say_alarms_themselves(database: Database, kind: str) -> None:
    world = World(database, document())
    own = edge(database, "e")
    on = {"unit": "acme-0", "alarm": kind, "text": "Zone\x1b 15"}
    assert send(database, own, on, on).raised == 1
    off = send(database, own, {**on, "state": "off"}, now=NOW + SECOND)
    severe = kind == "intrusion"
    assert off.cleared == (not severe)
    found = ("critical", "open") if severe else ("warning", "by_itself")
    assert alarms(world, "severity", "outcome", "text", "count") == [(*found, "Zone  15", 2)]


class TestHandedOver:
    def test_what_a_signal_said_is_raised_anew_bare_and_what_a_rule_raised_is_not(self, database: Database) -> None:
        world = World(database, document({"raise_when": "temperature > 8"}))
        own = edge(database, "e")
        send(database, own, values(9), {"unit": "acme-0", "alarm": "fire", "text": "Zone 15"})
        hand_over(world, "acme-0", "beta", MINUTE)
        assert sorted(alarms(world, "kind", "outcome", "count", "text")) == [
            ("fire", "handed_over", 1, "Zone 15"),
            ("fire", "open", 1, ""),
            ("too_warm", "handed_over", 1, "temperature 9"),
        ]
        assert above(world) == queues(world, "beta", 1)
        assert clocks.run(database, NOW + 2 * MINUTE) == Done()
        taken = send(database, own, values(9), now=NOW + 3 * MINUTE)
        assert taken.raised == 1

    def test_by_a_file_it_is_the_same(self, database: Database) -> None:
        world = World(database, document({"raise_when": "temperature > 8"}))
        send(database, edge(database, "e"), values(9), {"unit": "acme-0", "alarm": "fire"})
        moved = {"key": "acme-0", "tenant": "t", "customer": "beta", "name": "D", "unit_id": "acme-0"}
        with clock.stopped(moment_of(NOW + MINUTE)):
            load_document(database, {"ringfence": 1, "devices": [moved]})
        found = [("fire", "handed_over"), ("fire", "open"), ("too_warm", "handed_over")]
        assert sorted(alarms(world, "kind", "outcome")) == found
        assert above(world) == queues(world, "beta", 1)
