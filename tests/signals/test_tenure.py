"""What a device reported before it was handed over is for those who reach the place where it stood then: compared with
a slow statement of that, in worlds made by chance."""

from __future__ import annotations

import json
from copy import deepcopy
from random import Random
from typing import Any

import pytest
from support.documents import AT, Sizes, make_document
from support.edits import World
from support.oracle import Oracle
from support.signals import NOW, edge, latest, numbers, send
from support.tiers import seeds

from ringfence.domain import clock
from ringfence.services import telemetry
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.storage.signal_tables import moment_of

MINUTE = 60_000
SIZES = Sizes(tenants=1, customers=4, sites=3, devices=2, edges=0, roles=0, groups=0, filters=0, users=0, exact=True)
Place = tuple[str | None, str | None]


def made(chance: Random) -> dict[str, Any]:
    """A tree by chance, with somebody who may do everything; and for each customer somebody who views devices there,
    and not of those nested in it, for each site a guard. The edge is at the root."""
    document = make_document(chance, SIZES)
    for name in ("users", "roles", "alarms", "alarm_rules", "test_modes"):
        document[name] = []
    own = {"tenant": "t0"}
    for device in document["devices"]:
        device["unit_id"] = device["key"]
    view = ["customer.list", "device.list", "device.view"]
    for key, level, permissions in (
        ("all", "service_provider", "all"),
        ("view", "service_provider", view),
        ("guard", "site", view),
    ):
        role = {"key": key, **own, "name": key, "access_level": level, "permissions": permissions}
        document["roles"].append(role)

    def user(login: str, role: str, customers: list[dict[str, Any]], sites: list[str]) -> None:
        scope = "selected" if customers else "all"
        group = {"key": login, **own, "name": login, "role": role, "scope": scope, "customers": customers}
        document["security_groups"].append(group)
        belongs = {"security_groups": [{"group": login}], "sites": sites}
        document["users"].append({"key": login, **own, "login": login, "name": login, **belongs})

    user("boss", "all", [], [])
    for one in document["customers"]:
        user(one["key"], "view", [{"customer": one["key"], "nested": bool(chance.randint(0, 1))}], [])
    for one in document["sites"]:
        user(one["key"], "guard", [], [one["key"]])
    document["edges"] = [{"key": "e", **own, "name": "E", "kind": "pipe", "customer": None}]
    renamed: dict[str, Any] = json.loads(json.dumps(document).replace('"t0"', '"t"'))
    return renamed


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


def small(database: Database) -> World:
    """A device on the only site of ``a``, with somebody at ``a``, at ``b``, on the site, and over all."""
    document = made(Random(0))
    keep = {"a": "c0", "b": "c1"}
    document["customers"] = [{"key": key, "tenant": "t", "name": key} for key in keep]
    document["sites"] = [{"key": "s", "tenant": "t", "name": "S", "customer": "a"}]
    device = {"key": "d", "tenant": "t", "name": "D", "customer": "a", "site": "s", "unit_id": "d"}
    document["devices"] = [device]
    document["users"] = [one for one in document["users"] if one["key"] == "boss"]
    document["security_groups"] = [one for one in document["security_groups"] if one["key"] == "boss"]
    named = {"tenant": "t", "name": "N"}
    for key in keep:
        group = {"key": key, **named, "role": "view", "scope": "selected", "customers": [{"customer": key}]}
        document["security_groups"].append(group)
        document["users"].append({"key": key, **named, "login": key, "security_groups": [{"group": key}]})
    document["security_groups"].append({"key": "guard", **named, "role": "guard", "scope": "all"})
    guard = {"key": "guard", **named, "login": "guard", "sites": ["s"], "security_groups": [{"group": "guard"}]}
    document["users"].append(guard)
    return World(database, document)


def place_by_chance(chance: Random, world: World, sites: dict[str, str | None]) -> Place:
    """A site and whose it is, or a customer."""
    if sites and chance.randint(0, 1):
        site = chance.choice(sorted(sites))
        return sites[site], site
    return chance.choice(list(world.ids("customer"))), None


def reaches(oracle: Oracle, login: str, place: Place) -> bool:
    """Whether somebody would view a device that stands there."""
    whole, narrow = oracle.visible_nodes(login, "device.view")
    customer, site = place
    return customer in whole or (customer in narrow and site in oracle.site_keys(login))
