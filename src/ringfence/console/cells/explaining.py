"""Why somebody may or may not, in lines: the paths by which users reach records, and where those end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ringfence.console.text import Cell, Said, fit, width_of
from ringfence.services.explained import HIDDEN, NO_GROUP
from ringfence.wording import gate_said, how, wall, window

if TYPE_CHECKING:
    from ringfence.services.explained import Gate, Path, Why

OPEN: Final = "✓"
SHUT: Final = "✗"
_NAME: Final = 30
"""Cells of a security group's name at most, where others stand beside it."""


def verdict(found: Why) -> Cell:
    """Whether it is a yes, in a sentence."""
    opened = [one for one in found.paths if one.open]
    if found.allowed:
        return Cell("yes, by one path only" if opened and opened[0].only else "yes", "good")
    ends = list(dict.fromkeys(one.walls[0] for one in found.paths))
    return Cell(f"no: closed at {', '.join(ends)}" if ends else "no", "bad")


def path_lines(paths: Sequence[Path]) -> list[list[Cell]]:
    """Paths, a line for each: of one that is open how it reaches the record, of one that is closed where it ends."""
    widest = min(_NAME, max((width_of(one.group.name) for one in paths), default=0))
    return [path_line(one, widest) for one in paths]


def path_line(path: Path, width: int = 0) -> list[Cell]:
    """One of them, the group's name in at least so many cells."""
    name = fit(path.group.name, max(width, width_of(path.group.name)))
    if path.open:
        return [Cell(f"{OPEN} ", "good"), Cell(f"{name}  ", "strong"), Cell(reaches(path))]
    return [Cell(f"{SHUT} ", "bad"), Cell(f"{name}  ", "strong"), Cell(wall(path), "quiet")]


def reaches(path: Path) -> str:
    """How a path that is open reaches the record: its role, what of the group names it, and for how long."""
    parts = ["" if path.role is None else path.role.name, how(path)]
    if path.valid_from or path.valid_until:
        parts.append(window(path))
    return " · ".join(filter(None, parts))


def gate_lines(path: Path) -> list[list[Cell]]:
    """The gates of a path, a line for each: a sign whether it is open, what it is called, what it is about."""
    widest = max((len(one.name) for one in path.gates), default=0)
    return [_gate(path, one, widest) for one in path.gates]


def _gate(path: Path, gate: Gate, width: int) -> list[Cell]:
    sign, on, said = (OPEN, "good", "") if gate.open else (SHUT, "bad", "attention")
    name = Cell(f"{gate.name:<{width}}  ", "quiet" if gate.open else "strong")
    return [Cell(f"{sign} ", on), name, Cell(gate_said(path, gate), said)]


def wall_lines(found: Why) -> list[Said]:
    """Why somebody may not, by their memberships, the nearest first: a line for each that whoever asks may know of."""
    lines: list[Said] = [*path_lines([one for one in found.paths if not one.open])]
    return [*lines, *rest(found)]


def rest(found: Why) -> list[Said]:
    """What is said below the paths: that something is hidden, or that there is none."""
    if found.hidden:
        return [Cell(HIDDEN, "quiet")]
    return [] if found.paths else [Cell(NO_GROUP, "quiet")]
