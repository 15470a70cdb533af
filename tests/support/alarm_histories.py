"""Alarms of histories: rules made by chance, and what is so in a database, as texts that compare."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

from sqlalchemy import select, text
from support import alarm_facts
from support.alarm_facts import Rule

from ringfence.domain.alarm_rule import ALARM_RULES
from ringfence.domain.clock import milliseconds
from ringfence.domain.duration import said as duration
from ringfence.storage.columns import leads_to
from ringfence.storage.engine import Database
from ringfence.storage.tables import Alarm, Customer, Device, Site, table_of

MINUTE = 60_000
ROOT = ""
"""The key of the root, as the slow statement has it."""


def warm(above: float) -> Any:
    """Whether it is warmer than that."""
    return lambda seen: seen["temperature"] > above if "temperature" in seen else None


def cold(below: float) -> Any:
    """Whether it is colder than that."""
    return lambda seen: seen["temperature"] < below if "temperature" in seen else None


def above_limit(seen: Any) -> bool | None:
    """Whether it is warmer than it may be: nobody knows where that is no number."""
    limit = seen.get("attr.limit")
    return seen["temperature"] > limit if "temperature" in seen and type(limit) in (int, float) else None


def left_open(seen: Any) -> bool | None:
    """Whether the door is open, and it is warm."""
    door = seen["door"] == "open" if "door" in seen else None
    hot = seen["temperature"] > 3 if "temperature" in seen else None
    if door is False or hot is False:
        return False
    return None if door is None or hot is None else True


TEMPERATURE = frozenset({"temperature"})


def rules_by_chance(chance: Random) -> list[Rule]:
    """Rules that stand in each other's way, with a bit of everything."""

    def some(*choices: int) -> int:
        return MINUTE * chance.choice((0, *choices))

    def more() -> dict[str, Any]:
        return {
            "held": some(1, 3, 7),
            "times": chance.choice((1, 1, 2, 3)),
            "quiet": some(4, 9),
            "escalate": some(0, 5),
            "severity": chance.choice(("major", "minor", "warning", "info")),
        }

    warmer: list[Rule] = []
    for place, customer in enumerate(chance.sample((ROOT, "acme", "south", "beta", ROOT), 3)):
        limit = chance.choice((4, 6, 8))
        made = Rule(f"r{place}", customer, "too_warm", f"Warm {place}", warm(limit), TEMPERATURE)
        made = replace(made, text=f"temperature > {limit}", fixed=not chance.randrange(4), **more())
        if not chance.randrange(3):
            made = replace(made, clear=cold(limit - 2))
        if not chance.randrange(3):
            made = replace(made, kinds=frozenset({"cooler"}))
        warmer.append(made)
    silent = Rule("silent", chance.choice((ROOT, "acme")), "silent", "Silent", missing=6 * MINUTE, severity="major")
    limit_ = Rule("limit", ROOT, "above_limit", "Above", above_limit, TEMPERATURE, "temperature > attr.limit", **more())
    door = Rule(
        "door", "acme", "door_open", "Door", left_open, TEMPERATURE | {"door"}, 'door == "open" && temperature > 3'
    )
    both = Rule("both", ROOT, "intrusion", "Both", warm(9), TEMPERATURE, "temperature > 9", **more())
    both = replace(both, missing=some(5, 12))
    more_of = chance.choice(
        ((limit_,), (limit_,), (replace(door, held=some(2, 4)),), (limit_, replace(door, held=some(2, 4))))
    )
    return [*warmer, silent, *more_of, both]


def entry(rule: Rule) -> dict[str, Any]:
    """A rule as a document says it."""

    def lasts(milliseconds_: int) -> str:
        return duration(milliseconds_ // 1000) if milliseconds_ else ""

    clear = f"temperature < {int(rule.text.split()[-1]) - 2}" if rule.clear else ""
    return {
        "key": rule.key,
        "tenant": "t",
        "name": rule.name,
        "customer": rule.customer or None,
        "raise_when": rule.text,
        "held_for": lasts(rule.held),
        "times": rule.times,
        "clear_when": clear,
        "quiet": lasts(rule.quiet),
        "missing": lasts(rule.missing),
        "alarm": rule.raises,
        "severity": rule.severity,
        "escalate_after": lasts(rule.escalate),
        "fixed": rule.fixed,
        "active": rule.active,
        "device_kinds": ", ".join(sorted(rule.kinds)),
    }


def described(alarm: alarm_facts.Alarm) -> tuple[str, ...]:
    """An alarm of the slow statement, as texts that compare."""
    return tuple(
        map(
            str,
            (
                *(alarm.device, alarm.kind, alarm.started, alarm.outcome, alarm.customer, alarm.site or "", alarm.name),
                *(alarm.severity, alarm.text, alarm.rule or "", alarm.edge, alarm.last, alarm.count),
                *(alarm.ended or 0, alarm.acked, alarm.cleared or 0, alarm.runaway),
            ),
        )
    )


def alarms_of(database: Database) -> list[tuple[str, ...]]:
    """All alarms, likewise."""
    rule = table_of(ALARM_RULES)
    more = (Alarm.edge_id, Alarm.last_at, Alarm.count, Alarm.ended_at, Alarm.acked_at, Alarm.cleared_at, Alarm.runaway)
    query = (
        select(
            Device.key, Alarm.kind, Alarm.started_at, Alarm.outcome, Customer.key, Site.key, Alarm.name, Alarm.severity
        )
        .add_columns(Alarm.text, rule.key, *more)
        .join(Device, leads_to(Alarm.device_id, Device))
        .join(Customer, leads_to(Alarm.customer_id, Customer))
        .outerjoin(Site, leads_to(Alarm.site_id, Site))
        .outerjoin(rule, leads_to(Alarm.rule_id, rule))
    )

    def at(moment: Any) -> int:
        return milliseconds(moment) if moment is not None else 0

    with database.reading() as connection:
        found = []
        for row in connection.execute(query):
            device, kind, started, outcome, customer, site, name, severity, said, by = row[:10]
            edge_, last, count, ended, acked, cleared, runaway = row[10:]
            one: tuple[Any, ...] = (
                device,
                kind,
                at(started),
                outcome,
                customer or ROOT,
                site or "",
                name,
                severity,
                said,
                by or "",
            )
            one += (edge_ is not None, at(last), count, at(ended), acked is not None, at(cleared), runaway)
            found.append(tuple(map(str, one)))
    return sorted(found)


def queues_of(database: Database) -> Counter[tuple[str, str]]:
    """How many alarms of each severity are in the queue of each customer."""
    whose = "c.id = a.ancestor_id AND c.tenant_id = a.tenant_id"
    query = f"SELECT c.key, a.rank, count(*) FROM alarm_above a JOIN customer c ON {whose} GROUP BY 1, 2"
    severities = ("critical", "major", "minor", "warning", "info")
    with database.reading() as connection:
        return Counter({(key or ROOT, severities[rank]): many for key, rank, many in connection.execute(text(query))})
