"""Long work, watched at a terminal and stopped by an interrupt."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringfence.services.editing import Progress


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
