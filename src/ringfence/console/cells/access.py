"""Who may, and what somebody may do, as rows of tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ringfence.console.cells.explaining import OPEN, SHUT
from ringfence.console.text import Cell, many, number
from ringfence.console.widgets.columns import Column, lettered
from ringfence.services.explained import HIDDEN
from ringfence.wording import day, how

if TYPE_CHECKING:
    from ringfence.services.explained import Holder, Path, Right, Rights

WHO: Final = lettered(
    (
        Column("user", "User", 14, grow=3, sortable=True),
        Column("login", "Login", 10, grow=1, hide_below=76, sortable=True, style="quiet"),
        Column("by", "By", 14, grow=3, sortable=True, style="quiet"),
        Column("role", "Role", 10, grow=1, hide_below=90, sortable=True, style="quiet"),
        Column("how", "How", 14, grow=2, hide_below=56, sortable=True, style="quiet"),
        Column("until", "Until", 12, hide_below=44, style="attention"),
    )
)
RIGHTS: Final = (
    Column("section", "Of", 12, grow=1, hide_below=50, style="quiet"),
    Column("permission", "Permission", 18, grow=2),
    Column("held", "May", 5),
    Column("customers", "Customers", 9, align="right"),
    Column("by", "By", 14, grow=2, hide_below=40, style="quiet"),
    Column("role", "Role", 10, grow=1, hide_below=90, style="quiet"),
)


def holder(one: Holder) -> Sequence[Cell | str]:
    """Somebody who may, and by what first."""
    if not one.paths:
        return one.user.name, one.login, "", "", "", ""
    path = one.paths[0]
    until = "" if path.valid_until is None else day(path.valid_until)
    return one.user.name, one.login, path.group.name, _role(path), how(path), until


def _role(path: Path | None) -> str:
    return "" if path is None or path.role is None else path.role.name


def below(found: Sequence[Holder], *, more: str = "") -> list[str]:
    """What is said below those who may: how many there are besides who may do everything, what is not told, and how to
    ask for ``more``, where there are."""
    said = []
    administrators = sum(one.everything for one in found)
    if administrators:
        said.append(f"and {many(administrators, 'administrator')} of everything")
    if any(not one.paths for one in found):
        said.append(HIDDEN)
    return [*said, *([f"and others: {more}"] if more else [])]


def right(one: Right) -> Sequence[Cell | str]:
    """A permission, whether somebody holds it, over how many customers or at the one asked about, and by what first."""
    may = Cell(f"{OPEN} yes", "good") if one.allowed else Cell(f"{SHUT} no", "quiet")
    label = one.label if one.allowed else Cell(one.label, "quiet")
    over = "here" if one.customers is None else number(one.customers)
    customers = over if one.allowed else ""
    return one.section, label, may, customers, "" if one.path is None else one.path.group.name, _role(one.path)


def held(found: Rights) -> str:
    """How many of the permissions somebody holds."""
    return f"{number(sum(one.allowed for one in found.rights))} of {number(len(found.rights))}"
