"""Where the console was left: which screens stood where, by ids and never by names, for each database and login.

What is remembered shows nothing by itself: whoever reads it asks for each id as for any other, and one that is hidden
by now is answered as one that never was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from ringfence.preferences import small_files
from ringfence.storage import folders

VERSION: Final = 1
"""Of what a file holds: one of another version is not read."""
OPEN_LIMIT: Final = 500
"""So many open customers of a tree are remembered."""
_LATER: Final[Mapping[str, Any]] = MappingProxyType({"columns": {}})
"""What files that were written before there was such a part are read as having."""
_LARGEST: Final = 2**63 - 1
_WIDEST: Final = 1000
_WORD: Final = re.compile(r"[a-z][a-z_-]{0,39}")


class Spot(NamedTuple):
    """How one screen stood. Lists are known by the kind that they list."""

    records: Mapping[str, int] = MappingProxyType({})
    """The record under the cursor of a list."""
    sorts: Mapping[str, tuple[str, bool]] = MappingProxyType({})
    """The column that a list was sorted by, and whether from the end."""
    open: tuple[int, ...] = ()
    """The customers that were open in the tree."""
    tab: str = ""
    inside: bool = False
    """Whether the focus was in the opened customer."""
    pane: int | None = None
    """How many cells the left pane was given."""
    zoomed: bool = False
    """Whether only one of the panes was shown."""
    columns: Mapping[str, tuple[tuple[str, bool], ...]] = MappingProxyType({})
    """The columns of a list from the left, each with whether it was shown."""


class Layout(NamedTuple):
    """Which of the numbered screens was up, and how each of them stood."""

    area: str = ""
    spots: Mapping[str, Spot] = MappingProxyType({})


class Memory:
    """Keeps the layout of each login in each database, a file each, or reads what was kept elsewhere; with ``fresh``,
    the console opens as if there was none yet."""

    def __init__(self, *, fresh: bool = False) -> None:
        self._fresh = fresh

    def recall(self, database: str, login: str) -> Layout:
        """Where the console was left; an empty layout where that is not known, or cannot be read."""
        try:
            return self.read(small_files.read(_path(database, login)))
        except small_files.Unreadable:
            return Layout()

    def read(self, data: bytes) -> Layout:
        """A layout as it was written; an empty one for whatever else it is."""
        if self._fresh:
            return Layout()
        try:
            return parse(data)
        except (ValueError, RecursionError):
            return Layout()

    def keep(self, database: str, login: str, layout: Layout) -> None:
        """Notes where the console is left. Where that cannot be written, it is not."""
        from ringfence.storage import files

        path, data = _path(database, login), written(layout)
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with files.whole(path, replace=True) as new:
                new.write_text(data, encoding="utf-8")


def folder() -> Path:
    """Where the places lie; it need not exist."""
    return folders.state() / "places"


def _path(database: str, login: str) -> Path:
    """The file of a login: its name tells neither."""
    from hashlib import sha256

    known = sha256(f"{database}\0{login}".encode(errors="surrogatepass")).hexdigest()
    return folder() / f"{known[:32]}.json"


def written(layout: Layout) -> str:
    """A layout as it is kept."""
    import json

    spots = {
        area: {name: dict(part) if isinstance(part, Mapping) else part for name, part in spot._asdict().items()}
        for area, spot in layout.spots.items()
    }
    return json.dumps({"version": VERSION, "area": layout.area, "spots": spots})


def parse(data: bytes) -> Layout:
    """A layout as it was written. Raises ValueError for whatever else it is."""
    import json

    found = json.loads(data)
    if not isinstance(found, dict) or found.pop("version", None) != VERSION or set(found) != {"area", "spots"}:
        raise ValueError("not of this version")
    spots = _table(found["spots"])
    return Layout(_word(found["area"]), {_word(area): _spot(_table(spot)) for area, spot in spots.items()})


def _spot(found: dict[str, Any]) -> Spot:
    found = {**_LATER, **found}
    if set(found) != set(Spot._fields) or not all(isinstance(found[name], bool) for name in ("inside", "zoomed")):
        raise ValueError("no spot")
    return Spot(
        {_word(name): _number(own, _LARGEST) for name, own in _table(found["records"]).items()},
        {_word(name): _flagged(sort) for name, sort in _table(found["sorts"]).items()},
        tuple(_number(own, _LARGEST) for own in _list(found["open"])[:OPEN_LIMIT]),
        _word(found["tab"]),
        found["inside"],
        None if found["pane"] is None else _number(found["pane"], _WIDEST),
        found["zoomed"],
        {_word(name): tuple(map(_flagged, _list(columns))) for name, columns in _table(found["columns"]).items()},
    )


def _flagged(value: object) -> tuple[str, bool]:
    """A word, with whether something is so of it."""
    found = _list(value)
    if len(found) != 2 or not isinstance(found[1], bool):
        raise ValueError("no pair")
    return _word(found[0]), found[1]


def _table(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("no table")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("no list")
    return value


def _word(value: object) -> str:
    if not isinstance(value, str) or (value and not _WORD.fullmatch(value)):
        raise ValueError("no word")
    return value


def _number(value: object, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= most:
        raise ValueError("no number")
    return value
