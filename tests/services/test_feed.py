"""Alarms as somebody follows them: once as they are, and then whatever is new, by the rights of that moment."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event
from support.clock import stopped_at
from support.documents import AT
from support.edits import World, provider
from support.signals import edge, send

from ringfence.domain import clock
from ringfence.domain.errors import RingfenceError, SessionEnded
from ringfence.services.feed import Feed
from ringfence.services.records import Listing
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

ACTIVE = Listing("alarms", only="outcome:open")


def world_of(database: Database) -> World:
    """The small provider, with ``wanda``, who lists the alarms of one customer and of those nested in it, and no alarm
    yet."""
    t = {"tenant": "t"}
    made = provider()
    made["devices"] = [{**one, "unit_id": one["key"]} for one in made["devices"]]
    made["edges"] = [{"key": "e", "name": "E", "customer": None, **t, "kind": "pipe"}]
    watch = {"key": "watch", **t, "name": "Watch", "access_level": "service_provider"}
    made["roles"].append({**watch, "permissions": ["customer.list", "device.list", "alarm.list"]})
    acme = {"role": "watch", "scope": "selected", "customers": [{"customer": "acme", "nested": True}]}
    made["security_groups"].append({"key": "watchers", **t, "name": "Watchers", **acme})
    member = {"security_groups": [{"group": "watchers"}]}
    made["users"].append({"key": "wanda", **t, "login": "wanda", "name": "Wanda", **member})
    return World(database, made | {"alarms": [], "test_modes": []})


def told(feed: Feed) -> list[tuple[str, str, int]]:
    """The news: which device's, what came of it, and how often it was said."""
    return [(fields["device"], fields["outcome"], fields["count"]) for fields in (one.fields() for one in feed.news())]


def test_each_alarm_once_and_again_once_it_has_changed(database: Database) -> None:
    world = world_of(database)
    own = edge(database, "e")
    send(database, own, {"unit": "acme-0", "alarm": "water"}, {"unit": "beta-0", "alarm": "water"})
    feed = Feed(world.viewer("wanda"), ACTIVE)
    assert told(feed) == [("acme-0", "open", 1)]
    assert told(feed) == []
    send(database, own, {"unit": "deep-1", "alarm": "fire"}, {"unit": "acme-0", "alarm": "water"})
    assert sorted(told(feed)) == [("acme-0", "open", 2), ("deep-1", "open", 1)]
    send(database, own, {"unit": "beta-1", "alarm": "fire"})
    assert told(feed) == [], "that is none of hers"
    (key,) = (one.key for one in Feed(world.viewer("boss"), ACTIVE._replace(search="device:acme")).news())
    world.save("boss", world.edit("boss", "alarm", key, acked_at=clock.now()))
    assert told(feed) == [("acme-0", "open", 2)], "somebody has seen it"
    world.save("boss", world.edit("boss", "alarm", key, outcome="false"))
    assert told(feed) == [("acme-0", "false", 2)], "and says what it was"
    assert told(feed) == []
    world.session("boss").undo(world.session("boss").stamp()[1])
    assert told(feed) == [("acme-0", "open", 2)]


def test_rights_are_asked_for_each_time(database: Database) -> None:
    """What is hidden by now is told of by nothing, as if it had been deleted; and comes again with the rights."""
    world = world_of(database)
    own = edge(database, "e")
    send(database, own, {"unit": "acme-0", "alarm": "water"}, {"unit": "north-0", "alarm": "water"})
    feed = Feed(world.viewer("wanda"), ACTIVE)
    assert len(feed.news()) == 2
    nested = {world.id("customer", "acme"): False}
    narrowed = world.save("boss", world.edit("boss", "security_group", "watchers", customers=nested))
    assert told(feed) == []
    send(database, own, {"unit": "north-0", "alarm": "water"})
    assert told(feed) == [], "it goes on where she does not look"
    world.session("boss").undo(narrowed)
    assert told(feed) == [("north-0", "open", 2)]
    world.save("boss", world.edit("boss", "user", "wanda", security_groups=frozenset()))
    assert told(feed) == []
    world.save("boss", world.edit("boss", "user", "wanda", active=False))
    with pytest.raises(SessionEnded):
        feed.news()


def test_where_nothing_has_changed_no_row_is_read(database: Database) -> None:
    world = world_of(database)
    send(database, edge(database, "e"), {"unit": "acme-0", "alarm": "water"})
    viewer = world.viewer("wanda")
    feed = Feed(viewer, ACTIVE)
    assert feed.news()
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(viewer.database.engine, "before_cursor_execute", note)
    assert feed.news() == []
    event.remove(viewer.database.engine, "before_cursor_execute", note)
    assert 0 < len(asked) <= 4
    assert not [one for one in asked if "alarm " in one or "alarm_above" in one]


def test_below_a_customer(database: Database) -> None:
    world = world_of(database)
    own = edge(database, "e")
    send(database, own, *({"unit": f"{one}-0", "alarm": "water"} for one in ("acme", "south", "deep", "north")))
    feed = Feed(world.viewer("wanda"), ACTIVE, "south")
    assert sorted(told(feed)) == [("deep-0", "open", 1), ("south-0", "open", 1)]
    for login, key in (("wanda", "beta"), ("wanda", "no-such")):
        with pytest.raises(RingfenceError, match=f"there is no customer '{key}': 'ringfence list customers' shows"):
            Feed(world.viewer(login), ACTIVE, key).news()
    world.save("boss", world.edit("boss", "security_group", "watchers", customers={world.id("customer", "beta"): True}))
    with pytest.raises(RingfenceError, match="there is no customer 'south'"):
        feed.news()


def test_what_a_filter_leaves_out_later_is_told_once_more(database: Database) -> None:
    """Who followed the critical ones learns that one is none any more."""
    world = world_of(database)
    own = edge(database, "e")
    send(database, own, {"unit": "acme-0", "alarm": "water", "severity": "critical"})
    feed = Feed(world.viewer("wanda"), ACTIVE._replace(only="outcome:open severity:critical"))
    assert told(feed) == [("acme-0", "open", 1)]
    send(database, own, {"unit": "deep-0", "alarm": "water", "severity": "minor"})
    assert told(feed) == []
    (key,) = (one.key for one in Feed(world.viewer("boss"), ACTIVE._replace(search="severity:critical")).news())
    world.save("boss", world.edit("boss", "alarm", key, severity="minor"))
    assert told(feed) == [("acme-0", "open", 1)]
    world.save("boss", world.edit("boss", "alarm", key, text="Anything"))
    assert told(feed) == []


def test_a_membership_that_ends_ends_what_it_showed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_of(database)
    own = edge(database, "e")
    until = AT + timedelta(minutes=5)
    windows = frozenset({(world.id("security_group", "watchers"), (None, until))})
    world.save("boss", world.edit("boss", "user", "wanda", security_groups=windows))
    feed = Feed(Viewer.sign_in(database, "wanda"), ACTIVE)
    send(database, own, {"unit": "acme-0", "alarm": "water"})
    assert told(feed) == [("acme-0", "open", 1)]
    stopped_at(monkeypatch, until)
    send(database, own, {"unit": "acme-0", "alarm": "water"})
    assert told(feed) == []
