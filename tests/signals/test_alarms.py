"""Alarms: raised by signals and rules, counted on, over, suppressed, handed over, and looked at by the clocks."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from support.edits import World, provider
from support.signals import NOW, edge, send

from ringfence.signals import clocks
from ringfence.signals.clocks import Done
from ringfence.storage.engine import Database

SECOND, MINUTE = 1000, 60_000


def document(*rules: dict[str, Any], **lists: list[dict[str, Any]]) -> dict[str, Any]:
    """The small provider, whose devices have unit ids as they have keys, with an edge over all, and rules."""
    made = provider()
    made["devices"] = [{**one, "unit_id": one["key"]} for one in made["devices"]]
    made["edges"] = [{"key": "e", "name": "E", "customer": None, "tenant": "t", "kind": "pipe"}]
    made["alarm_rules"] = [rule(f"r{place}", **one) for place, one in enumerate(rules)]
    return made | lists


def rule(key: str, **fields: Any) -> dict[str, Any]:
    """A rule of the whole tenant."""
    return {"key": key, "tenant": "t", "name": "Too warm", "customer": None, "severity": "warning", **fields}


def alarms(world: World, *columns: str) -> list[tuple[Any, ...]]:
    """These columns of all alarms, in the order in which they began."""
    with world.database.reading() as connection:
        rows = connection.execute(text(f"SELECT {', '.join(columns)} FROM alarm ORDER BY started_key, id"))
        return [tuple(row) for row in rows]


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
