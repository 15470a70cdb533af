"""A line of JSON becomes a signal, or is told to be none, whatever it holds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.signal_lines import line, wrong

from ringfence.domain import limits, quick_signal
from ringfence.domain.signal import (
    LINE_BYTES,
    MOST_VALUES,
    SAID,
    SEVERITIES,
    SIGNAL_ID,
    Signal,
    WrongSignal,
    read,
    read_mosquitto,
)
from ringfence.domain.text import has_control

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=SAID)
keys = st.from_regex("[a-z][a-z0-9_]{0,63}", fullmatch=True)
numbers = st.floats(allow_nan=False, allow_infinity=False)
said = st.dictionaries(keys, numbers | st.booleans() | texts, max_size=8)
units = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=limits.SHORT_TEXT)
alarms = st.tuples(keys, st.booleans(), st.sampled_from(("", *SEVERITIES)), texts)
moments = st.none() | st.integers(10**11, 253_402_300_799_999)


@st.composite
def signals(draw: st.DrawFn) -> Signal:
    alarm = draw(st.just(("", True, "", "")) | alarms)
    values, attributes = draw(said), draw(said)
    if not (values or attributes or alarm[0]):
        values = {"a": 1.0}
    return Signal(draw(units), draw(moments), values, attributes, *alarm, draw(texts.map(lambda one: one[:SIGNAL_ID])))


def written(signal: Signal, *, moment: Callable[[int], Any]) -> dict[str, Any]:
    fields = {
        "unit": signal.unit,
        "ts": None if signal.at is None else moment(signal.at),
        "values": signal.values or None,
        "attributes": signal.attributes or None,
        "alarm": signal.alarm or None,
        "state": None if signal.on else "off",
        "severity": signal.severity or None,
        "text": signal.text or None,
        "id": signal.id or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def rfc3339(at: int) -> str:
    zone = timezone(timedelta(minutes=at % 720 - 360))  # any
    try:
        return (EPOCH + timedelta(milliseconds=at)).astimezone(zone).isoformat(timespec="milliseconds")
    except OverflowError:
        return (EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds")


def outcome(reader: Callable[[bytes], Signal], text: bytes) -> object:
    """The signal with the types of its values, or why there is none."""
    try:
        signal = reader(text)
    except WrongSignal as error:
        return str(error)
    return signal, [type(one) for one in signal.values.values()]


_numbers = ("1", "-0", "0.5", "1e999", "1e-400", "01", "1.", "NaN", "-Infinity", "123456789012345678901234567890")
_texts = ('"open"', '"\\u0041"', '"é"', '"\x01"', '"\x00"', '"\x7f"', f'"{"x" * 257}"')
_values = st.sampled_from(
    (*["1.5", "20", "false", '"shut"'] * 9, *_numbers, *_texts, "true", "null", "[1]", "{}", "tru")
)
_names = st.sampled_from((*["a", "b", "temperature", "door"] * 5, "A", "é", "", "x" * 65, "unit", "ts"))
_objects = st.lists(st.tuples(_names, _values), max_size=4).map(
    lambda pairs: "{" + ",".join(f'"{name}":{value}' for name, value in pairs) + "}"
)
_units = (*['"unit":"U-1"'] * 9, '"unit":""', '"unit":"é"', '"unit":"a\\"b"', f'"unit":"{"u" * 300}"', '"unit":1', "")
_moments = (*['"ts":1795000000000'] * 9, '"ts":1.795e12', '"ts":1', '"ts":true', '"ts":"2026-11-28T10:00:00Z"', "")
_others = (*[""] * 9, '"values":{"a":1}', '"attributes":{"a":1}', '"id":"1"', '"unity":1', '"alarm":"fire"')
_fields = st.tuples(
    *map(st.sampled_from, (_units, _moments, _others)),
    _objects.map(lambda said: f'"values":{said}'),
)
plain_lines = st.builds(
    lambda fields, before, behind: (before + "{" + ",".join(one for one in fields if one) + "}" + behind).encode(),
    _fields.flatmap(st.permutations),
    st.sampled_from((*[""] * 9, " ", "\t", "\ufeff", "x")),
    st.sampled_from((*[""] * 9, "\n", " ", "x", "\xa0")),
)
"""Lines that are nearly what most are."""
_PLAIN = b'{"unit":"U-1","ts":1795000000000,"values":{"temperature":9.1,"on":true}}'
_HALVES = (
    *(b"", b"{", b"}", b'{"a":1}}', b'{"unit":"a}', b'{"unit":"U-1","ts":1795000000000}'),
    *(b'{"unit":"U-1","ts":1795000000000,"values":', b'{"unit":"U-1","ts":1795000000000,"values":{"a":1}'),
    *(b'"ts":1795000000000,"values":{"a":1}}', b'{","ts":1795000000000,"values":{"a":1}}'),
    *(_PLAIN + _PLAIN, _PLAIN + b"," + _PLAIN, _PLAIN + b"\n" + _PLAIN, _PLAIN + b" ", b" " + _PLAIN),
    *(_PLAIN.replace(b"U-1", b"00:1A:2B"), _PLAIN.replace(b'"unit"', b'"unit":"U-2","unit"')),
)
"""What is a signal, if any, only together with what stands beside it."""


class TestRoundTrips:
    @settings(deadline=None)
    @given(signals(), st.booleans(), st.booleans(), st.sampled_from((int, float, rfc3339)))
    def test_what_was_written_is_read(
        self, signal: Signal, escaped: bool, as_bytes: bool, moment: Callable[[int], Any]
    ) -> None:
        text = json.dumps(written(signal, moment=moment), ensure_ascii=escaped)
        if len(text.encode()) <= LINE_BYTES:
            for reader in (read, quick_signal.read):
                assert reader(text.encode() if as_bytes else text) == signal
            assert all(type(one) is not int for one in (*signal.values.values(), *signal.attributes.values()))

    @settings(deadline=None)
    @given(plain_lines)
    def test_the_quick_reader_reads_the_same(self, text: bytes) -> None:
        assert outcome(quick_signal.read, text) == outcome(read, text)

    @settings(deadline=None)
    @given(st.lists(plain_lines | st.sampled_from(_HALVES) | st.just(_PLAIN), min_size=1, max_size=4), st.booleans())
    def test_all_at_once_are_read_as_each_by_itself(self, lines: list[bytes], plain: bool) -> None:
        lines = [_PLAIN, *lines, _PLAIN] if plain else lines
        found = quick_signal.read_all(lines)
        if found is not None:
            assert [(one, [*map(type, one.values.values())]) for one in found] == [outcome(read, one) for one in lines]

    def test_what_nearly_all_are_is_read_at_once(self) -> None:
        lines = [_PLAIN, b'{"values": {"door": "shut"}, "unit": "U-2", "ts": 1795000000001}']
        one_by_one = [read(line) for line in lines]
        assert quick_signal.read_all(lines) == one_by_one

    @settings(deadline=None)
    @given(signals())
    def test_by_a_broker(self, signal: Signal) -> None:
        fields = written(signal, moment=rfc3339)
        text = json.dumps(fields)
        for payload in (text, fields):
            if len(text) <= LINE_BYTES:
                assert read_mosquitto(json.dumps({"topic": "rf/other", "payload": payload, "qos": 1})) == signal

    @settings(deadline=None)
    @given(st.text() | st.binary() | st.recursive(st.none() | st.text() | numbers, st.lists).map(json.dumps))
    def test_anything_is_a_signal_or_is_told(self, text: str | bytes) -> None:
        for reader in (read, read_mosquitto):
            wrong(text, reader)

    @settings(deadline=None)
    @given(
        st.dictionaries(
            st.sampled_from(
                ("unit", "ts", "values", "attributes", "alarm", "state", "severity", "text", "id", "unity")
            ),
            st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()) | said | units,
        )
    )
    def test_any_object_is_a_signal_or_is_told(self, fields: dict[str, Any]) -> None:
        try:
            signal = read(json.dumps(fields))
        except WrongSignal:
            return
        assert signal.unit == fields["unit"]
        assert signal.alarm == fields.get("alarm", "")
        assert signal.values == fields.get("values", {})
        assert not has_control(signal.unit)
        assert signal.values or signal.attributes or signal.alarm
        assert fields.keys() <= {"unit", "ts", "values", "attributes", "alarm", "state", "severity", "text", "id"}


class TestFields:
    def test_what_a_line_leaves_out(self) -> None:
        assert read('{"unit":"U-1","values":{"a":1}}') == Signal("U-1", None, {"a": 1.0}, {}, "", True, "", "", "")

    def test_an_alarm(self) -> None:
        found = read('{"unit":"U-1","alarm":"intrusion","text":"Zone 15","id":7,"severity":"major","state":"off"}')
        assert found == Signal("U-1", alarm="intrusion", on=False, severity="major", text="Zone 15", id="7")
        assert read('{"unit":"U-1","alarm":"intrusion"}').on

    @pytest.mark.parametrize("ts", ["2026-11-28T10:00:00Z", "2026-11-28T12:30:00.000+02:30", 1795860000000])
    def test_one_moment(self, ts: Any) -> None:
        assert read(line(ts=ts)).at == 1795860000000

    @pytest.mark.parametrize(
        ("ts", "at"),
        [
            ("1970-01-01T00:00:00Z", 0),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000),
            (10**11, 10**11),
            (10**11 + 0.5, 10**11),
            (253_402_300_799_999, 253_402_300_799_999),
            ("2026-11-28T10:00:00.123456789Z", 1795860000123),
        ],
    )
    def test_the_first_and_the_last_moment(self, ts: Any, at: int) -> None:
        assert read(line(ts=ts)).at == at

    @pytest.mark.parametrize(
        "ts",
        [
            "",
            "now",
            "2026-11-28",
            "2026-11-28T10:00:00",
            "2026-02-30T10:00:00Z",
            "2026-11-28T25:00:00Z",
            "0001-01-01T00:00:00+14:00",
            "1969-12-31T23:59:59Z",
            "1795860000000",
            "2026-11-28T10:00:00Z" * 1000,
            "٢٠٢٦-11-28T10:00:00Z",
            1795860000,
            10**11 - 1,
            253_402_300_800_000,
            -1,
            10**400,
            True,
            None,
            [],
            {},
        ],
    )
    def test_no_moment(self, ts: Any) -> None:
        assert wrong(line(ts=ts)).startswith("ts: ")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("unit", ""),
            ("unit", 7),
            ("unit", None),
            ("unit", "a\nb"),
            ("unit", "a\x9bb"),
            ("unit", "x" * (limits.SHORT_TEXT + 1)),
            ("values", []),
            ("values", None),
            ("values", "9.1"),
            ("attributes", 1),
            ("alarm", ""),
            ("alarm", "too warm"),
            ("alarm", "Intrusion"),
            ("alarm", "a" * 65),
            ("alarm", "a\n"),
            ("alarm", True),
            ("alarm", None),
            ("id", "x" * (SIGNAL_ID + 1)),
            ("id", 10**SIGNAL_ID),
            ("id", 1.5),
            ("id", True),
            ("id", None),
        ],
    )
    def test_a_field_that_is_wrong(self, field: str, value: Any) -> None:
        assert wrong(line(**{field: value})).startswith(f"{field}: ")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("state", "ON"),
            ("state", ""),
            ("state", True),
            ("state", None),
            ("severity", ""),
            ("severity", "worst"),
            ("severity", None),
            ("text", "x" * (SAID + 1)),
            ("text", 5),
            ("text", None),
        ],
    )
    def test_a_field_of_an_alarm_that_is_wrong(self, field: str, value: Any) -> None:
        assert wrong(line(alarm="fire", **{field: value})).startswith(f"{field}: ")

    @pytest.mark.parametrize(("field", "value"), [("state", "on"), ("severity", "major"), ("text", "")])
    def test_of_an_alarm_that_there_is_not(self, field: str, value: str) -> None:
        assert wrong(line(**{field: value})) == f"{field}: this is of an alarm, and there is none"

    @pytest.mark.parametrize("field", ["text", "id", "unit"])
    @pytest.mark.parametrize("part", ["\0", "\ud800", "\ude00\ud83d"])
    def test_what_no_text_has(self, field: str, part: str) -> None:
        assert wrong(line(alarm="fire", **{field: f"a{part}"})).startswith(f"{field}: ")

    def test_what_no_value_has(self) -> None:
        assert "NUL" in wrong(line(values={"a": "b\0"}))
        assert "half a character" in wrong(line(attributes={"a": "b\ud800"}))

    def test_control_characters_and_pairs_are_kept(self) -> None:
        assert read(line(values={"a": "\x1b[31m\x9b\u202e😀"})).values["a"] == "\x1b[31m\x9b\u202e😀"

    def test_an_unknown_field_is_named(self) -> None:
        assert wrong(line(vales={})).startswith("there is no field 'vales'")
        assert wrong(line(**{"\x1b[31m" * 99: 1})).startswith(r"there is no field '\x1b[31m\x1b[31m")

    @pytest.mark.parametrize("fields", [{}, {"values": {}}, {"attributes": {}}, {"id": "7"}, {"ts": 10**12}])
    def test_nothing(self, fields: dict[str, Any]) -> None:
        assert wrong(json.dumps({"unit": "U-1"} | fields)).startswith("this says nothing")


class TestValues:
    @pytest.mark.parametrize("field", ["values", "attributes"])
    def test_how_many(self, field: str) -> None:
        assert len(getattr(read(line(**{field: {f"k{i}": i for i in range(MOST_VALUES)}})), field)) == MOST_VALUES
        assert (
            wrong(line(**{field: {f"k{i}": i for i in range(MOST_VALUES + 1)}}))
            == f"{field}: there are 65, and may be 64"
        )

    @pytest.mark.parametrize("key", ["a", "z9_", "a" * 64])
    def test_keys(self, key: str) -> None:
        assert read(line(values={key: True})).values == {key: True}

    @pytest.mark.parametrize("key", ["", "A", "9a", "_a", "a" * 65, "a-b", "a\n", "ä", "a٣", "\0", "x" * 60_000])
    def test_no_keys(self, key: str) -> None:
        for _ in range(2):
            assert "is no key" in wrong(line(values={key: 1}))

    @pytest.mark.parametrize(
        ("number", "kept"),
        [
            ("1", 1.0),
            ("-0", 0.0),
            ("9007199254740993", 9007199254740992.0),
            ("1.7976931348623157e308", 1.7976931348623157e308),
            (str(10**308), 1e308),
            ("1e-999", 0.0),
            ("0." + "3" * 60_000, 1 / 3),
        ],
    )
    def test_numbers(self, number: str, kept: float) -> None:
        (found,) = read(f'{{"unit":"U-1","values":{{"a":{number}}}}}').values.values()
        assert (found, type(found)) == (kept, float)

    @pytest.mark.parametrize(
        "number",
        ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", str(10**309), "9" * 4300, "9" * 60_000, "01", "+1"],
    )
    def test_no_numbers(self, number: str) -> None:
        assert "\n" not in wrong(f'{{"unit":"U-1","values":{{"a":{number}}}}}')

    @pytest.mark.parametrize("value", [None, [], {}, [1], {"a": 1}])
    def test_no_values(self, value: Any) -> None:
        assert wrong(line(values={"a": value})).startswith("values.a: this is ")

    def test_how_long(self) -> None:
        assert read(line(values={"a": "é" * SAID})).values["a"] == "é" * SAID
        assert wrong(line(values={"a": "é" * (SAID + 1)})) == "values.a: this has 257 characters, and may have 256"


class TestLimits:
    @pytest.mark.parametrize("fill", ["x", "é", "\U0001f600"])
    @pytest.mark.parametrize("as_bytes", [False, True])
    def test_how_long_a_line_may_be(self, fill: str, as_bytes: bool) -> None:
        text = json.dumps({"unit": "U-1", "values": {"a": fill}}, ensure_ascii=False)
        for size, fits in ((LINE_BYTES, True), (LINE_BYTES + 1, False)):
            padded = text + " " * (size - len(text.encode()))
            given = padded.encode() if as_bytes else padded
            if fits:
                assert read(given).values == {"a": fill}
            else:
                assert wrong(given) == "this is longer than 65,536 bytes"

    def test_the_longest_of_each_field(self) -> None:
        found = read(line(unit="x" * limits.SHORT_TEXT, id="y" * SIGNAL_ID, alarm="a" * 64, text="\t" * SAID))
        assert [len(one) for one in (found.unit, found.id, found.alarm, found.text)] == [200, 64, 64, 256]
        assert read(line(id=10**SIGNAL_ID - 1)).id == "9" * SIGNAL_ID
        assert read(line(id=-7)).id == "-7"


HOSTILE = {
    "lists": "[" * LINE_BYTES,
    "objects": '{"a":' * (LINE_BYTES // 5),
    "lists in a value": '{"unit":"U-1","values":{"a":' + "[" * 60_000,
    "an unknown field of lists": '{"unit":"U-1","x":' + "[" * 30_000 + "]" * 30_000 + "}",
    "a number of many digits": '{"unit":"U-1","id":' + "7" * 65_000 + "}",
    "a number with many decimals": '{"unit":"U-1","id":0.' + "7" * 65_000 + "}",
    "a large exponent": '{"unit":"U-1","id":1e' + "7" * 65_000 + "}",
    "many names": "{" + ",".join(f'"{i}":0' for i in range(7000)) + "}",
    "one name many times": '{"unit":"U-1",' + ",".join('"a":0' for _ in range(9000)) + "}",
    "text without an end": '{"unit":"' + "\\u0041" * 10_000,
    "blanks": " " * LINE_BYTES,
    "megabytes": "x" * 5_000_000,
    "half a character": '{"unit":"\udc80"}',
    "escape sequences": '{"\x1b]0;x\x07":1}',
    "nothing": "",
    "a byte order mark": "\ufeff{}",
    "two": '{"unit":"U-1","values":{"a":1}} {"unit":"U-1","values":{"a":1}}',
    "two names": '{"unit":"U-1","unit":"U-2","values":{"a":1}}',
    "two names, one escaped": '{"unit":"U-1","values":{"a":1,"\\u0061":2}}',
    "two names deep inside": '{"unit":"U-1","values":{"a":{"b":1,"b":1}}}',
    "NaN somewhere": '{"unit":"U-1","x":[NaN]}',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_lines(text: str) -> None:
    begun = time.process_time()
    wrong(text)
    wrong(text.encode("utf-8", "surrogatepass"))
    wrong(text, read_mosquitto)
    wrong(json.dumps({"topic": "rf/U-1", "payload": text}), read_mosquitto)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("text", [b"\xff\xfe{\0}\0", b'{"unit":"\xff"}', b'{"unit":"\xed\xa0\x80"}', b"\xc0\x80"])
def test_what_is_no_utf8(text: bytes) -> None:
    assert wrong(text) == "this is no UTF-8 text"


def test_names_that_are_there_twice_are_told() -> None:
    assert wrong('{"unit":"U-1","values":{"a":1,"b":2,"b":3}}') == "values: the field 'b' is there twice"
    assert wrong('{"unit":"U-1","id":"1","id":"2"}') == "the field 'id' is there twice"
