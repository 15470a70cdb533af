"""Customers as they are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringfence.console.text import Cell, number

if TYPE_CHECKING:
    from ringfence.services.records import CustomerDetail


def counts(children: int, devices: int) -> tuple[Cell, Cell]:
    """Beside a node of the tree: how many customers are in it, how many devices there and below."""
    return Cell(_short(children) if children else "", "quiet"), Cell(number(devices), "" if devices else "quiet")


def fields(detail: CustomerDetail) -> list[tuple[str, Cell]]:
    """A customer's own page: labels and values."""
    values = [
        ("Name", Cell(detail.name, "strong")),
        ("Id", Cell(detail.key or "(the provider itself)", "" if detail.key else "quiet")),
        ("E-mail", _or_none(detail.email)),
        ("Phone", _or_none(detail.phone)),
        ("Address", _or_none(detail.address.replace("\n", ", "))),
        ("", Cell("")),
        ("Customers", Cell(f"{number(detail.customers)} nested")),
    ]
    for label, value in (("Devices", detail.devices), ("Users", detail.users), ("Sites", detail.sites)):
        text = Cell("not yours to list", "quiet") if value is None else Cell(f"{number(value)} here and below")
        values.append((label, text))
    return values


def _short(count: int) -> str:
    """A number in three cells: the node itself, opened, tells it exactly."""
    return str(count) if count < 1000 else f"{count // 1000}k"


def _or_none(text: str) -> Cell:
    return Cell(text) if text else Cell("none", "quiet")
