"""Alarm panels: frames of SIA DC-09 become signals, and a server takes them over TCP.

A frame is ``LF crc 0length "id" sequence Rreceiver Lprefix #account [data] [extended data]… _timestamp CR``. The
account number is the unit id of the panel, with its zeros. Two kinds of data are understood, ADM-CID (Contact ID) and
SIA-DCS; NULL says that the panel is there. An intact frame gets an answer with its own sequence number and account: ACK
once what it says is kept, and DUH where nothing can be made of it, as of what is encrypted. A damaged one gets none, so
that the panel sends it again.

Nothing proves who sends: whoever reaches the port can speak for any account. The frames are read here and by no
library, since the one there is forgets the zeros that an account begins with, and so acknowledges another one.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, NamedTuple

from ringfence.domain import clock
from ringfence.domain.errors import RingfenceError
from ringfence.domain.signal import AHEAD, SAID, Signal, WrongSignal
from ringfence.signals import panel_codes
from ringfence.signals.panel_codes import Meaning

Take = Callable[[Sequence[Signal]], Awaitable[None]]
"""Keeps signals; returns once they are safe."""

_MOST_AT_ONCE: Final = 1000  # frames whose signals are taken together
_MOST_BAD: Final = 8  # chunks in a row that are no frames, before a connection is given up
_MOST_KNOWN: Final = 10_000
_REPEATS: Final = 600_000  # milliseconds for which a frame is known again; panels repeat one within minutes
_BEHIND: Final = 30 * 86_400_000  # milliseconds that a panel's clock may be behind ours and still be believed

_LINK_TESTS: Final = ("NULL", "XNM")

_FRAME: Final = re.compile(rb'([0-9A-Fa-f]{4})0([0-9A-Fa-f]{3})(".*)', re.DOTALL)
_HEADER: Final = re.compile(
    rb'"(\*?[A-Z0-9-]{1,16})"([0-9]{4})((?:R[0-9A-Fa-f]{1,6})?L[0-9A-Fa-f]{1,6})#([0-9A-Fa-f]{1,16})\[', re.DOTALL
)
_STAMP: Final = r"[0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{2}-[0-9]{2}-[0-9]{4}"
_BODY: Final = re.compile(rf"([^\[\]]*)\]((?:\[[^\[\]]*\])*)(?:_({_STAMP}))?")
_OCCURRED: Final = re.compile(rf"\[H({_STAMP})\]")
_CONTACT_ID: Final = re.compile("([136])([0-9A-F]{3}) ([0-9A-F]{2}) ([0-9A-F]{3})")
_PACKET: Final = re.compile(  # a modifier or an event, each with a text or without; anything else is passed over
    r"(?:([a-z]{2})([0-9.:-]*)|([A-Z]{2})([0-9A-Fa-f]*)(?:\*[^/^]*)?)(?:\^([^^]*)\^?)?/?|[^/]*/?"
)


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ 0xA001 if byte & 1 else byte >> 1
    return byte


_CRCS: Final = tuple(map(_crc_of, range(256)))


def _crc(body: bytes) -> int:
    """The CRC-16 of DC-09 (polynomial 0x8005, reflected)."""
    found = 0
    for byte in body:
        found = (found >> 8) ^ _CRCS[(found ^ byte) & 0xFF]
    return found


class Message(NamedTuple):
    """An intact frame: its id token (with a * where the rest is encrypted), its sequence number, receiver and prefix,
    and account as they were sent; what follows the bracket behind them; and all of it."""

    token: str
    sequence: str
    route: str
    account: str
    rest: bytes
    body: bytes


def parse(frame: bytes) -> Message | None:
    """The message in what stands between LF and CR; None where that is damaged, or is no frame."""
    found = _FRAME.fullmatch(frame)
    if found is None or int(found[2], 16) != len(found[3]) or int(found[1], 16) != _crc(found[3]):
        return None
    body = found[3]
    header = _HEADER.match(body)
    if header is None:
        return None
    token, sequence, route, account = (one.decode() for one in header.groups())
    return Message(token, sequence, route, account, body[header.end() :], body)


def signals_of(message: Message) -> list[Signal]:
    """What a message says. Its moment is the one at which it happened, or else was sent, if the panel's clock can be
    believed. Raises WrongSignal where nothing can be made of it."""
    if message.token.startswith("*"):
        raise WrongSignal("this is encrypted, which is not supported")
    found = _BODY.fullmatch(message.rest.decode(errors="replace").replace("\0", "\ufffd"))
    if found is None:
        raise WrongSignal("this is no data of DC-09")
    data, extended, stamp = found.groups()
    unit = message.account.upper()
    if message.token in _LINK_TESTS:
        return [Signal(unit, None, {"link": True})]
    if message.token not in _EVENTS:
        raise WrongSignal("this kind of data is not supported")
    said = _EVENTS[message.token](_blocks(data, unit))
    occurred = _OCCURRED.search(extended)
    at = _moment(occurred and occurred[1])
    if at is None:
        at = _moment(stamp)
    # What is sent without a moment and looks the same is the same for some time, not for ever.
    when = _milliseconds() // _REPEATS if at is None else at
    known = f"{unit}-{message.sequence}-{_crc(message.body):04X}-{when}"
    return [
        Signal(unit, at, meaning.values, {}, meaning.kind, meaning.on, meaning.severity, text, f"{known}-{number}")
        for number, (meaning, text) in enumerate(said)
    ]


def _blocks(data: str, unit: str) -> list[str]:
    """The blocks of the data behind the account number, which is that of the frame."""
    first, *blocks = data.split("|")
    if first.startswith("#") and first[1:].upper() == unit:
        return blocks
    raise WrongSignal("the data names another account than the frame")


def _contact_id(blocks: list[str]) -> list[tuple[Meaning, str]]:
    found = _CONTACT_ID.fullmatch(blocks[0]) if len(blocks) == 1 else None
    if found is None:
        raise WrongSignal("this is no event of Contact ID")
    qualifier, code, partition, zone = found.groups()
    meaning = panel_codes.contact_id(qualifier, code)
    return [(meaning, _text(meaning, partition, zone, "user" if code[0] == "4" else "zone", []))]


def _sia(blocks: list[str]) -> list[tuple[Meaning, str]]:
    """The events of blocks of new (N) and old (O) ones, each with the texts (A) of the frame."""
    texts = [block[1:] for block in blocks if block.startswith("A")]
    said: list[tuple[Meaning, str]] = []
    for block in blocks:
        if not block.startswith(("N", "O")):
            continue
        area = ""
        for modifier, value, code, address, about in _PACKET.findall(block, 1):
            if modifier == "ri":
                area = value
            elif code:
                meaning = panel_codes.sia(code)
                said.append((meaning, _text(meaning, area, address, "zone", [about, *texts] if about else texts)))
    if not said:
        raise WrongSignal("this holds no event of SIA DC-03")
    return said


def _text(meaning: Meaning, partition: str, address: str, what: str, more: list[str]) -> str:
    """What an alarm says beside its kind. Zeros stand for no partition or zone."""
    if not meaning.kind:
        return ""
    parts = [f"{noun} {said}" for noun, said in (("partition", partition), (what, address)) if said.strip("0")]
    return ", ".join(parts + more)[:SAID]


_EVENTS: Final = {"ADM-CID": _contact_id, "SIA-DCS": _sia}


def _moment(stamp: str | None) -> int | None:
    """The milliseconds of a timestamp, which is UTC; None where there is none or it cannot be right: a clock that is
    wrong costs an alarm its moment, and not more."""
    if stamp is None:
        return None
    try:
        said = datetime.strptime(stamp, "%H:%M:%S,%m-%d-%Y").replace(tzinfo=UTC)
    except ValueError:
        return None
    at = round(said.timestamp() * 1000)
    return at if -_BEHIND <= at - _milliseconds() <= AHEAD else None


def _milliseconds() -> int:
    return round(clock.now().timestamp() * 1000)


def _answer(token: str, message: Message) -> bytes:
    body = f'"{token}"{message.sequence}{message.route}#{message.account}[]'.encode()
    return b"\n%04X%04X%b\r" % (_crc(body), len(body), body)


async def serve(
    host: str,
    port: int,
    take: Take,
    *,
    opened: Callable[[int], None] = lambda port: None,
    idle: float = 60,
    most_frame: int = 4105,  # what three digits of length can say
    most_connections: int = 500,
) -> None:
    """Takes frames over TCP until it is cancelled; ``opened`` is told the port, which may be any where 0 is asked for.

    A frame is acknowledged once ``take`` has kept its signals. One that came before within ten minutes is, too, and is
    not taken again; but NULL says each time that the panel is there. Where ``take`` raises RingfenceError nothing of
    what it was given is acknowledged, and those connections are closed: the panels send it again. Whatever else it
    raises ends the server, and is raised. A client is dropped that completes no frame for ``idle`` seconds, or sends
    one of more than ``most_frame`` bytes, or time and again none; and one that comes when there are
    ``most_connections``. Raises RingfenceError where it cannot listen.
    """
    receiver = _Receiver(take, idle, most_connections)
    try:
        server = await asyncio.start_server(receiver.connected, host, port, limit=most_frame - 1)
    except OSError as error:
        raise RingfenceError(f"cannot listen at {host}:{port}: {error.strerror or error}") from error
    try:
        opened(server.sockets[0].getsockname()[1])
        await receiver.take_all()
    finally:
        server.close()
        await receiver.close()


class _Waiting(NamedTuple):
    """A message whose signals are to be taken, and whether they are."""

    message: Message
    signals: list[Signal]
    taken: asyncio.Future[bool]


class _Receiver:
    """What is shared by the connections: which there are, what waits to be taken, and what was."""

    def __init__(self, take: Take, idle: float, most_connections: int) -> None:
        self._take = take
        self._idle = idle
        self._most = most_connections
        self._open: set[asyncio.Task[None]] = set()
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()  # a connection waits for its frame: no more than those
        self._known: OrderedDict[bytes, int] = OrderedDict()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._open) >= self._most:
            writer.transport.abort()
            return
        self._open.add(task)
        try:
            await self._talk(reader, writer)
        except (OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # a time-out is an OSError; of a task that was cancelled asyncio would tell with a traceback
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def close(self) -> None:
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def take_all(self) -> None:
        """Takes what waits, all of it at once, until it is cancelled."""
        while True:
            batch = [await self._queue.get()]
            while not self._queue.empty() and len(batch) < _MOST_AT_ONCE:
                batch.append(self._queue.get_nowait())
            taken = await self._keep(batch)
            for one in batch:
                if not one.taken.done():  # its connection may be gone
                    one.taken.set_result(taken)

    async def _keep(self, batch: list[_Waiting]) -> bool:
        now = _milliseconds()
        while self._known and (len(self._known) > _MOST_KNOWN or next(iter(self._known.values())) <= now - _REPEATS):
            self._known.popitem(last=False)
        new: dict[bytes, list[Signal]] = {}
        signals: list[Signal] = []
        for message, said, _ in batch:
            if message.token in _LINK_TESTS:
                signals += said
            elif (body := sha256(message.body).digest()) not in self._known:
                new.setdefault(body, said)
        signals += [one for said in new.values() for one in said]
        if signals:
            try:
                await self._take(signals)
            except RingfenceError:
                return False
        self._known.update(dict.fromkeys(new, now))
        return True

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bad = 0
        while bad < _MOST_BAD:
            async with asyncio.timeout(self._idle):
                chunk = await reader.readuntil(b"\r")
            _, begun, frame = chunk[:-1].rpartition(b"\n")
            message = parse(frame) if begun else None
            if message is None:
                bad += 1
                continue
            bad = 0
            answer = await self._answer(message)
            if not answer:
                return
            writer.write(answer)
            async with asyncio.timeout(self._idle):
                await writer.drain()

    async def _answer(self, message: Message) -> bytes:
        """What a message is answered; nothing where it could not be taken."""
        try:
            signals = signals_of(message)
        except WrongSignal:
            return _answer("DUH", message)
        taken = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Waiting(message, signals, taken))
        return _answer("ACK", message) if await taken else b""
