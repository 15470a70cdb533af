"""The order of very many records by what they refer to, which no index holds: first those of which the reference shows
nothing, in the order of their own, then those of each name, name by name.

Of the former an index holds the order. The latter come from the names, each followed by its records, as far as a page
needs; or, where few records are in sight or found, by putting those into order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import TextClause, text

from ringfence.domain.field import Field
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED
from ringfence.domain.text import SEPARATOR
from ringfence.visibility import counting, ordering, overview
from ringfence.visibility.intervals import intersect, subtract
from ringfence.visibility.members import packed
from ringfence.visibility.page import Query, SortKey, Window, all_plans, extent_of, owners_of
from ringfence.visibility.page import page as own_page
from ringfence.visibility.plans import Plan, costs, share, total
from ringfence.visibility.point import among
from ringfence.visibility.sql import (
    Naming,
    Shape,
    conditions,
    key_binds,
    member,
    on_sites,
    past,
    shows,
    sort_value,
    statement,
    tied,
)
from ringfence.visibility.viewer import Sight

Hidden = Literal["none", "some", "all"]
"""Of how many of the records in sight the viewer may not list what they refer to."""
_COLUMNS: Final = 2
"""A place is a name, the place in the records' own order, and the id."""
_PLACED: Final = 2.5
"""What a record costs that is put into order, in rows that are read."""
_APART: Final = 8
"""What going on to the records of one name after another costs, in what it costs where those lie together."""
_SPREAD: Final = 8
_LEAST: Final = 500
"""Going along the names is given up so many times as far as it should have needed, and after so many at least."""


class _Part(NamedTuple):
    """Those of a query's records that show a name (``named``), or none."""

    query: Query
    named: bool
    hidden: Hidden

    @property
    def field(self) -> Field:
        return self.query.kind.fields[self.query.sort]

    @property
    def blank(self) -> Query:
        """The same as a query of its own, in the records' own order."""
        lacking = "" if self.hidden == "all" else self.query.sort
        return replace(self.query, sort="", lacking=lacking, hides=self.hidden == "some")


def page(sight: Sight, query: Query, window: Window) -> list[Any]:
    """The rows of a window, with the kind's columns and their ``sort_value``."""
    if window.before is not None or window.from_end:
        turned = replace(query, descending=not query.descending)
        return _rows(sight, turned, window, window.before)[::-1]
    return _rows(sight, query, window, window.after)


def place(sight: Sight, query: Query, record: int) -> int | None:
    """How many rows of the query come before a record; None where it is not among them."""
    kind, field = query.kind, query.kind.fields[query.sort]
    found = among(sight, kind.permission, kind, [record], ("id", kind.order, field.column))
    if not found:
        return None
    _, own, reference = tuple(found[0])
    to = EDITED[field.refers]
    name = among(sight, to.permission, to, [reference] if reference else [], ("id", to.order))
    value = sort_key(tuple(name[0])[1] if name else "", own)
    rows = page(sight, query, Window(limit=1, after=(value, record + (1 if query.descending else -1))))
    if not rows or rows[0].id != record:
        return None
    before = 0
    for part in _parts(sight, replace(query, descending=not query.descending), (value, record)):
        before += _count(sight, *part)
    return before


def sort_key(name: str, own: str) -> str:
    """Where a record stands, but for its id."""
    return f"{name}{SEPARATOR}{own}"


def _parts(sight: Sight, query: Query, key: SortKey | None) -> Iterator[tuple[_Part, SortKey | None]]:
    """What comes after a place, in the query's direction: each part with the place in it, if that lies there."""
    field, hidden = query.kind.fields[query.sort], _hidden(sight, query.kind, query.kind.fields[query.sort])
    there = {
        False: field.optional or hidden != "none",
        True: hidden != "all",
    }
    inside = key is not None and not key[0].startswith(SEPARATOR)
    for named in (True, False) if query.descending else (False, True):
        passed = key is not None and named != inside and inside != query.descending
        if there[named] and not passed:
            yield _Part(query, named, hidden), key if named == inside else None


def _rows(sight: Sight, query: Query, window: Window, key: SortKey | None) -> list[Any]:
    found: list[Any] = []
    skip = window.skip
    for part, place in _parts(sight, query, key):
        rows = _read(sight, part, window.limit - len(found), skip, place)
        found += rows
        if len(found) == window.limit:
            break
        if rows:
            skip = 0
        elif skip:
            skip -= _count(sight, part, place)
    return found


def _read(sight: Sight, part: _Part, limit: int, skip: int, place: SortKey | None) -> Sequence[Any]:
    if part.named:
        return _run(sight, part, limit, skip, place)
    own = None if place is None else (place[0].removeprefix(SEPARATOR), place[1])
    rows = own_page(sight, part.blank, Window(limit, after=own, skip=skip))
    row_of = ordering.row_of(part.query.kind)
    return [row_of(*row[:-1], sort_key("", row.sort_value)) for row in rows]


def _count(sight: Sight, part: _Part, place: SortKey | None) -> int:
    """How many records of a part come after a place."""
    if part.named:
        return int(_run(sight, part, None, 0, place)[0][0])
    if place is None:
        return counting.count(sight, part.blank)
    turned = replace(part.blank, descending=not part.query.descending)
    return counting.count(sight, turned, (place[0].removeprefix(SEPARATOR), place[1]))


def _hidden(sight: Sight, kind: Kind, field: Field) -> Hidden:
    """Of how many of the records in sight what a field refers to is hidden; once for a version of the tenant."""
    to = EDITED[field.refers]
    kept = sight.memo.get(("hidden", kind.noun, field.name))
    if kept is None:
        kept = sight.memo["hidden", kind.noun, field.name] = _hides(sight, kind, to)
    found: Hidden = kept  # type: ignore[assignment]
    return found


def _hides(sight: Sight, kind: Kind, to: Kind) -> Hidden:
    records, others = sight.scope(kind.permission), sight.scope(to.permission)
    reach = extent_of(sight, to)
    if reach.whole or records == others:
        return "none"
    if others.empty:
        return "all"
    own = overview.scope_nodes(sight, kind.permission)
    if not intersect(own, overview.scope_nodes(sight, to.permission)):
        return "all"
    whole = overview.scope_nodes if to.is_customer else overview.record_nodes
    return "none" if not subtract(own, whole(sight, to.permission)) else "some"


# The records that show a name.


class _Named(NamedTuple):
    """What a statement of them is like; equal ones share one. ``gathered`` are the statements of which records it puts
    into order (none: it goes along the names)."""

    shape: Shape
    reference: str
    gathered: tuple[Shape, ...]
    hidden: Hidden
    sites: bool
    side: bool
    counting: bool
    bounded: bool = False


def _run(sight: Sight, part: _Part, limit: int | None, skip: int, place: SortKey | None) -> Sequence[Any]:
    query, scope = part.query, sight.scope(part.query.kind.permission)
    wanted = None if limit is None else limit + skip
    all_of_them = all_plans(sight, replace(query, sort=""), "", None)
    if not all_of_them:
        return [(0,)] if limit is None else []
    along = all_plans(sight, replace(query, sort=""), "", wanted)
    binds: dict[str, Any] = {"limit": limit, "skip": skip, "named": extent_of(sight, EDITED[part.field.refers]).id}
    for plan in (*along, *all_of_them):
        binds.update(plan.binds)
    if place is not None:
        binds.update(key_binds(place, _COLUMNS))
    what = _Named(
        along[0].shape._replace(match="scan" if query.terms else "", descending=query.descending),
        query.sort,
        (),
        part.hidden,
        scope.has_sites,
        place is not None,
        counting=limit is None,
    )
    read_whole = sight.postgresql and all(plan.shape.way == "hits" for plan in all_of_them)
    naming: Naming = "rows" if read_whole else "ids"
    gathered = what._replace(gathered=tuple(plan.shape._replace(naming=naming) for plan in all_of_them))
    names = _names(sight, EDITED[part.field.refers])
    price = costs(sight)
    gathering, going, every = _prices(sight, part, all_of_them, names, wanted)
    owners = _owners(part, all_of_them)
    if owners and wanted is not None and _along_owners(sight, names, len(all_of_them[0].owners), wanted) < gathering:
        binds["members"] = packed(owners, bits=sight.postgresql)
        return _all(sight, what._replace(shape=what.shape._replace(whole=False)), binds)
    if gathering < going:
        return _all(sight, gathered, binds)
    if not what.shape.whole:
        binds.update(owners_of(sight, query))
    if limit is not None and gathering < every:
        # Where the first names have too few, the scope and their order go together.
        budget = max(_LEAST, int(_SPREAD * names * going / every))
        if gathering <= price.at_hand:
            budget = int(names * min(1.0, price.nearby / 2 / every))
        if budget < names:
            edge = _edge(sight, what, {**binds, "budget": budget})
            if edge is not None:
                found = _all(sight, what._replace(bounded=True), {**binds, "until": edge})
                return found if len(found) == limit else _all(sight, gathered, binds)
    return _all(sight, what, binds)


def _all(sight: Sight, what: _Named, binds: dict[str, Any]) -> Sequence[Any]:
    return sight.connection.execute(_statement(what), binds).all()


def _prices(
    sight: Sight, part: _Part, plans: Sequence[Plan], names: int, wanted: int | None
) -> tuple[float, float, float]:
    """What it costs to put all records that are found into order, and to go along the names, as far as is wanted and to
    the end."""
    price, extent = costs(sight), extent_of(sight, part.query.kind)
    records = max(extent.devices, 1)
    read = sum(plan.price for plan in plans)
    part_found = share(part.query.terms)
    if any(plan.shape.way == "hits" for plan in plans):
        part_found = min(1.0, read / price.hit / max(total(sight, part.query.kind), 1))
    gathering = read + records * part_found * _PLACED * price.row
    owners = min(names, max(extent.customers, 1))
    whole = (
        names * (price.entry + price.member) + owners * price.records * _APART + records * (price.entry + price.look)
    )
    needed = 1.0 if wanted is None else min(1.0, wanted / max(records * part_found, 1.0))
    return gathering, whole * needed, whole


def _owners(part: _Part, plans: Sequence[Plan]) -> set[int]:
    """Whose all of the records are, where that is known and the order is by the names of those."""
    (*others, plan) = plans
    return set() if others or part.field.column != part.query.kind.owner else set(plan.owners)


def _along_owners(sight: Sight, names: int, found: int, wanted: int) -> float:
    """What it costs to go along the names, and on from those alone that own what was found."""
    price = costs(sight)
    return names * (price.entry + price.member) * min(1.0, wanted / found) + wanted * price.records * _APART


def _names(sight: Sight, to: Kind) -> int:
    """How many names there are, as an estimate."""
    found = sight.memo.get(("names", to.noun))
    if not isinstance(found, int):
        query = text(f"SELECT count(*) FROM {to.table} WHERE tenant_id = :tenant")
        found = sight.connection.execute(query, {"tenant": sight.tenant_id}).scalar_one()
        sight.memo["names", to.noun] = found
    return max(1, found)


def _edge(sight: Sight, what: _Named, binds: dict[str, Any]) -> str | None:
    """The name so many names after a place; None where there are no more."""
    to = EDITED[what.shape.kind.fields[what.reference].refers]
    direction, sign = ("DESC", "<=") if what.shape.descending else ("ASC", ">=")
    after = f" AND n.{to.order} {sign} :key" if what.side else ""
    query = text(
        f"SELECT n.{to.order} FROM {to.table} n WHERE n.tenant_id = :tenant{after} "
        f"ORDER BY n.{to.order} {direction}, n.id {direction} LIMIT 1 OFFSET :budget"
    )
    found: str | None = sight.connection.execute(query, binds).scalar_one_or_none()
    return found


@lru_cache(maxsize=256)
def _statement(what: _Named) -> TextClause:
    kind = what.shape.kind
    field = kind.fields[what.reference]
    to = EDITED[field.refers]
    direction = "DESC" if what.shape.descending else "ASC"
    places = (f"n.{to.order}", f"k.{kind.order}", "k.id")
    order = ", ".join(f"{one} {direction}" for one in places)
    where = []
    if what.hidden == "some":
        where.append(shows(to, "n", postgresql=what.shape.postgresql))
    if what.side:
        sign = "<" if what.shape.descending else ">"
        where += [f"{places[0]} {sign}= :key", past(places, "key", sign)]
    if what.bounded:
        where.append(f"{places[0]} {'>=' if what.shape.descending else '<='} :until")
    source = _gathered(what, field, to) if what.gathered else _along(what, field, to, where)
    source += f" WHERE {' AND '.join(where) or 'TRUE'}"
    if what.counting:
        return text(f"SELECT count(*) FROM {source}")
    columns = ", ".join(f"k.{column}" for column in kind.columns)
    shown = f"SELECT k.id, {places[0]} AS name FROM {source} ORDER BY {order} LIMIT :limit OFFSET :skip"
    rows = f"CROSS JOIN {kind.table} k ON k.id = n.id"
    if what.shape.postgresql:
        its = f"k.id = n.id{tied(postgresql=True)}"
        rows = f"CROSS JOIN LATERAL (SELECT * FROM {kind.table} k WHERE {its} OFFSET 0) k"
    placed = sort_value(("n.name", places[1]))
    last = order.replace(places[0], "n.name")
    return text(f"SELECT {columns}, {placed} AS sort_value FROM ({shown}) n {rows} ORDER BY {last}")


def _gathered(what: _Named, field: Field, to: Kind) -> str:
    found = " UNION ALL ".join(str(statement(shape)) for shape in what.gathered)
    table = what.shape.kind.table
    if what.shape.postgresql:
        records = f"({found}) k"
        if what.gathered[0].naming == "ids":
            its = f"k.id = f.id{tied(postgresql=True)}"
            records = f"({found}) f CROSS JOIN LATERAL (SELECT * FROM {table} k WHERE {its} OFFSET 0) k"
        names = f"SELECT * FROM {to.table} n WHERE n.id = k.{field.column}{tied('n', postgresql=True)} OFFSET 0"
        return f"{records} CROSS JOIN LATERAL ({names}) n"
    # On SQLite a CROSS JOIN is never turned round: the records lead, whatever is known of how many names there are.
    return f"({found}) f CROSS JOIN {table} k ON k.id = f.id CROSS JOIN {to.table} n ON n.id = k.{field.column}"


def _along(what: _Named, field: Field, to: Kind, where: list[str]) -> str:
    """The names, each followed by its records; what is asked of either is added."""
    shape = what.shape
    where.append("n.tenant_id = :tenant")
    if not shape.whole:
        inside = member("n.id" if to.is_customer else f"n.{to.owner}", "members", postgresql=shape.postgresql)
        if what.sites:
            inside = f"({inside} OR {on_sites(f'k.{shape.kind.standing}')})"
        where.append(inside)
    if shape.under and what.sites:  # the set of owners holds only those below the chosen customer
        bounds = "{0}.path >= :low AND {0}.path < :high"
        if to.is_customer:
            where.append(bounds.format("n"))
        else:
            its = f"c.id = n.{to.owner}{tied('c', postgresql=shape.postgresql)}"
            where.append(f"EXISTS (SELECT 1 FROM customer c WHERE {its} AND {bounds.format('c')})")
    records = f"k.{field.column} = n.id{tied(postgresql=shape.postgresql)}{conditions(shape)}"
    if not shape.postgresql:
        return f"{to.table} n CROSS JOIN {shape.kind.table} k ON {records}"
    read = ", ".join(f"k.{column}" for column in ("id", shape.kind.order, shape.kind.standing) if column)
    return f"{to.table} n CROSS JOIN LATERAL (SELECT {read} FROM {shape.kind.table} k WHERE {records} OFFSET 0) k"
