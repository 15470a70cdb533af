"""``config.toml``: what a user has set. Read a statement at a time, so that a fault costs no more than its own line.

Every setting is declared once, in `SETTINGS`: its default, what is wrong with a value, and what it is for. The template
that a new file begins as is made of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from ringfence.preferences import small_files
from ringfence.preferences.small_files import cut, quoted
from ringfence.storage import folders

NAME: Final = "config.toml"
_NAME: Final = re.compile(rb"[a-z_.]{1,40}")
_TOLD: Final = 20
"""So many faults are told, and no line is read after those."""
_LONGEST: Final = 64
"""So many lines one value may go over."""
_OPENING: Final = ('"""', "'''", "[")
"""What a value begins with that goes on in the next line."""


class Fault(NamedTuple):
    """What is wrong with a line of the file; 0 is the file itself."""

    line: int
    said: str

    def __str__(self) -> str:
        return f"{NAME} line {self.line}: {self.said}" if self.line else f"{NAME}: {self.said}"


class Placed(NamedTuple):
    """A value, and the line that it stands in."""

    value: str
    line: int


class Setting(NamedTuple):
    """One setting: ``wrong`` says what is wrong with a value, and is empty where nothing is."""

    name: str
    default: str | int | bool
    wrong: Callable[[object], str]
    about: str


def _switch(value: object) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def _text(value: object) -> str:
    return "" if isinstance(value, str) else "must be a text in quotes"


def _amount(least: int, most: int) -> Callable[[object], str]:
    def wrong(value: object) -> str:
        fits = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return "" if fits else f"must be a number from {least} to {most}"

    return wrong


def _place(value: object) -> str:
    if not isinstance(value, str):
        return "must be a text in quotes"
    known = not value or "://" in value or (value.isprintable() and value.startswith(("/", "~")))
    return "" if known or Path(value).is_absolute() else "must be a URL, or a path from the root or the home (~) on"


def _one_of(*words: str) -> Callable[[object], str]:
    return lambda value: "" if value in words else f"must be one of {', '.join(map(quoted, words))}"


SETTINGS: Final = (
    Setting("theme", "", _text, "The theme, by its name: Ctrl+P and 'theme' lists them. Empty for the console's own."),
    Setting(
        "colors",
        "auto",
        _one_of("auto", "truecolor", "256", "16", "none"),
        "How many colours the terminal has: auto goes by NO_COLOR, COLORTERM and TERM.",
    ),
    Setting("mouse", False, _switch, "Whether the mouse works too. It costs traffic, which a slow line feels."),
    Setting("database", "", _place, "The database that is meant where --db and RINGFENCE_DB name none."),
    Setting("remember", True, _switch, "Whether the console opens where it was left, for each database and login."),
    Setting("page.rows", 100, _amount(20, 1000), "How many rows a list reads at a time."),
    Setting("page.overlap", 1, _amount(0, 10), "How many lines PgUp and PgDn leave in sight."),
    Setting("confirm.quit", False, _switch, "Whether leaving the console asks first."),
    Setting("confirm.undo", True, _switch, "Whether taking a change back shows first what that does, and asks."),
    Setting(
        "confirm.name",
        "several",
        _one_of("several", "always"),
        "When a deletion has the name typed: where several records go along, or always. It always asks.",
    ),
)
"""Every setting that has one value; "page.rows" is ``rows`` in the table ``[page]``."""
_TABLES: Final = ("themes", "keys")
"""Those that map texts to texts."""
_SECTIONS: Final = (*dict.fromkeys(one.name.partition(".")[0] for one in SETTINGS if "." in one.name), *_TABLES)


class Configuration(NamedTuple):
    """What is set, everything else being what it is by default. A setting's field has its name, with ``_`` for the
    dot; ``themes`` are by terminal and ``keys`` by command, in the order of the file."""

    theme: str = ""
    colors: str = "auto"
    mouse: bool = False
    database: str = ""
    remember: bool = True
    page_rows: int = 100
    page_overlap: int = 1
    confirm_quit: bool = False
    confirm_undo: bool = True
    confirm_name: str = "several"
    themes: Mapping[str, Placed] = MappingProxyType({})
    keys: Mapping[str, Placed] = MappingProxyType({})
    lines: Mapping[str, int] = MappingProxyType({})
    """The line in which a setting stands, by its name."""
    faults: tuple[Fault, ...] = ()

    @property
    def named_database(self) -> str | None:
        """The database that is named, None for the user's own."""
        if not self.database or "://" in self.database:
            return self.database or None
        return str(Path(self.database).expanduser())

    @property
    def database_faults(self) -> tuple[Fault, ...]:
        """Those of the faults for which it is not known which database is named."""
        return tuple(fault for fault in self.faults if not fault.line or fault.said.startswith("database"))

    def theme_for(self, environment: Mapping[str, str]) -> Placed:
        """The theme for the terminal of an environment, by ``TERM`` or ``TERM_PROGRAM``; empty for none in particular.
        The first pattern that fits holds."""
        from fnmatch import fnmatchcase

        terminals = [environment[name] for name in ("TERM", "TERM_PROGRAM") if environment.get(name)]
        for pattern, theme in self.themes.items():
            if any(fnmatchcase(terminal, pattern) for terminal in terminals):
                return theme
        return Placed(self.theme, self.lines.get("theme", 0))


def folder() -> Path:
    """Where the user's configuration lies; it need not exist."""
    return folders.config()


def path() -> Path:
    """Where ``config.toml`` lies; it need not exist."""
    return folder() / NAME


def load() -> Configuration:
    """What the user has set, as far as it can be read; never raises for what the file is like."""
    try:
        return parse(small_files.read(path()))
    except small_files.Missing:
        return Configuration()
    except small_files.Unreadable as error:
        return Configuration(faults=(Fault(0, str(error)),))


def parse(data: bytes) -> Configuration:
    """What a file sets, and what is wrong with it: a fault costs its own statement, and the rest counts."""
    reading = _Reading()
    for line, text in _statements(data.removeprefix(b"\xef\xbb\xbf")):
        reading.take(line, text)
        if len(reading.faults) >= _TOLD:
            reading.faults.append(Fault(line, "too much is wrong: nothing from here on is read"))
            break
    return reading.found()


class _Reading:
    """A file as far as it was read."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._section: tuple[str, ...] | None = ()
        """The table that statements are in; None for one that there is not."""
        self._lines: dict[tuple[str, ...], int] = {}
        self._values: dict[str, Any] = {}
        self._maps: dict[str, dict[str, Placed]] = {name: {} for name in _TABLES}

    def found(self) -> Configuration:
        """What was read."""
        values = {name.replace(".", "_"): value for name, value in self._values.items()}
        maps: dict[str, Any] = {name: MappingProxyType(one) for name, one in self._maps.items()}
        lines = MappingProxyType({".".join(name): line for name, line in self._lines.items()})
        return Configuration(**values, **maps, lines=lines, faults=tuple(self.faults))

    def take(self, line: int, text: bytes) -> None:
        """Takes a statement."""
        import tomllib

        before, _, _ = text.partition(b"=")
        of = f"{before.strip().decode()}: " if _NAME.fullmatch(before.strip()) else ""
        try:
            said = tomllib.loads(text.decode())
        except UnicodeDecodeError:
            self._say(line, f"{of}is not UTF-8 text")
        except (ValueError, RecursionError) as error:
            self._say(line, f"{of}is no TOML: {str(error).partition(' (at ')[0].lower()}")
        else:
            if text.lstrip().startswith(b"["):
                self._enter(line, said)
            elif self._section is not None:
                for name, value in _leaves(said, self._section):
                    self._set(line, name, value)

    def _say(self, line: int, said: str) -> None:
        self.faults.append(Fault(line, said))

    def _enter(self, line: int, said: Mapping[str, Any]) -> None:
        ((name, inner),) = said.items()
        self._section = (name,) if name in _SECTIONS and inner == {} else None
        if self._section is None:
            self._say(line, f"there is no table {quoted(name)}{like(name, _SECTIONS)}")

    def _set(self, line: int, name: tuple[str, ...], value: object) -> None:
        said = ".".join(name)
        known = next((one for one in SETTINGS if one.name == said), None)
        mapped = len(name) == 2 and name[0] in _TABLES
        if known is None and not mapped:
            self._say(line, f"there is no setting {quoted(said)}{like(said, [one.name for one in SETTINGS])}")
        elif name in self._lines:
            self._say(line, f"{cut(said)} is set already, in line {self._lines[name]}")
        elif wrong := (known.wrong if known is not None else _text)(value):
            self._say(line, f"{cut(said)} {wrong}, not {quoted(value)}")
        else:
            self._lines[name] = line
            if mapped:
                self._maps[name[0]][name[1]] = Placed(str(value), line)
            else:
                self._values[said] = value


def _statements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The statements of a file, each with the number of its first line. What goes over several lines is one statement
    where it can be read as one."""
    lines = [line.removesuffix(b"\r") for line in data.split(b"\n")]
    at = 0
    while at < len(lines):
        first, taken = lines[at].strip(), 1
        if first and not first.startswith(b"#"):
            if any(sign.encode() in first for sign in _OPENING) and not _reads(first):
                ends = range(2, min(_LONGEST, len(lines) - at) + 1)
                taken = next((many for many in ends if _reads(b"\n".join(lines[at : at + many]))), 1)
            yield at + 1, b"\n".join(lines[at : at + taken])
        at += taken


def _reads(text: bytes) -> bool:
    import tomllib

    try:
        tomllib.loads(text.decode())
    except (ValueError, RecursionError):
        return False
    return True


def _leaves(table: Mapping[str, Any], before: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    for name, value in table.items():
        if isinstance(value, dict) and len(before) < 2:
            yield from _leaves(value, (*before, name))
        else:
            yield (*before, name), value


def like(name: str, known: Sequence[str]) -> str:
    """The name that may have been meant, as the end of a line; empty where nothing is like it."""
    from difflib import get_close_matches

    found = get_close_matches(name[:100], known, 1)
    return f": did you mean {found[0]}?" if found else ""


def template(keys: Sequence[tuple[str, str, str]], themes: Sequence[str]) -> str:
    """A file that sets nothing and says everything that can be set: each setting with its default, the commands' keys
    (name, keys, what it does) and the names of the themes."""
    lines = [
        "# What the console is like. Every setting stands here with what holds without it: take the '#' away before",
        "# one, and change it. 'ringfence config check' says what is wrong. An option of the command line goes before",
        "# the environment (RINGFENCE_ and DB, THEME, COLORS or MOUSE), and that before this file.",
    ]
    section = ""
    for one in SETTINGS:
        table, _, name = one.name.rpartition(".")
        if table != section:
            section = table
            lines += ["", f"[{table}]"]
        lines += ["", f"# {one.about}", f"# {name} = {_written(one.default)}"]
    lines += [
        *("", "[themes]", "", "# Themes by terminal: what TERM or TERM_PROGRAM is like; the first that fits holds."),
        f"# There are {', '.join(themes)}.",
        *('# "linux" = "terminal"', '# "xterm-*" = "ringfence"'),
        *("", "[keys]", "", '# Keys by command; several are parted by commas, such as "f5,ctrl+r".', ""),
    ]
    wide = max((len(f"{name} = {_written(own)}") for name, own, _ in keys), default=0)
    lines += [f"# {f'{name} = {_written(own)}':<{wide}}  # {about}" for name, own, about in keys]
    return "\n".join(lines) + "\n"


def _written(value: str | int | bool) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)
