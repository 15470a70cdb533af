"""What a list shows of a record, column by column, as text that compares as it should: made of what is drawn, and not
of what the product sorts by."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from support.oracle import folded

from ringfence.console.cells import audit
from ringfence.console.cells.records import cells
from ringfence.domain import display
from ringfence.domain.audit import AUDIT
from ringfence.domain.field import Text
from ringfence.domain.kind import Kind
from ringfence.services import listing
from ringfence.services.records import Listing, Part
from ringfence.services.rows import Record
from ringfence.visibility.viewer import Viewer

SEVERITIES = ("critical", "major", "minor", "warning", "info")
"""By how bad they are."""
NUMBER = re.compile(r"[\d,]+( of \d+)?")
BY_ID = (("device", "unit_id"),)
"""Where these are alike, the ids alone decide."""


def comparable(drawn: Any) -> str:
    """A text, a number or nothing."""
    said = "" if drawn is None else str(drawn)
    if NUMBER.fullmatch(said):
        return said.partition(" of ")[0].replace(",", "").rjust(20, "0")
    return folded(said.replace("_", " "))


def shown(kind: Kind, record: Record) -> Mapping[str, str]:
    """What each column shows: those of the console as they are drawn, and those of sheets."""
    if kind is AUDIT:
        # A moment is shown to the minute, in words: what comes first is told by the order of the list.
        drawn = dict(zip((one.id for one in audit.COLUMNS), audit.cells(record), strict=True))  # type: ignore[arg-type]
        drawn |= {"who": record.shown("actor")}
    else:
        drawn = dict(zip((one.field for one in display.columns(kind)), cells(kind)(record), strict=True))
    values = {}
    for one in display.columns(kind):
        cell = drawn[one.field]
        said = cell if isinstance(cell, str) else cell.text
        if one.times or one.age:  # drawn with how often it was, or by now: what there is of the field alone decides
            said = record.shown(one.field) or ""
        values[one.field] = "" if said == one.none else comparable(said)
    values |= {name: f"{SEVERITIES.index(record.shown(name))}" for name in kind.sorts if name == "severity"}
    told = record.fields()
    for name in kind.sorts:
        if name == kind.node.name:
            values[name] = comparable(record.owner)
        elif name in kind.fields and isinstance(kind.fields[name].spec, Text) and kind.fields[name].spec.exact:  # type: ignore[union-attr]
            values[name] = str(record.key if name == "key" else record.shown(name))
        elif name not in values:
            refers = name in kind.fields and kind.fields[name].refers
            values[name] = comparable(record.shown(name) if refers else told[name])
    return values


class Sorted:
    """One list as somebody sees it, read in its own order, and put into every other one here."""

    def __init__(self, viewer: Viewer, wanted: Listing, kind: Kind) -> None:
        self.viewer = viewer
        self.wanted = wanted
        self.kind = kind
        self.records = list(listing.export(viewer, wanted))
        self.ranks = {record.id: rank for rank, record in enumerate(self.records)}
        self.values = {record.id: shown(kind, record) for record in self.records}

    def ids(self, sort: str, *, descending: bool, among: Sequence[int] | None = None) -> list[int]:
        """The records in the order of a column, by what it shows."""

        def place(own: int) -> tuple[str, int]:
            if sort == self.kind.sort:
                return "", self.ranks[own]
            return self.values[own][sort], own if (self.kind.noun, sort) in BY_ID else self.ranks[own]

        return sorted(self.ranks if among is None else among, key=place, reverse=descending)


def agree(viewer: Viewer, wanted: Listing, expected: Sequence[int], chance: Random) -> None:
    """List, count, export and place of a list give these records in this order, in windows however they are cut."""
    exported = list(listing.export(viewer, wanted))
    assert [record.id for record in exported] == list(expected), wanted
    assert listing.count(viewer, wanted) == len(expected)
    first = chance.randint(0, 4)
    assert [record.id for record in listing.export(viewer, wanted, first)] == list(expected[:first])

    def part(**window: Any) -> list[int]:
        return [record.id for record in listing.rows(viewer, wanted, Part(**window))]

    limit, skip = chance.randint(1, 4), chance.randint(0, 5)
    assert part(limit=limit, skip=skip) == list(expected[skip:][:limit]), (wanted, limit, skip)
    left = list(expected[: max(0, len(expected) - skip)])
    assert part(limit=limit, skip=skip, from_end=True) == left[-limit:], (wanted, limit, skip)
    for place in sorted(chance.sample(range(len(exported)), min(len(exported), 4))):
        record, skip = exported[place], chance.choice((0, 0, 1, 3))
        key = record.sort_key
        assert part(limit=limit, skip=skip, after=key) == list(expected[place + 1 :][skip:][:limit]), (wanted, place)
        before = list(expected[: max(0, place - skip)])
        assert part(limit=limit, skip=skip, before=key) == before[-limit:], (wanted, place)
        if wanted.record is None:
            assert listing.place(viewer, wanted, record.id) == place, (wanted, place)
