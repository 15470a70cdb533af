"""Signals: what a device says in one line of JSON, be it values, attributes of its own, or an alarm.

A line is an object. ``unit`` is the unit id of a device. ``ts`` is when: text in ISO 8601 with its zone, as RFC 3339
has it (2026-11-28T10:00:00Z), or a number of milliseconds since 1970; without it, when the line arrives. ``values`` and
``attributes`` are objects of numbers, text, true and false. ``alarm`` is the kind of an alarm that begins, or that ends
where ``state`` is "off"; it may have a ``severity`` and a ``text``. ``id`` is what the sender knows the signal by. No
other field may stand there, so that a slip of the pen is told and not lost; and no field is null.

Pure: no database, no clock.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from json import JSONDecodeError, JSONDecoder
from math import isfinite
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, NoReturn, get_args

from ringfence.domain.clock import LAST, moment
from ringfence.domain.errors import RingfenceError
from ringfence.domain.limits import SHORT_TEXT
from ringfence.domain.text import has_control

LINE_BYTES: Final = 64 * 1024
"""Of a line in UTF-8."""
MOSQUITTO_BYTES: Final = 8 * LINE_BYTES
"""Of a line of mosquitto_sub: its payload is a line of ours, which it writes in up to six times as many bytes."""
MOST_VALUES: Final = 64
"""That a line may have, and likewise of attributes."""
SAID: Final = 256
"""Characters of a value that is text, and of the text of an alarm."""
SIGNAL_ID: Final = 64
"""Characters of the id of a signal."""
EARLIEST: Final = 100_000_000_000
"""The first moment that is taken, in milliseconds since 1970: fewer are 1973, and what meant seconds."""
AHEAD: Final = 5 * 60_000
"""Milliseconds that the moment of a signal may be ahead of our clock."""
KEY: Final = re.compile("[a-z][a-z0-9_]{0,63}")
"""What a value, an attribute and a kind of alarm may be called, in whole."""
A_KEY: Final = "small letters, digits and _, beginning with a letter, at most 64"
"""The same in words."""
Severity = Literal["critical", "major", "minor", "warning", "info"]
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)

Value = float | bool | str


class WrongSignal(RingfenceError):  # noqa: N818 - named for what it says, like its siblings
    """A line that is no signal; the message says in one line why."""


class Signal(NamedTuple):
    """What a device said. ``at`` is in milliseconds since 1970 (UTC), None where it said none; a number among
    ``values`` and ``attributes`` is a finite double. ``alarm`` is empty where it said none, ``severity`` where that is
    the kind's, ``id`` where it gave none. Texts may hold control characters (the unit id none), but neither NUL nor
    half a surrogate pair."""

    unit: str
    at: int | None = None
    values: Mapping[str, Value] = MappingProxyType({})
    attributes: Mapping[str, Value] = MappingProxyType({})
    alarm: str = ""
    on: bool = True
    severity: str = ""
    text: str = ""
    id: str = ""


_FIELDS: Final = ("unit", "ts", "values", "attributes", "alarm", "state", "severity", "text", "id")
_KNOWN: Final = frozenset(_FIELDS)
_OF_ALARMS: Final = frozenset(("state", "severity", "text"))
_STATES: Final = {"on": True, "off": False}
_BLANK: Final = " \t\r\n"
_LONE: Final = re.compile("[\ud800-\udfff]")
_SHOWN: Final = 32  # characters of what was typed that a message repeats
_TOO_LARGE: Final = "this number is too large"
_MOMENT: Final = "write a moment with its zone, as 2026-11-28T10:00:00Z, or milliseconds since 1970"
_KINDS: Final = {
    str: "text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
    type(None): "null",
}


def read(line: str | bytes) -> Signal:
    """The signal in a line of JSON, as text or as UTF-8 of at most `LINE_BYTES`. Raises WrongSignal."""
    return _signal(_parsed(line, LINE_BYTES))


def read_mosquitto(line: str | bytes) -> Signal:
    """The signal in a line of ``mosquitto_sub -F %j`` (or ``%J``), whose payload is a line as `read` takes it. Where
    that names no unit, the last level of the topic is it; where it says no moment, when mosquitto_sub got the message.
    What a broker has retained is older than that: ``mosquitto_sub -R`` leaves it out. Raises WrongSignal.
    """
    message = _parsed(line, MOSQUITTO_BYTES)
    if type(message) is not dict or type(message.get("topic")) is not str:
        raise WrongSignal("this is no line of mosquitto_sub -F %j: it names no topic")
    payload = message.get("payload")
    if payload is None:
        raise WrongSignal("payload: there is none")
    try:
        fields = _parsed(payload, LINE_BYTES) if type(payload) is str else payload
        if type(fields) is dict:
            fields.setdefault("unit", message["topic"].rpartition("/")[2])
            if "tst" in message:
                fields.setdefault("ts", _stamp(message["tst"]))
        return _signal(fields)
    except WrongSignal as error:
        raise WrongSignal(f"payload: {error}") from error


def _stamp(tst: Any) -> Any:
    """The time of a message as a line has it. mosquitto_sub 1.6 counts seconds; 2.0 writes local time with a Z, and yet
    its offset behind that."""
    if type(tst) is int:
        return tst * 1000
    return tst.replace("Z", "") if type(tst) is str and not tst.endswith("Z") else tst


class _Twice(NamedTuple):
    """Stands for an object that says a field twice."""

    field: str


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Twice:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
    return _Twice(name)


def _constant(name: str) -> NoReturn:
    raise WrongSignal(f"{name} is no number: leave the value out")


_decode: Final = JSONDecoder(object_pairs_hook=_object, parse_constant=_constant).raw_decode
_decode_once: Final = JSONDecoder(parse_constant=_constant).raw_decode
"""The same for what says no field twice: it takes half the time."""


def _texts(found: Any) -> int:
    """How many texts, names of fields among them, a line holds that says no field twice; -1 where that is unknown."""
    if type(found) is not dict:
        return -1
    count = len(found)
    for value in found.values():
        kind = type(value)
        if kind is str:
            count += 1
        elif kind is dict:
            count += len(value)
            for one in value.values():
                kind = type(one)
                if kind is str:
                    count += 1
                elif kind is dict or kind is list:
                    return -1
        elif kind is list:
            return -1
    return count


def _parsed(line: str | bytes, most: int) -> Any:
    """What a line says, whatever that is."""
    if len(line) > most:
        raise WrongSignal(f"this is longer than {most:,} bytes")
    try:
        if isinstance(line, bytes):
            line = line.decode()
        elif not line.isascii() and len(line.encode()) > most:
            raise WrongSignal(f"this is longer than {most:,} bytes")
    except UnicodeDecodeError as error:
        raise WrongSignal("this is no UTF-8 text") from error
    except UnicodeEncodeError as error:
        raise WrongSignal("this holds half a character, which no text has") from error
    line = line.strip(_BLANK)
    try:
        found, end = _decode_once(line)
        if "\\" in line or line.count('"') != 2 * _texts(found):
            found, end = _decode(line)
    except JSONDecodeError as error:
        reason = error.msg[:1].lower() + error.msg[1:]
        raise WrongSignal(f"this is no JSON: {reason} (character {error.pos + 1:,})") from error
    except RecursionError as error:
        raise WrongSignal("this nests too deeply to be a signal") from error
    except ValueError as error:
        raise WrongSignal("this holds a number with more digits than can be read") from error
    if end != len(line):
        raise WrongSignal(f"this is no JSON: there is something behind its end (character {end + 1:,})")
    return found


def _signal(found: Any) -> Signal:
    if type(found) is not dict:
        raise WrongSignal(_no_object(found))
    if not found.keys() <= _KNOWN:
        unknown = _shown(_first(found, found.keys() - _KNOWN))
        raise WrongSignal(f"there is no field {unknown}: the fields are {', '.join(_FIELDS)}")
    if "unit" not in found:
        raise WrongSignal("unit: this is missing")
    unit = _text("unit", found["unit"], SHORT_TEXT)
    if not unit:
        raise WrongSignal("unit: this is empty")
    if not unit.isprintable() and has_control(unit):
        raise WrongSignal("unit: this holds a control character, which no unit id has")
    at = _moment(found["ts"]) if "ts" in found else None
    values = _values("values", found["values"]) if "values" in found else {}
    attributes = _values("attributes", found["attributes"]) if "attributes" in found else {}
    known = _id(found["id"]) if "id" in found else ""
    if "alarm" in found:
        return Signal(unit, at, values, attributes, *_alarm(found), known)
    if not _OF_ALARMS.isdisjoint(found):
        raise WrongSignal(f"{_first(found, _OF_ALARMS)}: this is of an alarm, and there is none")
    if not values and not attributes:
        raise WrongSignal("this says nothing: give values, attributes or an alarm")
    return Signal(unit, at, values, attributes, "", True, "", "", known)


def _first(found: dict[str, Any], among: Collection[str]) -> str:
    return next(name for name in found if name in among)


def _alarm(found: dict[str, Any]) -> tuple[str, bool, str, str]:
    """Of an alarm its kind, whether it begins, its severity and its text."""
    kind = _text("alarm", found["alarm"])
    if not KEY.fullmatch(kind):
        raise WrongSignal(f"alarm: {_shown(kind)} is no kind: {A_KEY}")
    on = _STATES.get(_text("state", found.get("state", "on")))
    if on is None:
        raise WrongSignal("state: write on or off")
    severity = _text("severity", found.get("severity", ""))
    if severity not in SEVERITIES and "severity" in found:
        raise WrongSignal(f"severity: write {', '.join(SEVERITIES[:-1])} or {SEVERITIES[-1]}")
    return kind, on, severity, _text("text", found.get("text", ""))


def _text(field: str, said: Any, most: int = SAID) -> str:
    if type(said) is not str:
        raise WrongSignal(f"{field}: this is {_what(said)}, and should be text")
    if len(said) > most:
        raise WrongSignal(f"{field}: this has {len(said):,} characters, and may have {most}")
    if "\0" in said:
        raise WrongSignal(f"{field}: this holds a NUL character, which no text has")
    if not said.isascii() and _LONE.search(said):
        raise WrongSignal(f"{field}: this holds half a character, which no text has")
    return said


def _id(said: Any) -> str:
    return _text("id", str(said) if type(said) is int else said, SIGNAL_ID)


def _moment(ts: Any) -> int:
    if type(ts) is str:
        if (found := moment(ts)) is None:
            raise WrongSignal(f"ts: {_MOMENT}")
        at = round(found.timestamp() * 1000)
        if at < 0:
            raise WrongSignal("ts: this is before 1970")
        return at
    if type(ts) not in (int, float):
        raise WrongSignal(f"ts: this is {_what(ts)}: {_MOMENT}")
    if not EARLIEST <= ts <= LAST:  # what is infinite is told here, too
        raise WrongSignal(f"ts: milliseconds since 1970 have 12 digits or more, and end with the year 9999: {_MOMENT}")
    return int(ts)


def _values(field: str, found: Any) -> dict[str, Value]:
    if type(found) is not dict:
        raise WrongSignal(f"{field}: {_no_object(found)}")
    if len(found) > MOST_VALUES:
        raise WrongSignal(f"{field}: there are {len(found):,}, and may be {MOST_VALUES}")
    kept: dict[str, Value] = {}
    for key, value in found.items():
        if key not in known_keys:
            _learn(field, key)
        kind = type(value)
        if kind is float:
            if not isfinite(value):
                raise WrongSignal(f"{field}.{key}: {_TOO_LARGE}")
        elif kind is int:
            value = _double(f"{field}.{key}", value)
        elif kind is str:
            if len(value) > SAID or "\0" in value or not value.isascii():
                _text(f"{field}.{key}", value)
        elif kind is not bool:
            raise WrongSignal(f"{field}.{key}: this is {_what(value)}, and should be a number, text, true or false")
        kept[key] = value
    return kept


def _double(field: str, value: int) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise WrongSignal(f"{field}: {_TOO_LARGE}") from error


known_keys: Final[set[str]] = set()
"""Keys that were found to be some: the same few come over and over."""


def _learn(field: str, key: str) -> None:
    if not KEY.fullmatch(key):
        raise WrongSignal(f"{field}: {_shown(key)} is no key: {A_KEY}")
    if len(known_keys) < 4096:
        known_keys.add(key)


def _no_object(found: Any) -> str:
    if type(found) is _Twice:
        return f"the field {_shown(found.field)} is there twice"
    return f"this is {_what(found)}, and should be an object"


def _what(said: Any) -> str:
    return _KINDS.get(type(said), "an object")


def _shown(name: str) -> str:
    """What was typed, drawn literally; cut where it is long."""
    return repr(name) if len(name) <= _SHOWN else f"{name[:_SHOWN]!r}…"
