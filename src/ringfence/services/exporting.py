"""Lists written out: as CSV or JSON, to a stream or into a file that is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import chain, islice
from pathlib import Path
from typing import Final, Literal, TextIO, get_args

from ringfence.changes.applying import Progress
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.domain.text import as_json
from ringfence.services import listing
from ringfence.services.records import Listing
from ringfence.services.rows import Record
from ringfence.services.sheets import write_rows
from ringfence.storage.files import whole
from ringfence.visibility.viewer import Viewer

Format = Literal["csv", "json"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

_TOLD: Final = 500


class FileExists(RingfenceError):  # noqa: N818 - named for what it says
    """There is such a file already: nothing was written."""


def write(out: TextIO, found: Iterable[Record], form: Format, *, mark: bool = True) -> None:
    """Writes records: CSV that no spreadsheet runs (nothing at all where there are none), or JSON, an object a line.
    CSV begins with a byte order mark, by which spreadsheets know that it is UTF-8, unless ``mark`` says not."""
    if form == "csv":
        _csv(out, iter(found), mark)
    else:
        for piece in _json(found):
            out.write(piece)


def export(
    viewer: Viewer,
    wanted: Listing,
    path: Path,
    form: Format,
    *,
    replace: bool = False,
    progress: Progress | None = None,
) -> int:
    """Writes every row of a list into a file that only its owner may read; returns how many there are.

    The rows are those of one moment. The file comes under its name once it is whole; one that is there already is left
    alone unless it is to be replaced. Raises FileExists, RingfenceError where it cannot be written, and what
    ``progress`` raises: then nothing is left behind.
    """
    if not replace and os.path.lexists(path):
        raise FileExists(f"{path} is there already")
    total = listing.count(viewer, wanted)
    count = 0

    def counted() -> Iterator[Record]:
        nonlocal count
        for record in listing.export(viewer, wanted):
            if progress is not None and not count % _TOLD:
                progress("Writing", count, max(count, total))
            yield record
            count += 1

    try:
        with whole(path, replace=replace) as partial, partial.open("w", encoding="utf-8", newline="") as out:
            write(out, counted(), form)
    except FileExistsError:
        raise FileExists(f"{path} is there already") from None
    except OSError as error:
        raise RingfenceError(f"{path} cannot be written: {error.strerror or error}") from error
    return count


def text(viewer: Viewer, wanted: Listing, form: Format, most: int) -> tuple[str, int]:
    """Every row of a list as one text, for a clipboard, and how many there are. Raises Refused where that would be more
    than ``most`` characters."""
    out, count = StringIO(), 0

    def counted() -> Iterator[Record]:
        nonlocal count
        for record in listing.export(viewer, wanted):
            if out.tell() > most:
                break
            yield record
            count += 1

    write(out, counted(), form, mark=False)
    if out.tell() > most:
        raise Refused(f"that is more than the {most // 1024} KiB that a terminal's clipboard takes: narrow the list")
    return out.getvalue(), count


def _csv(out: TextIO, found: Iterator[Record], mark: bool) -> None:
    def values(record: Record) -> list[object]:
        # Truth has always been True and False here, as scripts know it.
        return [str(value) if isinstance(value, bool) else value for value in record.fields().values()]

    for first in islice(found, 1):
        write_rows(out, list(first.fields()), map(values, chain([first], found)), mark=mark)


def _json(found: Iterable[Record]) -> Iterator[str]:
    separator = "[\n"
    for record in found:
        yield separator + as_json(record.fields())
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"
