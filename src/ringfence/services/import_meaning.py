"""What the rows of a sheet mean to one viewer: which records they are about, where those belong, what they refer to,
and what each would be. Nothing hidden means anything: it is told as what is not there."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import MISSING
from types import MappingProxyType
from typing import Any, Final, assert_never

from sqlalchemy import select

from ringfence.changes import ledger
from ringfence.changes.applying import Progress
from ringfence.domain import clock, limits
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.field import Choice, Field, Flag, Moment, Number, Ref, Text, Ties
from ringfence.domain.kind import Kind, State, altered
from ringfence.domain.registry import EDITED
from ringfence.domain.text import fold
from ringfence.services.import_places import Row, belongs, compared, plain, shown
from ringfence.storage.bulk import any_of
from ringfence.storage.columns import of_tenant
from ringfence.visibility import overview
from ringfence.visibility.point import among
from ringfence.visibility.viewer import Sight

_AS_IT_IS: Final = 0
"""What a record refers to stays, whatever that is."""
_NONE_MADE: Final[Mapping[str, int]] = MappingProxyType({})
_YES: Final = ("true", "yes", "1")
_NO: Final = ("false", "no", "0")
_MOST_DIGITS: Final = 12


class Meaning:
    """What the rows of a sheet of a kind mean to one viewer, in one transaction."""

    def __init__(self, sight: Sight, kind: Kind, rows: Sequence[Row], progress: Progress) -> None:
        self.sight = sight
        self.connection = sight.connection
        self.of = kind
        self.rows = rows
        self.progress = progress
        self.made: dict[str, int] = {}
        """New records by the keys that rows give them, for others to name: they get keys of their own."""
        self.there: dict[str, Callable[[Row, str], set[int]]] = {}
        """By field, the visible records that what stands in a cell of it means."""
        self.seen: dict[str, frozenset[int]] = {}
        """By field, those of the records to which records refer now that are visible."""
        self._blank = {one.name: 0 if one.refers else "" for one in kind.fields.values() if one.default is MISSING}
        self._texts = tuple((name, kind.texts[name].lines) for name in plain(kind) if name in kind.texts)
        self._others = tuple(name for name in plain(kind) if name not in kind.texts)
        self._references = tuple(kind.fields[name] for name in references(kind))

    def find(self, home: int | None) -> None:
        """Finds the records, and what else the rows name, and with them what each record would be; new ones belong to
        ``home`` where their row does not say."""
        plural = self.of.several
        self.progress(f"Looking for the {plural}", 0, len(self.rows))
        self._records()
        self.progress("Looking for customers and sites", 0, len(self.rows))
        self._nodes(home)
        for field in self._references:
            self._refer(field)
        for row in self.rows:
            self._state(row)

    def _records(self) -> None:
        """Finds what each row is about."""
        named = [self._named(row.cells) for row in self.rows]
        known = self._known({(column, name) for column, name in named if name and len(name) <= limits.KEY})
        nests = nests_in_itself(self.of)
        for number, (row, (column, name)) in enumerate(zip(self.rows, named, strict=True), 1):
            found = known.get((column, name)) if name else None
            if found is not None:
                row.id, row.before, row.revision = found
                continue
            row.id = -number
            row.lost = (bool(name) and column == "key" and not nests) or "name" not in row.cells
            if row.lost:
                said = f"there is no {self.of.said} {shown(name)}" if name else f"say which {self.of.said} is meant"
                row.wrong(said, column)
            elif name and column == "key":
                self.made.setdefault(name, row.id)

    def _named(self, cells: Mapping[str, str]) -> tuple[str, str]:
        """The column that says which record a row is about, and what it says, as it is compared."""
        unique = self.of.unique
        if not unique or cells.get("key") or unique not in cells:
            return "key", cells.get("key", "")
        return unique, compared(self.of, cells[unique])

    def _known(self, named: Collection[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, State, int]]:
        """Id, state and revision of each record that is visible, by the column that names it and what that says."""
        ids: set[int] = set()
        for column in {column for column, _ in named}:
            ids.update(self._ids(self.of, column, {name for of, name in named if of == column}))
        rows = among(self.sight, self.of.permission, self.of, list(ids), ("id", *self.of.more))
        more = overview.more_than_named(self.sight) if self.of.is_customer else None
        named_only = {row.id for row in rows if more is not None and not more(row.path)}
        found: dict[tuple[str, str], tuple[int, State, int]] = {}
        read = ledger.read_many(self.connection, self.sight.tenant_id, self.of.noun, [row.id for row in rows])
        for own, (state, revision) in read.items():
            if own in named_only:
                state = altered(state, **{name: "" for name in self.of.texts if name != "name"})
            found["key", state.key] = own, state, revision
            if self.of.unique:
                found[self.of.unique, compared(self.of, getattr(state, self.of.unique))] = own, state, revision
        return found

    def _ids(self, kind: Kind, name: str, values: Collection[str]) -> list[int]:
        """The ids of whatever has one of these values in a field, seen or not: hidden costs what missing does."""
        mapped = ledger.table(kind.noun)
        column = getattr(mapped, kind.texts[name].folded or name if name in kind.texts else name)
        query = select(mapped.id).where(mapped.tenant_id == self.sight.tenant_id)
        return list(self.connection.execute(query.where(any_of(self.connection, column, values))).scalars())

    def _nodes(self, home: int | None) -> None:
        """Finds where each record belongs, or is to."""
        field, of_node = self.of.node.name, belongs(self.of)
        named = self._called(CUSTOMERS, field, self.made if nests_in_itself(self.of) else _NONE_MADE)
        whose = "whose it is" if field == CUSTOMERS.noun else "where it belongs"
        plural = self.of.several
        for row in self.rows:
            now: int | None = of_node(row.before) if row.before is not None else None
            cell = row.cells.get(field, "")
            place = home if now is None else now
            if cell:
                chosen = named.get(cell, set())
                place = now if now in chosen else next(iter(chosen)) if len(chosen) == 1 else None
                if not chosen:
                    row.wrong(f"there is no customer {shown(cell)}", field)
                elif place is None:
                    row.wrong(f"there is more than one customer {shown(cell)}: give the key", field)
            elif place is None and not row.lost:
                row.wrong(f"say {whose}: nowhere else may you make {plural}", field)
            row.placed = place is not None and not row.lost
            row.node = place or 0

    def _called(self, kind: Kind, field: str, made: Mapping[str, int] = _NONE_MADE) -> dict[str, set[int]]:
        """The visible records of a kind that cells of a field name: the one with that key, or unique field, or else one
        that the sheet itself has made, or all with that name."""
        cells = {cell for row in self.rows if (cell := row.cells.get(field, ""))}
        if not cells:
            return {}
        ways: dict[str, Callable[[str], str]] = {"key": str}
        if kind.unique:
            ways[kind.unique] = lambda cell: compared(kind, cell)
        if kind.searched == ("name",):
            ways["search_key"] = fold
        found: dict[str, defaultdict[str, set[int]]] = {}
        for way, same in ways.items():
            column = kind.texts[way].folded or way if way in kind.texts else way
            ids = self._ids(kind, way, {same(cell) for cell in cells})
            held = found[way] = defaultdict(set)
            for one in among(self.sight, kind.permission, kind, ids, ("id", column)):
                held[getattr(one, column)].add(one.id)
        if made:
            ways = {"key": str, "made": str, **ways}
            found["made"] = defaultdict(set, {name: {own} for name, own in made.items()})
        empty: set[int] = set()
        return {
            cell: next((some for way, same in ways.items() if (some := found[way].get(same(cell)))), empty)
            for cell in cells
        }

    def _refer(self, field: Field) -> None:
        """Finds what cells of a field name, and which of those that records refer to now are visible."""
        assert isinstance(field.spec, Ref)
        to, name = EDITED[field.refers], field.name
        if field.spec.stands:
            sites = self._standing(to, name)
            self.there[name] = lambda row, cell: (
                sites.get((row.node, "key", cell)) or sites.get((row.node, "name", fold(cell)), set())
            )
        else:
            named = self._called(to, name)
            self.there[name] = lambda _row, cell: named.get(cell, set())
        now = {getattr(row.before, name) for row in self.rows if row.before is not None and name in row.cells} - {None}
        self.seen[name] = frozenset(row.id for row in among(self.sight, to.permission, to, sorted(now), ("id",)))

    def _standing(self, to: Kind, name: str) -> Mapping[tuple[int, str, str], set[int]]:
        """The visible sites of the customers that records come to, by customer, ``key`` or ``name``, and what that
        is."""
        naming = {row.node for row in self.rows if row.placed and row.cells.get(name)}
        found: defaultdict[tuple[int, str, str], set[int]] = defaultdict(set)
        if naming:
            mapped = ledger.table(to.noun)
            theirs = any_of(self.connection, getattr(mapped, to.owner), naming)
            query = select(mapped.id).where(theirs, of_tenant(mapped, self.sight.tenant_id))
            ids = self.connection.execute(query).scalars().all()
            columns = ("id", "key", "search_key", to.owner)
            for one in among(self.sight, to.permission, to, ids, columns):
                node = getattr(one, to.owner)
                found[node, "key", one.key].add(one.id)
                found[node, "name", one.search_key].add(one.id)
        return found

    def _state(self, row: Row) -> None:
        """Puts a row's cells upon what its record is now."""
        before, cells = row.before, row.cells
        values: dict[str, Any] = {}
        for name, lines in self._texts:
            if name in cells:
                text = re.sub("\r\n?", "\n", cells[name]) if lines else cells[name]
                if before is None or text != getattr(before, name).strip():  # no sheet tells the two apart
                    values[name] = text
        for name in self._others:
            if name in cells:
                self._value(row, name, cells[name], values)
        if row.placed:
            for field in self._references:
                if field.name in cells:
                    referred = self._reference(row, field, cells[field.name])
                    if referred != _AS_IT_IS:
                        values[field.name] = referred
        node = self.of.node.name
        if before is None:
            row.after = self.of.state(**{**self._blank, node: row.node, **values})
            return
        now = belongs(self.of)(before)
        moved = row.node if row.placed else now
        row.after = altered(before, **{node: moved}, **values) if values or moved != now else before

    def _value(self, row: Row, name: str, cell: str, values: dict[str, Any]) -> None:
        """Takes what stands in a cell of a field that is no text, where it differs. An empty one says something only of
        what may be none."""
        found: Any = None
        spec = self.of.fields[name].spec
        match spec:
            case Choice():
                found = cell
            case Flag():
                found = True if cell.lower() in _YES else False if cell.lower() in _NO else None
                if found is None and cell:
                    row.wrong("say yes or no", name)
            case Number():
                if cell.isascii() and cell.isdigit() and len(cell) <= _MOST_DIGITS:
                    found = int(cell)
                elif cell:
                    row.wrong("this is no number from 0 up", name)
            case Moment():
                found = clock.moment(cell)
                if cell and found is None:
                    row.wrong("say a time such as 2026-11-22T08:00:00+00:00", name)
            case Text() | Ref() | Ties():
                raise TypeError(f"{self.of.noun}.{name} is looked at elsewhere")
            case _:
                assert_never(spec)
        empty = not cell and self.of.fields[name].optional
        if (found not in (None, "") or empty) and (row.before is None or found != getattr(row.before, name)):
            values[name] = found

    def _reference(self, row: Row, field: Field, cell: str) -> int | None:
        """The record that a cell names, none, or the one that is referred to already."""
        assert isinstance(field.spec, Ref)
        name, said = field.name, EDITED[field.refers].said
        now = getattr(row.before, name) if row.before is not None else None
        if field.spec.stands and row.before is not None and belongs(self.of)(row.before) != row.node:
            now = None
        if not cell:
            return _AS_IT_IS if now is not None and now not in self.seen[name] else None
        found = self.there[name](row, cell)
        if now in found:
            return _AS_IT_IS
        if len(found) == 1:
            return next(iter(found))
        where = " at this customer" if field.spec.stands else ""
        many = f"there is more than one {said} {shown(cell)}{where}: give the key"
        row.wrong(many if found else f"there is no {said} {shown(cell)}{where}", name)
        return _AS_IT_IS


def nests_in_itself(kind: Kind) -> bool:
    """Whether records of a kind belong to each other, so that rows name what other rows make."""
    return kind.node.refers == kind.noun


def references(kind: Kind) -> tuple[str, ...]:
    """The columns of a sheet that name other records, but for that which says where a record belongs."""
    return tuple(name for name in kind.exported if name != kind.node.name and kind.fields[name].refers)
