"""CSV for people's spreadsheets: written so that no cell is run, read so that every fault is told with its line.

Pure: no database, no viewer. What the columns mean is for whoever calls.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, TextIO

from ringfence.domain.limits import LONG_TEXT

MOST_ROWS: Final = 1_000_000
"""A sheet may have so many rows; what lies behind them is not read."""
MOST_IN_A_CELL: Final = LONG_TEXT
"""Characters that a cell may have."""

_RUN = r"(?:[\0\t\r\n]|[\s\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[=+\-@＝＋－＠])"
_DEFUSE: Final = re.compile(f"[ ']*+{_RUN}")  # a reader takes no spaces for the beginning of a cell
_FUSE: Final = re.compile(f"'[ ']*+{_RUN}")
_NUMBER: Final = re.compile(r" *[+-][0-9 .()-]*")
_DELIMITERS: Final = (",", ";", "\t")
_LINES: Final = re.compile(r"[^\r\n]*+(?:\r\n|\r|\n)|[^\r\n]++")
_SAID: Final = re.compile('\\s*"?sep=(?P<one>[^\\w\\s"\']|\t)"?[,; \t]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
"""The line by which a spreadsheet is told what separates cells."""
_MARK: Final = "\ufeff"
_SHORTENED: Final = re.compile(r"[+-]?\d(?:[.,]\d+)?[eE]\+\d{1,3}")
_ROUNDED: Final = re.compile(r"[1-9]\d{14}0+")
_MONTH = r"(?:jan|feb|m[aä]r|mrt|apr|ma[yi]|mei|jun|jul|aug|sep|o[ck]t|nov|de[cz])"
_DAY: Final = re.compile(rf"\d{{1,2}}[-./ ]{_MONTH}\.?(?:[-./ ]\d{{2,4}})?|{_MONTH}\.?[-./ ]\d{{2,4}}", re.IGNORECASE)
MOST_NAMED: Final = 5
_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was read. ``rows`` are (the line on which the row begins, its cells by column), without those that have a
    fault; ``faults`` are lines for people. ``unread`` is how many rows lie behind the last fault and could not be told
    apart: whoever imports takes nothing from a sheet that has any. In a list of objects, elements are numbered, and
    ``lines`` are those on which they begin."""

    rows: tuple[tuple[int, dict[str, str]], ...]
    faults: tuple[str, ...]
    unread: int = 0
    lines: Sequence[int] = ()

    def at(self, number: int) -> str:
        """Where a row is, for people."""
        return f"element {number}, line {self.lines[number - 1]}" if self.lines else f"line {number}"


def defused(cell: str) -> str:
    """A cell that no spreadsheet runs: one that begins with ``=``, ``+``, ``-`` or ``@`` (full-width too, behind blanks
    and control characters too), a tab or a line's end gets an apostrophe before it.

    The rule is OWASP's (community page "CSV Injection"), with one exception: a sign before nothing but digits, blanks,
    dots, hyphens and parentheses calls nothing, so ``-5`` and ``+31 10 1234567`` stay as they are. A cell that looks as
    if it had been treated so gets another apostrophe, which is why `fused` always gives back what there was. Whoever
    splits the file at another character than it was written with gets other cells, of which this says nothing.
    """
    return f"'{cell}" if _DEFUSE.match(cell) and not _NUMBER.fullmatch(cell) else cell


def fused(cell: str) -> str:
    """A cell as it was before `defused`: without the apostrophe before a character that a spreadsheet would run."""
    return cell[1:] if _FUSE.match(cell) else cell


def mangled(cell: str) -> str:
    """Why an id looks like what a spreadsheet makes of one that it takes for a number or a day; empty where it does
    not. Nobody can tell for sure."""
    if _SHORTENED.fullmatch(cell):
        return "looks like a long number that a spreadsheet has shortened"
    if _ROUNDED.fullmatch(cell):
        return "looks like a long number of which a spreadsheet kept 15 digits"
    if _DAY.fullmatch(cell):
        return "looks like an id of which a spreadsheet made a day"
    return ""


def write_rows(out: TextIO, header: Sequence[str], rows: Iterable[Sequence[object]], *, mark: bool = False) -> None:
    """Writes CSV with commas and bare newlines: text defused, numbers as they are, None empty, truth as yes and no.

    With ``mark`` a byte order mark comes first, by which spreadsheets know that it is UTF-8.
    Raises what ``out`` raises, and whatever ``rows`` does while it is iterated.
    """
    # A lone carriage return in a cell is quoted only where it is part of a line's end: so it is, until it is written.
    if mark:
        out.write(_MARK)
    writer = csv.writer(_BareNewlines(out), lineterminator="\r\n")
    writer.writerow([_text(name) for name in header])
    writer.writerows([_text(value) for value in row] for row in rows)


def read_rows(source: bytes | str, known: Sequence[str], required: Sequence[str]) -> Sheet:
    """A sheet's rows, with the columns that are known; each row has those of the header, stripped and fused.

    The first line that is not blank names the columns, in any order; case does not count, and a space, an underscore
    and a hyphen are one. It also decides between comma, semicolon and tab, unless a line ``sep=;`` stands before it, as
    spreadsheets read it. With a fault in the header no row is read; a header alone is a fault.

    - Bytes are UTF-8, with or without a byte order mark; lines end in any of the three ways.
    - Rows whose cells are all blank are skipped, but counted as lines.
    - Cells missing at a row's end are blank, unless one of them is of a required column. Blank ones before that are the
      caller's to judge. Cells beyond the header are a fault unless blank, which spreadsheets add.
    - A quote that closes inside a cell, or never, is a fault; behind one in a cell of several lines nothing is read,
      but counted as if each line were a row.

    Never raises for what is in the source.
    """
    text, unreadable = decoded(source)
    if unreadable:
        return Sheet((), (unreadable,))
    said = _SAID.match(text)
    body = text[said.end() :] if said else text
    reader = _Reader(body, said["one"] if said else _delimiter(text, known), _line(said[0]) - 1 if said else 0)
    records = iter(reader)
    line, names = next(records, (1, []))
    if isinstance(names, str):
        return Sheet((), (f"line {line}: {names}",), reader.unread)
    columns, wrong = _columns(names, known, required)
    if wrong:
        return Sheet((), tuple(f"line {line}: {fault}" for fault in wrong))
    header = line
    needed = max((at for at, column in enumerate(columns, 1) if column in required), default=0)
    rows: list[tuple[int, dict[str, str]]] = []
    faults: list[str] = []
    beyond = 0
    for line, cells in records:
        if len(rows) + len(faults) == MOST_ROWS:
            faults.append(f"line {line}: a sheet may have {MOST_ROWS:,} rows: put what follows into another one")
            beyond = sum(1 for _ in records)
        elif isinstance(cells, str):
            faults.append(f"line {line}: {cells}")
        elif fault := _fault(cells, columns, needed):
            faults.append(f"line {line}: {fault}")
        else:
            rows.append((line, dict.fromkeys(columns, "") | dict(zip(columns, cells, strict=False))))
    if not rows and not faults:
        faults.append(f"line {header}: there is nothing under the header: a sheet has a row for each record")
    return Sheet(tuple(rows), tuple(faults), beyond + reader.unread)


class _BareNewlines:
    """Takes the carriage return from the end of each row that a csv.writer writes."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, row: str) -> int:
        return self._out.write(row.removesuffix("\r\n") + "\n")


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int | float) else defused(str(value))


def decoded(source: bytes | str) -> tuple[str, str]:
    """The text without a byte order mark, and the line that says why it is none, which is empty when it is."""
    try:
        text = source if isinstance(source, str) else source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = _line(error.object[: error.start].decode("latin-1"))
        return "", f"line {line}: this is not UTF-8 text: save the sheet as “CSV UTF-8”"
    if "\0" in text:
        line = _line(text[: text.index("\0")])
        return "", f"line {line}: there is a NUL character, which no text has: save the sheet as “CSV UTF-8”"
    return text.removeprefix(_MARK), ""


def _line(before: str) -> int:
    """The number of the line that text goes on in behind what is before it."""
    return len(re.findall("\r\n|\r|\n", before)) + 1


def _delimiter(text: str, known: Sequence[str]) -> str:
    """That by which the header names most known columns, or else has most cells."""
    names = {_plain(name) for name in known}

    def fit(delimiter: str) -> tuple[int, int]:
        _, cells = next(iter(_Reader(text, delimiter)), (1, []))
        if isinstance(cells, str):
            return -1, 0
        return sum(_plain(cell) in names for cell in cells), len(cells) if len(cells) > 1 else 0

    return max(_DELIMITERS, key=fit)


class _Reader:
    """Rows that are not blank, with the line that each begins on; in place of one that cannot be split, why not.
    ``above`` lines stand above the text. Once it has ended, ``unread`` rows were left behind an open quote."""

    def __init__(self, text: str, delimiter: str, above: int = 0) -> None:
        self._lines = (match[0] for match in _LINES.finditer(text))
        self._delimiter = delimiter
        self._above = above
        self.unread = 0

    def __iter__(self) -> Iterator[tuple[int, list[str] | str]]:
        read: list[str] = []

        def fed() -> Iterator[str]:
            for one in self._lines:
                read.append(one)
                yield one

        reader = csv.reader(fed(), delimiter=self._delimiter, skipinitialspace=True, strict=True)
        while True:
            read.clear()
            line = self._above + reader.line_num + 1
            try:
                cells = [fused(cell).strip() for cell in next(reader)]
            except StopIteration:
                return
            except csv.Error as error:
                yield line, _quoting(str(error))
                if self._above + reader.line_num > line:
                    behind = read[1:] if "expected after" not in str(error) else []
                    self.unread = sum(bool(one.strip()) for one in chain(behind, self._lines))
                    return
            else:
                if any(cells):
                    yield line, cells


def _quoting(error: str) -> str:
    if error.startswith("field larger"):
        return f"a cell is longer than {MOST_IN_A_CELL:,} characters, or a quote that opens it is never closed"
    if error.startswith("unexpected end"):
        return "a quote opens a cell and is never closed: close it, or write two for one that belongs to the text"
    return "there is something behind the quote that closes a cell: write two for one that belongs to the text"


def _columns(names: list[str], known: Sequence[str], required: Sequence[str]) -> tuple[list[str], list[str]]:
    """The known columns that a header names, in its order, and what is wrong with it."""
    names = names[: max((at for at, name in enumerate(names, 1) if name), default=0)]
    listed = f"the columns are {', '.join(known)}"
    if not names:
        return [], [f"the sheet is empty: its first line names the columns; {listed}"]
    spelled = {_plain(name): name for name in known}
    columns = [spelled.get(_plain(name), "") for name in names]
    faults = []
    if unknown := [f"“{quoted(name)}”" for name, column in zip(names, columns, strict=True) if name and not column]:
        more = f" and {len(unknown) - MOST_NAMED:,} more" if len(unknown) > MOST_NAMED else ""
        faults.append(f"there is no column {', '.join(unknown[:MOST_NAMED])}{more}; {listed}")
    if not all(names):
        faults.append(f"column {names.index('') + 1} has no name; {listed}")
    faults += [f"the column {name} is there twice" for name in known if columns.count(name) > 1]
    faults += [f"the column {name} is missing; {listed}" for name in required if name not in columns]
    return columns, faults


def _fault(cells: list[str], columns: list[str], needed: int) -> str:
    """Why a row cannot be taken, empty when it can."""
    if len(cells) < needed:
        return f"the row ends before the column {columns[needed - 1]}"
    if any(cells[len(columns) :]):
        return f"there are {len(cells)} cells, and the header has {len(columns)}: quote a cell that holds the separator"
    for column, cell in zip(columns, cells, strict=False):
        if len(cell) > MOST_IN_A_CELL:
            return f"{column} is {len(cell):,} characters long, and may have {MOST_IN_A_CELL:,}"
    return ""


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name.strip().casefold())


def quoted(name: str) -> str:
    """A name that somebody made up, drawn literally; cut where it is long."""
    shown = "".join(c if c.isprintable() else "?" for c in name[:_SHOWN])
    return shown if len(name) <= _SHOWN else f"{shown}…"
