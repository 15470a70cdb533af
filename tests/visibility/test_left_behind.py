"""What people set on a device stays behind when it goes to another customer: nobody reads it there, anywhere."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from support.databases import dumped
from support.edits import World, provider
from support.signals import edge, send

from ringfence.domain.errors import Refused
from ringfence.domain.registry import KINDS
from ringfence.services import assigning, importing, listing
from ringfence.services.attributes import attributes
from ringfence.services.records import Listing
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database

SECRET, OTHER = "Ada of the North", "Bo of Beta"
SET = f"contact = {SECRET}\nmax_temperature = 7.125"
"""What North set on its device."""
READ = [f"{noun}.{verb}" for noun in ("customer", "site", "device") for verb in ("list", "view")]


@pytest.fixture
def world(database: Database) -> World:
    """The small provider, with people who see and change one end only, and one who only hands devices over."""
    made, own = provider(), {"tenant": "t"}
    made["devices"] = [{**one, "unit_id": one["key"]} for one in made["devices"]]
    next(one for one in made["devices"] if one["key"] == "north-0")["attributes"] = SET
    made["edges"] = [{"key": "e", "name": "E", "customer": None, **own, "kind": "pipe"}]
    for key, level, held in (
        ("end", "service_provider", [*READ, "device.edit", "audit.view"]),
        ("mover", "service_provider", [*READ, "device.assign", "audit.view"]),
    ):
        made["roles"].append({"key": key, **own, "name": key, "access_level": level, "permissions": held})
    for login, role, customers in (
        ("acme-end", "end", ["acme"]),
        ("beta-end", "end", ["beta"]),
        ("mover", "mover", ["acme", "beta"]),
    ):
        named = {"scope": "selected", "customers": [{"customer": one} for one in customers]}
        made["security_groups"].append({"key": login, **own, "name": login, "role": role, **named})
        user = {"key": login, **own, "login": login, "name": login, "security_groups": [{"group": login}]}
        made["users"].append(user)
    found = World(database, made)
    send(database, edge(database, "e"), {"unit": "north-0", "attributes": {"firmware": "2.4.1"}})
    return found


def device(world: World, key: str = "north-0") -> dict[str, Any]:
    """A device as a dump has it."""
    (found,) = (one for one in world.document()["devices"] if one["key"] == key)
    return dict(found)


def read(world: World, login: str) -> str:
    """All that somebody can read: lists as they are exported, a dump, records, the audit and what it says of each
    device, and attributes."""
    viewer, session = world.viewer(login), world.session(login)
    found: list[Any] = [dumped(world.database, viewer)]
    for kind in KINDS:
        found += (one.fields() for one in listing.export(viewer, Listing(kind)))
    for record in (None, ("device", "north-0")):
        entries = list(listing.export(viewer, Listing("audit", record=record)))
        found += (session.audit_detail(one.id).lines for one in entries)
    opened = session.open_records("device", list(world.ids("device").values()))
    found += (one.state for one in opened)
    found += (attributes(viewer, "device", one.state.key) for one in opened)
    return "\n".join(map(str, found))


def by_form(world: World, customer: str) -> None:
    world.save("boss", world.edit("boss", "device", "north-0", customer=world.id("customer", customer)))


def by_assigning(world: World, customer: str) -> None:
    """As the console and the command line do, by somebody who may do no more than that."""
    viewer = world.viewer("mover")
    edits, _ = assigning.edits(viewer, [world.id("device", "north-0")], world.id("customer", customer))
    world.save("mover", *edits)


def by_sheet(world: World, customer: str) -> None:
    """A sheet that says all that was exported, but for whose it is."""
    viewer = world.viewer("boss")
    (row,) = (one.fields() for one in listing.export(viewer, Listing("devices")) if one.key == "north-0")
    out = StringIO()
    sheet = csv.DictWriter(out, list(row))
    sheet.writeheader()
    sheet.writerow({**row, "customer": customer, "site": ""})
    found = importing.read(viewer, out.getvalue().encode(), kind="device")
    assert not found.faults
    world.save("boss", *found.edits)


def by_file(world: World, customer: str) -> None:
    """A dump that says all, but for whose it is."""
    document = world.document()
    for one in document["devices"]:
        if one["key"] == "north-0":
            one |= {"customer": customer, "site": None}
    load_document(world.database, document, "command line")


def take_back(world: World) -> None:
    """Takes back what was done last."""
    session = world.session("boss")
    session.undo(session.preview_undo()[0])


WAYS = [by_form, by_assigning, by_sheet, by_file]


@pytest.mark.parametrize("way", WAYS)
def test_what_was_set_stays_behind_and_what_was_reported_goes_along(
    world: World, way: Callable[[World, str], None]
) -> None:
    assert SECRET in read(world, "acme-end")
    way(world, "beta")
    assert (device(world)["customer"], device(world).get("attributes")) == ("beta", None)
    told = read(world, "beta-end")
    assert "firmware" in told
    assert SECRET not in told
    assert "7.125" not in told


@pytest.mark.parametrize("way", [by_form, by_assigning])
def test_the_former_end_reads_in_its_audit_what_stayed(world: World, way: Callable[[World, str], None]) -> None:
    way(world, "beta")
    assert SECRET in read(world, "acme-end")
    assert "attributes" not in dumped(world.database, world.viewer("acme-end"))
    assert SECRET not in read(world, "beta-end")


def test_it_is_undone_with_the_change_and_what_the_other_end_set_stays_there(world: World) -> None:
    before = device(world)
    by_form(world, "beta")
    take_back(world)
    assert device(world) == before
    by_form(world, "gamma")
    by_form(world, "beta")
    world.save("beta-end", world.edit("beta-end", "device", "north-0", attributes=f"contact={OTHER}"))
    # The last hand-over took nothing along, and its undo brings nothing back: what is set by now stays at Beta.
    take_back(world)
    assert (device(world)["customer"], device(world).get("attributes")) == ("gamma", None)
    assert OTHER not in read(world, "acme-end")
    assert OTHER in read(world, "beta-end"), "in their audit"


def test_a_hand_over_is_not_undone_over_what_was_set_since(world: World) -> None:
    by_form(world, "beta")
    world.save("beta-end", world.edit("beta-end", "device", "north-0", attributes=f"contact={OTHER}"))
    with pytest.raises(Refused, match="attributes of device 'north 0' was changed since"):
        take_back(world)


def test_what_the_same_edit_newly_says_goes_along(world: World) -> None:
    beta = {"customer": world.id("customer", "beta"), "site": None}
    said = f"contact = {SECRET}\nmax_temperature = 9\nnew = true"
    world.save("boss", world.edit("boss", "device", "north-0", attributes=said, **beta))
    assert device(world)["attributes"] == "max_temperature = 9\nnew = true"
    assert SECRET not in read(world, "beta-end")
    assert "7.125" not in read(world, "beta-end")
    take_back(world)
    assert device(world)["attributes"] == SET


def test_it_stays_on_the_device_at_its_own_customer_and_when_that_is_moved(world: World) -> None:
    world.save("boss", world.edit("boss", "device", "north-0", site=None))
    world.save("boss", world.edit("boss", "customer", "north", parent=world.id("customer", "beta")))
    assert device(world)["attributes"] == SET


def test_a_file_that_says_no_attributes_is_refused_whole(world: World) -> None:
    document = world.document()
    document["sites"][0]["attributes"] = "a = 1\nB = 2"
    before = world.dump()
    with pytest.raises(Exception, match=r"sites\[0\] \"gate\": attributes: line 2: 'B' is no name"):
        load_document(world.database, document)
    assert world.dump() == before
