"""Alarm panels over TCP: what is kept, what they are answered, and who is dropped."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.panels import BURGLARY, Kept, Panel, frame, receiving

from ringfence.domain import clock
from ringfence.domain.errors import RingfenceError
from ringfence.domain.signal import SAID
from ringfence.signals.dc09 import serve

NOW = datetime(2026, 11, 28, 14, 0, 5, tzinfo=UTC)
LONGEST = 4105
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


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[[Coroutine[Any, Any, None]], None]:
    def whole(story: Coroutine[Any, Any, None]) -> None:
        asyncio.run(asyncio.wait_for(story, 120))
        assert capfd.readouterr().err == ""

    return whole


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
