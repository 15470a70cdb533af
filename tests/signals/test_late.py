"""What is written behind each other while lines pour in is seen at once, and ends where it belongs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from support.documents import AT
from support.edits import World
from support.signals import NOW, document, edge, heard, latest, numbers, send
from support.tiers import seeds

from ringfence.domain import clock
from ringfence.domain.quick_signal import read, read_all
from ringfence.services import courses
from ringfence.signals import late, retention, telemetry
from ringfence.signals.feeding import Line, feed
from ringfence.signals.intake import Source, take
from ringfence.storage import maintenance
from ringfence.storage.engine import Database, open_database

MINUTE = 60_000
UNITS = ("acme-0", "north-0", "deep-0")
NAMES = ("x", "y", "door")


@pytest.fixture
def world(sqlite_database: Database) -> World:
    return World(sqlite_database, document())


def pour(database: Database, own: Source, *lines: dict[str, Any], now: int = NOW) -> None:
    """Takes lines of which more are waiting already."""
    take(database, own, list(heard(lines, now)), now, more=True)


def put_off(database: Database) -> bool:
    with database.reading() as connection:
        return late.is_any(connection)


class Model:
    """What is known of devices, stated slowly: a value is the latest unless it is older, and a number stays in the
    history at its moment."""

    def __init__(self) -> None:
        self.latest: dict[str, dict[str, tuple[int, Any]]] = {unit: {} for unit in UNITS}
        self.history: dict[tuple[str, str], dict[int, float]] = {}

    def take(self, batch: list[dict[str, Any]]) -> None:
        for line in sorted(batch, key=lambda one: one["ts"]):
            for name, value in line["values"].items():
                at, own = line["ts"], self.latest[line["unit"]]
                if not isinstance(value, str):
                    self.history.setdefault((line["unit"], name), {})[at] = value
                if name not in own or at >= own[name][0]:
                    own[name] = at, value


def batch(chance: Random, clock: int) -> list[dict[str, Any]]:
    """Some lines: mostly later than all before and of all names, but some of the same moment, and some older."""
    lines = []
    for _ in range(chance.randint(1, 6)):
        names = NAMES if chance.random() < 0.7 else chance.sample(NAMES, chance.randint(1, 2))
        values = {name: f"said {chance.randint(1, 3)}" if name == "door" else chance.randint(1, 9) for name in names}
        back = chance.choice((0, 0, 0, 0, 0, 0, 1, 3_000_000)) if chance.random() < 0.3 else 0
        clock += chance.choice((0, 1, 1000, 1000, 1000))
        lines.append({"unit": chance.choice(UNITS), "ts": NOW + clock - back, "values": values})
    return lines


@pytest.mark.parametrize("seed", seeds(40))
def test_whoever_reads_sees_what_was_taken_wherever_it_is(
    world: World, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late, "MOST", 24)
    chance, model, clock, was_late = Random(seed), Model(), 0, 0
    own, boss = edge(world.database, "acme"), world.viewer("boss")
    for _ in range(25):
        lines = batch(chance, clock)
        clock = max(clock, *(line["ts"] - NOW for line in lines)) + 1
        now = NOW + clock
        more = chance.random() < 0.8
        take(world.database, own, list(heard(lines, now)), now, more=more)
        model.take(lines)
        assert more or not put_off(world.database)
        was_late += put_off(world.database)
        if chance.random() < 0.1:
            retention.drop_old(world.database, now)
            assert not put_off(world.database)
        for unit in UNITS:
            assert latest(boss, unit) == {name: value for name, (_, value) in model.latest[unit].items()}
            for name in model.latest[unit]:
                known = model.history.get((unit, name), {})
                assert numbers(boss, unit, name) == [known[at] for at in sorted(known)], (unit, name)
    assert was_late, "nothing was put off"


def test_it_is_there_when_the_file_is_opened_again_and_the_worker_puts_it_where_it_belongs(world: World) -> None:
    own = edge(world.database, "acme")
    for second in range(3):
        pour(
            world.database, own, {"unit": "acme-0", "ts": NOW + second * 1000, "values": {"x": second, "door": "open"}}
        )
    again = open_database(world.database.url.render_as_string(hide_password=False))
    try:
        assert put_off(again)
        boss = world.viewer("boss")
        assert (latest(boss, "acme-0"), numbers(boss, "acme-0", "x")) == ({"x": 2, "door": "open"}, [0, 1, 2])
        retention.drop_old(again, NOW)
        assert not put_off(again)
        assert (latest(boss, "acme-0"), numbers(boss, "acme-0", "x")) == ({"x": 2, "door": "open"}, [0, 1, 2])
    finally:
        again.close()


def test_a_device_that_is_handed_over_meanwhile_leaves_it_behind(world: World) -> None:
    own = edge(world.database, "acme")
    ahead = (AT + timedelta(minutes=4)).isoformat()  # its clock is ahead of ours
    send(world.database, own, {"unit": "deep-0", "values": {"x": 1}})
    pour(world.database, own, {"unit": "deep-0", "ts": ahead, "values": {"x": 2}})
    with clock.stopped(AT):
        world.save("boss", world.edit("boss", "device", "deep-0", customer=world.id("customer", "acme"), site=None))
    alone = world.viewer("alone")  # who sees acme, and not what is nested in it
    assert (latest(alone, "deep-0"), numbers(alone, "deep-0", "x")) == ({}, None)
    send(world.database, own, {"unit": "deep-0", "values": {"x": 3}}, now=NOW + 10 * MINUTE)
    assert (latest(alone, "deep-0"), numbers(alone, "deep-0", "x")) == ({"x": 3}, [3])


def test_a_device_that_is_deleted_meanwhile_is_in_nobodys_way(world: World) -> None:
    own, boss = edge(world.database, "acme"), world.viewer("boss")
    for unit in ("deep-0", "acme-0"):
        pour(world.database, own, {"unit": unit, "values": {"x": 1}})
    world.save("boss", world.delete("device", "deep-0"))
    send(world.database, own, {"unit": "acme-0", "values": {"x": 2}}, now=NOW + MINUTE)
    assert not put_off(world.database)
    assert (latest(boss, "acme-0"), latest(boss, "deep-0")) == ({"x": 2}, None)


@pytest.mark.parametrize("settled", [False, True])
def test_what_gets_the_id_of_a_device_that_is_deleted_meanwhile_inherits_nothing(world: World, settled: bool) -> None:
    own, boss = edge(world.database, "acme"), world.viewer("boss")
    last = max(world.ids("device"), key=world.ids("device").__getitem__) or ""
    pour(world.database, own, {"unit": last, "values": {"x": 1, "door": "open"}})
    deleted = world.save("boss", world.delete("device", last))
    if settled:
        retention.drop_old(world.database, NOW)
    world.session("boss").undo(deleted)
    assert (latest(boss, last), numbers(boss, last, "x")) == ({}, None)
    for second in (1, 2):
        pour(world.database, own, {"unit": last, "values": {"x": second}}, now=NOW + second)
    assert (latest(boss, last), numbers(boss, last, "x")) == ({"x": 2}, [1, 2])
    send(world.database, own, {"unit": last, "values": {"x": 3}}, now=NOW + 3)
    assert (latest(boss, last), numbers(boss, last, "x")) == ({"x": 3}, [1, 2, 3])


def test_a_screen_is_told_of_it_at_once(world: World) -> None:
    own, boss, device = edge(world.database, "acme"), world.viewer("boss"), world.id("device", "acme-0")
    send(world.database, own, {"unit": "acme-0", "values": {"x": 1}})
    seen = [courses.stamp(boss, device)]
    for second in (1, 2):
        pour(world.database, own, {"unit": "acme-0", "values": {"x": 1}}, now=NOW + second)
        seen.append(courses.stamp(boss, device))
    retention.drop_old(world.database, NOW)
    assert len(set(seen)) == 3
    assert courses.stamp(boss, device) == seen[-1], "nothing came since"


def test_it_is_where_it_belongs_in_the_end_though_the_last_lines_are_no_signals(world: World) -> None:
    own, faults = edge(world.database, "acme"), list[object]()
    said = b'{"unit":"acme-0","ts":%d,"values":{"x":1}}'
    lines = [Line(number, said % (NOW + number) if number < 3000 else b"nothing") for number in range(3500)]
    taken = sum(one.lines for one in feed(world.database, own, lines, read, lambda: NOW, faults.append, read_all))
    assert (taken, len(faults)) == (3000, 500)
    assert not put_off(world.database)


def steps(database: Database, ask: Callable[[Any, int], object]) -> int:
    """How much SQLite does for whoever asks, in hundreds of its steps."""
    counted = [0]

    def count() -> None:
        counted[0] += 1

    with database.reading() as connection:
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(count, 100)
        ask(connection, 1)
        driver.set_progress_handler(None, 0)
    return counted[0]


def test_a_graph_takes_no_longer_for_what_others_reported(world: World) -> None:
    """Of which there may be millions that day, while only some thousands can be put off."""
    own, boss = edge(world.database, "acme"), world.viewer("boss")
    send(world.database, own, {"unit": "acme-0", "values": {"x": 1, "y": 2}})
    many = [
        {"unit": "north-0", "ts": NOW + second, "values": {f"n{name}": second for name in range(60)}}
        for second in range(200)
    ]
    send(world.database, own, *many)
    for second in range(1, 4):
        pour(world.database, own, {"unit": "acme-0", "values": {"x": second, "y": 2}}, now=NOW + second)

    def graph(connection: Any, tenant: int) -> None:
        found = telemetry.courses(connection, tenant, [1, 2], NOW - MINUTE, NOW + MINUTE, 10)
        assert [sum(part.number for part in parts) for parts in found.values()] == [4, 4]

    assert numbers(boss, "acme-0", "x") == [1, 1, 2, 3]
    assert steps(world.database, graph) < 200


def test_what_a_device_of_very_many_names_says_is_not_put_off(world: World) -> None:
    """All that it says last is written each time: of a thousand devices it would be gigabytes until there are enough
    rows."""
    own = edge(world.database, "acme")
    for part in range(2):
        pour(world.database, own, {"unit": "acme-0", "values": {f"n{part}_{name}": 1 for name in range(32)}}, now=NOW)
        assert put_off(world.database)
    pour(world.database, own, {"unit": "acme-0", "values": {"more": 1}}, now=NOW + 1)
    assert not put_off(world.database)
    pour(world.database, own, {"unit": "acme-0", "values": {"more": 2}}, now=NOW + 2)
    assert not put_off(world.database)


def test_a_check_finds_nothing_wrong_meanwhile(world: World) -> None:
    own = edge(world.database, "acme")
    send(world.database, own, {"unit": "acme-0", "values": {"x": 1}})
    pour(world.database, own, {"unit": "acme-0", "values": {"y": 1}}, now=NOW + 1)
    assert put_off(world.database)
    assert maintenance.check(world.database) == []
