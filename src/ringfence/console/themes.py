"""Themes: one TOML file each, shipped ones first, then the user's own.

A theme has colours for each depth of a terminal: those of its fields in true colour, and beside them the numbers of
xterm's palette (``[256]``) and the names of the terminal's own colours (``[16]``), chosen by hand: the nearest of 256
makes a teal cursor navy and the frame beside it black.

A theme that is broken in any way is told in one line and left out; it never stops the console. A file is named after
its theme (``dusk.toml`` holds ``name = "dusk"``), so that the chosen one is found without reading the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias, assert_never

from textual.theme import Theme

from ringfence.console.depth import Depth
from ringfence.console.text import literal
from ringfence.console.theme_faults import COLORS, INDEXED, NAMED, faults, generated, is_name
from ringfence.preferences import configuration, small_files
from ringfence.preferences.small_files import quoted

DEFAULT: Final = "ringfence"
"""The theme that the console wears unless told otherwise."""
DEFAULT_LIGHT: Final = "daylight"
"""The same on a light background."""
TERMINAL: Final = "terminal"
"""The theme of the terminal's own colours."""
TERMINAL_LIGHT: Final = "terminal-light"
"""The same on a light background."""

_WORDS: Final = {"true": True, "false": False}
_TOLD: Final = 3  # faults of one file that its line spells out


class ConsoleTheme(Theme):
    """A Textual theme that also has a title for people."""

    def __init__(self, *, title: str = "", **given: Any) -> None:
        super().__init__(**given)
        self.title = title


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


def load_theme(name: str, folders: Sequence[Path] | None = None, *, depth: Depth = Depth.TRUE) -> ConsoleTheme | None:
    """The theme of that name, for a terminal of so many colours; None where there is none, or only a broken one. No
    other file is read, but for the terminal's own colours where the theme is drawn in those. A shipped one is sound.

    What is wrong with a broken one is for `load_themes` to say.
    """
    if not is_name(name):
        return None
    shipped = built_in_folder()
    for folder in default_folders() if folders is None else folders:
        path = folder / f"{name}.toml"
        try:
            return _read(path, depth, known_sound=folder == shipped)
        except _ThemeError:
            continue
    return None


def load_themes(
    folders: Sequence[Path] | None = None, *, depth: Depth = Depth.TRUE
) -> tuple[list[ConsoleTheme], list[str]]:
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
                theme = _read(path, depth)
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


def _read(path: Path, depth: Depth, *, known_sound: bool = False) -> ConsoleTheme:
    """The theme in the file. Raises _ThemeError, and nothing else. Looking for faults takes longer than the rest."""
    table = _table(path, shipped=known_sound)
    if not known_sound:
        _demand_sound(table, path.stem)
    fields: Mapping[str, Any]
    match depth:
        case Depth.TRUE:
            fields, variables, ansi = _own(table)
        case Depth.INDEXED:
            fields, variables, ansi = _indexed(table)
        case Depth.NAMED:
            fields, variables, ansi = _named(table)
        case Depth.NONE:
            fields, variables, ansi = _colorless(table)
        case _:
            assert_never(depth)
    heading = {name: table[name] for name in ("name", "title", "dark")}
    theme = ConsoleTheme(**heading, **fields, ansi=ansi, variables=variables)
    if not known_sound:
        try:
            theme.to_color_system().generate()
        except Exception as error:  # whatever these colours do to Textual, they are one broken theme
            raise _ThemeError(f"its colours do not go together: {error}") from error
    return theme


def _demand_sound(table: Mapping[str, Any], stem: str) -> None:
    found = list(faults(table, stem))
    if found:
        more = f"; and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
        raise _ThemeError("; ".join(found[:_TOLD]) + more)


def _table(path: Path, *, shipped: bool = False) -> Mapping[str, Any]:
    try:
        data = small_files.read(path)
    except small_files.Unreadable as error:
        raise _ThemeError(str(error)) from error
    try:
        text = data.decode("utf-8-sig")
        plain = _plain(text) if shipped else None
        if plain is not None:
            return plain
        import tomllib

        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise _ThemeError(f"is not UTF-8 text (byte {error.start})") from error
    except (ValueError, RecursionError) as error:
        raise _ThemeError(f"is no TOML: {error}") from error


def _plain(text: str) -> Mapping[str, Any] | None:
    """What a file says that is nothing but headings and names of words and numbers, as the shipped ones are; None where
    it is more than that. The parser of TOML takes ten times as long to be imported, and the first paint waits for it.
    """
    found: dict[str, Any] = {}
    part = found
    for line in text.splitlines():
        name, _, value = line.partition(" = ")
        if not line or line[0] == "#":
            continue
        if line[0] == "[":
            part = found[line[1:-1]] = {}
        elif value in _WORDS:
            part[name] = _WORDS[value]
        elif value.isdecimal():
            part[name] = int(value)
        elif value[:1] == value[-1:] == '"' and '"' not in value[1:-1] and "\\" not in value:
            part[name] = value[1:-1]
        else:
            return None
    return found


_Colors: TypeAlias = tuple[dict[str, Any], dict[str, str], bool]
"""The fields of a theme that are colours, its variables, and whether they are the terminal's own."""


def _own(table: Mapping[str, Any]) -> _Colors:
    """The colours of a theme as its fields say them."""
    fields = {field: table[field] for field in COLORS}
    ansi = table.get("ansi", False)
    quiet = {"border-blurred": f"{fields['foreground']} 20%", "warning-muted": f"{fields['warning']} 18%"}
    return fields, {**(_left_out() if ansi else quiet), **table.get("variables", {})}, ansi


def _indexed(table: Mapping[str, Any]) -> _Colors:
    """Those of a theme for 256 colours. What it does not say a number of is drawn in the nearest."""
    from ringfence.console.xterm import rgb_of

    fields, variables, ansi = _own(table)
    for name, value in table.get(INDEXED, {}).items():
        variables[name] = "#{:02x}{:02x}{:02x}".format(*rgb_of(value)) if isinstance(value, int) else value
        if name in COLORS:  # a variable too: what Textual makes of a field is off by one
            fields[name] = variables[name]
    return fields, variables, ansi


def _named(table: Mapping[str, Any]) -> _Colors:
    """Those of a theme for 16 colours. What it does not say is as in the theme of the terminal's own colours, on a
    background as dark as the theme's."""
    if table.get("ansi", False):
        return _own(table)
    fields, variables, _ = _own(
        _table(built_in_folder() / f"{TERMINAL if table['dark'] else TERMINAL_LIGHT}.toml", shipped=True)
    )
    for name, value in table.get(NAMED, {}).items():
        (fields if name in COLORS else variables)[name] = value
    return fields, variables, True


def _colorless(table: Mapping[str, Any]) -> _Colors:
    """Those of a theme without colours: what is not the terminal's own text on its own background is told by style."""
    _, variables, _ = _named(table)
    plain = {name: value if "-style" in name else "ansi_default" for name, value in variables.items()}
    return dict.fromkeys(COLORS, "ansi_default"), plain, True


@cache
def _left_out() -> Mapping[str, str]:
    """The variables that Textual's style sheets ask for and that its terminal themes lack, neutral.

    Without them such a theme stops the console when it is put on (Textual 8.2.8 leaves out four).
    """
    rgb, own = generated()
    return {
        name: "none" if "-style" in name else "ansi_default" if "foreground" in name else "transparent"
        for name in sorted(rgb - own)
    }
