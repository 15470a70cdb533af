"""What devices say in the demo: a day that goes with its alarms, and what comes in while somebody looks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, text
from support.console import NOON, demo_copy
from support.databases import made, rows
from support.terminal import Terminal

from ringfence.domain.clock import milliseconds
from ringfence.services import listing, telemetry
from ringfence.services.now import now
from ringfence.services.records import Listing
from ringfence.signals import clocks
from ringfence.snapshot import demo_feed
from ringfence.snapshot.demo import scratch_copy, shift_to
from ringfence.snapshot.load import load_document
from ringfence.snapshot.story import story
from ringfence.snapshot.story_telemetry import MOST_SILENT, SILENT, Said, devices, said
from ringfence.storage.engine import Database
from ringfence.storage.tables import Alarm
from ringfence.visibility.viewer import Viewer

MINUTE = 60_000
AT_NOON = milliseconds(NOON)
PHARMA = "north-pharma-cold-room-1-thermometer"


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Database]:
    """The demo database as it is shipped."""
    database = demo_copy(tmp_path)
    yield database
    database.close()


def open_alarms(database: Database) -> set[tuple[str, str]]:
    """The alarms that nobody has cleared, each by its device and kind."""
    query = "SELECT d.key, a.kind FROM alarm a JOIN device d ON d.id = a.device_id WHERE a.cleared_at IS NULL"
    with database.reading() as connection:
        return {(device, kind) for device, kind in connection.execute(text(query))}


def test_the_day_makes_the_alarms_that_the_story_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rules and signals alone come to what is told; what people did, and test modes, are left out."""
    told = story()
    database = made(tmp_path / "day.db")
    load_document(database, {**told, "alarms": [], "test_modes": []})
    monkeypatch.setattr("sqlalchemy.delete", lambda what: delete(what).where(Alarm.id < 0))
    demo_feed.take_day(database)
    found = open_alarms(database)
    still_open = {(one["device"], one["kind"]) for one in told["alarms"] if not one.get("cleared_at")}
    by_people = {(one["device"], one["kind"]) for one in told["alarms"] if one.get("cleared_at")}
    assert still_open <= found
    assert found - still_open <= by_people
    query = "SELECT d.key, a.kind, a.started_at FROM alarm a JOIN device d ON d.id = a.device_id JOIN alarm_rule r "
    query += "ON r.id = a.rule_id WHERE a.cleared_at IS NULL"
    began = {(one["device"], one["kind"]): datetime.fromisoformat(one["started_at"]) for one in told["alarms"][::-1]}
    with database.reading() as connection:
        made_by_rules = list(connection.execute(text(query)))
    assert len(made_by_rules) > 8
    for device, kind, started in made_by_rules:
        at = datetime.fromisoformat(f"{started}+00:00")
        if NOON - began[device, kind] < timedelta(days=1):
            assert abs(at - began[device, kind]) <= timedelta(minutes=35), device
    database.close()


def test_nothing_rings_anew_because_of_it(copy: Database) -> None:
    """Neither at noon nor by the next values, and an alarm ends by what its device says."""
    before = open_alarms(copy)
    assert clocks.run(copy, AT_NOON) == clocks.Done()
    demo_feed.take(copy, (one for one in said(AT_NOON, AT_NOON + MINUTE) if "values" in one.line), AT_NOON + MINUTE)
    assert clocks.run(copy, AT_NOON + MINUTE) == clocks.Done()
    assert open_alarms(copy) == before
    count = "SELECT count FROM alarm a JOIN device d ON d.id = a.device_id WHERE d.key = :device AND cleared_at IS NULL"
    with copy.reading() as connection:
        assert connection.execute(text(count), {"device": PHARMA}).scalar_one() == 1
    cool = Said(AT_NOON + 2 * MINUTE, "harbor", "northwind-broker", {"unit": "U-00535", "values": {"temperature": 4}})
    demo_feed.take(copy, [cool], cool.at)
    with copy.reading() as connection:
        ended = connection.execute(text(count.replace("SELECT count", "SELECT ended_at")), {"device": PHARMA})
        assert ended.scalar_one() is not None


def test_each_has_what_it_measures_and_what_it_reports(copy: Database) -> None:
    viewer = Viewer.sign_in(copy, "h.devries", NOON)
    for one in devices():
        if one.tenant == "harbor":
            names = {found.name for found in telemetry.latest(viewer, one.key)}
            assert names >= {meter.name for meter in one.instrument.meters}, one.key
    day = telemetry.history(viewer, PHARMA, "temperature", NOON - timedelta(days=1), NOON)
    numbers = [one.number for one in day]
    assert len(numbers) > 140
    assert max(numbers[:100]) < 6 < 9 < max(numbers[-4:]), "it breathes, and grows warm in the end"
    with copy.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM reported WHERE name = 'firmware'")).scalar_one() > 100
        assert connection.execute(text("SELECT count(*) FROM unmatched")).scalar_one() == 0


def test_the_same_is_said_whoever_asks_and_in_whatever_parts() -> None:
    whole = list(said(AT_NOON - 20 * MINUTE, AT_NOON + 40 * MINUTE))
    parts = [one for part in range(-20, 40) for one in said(AT_NOON + part * MINUTE, AT_NOON + (part + 1) * MINUTE)]
    assert parts == whole
    assert [one.at for one in whole] == sorted(one.at for one in whole)


def test_nobody_is_silent_for_so_long_that_a_rule_tells_it_but_who_is_meant_to_be() -> None:
    last = {one.unit: AT_NOON for one in devices() if one.key not in SILENT}
    for one in said(AT_NOON, AT_NOON + 5 * 60 * MINUTE):
        if one.line["unit"] in last and "values" in one.line:
            assert one.at - last[one.line["unit"]] <= MOST_SILENT * MINUTE, one
            last[one.line["unit"]] = one.at


def test_little_comes_at_a_time_and_something_every_half_minute() -> None:
    hours = range(AT_NOON, AT_NOON + 3 * 60 * MINUTE, MINUTE // 2)
    many = Counter(sum(1 for _ in said(at, at + MINUTE // 2)) for at in hours)
    assert max(many) < 30, "less than a line a second"
    alarms = [sum("alarm" in one.line or "noise" in str(one.line) for one in said(at, at + MINUTE)) for at in hours]
    assert min(alarms) >= 1


@pytest.mark.parametrize("today", [NOON, datetime(2031, 2, 3, 0, 5, tzinfo=UTC), NOON + timedelta(hours=13)])
def test_the_day_is_as_old_as_ever_whenever_it_is_opened(copy: Database, today: datetime) -> None:
    def all_of(at: datetime) -> list[tuple[timedelta, float]]:
        viewer = Viewer.sign_in(copy, "h.devries", at)
        found = telemetry.history(viewer, PHARMA, "temperature", at - timedelta(days=2), at + timedelta(seconds=1))
        latest = telemetry.latest(viewer, PHARMA)
        return [(at - one.at, one.number) for one in found] + [(at - one.at, 0.0) for one in latest]

    before = all_of(NOON)
    shift_to(copy, today)
    assert all_of(today) == before
    assert clocks.run(copy, milliseconds(today)) == clocks.Done()


def test_while_somebody_looks_the_queue_lives_and_everybody_sees_their_own() -> None:
    """A quarter of an hour of it, by the clock of the tests: Joris, of the test sites, sees theirs, Olga none."""
    with scratch_copy() as (database, later):
        seen: dict[str, set[str]] = {"olga": set(), "j.peeters": set()}
        for minute in range(15):
            since = AT_NOON + minute * MINUTE
            demo_feed.take(database, said(since, since + MINUTE), since + MINUTE + later * 1000, later * 1000)
            for login, known in seen.items():
                listed = listing.export(Viewer.sign_in(database, login), Listing("alarms", "outcome:open"))
                known |= {one.key for one in listed}
        with database.reading() as connection:
            test_sites = {
                key
                for (key,) in connection.execute(
                    text(
                        "SELECT a.key FROM alarm a JOIN customer c ON c.id = a.customer_id WHERE c.path LIKE "
                        "(SELECT path FROM customer WHERE key = 'internal') || '%'"
                    )
                )
            }
        assert len(seen["olga"]) > 25
        assert not seen["olga"] & test_sites
        assert seen["j.peeters"] & test_sites


def test_what_is_fed_ends_with_the_edge_and_begins_again() -> None:
    with scratch_copy() as (database, later):
        with database.writing() as connection:
            connection.execute(text("UPDATE edge SET active = false WHERE key = 'harbor-panels'"))
            connection.execute(text("DELETE FROM edge WHERE key = 'lab-bench'"))
        before = rows(database)["event"]
        now_ = AT_NOON + 7 * MINUTE
        demo_feed.take(database, said(AT_NOON, now_), now_ + later * 1000, later * 1000)
        assert rows(database)["event"] != before, "the other provider's edge is heard"
        with database.writing() as connection:
            connection.execute(text("UPDATE edge SET active = true"))
        demo_feed.take(database, said(now_, now_ + 3 * MINUTE), now_ + 3 * MINUTE + later * 1000, later * 1000)
        assert len(open_alarms(database)) > 22


def test_it_is_fed_by_a_process_that_ends_with_whoever_began_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_feed, "_AFTER", 0.0)
    with scratch_copy() as (database, later):
        viewer = Viewer.sign_in(database, "h.devries")
        assert not now(viewer).worker
        with demo_feed.fed(database, later):
            until = time.monotonic() + 30
            while not now(viewer).worker:
                assert time.monotonic() < until
                time.sleep(0.1)
            began = time.monotonic()
        assert time.monotonic() - began < 1, "nobody waits for it"


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="who is whose child is told there")
def test_it_ends_when_whoever_began_it_is_killed(tmp_path: Path) -> None:
    terminal = Terminal(["demo"], TMPDIR=str(tmp_path))
    try:
        terminal.shows("Brandsma")
        children = Path(f"/proc/{terminal.process.pid}/task")
        until = time.monotonic() + 30
        while not (found := [int(one) for path in children.glob("*/children") for one in path.read_text().split()]):
            assert time.monotonic() < until
            terminal.read(0.1)
        terminal.process.kill()
        terminal.process.wait()
        while any(_runs(one) for one in found):
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        terminal.close()


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_what_is_no_demo_any_more_is_no_fault(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from ringfence.snapshot.demo_feed import main; main(['none.db', '0'])"],
        stdin=subprocess.PIPE,
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path("src").resolve())},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
