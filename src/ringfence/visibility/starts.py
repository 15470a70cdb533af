"""Where the rows in sight begin in an order: names often follow the tree, and then whoever sees a part of that finds
nothing of theirs for a long time.

It is looked for where the beginning of an order has too few rows, and kept for a version of the tenant.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Row, TextClause, text

from ringfence.domain.kind import Kind
from ringfence.domain.text import SEPARATOR
from ringfence.visibility import plans
from ringfence.visibility.scopes import Extent
from ringfence.visibility.sql import tied
from ringfence.visibility.viewer import Sight

if TYPE_CHECKING:
    from ringfence.visibility.page import Query, SortKey

_LAST: Final = 2**31 - 1
"""No id is greater."""


def worthwhile(sight: Sight, query: Query) -> bool:
    """Whether the order may begin far from what is in sight: of very many records, by their names."""
    kind, scope = query.kind, sight.scope(query.kind.permission)
    extent = scope.records
    return (
        kind.indexed
        and not kind.is_customer
        and not (extent.whole or scope.has_sites or query.under or not extent.intervals)
        and kind.indexed_orders[query.sort][-1] == kind.order
        and not plans.tiny(extent.customers, extent.devices)
    )


def known(sight: Sight, query: Query) -> SortKey | None:
    """A place in the query's order before which nothing is in sight, if that was found since anything changed."""
    kept: SortKey | None = sight.memo.get(_key(sight, query))  # type: ignore[assignment]
    return kept


def found(sight: Sight, query: Query, first: Callable[[], Row[Any] | None]) -> SortKey | None:
    """The same, looked for; None where nothing at all is in sight. ``first`` finds the first row by going along the
    order, which is done where it costs less."""
    kind, extent = query.kind, sight.scope(query.kind.permission).records
    costs = plans.costs(sight)
    along = plans.total(sight, kind) * (costs.entry + costs.member)
    by_owners = extent.customers * costs.first < along
    place = _of_owners(sight, query, extent) if by_owners else _just_before(first(), query)
    if place is not None:
        sight.memo[_key(sight, query)] = place
    return place


def _key(sight: Sight, query: Query) -> object:
    extent = sight.scope(query.kind.permission).records
    return "start", extent.id, query.kind.noun, query.sort, query.descending


def _just_before(row: Row[Any] | None, query: Query) -> SortKey | None:
    return None if row is None else (row.sort_value, row.id + (1 if query.descending else -1))


def _of_owners(sight: Sight, query: Query, extent: Extent) -> SortKey | None:
    """By the first record of each customer, and the first of what stands before its name in the order."""
    first = "max" if query.descending else "min"
    binds = {"tenant": sight.tenant_id, "scope": extent.id}
    name = sight.connection.execute(_first_of_owners(query.kind, first, sight.postgresql), binds).scalar()
    if name is None:
        return None
    before = [
        str(sight.connection.execute(_first(query.kind, first, column), binds).scalar_one())
        for column in query.kind.indexed_orders[query.sort][:-1]
    ]
    return SEPARATOR.join([*before, name]), _LAST if query.descending else 0


@lru_cache(maxsize=16)
def _first_of_owners(kind: Kind, first: str, postgresql: bool) -> TextClause:
    inside = "c.tenant_id = :tenant AND c.path >= s.path AND c.path < s.path_hi"
    its = f"k.{kind.owner} = c.id{tied(postgresql=postgresql)}"
    own = f"(SELECT {first}(k.{kind.order}) FROM {kind.table} k WHERE {its})"
    owners = f"customer c ON {inside}"
    if postgresql:
        owners = f"LATERAL (SELECT c.id FROM customer c WHERE {inside} OFFSET 0) c"
    return text(
        f"SELECT {first}(own) FROM (SELECT {own} AS own FROM scope_interval s CROSS JOIN {owners} "
        "WHERE s.scope_id = :scope AND s.tenant_id = :tenant) owned"
    )


@lru_cache(maxsize=16)
def _first(kind: Kind, first: str, column: str) -> TextClause:
    return text(f"SELECT {first}(k.{column}) FROM {kind.table} k WHERE k.tenant_id = :tenant")
