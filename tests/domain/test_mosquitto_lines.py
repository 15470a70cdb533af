"""Lines that mosquitto_sub writes become signals, or are told to be none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.signal_lines import VALUES, line, wrong

from ringfence.domain.signal import LINE_BYTES, MOSQUITTO_BYTES, MOST_VALUES, Signal, read_mosquitto


class TestMosquitto:
    """Lines as mosquitto_sub 2.0.11 writes them."""

    def test_the_topic_and_the_time_stand_in(self) -> None:
        text = (
            r'{"tst":"2026-11-28T15:30:00.734079Z+0530","topic":"rf/U-00735","qos":1,"retain":0,"payloadlen":30,"mid":1,'
            r'"payload":"{\"values\":{\"temperature\":9.1}}"}'
        )
        assert read_mosquitto(text) == Signal("U-00735", 1795860000734, {"temperature": 9.1})
        assert read_mosquitto(text.encode()) == read_mosquitto(text + "\n")

    @pytest.mark.parametrize(
        "tst", ["2026-11-28T10:00:00Z", "2026-11-28T11:00:00.000000+0100", "2026-11-28T10:00:00.0Z+0000", 1795860000]
    )
    def test_each_way_to_say_the_time(self, tst: Any) -> None:
        assert (
            read_mosquitto(json.dumps({"tst": tst, "topic": "U-1", "payload": {"alarm": "fire"}})).at == 1795860000000
        )

    def test_a_payload_says_it_itself(self) -> None:
        payload = {"unit": "U-1", "ts": "2026-11-28T10:00:00Z", "values": VALUES}
        for one in (payload, json.dumps(payload)):
            found = read_mosquitto(json.dumps({"tst": "2026-11-29T10:00:00Z", "topic": "rf/U-2", "payload": one}))
            assert found == Signal("U-1", 1795860000000, VALUES)

    def test_properties_are_not_looked_at(self) -> None:
        text = '{"topic":"rf/U-1","properties":{"user-properties":{"a":"b","a":"c"}},"payload":{"values":{"a":1}}}'
        assert read_mosquitto(text) == Signal("U-1", None, {"a": 1.0})

    @pytest.mark.parametrize(
        "message",
        [
            {},
            [],
            {"topic": "rf/U-1"},
            {"topic": 5, "payload": {"values": VALUES}},
            {"payload": {"values": VALUES}},
            {"topic": "rf/U-1", "payload": None},
            {"topic": "rf/U-1", "payload": 9.1},
            {"topic": "rf/U-1", "payload": "9.1"},
            {"topic": "rf/U-1", "payload": "not JSON"},
            {"topic": "rf/U-1", "payload": {"values": {}}},
            {"topic": "rf/U-1", "payload": json.dumps({"values": VALUES}) + " " * LINE_BYTES},
            {"topic": "rf/", "payload": {"values": VALUES}},
            {"topic": "", "payload": {"values": VALUES}},
            {"topic": "rf/a\x1bb", "payload": {"values": VALUES}},
            {"topic": "rf/" + "x" * 201, "payload": {"values": VALUES}},
            {"topic": "rf/U-1", "payload": {"values": VALUES}, "tst": "noon"},
            {"topic": "rf/U-1", "payload": {"values": VALUES}, "tst": 10**300},
            {"topic": "rf/U-1", "payload": {"values": VALUES}, "tst": None},
        ],
    )
    def test_what_is_none(self, message: Any) -> None:
        wrong(json.dumps(message), read_mosquitto)

    def test_fields_of_a_payload_that_are_there_twice(self) -> None:
        assert "there twice" in wrong(
            '{"topic":"rf/U-1","payload":{"values":{"a":1},"values":{"b":2}}}', read_mosquitto
        )

    def test_how_long(self) -> None:
        payload = line(values={f"k{i}": "\x01" * 160 for i in range(MOST_VALUES)})
        text = json.dumps({"topic": "rf/U-1", "payload": payload})
        assert len(payload) > 61_000
        assert len(read_mosquitto(text).values) == MOST_VALUES
        assert wrong(text + " " * MOSQUITTO_BYTES, read_mosquitto) == "this is longer than 524,288 bytes"
