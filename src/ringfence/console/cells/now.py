"""What there is to do now, in lines for its tiles: numbers beside each bar, the most severe before the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ringfence.console import graph
from ringfence.console.moments import age, typed
from ringfence.console.places import Place
from ringfence.console.rights import HOME
from ringfence.console.text import Cell, fit, many, number, width_of
from ringfence.console.widgets.tile import TileLine
from ringfence.domain.alarm import ALARMS
from ringfence.domain.filter import quoted
from ringfence.domain.test_mode import TEST_MODES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ringfence.services.now import Alarms, Burning, Edges, Mode, Now

_LABEL: Final = 11
"""Cells of what stands before a number, or before what is said."""
_STYLE: Final = next(one.style for one in ALARMS.display.columns if one.field == "severity")
_ALL_KINDS: Final = "all but life safety"
_ABSENT: Final = "none runs: nothing comes of time alone"
_SPARK: Final = 24
_LATELY: Final = 6
"""So many looks are a minute."""
_LEAST: Final = 14
"""Cells of a name at least."""
_REST: Final = "·."
"""What stands behind a bar: in ASCII, a dot."""


def alarms(now: Now, width: int, *, ascii: bool) -> list[TileLine]:
    """Each severity with its number and a bar, and whether a worker runs."""
    counts = now.alarms.counts
    digits = max(width_of(number(one)) for one in counts.values())
    room = max(0, width - _LABEL - digits - 2)
    lines = []
    for severity, count in counts.items():
        style = _style(severity)
        drawn = graph.bar(count, sum(counts.values()), room, rest="·", ascii=ascii)
        said = (
            Cell(f"{severity:<{_LABEL}}", style if count else "quiet"),
            Cell(f"{number(count):>{digits}}  ", "strong" if count else "quiet"),
            Cell(drawn.rstrip(_REST), style),
            Cell(drawn[len(drawn.rstrip(_REST)) :], "quiet"),
        )
        lines.append(TileLine(said, Place(ALARMS.name, search=f"severity:{severity}")))
    if now.worker is not None:
        absent = "none runs" if width < _LABEL + len(_ABSENT) else _ABSENT
        runs = Cell("runs", "quiet") if now.worker else Cell(absent, "attention")
        lines.append(TileLine((Cell(f"{'worker':<{_LABEL}}", "quiet"), runs)))
    return lines


def below_alarms(found: Alarms, at: datetime) -> tuple[str, ...]:
    """How many nobody has acknowledged, and how old the oldest of these is."""
    if found.oldest is None:
        return ("none new" if sum(found.counts.values()) else "",)
    return f"{number(found.new)} new", f"oldest {age(found.oldest, at)}"


def burning(found: Sequence[Burning], width: int) -> list[TileLine]:
    """A customer a line, with the numbers of its alarms."""
    numbers = [_numbers(one.counts) for one in found]
    # Names give way to numbers, as long as they can be told apart.
    left = width - max((sum(len(cell.text) for cell in cells) for cells in numbers), default=0)
    room = min(max(left, _LEAST), max((width_of(one.name) for one in found), default=0))
    return [
        TileLine((Cell(fit(one.name, room)), *cells), Place(ALARMS.name, search=f"customer:{quoted(one.name)}"))
        for one, cells in zip(found, numbers, strict=True)
    ]


def why_none_burns(found: Alarms) -> str:
    """What stands where no customer is named: of alarms whose customers may not be listed, not that there are none."""
    return "You may not see at which customers." if any(found.counts.values()) else "No customer has an active alarm."


def modes(found: Sequence[Mode], at: datetime, width: int) -> list[TileLine]:
    """A test mode a line: where, until when, of which kinds of alarm, and why."""
    places = [_where(one) for one in found]
    room = _column(places, width, 0.4)
    ends = [_end(one.until, at) for one in found]
    until = max(map(len, ends), default=0)
    lines = []
    for one, place, end in zip(found, places, ends, strict=True):
        kinds = str(one.record.shown("alarms")) or _ALL_KINDS
        said = (
            Cell(fit(place, room)),
            Cell(f"  until {end:<{until}}", "attention"),
            Cell(f"  {kinds}  {one.record.name}", "quiet"),
        )
        lines.append(TileLine(said, None if one.customer is None else Place(HOME, one.customer)))
    return lines


def signals(found: Edges, at: datetime, rates: graph.Points, width: int, *, ascii: bool) -> list[TileLine]:
    """How many lines come in a minute, as far as that was seen (``rates``, by their moments), how many edges are heard,
    and which are not."""
    lines: list[tuple[str, Sequence[Cell]]] = []
    if rates:
        drawn = graph.spark(rates, min(_SPARK, max(0, width - 30)), rates[0][0], rates[-1][0], ascii=ascii)
        lately = [rate for _, rate in rates[-_LATELY:]]
        rate = number(round(sum(lately) / len(lately)))
        lines.append(("lines", (Cell(f"{rate} a minute  "), Cell(drawn, "accent"))))
    heard = found.many - len(found.quiet)
    edges = Cell(f"{number(heard)} of {number(found.many)} heard in 5 min", "attention" if found.quiet else "")
    lines.append(("edges", (edges,)))
    unknown = Cell(many(found.unmatched, "unit id"), "attention") if found.unmatched else Cell("none", "quiet")
    lines.append(("unmatched", (unknown,)))
    told = [TileLine((Cell(f"{label:<{_LABEL}}", "quiet"), *said)) for label, said in lines]
    names = _column([one.name for one in found.quiet], width, 0.5)
    for one in found.quiet:
        last = "never heard" if one.last is None else f"heard {age(one.last, at)} ago"
        told.append(TileLine((Cell(fit(one.name, names)), Cell(f"  {last}", "quiet")), Place(HOME, one.customer)))
    return told


def _style(severity: str) -> str:
    return _STYLE if isinstance(_STYLE, str) else _STYLE.get(severity, "")


def _numbers(counts: Mapping[str, int]) -> list[Cell]:
    return [Cell(f"  {number(count)} {severity}", _style(severity) or "quiet") for severity, count in counts.items()]


def _column(texts: Sequence[str], width: int, part: float) -> int:
    """The cells of a column that is as wide as its texts, and no more than a part of all."""
    return min(max(map(width_of, texts), default=0), int(width * part))


def _where(one: Mode) -> str:
    """What it is of alone, if that is seen; else the customer."""
    record = one.record
    narrower = (record.shown(field.name) for field in (TEST_MODES.fields["device"], TEST_MODES.stands) if field)
    return str(next(filter(None, narrower), "") or record.owner or "–")


def _end(until: datetime, at: datetime) -> str:
    return f"{until.astimezone(UTC):%H:%M}" if until.date() == at.date() else typed(until, until=False)
