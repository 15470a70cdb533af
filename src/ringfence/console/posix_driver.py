"""A terminal driver for operators who type fast over slow lines.

What Textual's own driver does otherwise, as of 8.2:

* it rounds the 100 ms after which a lone Escape is one up to the next tick of its `select`, and takes a sequence apart
  whose rest is as late as that: on a slow line, Left becomes Escape, a bracket and D;
* it hands over what follows an ESC in a paste before the paste;
* it hands over all keys of a packet at once, so that those typed ahead go to the screen that the first one leaves;
* it spins when the terminal goes away, since end of input looks like a piped stdin to it;
* it queues 30 frames for a line that cannot take them: a held key then runs on for seconds;
* it sends all that was drawn, whether the terminal shows it already or not.
"""

from __future__ import annotations

import os
import selectors
import threading
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fcntl import ioctl
from queue import Empty, Full, Queue
from sys import byteorder
from termios import FIONREAD
from typing import TYPE_CHECKING, Any, Final, TextIO, assert_never

from textual import constants, events
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from ringfence.console.background import QUESTION, Background, light_of
from ringfence.console.depth import Depth
from ringfence.console.frames import Frames, Update
from ringfence.console.sequences import Answer, Escape, Pasted, Piece, Sequence, Sequences, Typed
from ringfence.console.turns import after_turn

if TYPE_CHECKING:
    from textual.app import App

ESCAPE_SECONDS: Final = constants.ESCAPE_DELAY
"""How long after an ESC more of it may come: 0.1, or what the environment variable ESCDELAY says in milliseconds."""

TURN_SECONDS: Final = 0.25
"""How long the application may take to act on a key before the next one of the same packet is handed over anyway."""

FRAMES: Final = 2
"""Frames that may wait for a slow line."""


class Output(threading.Thread):
    """Writes frames in the background; few may wait, and none does once the terminal has gone."""

    def __init__(self, file: TextIO) -> None:
        super().__init__(daemon=True, name="console-output")
        self._file = file
        self._frames: Queue[str | None] = Queue(FRAMES)
        self.gone = threading.Event()

    def write(self, text: str) -> None:
        """Queues `text`; waits while the line is busy."""
        while not self.gone.is_set():
            try:
                self._frames.put(text, timeout=0.5)
            except Full:
                continue
            return

    def stop(self) -> None:
        """Writes what waits, and ends."""
        while not self.gone.is_set():
            try:
                self._frames.put(None, timeout=0.1)
            except Full:
                continue
            break
        self.join(timeout=2)

    def abandon(self) -> None:
        """Ends without writing what waits: nobody reads it."""
        self.gone.set()
        with suppress(Full):
            self._frames.put_nowait(None)

    def run(self) -> None:
        """Writes until told to stop, or until nobody reads any more."""
        try:
            while (text := self._frames.get()) is not None:
                self._put(text)
                if self._frames.empty():
                    self._file.flush()
            self._file.flush()
        except (OSError, ValueError):
            self.gone.set()
            with suppress(Empty):
                while True:
                    self._frames.get_nowait()

    def _put(self, text: str) -> None:
        try:
            self._file.write(text)
        except UnicodeEncodeError:  # a locale that has fewer characters than we
            self._file.write(text.encode(self._file.encoding, "replace").decode(self._file.encoding))


class _Keys:
    """What Textual's parser makes of the pieces, each of which it is given whole."""

    def __init__(self, debug: bool) -> None:
        self._parser = XTermParser(debug)

    def read(self, pieces: Iterable[Piece]) -> Iterator[Message]:
        """The messages of pieces, in their order."""
        for piece in pieces:
            match piece:
                case Typed(text):
                    yield from self._parser.feed(text)
                case Escape(text):
                    yield from self._parser.feed(text)
                    yield from self._rest()
                case Sequence(text):
                    yield from self._parser.feed(text)
                    for _ in self._rest():  # one that it does not know, taken apart
                        pass
                case Answer(text):
                    if (light := light_of(text)) is not None:
                        yield Background(light=light)
                case Pasted(text):
                    yield events.Paste(text)
                case _:
                    assert_never(piece)

    def _rest(self) -> Iterable[Message]:
        """What the parser makes of what it holds, when nothing more comes."""
        if self._parser._timeout_time is None:
            return ()
        self._parser._timeout_time = 0.0
        return self._parser.tick()


class ConsoleDriver(LinuxDriver):
    """Textual's driver for Linux and macOS, with whole sequences, paced type-ahead and an end."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._output: Output | None = None
        self._frames = Frames()
        self._asks = getattr(app, "asks_background", False)

    def show(self, update: Update, *, sync: bool) -> None:
        """Queues what makes the terminal show an update; nothing where it does already.

        Args:
            update: What Textual's compositor has drawn.
            sync: Whether the terminal holds what it is sent back until a frame is whole.
        """
        app = self._app
        cursor = app.screen.outer_size.clamp_offset(app.cursor_position)
        said = self._frames.draw(update, cursor, getattr(app, "depth", Depth.TRUE))
        if said:
            self.write(f"{SYNC_START}{said}{SYNC_END}" if sync else said)

    def forget(self) -> None:
        """Takes it that the terminal may show anything: what is drawn next is sent, whatever was shown before."""
        self._frames.forget()

    def start_application_mode(self) -> None:
        """Takes the terminal: at the beginning, and when the program comes back from where it was suspended."""
        self.forget()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._asks:
            self._asks = False
            self.write(QUESTION)

    def stop_application_mode(self) -> None:
        """Gives the terminal back, in its own style."""
        self.forget()
        self.write("\x1b[0m")
        super().stop_application_mode()

    def write(self, data: str) -> None:
        """Queues `data` for the terminal."""
        if self._output is None:
            assert self._file is not None
            self._output = Output(self._file)
            self._output.start()
        self._output.write(data)

    def close(self) -> None:
        """Writes what waits, and ends the threads."""
        if self._output is not None:
            self._output.stop()
            self._output = None
        super().close()

    def run_input_thread(self) -> None:
        """Reads keys and hands them over until the application or the terminal ends."""
        sequences, keys = Sequences(), _Keys(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        lines = self._waiting_bytes()
        with selectors.DefaultSelector() as selector:
            try:
                selector.register(self.fileno, selectors.EVENT_READ)
            except PermissionError:  # a plain file, which is always ready: epoll does not take those
                self._end()
                return
            while not self.exit_event.is_set():
                if selector.select(ESCAPE_SECONDS if sequences.undecided else 0.1):
                    try:
                        data = os.read(self.fileno, 4096)
                    except OSError:
                        data = b""
                    if not data:
                        self._end()
                        return
                    if lines > 0:  # Enter was a line's end while the terminal still gave whole lines
                        data, lines = data[:lines].replace(b"\n", b"\r") + data[lines:], lines - len(data)
                    if text := decode(data):
                        self._hand_over(keys.read(sequences.feed(text)))
                else:
                    self._hand_over(keys.read(sequences.expire()))

    def _waiting_bytes(self) -> int:
        """How many bytes wait to be read; most of those that do at the start were typed before it."""
        try:
            return int.from_bytes(ioctl(self.fileno, FIONREAD, bytes(4)), byteorder)
        except OSError:
            return 0

    def _end(self) -> None:
        """The terminal has gone: so does the application."""
        if self._output is not None:
            self._output.abandon()
        self._app.call_later(self._app.exit)

    def _hand_over(self, messages: Iterable[Message]) -> None:
        """Posts what was read, each key after the application has acted on the one before."""
        waiting: str | None = None
        for message in messages:
            if waiting is not None and isinstance(message, events.Key):
                if message.key != waiting:  # a key that is held is not paced: its repaints may merge
                    self._await_turn()
                waiting = None
            if isinstance(message, events.Key):
                # Text that goes into a field needs no pacing: nothing moves.
                focused = self._app.focused if self._app._screen_stack else None
                if focused is None or not focused.check_consume_key(message.key, message.character):
                    waiting = message.key
            self.process_message(message)

    def _await_turn(self) -> None:
        """Waits until the application, the screen and the focused widget have dealt with what they were sent."""
        turn = threading.Event()
        after_turn(self._app, turn.set)
        waited = 0.0
        while not self.exit_event.is_set() and waited < TURN_SECONDS and not turn.wait(0.05):
            waited += 0.05
