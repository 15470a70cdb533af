"""What may stand in a theme's file, and what is wrong with what does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from rich.errors import StyleSyntaxError
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.css.constants import VALID_STYLE_FLAGS
from textual.theme import Theme

from ringfence.console.depth import FIRST, LAST
from ringfence.console.text import literal
from ringfence.preferences.small_files import cut, quoted

COLORS: Final = (
    *("primary", "secondary", "accent", "foreground", "background"),
    *("surface", "panel", "warning", "error", "success"),
)
"""The fields that are colours; a theme gives all of them."""

INDEXED: Final = "256"
"""The table of the fields and variables that are other colours where there are 256, by their number there."""
NAMED: Final = "16"
"""The table of those where there are 16, by their name; the text and the background are the terminal's own."""

_FIELDS: Final = frozenset({"name", "title", "dark", "ansi", "variables", INDEXED, NAMED, *COLORS})
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_NAME_LENGTH: Final = 40
_TITLE_LENGTH: Final = 60
_PERCENT: Final = re.compile(r"(?P<color>.*?) +(?:100|[0-9]{1,2}(?:\.[0-9]+)?)%")


def faults(table: Mapping[str, Any], stem: str) -> Iterator[str]:
    """What is wrong with the table of the file ``<stem>.toml``, each in a line; of a sound one nothing."""
    for field in table:
        if field not in _FIELDS:
            yield f"{cut(field)}: is no field of a theme"
    yield from _heading_faults(table, stem)
    ansi = table.get("ansi", False)
    if not isinstance(ansi, bool):
        yield "ansi: must be true or false"
    for field in COLORS:
        if field not in table:
            yield f"{field}: is missing"
        elif fault := _color_fault(table[field], ansi=ansi is True):
            yield f"{field}: {fault}"
    for part, wrong in (
        ("variables", lambda name, value: _variable_fault(name, value, ansi=ansi is True)),
        (INDEXED, _indexed_fault),
        (NAMED, _named_fault),
    ):
        inner = table.get(part, {})
        if not isinstance(inner, dict):
            yield f"{part}: must be a table"
        elif ansi is True and part != "variables" and inner:
            yield f"{part}: is not for a theme with ansi = true, which has the terminal's own colours"
        else:
            yield from (
                f"{part}.{cut(name)}: {fault}" for name, value in inner.items() if (fault := wrong(name, value))
            )


def _heading_faults(table: Mapping[str, Any], stem: str) -> Iterator[str]:
    name, title = table.get("name"), table.get("title")
    if name is None:
        yield "name: is missing"
    elif not isinstance(name, str) or not is_name(name):
        yield f"name: {quoted(name)} is no name (small letters, digits and single hyphens)"
    elif name != stem:
        yield f"name: {quoted(name)} is not what the file is called"
    if title is None:
        yield "title: is missing"
    elif not isinstance(title, str) or not title.strip() or literal(title) != title or len(title) > _TITLE_LENGTH:
        yield f"title: {quoted(title)} is no title (one line of at most {_TITLE_LENGTH} characters)"
    if "dark" not in table:
        yield "dark: is missing"
    elif not isinstance(table["dark"], bool):
        yield "dark: must be true or false"


def _color_fault(value: object, *, ansi: bool) -> str:
    """What is wrong with the value of a colour's field; nothing is ""."""
    color = _parse(value)
    if color is None:
        return f"{quoted(value)} is no colour"
    if ansi != (color.ansi is not None):
        wanted = (
            "must be one of the terminal's own, such as ansi_cyan" if ansi else "is only for a theme with ansi = true"
        )
        return f"{quoted(value)} {wanted}"
    if color.a < 1:
        return f"{quoted(value)} can be seen through"
    return ""


def _variable_fault(name: str, value: object, *, ansi: bool) -> str:
    if name not in _variables():
        return "is no variable of a theme"
    if name in COLORS:
        return "is a field, not a variable"
    if not isinstance(value, str):
        return f"{quoted(value)} is no text"
    if "-style" in name:
        return "" if _is_text_style(value) else f"{quoted(value)} is no text style"
    faint = _PERCENT.fullmatch(value)
    base = faint["color"] if faint else value
    if base == "auto" and _may_be_auto(name):
        return ""
    color = _parse(base)
    if color is None:
        return f"{quoted(value)} is no colour"
    if color.ansi is not None and not ansi:
        return f"{quoted(value)} is only for a theme with ansi = true"
    return ""


def _indexed_fault(name: str, value: object) -> str:
    if name in _variables() and "-style" in name:
        return _variable_fault(name, value, ansi=False)
    if name not in _variables():
        return "is no colour or variable of a theme"
    known = isinstance(value, int) and not isinstance(value, bool) and FIRST <= value <= LAST
    return "" if known else f"{quoted(value)} is no number from {FIRST} to {LAST}"


def _named_fault(name: str, value: object) -> str:
    if name in ("foreground", "background"):
        return "is the terminal's own"
    return _color_fault(value, ansi=True) if name in COLORS else _variable_fault(name, value, ansi=True)


def _may_be_auto(name: str) -> bool:
    """Whether the variable colours text only, which Textual can contrast with what lies below it."""
    return name.startswith("text") or name.endswith("-foreground")


def _is_text_style(value: str) -> bool:
    words = value.split()
    if not words or not VALID_STYLE_FLAGS.issuperset(words):
        return False
    try:
        Style.parse(value)
    except StyleSyntaxError:
        return False
    return True


def is_name(name: str) -> bool:
    return len(name) <= _NAME_LENGTH and _NAME.fullmatch(name) is not None


def _parse(value: object) -> Color | None:
    if not isinstance(value, str) or literal(value) != value:
        return None
    try:
        return Color.parse(value)
    except (ColorParseError, ValueError):
        return None


@cache
def _variables() -> frozenset[str]:
    """Every variable that Textual's style sheets know, for colours of its own and of the terminal."""
    rgb, own = generated()
    return rgb | own


@cache
def generated() -> tuple[frozenset[str], frozenset[str]]:
    """The names of the variables of a theme with colours of its own, and of one with the terminal's."""
    rgb = Theme("any", "#000000").to_color_system().generate()
    own = Theme("any", "ansi_blue", ansi=True).to_color_system().generate()
    return frozenset(rgb), frozenset(own)
