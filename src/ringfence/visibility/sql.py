"""The statements of a scoped page, each built once and bound at every call.

They are text, since their shape decides what they cost: which table leads, which index carries the order, and which
part the planner may not pull apart (measured on both engines at a million devices). Nothing that a person typed is
ever part of one; names of tables and columns come from the kinds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from sqlalchemy import TextClause, text

from ringfence.domain.kind import Kind

Way = Literal["plain", "walk", "gather", "hits", "sites"]
"""plain: the whole tenant. walk: along the order, probing the scope for each row. gather: from the scope to its
customers to their records. hits: from the search index. sites: from the sites of site-level grants."""

Match = Literal["", "scan", "index"]
Side = Literal["", "after", "before"]

_LOW: Final = ":low"
_HIGH: Final = ":high"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a statement is like; equal shapes share one statement."""

    kind: Kind
    way: Way
    sort: str = "name"
    descending: bool = False
    side: Side = ""
    match: Match = ""
    under: bool = False
    counting: bool = False
    postgresql: bool = False


def probe(path: str, scope: str = ":scope") -> str:
    """A condition: the scope covers the path. One step down the scope's index, whatever its size; NULL for no."""
    return (
        f"(SELECT s.path_hi FROM scope_interval s WHERE s.scope_id = {scope} AND s.path <= {path} "
        f"ORDER BY s.path DESC LIMIT 1) > {path}"
    )


_PROBE: Final = re.compile(
    re.escape(probe("PATH", "SCOPE"))
    .replace("SCOPE", r"(?P<scope>\S+)")
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


def within(kind: Kind, bounds: str = "", *, postgresql: bool) -> str:
    """A condition: the scope covers the owner of the record ``k``."""
    fence = " OFFSET 0" if postgresql else ""
    found = (
        f"EXISTS (SELECT 1 FROM {nodes} c WHERE c.id = k.{kind.owner} AND {probe('c.path')}{bounds}{fence})"
        for nodes in kind.nodes
    )
    return f"({' OR '.join(found)})"


@lru_cache(maxsize=1024)
def statement(shape: Shape) -> TextClause:
    """The statement of a shape. It binds tenant, scope, limit and skip, and by shape key, id, low, high, needle,
    phrase, budget."""
    return text(_Writer(shape).sql())


class _Writer:
    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.kind = shape.kind
        self.sort = shape.kind.sorts[shape.sort]
        columns = ", ".join(f"k.{column}" for column in self.kind.columns)
        self.columns = f"{columns}, k.{self.sort} AS sort_value"
        backwards = shape.descending != (shape.side == "before")
        self.direction = "DESC" if backwards else "ASC"
        self.order = f"ORDER BY k.{self.sort} {self.direction}, k.id {self.direction}"
        sign = "<" if backwards else ">"
        self.after = f" AND (k.{self.sort}, k.id) {sign} (:key, :id)" if shape.side else ""
        self.match = ""
        if shape.match == "scan" or (shape.match and shape.postgresql):
            like = "k.search_key LIKE :needle" if shape.postgresql else "instr(k.search_key, :needle) > 0"
            self.match = f" AND {like}"

    def sql(self) -> str:
        ways = {
            "plain": self._plain,
            "walk": self._walk,
            "gather": self._gather,
            "hits": self._hits,
            "sites": self._sites,
        }
        return ways[self.shape.way]()

    def _finish(self, source: str) -> str:
        """A page or a count of ``source``, which ends in its WHERE clause."""
        if self.shape.counting:
            return f"SELECT count(*) {source}"
        return f"SELECT {self.columns} {source} {self.order} LIMIT :limit OFFSET :skip"

    def _conditions(self) -> str:
        return f"k.tenant_id = :tenant{self.kind.condition}{self.after}{self.match}"

    def _plain(self) -> str:
        return self._finish(f"FROM {self.kind.table} k WHERE {self._conditions()}")

    def _inside(self) -> str:
        """A condition: the scope covers the record's owner, below the chosen customer if one is."""
        if self.kind.is_customer:
            return probe("k.path") + self._bounds("k.path")
        return within(self.kind, self._bounds("c.path"), postgresql=self.shape.postgresql)

    def _bounds(self, path: str) -> str:
        return f" AND {path} >= {_LOW} AND {path} < {_HIGH}" if self.shape.under else ""

    def _walk(self) -> str:
        if self.shape.counting:
            return self._finish(f"FROM {self.kind.table} k WHERE {self._conditions()} AND {self._inside()}")
        columns = ", ".join(sorted({*self.kind.columns, self.sort}))
        return (
            f"SELECT {self.columns} FROM (SELECT {columns} FROM {self.kind.table} k WHERE {self._conditions()} "
            f"{self.order} LIMIT :budget) k WHERE {self._inside()} {self.order} LIMIT :limit OFFSET :skip"
        )

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
        where = f"WHERE s.scope_id = :scope{' AND s.path < :high AND s.path_hi > :low' if self.shape.under else ''}"
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
        customers = f"c.tenant_id = :tenant AND {self._range('c.path')}"
        records = f"k.{self.kind.owner} = c.id{self.after}{self.match}"
        if self.shape.postgresql:
            table, sort = self.kind.table, self.sort
            rest = "" if self.shape.counting else f"{self.order} LIMIT :window"
            owners = " UNION ALL ".join(f"SELECT c.id FROM {nodes} c WHERE {customers}" for nodes in self.kind.nodes)
            source = (
                f"FROM scope_interval s CROSS JOIN LATERAL ({owners} OFFSET 0) c "
                f"CROSS JOIN LATERAL (SELECT k.id, k.{sort} FROM {table} k WHERE {records} {rest}) k {where}"
            )
            if not self.shape.counting:
                # The order alone comes out of the index; whole rows are fetched for none but those that are shown.
                shown = f"SELECT k.id, k.{sort} {source} {self.order} LIMIT :limit OFFSET :skip"
                return (
                    f"SELECT {self.columns} FROM ({shown}) w "
                    f"CROSS JOIN LATERAL (SELECT * FROM {table} k WHERE k.id = w.id OFFSET 0) k {self.order}"
                )
        else:
            sources = [
                f"FROM scope_interval s CROSS JOIN {nodes} c ON {customers} "
                f"CROSS JOIN {self.kind.table} k ON {records} {where}"
                for nodes in self.kind.nodes
            ]
            source = sources[0]
            if len(sources) > 1:
                wanted = {"id"} if self.shape.counting else {*self.kind.columns, self.sort}
                columns = ", ".join(f"k.{column}" for column in sorted(wanted))
                source = f"FROM ({' UNION ALL '.join(f'SELECT {columns} {one}' for one in sources)}) k"
        return self._finish(source)

    def _hits(self) -> str:
        if self.shape.postgresql:
            source = (
                f"FROM (SELECT * FROM {self.kind.table} k WHERE {self._conditions()} OFFSET 0) k WHERE {self._inside()}"
            )
        else:
            source = (
                f"FROM {self.kind.table}_search f CROSS JOIN {self.kind.table} k ON k.id = f.rowid "
                f"WHERE f.search_key MATCH :phrase AND {self._conditions()} AND {self._inside()}"
            )
        return self._finish(source)

    def _sites(self) -> str:
        bounds = ""
        if self.shape.under:
            bounds = f" AND EXISTS (SELECT 1 FROM customer c WHERE c.id = x.customer_id{self._bounds('c.path')})"
        return self._finish(
            f"FROM scope_site x CROSS JOIN {self.kind.table} k WHERE k.{self.kind.standing} = x.site_id "
            f"AND x.scope_id = :scope AND {self._conditions()}{bounds}"
        )
