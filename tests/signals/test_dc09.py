"""Frames of alarm panels, by hand and over TCP: what becomes of them, what they are answered, and what is dropped."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.domain import clock
from ringfence.domain.errors import RingfenceError
from ringfence.domain.signal import SAID, SEVERITIES, SIGNAL_ID, Signal, WrongSignal
from ringfence.signals import panel_codes
from ringfence.signals.dc09 import parse, serve, signals_of

NOW = datetime(2026, 11, 28, 14, 0, 5, tzinfo=UTC)
SENT = "_13:59:58,11-28-2026"
AT = 1795874398000
BURGLARY = '"ADM-CID"0007L0#1234[#1234|1130 01 015]'
LONGEST = 4105


def crc(body: bytes) -> int:
    found = 0
    for byte in body:
        found ^= byte
        for _ in range(8):
            found = found >> 1 ^ 0xA001 if found & 1 else found >> 1
    return found


def frame(body: str | bytes) -> bytes:
    body = body.encode() if isinstance(body, str) else body
    return b"\n%04X0%03X%b\r" % (crc(body), len(body), body)


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


class Kept:
    """What was taken; ``refuses`` and ``fails`` say what else happens."""

    def __init__(self) -> None:
        self.signals: list[Signal] = []
        self.batches = 0
        self.refuses: Exception | None = None
        self.waits = asyncio.Event()
        self.waits.set()

    async def take(self, signals: Sequence[Signal]) -> None:
        await self.waits.wait()
        if self.refuses:
            raise self.refuses
        self.signals += signals
        self.batches += 1

    @property
    def units(self) -> list[str]:
        return [one.unit for one in self.signals]


class Panel:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> bytes:
        return await asyncio.wait_for(self.reader.readuntil(b"\r"), 5)

    async def silent(self) -> bool:
        """Whether no answer comes, and the connection stays."""
        try:
            await asyncio.wait_for(self.reader.readuntil(b"\r"), 0.2)
        except TimeoutError:
            return True
        return False

    async def gone(self) -> bool:
        """Whether it is closed without another word."""
        try:
            return await asyncio.wait_for(self.reader.read(), 5) == b""
        except ConnectionError:
            return True


class Receiver:
    def __init__(self, port: int, task: asyncio.Task[None]) -> None:
        self.port, self.task = port, task

    async def panel(self) -> Panel:
        return Panel(*await asyncio.open_connection("127.0.0.1", self.port))


@asynccontextmanager
async def receiving(kept: Kept, **bounds: Any) -> AsyncIterator[Receiver]:
    """A receiver on a port of its own, which ends without a word."""
    loop = asyncio.get_running_loop()
    faults: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: faults.append(context))
    port: asyncio.Future[int] = loop.create_future()
    task = asyncio.create_task(serve("127.0.0.1", 0, kept.take, opened=port.set_result, **bounds))
    try:
        yield Receiver(await asyncio.wait_for(port, 5), task)
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=5)
        assert task.done()
        await asyncio.sleep(0)
        assert faults == []


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[[Coroutine[Any, Any, None]], None]:
    def whole(story: Coroutine[Any, Any, None]) -> None:
        asyncio.run(asyncio.wait_for(story, 120))
        assert capfd.readouterr().err == ""

    return whole


GARBAGE = {
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20,
    "ends": b"\r" * 100,
    "empty frames": b"\n\r" * 100,
    "TLS": b"\x16\x03\x01\x02\x00" * 100 + b"\r" * 10,
    "no end": b"x" * 100_000,
    "beginnings": b"\n" * 100_000,
    "a long frame": frame(b'"ADM-CID"0007L0#1234[' + b"x" * 5000 + b"]"),
    "damaged frames": frame(BURGLARY).replace(b"015", b"016") * 8,
}

Run = Callable[[Coroutine[Any, Any, None]], None]


class TestServer:
    def test_a_frame_is_acknowledged_with_its_own_number(self, run: Run) -> None:
        async def story() -> None:
            kept = Kept()
            async with receiving(kept) as receiver:
                panel = await receiver.panel()
                for sequence, account in (("0007", "1234"), ("9999", "00ab"), ("0001", "0123456789ABCDEF")):
                    route = f"R1L00ff#{account}"
                    await panel.send(frame(f'"ADM-CID"{sequence}{route}[#{account}|1130 01 015]'))
                    assert await panel.answer() == frame(f'"ACK"{sequence}{route}[]')
            assert kept.units == ["1234", "00AB", "0123456789ABCDEF"]

        run(story())

    def test_it_is_acknowledged_once_it_is_kept(self, run: Run) -> None:
        async def story() -> None:
            kept = Kept()
            kept.waits.clear()
            async with receiving(kept) as receiver:
                panel = await receiver.panel()
                await panel.send(frame(BURGLARY))
                assert await panel.silent()
                assert kept.signals == []
                kept.waits.set()
                assert await panel.answer() == frame('"ACK"0007L0#1234[]')

        run(story())

    def test_a_repeat_is_acknowledged_and_not_taken(self, run: Run) -> None:
        async def story() -> None:
            kept = Kept()
            async with receiving(kept) as receiver:
                for panel in (await receiver.panel(), await receiver.panel()):
                    for _ in range(3):
                        await panel.send(frame(BURGLARY))
                        assert await panel.answer() == frame('"ACK"0007L0#1234[]')
                assert len(kept.signals) == 1
                await panel.send(frame('"ADM-CID"0007L0#1234[#1234|1130 01 016]'))  # its number was used, for another
                assert await panel.answer() == frame('"ACK"0007L0#1234[]')
                await panel.send(frame('"ADM-CID"0007L0#9999[#9999|1130 01 015]'))
                assert await panel.answer() == frame('"ACK"0007L0#9999[]')
            assert len(kept.signals) == 3

        run(story())

    def test_repeats_on_two_connections_while_it_is_taken(self, run: Run) -> None:
        async def story() -> None:
            kept = Kept()
            kept.waits.clear()
            async with receiving(kept) as receiver:
                panels = [await receiver.panel() for _ in range(5)]
                for panel in panels:
                    await panel.send(frame(BURGLARY))
                await asyncio.sleep(0.1)
                kept.waits.set()
                for panel in panels:
                    assert await panel.answer() == frame('"ACK"0007L0#1234[]')
            assert len(kept.signals) == 1

        run(story())

    def test_after_ten_minutes_it_is_no_repeat(self, run: Run) -> None:
        async def story() -> None:
            kept = Kept()
            async with receiving(kept) as receiver:
                panel = await receiver.panel()
                for minutes, taken in ((0, 1), (9, 1), (10, 2), (11, 2), (20, 3)):
                    with clock.stopped(NOW + timedelta(minutes=minutes)):
                        await panel.send(frame(BURGLARY))
                        assert await panel.answer()
                    assert len(kept.signals) == taken

        run(story())

    def test_each_link_test_is_heard(self, run: Run) -> None:
        async def story() -> None:
            kept = Kept()
            async with receiving(kept) as receiver:
                panel = await receiver.panel()
                for _ in range(3):
                    await panel.send(frame('"NULL"0000R0L0#1234[]'))
                    assert await panel.answer() == frame('"ACK"0000R0L0#1234[]')
            assert [(one.unit, one.values, one.id) for one in kept.signals] == [("1234", {"link": True}, "")] * 3

        run(story())

    def test_what_is_damaged_gets_no_answer(self, run: Run) -> None:
        async def story() -> None:
            kept = Kept()
            whole = frame(BURGLARY)
            async with receiving(kept) as receiver:
                panel = await receiver.panel()
                for damaged in (
                    b"\nFFFF0027" + whole[9:],
                    whole[:5] + b"0028" + whole[9:],
                    whole[:5] + b"1027" + whole[9:],
                    whole[1:],
                    whole.replace(b"015", b"016"),
                ):
                    await panel.send(damaged)
                assert await panel.silent()
                await panel.send(whole)
                assert await panel.answer() == frame('"ACK"0007L0#1234[]')
            assert len(kept.signals) == 1

        run(story())

    @pytest.mark.parametrize("token", ["*ADM-CID", "ADM-41E", "*NULL", "RSP"])
    def test_what_is_not_understood_is_said_to_be(self, run: Run, token: str) -> None:
        async def story() -> None:
            kept = Kept()
            async with receiving(kept) as receiver:
                panel = await receiver.panel()
                for _ in range(20):
                    await panel.send(frame(f'"{token}"0042L0#1234[0123456789ABCDEF'))
                    assert await panel.answer() == frame('"DUH"0042L0#1234[]')
            assert kept.batches == 0

        run(story())

    def test_split_and_joined(self, run: Run) -> None:
        async def story() -> None:
            kept = Kept()
            numbers = [f"{n:04}" for n in range(1, 21)]
            frames = [frame(f'"ADM-CID"{n}L0#1234[#1234|1130 01 015]') for n in numbers]
            async with receiving(kept) as receiver:
                panel = await receiver.panel()
                await panel.send(b"noise before" + b"".join(frames[:10]) + frames[10][:-1])
                for byte in b"\r" + b"".join(frames[11:]):
                    await panel.send(bytes([byte]))
                for number in numbers:
                    assert await panel.answer() == frame(f'"ACK"{number}L0#1234[]')
            assert len(kept.signals) == 20

        run(story())

    def test_a_panel_that_only_sends_and_closes_its_half(self, run: Run) -> None:
        async def story() -> None:
            kept = Kept()
            async with receiving(kept) as receiver:
                panel = await receiver.panel()
                await panel.send(frame(BURGLARY))
                panel.writer.write_eof()
                assert await asyncio.wait_for(panel.reader.read(), 5) == frame('"ACK"0007L0#1234[]')
                other = await receiver.panel()
                await other.send(frame('"ADM-CID"0008L0#1234[#1234|3130 01 015]'))
                other.writer.transport.abort()
                await asyncio.sleep(0.2)
            assert {one.on for one in kept.signals} >= {True}

        run(story())

    def test_two_panels_and_a_flood(self, run: Run) -> None:
        async def story() -> None:
            kept = Kept()

            async def flood(panel: Panel, account: int) -> None:
                bodies = [f'"ADM-CID"{n:04}L0#{account}[#{account}|1130 01 {n:03}]' for n in range(500)]
                sending = asyncio.create_task(panel.send(b"".join(map(frame, bodies))))
                for n in range(500):
                    assert await panel.answer() == frame(f'"ACK"{n:04}L0#{account}[]')
                await sending

            async with receiving(kept) as receiver:
                await asyncio.gather(*[flood(await receiver.panel(), 1000 + n) for n in range(4)])
            assert len(kept.signals) == 2000
            assert len({one.id for one in kept.signals}) == 2000
            assert kept.batches < 2000  # what waits is taken at once
            for account in range(1000, 1004):
                zones = [one.text for one in kept.signals if one.unit == str(account)]
                assert zones == sorted(zones)

        run(story())

    @pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
    def test_garbage_is_dropped(self, run: Run, garbage: bytes) -> None:
        async def story() -> None:
            kept = Kept()
            async with receiving(kept) as receiver:
                panel, other = await receiver.panel(), await receiver.panel()
                with suppress(ConnectionError):
                    await panel.send(garbage)
                assert await panel.gone()
                await other.send(frame(BURGLARY))
                assert await other.answer()
            assert len(kept.signals) == 1

        run(story())

    def test_the_longest_frame(self, run: Run) -> None:
        async def story() -> None:
            kept = Kept()
            head = '"SIA-DCS"0007L0#1234[#1234|NBA1|A'
            whole = frame(head + "x" * (LONGEST - 11 - len(head)) + "]")
            assert len(whole) == LONGEST
            async with receiving(kept) as receiver:
                panel = await receiver.panel()
                await panel.send(whole)
                assert await panel.answer() == frame('"ACK"0007L0#1234[]')
                assert len(kept.signals[0].text) == SAID
                await panel.send(b"\n" + whole)
                assert await panel.gone()

        run(story())

    @pytest.mark.parametrize("more", [0, 1])
    def test_how_long_a_frame_may_be(self, run: Run, more: int) -> None:
        async def story() -> None:
            async with receiving(Kept(), most_frame=len(frame(BURGLARY)) - more) as receiver:
                panel = await receiver.panel()
                await panel.send(frame(BURGLARY))
                assert await panel.gone() if more else await panel.answer()

        run(story())

    @pytest.mark.parametrize("begun", [b"", b"\n", frame(BURGLARY)[:-1]])
    def test_who_says_nothing_is_dropped(self, run: Run, begun: bytes) -> None:
        async def story() -> None:
            kept = Kept()
            async with receiving(kept, idle=0.2) as receiver:
                panel = await receiver.panel()
                await panel.send(begun)
                assert await panel.gone()
            assert kept.signals == []

        run(story())

    @pytest.mark.slow
    def test_who_does_not_listen_is_dropped(self, run: Run) -> None:
        async def story() -> None:
            kept = Kept()
            async with receiving(kept, idle=0.3) as receiver:
                deaf = socket.socket()
                deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
                deaf.connect(("127.0.0.1", receiver.port))
                deaf.setblocking(False)
                panel = Panel(*await asyncio.open_connection(sock=deaf))
                panel.writer.transport.pause_reading()  # type: ignore[attr-defined]
                with pytest.raises(ConnectionError):
                    await asyncio.wait_for(panel.send(frame('"ADM-41E"0001L0#1234[]') * 1_000_000), 100)

        run(story())

    def test_one_too_many(self, run: Run) -> None:
        async def story() -> None:
            kept = Kept()
            async with receiving(kept, most_connections=2) as receiver:
                first, second = await receiver.panel(), await receiver.panel()
                for panel in (first, second):
                    await panel.send(frame('"NULL"0000R0L0#1234[]'))
                    assert await panel.answer()
                assert await (await receiver.panel()).gone()
                first.writer.close()
                await asyncio.sleep(0.1)
                third = await receiver.panel()
                await third.send(frame(BURGLARY))
                assert await third.answer()

        run(story())

    def test_what_is_not_kept_is_not_acknowledged(self, run: Run) -> None:
        async def story() -> None:
            kept = Kept()
            kept.refuses = RingfenceError("the disk is full")
            async with receiving(kept) as receiver:
                panel = await receiver.panel()
                await panel.send(frame(BURGLARY))
                assert await panel.gone()
                kept.refuses = None
                panel = await receiver.panel()
                await panel.send(frame(BURGLARY))
                assert await panel.answer() == frame('"ACK"0007L0#1234[]')
            assert len(kept.signals) == 1

        run(story())

    def test_what_nobody_foresaw_ends_it(self, run: Run) -> None:
        async def story() -> None:
            kept = Kept()
            kept.refuses = ValueError("a bug")
            async with receiving(kept) as receiver:
                panel = await receiver.panel()
                await panel.send(frame(BURGLARY))
                assert await panel.gone()
                with pytest.raises(ValueError, match="a bug"):
                    await receiver.task

        run(story())

    def test_it_ends_when_it_is_cancelled(self, run: Run) -> None:
        async def story() -> None:
            kept = Kept()
            kept.waits.clear()
            async with receiving(kept) as receiver:
                panel, idle = await receiver.panel(), await receiver.panel()
                await panel.send(frame(BURGLARY))
                await asyncio.sleep(0.1)
                receiver.task.cancel()
                assert await panel.gone()
                assert await idle.gone()
                with pytest.raises(ConnectionError):
                    await receiver.panel()

        run(story())

    def test_a_port_that_is_taken(self, run: Run) -> None:
        async def story() -> None:
            kept = Kept()
            async with receiving(kept) as receiver:
                with pytest.raises(RingfenceError, match=f"cannot listen at 127.0.0.1:{receiver.port}: "):
                    await serve("127.0.0.1", receiver.port, kept.take)

        run(story())


def test_a_server_is_not_loaded_before_it_is_asked_for() -> None:
    program = "import sys, ringfence.signals; sys.exit('asyncio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
