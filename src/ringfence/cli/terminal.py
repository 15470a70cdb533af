"""What goes to a terminal is drawn and never obeyed; what goes elsewhere is exact."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast


class Drawn:
    """A terminal's stream that makes control and bidirectional characters visible, as ``ls`` does; lines stay lines."""

    def __init__(self, terminal: TextIO) -> None:
        from ringfence.text import literal  # what goes elsewhere does without it

        self.terminal = terminal
        self._literal = literal

    def write(self, text: str) -> int:
        """Writes text, made visible."""
        self.terminal.write("\n".join(map(self._literal, text.split("\n"))))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Writes texts, made visible."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # there is no way around
            raise AttributeError(name)
        return getattr(self.terminal, name)


@contextmanager
def drawn() -> Iterator[None]:
    """Draws whatever is written to standard output and standard error meanwhile, where they are terminals."""
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast(TextIO, Drawn(one)) if one.isatty() else one for one in streams)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams


def bare(stream: TextIO) -> TextIO:
    """The terminal itself, for what moves its cursor; of another stream, that."""
    return stream.terminal if isinstance(stream, Drawn) else stream
