"""What comes in to the demo: the day that is told in it, and while somebody looks, what its devices go on to say.

That is a process of its own, which takes lines as ``ringfence ingest`` does and has the clocks run as ``ringfence
worker`` does: no key waits for it. It ends with whoever began it, be that killed: its standard input ends then.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Lock, Thread, Timer
from typing import TYPE_CHECKING, Any, Final

from ringfence.domain.errors import DatabaseGone, RingfenceError

if TYPE_CHECKING:
    from subprocess import Popen

    from ringfence.signals.feeding import Fault
    from ringfence.snapshot.story_telemetry import Said
    from ringfence.storage.engine import Database

_AFTER: Final = 2.0
"""Seconds after which it begins: until then the first data are put on the screen."""
_EVERY: Final = 1.0
"""Seconds from one batch to the next."""
_END_SECONDS: Final = 3.0
_HOUR: Final = 3_600_000
_BEGIN: Final = (
    "import sys; sys.path.append(sys.argv.pop(1)); from ringfence.snapshot.demo_feed import main; main(sys.argv[1:])"
)


def take_day(database: Database) -> None:
    """Takes what the story's devices said in the day before its noon. What rules and signals make of it then is what
    the story's alarms tell, with what people did about them: those are told in its place."""
    from sqlalchemy import delete

    from ringfence.domain.clock import milliseconds
    from ringfence.signals import clocks
    from ringfence.snapshot.demo import STORY_NOON
    from ringfence.snapshot.story_telemetry import DAY, said
    from ringfence.storage.tables import Alarm

    noon = milliseconds(STORY_NOON)
    for until in range(noon - DAY * 60_000 + _HOUR, noon + 1, _HOUR):
        take(database, said(until - _HOUR, until), until)
    clocks.run(database, noon)
    with database.writing() as connection:
        connection.execute(delete(Alarm))


def take(database: Database, lines: Iterable[Said], now: int, later: int = 0) -> None:
    """Takes lines, each by its edge, as if they came at ``now``, in milliseconds since 1970; each is later by so many
    than it says. What an edge may not say any more that there is, or that is not there any more, is lost."""
    from ringfence.domain.signal import read
    from ringfence.signals import feeding, intake

    by_edge: dict[tuple[str, str], list[feeding.Line]] = {}
    for one in lines:
        line = json.dumps({**one.line, "ts": one.at + later}).encode()
        of = by_edge.setdefault((one.tenant, one.edge), [])
        of.append(feeding.Line(len(of) + 1, line))
    for (tenant, edge), theirs in by_edge.items():
        with _unless_gone():
            with database.reading() as connection:
                source = intake.source(connection, edge, tenant)
            for _ in feeding.feed(database, source, theirs, read, lambda: now, _unheard):
                pass


def _unheard(fault: Fault) -> None:
    """Every line here is a signal, unless the clock was set back."""


@contextmanager
def fed(database: Database, later: int) -> Iterator[None]:
    """Has the demo fed meanwhile, with a story that is so many seconds later than it is told."""
    lock = Lock()
    begun: list[Popen[bytes]] = []

    def begin() -> None:
        import subprocess

        package = str(Path(__file__).resolve().parents[2])
        words = [sys.executable, "-P", "-c", _BEGIN, package, str(database.url.database), str(later)]
        with lock, suppress(OSError):  # the demo is as well without
            # A session of its own: what the terminal tells the console (to stop, to hang up) is not for it.
            away: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
            begun.append(subprocess.Popen(words, stdin=subprocess.PIPE, **away))  # noqa: S603 - words of our own

    timer = Timer(_AFTER, begin)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with lock:
            for process in begun:
                process.kill()  # what it writes is thrown away
                process.wait()


def main(arguments: list[str]) -> None:
    """Feeds the demo at a path with a story so many seconds later, until standard input ends."""
    from ringfence.storage.engine import open_database

    path, later = arguments
    ended = Event()
    Thread(target=_watch, args=(ended,), daemon=True).start()
    with suppress(RingfenceError):  # the file is gone, or another worker is at it
        _feed(open_database(path), int(later) * 1000, ended)


def _watch(ended: Event) -> None:
    """Notices the end of standard input, and that of patience."""
    while os.read(0, 1024):
        pass
    ended.set()
    time.sleep(_END_SECONDS)
    os._exit(1)


def _feed(database: Database, later: int, ended: Event) -> None:
    from ringfence.domain import clock
    from ringfence.domain.clock import milliseconds
    from ringfence.signals.working import WORKER, Worker
    from ringfence.snapshot.demo import STORY_NOON
    from ringfence.snapshot.story_telemetry import MOST_SILENT, said
    from ringfence.storage.only_one import only_one

    taken = milliseconds(STORY_NOON)
    with only_one(database, WORKER) as held:
        worker = Worker(database)
        while not ended.wait(_EVERY):
            held()
            now = milliseconds(clock.now())
            # After a night in which the machine slept, every device is heard anew before its silence is looked at.
            since = max(taken, now - later - MOST_SILENT * 60_000)
            taken = max(taken, now - later)
            take(database, said(since, taken), now, later)
            with _unless_gone():
                worker.work(now)


@contextmanager
def _unless_gone() -> Iterator[None]:
    """Lets go of what does not come about this time, but for want of the database."""
    try:
        yield
    except DatabaseGone:
        raise
    except RingfenceError:
        pass
