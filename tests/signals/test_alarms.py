"""Alarms: raised by signals and rules, counted on, over, suppressed, handed over, and looked at by the clocks."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from support.edits import World, provider
from support.signals import NOW, edge, latest, send

from ringfence.domain import clock
from ringfence.domain.clock import moment_of
from ringfence.domain.errors import Conflict
from ringfence.domain.kind import StateKind
from ringfence.signals import clocks, intake, memory
from ringfence.signals.clocks import Done
from ringfence.signals.telemetry import days_of
from ringfence.signals.working import Worker, absent
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.storage.signal_tables import DAY

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
    assert alarms(world, "text", "count") == [("temperature, for 5m", 1)]


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


class TestByPeople:
    def test_one_that_somebody_cleared_comes_again_once_its_condition_was_over(self, database: Database) -> None:
        world = World(database, document({"raise_when": "temperature > 8"}))
        own = edge(database, "e")
        send(database, own, values(9))
        world.save("boss", world.edit("boss", "alarm", key_of(world), outcome="false"))
        assert above(world) == {}
        raised = [send(database, own, values(one), now=NOW + one * SECOND).raised for one in (9, 10)]
        assert raised == [0, 0]
        send(database, own, values(1), now=NOW + 11 * SECOND)
        assert send(database, own, values(9), now=NOW + 12 * SECOND).raised == 1
        assert alarms(world, "outcome") == [("false",), ("open",)]

    def test_a_severe_one_that_is_over_waits_for_somebody_and_is_cleared_by_that(self, database: Database) -> None:
        world = World(database, document())
        own = edge(database, "e")
        on = {"unit": "acme-0", "alarm": "intrusion"}
        taken = send(database, own, on, {**on, "state": "off"})
        assert (taken.raised, taken.cleared) == (1, 0)
        change = world.save("boss", world.edit("boss", "alarm", key_of(world), acked_at=moment_of(NOW)))
        assert alarms(world, "outcome", "cleared_by_id IS NULL") == [("by_itself", 1)]
        assert above(world) == {}
        world.session("boss").undo(change)
        assert alarms(world, "outcome") == [("open",)]
        assert above(world) == queues(world, "acme", 1)

    def test_what_counts_on_is_no_conflict_and_what_is_cleared_is_one(self, database: Database) -> None:
        world = World(database, document({"raise_when": "temperature > 8"}))
        own = edge(database, "e")
        on = {"unit": "acme-0", "alarm": "water"}
        send(database, own, on)
        opened = world.edit("boss", "alarm", key_of(world), notes="seen")
        send(database, own, on, {**on, "alarm": "smoke"}, now=NOW + SECOND)
        world.save("boss", opened)
        assert alarms(world, "kind", "count", "notes")[0] == ("water", 2, "seen")
        opened = world.edit("boss", "alarm", key_of(world), outcome="real")
        send(database, own, {**on, "state": "off"}, now=NOW + 2 * SECOND)
        with pytest.raises(Conflict):
            world.save("boss", opened)

    def test_a_higher_severity_takes_the_acknowledgement_away_a_lower_one_does_not(self, database: Database) -> None:
        world = World(database, document())
        own = edge(database, "e")
        on = {"unit": "acme-0", "alarm": "water"}
        send(database, own, {**on, "severity": "minor"})
        world.save("boss", world.edit("boss", "alarm", key_of(world), acked_at=moment_of(NOW)))
        send(database, own, {**on, "severity": "info"})
        assert alarms(world, "severity", "acked_at IS NULL", "acked_by_id IS NULL") == [("minor", 0, 0)]
        send(database, own, {**on, "severity": "critical"})
        assert alarms(world, "severity", "acked_at IS NULL", "acked_by_id IS NULL") == [("critical", 1, 1)]

    def test_customers_take_their_alarms_along_into_other_queues(self, database: Database) -> None:
        world = World(database, document())
        send(database, edge(database, "e"), {"unit": "deep-0", "alarm": "fire"}, {"unit": "acme-0", "alarm": "fire"})
        world.save("boss", world.edit("boss", "customer", "south", parent=world.id("customer", "beta")))
        found = queues(world, "deep", 1)
        assert above(world) == {**found, "acme": 1, None: 2}

    def test_a_rule_that_goes_ends_what_it_raised(self, database: Database) -> None:
        world = World(database, document({"raise_when": "temperature > 8"}))
        send(database, edge(database, "e"), values(9))
        world.save("boss", world.delete("alarm_rule", "r0"))
        assert alarms(world, "outcome", "rule_id") == [("by_itself", None)]


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("alarm_rule", "r0"),
        ("edge", "e"),
        ("user", "boss2"),
        ("device", "north-0"),
        ("site", "gate"),
        ("customer", "gamma"),
    ],
)
def test_what_goes_and_comes_back_is_to_its_alarms_what_it_was(database: Database, kind: StateKind, key: str) -> None:
    """What raised them, who has them, acknowledged and cleared them, where they were: but to those that are gone."""
    made = document({"raise_when": "temperature > 8"})
    made["alarm_rules"].append({**rule("r1", raise_when="t > 1"), "customer": "gamma"})
    world = World(database, made)
    own = edge(database, "e")
    send(database, own, values(9, "north-0"), *({"unit": "north-0", "alarm": one} for one in ("fire", "water")))
    keys = [one for one in world.ids("alarm") if one]
    boss2 = world.id("user", "boss2")
    for one in keys:
        world.save("boss2", world.edit("boss2", "alarm", one, assignee=boss2, acked_at=moment_of(NOW)))
        world.save("boss2", world.edit("boss2", "alarm", one, outcome="real"))
    if kind == "customer":  # its rule raised them where the device has gone from since
        with database.writing() as connection:
            connection.execute(text("UPDATE alarm SET rule_id = :rule"), {"rule": world.id("alarm_rule", "r1")})

    def told() -> list[dict[str, Any]]:
        """What each alarm refers to, by key: what comes back has another id."""
        kinds: dict[str, StateKind] = {"rule": "alarm_rule", "edge": "edge", "device": "device", "site": "site"}
        kinds |= dict.fromkeys(("assignee", "acked_by", "cleared_by"), "user")
        keys = {kind: {own: key for key, own in world.ids(kind).items()} for kind in kinds.values()}
        rows = alarms(world, "key", *(f"{name}_id" for name in kinds))
        return [
            {"key": row[0], **{name: keys[kinds[name]].get(own) for name, own in zip(kinds, row[1:], strict=True)}}
            for row in rows
        ]

    before = told()
    change = world.save("boss", world.delete(kind, key))
    assert (between := told()) != before
    back = world.session("boss").undo(change).change
    assert told() == before
    again = world.session("boss").undo(back).change
    assert told() == between
    world.save("boss", world.delete("alarm", keys[0]))
    world.session("boss").undo(again)
    assert told() == [one for one in before if one["key"] != keys[0]]


class TestTestModes:
    def test_an_intrusion_is_not_told_and_a_fire_is(self, database: Database) -> None:
        world = World(database, under_test(document()))
        own = edge(database, "e")
        kinds = ("intrusion", "intrusion", "fire")
        assert send(database, own, *({"unit": "acme-0", "alarm": kind} for kind in kinds)).raised == 1
        found = [("fire", "open", 1), ("intrusion", "test", 2)]
        assert sorted(alarms(world, "kind", "outcome", "count")) == found
        assert above(world) == queues(world, "acme", 1)
        assert clocks.run(database, NOW + 60 * MINUTE - 1) == Done()
        assert clocks.run(database, NOW + 61 * MINUTE) == Done(1, 0)
        assert clocks.run(database, NOW + 62 * MINUTE) == Done()
        found.insert(1, ("intrusion", "open", 1))
        assert sorted(alarms(world, "kind", "outcome", "count")) == found

    def test_of_what_ended_meanwhile_nothing_is_said(self, database: Database) -> None:
        world = World(database, under_test(document({"raise_when": "temperature > 8"})))
        own = edge(database, "e")
        on = {"unit": "acme-0", "alarm": "intrusion"}
        taken = send(database, own, on, values(9), {**on, "state": "off"}, values(1))
        assert (taken.raised, taken.cleared) == (0, 0)
        assert clocks.run(database, NOW + 61 * MINUTE) == Done()
        assert {outcome for (outcome,) in alarms(world, "outcome")} == {"test"}

    def test_one_that_is_taken_away_is_over(self, database: Database) -> None:
        world = World(database, under_test(document()))
        send(database, edge(database, "e"), {"unit": "acme-0", "alarm": "intrusion"})
        with clock.stopped(moment_of(NOW + MINUTE)):
            world.save("boss", world.delete("test_mode", "m"))
        assert clocks.run(database, NOW + MINUTE) == Done(1, 0)


def test_what_comes_too_often_is_counted_in_the_last_one(database: Database) -> None:
    world = World(database, document())
    own = edge(database, "e")
    on = {"unit": "acme-0", "alarm": "water"}
    lines = [{**on, "state": ("on", "off")[place % 2]} for place in range(100)]
    taken = send(database, own, *lines)
    assert (taken.raised, taken.cleared) == (20, 19)
    assert alarms(world, "count", "runaway")[-1] == (31, 1)
    assert clocks.run(database, NOW + 3 * MINUTE - 1) == Done()
    assert clocks.run(database, NOW + 3 * MINUTE) == Done(0, 1)


def test_a_batch_that_fails_leaves_nothing_that_the_next_one_would_believe(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(database, document({"raise_when": "temperature > 8"}))
    own = edge(database, "e")
    send(database, own, values(1))

    def fails(*_: Any, **__: Any) -> None:
        raise OSError("no room")

    for where in ("keep", "watch"):
        monkeypatch.setattr(intake, where, fails if where == "watch" else kept_and(fails))
        with pytest.raises(OSError, match="no room"):
            send(database, own, values(9), now=NOW + 9 * SECOND)
        monkeypatch.undo()
    assert send(database, own, values(9), now=NOW + SECOND).raised == 1
    assert latest(world.viewer("boss"), "acme-0") == {"temperature": 9}


def test_what_others_did_between_two_batches_counts(database: Database) -> None:
    world = World(database, document({"raise_when": "temperature > 8", "customer": "acme"}))
    own = edge(database, "e")
    send(database, own, values(1))
    hand_over(world, "acme-0", "beta", MINUTE)
    assert send(database, own, values(9), now=NOW + 2 * MINUTE).raised == 0
    world.save("boss", world.delete("device", "acme-0"))
    assert send(database, own, values(9), now=NOW + 3 * MINUTE).unmatched == 1


def test_what_is_older_than_the_latest_value_touches_no_rule(database: Database) -> None:
    World(database, document({"raise_when": "temperature > 8"}))
    own = edge(database, "e")
    send(database, own, values(1), now=NOW + MINUTE)
    late = values(9, ts=moment_of(NOW).isoformat())
    assert send(database, own, late, now=NOW + MINUTE).raised == 0
    assert send(database, own, late, values(1), now=NOW + 2 * MINUTE).raised == 0


def test_an_attribute_of_the_device_is_a_limit(database: Database) -> None:
    World(database, document({"raise_when": "temperature > attr.limit"}))
    own = edge(database, "e")
    assert send(database, own, values(9)).raised == 0
    send(database, own, {"unit": "acme-0", "attributes": {"limit": 8}})
    assert send(database, own, values(9), now=NOW + SECOND).raised == 1


def test_of_what_a_device_says_nothing_is_kept_that_a_terminal_obeys(database: Database) -> None:
    world = World(database, document({"raise_when": 'said != ""'}))
    nasty = "a\x1b]0;x\x07b\x9b31mc\u202ed\r\n"
    line = {"unit": "acme-0", "values": {"said": nasty}, "alarm": "fire", "text": nasty}
    send(database, edge(database, "e"), line)
    for said, name in alarms(world, "text", "name"):
        assert (said + name).isprintable()
        assert "a ]0;x b 31mc d" in said


def test_the_worker_says_that_it_is_there_and_drops_what_is_old(database: Database) -> None:
    world = World(database, under_test(document()))
    own = edge(database, "e")
    send(database, own, {"unit": "acme-0", "alarm": "fire", "id": "1"}, values(1))
    worker = Worker(database)

    def kept() -> list[int]:
        names = ("event", "known_signal", "test_mode")
        with database.reading() as connection:
            assert absent(connection, NOW) is False
            counts = [connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names]
            return [*counts, len(days_of(connection))]

    with database.reading() as connection:
        assert absent(connection, NOW)
    worker.work(NOW)
    assert kept() == [1, 1, 1, 1]
    worker.work(NOW + 31 * DAY)
    assert kept() == [0, 0, 1, 0]
    worker.work(NOW + 91 * DAY)
    assert kept() == [0, 0, 0, 0]
    assert alarms(world, "kind") == [("fire",)]


def under_test(made: dict[str, Any]) -> dict[str, Any]:
    """The same, with a test mode of acme for an hour."""
    mode = {"key": "m", "tenant": "t", "name": "M", "customer": "acme"}
    made["test_modes"] = [
        mode | {"since": moment_of(NOW).isoformat(), "until": moment_of(NOW + 60 * MINUTE).isoformat()}
    ]
    return made


def key_of(world: World) -> str:
    """The key of the first alarm that is open."""
    with world.database.reading() as connection:
        query = text("SELECT key FROM alarm WHERE cleared_at IS NULL ORDER BY id")
        return str(connection.execute(query).scalars().first())


def kept_and(then: Any) -> Any:
    """Keeps what a batch knew, and does something then."""

    def does(*given: Any) -> None:
        memory.keep(*given)
        then()

    return does
