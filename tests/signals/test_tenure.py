"""What a device reported before it was handed over is for those who reach the place where it stood then: compared with
a slow statement of that, in worlds made by chance."""

from __future__ import annotations

from copy import deepcopy
from random import Random

import pytest
from support.documents import AT
from support.edits import World
from support.oracle import Oracle
from support.signals import NOW, edge, latest, numbers, send
from support.tenure import MINUTE, Place, made, place_by_chance, reaches, small
from support.tiers import seeds

from ringfence.domain import clock
from ringfence.domain.clock import moment_of
from ringfence.services import telemetry
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database


@pytest.mark.parametrize("seed", seeds(6, always=2))
def test_of_each_point_those_see_it_who_reach_where_the_device_stood_then(database: Database, seed: int) -> None:
    chance = Random(seed)
    document = made(chance)
    world, oracle = World(database, deepcopy(document)), Oracle(document, AT)
    own = edge(database, "e")
    sites = {entry["key"]: entry.get("customer") for entry in document["sites"]}
    stands: dict[str, Place] = {one["key"]: (one.get("customer"), one.get("site")) for one in document["devices"]}
    reported: dict[str, list[tuple[Place, float]]] = {key: [] for key in stands}
    for step in range(40):
        now = NOW + step * MINUTE
        key = chance.choice(sorted(stands))
        if chance.randint(0, 2):
            send(database, own, {"unit": key, "values": {"x": step}}, now=now)
            reported[key].append((stands[key], step))
            continue
        if (place := place_by_chance(chance, world, sites)) == stands[key]:
            continue
        stands[key] = place
        with clock.stopped(moment_of(now)):
            customer, site = place
            ids = world.id("customer", customer), None if site is None else world.id("site", site)
            world.save("boss", world.blind("device", key, customer=ids[0], site=ids[1]))
    compared = 0
    for user in document["users"]:
        viewer = world.viewer(user["login"])
        for key, points in reported.items():
            seen = [number for place, number in points if reaches(oracle, user["login"], place)]
            if not reaches(oracle, user["login"], stands[key]):
                assert latest(viewer, key) is None
                assert numbers(viewer, key, "x") is None
                continue
            last = points and points[-1][1] in seen
            assert latest(viewer, key) == ({"x": points[-1][1]} if last else {}), (user["login"], key)
            assert numbers(viewer, key, "x") == (seen or None), (user["login"], key)
            compared += len(points) - len(seen)
    assert compared, "somebody sees a device, and not all that it has reported"


class TestHandedOver:
    def test_by_a_file_it_is_the_same(self, database: Database) -> None:
        world = small(database)
        send(database, edge(database, "e"), {"unit": "d", "values": {"x": 1}, "alarm": "fire"})
        moved = {"key": "d", "tenant": "t", "customer": "b", "name": "D", "unit_id": "d"}
        with clock.stopped(moment_of(NOW + MINUTE)):
            load_document(database, {"ringfence": 1, "devices": [moved]})
        assert (latest(world.viewer("b"), "d"), numbers(world.viewer("b"), "d", "x")) == ({}, None)
        assert telemetry.happened(world.viewer("b"), "d") == []
        assert numbers(world.viewer("boss"), "d", "x") == [1]

    def test_what_a_fast_clock_said_before_is_not_told_after(self, database: Database) -> None:
        world = small(database)
        ts = moment_of(NOW + 4 * MINUTE).isoformat()
        send(database, edge(database, "e"), {"unit": "d", "ts": ts, "values": {"x": 1}, "alarm": "fire"})
        with clock.stopped(moment_of(NOW + MINUTE)):
            world.save("boss", world.edit("boss", "device", "d", customer=world.id("customer", "b")))
        assert (latest(world.viewer("b"), "d"), numbers(world.viewer("b"), "d", "x")) == ({}, None)
        assert telemetry.happened(world.viewer("b"), "d") == []
        send(database, edge(database, "e"), {"unit": "d", "values": {"x": 2}}, now=NOW + 5 * MINUTE)
        assert numbers(world.viewer("b"), "d", "x") == [2]

    def test_a_site_that_gets_the_id_of_one_that_is_gone_inherits_nothing(self, database: Database) -> None:
        world = small(database)
        send(database, edge(database, "e"), {"unit": "d", "values": {"x": 1}})
        with clock.stopped(moment_of(NOW + MINUTE)):
            world.save("boss", world.edit("boss", "device", "d", site=None))
            world.save("boss", world.delete("site", "s"))
            entry = {"tenant": "t", "name": "Again"}
            load_document(database, {"ringfence": 1, "sites": [{"key": "s2", "customer": "b", **entry}]})
            users = [
                {"key": "guard", "login": "guard", "sites": ["s2"], "security_groups": [{"group": "guard"}], **entry}
            ]
            load_document(database, {"ringfence": 1, "users": users})
        with clock.stopped(moment_of(NOW + 2 * MINUTE)):
            ids = {"customer": world.id("customer", "b"), "site": world.id("site", "s2")}
            world.save("boss", world.edit("boss", "device", "d", **ids))
        assert latest(world.viewer("guard"), "d") == {}
        assert numbers(world.viewer("guard"), "d", "x") is None
