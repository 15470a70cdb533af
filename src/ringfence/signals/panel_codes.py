"""What the event codes of alarm panels mean: three digits of Contact ID, two letters of SIA.

The codes are those of SIA DC-05-1999.09 (*Ademco Contact ID Protocol*, appendix C) and SIA DC-03-2017 (*SIA Format
Protocol*, table of data codes). Which kind of alarm and how severe each is here is ours to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from ringfence.domain.signal import Value

_NOTHING: Final[Mapping[str, Value]] = MappingProxyType({})


class Meaning(NamedTuple):
    """A kind of alarm, which begins or ends, and how severe it is; or values, where ``kind`` is empty."""

    kind: str
    on: bool = True
    severity: str = ""
    values: Mapping[str, Value] = _NOTHING


class _Kind(NamedTuple):
    """A kind of alarm: the Contact ID codes of it, or what those begin with, and the SIA codes by which it begins and
    ends."""

    name: str
    severity: str
    contact_id: str
    begins: str
    ends: str


_KINDS: Final = (
    _Kind("medical", "critical", "100 101 102 103", "MA QA", "MH MR QH QR"),
    _Kind("fire", "critical", "11", "FA FM KA SA", "FH FR KH KR SH SR"),
    _Kind("panic", "critical", "12", "PA", "PH PR"),
    _Kind("hold_up", "critical", "121 122 124 125 126", "HA", "HH HR"),
    _Kind("intrusion", "critical", "13 146", "BA BG BM BV", "BH BR"),
    _Kind("gas", "critical", "151", "GA", "GH GR"),
    _Kind("carbon_monoxide", "critical", "162", "", ""),
    _Kind("tamper", "major", "137 144 145 316 317 341 383", "ES TA TT XS", "EJ TH TJ TR XJ"),
    _Kind("water", "major", "154", "WA", "WH WR"),
    _Kind("high_temperature", "major", "158", "", ""),
    _Kind("low_temperature", "major", "153 159", "ZA", "ZH ZR"),
    _Kind("fire_supervisory", "major", "20", "FS", "FV"),
    _Kind("power_lost", "major", "301 314 342", "AT", "AR"),
    _Kind("communication", "major", "35", "LT NT YC YS", "LR NR YK"),
    _Kind("battery_low", "minor", "302 309 311 338 384", "XT YM YT", "XR YR"),
    _Kind("bypass", "warning", "57", "BB FB HB MB PB QB TB UB", "BU FU HU MU PU QU TU UU"),
)
_TESTS: Final = "358 601 602 603 608 RP RX RY TX"
"""A test that a panel sends by itself, or that somebody does: it is heard."""
_ARMING: Final = "400 401 402 403 407 408 409 441 442 444 451 452 456"
_ARMED: Final = "CA CF CG CJ CK CL CP CQ CS NF NL NM"
_DISARMED: Final = "OA OG OJ OK OP OQ OR OS"
_SEVERITIES: Final = {"1": "major", "2": "major", "3": "minor", "A": "major", "T": "minor"}
"""Of codes that no kind has: by the class of a Contact ID code, and by the second letter of a SIA code."""
_RESTORED: Final = "3"

_TEST: Final = Meaning("", values={"test": 1.0})
_CONTACT_ID: Final = {code: kind for kind in _KINDS for code in kind.contact_id.split()}
_SIA: Final = {
    **{code: Meaning(kind.name, True, kind.severity) for kind in _KINDS for code in kind.begins.split()},
    **{code: Meaning(kind.name, False, kind.severity) for kind in _KINDS for code in kind.ends.split()},
    **dict.fromkeys(_ARMED.split(), Meaning("", values={"armed": True})),
    **dict.fromkeys(_DISARMED.split(), Meaning("", values={"armed": False})),
    **dict.fromkeys(_TESTS.split(), _TEST),
}


def contact_id(qualifier: str, code: str) -> Meaning:
    """What a code means, with the qualifier 1 (new, or opened), 3 (restored, or closed) or 6 (still so)."""
    on = qualifier != _RESTORED
    if code in _TESTS.split():
        return _TEST
    if code in _ARMING.split():
        return Meaning("", values={"armed": not on})
    if kind := _CONTACT_ID.get(code) or _CONTACT_ID.get(code[:2]):
        return Meaning(kind.name, on, kind.severity)
    return Meaning(f"code_{code.lower()}", on, _SEVERITIES.get(code[0], "info"))


def sia(code: str) -> Meaning:
    """What a code means. One that no kind has only ever begins: by which other it ends, its letters do not say."""
    return _SIA.get(code) or Meaning(f"code_{code.lower()}", True, _SEVERITIES.get(code[1], "info"))
