"""What goes on in the demo while somebody looks: every half minute something begins somewhere, and is soon over."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor
from typing import Any, Final, NamedTuple
from zlib import crc32

_EVERY: Final = 0.5
"""Minutes from one to the next."""
_LONGEST: Final = 3.0
"""Minutes that one lasts at most."""


class Scene(NamedTuple):
    """A line of a device, without its unit id, so many minutes after noon of the story's day."""

    minute: float
    device: str
    line: dict[str, Any]


class _Part(NamedTuple):
    device: str
    alarm: str
    severity: str
    text: str


_BURGLARY: Final = (
    ("zuiderpark-intrusion-panel-loading-bay", "Zone 3, loading bay"),
    ("lab-rack-1-bench-panel-3", "Zone 2, bench"),
    ("schelde-brewery-intrusion-panel-office", "Zone 6, yard"),
    ("dekker-garage-intrusion-panel", "Zone 1, showroom"),
    ("north-zeebrugge-intrusion-panel-office", "Zone 12, ro-ro ramp"),
)
_DOOR: Final = ("door_open", "warning", "Open for 2 minutes")
_DARK: Final = ("tamper", "warning", "Picture is dark")
_POWER: Final = ("power_lost", "minor", "Runs on its battery")
_PARTS: Final = (
    _Part("north-waalhaven-dock-door-1-reader", *_DOOR),
    _Part("lab-rack-1-firmware-test-reader-2", *_DOOR),
    _Part("sintjans-main-pharmacy-door", *_DOOR),
    _Part("north-antwerp-yard-camera-2", *_DARK),
    _Part("staging-firmware-test-reader-1", *_DOOR),
    _Part("polder-south-telemetry-gateway", *_POWER),
    _Part("oharas-intrusion-panel", *_POWER),
    _Part("lab-rack-2-bench-camera-1", *_DARK),
    _Part("dekker-linde-north-side-entrance-1-reader", *_DOOR),
    _Part("sintjans-carpark-deck-1-camera", *_DARK),
    _Part("havsbris-reefers-reefer-trailer-3-door", "door_open", "minor", "Moving at 62 km/h"),
    _Part("veldkamp-breda-staff-door-1", *_DOOR),
    _Part("north-kallo-gateway-roof", *_POWER),
    _Part("sundbuss-lund-coach-1-tachograph", "fault", "warning", "Card is worn"),
)
_NOISY: Final = "lab-rack-1-bench-camera-2"
"""It is heard whenever somebody drills: a rule makes the alarm."""


def scenes(first: float, last: float) -> Iterator[Scene]:
    """What goes on after a minute and up to another, both counted from noon; before noon nothing does."""
    for number in range(max(floor((first - _LONGEST) / _EVERY) - 1, 0), floor(last / _EVERY) + 1):
        yield from (one for one in _scene(number) if first < one.minute <= last)


def _scene(number: int) -> Iterator[Scene]:
    begin = (number + 0.2 + 0.7 * _chance(number, "begin")) * _EVERY
    end = begin + 0.7 + (_LONGEST - 1) * _chance(number, "end")
    if number % 8 == 2:
        device, text = _BURGLARY[number // 8 % len(_BURGLARY)]
        burglary = {"alarm": "intrusion", "severity": "critical", "text": text}
        yield Scene(begin, device, burglary)
        yield Scene(begin + 0.15, device, burglary)
        yield Scene(end, device, {"alarm": "intrusion", "state": "off"})
    elif number % 8 == 5:
        yield Scene(begin, _NOISY, {"values": {"noise": 74 + number % 9}})
        yield Scene(end, _NOISY, {"values": {"noise": 51}})
    else:
        part = _PARTS[number * 5 % len(_PARTS)]
        yield Scene(begin, part.device, {"alarm": part.alarm, "severity": part.severity, "text": part.text})
        yield Scene(end, part.device, {"alarm": part.alarm, "state": "off"})


def _chance(number: int, what: str) -> float:
    return crc32(f"{what} {number}".encode()) / 2**32
