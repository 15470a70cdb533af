"""The program in a process of its own, which is there in a tenth of the time that a new interpreter takes: a server
that has imported what the command line does splits itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import forkserver, get_context
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from support.command_line import Said

_context = get_context("forkserver")
_context.set_forkserver_preload(
    [
        *(
            "alembic.command",
            "psycopg",
            "ringfence.cli.commands",
            "ringfence.cli.nouns",
            "ringfence.services.importing",
        ),
        *("ringfence.services.workspace", "ringfence.snapshot.load", "ringfence.snapshot.dump"),
    ]
)


class Program:
    """A command line that is running. ``first`` is called in its process before it begins."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        folder: Path | None = None,
        first: Callable[[], None] | None = None,
        work: Callable[..., Any] | None = None,
    ) -> None:
        self._said = Path(mkdtemp(dir=folder))
        given = (self._said, dict(os.environ), Path.cwd(), first, work or _command_line, tuple(arguments))
        self._process = _context.Process(target=_run, args=given)
        self._process.start()

    def end(self, seconds: float = 60) -> Said:
        """Waits until it is through; returns what it came to."""
        self._process.join(seconds)
        status = self._process.exitcode
        assert status is not None, "it is still running"
        out, err = ((self._said / name).read_bytes().decode(errors="replace") for name in ("out", "err"))
        return Said(status, out, err)


def _command_line(*arguments: str) -> None:
    from ringfence.__main__ import main

    sys.argv = ["ringfence", *arguments]
    main()


def _run(
    said: Path,
    environment: Mapping[str, str],
    folder: Path,
    first: Callable[[], None] | None,
    work: Callable[..., Any],
    arguments: Sequence[str],
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, path in enumerate([Path(os.devnull), said / "out", said / "err"]):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), number)
    if first is not None:
        first()
    work(*arguments)


def stop_server() -> None:
    """Ends the server, where one was needed."""
    server: Any = forkserver._forkserver
    server._stop()
