"""A user's own small files, read whatever they are like; and what stands in them, quoted in a line."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

SIZE_LIMIT: Final = 64 * 1024
"""The most bytes that such a file may have."""
_QUOTE_LENGTH: Final = 40


class Unreadable(Exception):  # noqa: N818 - named for what it says
    """Says in a few words why a file cannot be read."""


class Missing(Unreadable):
    """There is none."""


def read(path: Path) -> bytes:
    """What is in the file. Raises Missing where there is none, Unreadable for whatever else it is like."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for its writer
            raise Unreadable("is no file")
        with path.open("rb") as file:
            found = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        kind = Missing if isinstance(error, FileNotFoundError) else Unreadable
        raise kind(f"cannot be read: {error.strerror}") from error
    if len(found) > SIZE_LIMIT:
        raise Unreadable(f"is larger than {SIZE_LIMIT // 1024} KiB")
    return found


def quoted(value: object) -> str:
    """The value as the file has it where that is text, else what it is; never longer than fits into a line."""
    if isinstance(value, str):
        import json

        return cut(json.dumps(value, ensure_ascii=False))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "a number" if isinstance(value, int | float) else f"a {type(value).__name__}"


def cut(text: str) -> str:
    """The text, or as much of it as fits into a line."""
    return text if len(text) <= _QUOTE_LENGTH else text[: _QUOTE_LENGTH - 1] + "…"
