"""What a change does to whom, in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringfence.console.text import Cell, Said, number

if TYPE_CHECKING:
    from ringfence.services.records import Preview


def said(preview: Preview, limit: int | None) -> list[Said]:
    """What a change does, in lines: a line for each user, or two with the first few of them."""
    if preview.refusal:
        return [Cell(f"! This cannot be saved: {preview.refusal}.", "attention")]
    if not preview.users:
        return [Cell("Nobody gains or loses a customer or a device.", "quiet")]
    gaining = [one for one in preview.users if one.customers_gained or one.devices_gained]
    losing = [one for one in preview.users if one.customers_lost or one.devices_lost]
    if limit is None:
        lines: list[Said] = []
        for one in preview.users:
            line: list[Cell | str] = [Cell(one.login.ljust(16) + " ", "strong")]
            line.append(Cell(_count("+", one.customers_gained, one.devices_gained), "good"))
            line.append(Cell("  "))
            line.append(Cell(_count("−", one.customers_lost, one.devices_lost), "bad"))
            lines.append(line)
        return lines
    found: list[Said] = []
    for sign, style, users, verb, side in (
        ("+", "good", gaining, "gain", "gained"),
        ("−", "bad", losing, "lose", "lost"),
    ):
        if not users:
            found.append(Cell(f"{sign}0  Nobody {verb}s anything.", "quiet"))
            continue
        numbers = [(getattr(one, f"customers_{side}"), getattr(one, f"devices_{side}")) for one in users]
        most = max(numbers)
        alike = len(set(numbers)) == 1
        head = _count(sign, *most)
        many = "1 user" if len(users) == 1 else f"{number(len(users))} users"
        line = [Cell(head, style), Cell(f"  {'for' if alike else 'at most, for'} {many}: ", "quiet")]
        names = [
            one.login if alike else f"{one.login} {sign}{number(pair[0])}/{sign}{number(pair[1])}"
            for one, pair in zip(users[:limit], numbers, strict=False)
        ]
        line.append(Cell(", ".join(names)))
        if len(users) > limit:
            line.append(Cell(f" and {number(len(users) - limit)} more", "quiet"))
        found.append(line)
    return found


def _count(sign: str, customers: int, devices: int) -> str:
    parts = []
    if customers:
        parts.append(f"{sign}{number(customers)} customer{'' if customers == 1 else 's'}")
    if devices:
        parts.append(f"{sign}{number(devices)} device{'' if devices == 1 else 's'}")
    return " ".join(parts)
