"""What a form consists of: its fields, as whoever shows it states them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ringfence.console.text import Cell

Key: TypeAlias = int | str


@dataclass(frozen=True, slots=True)
class TextSpec:
    """A text that is typed. ``check`` returns what is wrong with it, or an empty text. With ``lines`` it may have more
    than one of them."""

    name: str
    label: str
    value: str = ""
    check: Callable[[str], str] | None = None
    hint: str = ""
    required: bool = False
    lines: bool = False


@dataclass(frozen=True, slots=True)
class ToggleSpec:
    """Yes or no. A label too long for the labels' column stands behind the box."""

    name: str
    label: str
    value: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class ChoiceSpec:
    """One of a few: ``options`` are (value, label)."""

    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a ``RowsSpec``. ``note`` is said behind its cells; ``attention`` says that it is worth a look."""

    id: Key
    cells: tuple[Cell | str, ...]
    note: str = ""
    attention: bool = False


@dataclass(frozen=True, slots=True)
class RowsSpec:
    """A heading and rows that one can move among. Without ``action`` they are only shown."""

    name: str
    label: str
    rows: tuple[Row, ...] = ()
    action: str = "pick"
    empty: str = "none"


@dataclass(frozen=True, slots=True)
class PickSpec:
    """A value that is changed elsewhere. Without ``action`` it is only shown."""

    name: str
    label: str
    text: str
    action: str = "change"


@dataclass(frozen=True, slots=True)
class TextLine:
    """A quiet explanation, or an empty line. With a name it can be updated."""

    text: str = ""
    style: str = "quiet"
    name: str = ""


Spec: TypeAlias = TextSpec | ToggleSpec | ChoiceSpec | RowsSpec | PickSpec | TextLine


def unless(was: str, fault: Callable[[str], str]) -> Callable[[str], str]:
    """A check that leaves alone what was there before."""
    return lambda text: "" if text == was else fault(text)
