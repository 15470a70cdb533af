"""What a rule would have made of history: what the engine makes of it when it comes, and only of what one may read."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Any

import pytest
from support.edits import World, provider
from support.signals import NOW, at, edge, send
from support.tiers import first, seeds

from ringfence.domain import clock
from ringfence.domain.alarm_rule import ALARM_RULES, AlarmRuleState
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.services import backtesting, listing
from ringfence.services.backtesting import Backtest, Places
from ringfence.services.editing import Edit
from ringfence.services.records import Listing
from ringfence.signals import clocks
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

MINUTE = 60_000
ENDS = at(600)
EVERYWHERE = Places()


def world_of(database: Database) -> World:
    """The small provider without rules, and ``wanda``, who views the devices of one customer and of those nested in
    it."""
    t = {"tenant": "t"}
    made = provider()
    made["devices"] = [{**one, "unit_id": one["key"]} for one in made["devices"]]
    made["edges"] = [{"key": "e", "name": "E", "customer": None, **t, "kind": "pipe"}]
    reading = ["customer.list", "customer.view", "device.list", "device.view", "alarm_rule.list"]
    made["roles"].append({"key": "view", **t, "name": "View", "access_level": "service_provider"})
    made["roles"][-1]["permissions"] = reading
    acme = {"role": "view", "scope": "selected", "customers": [{"customer": "acme", "nested": True}]}
    made["security_groups"].append({"key": "viewers", **t, "name": "Viewers", **acme})
    member = {"security_groups": [{"group": "viewers"}]}
    made["users"].append({"key": "wanda", **t, "login": "wanda", "name": "Wanda", **member})
    return World(database, made | {"alarms": [], "test_modes": [], "alarm_rules": []})


def rule(**fields: Any) -> AlarmRuleState:
    """A rule of no customer."""
    state = ALARM_RULES.blank
    assert isinstance(state, AlarmRuleState)
    return backtesting.altered(state, fields)


def come_of(
    world: World, login: str, state: AlarmRuleState, places: Places = EVERYWHERE, since: float = 0, **more: Any
) -> Backtest:
    """What comes of it from so many minutes after the moment of the tests on."""
    viewer = Viewer.sign_in(world.database, login, ENDS)
    return backtesting.backtest(viewer, state, places, at(since), ENDS, **more)


def by_chance(chance: Random) -> dict[str, Any]:
    """A rule with a bit of everything."""

    def some(*minutes: int) -> str:
        found = chance.choice((0, *minutes))
        return f"{found}m" if found else ""

    when = chance.choice(
        ("t > 5", "t > 5 && door == true", "t > attr.limit", "mode == 'on' || t > 8".replace("'", '"'))
    )
    fields = {"raise_when": when, "held_for": some(2, 5), "times": chance.choice((1, 1, 2, 3)), "quiet": some(4, 9)}
    if not chance.randrange(3):
        fields["clear_when"] = "t < 3"
    if not chance.randrange(3):
        fields["missing"] = some(7, 12)
    return fields


@pytest.mark.parametrize("seed", seeds(12))
def test_it_is_what_the_engine_makes_of_it(database: Database, seed: int) -> None:
    """The rule is there as the signals come, with the clocks looking every minute; and then looks at what is kept."""
    chance = Random(seed)
    world = world_of(database)
    fields = by_chance(chance)
    world.save("boss", world.edit("boss", "customer", "acme", attributes="limit = 6"))
    own, devices = edge(database, "e"), ("acme-0", "north-0", "deep-1")
    said: dict[tuple[str, str], Any] = {}
    for minute, before in ((-9, {"door": True, "mode": "on"}), (-8, {"door": False, "mode": "off", "t": 1.0})):
        for device in devices:  # by what it was before, history knows what changed
            send(database, own, {"unit": device, "values": before}, now=NOW + minute * MINUTE)
            said.update({(device, name): value for name, value in before.items()})
    made = AlarmRuleState(world.id("customer", "acme"), "R", severity="minor", key="r", **fields)
    world.save("boss", Edit("alarm_rule", -1, None, made))
    for minute in range(120):
        now = NOW + minute * MINUTE
        clocks.run(database, now - 1)
        for device in devices:
            if chance.random() < 0.4:
                values: dict[str, Any] = {}
                if chance.random() < 0.8:
                    values["t"] = float(chance.randrange(10))
                for name, choices in (("door", (True, False)), ("mode", ("on", "off"))):
                    value = chance.choice(choices)
                    if chance.random() < 0.2 and value != said[device, name]:
                        values[name] = said[device, name] = value
                if values:
                    send(database, own, {"unit": device, "values": values}, now=now)
    clocks.run(database, NOW + 600 * MINUTE)
    alarms = [one.fields() for one in listing.export(world.viewer("boss"), Listing("alarms"))]
    spans = {device: sorted(_span(one) for one in alarms if one["device"] == device) for device in devices}
    found = {one.key: one for one in come_of(world, "wanda", made).raised}
    assert found.keys() == {device for device, theirs in spans.items() if theirs}
    for device, one in found.items():
        theirs = spans[device]
        assert one.times == len(theirs), (fields, device)
        assert (one.first, one.last) == (theirs[0][0], theirs[-1][0])
        assert one.lasts is (theirs[-1][1] == ENDS)
        assert one.seconds == sum((ended - began).total_seconds() for began, ended in theirs)


def _span(alarm: dict[str, Any]) -> tuple[datetime, datetime]:
    """From when to when an alarm lasted; up to the end, where it does."""
    began, ended = alarm["started_at"], alarm["ended_at"] or alarm["cleared_at"]
    return datetime.fromisoformat(began), ENDS if ended is None else datetime.fromisoformat(ended)


def warm(world: World, *devices: str, since: float = 0, values: tuple[float, ...] = (9, 1, 9, 9, 1)) -> None:
    """A temperature a minute."""
    own = edge(world.database, "e")
    for minute, value in enumerate(values):
        lines = [{"unit": device, "values": {"t": value}} for device in devices]
        send(world.database, own, *lines, now=NOW + round((since + minute) * MINUTE))


def test_whose_devices_are_looked_at(database: Database) -> None:
    world = world_of(database)
    warm(world, "acme-0", "north-0", "deep-0", "beta-0")
    state = rule(raise_when="t > 8")

    def of(login: str, **places: str) -> list[tuple[str, int, int]]:
        found = come_of(world, login, state, Places(**places))
        return [(one.key, one.times, one.seconds) for one in found.raised]

    every = [("acme-0", 2, 180), ("deep-0", 2, 180), ("north-0", 2, 180)]
    assert sorted(of("boss")) == sorted([*every, ("beta-0", 2, 180)])
    assert sorted(of("wanda")) == every
    assert of("wanda", under="south") == [("deep-0", 2, 180)]
    assert of("wanda", device="north-0") == [("north-0", 2, 180)]
    assert of("rita") == [], "she lists devices, and views none"
    for places, said in (({"under": "beta"}, "customer 'beta'"), ({"device": "beta-0"}, "device 'beta-0'")):
        with pytest.raises(RingfenceError) as hidden:
            of("wanda", **places)
        with pytest.raises(RingfenceError) as missing:
            of("wanda", **dict.fromkeys(places, "no-such"))
        assert said in str(hidden.value)
        assert str(missing.value).replace("no-such", next(iter(places.values()))) == str(hidden.value)


def test_a_stored_rule_looks_at_the_devices_of_its_customer(database: Database) -> None:
    world = world_of(database)
    warm(world, "acme-0", "north-0", "deep-0")
    for name, customer in (("r", "south"), ("hidden", "beta")):
        state = AlarmRuleState(world.id("customer", customer), name, raise_when="t > 8", active=False, key=name)
        world.save("boss", Edit("alarm_rule", -1, None, state))
    before = world.dump()
    viewer = world.viewer("wanda")
    stored = backtesting.stored(viewer, "r")
    assert [one.key for one in come_of(world, "wanda", stored).raised] == ["deep-0"]
    assert [one.key for one in come_of(world, "wanda", stored, Places("acme")).raised] == ["deep-0"]
    assert [one.key for one in come_of(world, "wanda", stored, Places("north")).raised] == []
    assert come_of(world, "wanda", backtesting.altered(stored, {"raise_when": "t > 9"})).raised == []
    for key in ("hidden", "no-such"):
        with pytest.raises(RingfenceError, match=f"there is no alarm rule '{key}'"):
            backtesting.stored(viewer, key)
    with pytest.raises(RingfenceError, match="there is no alarm rule 'r'"):
        backtesting.stored(world.viewer("rita"), "r")
    assert world.dump() == before, "nothing is written"


def test_what_was_reported_elsewhere_counts_for_nothing(database: Database) -> None:
    """Neither where it is now, nor for whoever saw it there: rules look at it since it stands where it is."""
    world = world_of(database)
    warm(world, "beta-0")
    with clock.stopped(at(30)):
        world.save("boss", world.edit("boss", "device", "beta-0", customer=world.id("customer", "north"), site=None))
    for login in ("wanda", "boss"):
        assert come_of(world, login, rule(raise_when="t > 8"), Places(device="beta-0")).raised == []
    warm(world, "beta-0", since=40)
    (found,) = come_of(world, "wanda", rule(raise_when="t > 8"), Places(device="beta-0")).raised
    assert (found.times, found.first, found.last) == (2, at(40), at(42))


def test_a_limit_of_somebody_hidden_is_none(database: Database) -> None:
    """Else whoever tries out one after another would find it."""
    world = world_of(database)
    warm(world, "north-0")
    group = world.edit("boss", "security_group", "viewers", customers={world.id("customer", "north"): True})
    world.save("boss", group)
    for customer, limit in (("acme", 6), ("north", 20)):
        world.save("boss", world.edit("boss", "customer", customer, attributes=f"limit = {limit}"))
    state = rule(raise_when="t > attr.limit")
    assert come_of(world, "wanda", state).raised == []
    world.save("boss", world.edit("boss", "customer", "north", attributes=""))
    assert [one.times for one in come_of(world, "boss", state).raised] == [2]
    assert come_of(world, "wanda", state).raised == []
    assert come_of(world, "wanda", rule(raise_when="attr.limit == 6 || t > 99")).raised == []


def test_what_was_before_is_known_and_raises_nothing_by_itself(database: Database) -> None:
    world = world_of(database)
    warm(world, "acme-0", values=(9,))
    send(database, edge(database, "e"), {"unit": "acme-0", "values": {"wet": 1.0}}, now=NOW + 5 * MINUTE)
    assert come_of(world, "wanda", rule(raise_when="t > 8"), since=2).raised == []
    (found,) = come_of(world, "wanda", rule(raise_when="t > 8 && wet > 0"), since=2).raised
    assert (found.first, found.lasts) == (at(5), True)


@pytest.mark.parametrize("most", first((7, 1, 4, 10, 14)))
def test_no_more_is_looked_at_than_that(database: Database, most: int) -> None:
    """It is said, and what is told of a device is told up to there."""
    world = world_of(database)
    warm(world, "acme-0", "deep-0", "north-0")
    found = come_of(world, "wanda", rule(raise_when="t > 8"), most=most)
    assert found.cut
    assert found.values <= most
    assert found.devices == -(-most // 5)
    whole = come_of(world, "wanda", rule(raise_when="t > 8"))
    assert (whole.cut, whole.values, whole.devices) == (False, 15, 3)
    for one, other in zip(found.raised, whole.raised, strict=False):
        assert (one.key, one.first) == (other.key, other.first)
        assert one.times <= other.times


@pytest.mark.parametrize(
    ("fields", "said", "field"),
    [
        ({"raise_when": "t >"}, "at column 4: ", "raise_when"),
        ({"raise_when": "t > 8", "clear_when": "__import__('os')"}, "at column ", "clear_when"),
        ({"raise_when": "t > 8", "held_for": "soon"}, "is no duration", "held_for"),
        ({"raise_when": "t > 8", "times": 0}, "once is the fewest", "times"),
        ({"raise_when": ""}, "say when it is an alarm", "raise_when"),
    ],
)
def test_what_no_rule_may_be(fields: dict[str, Any], said: str, field: str) -> None:
    with pytest.raises(Refused, match=said) as caught:
        rule(**fields)
    assert caught.value.field == field
