"""What the page of an alarm shows is, of all that there is around it, what its reader may see: for anybody's rights."""

from __future__ import annotations

import re
from datetime import datetime
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from support.documents import AT, Sizes, make_document
from support.edits import World, provider
from support.oracle import Oracle
from support.signals import at
from support.tiers import seeds

from ringfence.console.cells import alarm_page
from ringfence.console.text import Cell, as_cell
from ringfence.domain.clock import milliseconds
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import RingfenceError
from ringfence.domain.event import CHANGED, OFF, ON
from ringfence.domain.site import SITES
from ringfence.services.alarm_story import VALUE, Story, story
from ringfence.signals import events, latest, telemetry
from ringfence.signals.events import Said
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

SIZES = Sizes(tenants=1, customers=5, sites=4, devices=14, alarms=14, groups=8, users=10, exact=True)
VIEW = {"customers": CUSTOMERS.right("view"), "sites": SITES.right("view"), "devices": DEVICES.right("view")}
SOME = ("device.list", "site.list", *VIEW.values())


def crowded(seed: int) -> dict[str, Any]:
    """A document whose alarms are about devices of their sites, whose customers and sites have instructions here and
    there, and whose roles give some of what the page asks for."""
    chance = Random(seed)
    document = make_document(chance, SIZES)
    for role in document["roles"]:
        if role["permissions"] != "all":
            role["permissions"] = sorted({*role["permissions"], "alarm.list", *chance.sample(SOME, 4)})
    for entry in (*document["customers"], *document["sites"]):
        if chance.randint(0, 1):
            entry["attributes"] = f"instructions = call {entry['key']}"
    at_sites = [one for one in document["devices"] if one["site"] is not None]
    for alarm in document["alarms"]:
        if at_sites and chance.randint(0, 3):
            device = chance.choice(at_sites)
            alarm |= {"device": device["key"], "site": device["site"], "customer": device["customer"]}
    return document


def say(database: Database, document: dict[str, Any]) -> None:
    """Every device says something as each of its alarms begins, and has a temperature."""
    with database.writing() as connection:
        rows = {row.key: row for row in connection.execute(text("SELECT k.key, k.id, k.tenant_id FROM device k"))}
        for alarm in document["alarms"]:
            if alarm.get("device") is not None:
                _, own, tenant = rows[alarm["device"]]
                at = milliseconds(datetime.fromisoformat(alarm["started_at"]))
                on = Said(own, at, ON, alarm["kind"], "", alarm["device"])
                events.write(connection, tenant, [on, on._replace(kind=CHANGED, name="door")])
                known = latest.known_of(connection, tenant, [own])[own]
                if not known.ids:
                    known.also(["t"])
                    latest.add_series(connection, tenant, [(own, "t", known)])
                known.at, known.values = max(known.at, at), {"t": 1.5}
                latest.write(connection, tenant, {own: known})
                telemetry.write(connection, tenant, [known.ids[0], at, 1.5])


def expected(
    oracle: Oracle, login: str, alarm: dict[str, Any]
) -> tuple[str | None, tuple[list[str] | None, bool], bool]:
    """The instructions, the other devices of a site that they see with whether there are any that they do not, and
    whether anything is told of what the device said."""

    def seen(permission: str, kind: str) -> set[str]:
        return oracle.visible(login, permission, kind)

    records = {kind: oracle.records("t0", kind) for kind in ("customers", "sites", "devices", "alarms")}
    site = alarm["site"] if alarm["site"] in seen("site.list", "sites") else None
    ways, customer = [], alarm["customer"]
    if site in seen(VIEW["sites"], "sites"):
        ways.append(records["sites"][site])
    if ways or customer in seen(VIEW["customers"], "customers"):
        while customer is not None:
            if customer in seen(VIEW["customers"], "customers"):
                ways.append(records["customers"][customer])
            customer = records["customers"][customer]["parent"]
    told = (one["attributes"].removeprefix("instructions = ") for one in ways if "instr" in one.get("attributes", ""))
    ringing = {
        one["device"]
        for key in seen("alarm.list", "alarms")
        if (one := records["alarms"][key])["site"] == site is not None
        and one["customer"] == alarm["customer"]
        and one.get("outcome", "open") == "open"
        and one["key"] != alarm["key"]
    }
    listed = seen("device.list", "devices")
    ringing -= {None, alarm["device"] if alarm["device"] in listed else None}
    names = sorted(records["devices"][one]["name"] for one in ringing & listed) if site is not None else None
    viewed = alarm["device"] in listed & seen(VIEW["devices"], "devices")
    return next(told, None), (names, bool(ringing - listed)), viewed


def page_of(found: Story) -> str:
    """What its page says."""
    lines = alarm_page.page(found, 100)
    return "\n".join(
        "".join(as_cell(one).text for one in ([line] if isinstance(line, Cell) else line)) for line in lines
    )


def said(found: Story) -> set[str]:
    """What is told of what its device said."""
    return {one.what for one in found.steps if one.what in (ON, CHANGED, VALUE)}


@pytest.mark.parametrize("seed", seeds(407, 412))
def test_everybody_is_shown_what_they_may_see_and_nothing_else(database: Database, seed: int) -> None:
    document = crowded(seed)
    load_document(database, document)
    say(database, document)
    oracle = Oracle(document, AT)
    with database.reading() as connection:
        ids = {row.key: row.id for row in connection.execute(text("SELECT key, id FROM alarm"))}
    shown = hidden = 0
    for user in document["users"]:
        login = user["login"]
        viewer, visible = Viewer.sign_in(database, login, AT), oracle.visible(login, "alarm.list", "alarms")
        for alarm in document["alarms"]:
            if alarm["key"] not in visible:
                with pytest.raises(RingfenceError) as refused:
                    story(viewer, ids[alarm["key"]])
                with pytest.raises(RingfenceError, match=f"^{re.escape(str(refused.value))}$"):
                    story(viewer, 999_999)
                hidden += 1
                continue
            found = story(viewer, ids[alarm["key"]])
            instructions, others, viewed = expected(oracle, login, alarm)
            told = None if found.around.instructions is None else found.around.instructions.value
            named = None if found.others is None else list(found.others)
            assert (told, (named, found.unnamed)) == (instructions, others), (login, alarm["key"])
            assert ("No alarm is open" in page_of(found)) == (others == ([], False)), "only where they see that"
            assert ("last 7 days" in page_of(found)) == (found.around.opened.state.device is not None), login
            assert said(found) == ({ON, CHANGED, VALUE} if viewed else set()), (login, alarm["key"])
            shown += 1
    assert shown
    assert hidden


def test_what_it_is_about_is_told_however_much_else_the_device_says(database: Database) -> None:
    """Over the hours that an alarm lasts, and in the minutes about its beginning."""
    world = World(database, provider())
    began = milliseconds(AT)
    device = world.id("device", "north-0")
    with database.writing() as connection:
        connection.execute(
            text("UPDATE alarm SET kind = 'fire', ended_at = :at WHERE key = 'north-alarm'"), {"at": at(300)}
        )
        (tenant,) = connection.execute(text("SELECT id FROM tenant")).scalars()
        said_of = Said(device, began, ON, "fire", "", "smoke")
        minutes = [-1, *(minute / 10 for minute in range(80)), *range(20, 300)]
        others = [said_of._replace(kind=CHANGED, name="mode", at=began + int(one * 60_000) + 1) for one in minutes]
        events.write(connection, tenant, [said_of, *others, said_of._replace(kind=OFF, at=began + 300 * 60_000)])
    steps = story(world.viewer("boss"), world.id("alarm", "north-alarm")).steps
    assert [one.what for one in steps if one.what in (ON, OFF)] == [ON, OFF]
    assert any(one.what == CHANGED for one in steps)
    assert len(steps) < 100
