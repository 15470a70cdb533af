"""Worlds for tests of who sees what devices reported, and a slow statement of that."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from support.documents import Sizes, make_document
from support.edits import World
from support.oracle import Oracle

from ringfence.storage.engine import Database

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
