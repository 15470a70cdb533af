"""What a user's settings come to, in lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ringfence.console.cells.explaining import wall_lines
from ringfence.console.cells.preview import cells, summary
from ringfence.console.text import Cell, Said, fit, many, number, width_of
from ringfence.console.widgets.flow import flow

if TYPE_CHECKING:
    from ringfence.services.edited import CustomerShare, Preview, Prospect

NONE = "none that you may see"
"""What is said of a user's groups, where none is shown: in the same words whether there are hidden ones or not."""

Line = Sequence[Cell | str]
_WIDE = 44
_NAME = 8
"""The least of a customer's name beside what is said of it."""
_TOPS = 2
"""So many customers are shown at least, whatever else there is to say."""


def lines(
    prospect: Prospect, changed: bool, user_id: int, width: int, room: int, lister: str, *, every: bool = False
) -> list[Said]:
    """Numbers, warnings, what comes later, what was changed, and as many of the customers as there is room for, or
    ``every`` one that is known; ``lister`` is the key that lists them."""
    refused = bool(prospect.preview.refusal)
    if refused and user_id < 0:
        return list(_change(prospect.preview, user_id))
    found: list[Said] = [[Cell("Without the change:", "quiet")]] if refused else []
    found.extend(_counts(prospect.customers, prospect.devices, width))
    levels = ", ".join(level.replace("_", " ") for level in prospect.levels) or (
        NONE if user_id > 0 else "none in force"
    )
    found.append([Cell(f"Level: {levels}", "quiet")])
    rest: list[Said] = [[Cell(f"! {warning}", "attention")] for warning in prospect.warnings]
    if prospect.nothing is not None:
        ends = wall_lines(prospect.nothing) if prospect.nothing.paths else []
        said = "They see nothing:" if ends else "No security group gives them anything: they see nothing."
        rest.extend([[Cell(f"! {said}", "attention")], *ends])
    if prospect.later is not None:
        moment, customers, devices = prospect.later
        rest.append([Cell(f"After {datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M} UTC", "quiet")])
        rest.extend(_counts(customers, devices, width, "attention"))
    if changed:
        rest.append([Cell("Change since opened", "quiet")])
        rest.extend(_change(prospect.preview, user_id))
    if rest:
        rest.insert(0, "")
    taken = sum(len(flow(cells(line), width)) for line in (*found, *rest))
    shown = prospect.tops[: None if every else max(_TOPS, room - taken - 2)]
    if shown:
        found.append("")
        found.extend(_share(one.name, one.customers, one.devices, len(one.permissions), width) for one in shown)
        if prospect.top_count > len(shown):
            found.append([Cell(f"and {number(prospect.top_count - len(shown))} more: {lister} lists them", "quiet")])
    return [*found, *rest]


def whole(prospect: Prospect, labels: Mapping[str, tuple[str, str]]) -> list[Line]:
    """Every customer at the top of what the user sees, by what they may do there; ``labels`` are the section and the
    label of each permission, by key."""
    alike: dict[frozenset[str], list[CustomerShare]] = {}
    for one in prospect.tops:
        alike.setdefault(one.permissions, []).append(one)
    found: list[Line] = []
    for permissions, there in alike.items():
        if found:
            found.append([Cell("")])
        found.extend(
            [Cell(one.name, "strong"), Cell(f"  {_numbers(one.customers, one.devices)}", "quiet")] for one in there
        )
        sections: dict[str, list[str]] = {}
        for key, (section, label) in labels.items():
            if key in permissions:
                sections.setdefault(section, []).append(label)
        rights = f"{number(len(permissions))} of {many(len(labels), 'right')}"
        found.append([Cell(f"{rights}{':' if sections else ''}", "quiet")])
        found.extend([Cell(f"  {section}: ", "quiet"), Cell(", ".join(those))] for section, those in sections.items())
    if prospect.top_count > len(prospect.tops):
        found.append([Cell(f"and {number(prospect.top_count - len(prospect.tops))} more", "quiet")])
    return found or [[Cell("No customer.", "quiet")]]


def _text(cell: Cell | str) -> str:
    return cell.text if isinstance(cell, Cell) else cell


def _numbers(customers: int, devices: int) -> str:
    return f"{many(customers, 'customer')}, {many(devices, 'device')}"


def _counts(customers: int, devices: int, width: int, style: str = "accent") -> list[Line]:
    """Both beside each other, or below each other where there is no room for that."""
    one: Line = [Cell(number(customers), style), Cell(f" customer{'' if customers == 1 else 's'}")]
    two: Line = [Cell(number(devices), style), Cell(f" device{'' if devices == 1 else 's'}")]
    both: Line = [*one, Cell("   "), *two]
    return [both] if sum(width_of(_text(cell)) for cell in both) <= width else [one, two]


def _change(preview: Preview, user_id: int) -> list[Line]:
    if preview.refusal:
        return [[Cell(f"! Cannot be saved: {preview.refusal}.", "attention")]]
    one = next((one for one in preview.users if one.user_id == user_id or user_id < 0), None)
    if one is None:
        return [[Cell("nothing that they see")]]
    return [cells(line) for line in summary(one)]


def _share(name: str, customers: int, devices: int, held: int, width: int) -> Line:
    beside = f"{number(customers - 1)} in it  " if customers > 1 and width >= _WIDE else ""
    right = f"{beside}{number(devices):>5}  {many(held, 'right'):>9}"
    if width - len(right) - 1 < _NAME:  # too narrow for columns
        right = f"{number(devices)}  {many(held, 'right')}"
    return [Cell(fit(name, max(1, width - len(right) - 1)) + " "), Cell(right, "quiet")]
