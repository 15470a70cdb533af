"""``ingest``: what devices say comes in, a line each."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal

import typer

from ringfence.cli.options import At, Db
from ringfence.cli.settings import Faults, settings
from ringfence.domain.errors import RingfenceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ringfence.signals.feeding import Fault
    from ringfence.signals.intake import Taken

_TOLD = 20
"""So many lines that are no signals are told one by one."""


def ingest(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Signals, a line of JSON each; - reads standard input.")],
    edge: Annotated[str, typer.Option("--edge", metavar="EDGE-KEY", help="The edge that they come from.")],
    tenant: Annotated[
        str, typer.Option("--tenant", metavar="TENANT-KEY", help="Whose edge that is, where several have one of it.")
    ] = "",
    written: Annotated[
        Literal["json", "mosquitto"],
        typer.Option("--format", help="json: a signal a line; mosquitto: what mosquitto_sub -F %j writes."),
    ] = "json",
    strict: Annotated[
        bool, typer.Option("--strict", help="Take all of the lines, or none where one is wrong.")
    ] = False,
    db: Db = None,
    at: At = None,
) -> None:
    """Take signals in from an edge: values, attributes and alarms of the devices that it may speak for.

    Works as the owner of the database. What the edge may not speak for is unmatched, whether there is such a device or
    not: 'ringfence edges status' shows it.
    """
    from ringfence.domain import clock
    from ringfence.domain.clock import milliseconds
    from ringfence.domain.quick_signal import read, read_all
    from ringfence.domain.signal import read_mosquitto
    from ringfence.signals import feeding, intake, latest

    chosen = settings(context.obj, db, at)
    reading, reading_all = (read, read_all) if written == "json" else (read_mosquitto, _each)
    faults = _Faults()

    def now() -> int:
        return milliseconds(chosen.at or clock.now())

    total = intake.Taken()
    with _opened(file) as stream:
        database = chosen.open()
        with database.reading() as connection:
            source = intake.source(connection, edge, tenant)
        lines = feeding.lines_of(stream)
        if strict:
            every, wrong = feeding.checked(lines, reading, now())
            if wrong:
                raise Faults([*map(str, wrong[:_TOLD]), *_more(len(wrong)), "nothing was taken"])
            lines = iter(every)
        for taken in feeding.feed(database, source, lines, reading, now, faults, reading_all):
            total += taken
    typer.echo(_said(total))
    if total.over:
        faults.lines.append(f"{_many(total.over, 'line')} more than the edge may send a minute: refused")
    if total.refused:
        most = f"a device reports values under {latest.MOST_SERIES:,} names at most"
        faults.lines.append(f"{_many(total.refused, 'value')} refused: {most}")
    if faults.lines or faults.count:
        raise Faults([*faults.lines, *_more(faults.count)])


class _Faults:
    """Lines that are no signals: the first of them, and how many."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.count = 0

    def __call__(self, fault: Fault) -> None:
        self.count += 1
        if self.count <= _TOLD:
            self.lines.append(str(fault))


def _each(_: object) -> None:
    """Each line is read for itself."""


def _more(count: int) -> list[str]:
    return [f"and {count - _TOLD:,} more lines"] if count > _TOLD else []


def _said(taken: Taken) -> str:
    found = [_many(taken.lines, "line"), _many(taken.values, "value")]
    found += [f"{taken.raised:,} raised", f"{taken.cleared:,} cleared", f"{taken.unmatched:,} unmatched"]
    if taken.repeated:
        found.append(f"{taken.repeated:,} known")
    return ", ".join(found)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as stream:
            yield stream
    except OSError as error:
        raise RingfenceError(f"{file}: {error.strerror or error}") from error
