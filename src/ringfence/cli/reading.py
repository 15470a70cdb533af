"""What ``list``, ``count`` and ``can`` do: they tell what a user sees, and may do."""

from __future__ import annotations

import gc
import sys
from codecs import lookup
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, Literal

from ringfence.cli.settings import Settings, WrongUsage
from ringfence.domain.alarm import ALARMS
from ringfence.domain.device import DEVICES
from ringfence.domain.event import EVENTS
from ringfence.domain.shown import LONG
from ringfence.domain.signal import Severity

if TYPE_CHECKING:
    from ringfence.services.records import Listing
    from ringfence.services.rows import Record
    from ringfence.visibility.viewer import Viewer

Format = Literal["table", "json", "csv", "keys"]
"""What a list may be written as."""
State = Literal["active", "all"]
"""Which alarms are listed: those that nobody has cleared, or all."""
_ABOUT_DEVICES: Final = (ALARMS.name, EVENTS.name)
"""What may be listed of one device."""
_MEASURED: Final = 1000
_WIDEST: Final = 60
_PAUSE: Final = 1.0
"""Seconds between looking and looking again, of what is followed."""


def list_records(
    chosen: Settings,
    kind: str,
    *,
    under: str | None = None,
    device: str | None = None,
    search: str = "",
    state: State | None = None,
    severity: Severity | None = None,
    sort: str = "",
    descending: bool = False,
    limit: int | None = None,
    output: Format = "table",
    no_bom: bool = False,
    follow: bool = False,
) -> int:
    """Lists what a user sees of one kind of record. Returns the exit status, as they all do."""
    if no_bom and output != "csv":
        raise WrongUsage("--no-bom is for --format csv: nothing else begins with a byte order mark")
    _demand_about_devices(kind, device)
    only = _of_alarms(kind, state, severity, follow=follow)
    if follow:
        _demand_endless(chosen, state, limit, output)
    with _modules_kept():
        from ringfence.services import listing

        viewer = chosen.viewer()
    wanted = _listing(viewer, kind, under, search, only, device)
    wanted = wanted._replace(sort=sort.replace("-", "_"), descending=descending)
    if follow:
        _follow(viewer, wanted, under)
        return 0
    if kind == ALARMS.name and not sort:
        wanted = wanted._replace(descending=True)  # the latest first, as the console has them
    if output == "keys" and kind != "audit" and not (sort or descending):
        _print(f"{key}\n" for key in listing.keys(viewer, wanted, limit))
        return 0
    found = listing.export(viewer, wanted, limit)
    if output == "keys":
        # Entries of the audit have the keys of what they tell of: their own are their numbers.
        _print(f"{record.fields()['number'] if kind == 'audit' else record.key}\n" for record in found)
        return 0
    if output == "table":
        _print(_table(found))
    else:
        from ringfence.services import exporting

        # A terminal would draw the mark, and what is no UTF-8 has none.
        marked = not (no_bom or sys.stdout.isatty()) and lookup(sys.stdout.encoding or "utf-8").name == "utf-8"
        exporting.write(sys.stdout, found, output, mark=marked)
    return 0


def count_records(
    chosen: Settings,
    kind: str,
    *,
    under: str | None = None,
    device: str | None = None,
    search: str = "",
    state: State | None = None,
    severity: Severity | None = None,
) -> int:
    """Counts what a user sees of one kind of record."""
    _demand_about_devices(kind, device)
    only = _of_alarms(kind, state, severity)
    with _modules_kept():
        from ringfence.services import listing

        viewer = chosen.viewer()
    _print([f"{listing.count(viewer, _listing(viewer, kind, under, search, only, device))}\n"])
    return 0


def can(chosen: Settings, login: str, permission: str, record: str | None = None) -> int:
    """Says whether a user holds a permission: yes and exit status 0, or no and 1."""
    with _modules_kept():
        from ringfence.services import access

        viewer = chosen.viewer(login)
    allowed = access.can(viewer, permission, record)
    _print(["yes\n" if allowed else "no\n"])
    return 0 if allowed else 1


@contextmanager
def _modules_kept() -> Iterator[None]:
    """Until a database is open, hardly anything but modules comes into being, and none of them ever goes: looking for
    garbage among them would take a quarter of the time."""
    gc.disable()
    try:
        yield
    finally:
        _keep_modules()
        gc.enable()


@cache
def _keep_modules() -> None:
    """Once a process: where it answers more than one command, what the one before has left is garbage."""
    gc.freeze()


def _listing(viewer: Viewer, kind: str, under: str | None, search: str, only: str, device: str | None) -> Listing:
    from ringfence.domain.errors import WrongFilter
    from ringfence.domain.filter import parse
    from ringfence.domain.registry import kind_named
    from ringfence.services.listing import customer_id
    from ringfence.services.records import Listing

    try:
        parse(kind_named(kind), search)
    except WrongFilter as fault:
        raise WrongUsage(f"--search: {fault}") from None
    listing = Listing(kind, search, under=customer_id(viewer, under) if under is not None else None, only=only)
    return listing if device is None else listing._replace(record=(DEVICES.noun, device))


def _demand_about_devices(kind: str, device: str | None) -> None:
    if device is not None and kind not in _ABOUT_DEVICES:
        raise WrongUsage(f"--device is for {' and '.join(_ABOUT_DEVICES)}: it means nothing to {kind}")


def _of_alarms(kind: str, state: State | None, severity: Severity | None, *, follow: bool = False) -> str:
    """The filter of what is asked of alarms: by default those that nobody has cleared."""
    if kind != "alarms":
        if state or severity or follow:
            option = "--state" if state else "--severity" if severity else "--follow"
            raise WrongUsage(f"{option} is for alarms: it means nothing to {kind}")
        return ""
    current = ALARMS.display.current
    asked = [current[1]] if current is not None and state != "all" else []
    return " ".join((*asked, *([f"severity:{severity}"] if severity else [])))


def _demand_endless(chosen: Settings, state: State | None, limit: int | None, output: Format) -> None:
    """Raises WrongUsage for what means nothing to a list that goes on."""
    if output != "json":
        raise WrongUsage("--follow is for --format json: nothing else is written an alarm a line")
    for option, given in (("--state all", state == "all"), ("--limit", limit is not None), ("--at", chosen.at)):
        if given:
            raise WrongUsage(
                f"{option} is for a list that ends: --follow tells of active alarms, all of them, as of now"
            )


def _follow(viewer: Viewer, wanted: Listing, under: str | None) -> None:
    from ringfence.cli.watching import Turns, demand_reader
    from ringfence.domain.text import as_json
    from ringfence.services.feed import Feed

    def tell() -> None:
        _print(f"{as_json(record.fields())}\n" for record in feed.news())
        sys.stdout.flush()
        demand_reader()

    feed, turns = Feed(viewer, wanted, under), Turns(_PAUSE)
    tell()  # what cannot be asked for at all is refused
    for _ in turns:
        with turns.patiently():
            tell()


def _print(pieces: Iterable[str]) -> None:
    for piece in pieces:
        sys.stdout.write(piece)


def _table(found: Iterator[Record]) -> Iterator[str]:
    from ringfence.text import fit, literal

    def cells(record: Record) -> list[str]:
        return [_cell(value) for name, value in record.fields().items() if name not in LONG]

    def line(values: Iterable[str]) -> str:
        return "  ".join(fit(value, width) for value, width in zip(values, widths, strict=True)).rstrip() + "\n"

    first = list(islice(found, _MEASURED))
    if not first:
        return
    titles = [title.replace("_", " ") for title in first[0].fields() if title not in LONG]
    from rich.cells import cell_len

    columns = zip(titles, *map(cells, first), strict=True)
    widths = [min(_WIDEST, max(cell_len(literal(value)) for value in column)) for column in columns]
    yield line(titles)
    for record in chain(first, found):
        yield line(cells(record))


def _cell(value: object) -> str:
    return "" if value is None else "yes" if value is True else "no" if value is False else str(value)
