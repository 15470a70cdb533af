"""The demo story's alarms: what the devices there say, which rules make of it, and what the operators did about it.

All of it is told as of noon of the story's day: an alarm is so many minutes old then, and it is as old whenever the
demo is opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final, NamedTuple

from ringfence.snapshot.demo import STORY_NOON
from ringfence.snapshot.story_data import HARBOR, LINDQVIST

_SIGNS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_HOUR: Final = 60
_DAY: Final = 24 * _HOUR


class Edge(NamedTuple):
    """A source of signals, which speaks for the devices of a customer and of those nested in it."""

    key: str
    customer: str | None
    name: str
    kind: str


class Rule(NamedTuple):
    """What values of the devices of a customer are an alarm, and of which severity."""

    key: str
    customer: str | None
    name: str
    severity: str
    more: dict[str, Any]


class Alarm(NamedTuple):
    """An alarm of a device, so many minutes ago: of so many signals, the last of them ``last`` minutes ago. It is over,
    acknowledged, taken and cleared so many minutes ago, and by whom, where it is."""

    device: str
    kind: str
    name: str
    severity: str
    ago: int
    text: str = ""
    signals: int = 1
    last: int | None = None
    rule: str | None = None
    over: int | None = None
    acked: tuple[int, str] | None = None
    taken: str | None = None
    cleared: tuple[int, str | None, str] | None = None
    notes: str = ""


class TestMode(NamedTuple):
    """Somebody tries something out at a customer, for so many minutes still."""

    key: str
    customer: str
    name: str
    minutes: int


EDGES: Final[dict[str, tuple[Edge, ...]]] = {
    HARBOR: (
        Edge("harbor-panels", None, "Alarm panels", "dc09"),
        Edge("harbor-sensors", None, "Sensor network", "mqtt"),
        Edge("northwind-broker", "northwind", "Northwind sensors", "mqtt"),
        Edge("polder-telemetry", "polder", "Pumping stations", "mqtt"),
        Edge("lab-bench", "internal", "Test bench", "pipe"),
    ),
    LINDQVIST: (Edge("fleet-telematics", None, "Telematics", "mqtt"),),
}

RULES: Final[dict[str, tuple[Rule, ...]]] = {
    HARBOR: (
        Rule("battery-low", None, "Battery low", "minor", {"raise_when": "battery < 20", "clear_when": "battery > 30"}),
        Rule("offline", None, "Offline", "warning", {"missing": "1h"}),
        Rule(
            *("cold-room-warm", "northwind", "Too warm", "major"),
            {"raise_when": "temperature > 8", "held_for": "5m", "device_kinds": "thermometer", "escalate_after": "30m"},
        ),
        Rule("blood-fridge-warm", "sintjans", "Too warm", "critical", {"raise_when": "temperature > 6", "times": 2}),
        Rule(
            *("water-high", "polder", "High water", "major"),
            {
                "raise_when": "level > 310",
                "clear_when": "level < 300",
                "held_for": "2m",
                "device_kinds": "level sensor",
            },
        ),
        Rule("bench-noise", "internal", "Bench noise", "warning", {"raise_when": "noise > 70"}),
    ),
    LINDQVIST: (
        Rule(
            *("cargo-warm", "havsbris-reefers", "Cargo too warm", "major"),
            {"raise_when": "temperature > -15", "held_for": "10m", "device_kinds": "thermometer"},
        ),
        Rule("grit-low", "ekeby", "Grit low", "warning", {"raise_when": "level < 15"}),
    ),
}

TEST_MODES: Final[dict[str, tuple[TestMode, ...]]] = {
    HARBOR: (
        TestMode("breda-ovens", "veldkamp-breda", "Ovens are serviced", 90),
        TestMode("rehearsal", "staging-rehearsal", "Migration rehearsal", 5 * _HOUR),
    ),
    LINDQVIST: (),
}

_WARM: Final = ("too_warm", "Too warm")
_INTRUSION: Final = ("intrusion", "Intrusion")
_BATTERY: Final = ("battery_low", "Battery low", "minor")
_OFFLINE: Final = ("offline", "Offline", "warning")

ALARMS: Final[dict[str, tuple[Alarm, ...]]] = {
    HARBOR: (
        # What nobody has looked at yet.
        Alarm("north-maasvlakte-intrusion-panel-office", *_INTRUSION, "critical", 2, "Zone 15, fence east", 3, 1),
        Alarm("sintjans-lab-blood-fridge-1-thermometer", *_WARM, "critical", 6, "temperature 7.4", 2, 4)._replace(
            rule="blood-fridge-warm"
        ),
        Alarm("north-pharma-cold-room-1-thermometer", *_WARM, "major", 9, "temperature 9.1", rule="cold-room-warm"),
        Alarm("polder-merwede-lock-water-level-inlet", "high_water", "High water", "major", 14, "level 318", 4, 3)
        ._replace(rule="water-high"),
        Alarm("sintjans-main-smoke-detector-ward-4", "fault", "Detector fault", "minor", 31, "Chamber is dirty"),
        Alarm("schelde-museum-back-door-reader", "door_open", "Door open", "warning", 38, "Open for 2 minutes", 2, 36),
        Alarm("lab-rack-1-bench-panel-2", *_INTRUSION, "critical", 4, "Zone 1, bench", 7, 1),
        Alarm("lab-rack-1-smoke-test-detector-1", "fire", "Fire", "critical", 52, "Smoke test no. 214", 12, 5),
        Alarm("staging-bench-panel-1", *_INTRUSION, "critical", 77, "Zone 3, acceptance"),
        Alarm("lab-rack-2-soak-test-gateway-1", *_OFFLINE, 3 * _HOUR, rule="offline"),
        # What somebody has, or has seen.
        Alarm("oharas-panic-button-till-1", "panic", "Panic button", "critical", 17, acked=(16, "olga"), taken="olga",
              notes="The barkeeper says that a tray fell on it. A patrol is on its way all the same."),
        Alarm("zuiderpark-cold-room-2-thermometer", *_WARM, "major", 46, "temperature 8.8", acked=(41, "olga"),
              taken="olga", notes="Being defrosted until half past twelve."),
        Alarm("north-coldstore-cold-room-3-thermometer", *_WARM, "major", 65, "temperature 8.4", 3, 20,
              "cold-room-warm", acked=(60, "k.adeyemi"), taken="k.adeyemi"),
        Alarm("north-waalhaven-video-recorder-1", "disk", "Disk failing", "minor", 5 * _HOUR, "3 sectors", 6, 30,
              acked=(4 * _HOUR, "h.devries")),
        Alarm("polder-north-pump-2-vibration", "vibration", "Vibration", "warning", 7 * _HOUR, "12 mm/s", 31, 8,
              acked=(6 * _HOUR, "olga")),
        Alarm("dekker-marina-bilge-alarm-berth-2", "water", "Bilge water", "major", 110, "Float switch",
              acked=(100, "r.dekker"), taken="r.dekker"),
        # What is over, and waits for somebody to see it.
        Alarm("north-waalhaven-intrusion-panel-office", *_INTRUSION, "critical", 150, "Zone 2, office", over=148),
        Alarm("brandsma-safe-vibration-sensor-1", "tamper", "Tampering", "major", 4 * _HOUR, "Safe, 3 knocks", 3, 239,
              over=236),
        # Of lasting trouble.
        Alarm("dekker-marina-jetty-gate-1", *_BATTERY, 26 * _HOUR, "battery 17", rule="battery-low"),
        Alarm("veldkamp-staff-door-1", *_BATTERY, 2 * _DAY, "battery 12", 4, 90, "battery-low"),
        Alarm("north-pharma-sensor-gateway-1", *_OFFLINE, 95, rule="offline"),
        Alarm("dekker-linde-gym-bicycle-shed-camera-1", *_OFFLINE, 20 * _HOUR, rule="offline"),
        # What came and went.
        Alarm("north-maasvlakte-gate-camera-east", "tamper", "Tampering", "major", 9 * _HOUR, over=8 * _HOUR,
              acked=(532, "olga"), cleared=(520, "olga", "false"), notes="A gull."),
        Alarm("north-maasvlakte-intrusion-panel-office", *_INTRUSION, "critical", 3 * _DAY, "Zone 15, fence east",
              acked=(3 * _DAY - 1, "f.hoekstra"), cleared=(3 * _DAY - 22, "f.hoekstra", "real"),
              notes="Two people at the fence. Police report 8841."),
        Alarm("north-maasvlakte-intrusion-panel-office", *_INTRUSION, "critical", 5 * _DAY, "Zone 14",
              acked=(5 * _DAY - 2, "olga"), cleared=(5 * _DAY - 5, "olga", "false")),
        Alarm("sintjans-lab-blood-fridge-1-thermometer", *_WARM, "critical", 2 * _DAY, "temperature 6.3", 2,
              rule="blood-fridge-warm", over=2 * _DAY - 12, acked=(2 * _DAY - 3, "m.claes"),
              cleared=(2 * _DAY - 12, None, "by_itself")),
        Alarm("north-pharma-cold-room-1-thermometer", *_WARM, "major", 6 * _DAY, "temperature 8.2", 5, None,
              "cold-room-warm", over=6 * _DAY - 40, acked=(6 * _DAY - 20, "olga"),
              cleared=(6 * _DAY - 40, None, "by_itself")),
        Alarm("veldkamp-breda-oven-1-smoke-detector", "smoke", "Smoke", "warning", 40, "Oven 1",
              cleared=(40, None, "test")),
        Alarm("veldkamp-breda-intrusion-panel-shop", *_INTRUSION, "critical", 25, "Zone 1",
              cleared=(25, None, "test")),
        Alarm("schelde-museum-panic-button-till-2", "panic", "Panic button", "critical", 4 * _DAY,
              acked=(4 * _DAY - 1, "olga"), cleared=(4 * _DAY - 9, "olga", "test")),
        Alarm("polder-merwede-lock-water-level-outlet", "high_water", "High water", "major", 8 * _DAY, "level 312",
              rule="water-high", over=8 * _DAY - 90, acked=(8 * _DAY - 5, "olga"),
              cleared=(8 * _DAY - 90, None, "by_itself")),
        Alarm("sintjans-carpark-deck-2-smoke-detector", "fire", "Fire", "critical", 30 * _HOUR, "Deck 2", 2, None,
              acked=(30 * _HOUR - 1, "olga"), cleared=(29 * _HOUR, "olga", "false"), notes="A cold diesel."),
        Alarm("zuiderpark-sensor-gateway-2", *_OFFLINE, 3 * _DAY, rule="offline",
              over=3 * _DAY - 100, cleared=(3 * _DAY - 100, None, "by_itself")),
        Alarm("staging-rehearsal-intrusion-panel-office", *_INTRUSION, "critical", 33, "Zone 9",
              cleared=(33, None, "test")),
        Alarm("lab-rack-2-bench-panel-1", *_INTRUSION, "critical", 28 * _HOUR, "Zone 1",
              cleared=(27 * _HOUR, "j.peeters", "test")),
    ),
    LINDQVIST: (
        Alarm("havsbris-reefers-reefer-trailer-4-cargo-thermometer", "cargo_too_warm", "Cargo too warm", "major", 23,
              "temperature -12.5", 2, 5, "cargo-warm"),
        Alarm("havsbris-reefers-reefer-trailer-2-door", "door_open", "Door open", "minor", 51, "Moving at 80 km/h",
              acked=(48, "n.eriksen"), taken="n.eriksen"),
        Alarm("ekeby-snow-grit-hopper-2", "grit_low", "Grit low", "warning", 3 * _HOUR, "level 11", rule="grit-low"),
        Alarm("granhult-tankers-milk-tanker-1-tank-thermometer", *_WARM, "major", 26 * _HOUR, "temperature 7.1",
              acked=(26 * _HOUR - 4, "astrid"), cleared=(25 * _HOUR, "astrid", "real")),
        Alarm("sundbuss-malmo-coach-2-tachograph", "fault", "Tachograph fault", "warning", 9 * _HOUR),
    ),
}  # fmt: skip


def alarm_entries(tenant: str, devices: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The tenant's edges, alarm rules, test modes and alarms, as a snapshot document lists them; ``devices`` are its
    own, as it lists these."""
    places = {one["key"]: one for one in devices}
    return {
        "edges": [{"tenant": tenant, **edge._asdict()} for edge in EDGES[tenant]],
        "alarm_rules": [
            {"key": rule.key, "tenant": tenant, "customer": rule.customer, "name": rule.name, "severity": rule.severity}
            | rule.more
            for rule in RULES[tenant]
        ],
        "test_modes": [
            {"key": one.key, "tenant": tenant, "customer": one.customer, "name": one.name, "until": _at(-one.minutes)}
            for one in TEST_MODES[tenant]
        ],
        "alarms": [dict(_alarm(tenant, one, places[one.device])) for one in ALARMS[tenant]],
    }


def _alarm(tenant: str, one: Alarm, device: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "key", _key(f"{one.device} {one.kind} {one.ago}")
    yield "tenant", tenant
    yield from ((name, device[name]) for name in ("customer", "site", "unit_id"))
    yield "device", one.device
    yield from ((name, getattr(one, name)) for name in ("kind", "name", "severity", "text", "rule", "notes"))
    yield "count", one.signals
    yield "started_at", _at(one.ago)
    yield "last_at", _at(one.ago if one.last is None else one.last)
    if one.over is not None:
        yield "ended_at", _at(one.over)
    if one.acked is not None:
        yield "acked_at", _at(one.acked[0])
        yield "acked_by", one.acked[1]
    if one.taken is not None:
        yield "assignee", one.taken
    if one.cleared is not None:
        at, by, outcome = one.cleared
        yield "cleared_at", _at(at)
        yield "cleared_by", by
        yield "outcome", outcome


def _at(minutes: int) -> str:
    """A moment so many minutes before noon of the story's day."""
    return (STORY_NOON - timedelta(minutes=minutes)).isoformat()


def _key(about: str) -> str:
    """A key that tells nothing, as those that are drawn do, and the same at every call."""
    number = int.from_bytes(hashlib.sha256(about.encode()).digest()[:8], "big")
    signs = ""
    while len(signs) < 6:
        number, place = divmod(number, len(_SIGNS))
        signs += _SIGNS[place]
    return f"A-{signs}"
