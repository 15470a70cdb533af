"""The audit: its entries as rows of a table, and one of them opened."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from ringfence.console.cells import records
from ringfence.console.text import Cell, fit, number, width_of
from ringfence.domain.audit import AUDIT, note
from ringfence.domain.audit import what as told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ringfence.services.records import AuditDetail
    from ringfence.services.rows import AuditRecord

COLUMNS: Final = records.columns(AUDIT)
_LABEL: Final = 17
_COUNTING: Final = frozenset({"load", "hand over", "seal"})
"""The actions whose entries say how much, and nothing of what a record is or was."""
_OVER: Final = " over ssh"
CLAIMED: Final = " (as its environment claims)"
NOT_SHOWN: Final = "somebody you may not list"


def cells(entry: AuditRecord) -> tuple[Cell | str, ...]:
    """One cell for each of the columns."""
    who = Cell(entry.actor) if entry.actor else Cell("—", "quiet")
    text = Cell(what(entry), "quiet" if entry.undone else "")
    return short(entry.at), who, text, note(undone=entry.undone, undoes=entry.undoes), entry.origin


def what(entry: AuditRecord) -> str:
    """What was done to which record, in words."""
    return told(entry.action, entry.kind, entry.name)


def short(at: str) -> str:
    """A moment by the local clock, to the minute; of another year than this one, to the day."""
    moment = datetime.fromisoformat(at).astimezone()
    return moment.strftime("%d %b %H:%M" if moment.year == this_year() else "%d %b %Y")


def this_year() -> int:
    """The year by the local clock."""
    return datetime.now().astimezone().year


def full(at: str) -> str:
    """A moment by the local clock, to the second, with its zone."""
    return datetime.fromisoformat(at).astimezone().strftime("%A, %d %B %Y, %H:%M:%S (UTC%z)")


def lines(detail: AuditDetail) -> list[Sequence[Cell | str]]:
    """An entry opened: when, who, from where, and each field before and after."""
    entry = detail.record
    said = [
        _line("When", Cell(full(entry.at))),
        _line("Who", Cell(entry.actor) if entry.actor else Cell(NOT_SHOWN, "quiet")),
        _line("From", Cell(entry.origin), *([Cell(CLAIMED, "quiet")] if _OVER in entry.origin else [])),
    ]
    if entry.os_user:
        said.append(_line("System user", Cell(entry.os_user)))
    if detail.entries > 1:
        others = detail.entries - 1
        said.append(_line("Together with", Cell(f"{number(others)} other record{'' if others == 1 else 's'}")))
    if entry.undoes is not None:
        said.append(_line("Undo", Cell(f"it took back change {number(entry.undoes)}")))
    if detail.undone:
        said.append(_line("Undone", Cell("it was taken back", "attention")))
    said.append([""])
    for field, before, after in detail.lines:
        counted = entry.action in _COUNTING
        parts = [Cell(before, "bad")] if before else []
        if before and after:
            parts.append(Cell(" → " if not before.startswith("−") else "  ", "quiet"))
        if after:
            parts.append(Cell(after, "" if counted else "good"))
        said.append(_line(field, *(parts or [Cell("something that you may not see", "quiet")])))
    return said


def _line(label: str, *values: Cell) -> Sequence[Cell | str]:
    return [Cell(fit(label, max(_LABEL, width_of(label) + 2)), "quiet"), *values]
