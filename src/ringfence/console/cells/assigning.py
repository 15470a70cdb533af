"""Devices on their way to another customer, in words: how many, and what becomes of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ringfence.console.text import Cell, Said, number

if TYPE_CHECKING:
    from ringfence.services.assigning import Matched, SiteFates

_MOVED: Final = "to move"
_QUIET: Final = ("already there", "doubled")
_WHY: Final = {
    "already there": "at the customer already: nothing is to be done",
    "unknown": "no device that you may see goes by that unit id or id",
    "ambiguous": "one device's unit id and another one's id: type the other name of the one that is meant",
    "doubled": "typed twice, or two names of one device: it goes once",
    "not yours to assign": "you may see them, but not assign them to others",
}


def counts(matched: Matched, how: str) -> Said:
    """How many of what was ``how`` (typed, marked) become what."""
    line = [Cell(f"{number(len(matched))} {how}: ", "quiet"), Cell(f"{number(len(matched.move))} {_MOVED}", "strong")]
    for why, names in matched.left_out.items():
        if names:
            line += [Cell(", ", "quiet"), Cell(f"{number(len(names))} {why}", _style(why))]
    return [*line, Cell(".", "quiet")]


def left_out(matched: Matched) -> list[Said]:
    """Everything that is not moved, by why."""
    lines: list[Said] = []
    for why, names in matched.left_out.items():
        if names:
            lines += ["", [Cell(f"{number(len(names))} {why}", "strong"), Cell(f"  {_WHY[why]}", "quiet")]]
            lines += (Cell(f"  {name}") for name in names)
    return lines


def fates(matched: Matched) -> Callable[[str], Cell]:
    """Says of what was typed what becomes of it; of what names several, of each of them."""
    known = dict.fromkeys(matched.named, _MOVED)
    for why, names in matched.left_out.items():
        for name in names:
            known.setdefault(name, why)

    def fate(typed: str) -> Cell:
        found = [known[typed]] if typed in known else [known.get(word, "") for word in typed.split()]
        said = list(dict.fromkeys(filter(None, found)))
        return Cell(", ".join(said), next((_style(one) for one in said if one not in (_MOVED, *_QUIET)), "quiet"))

    return fate


def sites(fates: SiteFates) -> list[Said]:
    """Where the sites of devices go; nothing where none stands on one."""
    parts = []
    if fates.placed:
        parts.append(f"{number(fates.placed)} put onto it")
    if fates.kept:
        parts.append(f"{number(fates.kept)} {'keeps' if fates.kept == 1 else 'keep'} one of the same name")
    if fates.cleared:
        verb = "loses its own" if fates.cleared == 1 else "lose theirs"
        parts.append(f"{number(fates.cleared)} {verb} ({', '.join(fates.names)})")
    return [Cell(f"Site: {', '.join(parts)}.")] if parts else []


def _style(why: str) -> str:
    return "quiet" if why in _QUIET else "attention"
