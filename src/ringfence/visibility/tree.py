"""The customer tree as one viewer sees it: a forest, whose roots are the visible customers with a hidden parent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, Final

from sqlalchemy import Row, TextClause, text

from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.filter import parse
from ringfence.visibility.matching import asked, hopeless
from ringfence.visibility.scopes import Scope
from ringfence.visibility.sizes import size_under
from ringfence.visibility.sql import probe, tied, told
from ringfence.visibility.viewer import Sight

_LIST: Final = "customer.list"
_ORDER: Final = " ORDER BY k.search_key, k.id"
_PATHS_SQLITE: Final = "k.id IN (SELECT value FROM json_each(:ids))"
_PATHS_POSTGRESQL: Final = "k.id = ANY(CAST(:ids AS int[]))"


def roots(sight: Sight) -> Sequence[Row[Any]]:
    """The visible customers (the tenant's root among them) whose parent is hidden or none, by name."""
    return sight.connection.execute(_roots(sight.postgresql), _seen(sight)).all()


def children(sight: Sight, parent_id: int) -> Sequence[Row[Any]]:
    """The visible children of a visible customer, by name; none for one that is hidden."""
    if not visible(sight, [parent_id]):
        return []
    query = _statement(f"{_node(sight.postgresql)}{_below(sight.postgresql)}{_ORDER}")
    return sight.connection.execute(query, {**_seen(sight), "parent": parent_id}).all()


def visible(sight: Sight, ids: Sequence[int]) -> Sequence[Row[Any]]:
    """Those of the customers with these ids that are visible, in no order."""
    if not ids:
        return []
    condition = _PATHS_POSTGRESQL if sight.postgresql else _PATHS_SQLITE
    mine = told(postgresql=sight.postgresql)
    node = _node(sight.postgresql)
    query = _statement(f"{node}FROM customer k WHERE {condition} AND {mine} AND {probe('k.path')}")
    wanted: Any = list(ids) if sight.postgresql else str(list(ids))
    return sight.connection.execute(query, {**_seen(sight), "ids": wanted}).all()


def child_count(sight: Sight, parent_id: int) -> int:
    """How many visible children a visible customer has."""
    query = _statement(f"SELECT count(*) {_below(sight.postgresql)}")
    return int(sight.connection.execute(query, {**_seen(sight), "parent": parent_id}).scalar_one())


def devices_below(sight: Sight, path: str) -> int:
    """How many devices the viewer may list at a customer and below it."""
    scope: Scope = sight.scope("device.list")
    total = size_under(sight, scope.records, path)[1]
    if scope.has_sites:
        binds = {"scope": scope.records.id, "tenant": sight.tenant_id, "low": path, "high": path + "~"}
        total += sight.connection.execute(_site_devices(sight.postgresql), binds).scalar_one()
    return total


def chain(sight: Sight, customer_id: int) -> list[Row[Any]]:
    """A visible customer's visible ancestors without a gap, topmost first, and itself; empty when it is hidden."""
    own = visible(sight, [customer_id])
    if not own:
        return []
    by_id = {row.id: row for row in visible(sight, _ids(own[0].path))}
    steps = [by_id[customer_id]]
    while steps[-1].parent_id in by_id:
        steps.append(by_id[steps[-1].parent_id])
    return steps[::-1]


def matching(sight: Sight, search: str, limit: int) -> tuple[list[Row[Any]], set[int]]:
    """The visible customers that the filter finds, at most ``limit``, with their visible ancestors.

    Returns the rows by name, and the ids of those that match by themselves. Raises WrongFilter.
    """
    terms = parse(CUSTOMERS, search)
    if hopeless(terms):
        return [], set()
    found = asked(sight, CUSTOMERS, terms, sight.scope(_LIST).nodes, looked=False)
    where = f"k.tenant_id = :tenant{found.condition} AND {probe('k.path')}"
    query = _statement(f"{_node(sight.postgresql)}FROM customer k WHERE {where}{_ORDER} LIMIT :limit")
    hits = sight.connection.execute(query, {**found.binds, **_seen(sight), "limit": limit}).all()
    above = {ancestor for row in hits for ancestor in _ids(row.path)}
    by_id = {row.id: row for row in visible(sight, sorted(above))}
    shown: dict[int, Row[Any]] = {}
    for row in hits:
        step: Row[Any] | None = row
        while step is not None and step.id not in shown:
            shown[step.id] = step
            step = by_id.get(step.parent_id)
    rows = sorted(shown.values(), key=lambda row: (row.search_key, row.id))
    return rows, {row.id for row in hits}


@cache
def _node(postgresql: bool) -> str:
    """What is read of each customer ``k``."""
    below = f"x.parent_id = k.id{tied('x', postgresql=postgresql)} AND {probe('x.path')}"
    return (
        "SELECT k.id, k.key, k.name, k.parent_id, k.path, k.search_key, "
        f"EXISTS (SELECT 1 FROM customer x WHERE {below}) AS has_children "
    )


@cache
def _roots(postgresql: bool) -> TextClause:
    above = f"LEFT JOIN customer p ON p.id = k.parent_id{tied('p', postgresql=postgresql)}"
    return text(
        f"{_node(postgresql)}FROM scope_interval r CROSS JOIN customer k {above} "
        "WHERE r.scope_id = :scope AND r.tenant_id = :tenant AND k.tenant_id = :tenant AND k.path = r.path "
        f"AND (p.id IS NULL OR ({probe('p.path')}) IS NOT TRUE){_ORDER}"
    )


def _below(postgresql: bool) -> str:
    """The children of a customer that are in sight."""
    return f"FROM customer k WHERE k.parent_id = :parent AND {told(postgresql=postgresql)} AND {probe('k.path')}"


@cache
def _site_devices(postgresql: bool) -> TextClause:
    owner = f"JOIN customer c ON c.id = x.customer_id{tied('c', postgresql=postgresql)}"
    return text(
        f"SELECT count(*) FROM scope_site x CROSS JOIN device k {owner} "
        f"WHERE k.site_id = x.site_id{tied(postgresql=postgresql)} AND x.scope_id = :scope AND x.tenant_id = :tenant "
        "AND c.path >= :low AND c.path < :high"
    )


@lru_cache(maxsize=64)
def _statement(sql: str) -> TextClause:
    return text(sql)


def _seen(sight: Sight) -> dict[str, Any]:
    """What the statements bind of who looks."""
    return {"scope": sight.scope(_LIST).nodes.id, "tenant": sight.tenant_id}


def _ids(path: str) -> list[int]:
    return [int(part, 36) for part in path.strip("/").split("/")]
