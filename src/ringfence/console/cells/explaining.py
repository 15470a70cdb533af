"""Why somebody may or may not, in lines: the paths by which users reach records, and where those end."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from ringfence.console.text import Cell, Said, fit, many, width_of
from ringfence.domain.audit import AUDIT
from ringfence.domain.permission import BY_KEY, CATALOGUE, KEYS, ON_SITES
from ringfence.services.explained import HIDDEN, NO_GROUP, UNSEEN
from ringfence.wording import WINDOW, gate_said, how, listed, wall, window

if TYPE_CHECKING:
    from ringfence.domain.kind import Kind
    from ringfence.services.explained import Fix, Gate, Path, Why

OPEN: Final = "✓"
SHUT: Final = "✗"
_LISTS: Final = re.compile(r"^list( and (search|open))?\b")
"""How what a permission to list lets one do begins."""
_NAME: Final = 30
"""Cells of a security group's name at most, where others stand beside it."""


def question(found: Why, kind: Kind) -> str:
    """What is asked, of a record of a kind, in a sentence: ``May Olga Brandt delete devices of Internal?``"""
    does, it = BY_KEY[found.permission].does, found.called if kind.is_customer else f"the {kind.said} {found.called}"
    one = kind.resource.replace("_", " ")
    for some in (f"{one}s {{of}}", f"another {one} {{of}}"):
        does = does.replace(some, it)
    return f"May {found.user.name} {_LISTS.sub('see', does.format(of=f'of {found.called}', these=it))}?"


def verdict(found: Why) -> Cell:
    """Whether it is a yes, in a sentence."""
    opened = [one for one in found.paths if one.open]
    if found.allowed:
        return Cell("yes, by one path only" if opened and opened[0].only else "yes", "good")
    ends = list(dict.fromkeys(one.walls[0] for one in found.paths))
    return Cell(f"no: closed at {', '.join(ends)}" if ends else "no", "bad")


def path_lines(paths: Sequence[Path], told: Callable[[Path], bool] = lambda _: False) -> list[list[Cell]]:
    """Paths, a line for each: of one that is open how it reaches the record, of one that is closed where it ends, which
    of those whose gates are ``told`` below is said in a word."""
    widest = min(_NAME, max((width_of(one.group.name) for one in paths), default=0))
    return [_path(one, widest, short=told(one)) for one in paths]


def _path(path: Path, width: int, *, short: bool) -> list[Cell]:
    name = Cell(f"{fit(path.group.name, max(width, width_of(path.group.name)))}  ", "strong")
    if path.open:
        return [Cell(f"{OPEN} ", "good"), name, Cell(reaches(path))]
    said = f"closed at {path.walls[0]}" if short else wall(path)
    until = f" ({window(path)})" if path.valid_until and WINDOW not in path.walls[:1] and not short else ""
    return [Cell(f"{SHUT} ", "bad"), name, Cell(f"{said}{until}", "quiet")]


def reaches(path: Path) -> str:
    """How a path that is open reaches the record: its role, what of the group names it, and for how long."""
    parts = ["" if path.role is None else path.role.name, how(path)]
    if path.valid_from or path.valid_until:
        parts.append(window(path))
    return " · ".join(filter(None, parts))


def gate_lines(path: Path, indent: int = 0) -> list[list[Cell]]:
    """The gates of a path, a line for each: a sign whether it is open, what it is called, what it is about."""
    widest = max((len(one.name) for one in path.gates), default=0)
    return [_gate(path, one, widest, " " * indent) for one in path.gates]


def _gate(path: Path, gate: Gate, width: int, before: str) -> list[Cell]:
    sign, on, said = (OPEN, "good", "") if gate.open else (SHUT, "bad", "attention")
    name = Cell(f"{gate.name:<{width}}  ", "quiet" if gate.open else "strong")
    return [Cell(f"{before}{sign} ", on), name, Cell(gate_said(path, gate), said)]


def wall_lines(found: Why) -> list[Said]:
    """Why somebody may not, by their memberships, the nearest first: a line for each that whoever asks may know of."""
    lines: list[Said] = [*path_lines([one for one in found.paths if not one.open])]
    return [*lines, *rest(found)]


def rest(found: Why) -> list[Said]:
    """What is said below the paths, or in their place: that something is hidden, or that there is none."""
    if found.hidden and found.paths:
        return [Cell(HIDDEN, "quiet")]
    if found.hidden:
        sign, how_far = (Cell(f"{OPEN} ", "good"), "by") if found.allowed else (Cell(f"{SHUT} ", "bad"), "closed at")
        return [[sign, Cell(f"{how_far} {UNSEEN}", "quiet")]]
    return [] if found.paths else [Cell(NO_GROUP, "quiet")]


def besides(fix: Fix, kind: Kind) -> str:
    """What a change opens besides what was asked of a record of a kind, in a sentence."""
    told = [many(fix.records, kind.said)] if fix.records else []
    told += [many(fix.rights, "other right")] if fix.rights else []
    others = f", for {many(fix.users, 'other')} too" if fix.users else ""
    return f"Besides what was asked it opens {'' if fix.exact else 'at least '}{listed(told) or 'nothing'}{others}."


def permissions_of(kind: Kind) -> list[str]:
    """The permissions that say something of a record of a kind: of a customer all, for it is over customers that they
    are held; of others those of their own kind first, of what happens at its site, and of the audit."""
    own = [one.key for one in CATALOGUE if _resource(one.key) == kind.resource]
    if kind.is_customer:
        return [*own, *(one for one in KEYS if one not in own)]
    here = (*(ON_SITES if kind.standing is not None else ()), AUDIT.resource)
    return [*own, *(one for one in KEYS if _resource(one) in here and one not in own)]


def _resource(permission: str) -> str:
    return permission.partition(".")[0]
