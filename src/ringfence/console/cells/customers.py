"""Customers as they are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringfence.console.text import Cell, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ringfence.services.attributes import Attribute
    from ringfence.services.records import CustomerDetail


def counts(children: int, devices: int, room: int) -> tuple[Cell, Cell]:
    """Beside a node of the tree: how many customers are in it, how many devices there and below, in so many cells."""
    return Cell(_short(children) if children else "", "quiet"), Cell(
        _fitting(devices, room), "" if devices else "quiet"
    )


def fields(detail: CustomerDetail, attributes: Sequence[Attribute] = ()) -> list[tuple[str, Cell]]:
    """A customer's own page: labels and values, and then its attributes with where they come from."""
    from ringfence.domain import display
    from ringfence.domain.registry import KINDS

    values = [
        ("Name", Cell(detail.name, "strong")),
        ("Id", Cell(detail.key or "(the provider itself)", "" if detail.key else "quiet")),
        ("E-mail", _or_none(detail.email)),
        ("Phone", _or_none(detail.phone)),
        ("Address", _or_none(detail.address.replace("\n", ", "))),
        ("", Cell("")),
        ("Customers", Cell(f"{number(detail.customers)} nested{_limit(detail, 'customers')}")),
    ]
    for kind, value in detail.counts.items():
        limit = _limit(detail, kind)
        known = value is not None
        text = f"{number(value)} here and below{limit}" if value is not None else f"not yours to list{limit}"
        values.append((display.title(KINDS[kind]), Cell(text, "" if known else "quiet")))
    return [*values, *_attributes(detail, attributes)]


def _attributes(detail: CustomerDetail, attributes: Sequence[Attribute]) -> Iterator[tuple[str, Cell]]:
    if attributes:
        from ringfence.console.cells.signals import said, where

        yield "", Cell("")
        seen: set[str] = set()
        for one in attributes:
            told = f"{said(one.value)} · {where(one, ('customer', detail.key), counts=one.name not in seen)}"
            yield one.name, Cell(told, "quiet" if one.name in seen else "")
            seen.add(one.name)


def _limit(detail: CustomerDetail, kind: str) -> str:
    limit = dict(detail.limits).get(kind)
    return "" if limit is None else f", limit {number(limit)}"


def _short(count: int) -> str:
    """A number in three cells: the node itself, opened, tells it exactly."""
    return str(count) if count < 1000 else f"{count // 1000}k"


def _fitting(count: int, room: int) -> str:
    """A number, in thousands where there is no room for it."""
    exact = number(count)
    return exact if len(exact) <= room else f"{number(count // 1000)}k"


def _or_none(text: str) -> Cell:
    return Cell(text) if text else Cell("none", "quiet")
