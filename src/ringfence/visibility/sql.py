"""The statements of a scoped page, each built once and bound at every call.

They are text, since their shape decides what they cost: which table leads, which index carries the order, and which
part the planner may not pull apart (measured on both engines at a million devices). Nothing that a person typed is
ever part of one; names of tables and columns come from the kinds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import TextClause, text

from ringfence.domain.field import Field
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED
from ringfence.domain.text import SEPARATOR

Way = Literal["plain", "walk", "gather", "hits", "sites", "queue", "edge"]
"""plain: the whole tenant. walk: along the order, looking each row's owner up in the set of the scope's customers.
gather: from the scope to its customers to their records. hits: from the search index. sites: from the sites of
site-level grants. queue: from the customers at which records stand in a queue. edge: no page, but the place in the
order that is so many rows further."""

Match = Literal["", "scan", "begin", "rest"]
"""How a filter is put: by looking at each row; or in two, as a range of the order of what ``begin``s with its text, and
the ``rest``, of what does not."""
Side = Literal["", "after", "before"]
Naming = Literal["", "ids", "rows"]

_ROW: Final = re.compile(r"\bk\.")
_LOW: Final = ":low"
_HIGH: Final = ":high"


class Queued(NamedTuple):
    """How the queue of a customer is read: of ``ranks`` alone (None: of all); and of what is in it, where that is not
    all meant, what is of the customer ``alone``, or of the ``members`` of a set. ``told``: that says all that a filter
    asks."""

    ranks: tuple[int, ...] | None = None
    of: Literal["", "alone", "members"] = ""
    told: bool = False


class Shape(NamedTuple):
    """What a statement is like; equal shapes share one statement. ``sort`` is one that an index holds the order of
    (empty: the kind's own).

    ``counting``: how many rows there are; ``naming``: their ids, or they themselves, in no order. ``lacking`` is a
    reference: only those of which it shows nothing, and with ``hides`` not for there being none alone, but where the
    scope ``named`` hides it.
    """

    kind: Kind
    way: Way
    sort: str = ""
    descending: bool = False
    side: Side = ""
    match: Match = ""
    under: bool = False
    counting: bool = False
    naming: Naming = ""
    lacking: str = ""
    hides: bool = False
    whole: bool = False
    bounded: bool = False
    ahead: bool = False
    """Whether no more than a budget of rows are looked at, which PostgreSQL keeps in order by itself."""
    postgresql: bool = False
    leading: str = ""
    """The column that stands before the name in the order, of which what ``begin``s says one thing."""
    condition: str = ""
    """What a filter asks of each row, beginning with AND."""
    beside: bool = False
    """Whether it reads more than the search key, which indexes do not have."""
    queued: Queued = Queued()

    @property
    def looks_up(self) -> bool:
        """Whether each row's owner is looked up in a set."""
        return not self.whole and self.way in ("walk", "hits")


def probe(path: str, scope: str = ":scope") -> str:
    """A condition: the scope covers the path. One step down the scope's index, whatever its size; NULL for no."""
    return (
        f"(SELECT s.path_hi FROM scope_interval s WHERE s.scope_id = {scope} AND s.tenant_id = :tenant "
        f"AND s.path <= {path} ORDER BY s.path DESC LIMIT 1) > {path}"
    )


_PROBE: Final = re.compile(
    re.escape(probe("PATH", "SCOPE"))
    .replace("SCOPE", r"(?P<scope>\S+)")
    .replace(":tenant", r"\S+")
    .replace("PATH", r"(?P<path>\S+)", 1)
    .replace("PATH", r"(?P=path)")
)
_ARRAY_PROBE: Final = (
    r"(SELECT a.highs[width_bucket(\g<path>, a.lows)] FROM made_array a WHERE a.scope_id = \g<scope>) > \g<path>"
)


@lru_cache(maxsize=256)
def probing_arrays(sql: str) -> str:
    """The same statement for PostgreSQL where a scope stands in arrays, as ``made_array``: in tables that are made for
    one statement no probe finds an index to step down."""
    return _PROBE.sub(_ARRAY_PROBE, sql)


def told(row: str = "k", *, postgresql: bool) -> str:
    """A condition: a row that is found otherwise is the tenant's. SQLite looks for none by that, as
    `ringfence.storage.columns.Unindexed` has it."""
    return f"{'' if postgresql else '+'}{row}.tenant_id = :tenant"


def tied(row: str = "k", *, postgresql: bool) -> str:
    """A condition that begins with AND, or nothing: a row to which another of the tenant leads is the tenant's, too.
    It says nothing new, but to PostgreSQL on which of many servers the row is, and which of its indexes to take."""
    return f" AND {row}.tenant_id = :tenant" if postgresql else ""


def within(kind: Kind, *, postgresql: bool, record: str = "k", scope: str = ":scope", fenced: bool = True) -> str:
    """A condition: the scope covers the owner of the record ``k``. ``fenced``: PostgreSQL asks it of one record after
    another."""
    fence = " OFFSET 0" if postgresql and fenced else ""
    inside = f"{probe('c.path', scope)}{fence}"
    its = tied("c", postgresql=postgresql)
    found = (
        f"EXISTS (SELECT 1 FROM {nodes} c WHERE c.id = {record}.{kind.owner}{its} AND {inside})" for nodes in kind.nodes
    )
    return f"({' OR '.join(found)})"


def on_sites(column: str, scope: str = ":scope") -> str:
    """A condition: the column holds one of the sites within which the scope reaches beside its customers."""
    return f"{column} IN (SELECT x.site_id FROM scope_site x WHERE x.scope_id = {scope} AND x.tenant_id = :tenant)"


def member(column: str, bind: str, *, postgresql: bool) -> str:
    """A condition: the column holds the id of a customer of the set that
    `ringfence.visibility.members` made; NULL holds none."""
    if postgresql:
        held = f"CAST(:{bind} AS bytea)"
        return f"CASE WHEN {column} < 8 * octet_length({held}) THEN get_bit({held}, {column}) = 1 ELSE FALSE END"
    return f"substr(:{bind}, {column}, 1) = x'01'"


def shows(kind: Kind, record: str, *, postgresql: bool, scope: str = ":named") -> str:
    """A condition: the scope covers a record, by itself or by the site that it is or stands on."""
    if kind.is_customer:
        return f"({probe(f'{record}.path', scope)}) IS TRUE"
    inside = within(kind, postgresql=postgresql, record=record, scope=scope)
    if kind.standing is None:
        return inside
    return f"({inside} OR {on_sites(f'{record}.{kind.standing}', scope)})"


def sort_value(columns: Iterable[str]) -> str:
    """Where a row stands in an order of these columns, but for its id, as one value that compares as they do."""
    return f" || '{SEPARATOR}' || ".join(columns)


def past(columns: Sequence[str], name: str, sign: str) -> str:
    """A condition: a row stands before or after the place that ``key_binds`` binds under a name."""
    return f"({', '.join(columns)}) {sign} ({', '.join(f':{one}' for one in _bound_as(name, len(columns)))})"


def key_binds(key: tuple[Any, int], columns: int, name: str = "key") -> dict[str, Any]:
    """A place in an order of so many columns besides the id, as a statement binds it."""
    value, own = key
    parts: list[Any] = [value] if columns == 1 else str(value).split(SEPARATOR, columns - 1)
    parts += [""] * (columns - len(parts))
    return dict(zip(_bound_as(name, columns + 1), (*parts, own), strict=True))


def _bound_as(name: str, columns: int) -> list[str]:
    return [name, *(f"{name}_{number}" for number in range(1, columns - 1)), f"{name}_id"]


@lru_cache(maxsize=1024)
def statement(shape: Shape) -> TextClause:
    """The statement of a shape. It binds tenant, scope, limit and skip, and by shape low, high, members, ids, needle,
    beyond, leading, budget, named, ancestor, and what ``key_binds`` gives for key and until."""
    return text(_Writer(shape).sql())


def conditions(shape: Shape) -> str:
    """What a shape asks of a row ``k``, wherever it belongs: it begins with AND, or is empty."""
    return _Writer(shape).match


class _Writer:
    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.kind = shape.kind
        sort = shape.kind.indexed_orders[shape.sort or shape.kind.sort]
        columns = ", ".join(f"k.{column}" for column in self.kind.columns)
        self.value = sort_value(f"k.{column}" for column in sort)
        self.columns = f"{columns}, {self.value} AS sort_value"
        backwards = shape.descending != (shape.side == "before")
        direction = "DESC" if backwards else "ASC"
        places = [f"k.{column}" for column in (*sort, "id")]
        self.sort = ", ".join(places[:-1])
        # What is NULL is all alike, but PostgreSQL follows an index that begins with it only where that is said.
        said = shape.lacking and not shape.hides and shape.postgresql and self._along
        none = [f"k.{self.kind.fields[shape.lacking].column}"] if said else []
        self.order = f"ORDER BY {', '.join(f'{place} {direction}' for place in (*none, *places))}"
        self.after = f" AND {past(places, 'key', '<' if backwards else '>')}" if shape.side else ""
        if shape.bounded:
            self.after += f" AND {past(places, 'until', '>=' if backwards else '<=')}"
        self.part = ""
        if shape.match == "begin":
            # Whoever goes by paths to customers is not led by their names: SQLite would read all of those each time.
            key = "+k.search_key" if self.kind.is_customer and not (self._along or shape.postgresql) else "k.search_key"
            self.part += f" AND {key} >= :needle AND {key} < :beyond"
            if shape.leading:
                self.part += f" AND k.{shape.leading} = :leading"
        elif shape.match == "rest":
            self.part += " AND NOT (k.search_key >= :needle AND k.search_key < :beyond)"
        if shape.lacking:
            self.part += f" AND {self._lacks(self.kind.fields[shape.lacking])}"
        self.match = shape.condition + self.part

    @property
    def _along(self) -> bool:
        """Whether an index is followed in its order."""
        return self.shape.way in ("plain", "walk", "edge")

    def _lacks(self, reference: Field) -> str:
        """A condition: a reference of the record shows nothing."""
        if not self.shape.hides:
            # Of those that have none an index holds the order. Whoever comes by their customers wants none of it.
            return f"{'' if self._along else '+'}k.{reference.column} IS NULL"
        to = EDITED[reference.refers]
        seen = shows(to, "n", postgresql=self.shape.postgresql)
        its = self._tied("n")
        return f"NOT EXISTS (SELECT 1 FROM {to.table} n WHERE n.id = k.{reference.column}{its} AND {seen})"

    def sql(self) -> str:
        ways = {
            "plain": self._plain,
            "walk": self._walk,
            "gather": self._gather,
            "hits": self._hits,
            "sites": self._sites,
            "queue": self._queue,
            "edge": self._edge,
        }
        return ways[self.shape.way]()

    def _finish(self, source: str) -> str:
        """A page or a count of ``source``, which ends in its WHERE clause."""
        if self.shape.counting or self.shape.naming:
            named = "k.*" if self.shape.naming == "rows" else "k.id"
            return f"SELECT {'count(*)' if self.shape.counting else named} {source}"
        return f"SELECT {self.columns} {source} {self.order} LIMIT :limit OFFSET :skip"

    def _late(self, source: str) -> str:
        """The same, where the order alone comes out of an index: whole rows are read for none but those shown."""
        if self.shape.counting or self.shape.naming:
            return self._finish(source)
        shown = f"SELECT k.id, {self.sort} {source} {self.order} LIMIT :limit OFFSET :skip"
        return f"SELECT {self.columns} FROM ({shown}) w{self._whole('w.id')} {self.order}"

    def _tied(self, row: str = "k") -> str:
        return tied(row, postgresql=self.shape.postgresql)

    def _conditions(self, inside: str = "", asked: str | None = None) -> str:
        asked = self.shape.condition if asked is None else asked
        return f"k.tenant_id = :tenant{inside}{self.kind.condition}{self.after}{asked}{self.part}"

    def _plain(self) -> str:
        source = self._from_order("", self.shape.condition)
        return self._late(source) if self.shape.match else self._finish(source)

    def _inside(self) -> str:
        """A condition: the scope covers the record's owner, below the chosen customer if one is. It is asked first."""
        if self.shape.whole:
            return ""
        owner = "k.id" if self.kind.is_customer else f"k.{self.kind.owner}"
        return f" AND {member(owner, 'members', postgresql=self.shape.postgresql)}"

    def _bounds(self, path: str) -> str:
        return f" AND {path} >= {_LOW} AND {path} < {_HIGH}" if self.shape.under else ""

    def _walk(self) -> str:
        table, shape, asked = self.kind.table, self.shape, self.shape.condition
        beside = shape.beside or self.kind.order not in self.kind.indexed_orders[shape.sort or self.kind.sort]
        if shape.postgresql and asked and beside and not shape.counting:
            # Of rows out of sight the index alone is read.
            own = _ROW.sub("own.", asked)
            asked = f" AND EXISTS (SELECT 1 FROM {table} own WHERE own.id = k.id{self._tied('own')}{own} OFFSET 0)"
        return self._late(self._from_order(self._inside(), asked))

    def _from_order(self, inside: str, asked: str) -> str:
        """The order, or no more than a budget of it, and of that what is in sight and what a filter asks for."""
        table = self.kind.table
        if not self.shape.ahead:
            return f"FROM {table} k WHERE {self._conditions(inside, asked)}"
        next_ones = f"SELECT * FROM {table} k WHERE {self._conditions(asked='')} {self.order} LIMIT :budget"
        return f"FROM ({next_ones}) k WHERE TRUE{inside}{asked}"

    def _edge(self) -> str:
        return (
            f"SELECT {self.value} AS sort_value, k.id FROM {self.kind.table} k "
            f"WHERE k.tenant_id = :tenant{self.after}{self.match} {self.order} LIMIT 1 OFFSET :budget"
        )

    def _scoped(self) -> str:
        """The intervals of the scope, those that reach below the chosen customer if one is."""
        below = " AND s.path < :high AND s.path_hi > :low" if self.shape.under else ""
        return f"WHERE s.scope_id = :scope AND s.tenant_id = :tenant{below}"

    def _range(self, path: str) -> str:
        """A condition: the path lies in the interval ``s``, below the chosen customer if one is."""
        if not self.shape.under:
            return f"{path} >= s.path AND {path} < s.path_hi"
        if self.shape.postgresql:
            low, high = f"greatest(s.path, CAST({_LOW} AS text))", f"least(s.path_hi, CAST({_HIGH} AS text))"
        else:
            low, high = f"max(s.path, {_LOW})", f"min(s.path_hi, {_HIGH})"
        return f"{path} >= {low} AND {path} < {high}"

    def _gather(self) -> str:
        where = self._scoped()
        if self.kind.is_customer:
            conditions = (
                f"k.tenant_id = :tenant AND {self._range('k.path')}{self.kind.condition}{self.after}{self.match}"
            )
            if self.shape.postgresql:
                source = (
                    "FROM scope_interval s CROSS JOIN LATERAL "
                    f"(SELECT * FROM customer k WHERE {conditions} OFFSET 0) k {where}"
                )
            else:
                source = f"FROM scope_interval s CROSS JOIN customer k ON {conditions} {where}"
            return self._finish(source)
        table = self.kind.table
        customers = f"c.tenant_id = :tenant AND {self._range('c.path')}"
        its = f"k.{self.kind.owner} = c.id{self._tied()}"
        records = f"{its}{self.after}{self.match}"
        if self.shape.postgresql:
            # In another order than that of a customer's records an index of all would be gone along for each customer.
            listed = self.shape.sort in ("", self.kind.sort)
            asked = "" if self.shape.beside else self.shape.condition
            if asked and (self.shape.lacking or not listed):  # of rows that do not fit the index alone is read
                fitting = f"(SELECT k.id FROM {table} k WHERE {its}{asked} OFFSET 0) f"
                owned = f"{fitting}{self._whole('f.id')}"
            elif listed:
                owned = f"{table} k"
            else:
                owned = f"(SELECT * FROM {table} k WHERE {its} OFFSET 0) k"
            rest = "" if self.shape.counting or self.shape.naming else f"{self.order} LIMIT :window"
            owners = " UNION ALL ".join(f"SELECT c.id FROM {nodes} c WHERE {customers}" for nodes in self.kind.nodes)
            return self._late(
                f"FROM scope_interval s CROSS JOIN LATERAL ({owners} OFFSET 0) c "
                f"CROSS JOIN LATERAL (SELECT k.id, {self.sort} FROM {owned} WHERE {records} {rest}) k {where}"
            )
        sources = [
            f"FROM scope_interval s CROSS JOIN {nodes} c ON {customers} CROSS JOIN {table} k ON {records} {where}"
            for nodes in self.kind.nodes
        ]
        if len(sources) == 1:
            return self._late(sources[0])
        return self._late(f"FROM ({' UNION ALL '.join(f'SELECT k.id, {self.sort} {one}' for one in sources)}) k")

    def _hits(self) -> str:
        table, conditions = self.kind.table, self._conditions(self._inside())
        if self.shape.postgresql:
            # Whatever else is asked of them is asked after that: no other index is gone through for it.
            hits = f"SELECT * FROM {table} k WHERE k.id = ANY(CAST(:ids AS int[])){self._tied()} OFFSET 0"
            return self._late(f"FROM ({hits}) k WHERE {conditions}")
        return self._late(f"FROM json_each(:ids) f CROSS JOIN {table} k ON k.id = f.value WHERE {conditions}")

    def _sites(self) -> str:
        bounds = ""
        if self.shape.under:
            its = f"c.id = x.customer_id{self._tied('c')}"
            bounds = f" AND EXISTS (SELECT 1 FROM customer c WHERE {its}{self._bounds('c.path')})"
        return self._finish(
            f"FROM scope_site x CROSS JOIN {self.kind.table} k WHERE k.{self.kind.standing} = x.site_id "
            f"AND x.scope_id = :scope AND x.tenant_id = :tenant AND {self._conditions()}{bounds}"
        )

    def _queue(self) -> str:
        """Alarms that are open. Where the queue says all that is asked, no whole rows are read but those shown."""
        shape, queued = self.shape, self.shape.queued
        asked, order = self.after, self.order
        if shape.sort in ("", self.kind.sort):
            asked, order = (one.replace("k.id", "a.alarm_id").replace("k.", "a.") for one in (asked, order))
        told = queued.told and not (self.part or shape.naming == "rows" or "k." in asked + order)
        if queued.ranks is not None:
            asked += f" AND a.rank IN ({', '.join(map(str, queued.ranks)) or 'NULL'})"
        if queued.of == "alone":
            asked += " AND a.customer_id = :ancestor"
        elif queued.of == "members":
            asked += f" AND {member('a.customer_id', 'members', postgresql=shape.postgresql)}"
        source = "alarm_above a"
        if not told:
            source += self._whole("a.alarm_id")
            asked += f" AND k.tenant_id = :tenant{shape.condition}{self.part}"
        source = f"FROM {source} WHERE a.tenant_id = :tenant AND a.ancestor_id = :ancestor{asked}"
        if shape.counting:
            return f"SELECT count(*) {source}"
        if shape.naming:
            return f"SELECT {'k.*' if shape.naming == 'rows' else 'a.alarm_id AS id'} {source}"
        shown = f"SELECT a.alarm_id AS id {source} {order} LIMIT :limit OFFSET :skip"
        return f"SELECT {self.columns} FROM ({shown}) w{self._whole('w.id')} {self.order}"

    def _whole(self, own: str) -> str:
        """The rows of these ids."""
        if self.shape.postgresql:
            its = f"k.id = {own}{self._tied()}"
            return f" CROSS JOIN LATERAL (SELECT * FROM {self.kind.table} k WHERE {its} OFFSET 0) k"
        return f" CROSS JOIN {self.kind.table} k ON k.id = {own}"
