"""Lists of what devices said once: compared with a slow statement of who sees what of it, in worlds made by chance."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from random import Random
from typing import Any, NamedTuple

import pytest
from support.documents import AT
from support.edits import World
from support.filters import some_filter
from support.oracle import Node, Oracle, folded
from support.signals import NOW, edge, send
from support.tenure import MINUTE, Place, made, place_by_chance, reaches, small
from support.tiers import seeds

from ringfence.domain import clock
from ringfence.domain.clock import moment_of
from ringfence.domain.errors import RingfenceError
from ringfence.services import listing, telemetry
from ringfence.services.records import Listing, Part
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

TEXTS = ("Zone 15", "Straße", "north", "\u202ezone", "", "A\nB", "北京")
COLUMNS = ("kind", "name", "severity", "text", "device", "customer")
SOUGHT = ("zone", "Straße", "north", "北", "on", "off", "fire", "d1", "Gate", "c1", "é", "critical", "zzz")


class Event(NamedTuple):
    """Something that a device said, and where it stood then."""

    at: int
    device: str
    kind: str
    name: str
    severity: str
    text: str
    place: Place


class _Story:
    """Devices that speak while they and their customers are moved."""

    def __init__(self, database: Database, seed: int) -> None:
        self.chance = Random(seed)
        document = made(self.chance)
        self._with_others(document)
        self.world = World(database, deepcopy(document))
        self.edge = edge(database, "e")
        self.sites = {one["key"]: one.get("customer") for one in document["sites"]}
        self.stands: dict[str, Place] = {
            one["key"]: (one.get("customer"), one.get("site")) for one in document["devices"]
        }
        self.left: dict[str, list[tuple[int, Place]]] = {key: [] for key in self.stands}
        self.events: list[Event] = []
        for step in range(40):
            self._go_on(NOW + step * MINUTE)
        self.oracle = Oracle(self.world.document(), AT)

    def _with_others(self, document: dict[str, Any]) -> None:
        """Somebody who may open devices and list none, and people whose membership is over, or has an end."""
        own = {"tenant": "t"}
        role = {
            "key": "blind",
            **own,
            "name": "blind",
            "access_level": "service_provider",
            "permissions": ["device.view"],
        }
        document["roles"].append(role)
        group = {"key": "blind", **own, "name": "blind", "role": "blind", "scope": "all", "customers": []}
        document["security_groups"].append(group)
        for login, names in (("blind", ["blind"]), ("late", ["boss"]), ("still", ["c0", "boss"])):
            until = (AT - timedelta(days=1)).isoformat()
            belongs = [{"group": one, **({"valid_until": until} if one == "boss" else {})} for one in names]
            document["users"].append({"key": login, **own, "login": login, "name": login, "security_groups": belongs})

    def _go_on(self, now: int) -> None:
        chance = self.chance
        key = chance.choice(sorted(self.stands))
        match chance.randint(0, 5):
            case 0:
                self._hand_over(key, now)
            case 1:
                self._move(now)
            case _:
                self._say(key, now)

    def _say(self, key: str, now: int) -> None:
        """Something, now or a while ago."""
        chance = self.chance
        at = now - chance.choice((0, 0, 0, 3)) * MINUTE - chance.randint(0, 9)
        kind, name = chance.choice(("on", "off")), chance.choice(("fire", "water"))
        severity, text = chance.choice(("", "critical")), chance.choice(TEXTS)
        line = {"unit": key, "ts": moment_of(at).isoformat(), "alarm": name, "state": kind, "text": text}
        send(self.world.database, self.edge, line | ({"severity": severity} if severity else {}), now=now)
        place = next((place for until, place in self.left[key] if at < until), self.stands[key])
        self.events.append(Event(at, key, kind, name, severity, text, place))

    def _hand_over(self, key: str, now: int) -> None:
        place = place_by_chance(self.chance, self.world, self.sites)
        if place == self.stands[key]:
            return
        customer, site = place
        ids = self.world.id("customer", customer), None if site is None else self.world.id("site", site)
        with clock.stopped(moment_of(now)):
            self.world.save("boss", self.world.blind("device", key, customer=ids[0], site=ids[1]))
        heard = [one.at for one in self.events if one.device == key]
        if heard:
            self.left[key].append((max(now, max(heard) + 1), self.stands[key]))
        self.stands[key] = place

    def _move(self, now: int) -> None:
        """A customer, with all that is nested in it."""
        customers = [key for key in self.world.ids("customer") if key is not None]
        moved, to = self.chance.sample(customers, 2)
        with clock.stopped(moment_of(now)):
            try:
                self.world.save("boss", self.world.blind("customer", moved, parent=self.world.id("customer", to)))
            except RingfenceError:
                return  # into itself

    def seen(self, login: str, under: Node | bool = False) -> list[Event]:
        """What somebody sees, in the order of time."""
        below = None if under is False else self.oracle.subtree("t", under)  # type: ignore[arg-type]
        found = [
            one
            for one in self.events
            if reaches(self.oracle, login, self.stands[one.device])
            and reaches(self.oracle, login, one.place)
            and (below is None or one.place[0] in below)
        ]
        return sorted(found, key=lambda one: one.at)

    def shown(self, login: str, event: Event) -> dict[str, str]:
        """What somebody is shown of an event that they see."""
        device = self.oracle.records("t", "devices")[event.device]
        names = self.oracle.shown(login, "devices", device)
        listed = event.device in self.oracle.listed(login, "devices")
        customer = self.oracle._name(login, "customers", event.place[0], owner=True)
        plain = {name: getattr(event, name) for name in ("kind", "name", "severity", "text")}
        return {**plain, "device": names["name"] if listed else "", "customer": customer}


@pytest.mark.parametrize("seed", seeds(8))
def test_list_count_search_export_and_place_agree_for_everybody(database: Database, seed: int) -> None:
    story, chance = _Story(database, seed), Random(-seed)
    hidden = 0
    logins = [one["login"] for one in story.oracle.document["users"]]
    special = ("boss", "blind", "late", "still")
    for login in (*special, *chance.sample(sorted({*logins} - {*special}), 4)):
        viewer = story.world.viewer(login)
        seen = story.seen(login)
        hidden += len(story.events) - len(seen)
        _compare(viewer, story, login, Listing("events"), seen)
        for wanted in (some_filter(chance, COLUMNS, SOUGHT) for _ in range(2)):
            found = [one for one in seen if wanted.fits(story.shown(login, one))]
            _compare(viewer, story, login, Listing("events", wanted.typed), found)
        for node in chance.sample(sorted(story.oracle.forest(login), key=str), min(2, len(story.oracle.forest(login)))):
            under = story.world.id("customer", node)
            _compare(viewer, story, login, Listing("events", under=under), story.seen(login, node))
        for key, place in story.stands.items():
            about = Listing("events", record=("device", key))
            if reaches(story.oracle, login, place):
                theirs = [one for one in seen if one.device == key]
                _compare(viewer, story, login, about, theirs)
                told = [(one.kind, one.name, one.text) for one in telemetry.happened(viewer, key)]
                assert told == [(one.kind, one.name, one.text) for one in reversed(theirs)]
            else:
                with pytest.raises(RingfenceError, match=f"there is no device '{key}'"):
                    listing.count(viewer, about)
    assert hidden, "somebody does not see all"
    assert any(one.place != story.stands[one.device] for one in story.events), "something was handed over"


def _compare(viewer: Viewer, story: _Story, login: str, wanted: Listing, expected: list[Event]) -> None:
    """List, count, windows, places and other orders of what is listed."""
    told = [(one.fields()["kind"], one.fields()["name"], one.fields()["text"], one.shown("device"), one.owner)
            for one in listing.export(viewer, wanted)]  # fmt: skip
    shown = [story.shown(login, one) for one in expected]
    assert told == [(one["kind"], one["name"], one["text"], one["device"], one["customer"]) for one in shown], login
    assert listing.count(viewer, wanted) == len(expected)
    rows = listing.rows(viewer, wanted, Part(100))
    assert [int(one.sort_key[0]) for one in rows] == [one.at for one in expected]
    backwards = [one.id for one in rows[::-1]]
    for sort in ("at", story.chance.choice(COLUMNS)):
        ordered = wanted._replace(sort=sort, descending=True)
        every = listing.rows(viewer, ordered, Part(100))
        assert {one.id for one in every} == set(backwards)
        if sort == "at":
            assert [one.id for one in every] == backwards
        else:
            values = [folded(one.owner if sort == "customer" else one.shown(sort)) for one in every]
            assert values == sorted(values, reverse=True)
        if every:
            row = story.chance.choice(every)
            at = every.index(row)
            assert listing.place(viewer, ordered, row.id) == at
            assert listing.rows(viewer, ordered, Part(2, after=row.sort_key)) == every[at + 1 : at + 3]
            assert (
                listing.rows(viewer, ordered, Part(2, before=row.sort_key, skip=1))
                == every[max(0, at - 3) : max(0, at - 1)]
            )
            assert listing.rows(viewer, ordered, Part(2, from_end=True)) == every[-2:]


def test_what_was_said_at_a_customer_that_is_gone_is_told_without_its_name(database: Database) -> None:
    world = small(database)
    send(database, edge(database, "e"), {"unit": "d", "alarm": "fire", "text": "Zone 1"})
    with clock.stopped(moment_of(NOW + MINUTE)):
        world.save("boss", world.edit("boss", "device", "d", customer=world.id("customer", "b"), site=None))
        world.save("boss", world.delete("site", "s"), world.delete("customer", "a"))
    (told,) = listing.export(world.viewer("boss"), Listing("events"))
    assert (told.owner, told.fields()["text"], told.key) == ("", "Zone 1", "d")
    assert listing.count(world.viewer("b"), Listing("events")) == 0
    assert listing.count(world.viewer("boss"), Listing("events", 'customer:""')) == 1


def test_what_one_may_open_and_not_list_is_told_without_a_name(database: Database) -> None:
    story = _Story(database, 0)
    viewer = story.world.viewer("blind")
    found = list(listing.export(viewer, Listing("events")))
    assert len(found) == len(story.events)
    assert {(one.key, one.owner, one.fields()["device"]) for one in found} == {("", "", None)}
