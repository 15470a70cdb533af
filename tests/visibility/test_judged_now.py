"""Writing is judged now: looking as of another moment never permits a change, nor forbids one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support.databases import rows
from support.documents import AT
from support.edits import World, provider

from ringfence.domain.customer import CustomerState
from ringfence.domain.device import DeviceState
from ringfence.domain.errors import Conflict, Refused, RingfenceError
from ringfence.domain.role import RoleState
from ringfence.domain.site import SiteState
from ringfence.domain.user import UserState
from ringfence.services import assigning, audit, editing, importing, previewing
from ringfence.services.edited import Preview
from ringfence.services.editing import Edit
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

DAY = timedelta(days=1)


def windowed(begin: int | None, end: int | None) -> dict[str, Any]:
    """The provider, whose ``boss2`` administrates everything from and until so many days from now."""
    document = provider()
    (user,) = (one for one in document["users"] if one["key"] == "boss2")
    moments = [None if days is None else (AT + days * DAY).isoformat() for days in (begin, end)]
    user["security_groups"] = [{"group": "everything", "valid_from": moments[0], "valid_until": moments[1]}]
    return document


def edits(world: World) -> list[list[Edit]]:
    """A change of every kind of record, and of each way to change one."""
    acme, north, beta = (world.id("customer", key) for key in ("acme", "north", "beta"))
    return [
        [Edit("customer", -1, None, CustomerState(acme, "New"))],
        [Edit("site", -1, None, SiteState(acme, "New"))],
        [Edit("device", -1, None, DeviceState(acme, "New"))],
        [Edit("role", -1, None, RoleState(acme, "New"))],
        [Edit("user", -1, None, UserState(acme, "new", "New"))],
        [world.blind("customer", "north", name="Other")],
        [world.blind("customer", "north", parent=beta)],
        [world.blind("device", "south-0", customer=north)],
        [world.blind("site", "gate", name="Other")],
        [world.blind("security_group", "empty", name="Other")],
        [world.blind("customer_group", "prod", name="Other")],
        [world.blind("user", "rita", name="Other")],
        [world.delete("device", "south-0")],
        [world.delete("customer", "gamma")],
    ]


def permitted(preview: Preview) -> None:
    """Raises Refused where it says so."""
    if preview.refusal:
        raise Refused(preview.refusal)


@pytest.mark.parametrize(("begin", "end", "shift"), [(None, -1, -2), (1, None, 2), (-2, -1, -1.5)])
def test_a_window_that_is_shut_permits_nothing(
    sqlite_database: Database, begin: int | None, end: int | None, shift: float
) -> None:
    """Whoever may look as of a moment when they administrated may not change anything by that."""
    world = World(sqlite_database, windowed(begin, end))
    change = world.save("boss", world.edit("boss", "user", "rita", email="rita@acme.example"))
    viewer = Viewer.sign_in(world.database, "boss2", AT + shift * DAY)
    before = rows(world.database)
    for each in edits(world):
        with pytest.raises((Refused, Conflict)):
            permitted(previewing.preview(viewer, each))
        with pytest.raises((Refused, Conflict)):
            editing.save(viewer, each, "test")
    with pytest.raises(Refused):
        audit.undo(viewer, change, "test")
    moved = assigning.edits(viewer, (world.id("device", "south-0"),), world.id("customer", "north"), None)[0]
    with pytest.raises(RingfenceError):
        editing.save(viewer, moved, "test")
    sheet = importing.read(viewer, b"key,name\nsouth-0,Other\n", None, kind="device")
    assert sheet.faults
    assert sheet.edits == ()
    kept = {name: found for name, found in rows(world.database).items() if not name.startswith("scope")}
    assert kept == {name: found for name, found in before.items() if not name.startswith("scope")}


def test_a_window_that_is_open_permits_whatever_one_looks_at(sqlite_database: Database) -> None:
    world = World(sqlite_database, windowed(-1, 1))
    for shift in (-2, 2):
        viewer = Viewer.sign_in(world.database, "boss2", AT + shift * DAY)
        for each in edits(world):
            found = previewing.preview(viewer, [replace(one, revision=0) for one in each])
            assert not found.refusal, (each, found.refusal)
