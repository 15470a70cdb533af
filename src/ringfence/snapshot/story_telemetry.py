"""What the demo story's devices say: the day up to noon of the story's day, and on from there while somebody looks.

All of it is a function of time: whoever asks twice what was said in a time gets the same. It goes with the story's
alarms: a cold room that is too warm grew warm before, a sensor that is offline fell silent an hour before that.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import ceil, floor, pi, sin
from typing import Any, Final, NamedTuple
from zlib import crc32

from ringfence.domain.signal import Value
from ringfence.snapshot.demo import STORY_NOON
from ringfence.snapshot.story import story
from ringfence.snapshot.story_alarms import ALARMS, Alarm
from ringfence.snapshot.story_data import CUSTOMERS, HARBOR, LINDQVIST
from ringfence.snapshot.story_scenes import Scene, scenes

DAY: Final = 24 * 60
"""Minutes before noon at which it begins."""
MOST_SILENT: Final = 31
"""Minutes within which each device says something, but for those that are silent."""
_MINUTE: Final = 60_000
_NOON: Final = round(STORY_NOON.timestamp() * 1000)
_FIRMWARE: Final = ("2.3.7", "2.4.0", "2.4.1")


class Said(NamedTuple):
    """A line at a moment, in milliseconds since 1970, which comes by an edge of a tenant."""

    at: int
    tenant: str
    edge: str
    line: dict[str, Any]


class Meter(NamedTuple):
    """What is measured: ``about`` that much, by ``swing`` more and less within ``period`` minutes, and with some
    ``noise``, to so many decimals."""

    name: str
    about: float
    swing: float
    period: int
    noise: float
    decimals: int = 1


class Instrument(NamedTuple):
    """What devices of a kind say, those whose keys have the word in them: every so many minutes."""

    kind: str
    word: str
    minutes: int
    meters: tuple[Meter, ...]
    door: bool = False


_BATTERY: Final = Meter("battery", 65, 0, DAY, 0, 0)
_SIGNAL: Final = (Meter("signal", -71, 6, 290, 2, 0),)

INSTRUMENTS: Final = (
    Instrument("thermometer", "cold-room", 10, (Meter("temperature", 4.2, 0.7, 47, 0.3), _BATTERY)),
    Instrument("thermometer", "chambre-froide", 10, (Meter("temperature", 3.6, 0.9, 38, 0.3), _BATTERY)),
    Instrument("thermometer", "blood-fridge", 10, (Meter("temperature", 4.1, 0.5, 29, 0.2), _BATTERY)),
    Instrument("thermometer", "proofing-room", 15, (Meter("temperature", 30, 1.4, 95, 0.4),)),
    Instrument("thermometer", "cargo", 10, (Meter("temperature", -19.5, 1.1, 63, 0.4), _BATTERY)),
    Instrument("level sensor", "water-level", 10, (Meter("level", 262, 22, 745, 3, 0), _BATTERY)),
    Instrument("level sensor", "ditch-gauge", 30, (Meter("level", 118, 5, 745, 2, 0), _BATTERY)),
    Instrument("level sensor", "bilge", 30, (Meter("level", 6, 2, 745, 1, 0), _BATTERY)),
    Instrument("level sensor", "grit-hopper", 30, (Meter("level", 71, 8, DAY, 1, 0),)),
    Instrument("vibration sensor", "pump", 15, (Meter("vibration", 2.4, 0.7, 35, 0.4),)),
    Instrument("gateway", "sensor-gateway", 30, _SIGNAL),
    Instrument("gateway", "telemetry-gateway", 30, _SIGNAL),
    Instrument("gateway", "soak-test", 30, _SIGNAL),
    Instrument("camera", "bicycle-shed", 30, _SIGNAL),
    Instrument("camera", "lab-rack", 15, (Meter("noise", 52, 6, 70, 4, 0),)),
    Instrument("access controller", "jetty-gate", 30, (_BATTERY,), door=True),
    Instrument("access controller", "staff-door", 30, (_BATTERY,), door=True),
    Instrument("access controller", "museum-back-door", 30, (_BATTERY,), door=True),
    Instrument("door sensor", "reefer", 30, (_BATTERY,), door=True),
    Instrument("panic button", "till", 30, (_BATTERY,)),
)

Course = tuple[tuple[float, Value], ...]
COURSES: Final[dict[tuple[str, str], Course]] = {
    ("north-pharma-cold-room-1-thermometer", "temperature"): (
        *((-29, 4.9), (-24, 6.2), (-19, 7.5), (-14, 8.3), (-9, 9.1), (-4, 9.4), (20, 9.7), (60, 9.2), (75, 7.6)),
        (95, 4.6),
    ),
    ("north-coldstore-cold-room-3-thermometer", "temperature"): (
        *((-85, 5.0), (-75, 7.2), (-70, 8.1), (-65, 8.4), (-20, 8.9), (25, 8.6), (38, 7.4), (55, 4.8)),
    ),
    ("zuiderpark-cold-room-2-thermometer", "temperature"): (
        *((-62, 4.4), (-46, 8.8), (-30, 11.2), (0, 10.1), (30, 6.0), (45, 4.3)),
    ),
    ("sintjans-lab-blood-fridge-1-thermometer", "temperature"): (
        *((-21, 4.3), (-16, 5.2), (-11, 6.6), (-6, 7.4), (-1, 7.6), (25, 7.1), (34, 5.4), (45, 4.2)),
    ),
    ("havsbris-reefers-reefer-trailer-4-cargo-thermometer", "temperature"): (
        *((-48, -18.6), (-38, -16.2), (-33, -14.6), (-28, -13.5), (-23, -12.5), (0, -12.1), (60, -12.6), (80, -18.8)),
    ),
    ("polder-merwede-lock-water-level-inlet", "level"): (
        *((-90, 281.0), (-40, 296.0), (-20, 308.0), (-16, 313.0), (-14, 318.0), (-3, 321.0), (30, 317.0), (60, 296.0)),
        (90, 281.0),
    ),
    ("polder-merwede-lock-water-level-outlet", "level"): ((-90, 268.0), (-3, 291.0), (30, 294.0), (90, 275.0)),
    ("ekeby-snow-grit-hopper-2", "level"): ((-260, 64.0), (-190, 17.0), (-180, 11.0), (0, 9.0), (52, 8.0), (55, 93.0)),
    ("dekker-marina-bilge-alarm-berth-2", "level"): ((-115, 6.0), (-110, 31.0), (40, 36.0), (55, 5.0)),
    ("polder-north-pump-2-vibration", "vibration"): ((-430, 2.9), (-420, 9.8), (-8, 12.0), (240, 12.6), (250, 2.6)),
    ("dekker-marina-jetty-gate-1", "battery"): ((-DAY, 17.0), (0, 16.0), (3 * DAY, 14.0)),
    ("veldkamp-staff-door-1", "battery"): ((-DAY, 13.0), (-90, 12.0), (3 * DAY, 10.0)),
    ("schelde-museum-back-door-reader", "door"): ((-40, "open"), (33, "shut")),
    ("havsbris-reefers-reefer-trailer-2-door", "door"): ((-51, "open"), (58, "shut")),
}
"""What goes otherwise than it mostly does: the moments, in minutes after noon, at which a value was so; in between
numbers go from one to the next."""

SILENT: Final[dict[str, tuple[float, float]]] = {
    "north-pharma-sensor-gateway-1": (-95 - 60, 26),
    "dekker-linde-gym-bicycle-shed-camera-1": (-20 * 60 - 60, 3 * DAY),
    "lab-rack-2-soak-test-gateway-1": (-4 * 60, 12),
}
"""Devices that say nothing from one moment to another, in minutes after noon."""

WARMING: Final = {"north-coldstore-cold-room-1-thermometer": 6, "north-pharma-cold-room-2-thermometer": 36}
"""Cold rooms that warm and cool again each hour after noon, from that minute on."""
_WARM_MINUTES: Final = 25
_WARM_STEP: Final = 3


class Device(NamedTuple):
    """A device that says something of itself, and by which edge."""

    key: str
    unit: str
    tenant: str
    edge: str
    instrument: Instrument

    @property
    def phase(self) -> float:
        """How many minutes after the others of its kind it says so."""
        return round(_chance(self.key) * self.instrument.minutes * 60) / 60


def said(since: int, until: int) -> Iterator[Said]:
    """What is said after a moment and up to another, in milliseconds since 1970, in its order."""
    first, last = (since - _NOON) / _MINUTE, (until - _NOON) / _MINUTE
    found: list[tuple[float, str, str, dict[str, Any]]] = []
    for device in devices():
        for minute, line in _readings(device, first, last):
            found.append((minute, device.tenant, device.edge, {"unit": device.unit, **line}))
    for tenant, alarms in ALARMS.items():
        for alarm in alarms:
            told = ((minute, line) for minute, line in _signals(alarm) if first < minute <= last)
            found += ((minute, tenant, edge_of(tenant, alarm.device, panel=True), line) for minute, line in told)
    for scene in scenes(first, last):
        tenant = _tenant_of(scene)
        found.append((scene.minute, tenant, edge_of(tenant, scene.device, panel=True), _line_of(scene)))
    found.sort(key=lambda one: one[:3])
    for minute, tenant, edge, line in found:
        yield Said(_NOON + round(minute * _MINUTE), tenant, edge, line)


@cache
def devices() -> tuple[Device, ...]:
    """The devices that say something of themselves time and again."""
    found = []
    for one in story()["devices"]:
        for instrument in INSTRUMENTS:
            if one["kind"] == instrument.kind and instrument.word in one["key"] and one["customer"] not in _DEAF:
                edge = edge_of(one["tenant"], one["key"])
                found.append(Device(one["key"], one["unit_id"], one["tenant"], edge, instrument))
                break
    return tuple(found)


_DEAF: Final = ("granhult", "havsbris-terminal")  # the other provider's edge is of its fleet


@cache
def edge_of(tenant: str, device: str, *, panel: bool = False) -> str:
    """The edge by which a device speaks; ``panel`` where it says an alarm."""
    if tenant == LINDQVIST:
        return "fleet-telematics"
    customer: str | None = _places()[device][1]
    parents = {one.key: one.parent for one in CUSTOMERS[HARBOR]}
    above = []
    while customer is not None:
        above.append(customer)
        customer = parents[customer]
    if "internal" in above:
        return "lab-bench"
    if panel:
        return "harbor-panels"
    return next((edge for place, edge in _BROKERS.items() if place in above), "harbor-sensors")


_BROKERS: Final = {"northwind": "northwind-broker", "polder": "polder-telemetry"}


@cache
def _places() -> dict[str, tuple[str, str | None, str]]:
    """The tenant, the customer and the unit id of each device."""
    return {one["key"]: (one["tenant"], one["customer"], one["unit_id"]) for one in story()["devices"]}


def _tenant_of(scene: Scene) -> str:
    return _places()[scene.device][0]


def _line_of(scene: Scene) -> dict[str, Any]:
    return {"unit": _places()[scene.device][2], **scene.line}


# What devices say time and again.


def _readings(device: Device, first: float, last: float) -> Iterator[tuple[float, dict[str, Any]]]:
    step, key = device.instrument.minutes, device.key
    silent = SILENT.get(key)
    number = floor((first - device.phase) / step) + 1
    while (minute := device.phase + number * step) <= last:
        if silent is None or not silent[0] <= minute < silent[1]:
            yield minute, _regular(device, minute, number)
        number += 1
    for name, course in _courses().get(key, ()):
        for minute, _ in course:
            if first < minute <= last:
                yield minute, {"values": {name: _value(device, name, minute)}}
    if device.instrument.door and (key, "door") not in COURSES:
        for minute, state in _passes(key, first, last):
            yield minute, {"values": {"door": state}}
    if key in WARMING and last > 0:
        for place in range(ceil(max(first, 0) / _WARM_STEP), floor(last / _WARM_STEP) + 1):
            if first < (minute := place * _WARM_STEP) and _warmth(key, minute):
                yield minute, {"values": {"temperature": _value(device, "temperature", minute)}}


def _regular(device: Device, minute: float, number: int) -> dict[str, Any]:
    """What a device says in its turn; of its battery every hour, or where there is nothing else to say."""
    names = [meter.name for meter in device.instrument.meters]
    if len(names) > 1 and number % (60 // device.instrument.minutes):
        names.remove("battery")
    values = {name: _value(device, name, minute) for name in names}
    if device.instrument.door:
        values["door"] = _value(device, "door", minute)
    line: dict[str, Any] = {"values": values}
    if -DAY < minute <= -DAY + MOST_SILENT and minute - device.instrument.minutes <= -DAY:
        line["attributes"] = {"firmware": _FIRMWARE[crc32(device.key.encode()) % len(_FIRMWARE)]}
    return line


@cache
def _courses() -> dict[str, list[tuple[str, Course]]]:
    found: dict[str, list[tuple[str, Course]]] = {}
    for (key, name), course in COURSES.items():
        found.setdefault(key, []).append((name, course))
    return found


def _value(device: Device, name: str, minute: float) -> Value:
    course = COURSES.get((device.key, name))
    if course is not None and course[0][0] <= minute <= course[-1][0]:
        value = _on_course(course, minute)
        meter = next((one for one in device.instrument.meters if one.name == name), None)
        return value if meter is None or isinstance(value, str) else _rounded(value, meter)
    if name == "door":
        return "open" if any(begin <= minute < end for begin, end in _passages(device.key, minute)) else "shut"
    meter = next(one for one in device.instrument.meters if one.name == name)
    if meter is _BATTERY:
        return _rounded(max(meter.about + 34 * _chance(device.key, name) - 4 * minute / DAY, 35), meter)
    wave = sin(2 * pi * (minute / meter.period + _chance(device.key, name)))
    by_day = sin(2 * pi * (minute / DAY + 0.6))
    noise = _chance(device.key, name, round(minute * 60)) - 0.5
    value = meter.about + meter.swing * (0.8 * wave + 0.2 * by_day) + meter.noise * noise
    return _rounded(value + _warmth(device.key, minute), meter)


def _rounded(value: float, meter: Meter) -> float:
    return round(value, meter.decimals)


def _on_course(course: Course, minute: float) -> Any:
    """The value at a moment of its course: a number between two lies between theirs."""
    was_at, was = course[0]
    for at, value in course:
        if at > minute:
            if isinstance(was, str) or isinstance(value, str):
                return was
            return was + (value - was) * (minute - was_at) / (at - was_at)
        was_at, was = at, value
    return was


def _warmth(key: str, minute: float) -> float:
    """How much too warm it is."""
    if key not in WARMING or minute <= 0:
        return 0.0
    gone = (minute - WARMING[key]) % 60
    return 6 * sin(pi * gone / _WARM_MINUTES) if gone < _WARM_MINUTES else 0.0


_PASS: Final = 90


def _passages(key: str, minute: float) -> Iterator[tuple[float, float]]:
    """When a door is open, within the hour and a half of that moment: by day only."""
    slot = floor(minute / _PASS)
    if 6 * 60 <= (slot * _PASS + DAY / 2) % DAY < 20 * 60:
        begin = slot * _PASS + floor(_chance(key, slot) * (_PASS - 5))
        yield begin, begin + 1 + round(_chance(key, slot, "long") * 2)


def _passes(key: str, first: float, last: float) -> Iterator[tuple[float, str]]:
    for slot in range(floor(first / _PASS), floor(last / _PASS) + 1):
        for begin, end in _passages(key, slot * _PASS):
            yield from ((at, state) for at, state in ((begin, "open"), (end, "shut")) if first < at <= last)


def _chance(*words: object) -> float:
    """A number from 0 up to, but not at, 1, which is the same for the same words."""
    return crc32(" ".join(map(str, words)).encode()) / 2**32


# What the story's alarms were said by.


def _signals(alarm: Alarm) -> Iterator[tuple[float, dict[str, Any]]]:
    """The signals of an alarm that no rule has made, and that is of the last day."""
    if alarm.rule is not None or alarm.ago >= DAY:
        return
    line: dict[str, Any] = {"unit": _places()[alarm.device][2], "alarm": alarm.kind}
    begun = {**line, "severity": alarm.severity, **({"text": alarm.text} if alarm.text else {})}
    last = alarm.ago if alarm.last is None else alarm.last
    for number in range(alarm.signals):
        yield -alarm.ago + (alarm.ago - last) * number / max(alarm.signals - 1, 1), begun
    over = alarm.over if alarm.over is not None else alarm.cleared[0] if alarm.cleared else None
    if over is not None:
        yield -over + (0.1 if over == alarm.ago else 0), {**line, "state": "off"}
