"""What a change does to whom, in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringfence.console.text import Cell, Said, many, number

if TYPE_CHECKING:
    from ringfence.services.records import Preview, UserDifference


def said(preview: Preview, limit: int | None) -> list[Said]:
    """What a change does, in lines: what goes with it, what else there is to say, and a line for each user, or two with
    the first few of them."""
    if preview.refusal:
        return [Cell(f"! This cannot be saved: {preview.refusal}.", "attention")]
    found: list[Said] = list(_beside(preview))
    if not preview.users:
        found.append(Cell("Nobody gains or loses a customer or a device.", "quiet"))
    else:
        found.extend(_each(preview.users) if limit is None else _first(preview.users, limit))
    return found


def _beside(preview: Preview) -> list[Said]:
    """What goes with a customer, and the sentences."""
    found: list[Said] = []
    parts = [many(count, kind.replace("_", " ")) for kind, count in preview.along if count]
    if parts:
        what = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
        one = sum(count for _, count in preview.along) == 1
        found.append(Cell(f"With it {'goes' if one else 'go'} {what}.", "attention"))
    found.extend(Cell(note) for note in preview.notes)
    return found


def _each(users: tuple[UserDifference, ...]) -> list[Said]:
    lines: list[Said] = []
    for one in users:
        line: list[Cell | str] = [Cell(one.login.ljust(16) + " ", "strong")]
        line.append(Cell(_count("+", one.customers_gained, one.devices_gained), "good"))
        line.append(Cell("  "))
        line.append(Cell(_count("−", one.customers_lost, one.devices_lost), "bad"))
        lines.append(line)
    return lines


def _first(users: tuple[UserDifference, ...], limit: int) -> list[Said]:
    found: list[Said] = []
    gaining = [one for one in users if one.customers_gained or one.devices_gained]
    losing = [one for one in users if one.customers_lost or one.devices_lost]
    for sign, style, some, verb, side in (
        ("+", "good", gaining, "gain", "gained"),
        ("−", "bad", losing, "lose", "lost"),
    ):
        if not some:
            found.append(Cell(f"{sign}0  Nobody {verb}s anything.", "quiet"))
            continue
        numbers = [(getattr(one, f"customers_{side}"), getattr(one, f"devices_{side}")) for one in some]
        most = max(numbers)
        alike = len(set(numbers)) == 1
        line = [
            Cell(_count(sign, *most), style),
            Cell(f"  {'for' if alike else 'at most, for'} {many(len(some), 'user')}: ", "quiet"),
        ]
        names = [
            one.login if alike else f"{one.login} {sign}{number(pair[0])}/{sign}{number(pair[1])}"
            for one, pair in zip(some[:limit], numbers, strict=False)
        ]
        line.append(Cell(", ".join(names)))
        if len(some) > limit:
            line.append(Cell(f" and {number(len(some) - limit)} more", "quiet"))
        found.append(line)
    return found


def _count(sign: str, customers: int, devices: int) -> str:
    parts = []
    if customers:
        parts.append(f"{sign}{many(customers, 'customer')}")
    if devices:
        parts.append(f"{sign}{many(devices, 'device')}")
    return " ".join(parts)
