"""Signals are taken in: for whom an edge speaks, what is known, what is too much, and what stays of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from support.documents import AT
from support.edits import World
from support.signals import NOW, document, edge, latest, numbers, send
from support.wall import walled

from ringfence.domain import clock
from ringfence.domain.errors import RingfenceError
from ringfence.domain.signal import WrongSignal
from ringfence.services import telemetry as services
from ringfence.services.edges import status
from ringfence.signals import intake, telemetry, values
from ringfence.signals.telemetry import days_of, drop_old
from ringfence.storage.engine import Database
from ringfence.storage.signal_tables import DAY

MINUTE = 60_000


@pytest.fixture
def world(database: Database) -> World:
    return World(database, document())


def test_an_edge_speaks_for_its_customer_and_those_nested_in_it_and_nobody_else(world: World) -> None:
    own = edge(world.database, "acme")
    units = ["acme-0", "north-0", "deep-3", "beta-0", "no such device"]
    for unit in units:
        taken = send(world.database, own, {"unit": unit, "values": {"x": 1}})
        assert taken.unmatched == (unit in units[3:]), unit
    boss = world.viewer("boss")
    assert [latest(boss, unit) for unit in units[:4]] == [{"x": 1}, {"x": 1}, {"x": 1}, {}]
    kept = [(one.unit_id, one.lines) for one in status(boss, "acme").unmatched]
    assert kept == [("beta-0", 1), ("no such device", 1)]


@walled
def test_a_device_that_comes_to_stand_elsewhere_is_spoken_for_there(world: World) -> None:
    own = edge(world.database, "acme")
    world.save("boss", world.edit("boss", "customer", "beta", parent=world.id("customer", "acme")))
    assert send(world.database, own, {"unit": "beta-0", "values": {"x": 1}}).unmatched == 0
    world.save("boss", world.edit("boss", "device", "beta-0", customer=world.id("customer", "gamma"), site=None))
    assert send(world.database, own, {"unit": "beta-0", "values": {"x": 2}}).unmatched == 1


def test_what_is_older_than_the_latest_goes_to_history_alone(world: World) -> None:
    own, boss = edge(world.database, "acme"), world.viewer("boss")
    for minute, value in ((0, 1.0), (-2, 2.0), (-1, 3.0), (0, 4.0)):
        ts = (AT + timedelta(minutes=minute)).isoformat()
        send(world.database, own, {"unit": "acme-0", "ts": ts, "values": {"x": value, "door": f"said {value}"}})
    assert latest(boss, "acme-0") == {"x": 4.0, "door": "said 4.0"}
    assert numbers(boss, "acme-0", "x") == [2.0, 3.0, 4.0]
    assert numbers(boss, "acme-0", "door") == []


def test_within_one_batch_it_is_the_same(world: World) -> None:
    own, boss = edge(world.database, "acme"), world.viewer("boss")
    moments = [(AT - timedelta(minutes=minute)).isoformat() for minute in (1, 3, 2, 1)]
    lines = [{"unit": "acme-0", "ts": ts, "values": {"x": place}} for place, ts in enumerate(moments)]
    assert send(world.database, own, *lines).values == 4
    assert (latest(boss, "acme-0"), numbers(boss, "acme-0", "x")) == ({"x": 3}, [1, 2, 3])


def test_values_come_back_as_they_were_said(world: World) -> None:
    said = {"n": -2.5, "yes": True, "no": False, "text": "é \x1b[31m <b>", "empty": "", "true": "true", "zero": 0}
    send(world.database, edge(world.database, "acme"), {"unit": "acme-0", "values": said})
    found = latest(world.viewer("boss"), "acme-0")
    assert found == said
    assert {name: type(value) for name, value in (found or {}).items()} == {
        name: float if type(value) in (int, float) else type(value) for name, value in said.items()
    }


def test_the_same_id_is_one_signal_of_an_edge_whether_in_one_batch_or_in_two(world: World) -> None:
    own, other = edge(world.database, "acme"), edge(world.database, "slow")
    line = {"unit": "acme-0", "id": "7"}
    first = send(world.database, own, {**line, "values": {"x": 1}}, {**line, "values": {"x": 2}})
    again = send(world.database, own, {**line, "values": {"x": 3}}, now=NOW + MINUTE)
    assert [(one.lines, one.values, one.repeated) for one in (first, again)] == [(2, 1, 1), (1, 0, 1)]
    assert latest(world.viewer("boss"), "acme-0") == {"x": 1}
    assert send(world.database, other, {**line, "values": {"x": 4}}, now=NOW + MINUTE).repeated == 0


def test_an_edge_sends_so_many_lines_a_minute(world: World) -> None:
    own = edge(world.database, "slow")
    lines = [{"unit": "acme-0", "values": {"x": place}} for place in range(15)]
    sent = [send(world.database, own, *lines, now=NOW + passed) for passed in (0, 0, MINUTE // 2, 10 * MINUTE)]
    assert [(one.lines, one.over) for one in sent] == [(10, 5), (0, 15), (5, 10), (10, 5)]


def test_a_device_reports_under_so_many_names(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "MOST_SERIES", 3)
    own, boss = edge(world.database, "acme"), world.viewer("boss")
    first = send(world.database, own, {"unit": "acme-0", "values": {"a": 1, "b": 2, "c": 3, "d": 4, "e": "five"}})
    assert (first.values, first.refused) == (3, 2)
    later = send(world.database, own, {"unit": "acme-0", "values": {"e": 5, "a": 6}}, now=NOW + MINUTE)
    assert (later.values, later.refused) == (1, 1)
    assert latest(boss, "acme-0") == {"a": 6, "b": 2, "c": 3}
    assert send(world.database, own, {"unit": "north-0", "values": {"e": 5}}, now=NOW + MINUTE).refused == 0


def test_what_raises_alarms_alone_has_no_latest_values(world: World) -> None:
    own = edge(world.database, "acme")
    send(world.database, own, {"unit": "acme-0", "alarm": "fire"}, {"unit": "acme-0", "attributes": {"firmware": "1"}})
    assert rows(world, "series", "device_latest", "event") == [0, 0, 1]


def test_a_clock_that_was_put_back_gives_nothing_and_takes_nothing(world: World) -> None:
    own = edge(world.database, "slow")
    lines = [{"unit": "acme-0", "values": {"x": place}} for place in range(6)]
    sent = [send(world.database, own, *lines, now=NOW + passed) for passed in (0, -MINUTE, 0)]
    assert [one.lines for one in sent] == [6, 4, 0]


def test_two_that_hear_an_edge_for_the_first_time_at_once_both_take_what_they_hear(world: World) -> None:
    own = edge(world.database, "acme")

    def hear(place: int) -> int:
        return sum(send(world.database, own, {"unit": f"deep-{place}", "values": {"x": at}}).values for at in range(5))

    with ThreadPoolExecutor(4) as together:
        assert list(together.map(hear, range(4))) == [5] * 4
    assert status(world.viewer("boss"), "acme").lines == 20


def test_an_inactive_edge_is_refused_whole(world: World) -> None:
    with pytest.raises(RingfenceError, match="inactive"):
        send(world.database, edge(world.database, "off"), {"unit": "acme-0", "values": {"x": 1}})
    assert latest(world.viewer("boss"), "acme-0") == {}


def test_an_edge_that_is_deleted_while_it_sends_is_heard_no_more(world: World) -> None:
    own = edge(world.database, "acme")
    send(world.database, own, {"unit": "nothing", "values": {"x": 1}, "id": "1"})
    world.save("boss", world.delete("edge", "acme"))
    with pytest.raises(RingfenceError, match="not there any more"):
        send(world.database, own, {"unit": "acme-0", "values": {"x": 1}})
    assert rows(world, "edge_heard", "unmatched", "known_signal") == [0, 0, 0]


def test_no_more_unmatched_units_are_kept_than_a_thousand_and_those_are_the_last(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MOST_UNMATCHED", 3)
    own = edge(world.database, "acme")
    for minute, place in enumerate((1, 2, 3, 1, 4)):
        send(world.database, own, {"unit": f"no-{place}", "values": {"x": place}}, now=NOW + minute * MINUTE)
    found = status(world.viewer("boss"), "acme")
    assert {one.unit_id: one.lines for one in found.unmatched} == {"no-1": 2, "no-3": 1, "no-4": 1}
    assert found.lines == 5


def test_the_status_of_an_edge_is_for_whoever_may_see_it(world: World) -> None:
    send(world.database, edge(world.database, "acme"), {"unit": "secret", "values": {"x": 1}})
    said = []
    for key in ("acme", "none"):
        with pytest.raises(RingfenceError) as refused:
            status(world.viewer("bert"), key)
        said.append(str(refused.value).replace(key, "KEY"))
    assert said[0] == said[1]


def test_what_is_yet_to_come_and_what_no_history_is_kept_of_is_refused(world: World) -> None:
    own = edge(world.database, "acme")
    for days, why in ((1, "ahead"), (-31, "30 days ago")):
        line = {"unit": "acme-0", "ts": (AT + timedelta(days=days)).isoformat(), "values": {"x": 1}}
        with pytest.raises(WrongSignal, match=why):
            send(world.database, own, line)


def test_a_day_is_dropped_whole_once_it_is_old(world: World) -> None:
    own, boss = edge(world.database, "acme"), world.viewer("boss")
    for days in (0, 5, 29):
        ts = (AT - timedelta(days=days)).isoformat()
        send(world.database, own, {"unit": "acme-0", "ts": ts, "values": {"x": days}})
    assert numbers(boss, "acme-0", "x") == [29, 5, 0]
    with world.database.writing() as connection:
        there = days_of(connection)
        assert drop_old(connection, NOW + 3 * DAY) == 1
        assert days_of(connection) == there[1:]
    assert numbers(boss, "acme-0", "x") == [5, 0]


def test_what_a_deleted_device_said_is_nobody_elses(world: World) -> None:
    own, boss = edge(world.database, "acme"), world.viewer("boss")
    send(world.database, own, {"unit": "north-x", "values": {"x": 1}, "attributes": {"firmware": "1"}})
    deleted = world.save("boss", world.delete("device", "north-x"))
    assert rows(world, "series", "reported") == [0, 0]
    world.session("boss").undo(deleted)
    assert latest(boss, "north-x") == {}
    send(world.database, own, {"unit": "north-x", "values": {"x": 2}})
    assert numbers(boss, "north-x", "x") == [2]


def test_a_batch_is_taken_whole_or_not_at_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    own = edge(world.database, "acme")

    def fails(*_: Any) -> None:
        raise OSError("no room")

    monkeypatch.setattr(telemetry, "report", fails)
    with pytest.raises(OSError, match="no room"):
        send(world.database, own, {"unit": "acme-0", "values": {"x": 1}, "attributes": {"y": 1}, "id": "1"})
    monkeypatch.undo()
    assert rows(world, "series", "known_signal", "edge_heard") == [0, 0, 0]
    assert send(world.database, own, {"unit": "acme-0", "values": {"x": 1}, "id": "1"}).repeated == 0


def test_edges_of_two_tenants_with_one_key_are_told_apart(world: World) -> None:
    with pytest.raises(RingfenceError, match="there is no edge 'nothing'"):
        edge(world.database, "nothing")
    with pytest.raises(RingfenceError, match="there is no edge 'acme'"):
        edge(world.database, "acme", "u")
    own = edge(world.database, "acme")
    assert edge(world.database, "acme", "t") == own


def rows(world: World, *tables: str) -> list[int]:
    with world.database.reading() as connection:
        return [int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()) for table in tables]


class TestEvents:
    def test_what_was_said_of_alarms_and_texts_that_changed_are_kept(self, world: World) -> None:
        own = edge(world.database, "acme")
        door = [{"unit": "acme-0", "values": {"door": said, "x": 1}} for said in ("shut", "open", "open", "shut")]
        for minute, line in enumerate(door):
            send(world.database, own, line, now=NOW + minute * MINUTE)
        alarm = {"unit": "acme-0", "alarm": "intrusion", "severity": "major", "text": "Zone 15"}
        send(world.database, own, alarm, {**alarm, "state": "off"}, now=NOW + 9 * MINUTE)
        assert happened(world) == [
            ("off", "intrusion", "major", "Zone 15"),
            ("on", "intrusion", "major", "Zone 15"),
            ("changed", "door", "", "shut"),
            ("changed", "door", "", "open"),
        ]

    def test_within_one_batch_it_is_the_same_and_what_is_older_changes_nothing(self, world: World) -> None:
        own = edge(world.database, "acme")
        said = [(0, "a"), (2, "b"), (1, "b"), (3, "b"), (4, True), (5, "true")]
        moments = [((AT + timedelta(seconds=at)).isoformat(), value) for at, value in said]
        send(world.database, own, *({"unit": "acme-0", "ts": ts, "values": {"s": value}} for ts, value in moments))
        send(world.database, own, {"unit": "acme-0", "ts": moments[0][0], "values": {"s": "older"}})
        assert [text for *_, text in happened(world)] == ["true", "true", "b"]

    def test_what_was_said_elsewhere_is_told_to_whoever_reaches_that(self, world: World) -> None:
        own = edge(world.database, "acme")
        send(world.database, own, {"unit": "north-x", "alarm": "fire", "text": "before"})
        with clock.stopped(AT + timedelta(minutes=1)):
            world.save("boss", world.edit("boss", "device", "north-x", customer=world.id("customer", "acme")))
        send(world.database, own, {"unit": "north-x", "alarm": "fire", "text": "after"}, now=NOW + 2 * MINUTE)
        assert [text for *_, text in happened(world, key="north-x")] == ["after", "before"]
        assert [text for *_, text in happened(world, "alone", "north-x")] == ["after"]


def happened(world: World, login: str = "boss", key: str = "acme-0") -> list[tuple[str, ...]]:
    return [tuple(one[1:]) for one in services.happened(world.viewer(login), key)]
