"""Histories of a small world, made by chance, beside the slow statement of what becomes of its alarms."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

from sqlalchemy import text
from support.alarm_facts import Device, Line, Mode
from support.alarm_histories import MINUTE, ROOT, alarms_of, described, entry, queues_of, rules_by_chance
from support.alarm_oracle import Oracle
from support.edits import World, provider
from support.open_alarms import agree
from support.signals import NOW, edge, send

from ringfence.domain import clock
from ringfence.domain import test_mode as modes
from ringfence.domain.alarm import ALARMS
from ringfence.domain.clock import moment_of
from ringfence.domain.duration import said as duration
from ringfence.services.editing import Edit
from ringfence.signals import clocks
from ringfence.storage.engine import Database

PARENTS: dict[str, str | None] = {ROOT: None, "acme": ROOT, "north": "acme", "south": "acme", "deep": "south"} | {
    "beta": ROOT,
    "gamma": ROOT,
}
DEVICES = ("acme-0", "north-0", "north-x", "deep-0", "beta-0")
SITES = {"north": "gate", "beta": "roof"}


class History:
    """A world and the slow statement of it, to which the same happens."""

    def __init__(self, database: Database, chance: Random) -> None:
        self.chance = chance
        self.now = NOW
        self.numbers = 0
        self.seen: Counter[str] = Counter()
        made = self.people()
        kinds = {key: chance.choice(("cooler", "")) for key in DEVICES}
        devices = [
            one | {"unit_id": one["key"], "kind": kinds[one["key"]]} for one in made["devices"] if one["key"] in kinds
        ]
        rules = rules_by_chance(chance)
        own = {"tenant": "t", "kind": "pipe", "name": "E"}
        edges = [{"key": "e", "customer": None, **own}, {"key": "b", "customer": "beta", **own}]
        lists = {"devices": devices, "edges": edges, "alarm_rules": [entry(one) for one in rules]}
        with clock.stopped(moment_of(NOW)):
            self.world = World(database, made | lists | {"alarms": [], "test_modes": []})
        self.database = database
        self.edges = {key: edge(database, key) for key in ("e", "b")}
        known = [Device(one["key"], one["customer"], one.get("site"), one["kind"]) for one in devices]
        self.oracle = Oracle(dict(PARENTS), known, rules)
        self.ids: set[tuple[str, str]] = set()

    def people(self) -> dict[str, Any]:
        """The provider with its people, as a document."""
        return provider()

    def step(self) -> None:
        """Something happens, and some time goes by."""
        self.now += self.chance.choice((0, 1, 20_000, MINUTE, MINUTE, 4 * MINUTE, 11 * MINUTE))
        happens = self.chance.choices(
            (
                *(self.lines, self.burst, self.clocks, self.test_mode, self.hand_over, self.move, self.rule),
                *(self.operator, self.attribute),
            ),
            (12, 1, 7, 1.5, 1.5, 0.4, 3, 2, 4),
        )[0]
        self.seen[happens.__name__] += 1
        happens()

    # What is said.

    def line(self, now: int) -> dict[str, Any]:
        """A line by chance."""
        chance = self.chance
        found: dict[str, Any] = {"unit": chance.choice(DEVICES)}
        if chance.randrange(3):
            found["ts"] = now + chance.choice((0, 0, -1, -MINUTE, -3 * MINUTE, -20 * MINUTE, 3 * MINUTE))
        said = chance.choice(("values", "values", "values", "alarm", "both", "attributes"))
        if said in ("values", "both"):
            numbers = [1, 5, 7, 9, 10.5]
            found["values"] = {"temperature": chance.choice(numbers)} if chance.randrange(5) else {}
            if not chance.randrange(3) or not found["values"]:
                found["values"] |= {"door": chance.choice(("open", "shut", 7)), "other": True}
        if said in ("alarm", "both"):
            found["alarm"] = chance.choice(("fire", "intrusion", "too_warm", "water"))
            found["state"] = chance.choice(("on", "on", "off"))
            if not chance.randrange(3):
                found["severity"] = chance.choice(("critical", "major", "info"))
            found["text"] = chance.choice(("", "Zone 1", "Zone 2"))
        if said == "attributes":
            found["attributes"] = {"limit": chance.choice((4, 8))}
        if not chance.randrange(4):
            self.numbers += chance.choice((0, 1))
            found["id"] = f"n{self.numbers}"
        return found

    def lines(self) -> None:
        """A batch."""
        self.take([self.line(self.now) for _ in range(self.chance.choice((1, 1, 2, 6)))], self.chance.choice("eeb"))

    def burst(self) -> None:
        """An alarm that comes and goes, over and over."""
        unit, kind = self.chance.choice(DEVICES), self.chance.choice(("water", "intrusion"))
        many = self.chance.choice((8, 30, 50))
        lines = [
            {"unit": unit, "alarm": kind, "state": ("on", "off")[place % 2], "ts": self.now - 60 + place}
            for place in range(many + self.chance.choice((0, 1)))
        ]
        self.take(lines, "e")

    def send(self, lines: list[dict[str, Any]], by: str) -> tuple[int, int] | None:
        """Sends lines by an edge; returns how many alarms were raised and cleared, as far as that is told."""
        taken = send(self.database, self.edges[by], *lines, now=self.now)
        return taken.raised, taken.cleared

    def take(self, lines: list[dict[str, Any]], by: str) -> None:
        """Lines come in by an edge."""
        before = [replace(one) for one in self.oracle.alarms]
        told_by_it = self.send(lines, by)
        heard = []
        for one in lines:
            if one.get("id"):
                if (by, one["id"]) in self.ids:
                    continue
                self.ids.add((by, one["id"]))
            if by == "b" and "beta" not in self.oracle.above(self.oracle.devices[one["unit"]].customer):
                continue
            moment = one.get("ts", self.now)
            said = (one.get("alarm", ""), one.get("state", "on") == "on", one.get("severity", ""), one.get("text", ""))
            heard.append(Line(one["unit"], moment, one.get("values", {}), one.get("attributes", {}), *said))
        self.oracle.batch(heard, self.now)
        told = [one for one in self.oracle.alarms if one.outcome != "test"]
        known = [one for one in before if one.outcome != "test"]
        gone = sum(one.outcome == "by_itself" for one in told) - sum(one.outcome == "by_itself" for one in known)
        assert told_by_it in (None, (len(told) - len(known), gone))

    def clocks(self) -> None:
        """The clocks run, and have nothing more to do."""
        clocks.run(self.database, self.now)
        self.oracle.clocks(self.now)
        assert clocks.run(self.database, self.now) == clocks.Done()

    # What people do.

    def save(self, *edits: Any) -> None:
        """Somebody changes something."""
        with clock.stopped(moment_of(self.now)):
            self.world.save("boss", *edits)

    def test_mode(self) -> None:
        """A test mode begins, or ends before its time."""
        chance = self.chance
        if self.oracle.modes and chance.randrange(2):
            key = chance.choice(sorted(self.oracle.modes))
            mode = self.oracle.modes[key]
            if mode.until > self.now and chance.randrange(2):
                self.save(self.world.edit("boss", "test_mode", key, until=moment_of(self.now)))
                mode.until = self.now
            else:
                self.save(self.world.delete("test_mode", key))
                del self.oracle.modes[key]
        else:
            key = f"m{self.seen['test_mode']}"
            customer = chance.choice(sorted(set(PARENTS)))
            mode = Mode(customer, self.now, self.now + chance.choice((2, 10, 60)) * MINUTE)
            if customer in SITES and chance.randrange(2):
                mode.site = SITES[customer]
            if not chance.randrange(3):
                mode.device = chance.choice(DEVICES)
                mode.customer, mode.site = self.oracle.devices[mode.device].customer, None
            mode.alarms = frozenset(chance.choice(((), (), ("fire", "too_warm"))))
            self.start(key, mode)
        self.oracle.modes_changed(self.now)

    def start(self, key: str, mode: Mode) -> None:
        """A test mode begins."""
        named = {"site": mode.site, "device": mode.device}
        ids: Any = {one: self.world.id(one, own) if own else None for one, own in named.items()}
        state = modes.TestModeState(
            self.world.id("customer", mode.customer or None),
            key,
            **ids,
            alarms=", ".join(sorted(mode.alarms)),
            until=moment_of(mode.until),
        )
        self.save(Edit("test_mode", -1, None, state, 0))
        with self.database.reading() as connection:
            found = connection.execute(text("SELECT key FROM test_mode WHERE name = :name"), {"name": key})
            self.oracle.modes[found.scalar_one()] = mode

    def hand_over(self) -> None:
        """A device comes to stand elsewhere."""
        key = self.chance.choice(DEVICES)
        customer = self.chance.choice([one for one in PARENTS if one])
        site = SITES.get(customer) if self.chance.randrange(2) else None
        device = self.oracle.devices[key]
        if (device.customer, device.site) == (customer, site):
            return
        ids = self.world.id("customer", customer), self.world.id("site", site) if site else None
        self.save(self.world.edit("boss", "device", key, customer=ids[0], site=ids[1]))
        self.oracle.hand_over(device, customer, site, self.now)

    def move(self) -> None:
        """A customer comes to stand elsewhere."""
        to = "beta" if self.oracle.parents["south"] == "acme" else "acme"
        self.save(self.world.edit("boss", "customer", "south", parent=self.world.id("customer", to)))
        self.oracle.parents["south"] = to
        self.oracle.modes_changed(self.now)

    def rule(self) -> None:
        """A rule changes, or goes."""
        if not self.oracle.rules:
            return
        key = self.chance.choice(sorted(self.oracle.rules))
        rule = self.oracle.rules[key]
        what = self.chance.choice(
            ("active", "active", "held", "raises", "customer", "customer", "fixed", "fixed", "gone")
        )
        if what == "gone":
            self.save(self.world.delete("alarm_rule", key))
            self.oracle.rule_changed(key, None, self.now)
            return
        fields: dict[str, Any]
        if what == "active":
            new, fields = replace(rule, active=not rule.active), {"active": not rule.active}
        elif what == "held":
            held = self.chance.choice((1, 2, 5)) * MINUTE
            new, fields = replace(rule, held=held), {"held_for": duration(held // 1000)}
        elif what == "raises":
            raises = self.chance.choice(("too_warm", "damp"))
            new, fields = replace(rule, raises=raises), {"alarm": raises}
        elif what == "customer":
            customer = self.chance.choice((ROOT, "acme", "south", "beta"))
            new = replace(rule, customer=customer)
            fields = {"customer": self.world.id("customer", customer or None)}
        else:
            new, fields = replace(rule, fixed=not rule.fixed), {"fixed": not rule.fixed}
        if new == rule:
            return
        self.save(self.world.edit("boss", "alarm_rule", key, **fields))
        self.oracle.rule_changed(key, new, self.now)

    def attribute(self) -> None:
        """Somebody sets an attribute, changes it, or takes it away, be it of no use to any rule."""
        chance = self.chance
        customers, sites = (("customer", one) for one in PARENTS if one), (("site", one) for one in SITES.values())
        place = chance.choice([*customers, *sites, *(("device", one) for one in DEVICES)])
        new = dict(self.oracle.set[place])
        if "limit" in new and chance.randrange(2):
            del new["limit"]
        else:
            new["limit"] = chance.choice((2, 6, 9.5, "high", True))
        new |= {"contact": "Ada"} if not chance.randrange(4) else {}
        if new == self.oracle.set[place]:
            return
        said = {name: str(value).lower() if value is True else value for name, value in new.items()}
        lines = "\n".join(f"{name}={value}" for name, value in said.items())
        self.save(self.world.edit("boss", *place, attributes=lines))
        self.oracle.set[place] = new

    def operator(self) -> None:
        """Somebody acknowledges or clears an alarm."""
        there = [one for one in self.oracle.alarms if one.cleared is None]
        if not there:
            return
        alarm = self.chance.choice(there)
        with self.database.reading() as connection:
            query = text(
                "SELECT a.key FROM alarm a JOIN device d ON d.id = a.device_id AND d.tenant_id = a.tenant_id "
                "WHERE d.key = :device AND a.kind = :kind AND a.cleared_at IS NULL"
            )
            key = connection.execute(query, {"device": alarm.device, "kind": alarm.kind}).scalar_one()
        if alarm.acked or self.chance.randrange(2):
            self.save(self.world.edit("boss", "alarm", key, outcome="real"))
            alarm.cleared, alarm.outcome = self.now, "real"
        else:
            self.save(self.world.edit("boss", "alarm", key, acked_at=moment_of(self.now)))
            self.oracle.acknowledge(alarm, self.now)

    # What is so.

    def compare(self) -> None:
        """All alarms, and all queues, are as the slow statement says."""
        assert alarms_of(self.database) == sorted(map(described, self.oracle.alarms))
        queues = Counter(
            (customer, alarm.severity)
            for alarm in self.oracle.alarms
            if alarm.cleared is None
            for customer in self.oracle.above(alarm.customer)
        )
        assert queues_of(self.database) == queues

    def look(self) -> int:
        """Whoever looks reads of the queue what lists of everything have; how many rows were looked at."""
        found = 0
        for login in ("boss", "dora"):
            with self.world.viewer(login).look(ALARMS.permission) as sight:
                found += agree(sight)
        return found
