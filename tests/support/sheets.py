"""A provider whose devices come from sheets, and what sheets come to."""

from __future__ import annotations

import io
from typing import Any

from support.documents import Sizes
from support.edits import ADMINISTRATION, World, provider

from ringfence.services import exporting, importing
from ringfence.services.importing import Import
from ringfence.services.records import Listing
from ringfence.visibility.viewer import Viewer

SIZES = Sizes(tenants=1, customers=9, sites=8, devices=30, roles=5, groups=6, filters=3, users=6, exact=True)
MANAGING = ("device.view", "device.create", "device.edit", "device.assign", "device.delete")


def document() -> dict[str, Any]:
    """The provider's, with somebody who manages Acme's devices, one who only edits them, and unit ids."""
    made = provider()
    roles = {role["key"]: role for role in made["roles"]}
    roles["delegate"]["permissions"] = [*ADMINISTRATION, *MANAGING]
    roles["guard"]["permissions"] = [*roles["guard"]["permissions"], "device.edit", "device.create"]
    for device in made["devices"]:
        device["unit_id"] = {"acme-0": "U-1", "north-0": "U-2", "beta-0": "U-9", "deep-0": "U-4"}.get(device["key"], "")
    made["sites"] += [
        {"key": "gate-deep", "tenant": "t", "name": "Gate", "customer": "deep"},
        {"key": "dock-1", "tenant": "t", "name": "Dock", "customer": "deep"},
        {"key": "dock-2", "tenant": "t", "name": "DOCK", "customer": "deep"},
    ]
    made["customers"] += [
        {"key": "twin-1", "tenant": "t", "name": "Twin", "parent": "acme"},
        {"key": "twin-2", "tenant": "t", "name": "TWIN", "parent": "acme"},
        {"key": "twin-3", "tenant": "t", "name": "Acme", "parent": "beta"},
    ]
    return made


def sheet(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def read(world: World, *lines: str, login: str = "dora", customer: str | None = None) -> Import:
    own = None if customer is None else world.id("customer", customer)
    return importing.read(world.viewer(login), sheet(*lines), own, kind="device")


def faults(world: World, *lines: str, login: str = "dora") -> list[str]:
    return list(read(world, *lines, login=login).faults)


def load(world: World, *lines: str, login: str = "dora", customer: str | None = None) -> dict[str, dict[str, Any]]:
    """What the good rows come to, as a document has it."""
    found = read(world, *lines, login=login, customer=customer)
    world.save(login, *found.edits)
    return devices(world)


def devices(world: World) -> dict[str, dict[str, Any]]:
    return {one["key"]: one for one in world.document()["devices"]}


def exported(viewer: Viewer) -> bytes:
    from ringfence.services import listing

    out = io.StringIO()
    exporting.write(out, listing.export(viewer, Listing("devices")), "csv")
    return out.getvalue().encode()


def numbers(found: Import) -> tuple[int, int, int, int]:
    return found.new, found.changed, found.unchanged, found.bad
