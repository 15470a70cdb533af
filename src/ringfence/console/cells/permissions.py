"""Permissions in words: what each lets its holders do, and what a change of them comes to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from ringfence.console.text import Cell, capital, number
from ringfence.domain.permission import BY_KEY

if TYPE_CHECKING:
    from ringfence.services.choices import PermissionChoice

ADMINISTRATION: Final = "Administration"
_DETAILS: Final = "View details"
"""What opening a record is called, where it is no sentence."""


def does(permission: str, these: str) -> str:
    """What a permission lets its holders do over some customers (``the 6 selected customers``), as a verb's phrase."""
    return BY_KEY[permission].does.format(of=f"of {these}", these=these)


def does_anywhere(permission: str) -> str:
    """What a permission lets its holders do, whatever it is over: ``Delete devices``, ``View details of customers``."""
    one = BY_KEY[permission]
    if permission.partition(".")[0].replace("_", " ") in one.label.lower():
        return one.label
    does = " ".join(one.does.format(of="", these="customers").split())
    return f"{one.label} of {does.removeprefix('open ')}" if one.label == _DETAILS else capital(does)


def counted(catalogue: Sequence[PermissionChoice], held: Collection[str] | None) -> str:
    """How many permissions are held: ``19 of 32 · 2 of 33 administration``. None is all of them, now and later."""
    if held is None:
        return "all, now and later"
    said = []
    for administration in (False, True):
        keys = [one.key for one in catalogue if one.administration is administration]
        many = f"{number(sum(key in held for key in keys))} of {number(len(keys))}"
        said.append(f"{many} {ADMINISTRATION.lower()}" if administration else many)
    return " · ".join(said)


def named(catalogue: Sequence[PermissionChoice], held: Collection[str] | None) -> tuple[str, ...]:
    """Their names in the catalogue's order, with the headings that tell them apart."""
    if held is None:
        return ("all, now and later",)
    return tuple(f"{one.label} ({one.section})" for one in catalogue if one.key in held)


def difference(
    catalogue: Sequence[PermissionChoice], was: Collection[str] | None, now: Collection[str] | None, limit: int = 4
) -> list[list[Cell]]:
    """What a change of permissions gives and what it takes, a line for each, with the first ``limit`` of them."""
    everything = frozenset(one.key for one in catalogue)
    before, after = (everything if held is None else frozenset(held) for held in (was, now))
    lines: list[list[Cell]] = []
    for sign, style, keys in (("+", "good", after - before), ("−", "bad", before - after)):
        if not keys:
            continue
        many = f"{sign}{number(len(keys))} permission{'' if len(keys) == 1 else 's'}"
        rest = f" and {number(len(keys) - limit)} more" if len(keys) > limit else ""
        lines.append([Cell(many, style), Cell(f"  {_grouped(catalogue, keys, limit)}{rest}")])
    if not lines and (was is None) is not (now is None):
        lines = [[Cell("Permissions that are yet to come: " + ("given too." if now is None else "not given."))]]
    return lines


def _grouped(catalogue: Sequence[PermissionChoice], keys: Collection[str], limit: int) -> str:
    """The first of some permissions, each heading once: ``Alarms: Create, Delete; Tickets: Merge``."""
    shown = [one for one in catalogue if one.key in keys][:limit]
    sections = dict.fromkeys(one.section for one in shown)
    labels = {heading: ", ".join(one.label for one in shown if one.section == heading) for heading in sections}
    return "; ".join(f"{heading}: {said}" for heading, said in labels.items())
