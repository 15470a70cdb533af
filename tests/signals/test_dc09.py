"""Frames of alarm panels: which are intact, and what becomes of them."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.panels import BURGLARY, crc, frame

from ringfence.domain import clock
from ringfence.domain.signal import SAID, SEVERITIES, SIGNAL_ID, Signal, WrongSignal
from ringfence.signals import panel_codes
from ringfence.signals.dc09 import parse, signals_of

NOW = datetime(2026, 11, 28, 14, 0, 5, tzinfo=UTC)
SENT = "_13:59:58,11-28-2026"
AT = 1795874398000


def said(body: str | bytes) -> list[Signal]:
    message = parse(frame(body)[1:-1])
    assert message is not None
    with clock.stopped(NOW):
        return signals_of(message)


def alarm(body: str) -> tuple[str, bool, str, str]:
    (found,) = said(body)
    return found.alarm, found.on, found.severity, found.text


class TestFrames:
    def test_the_crc_is_that_of_the_standard(self) -> None:
        """Frames as they are printed in other people's documents."""
        for one in (
            b'\n8C860043"SIA-DCS"9876R579BDFL789ABC#123456A[#123456A|NFA129][M1234567890AB]\r',
            b'\n04210012"ACK"0007L0#1234[]\r',
        ):
            assert parse(one[1:-1]) is not None

    def test_an_event_of_contact_id(self) -> None:
        assert said(BURGLARY + SENT) == [
            Signal(
                "1234",
                AT,
                alarm="intrusion",
                severity="critical",
                text="partition 01, zone 015",
                id=f"1234-0007-{crc((BURGLARY + SENT).encode()):04X}-{AT}-0",
            )
        ]

    @pytest.mark.parametrize(
        ("event", "kind", "on", "severity", "text"),
        [
            ("1100 00 001", "medical", True, "critical", "zone 001"),
            ("1111 01 002", "fire", True, "critical", "partition 01, zone 002"),
            ("3110 01 002", "fire", False, "critical", "partition 01, zone 002"),
            ("1120 00 000", "panic", True, "critical", ""),
            ("1121 02 003", "hold_up", True, "critical", "partition 02, zone 003"),
            ("6130 01 015", "intrusion", True, "critical", "partition 01, zone 015"),
            ("3134 01 015", "intrusion", False, "critical", "partition 01, zone 015"),
            ("1137 01 015", "tamper", True, "major", "partition 01, zone 015"),
            ("1145 00 002", "tamper", True, "major", "zone 002"),
            ("1301 00 000", "power_lost", True, "major", ""),
            ("3301 00 000", "power_lost", False, "major", ""),
            ("1302 00 000", "battery_low", True, "minor", ""),
            ("1384 01 0AB", "battery_low", True, "minor", "partition 01, zone 0AB"),
            ("1350 00 000", "communication", True, "major", ""),
            ("1573 01 004", "bypass", True, "warning", "partition 01, zone 004"),
            ("1152 01 004", "code_152", True, "major", "partition 01, zone 004"),
            ("1333 00 001", "code_333", True, "minor", "zone 001"),
            ("1406 01 003", "code_406", True, "info", "partition 01, user 003"),
            ("1F0E 01 003", "code_f0e", True, "info", "partition 01, zone 003"),
        ],
    )
    def test_codes_of_contact_id(self, event: str, kind: str, on: bool, severity: str, text: str) -> None:
        assert alarm(f'"ADM-CID"0007L0#1234[#1234|{event}]') == (kind, on, severity, text)

    @pytest.mark.parametrize(
        ("events", "kind", "on", "severity", "text"),
        [
            ("Nri1/BA015", "intrusion", True, "critical", "partition 1, zone 015"),
            ("NBR015", "intrusion", False, "critical", "zone 015"),
            ("NFA129", "fire", True, "critical", "zone 129"),
            ("NFR129", "fire", False, "critical", "zone 129"),
            ("NPA", "panic", True, "critical", ""),
            ("NHA00", "hold_up", True, "critical", ""),
            ("NMA1", "medical", True, "critical", "zone 1"),
            ("NTA3", "tamper", True, "major", "zone 3"),
            ("NAT", "power_lost", True, "major", ""),
            ("NAR", "power_lost", False, "major", ""),
            ("NYT", "battery_low", True, "minor", ""),
            ("NYR", "battery_low", False, "minor", ""),
            ("OBA015", "intrusion", True, "critical", "zone 015"),
            (
                "Nti13:59/id5/ri2/BA015*27C^Gate /BR1^",
                "intrusion",
                True,
                "critical",
                "partition 2, zone 015, Gate /BR1",
            ),
            ("Nri1BA015", "intrusion", True, "critical", "partition 1, zone 015"),
            ("N??/BA015", "intrusion", True, "critical", "zone 015"),
            ("NBA015|AFront door", "intrusion", True, "critical", "zone 015, Front door"),
            ("NXA1", "code_xa", True, "major", "zone 1"),
            ("NGT1", "code_gt", True, "minor", "zone 1"),
            ("NRR", "code_rr", True, "info", ""),
        ],
    )
    def test_codes_of_sia(self, events: str, kind: str, on: bool, severity: str, text: str) -> None:
        assert alarm(f'"SIA-DCS"0007L0#1234[#1234|{events}]') == (kind, on, severity, text)

    @pytest.mark.parametrize(
        ("body", "values"),
        [
            ('"ADM-CID"0007L0#1234[#1234|1602 00 000]', {"test": 1.0}),
            ('"ADM-CID"0007L0#1234[#1234|1401 01 003]', {"armed": False}),
            ('"ADM-CID"0007L0#1234[#1234|3401 01 003]', {"armed": True}),
            ('"SIA-DCS"0007L0#1234[#1234|NRP]', {"test": 1.0}),
            ('"SIA-DCS"0007L0#1234[#1234|NCL3]', {"armed": True}),
            ('"SIA-DCS"0007L0#1234[#1234|NOP3]', {"armed": False}),
            ('"NULL"0000R0L0#1234[]', {"link": True}),
            ('"XNM"0000R0L0#1234[][CDP]' + SENT, {"link": True}),
        ],
    )
    def test_what_is_no_alarm(self, body: str, values: dict[str, Any]) -> None:
        (found,) = said(body)
        assert (found.unit, found.at, found.values, found.alarm, found.text) == ("1234", None, values, "", "")

    @pytest.mark.parametrize("byte", [b"\0", b"\xff", b"\x1b", b"\xed\xa0\x80"])
    def test_a_text_that_is_none(self, byte: bytes) -> None:
        (found,) = said(b'"SIA-DCS"0007L0#1234[#1234|NBA^Gate ' + byte + b"^]")
        assert found.text.startswith("Gate ")
        assert "\0" not in found.text
        assert found.text.encode()

    def test_several_events_of_one_frame(self) -> None:
        found = said('"SIA-DCS"0007L0#1234[#1234|Nri1/BA015/BA016|Nri2/FA1/RP]')
        assert [(one.alarm, one.text) for one in found] == [
            ("intrusion", "partition 1, zone 015"),
            ("intrusion", "partition 1, zone 016"),
            ("fire", "partition 2, zone 1"),
            ("", ""),
        ]
        assert len({one.id for one in found}) == 4

    def test_no_code_means_two_things(self) -> None:
        rows = panel_codes._KINDS
        for codes in (
            [code for row in rows for code in row.contact_id.split()],
            " ".join(
                [*(f"{row.begins} {row.ends}" for row in rows), panel_codes._ARMED, panel_codes._DISARMED]
            ).split(),
        ):
            assert len(set(codes)) == len(codes) > 30
        assert {row.severity for row in rows} <= set(SEVERITIES)

    def test_an_account_keeps_its_zeros(self) -> None:
        (found,) = said('"ADM-CID"0007R0012L0045#00ab[#00AB|1130 01 015]')
        assert found.unit == "00AB"

    @pytest.mark.parametrize(
        ("stamp", "at"),
        [
            (SENT, AT),
            ("", None),
            ("_14:05:05,11-28-2026", 1795874705000),
            ("_14:05:06,11-28-2026", None),
            ("_14:00:05,10-29-2026", 1793282405000),
            ("_14:00:04,10-29-2026", None),
            ("_99:99:99,11-28-2026", None),
            ("_13:59:58,02-30-2026", None),
            ("_00:00:00,01-01-0000", None),
            ("_00:00:00,01-01-1970", None),
            ("[H13:00:00,11-28-2026]" + SENT, 1795870800000),
            ("[H13:00:00,11-28-2027]" + SENT, AT),
            ("[M1234567890AB][H13:00:00,11-28-2026]", 1795870800000),
        ],
    )
    def test_moments(self, stamp: str, at: int | None) -> None:
        (found,) = said(BURGLARY + stamp)
        assert found.at == at
        assert found.alarm == "intrusion"

    def test_what_is_sent_without_a_moment_is_not_the_same_for_ever(self) -> None:
        message = parse(frame(BURGLARY)[1:-1])
        assert message is not None
        found = []
        for minutes in (0, 1, 11, 60 * 24):
            with clock.stopped(NOW + timedelta(minutes=minutes)):
                found += [one.id for one in signals_of(message)]
        assert found[0] == found[1]
        assert len(set(found)) == 3

    @pytest.mark.parametrize(
        "body",
        [
            '"*ADM-CID"0007L0#1234[0123456789ABCDEF',
            '"*NULL"0000L0#1234[0123456789ABCDEF',
            '"ADM-41E"0007L0#1234[#1234|123]',
            '"ACK"0007L0#1234[]',
            '"ADM-CID"0007L0#1234[]',
            '"ADM-CID"0007L0#1234[#1234]',
            '"ADM-CID"0007L0#1234[#1234|]',
            '"ADM-CID"0007L0#1234[#9999|1130 01 015]',
            '"ADM-CID"0007L0#1234[1130 01 015]',
            '"ADM-CID"0007L0#1234[#1234|2130 01 015]',
            '"ADM-CID"0007L0#1234[#1234|1130 01 015|1130 01 016]',
            '"ADM-CID"0007L0#1234[#1234|1130 01 ٠١٥]',
            '"ADM-CID"0007L0#1234[#1234|1130 01 015',
            '"ADM-CID"0007L0#1234[#1234|1130 01 015]junk',
            '"ADM-CID"0007L0#1234[#1234|1130 01 015][x',
            '"SIA-DCS"0007L0#1234[#1234]',
            '"SIA-DCS"0007L0#1234[#1234|]',
            '"SIA-DCS"0007L0#1234[#1234|N]',
            '"SIA-DCS"0007L0#1234[#1234|Nri1]',
            '"SIA-DCS"0007L0#1234[#1234|AText]',
            '"SIA-DCS"0007L0#1234[#1234|BA015]',
        ],
    )
    def test_nothing_is_made_of_it(self, body: str) -> None:
        with pytest.raises(WrongSignal) as told:
            said(body)
        assert str(told.value).isprintable()

    @pytest.mark.parametrize(
        "body",
        [
            "",
            "x",
            '"',
            '"ADM-CID"',
            '"ADM-CID"007L0#1234[]',
            '"ADM-CID"-007L0#1234[]',
            '"ADM-CID"0007#1234[]',
            '"ADM-CID"0007L0#[]',
            '"ADM-CID"0007L0#12G4[]',
            '"ADM-CID"0007L0#+123[]',
            '"ADM-CID"0007L0#' + "1" * 17 + "[]",
            '"ADM-CID"٠٠٠٧L0#1234[]',
            '"adm"0007L0#1234[]',
            '""0007L0#1234[]',
        ],
    )
    def test_what_is_no_frame(self, body: str) -> None:
        assert parse(frame(body)[1:-1]) is None

    @pytest.mark.parametrize("at", range(len(frame(BURGLARY)) - 2))
    def test_one_wrong_byte_is_seen(self, at: int) -> None:
        whole = bytearray(frame(BURGLARY)[1:-1])
        whole[at] ^= 1
        assert parse(bytes(whole)) is None

    @settings(deadline=None)
    @given(st.binary() | st.text('"*ADM-CID0123L#[]|NBAri/^_: ').map(str.encode))
    def test_anything_is_a_frame_or_none(self, body: bytes) -> None:
        parse(body)
        message = parse(frame(body)[1:-1])
        if message is not None:
            with suppress(WrongSignal):
                signals_of(message)

    @settings(deadline=None)
    @given(
        st.sampled_from(("ADM-CID", "SIA-DCS")),
        st.binary() | st.text("NOAri1/^*:.BFR015|").map(str.encode),
        st.binary(),
    )
    def test_whatever_the_data_is(self, token: str, data: bytes, after: bytes) -> None:
        message = parse(frame(f'"{token}"0007L0#1234[#1234|'.encode() + data + b"]" + after)[1:-1])
        assert message is not None
        with suppress(WrongSignal):
            for one in signals_of(message):
                assert one.unit == "1234"
                assert len(one.text) <= SAID
                assert 0 < len(one.id) <= SIGNAL_ID
                assert "\0" not in one.text
                one.text.encode()
                assert one.values or one.alarm

    def test_long_data_is_read_quickly(self) -> None:
        begun = time.process_time()
        for data in ("N" + "BA" * 2000, "N" + "^" * 4000, "N" + "ri1" * 1300, "N" + "/" * 4000, "NBA*" + "x" * 4000):
            with suppress(WrongSignal):
                assert all(len(one.text) <= SAID for one in said(f'"SIA-DCS"0007L0#1234[#1234|{data}]'))
        assert time.process_time() - begun < 2


def test_a_server_is_not_loaded_before_it_is_asked_for() -> None:
    program = "import sys, ringfence.signals; sys.exit('asyncio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
