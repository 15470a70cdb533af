"""What a form consists of: its fields, as whoever shows it states them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, assert_never

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
    """One of a few: ``options`` are (value, label). Enter does not change it; ``action`` says what that opens, if it
    opens anything."""

    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...]
    action: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a ``RowsSpec``. ``note`` is said behind its cells; ``attention`` says that it is worth a look."""

    id: Key
    cells: tuple[Cell | str, ...]
    note: str = ""
    attention: bool = False


@dataclass(frozen=True, slots=True)
class RowsSpec:
    """A heading, with what is ``said`` of its rows, and these, among which one can move. Without ``action`` they are
    only shown."""

    name: str
    label: str
    rows: tuple[Row, ...] = ()
    action: str = "pick"
    empty: str = "none"
    said: str = ""


@dataclass(frozen=True, slots=True)
class PickSpec:
    """A value that is changed elsewhere. Without ``action`` it is only shown. ``looks`` says that what Enter opens can
    be looked at as well, where nothing may be changed."""

    name: str
    label: str
    text: str
    action: str = "change"
    looks: bool = False


@dataclass(frozen=True, slots=True)
class TextLine:
    """A quiet explanation, or an empty line. With a name it can be updated."""

    text: str = ""
    style: str = "quiet"
    name: str = ""


Spec: TypeAlias = TextSpec | ToggleSpec | ChoiceSpec | RowsSpec | PickSpec | TextLine


def only_shown(spec: Spec) -> Spec:
    """A field as it is shown where nothing may be changed."""
    match spec:
        case TextSpec():
            return PickSpec(spec.name, spec.label, spec.value, "")
        case ChoiceSpec():
            return PickSpec(spec.name, spec.label, dict(spec.options).get(spec.value, spec.value), "")
        case PickSpec():
            return spec if spec.looks else replace(spec, action="")
        case RowsSpec():
            return replace(spec, action="")
        case ToggleSpec() | TextLine():
            return spec
        case _:
            assert_never(spec)


def is_changed(spec: Spec) -> bool:
    """Whether a field is there to be changed, or opens what changes it."""
    match spec:
        case TextSpec() | ChoiceSpec() | ToggleSpec():
            return True
        case PickSpec():
            return bool(spec.action) and not spec.looks
        case RowsSpec():
            return bool(spec.action)
        case TextLine():
            return False
        case _:
            assert_never(spec)


def value_of(spec: Spec) -> Any:
    """What a field holds: text, bool, the chosen option's value, the rows' ids, the picked text."""
    if isinstance(spec, RowsSpec):
        return tuple(row.id for row in spec.rows)
    return spec.text if isinstance(spec, PickSpec | TextLine) else spec.value


def fault_of(spec: TextSpec) -> str:
    """What is wrong with the text of a field; empty where nothing is."""
    if not spec.value.strip():
        return "required" if spec.required else ""
    return spec.check(spec.value) if spec.check is not None else ""
