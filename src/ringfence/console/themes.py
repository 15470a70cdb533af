"""Themes: one TOML file each, shipped ones first, then the user's own.

A theme that is broken in any way is told in one line and left out; it never stops the console. A file is named after
its theme (``dusk.toml`` holds ``name = "dusk"``), so that the chosen one is found without reading the others.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from rich.errors import StyleSyntaxError
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.css.constants import VALID_STYLE_FLAGS
from textual.theme import Theme

from ringfence.console.text import literal
from ringfence.preferences import configuration, small_files
from ringfence.preferences.small_files import cut, quoted

DEFAULT: Final = "ringfence"
"""The theme that the console wears unless told otherwise."""

COLORS: Final = (
    *("primary", "secondary", "accent", "foreground", "background"),
    *("surface", "panel", "warning", "error", "success"),
)
"""The fields that are colours; a theme gives all of them."""

_FIELDS: Final = frozenset({"name", "title", "dark", "ansi", "variables", *COLORS})
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_NAME_LENGTH: Final = 40
_TITLE_LENGTH: Final = 60
_TOLD: Final = 3  # faults of one file that its line spells out
_PERCENT: Final = re.compile(r"(?P<color>.*?) +(?:100|[0-9]{1,2}(?:\.[0-9]+)?)%")


@dataclass
class ConsoleTheme(Theme):
    """A Textual theme that also has a title for people."""

    title: str = ""


class _ThemeError(Exception):
    """Says in one line why a theme cannot be had."""


def built_in_folder() -> Path:
    """Where the shipped themes lie: inside the installed package, else beside the sources of a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "themes"
    return installed if installed.is_dir() else package.parents[1] / "themes"


def user_folder() -> Path:
    """Where the user's own themes lie; it need not exist."""
    return configuration.folder() / "themes"


def default_folders() -> list[Path]:
    """The folders that themes come from, the shipped ones first."""
    return [built_in_folder(), user_folder()]


def load_theme(name: str, folders: Sequence[Path] | None = None) -> ConsoleTheme | None:
    """The theme of that name, reading no other file; None where there is none, or only a broken one.

    What is wrong with a broken one is for `load_themes` to say.
    """
    if not _is_name(name):
        return None
    for folder in default_folders() if folders is None else folders:
        path = folder / f"{name}.toml"
        try:
            return _read(path)
        except _ThemeError:
            continue
    return None


def load_themes(folders: Sequence[Path] | None = None) -> tuple[list[ConsoleTheme], list[str]]:
    """Every sound theme of the folders, in their order and by name, and a line for each that is broken.

    Of two themes with one name the first holds. A folder that does not exist has no themes. Never raises for what a
    file or a folder is like.
    """
    themes: dict[str, ConsoleTheme] = {}
    problems: list[str] = []
    for folder in default_folders() if folders is None else folders:
        try:
            paths = sorted((path for path in folder.iterdir() if path.suffix == ".toml"), key=lambda path: path.stem)
        except FileNotFoundError:
            continue
        except OSError as error:
            problems.append(literal(f"{folder}: cannot be read: {error.strerror}"))
            continue
        for path in paths:
            try:
                theme = _read(path)
                if theme.name in themes:
                    raise _ThemeError(f"name: there is a theme {quoted(theme.name)} already")
            except _ThemeError as broken:
                problems.append(literal(f"{folder.name}/{path.name}: {broken}"))
            else:
                themes[theme.name] = theme
    return list(themes.values()), problems


def no_theme(name: str, line: int = 0) -> configuration.Fault:
    """What is said of a theme that the configuration names and that there is not, or only broken."""
    return configuration.Fault(line, f"there is no theme {quoted(name)}")


def _read(path: Path) -> ConsoleTheme:
    """The theme in the file. Raises _ThemeError, and nothing else."""
    try:
        data = small_files.read(path)
    except small_files.Unreadable as error:
        raise _ThemeError(str(error)) from error
    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _ThemeError(f"is not UTF-8 text (byte {error.start})") from error
    except (ValueError, RecursionError) as error:
        raise _ThemeError(f"is no TOML: {error}") from error
    return _theme(table, path.stem)


def _theme(table: Mapping[str, Any], stem: str) -> ConsoleTheme:
    faults = list(_faults(table, stem))
    if faults:
        more = f"; and {len(faults) - _TOLD} more" if len(faults) > _TOLD else ""
        raise _ThemeError("; ".join(faults[:_TOLD]) + more)
    ansi = table.get("ansi", False)
    theme = ConsoleTheme(
        name=table["name"],
        title=table["title"],
        dark=table["dark"],
        ansi=ansi,
        variables={**(_left_out() if ansi else {}), **table.get("variables", {})},
        **{field: table[field] for field in COLORS},
    )
    try:
        theme.to_color_system().generate()
    except Exception as error:  # whatever these colours do to Textual, they are one broken theme
        raise _ThemeError(f"its colours do not go together: {error}") from error
    return theme


def _faults(table: Mapping[str, Any], stem: str) -> Iterator[str]:
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
    variables = table.get("variables", {})
    if not isinstance(variables, dict):
        yield "variables: must be a table"
        return
    for name, value in variables.items():
        if fault := _variable_fault(name, value, ansi=ansi is True):
            yield f"variables.{cut(name)}: {fault}"


def _heading_faults(table: Mapping[str, Any], stem: str) -> Iterator[str]:
    name, title = table.get("name"), table.get("title")
    if name is None:
        yield "name: is missing"
    elif not isinstance(name, str) or not _is_name(name):
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


def _is_name(name: str) -> bool:
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
    rgb, own = _generated()
    return rgb | own


@cache
def _left_out() -> Mapping[str, str]:
    """The variables that Textual's style sheets ask for and that its terminal themes lack, neutral.

    Without them such a theme stops the console when it is put on (Textual 8.2.8 leaves out four).
    """
    rgb, own = _generated()
    return {
        name: "none" if "-style" in name else "ansi_default" if "foreground" in name else "transparent"
        for name in sorted(rgb - own)
    }


@cache
def _generated() -> tuple[frozenset[str], frozenset[str]]:
    """The names of the variables of a theme with colours of its own, and of one with the terminal's."""
    rgb = Theme("any", "#000000").to_color_system().generate()
    own = Theme("any", "ansi_blue", ansi=True).to_color_system().generate()
    return frozenset(rgb), frozenset(own)
