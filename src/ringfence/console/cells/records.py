"""Records as rows of a table, by the columns that their kinds are declared to have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias, assert_never

from ringfence.console.moments import age
from ringfence.console.text import Cell, as_cell, many, number, width_of
from ringfence.console.widgets.columns import Column, lettered
from ringfence.domain import clock, display
from ringfence.domain.field import Choice, Flag, Moment, Number, Ref, Text, Ties
from ringfence.domain.kind import Kind
from ringfence.domain.shown import OVER, Shown

if TYPE_CHECKING:
    from ringfence.services.rows import Record

Drawn: TypeAlias = Cell | str
_AGE: Final = 4
_DIALOG: Final = 74
"""Cells that a dialog has for a list."""


def columns(kind: Kind) -> tuple[Column, ...]:
    """The columns of its lists."""
    return lettered(
        [
            Column(
                one.field,
                display.column_heading(kind, one),
                one.width,
                one.grow,
                one.align,
                one.key or None,
                one.hide_below,
                one.field in kind.sorts,
                one.style if isinstance(one.style, str) else "",
            )
            for one in display.columns(kind)
        ]
    )


def cells(kind: Kind) -> Callable[[Record], tuple[Drawn, ...]]:
    """What makes of a record of it one cell for each of the columns."""
    made = [_cell(kind, one) for one in display.columns(kind)]
    return lambda record: tuple(make(record) for make in made)


def _cell(kind: Kind, shown: Shown) -> Callable[[Record], Drawn]:
    name = shown.field
    field = kind.fields.get(name)
    if field is kind.node:
        return lambda record: record.owner
    if field is None:
        return lambda record: _besides(shown, record.shown(name))
    spec = field.spec
    match spec:
        case Text() if shown.times:
            return lambda record: _times(str(record.shown(name)), record.shown(shown.times))
        case Text():
            return lambda record: str(record.shown(name))
        case Ref():
            return lambda record: record.shown(name) or Cell(shown.none, "quiet")
        case Choice() if shown.signs:
            return lambda record: _signed(shown, record)
        case Choice():
            return lambda record: Cell(display.words(record.shown(name)), style(shown, record.shown(name)))
        case Flag():
            yes, no = display.said_of(shown, spec)
            on, off = Cell(yes, "quiet"), Cell(no, "attention")
            return lambda record: on if record.shown(name) else off
        case Number():
            return lambda record: "" if record.shown(name) is None else number(record.shown(name))
        case Moment() if shown.age:
            return lambda record: since(record.shown(name))
        case Moment():
            return lambda record: moment(record.shown(name), precise=shown.precise)
        case Ties():
            return lambda record: _tied(kind, spec, record, name)
        case _:
            assert_never(spec)


def in_words(kind: Kind) -> Callable[[Record], str]:
    """What says of a record of it in a line what one decides by: what its lists show beside the name where they are as
    wide as a dialog."""
    said = [_words(kind, one) for one in display.columns(kind) if one.field != "name" and one.hide_below <= _DIALOG]
    return lambda record: " · ".join(filter(None, (say(record) for say in said)))


def _words(kind: Kind, shown: Shown) -> Callable[[Record], str]:
    name, draw = shown.field, _cell(kind, shown)
    field = kind.fields.get(name)
    label = shown.title.lower() or kind.label(name)
    if field is None or isinstance(field.spec, Ties):
        return lambda record: _many(as_cell(draw(record)).text, record.shown(name), label.removesuffix("s"))
    if shown.none:
        return lambda record: record.shown(name) or f"{label}: {shown.none}"
    if isinstance(field.spec, Flag):
        off = display.said_of(shown, field.spec)[1]
        return lambda record: "" if record.shown(name) else off
    return lambda record: as_cell(draw(record)).text


def _many(drawn: str, value: Any, one: str) -> str:
    return many(value, one) if isinstance(value, int) and drawn == number(value) else drawn


def style(shown: Shown, value: str) -> str:
    """The style of the cell of a choice."""
    return shown.style.get(value, "") if isinstance(shown.style, Mapping) else ""


def _signed(shown: Shown, record: Record) -> Cell:
    """A choice behind its sign: the most urgent are told by that, without any colour."""
    value = record.shown(shown.field)
    over = any(record.shown(one) for one in shown.over)
    sign = OVER if over else shown.signs.get(value, "")
    wide = max(map(width_of, shown.signs.values()))
    return Cell(f"{sign:{wide}} {display.words(value)}", "quiet" if over else style(shown, value))


def _times(text: str, number_of: int) -> str:
    return f"{text} ×{number(number_of)}" if number_of > 1 else text


def since(value: str | None) -> str:
    """How long ago a moment was, by now, in as many cells whatever it is; empty for none."""
    return age(datetime.fromisoformat(value), clock.now()).rjust(_AGE) if value else ""


def moment(value: str | None, *, precise: bool = False) -> str:
    """A moment to the minute, or to the second, in UTC; empty for none."""
    return value[: 19 if precise else 16].replace("T", " ") if value else ""


def _tied(kind: Kind, ties: Ties, record: Record, name: str) -> str:
    """How many there are; of a catalogue, out of how many; where another field says so, that it is all of them."""
    if ties.when is not None and record.shown(ties.when[0]) != ties.when[1]:
        return f"{display.words(record.shown(ties.when[0]))} {kind.label(name)}"
    of = f" of {number(len(ties.among))}" if ties.among else ""
    return f"{number(record.shown(name))}{of}"


def _besides(shown: Shown, value: Any) -> Drawn:
    """What is no field of it: a number, or one of a few words."""
    return Cell(_counted(value), style(shown, value)) if isinstance(shown.style, Mapping) else _counted(value)


def _counted(value: Any) -> str:
    return number(value) if isinstance(value, int) else str(value)
