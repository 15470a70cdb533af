"""Long work, watched at a terminal and stopped by an interrupt; and what goes on until there is one."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from select import POLLERR, poll
from threading import Event, current_thread, main_thread
from typing import TYPE_CHECKING, Any

from ringfence.cli.settings import say
from ringfence.domain.errors import DatabaseGone, RingfenceError, SessionEnded

if TYPE_CHECKING:
    from ringfence.services.editing import Progress


class Turns:
    """The turns of what is done time and again, with a pause (in seconds) between them, until SIGTERM or an interrupt.
    That ends it where nothing is half done; another one, at once."""

    def __init__(self, pause: float) -> None:
        self._pause, self._ended, self._told = pause, Event(), ""
        self._before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        for number in self._before:
            signal.signal(number, self._end)

    def __iter__(self) -> Iterator[None]:
        while not self._ended.is_set():
            yield
            self._ended.wait(self._pause)

    @contextmanager
    def patiently(self) -> Iterator[None]:
        """What fails in here is said, once, and may succeed in another turn: somebody writes for long, or the server is
        away for a moment. Raises what no other turn can mend: DatabaseGone, SessionEnded."""
        try:
            yield
            self._told = ""
        except (DatabaseGone, SessionEnded):
            raise
        except RingfenceError as error:
            if str(error) != self._told:
                say(str(error))
            self._told = str(error)

    def _end(self, *_: Any) -> None:
        self._ended.set()
        for number, before in self._before.items():
            signal.signal(number, before)


def demand_reader() -> None:
    """Raises BrokenPipeError where nobody reads any more what goes to standard output, whether or not anything does."""
    pipe = poll()
    pipe.register(sys.stdout.fileno(), 0)
    if any(event & POLLERR for _, event in pipe.poll(0)):
        raise BrokenPipeError


@contextmanager
def watched() -> Iterator[Progress]:
    """Says on a terminal how far it is. An interrupt stops it where nothing is half done; another one, at once."""
    stopped = Event()
    before = signal.getsignal(signal.SIGINT)

    def interrupted(*_: object) -> None:
        stopped.set()
        signal.signal(signal.SIGINT, before)

    def told(_step: str, _done: int, _total: int) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt

    heard = current_thread() is main_thread()
    if heard:
        signal.signal(signal.SIGINT, interrupted)
    try:
        if sys.stderr.isatty():
            yield from _drawn(told)
        else:
            yield told
    finally:
        if heard:
            signal.signal(signal.SIGINT, before)


def _drawn(told: Progress) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    from ringfence.cli.terminal import bare

    columns = (TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, console=Console(file=bare(sys.stderr)), transient=True) as bar:
        task = bar.add_task("", total=None)

        def drawn(step: str, done: int, total: int) -> None:
            told(step, done, total)
            bar.update(task, description=step, completed=done, total=total)

        yield drawn
