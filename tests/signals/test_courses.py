"""What a device reports at a glance: of the numbers that somebody sees, in parts, compared with all of them."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from support.documents import AT
from support.signals import NOW, edge, send
from support.tenure import MINUTE, small

from ringfence.console import device_reading
from ringfence.domain import clock
from ringfence.domain.clock import milliseconds, moment_of
from ringfence.domain.errors import RingfenceError
from ringfence.services import courses, telemetry
from ringfence.services.courses import Wanted
from ringfence.storage.engine import Database


def test_parts_hold_what_is_seen_of_the_numbers_and_no_more(database: Database) -> None:
    """Over midnight, and over two hand-overs, of which not everybody sees both sides."""
    chance, world = Random(3), small(database)
    own = edge(database, "e")
    moves = {400: "b", 700: "a", 900: "b"}
    for step in range(1_200):
        now = NOW + step * MINUTE
        if (to := moves.get(step)) is not None:
            with clock.stopped(moment_of(now)):
                world.save("boss", world.blind("device", "d", customer=world.id("customer", to), site=None))
        if not step % 4:
            values = {"x": round(chance.uniform(-5, 5), 2), "text": f"said {step}"}
            send(database, own, {"unit": "d", "values": values}, now=now)
    end, device = moment_of(NOW + 1_200 * MINUTE), world.id("device", "d")
    told = {}
    for login in ("boss", "b"):
        viewer = world.viewer(login)
        for hours in (1, 9, 30):
            span = timedelta(hours=hours)
            found = courses.signals(viewer, device, end, Wanted(span, 7), Wanted(span, 50, "x"))
            after = timedelta(milliseconds=1)
            numbers = telemetry.history(viewer, "d", "x", end - span + after, end + after)
            told[login, hours] = len(numbers)
            by_name = {one.name: one for one in found.series}
            assert set(by_name) == {"x", "text"}
            assert by_name["text"].parts == ()
            for parts, most in ((by_name["x"].parts, 7), (found.shown, 50)):
                assert sum(one.number for one in parts) == len(numbers)
                assert len(parts) <= most + 4, "a part more where midnight or a hand-over divides one"
                assert (parts[0].first, parts[-1].last) == (milliseconds(numbers[0].at), milliseconds(numbers[-1].at))
                assert all(one.last < later.first for one, later in pairwise(parts))
                for one in parts:
                    inside = [each.number for each in numbers if one.first <= milliseconds(each.at) <= one.last]
                    assert (one.number, one.low, one.high) == (len(inside), min(inside), max(inside))
                    assert one.mean == pytest.approx(sum(inside) / len(inside))
    assert (told["boss", 30], told["b", 30]) == (300, 150)


def test_since_when_values_are_told(database: Database) -> None:
    world, own = small(database), edge(database, "e")
    device, now = world.id("device", "d"), moment_of(NOW + 9 * MINUTE)

    def since(login: str) -> object:
        found = courses.signals(world.viewer(login), device, now, Wanted(timedelta(1), 3), Wanted(timedelta(1), 3, "x"))
        return found.since, [one.name for one in found.series], len(found.shown)

    send(database, own, {"unit": "d", "values": {"x": 1}})
    assert since("a") == since("boss") == (None, ["x"], 1)
    with clock.stopped(moment_of(NOW + MINUTE)):
        world.save("boss", world.edit("boss", "device", "d", customer=world.id("customer", "b"), site=None))
    assert since("boss") == (None, ["x"], 1)
    assert since("b") == (moment_of(NOW + MINUTE), [], 0), "what was reported before is not theirs, not even its name"
    with pytest.raises(RingfenceError, match="not there any more, or you may not open it"):
        since("a")


def test_its_stamp_moves_with_whatever_is_reported_and_is_nobodys_who_does_not_see_it(database: Database) -> None:
    world, own = small(database), edge(database, "e")
    device = world.id("device", "d")
    seen = [courses.stamp(world.viewer("a"), device)]
    lines: list[dict[str, Any]] = [
        {"values": {"x": 1}},
        {"values": {"y": 1}},
        {"attributes": {"a": 2}},
        {"alarm": "fire"},
    ]
    for at, line in enumerate(lines, 1):
        send(database, own, {"unit": "d", **line}, now=NOW + at)
        seen.append(courses.stamp(world.viewer("a"), device))
    assert len(set(seen)) == 5
    assert courses.stamp(world.viewer("b"), device) == courses.stamp(world.viewer("a"), device + 999) == ()
    assert moment_of(NOW) == AT


def test_the_graph_is_of_what_there_is_where_what_was_chosen_stayed_behind(database: Database) -> None:
    world = small(database)
    own, device = edge(database, "e"), world.id("device", "d")
    send(database, own, {"unit": "d", "values": {"old": 1.0}})
    later = moment_of(NOW + MINUTE)
    with clock.stopped(later):
        world.save("boss", world.blind("device", "d", customer=world.id("customer", "b"), site=None))
        send(database, own, {"unit": "d", "values": {"new": 2.0}}, now=NOW + MINUTE + 1)
    with clock.stopped(later + timedelta(minutes=1)):
        for login, chosen, shown in (("b", "old", "new"), ("boss", "old", "old"), ("b", "", "new")):
            found = device_reading.read(world.session(login), device, chosen, timedelta(hours=6), alarms=False)
            assert found is not None
            assert (found.shown, len(found.signals.shown)) == (shown, 1)
