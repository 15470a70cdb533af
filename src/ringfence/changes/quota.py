"""Limits of customers: how many users and devices there are at one and below it, and how many customers below it.

They hold after every transaction. Whoever writes asks here at its end, over as few customers as it may have filled.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, TextClause, text

from ringfence.domain.customer import CUSTOMERS, LIMITS
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import Refused
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED
from ringfence.storage.bulk import listed
from ringfence.visibility.intervals import contains, nested
from ringfence.visibility.reach import Reach

COUNTED: Final = {spec.counts: name for name, spec in CUSTOMERS.numbers.items()}
"""The kinds that are counted, each with the limit of a customer that says how many there may be."""
COUNTED_BY: Final = {name: EDITED[kind] for kind, name in COUNTED.items()}
"""The limits of a customer, each with the kind that it counts."""


@dataclass(frozen=True, slots=True)
class Overfull:
    """A customer with more of something than its limit allows. ``field`` names the limit, such as ``max_users``;
    ``key`` is None at a tenant's root."""

    customer_id: int
    tenant_id: int
    key: str | None
    name: str
    path: str
    field: str
    limit: int
    count: int


def overfull(
    connection: Connection,
    tenants: Collection[int],
    customers: Iterable[int] | None = None,
    *,
    every: bool = False,
) -> list[Overfull]:
    """The limits that are exceeded, by path and field: of all customers of these tenants, or of those of them among
    these ids; with ``every``, those that are not exceeded too."""
    binds: dict[str, Any] = {}
    if customers is not None:
        ids = sorted(set(customers))
        if not ids:
            return []
        binds["ids"] = listed(connection, ids)
    query = _statement(connection.dialect.name, *binds)
    rows = [row for one in tenants for row in connection.execute(query, {**binds, "tenant": one})]
    found = []
    for row in rows:
        of_customer = row.id, row.tenant_id, row.key, row.name, row.path
        for field in LIMITS:
            limit, count = getattr(row, field), getattr(row, f"of_{field}")
            if limit is not None and (every or count > limit):
                found.append(Overfull(*of_customer, field, limit, int(count)))
    return sorted(found, key=lambda one: (one.path, one.field))


def demand_room(connection: Connection, tenant_id: int, paths: Iterable[str], seen: Callable[[str, str], bool]) -> None:
    """Raises Refused where a customer on the way from the root down to one of these paths is overfull. Neither name nor
    number is said unless what is counted is all ``seen``: by the permission to list it, at that path and below."""
    steps = {step for path in set(paths) for step in path.strip("/").split("/")}
    found = overfull(connection, [tenant_id], (int(step, 36) for step in steps))
    if not found:
        return
    for one in found:
        if seen(COUNTED_BY[one.field].permission, one.path):
            most, below = counted(one.field, one.limit)
            raise Refused(f"“{one.name}” may have at most {most}{below}: this would make {one.count:,}")
    raise Refused(f"there is no room for more {COUNTED_BY[found[0].field].plural} here: a limit above allows no more")


def full(one: Overfull, seen: Callable[[str, str], bool]) -> str:
    """That a limit leaves no room for what would come, as far as ``demand_room`` would say it."""
    if seen(COUNTED_BY[one.field].permission, one.path):
        most, below = counted(one.field, one.limit)
        return f"there is no room for it: “{one.name}” may have at most {most}{below}"
    return f"there is no room for more {COUNTED_BY[one.field].plural} here: a limit above allows no more"


def filling(connection: Connection, tenant_id: int, customers: Iterable[int]) -> dict[int, dict[str, int]]:
    """What each of these customers of a tenant, with all in it, takes of each limit of one that it comes into."""
    ids = sorted(set(customers))
    if not ids:
        return {}
    postgresql = connection.dialect.name == "postgresql"
    counts = ", ".join(f"({count}) AS of_{field}" for field, count in _counts(postgresql).items())
    these = f"{_among('c.id', 'ids', postgresql)} AND {_mine(postgresql)}"
    query = text(f"SELECT c.id, {counts} FROM customer c WHERE {these}")
    rows = connection.execute(query, {"ids": listed(connection, ids), "tenant": tenant_id}).all()
    own = {COUNTED[CUSTOMERS.noun]: 1}
    return {row.id: {one: int(getattr(row, f"of_{one}")) + own.get(one, 0) for one in LIMITS} for row in rows}


def seen_by(own: Reach) -> Callable[[str, str], bool]:
    """Whether somebody may be told a limit of the customer at a path: they list it, and by a permission all that is
    counted, so that the number tells of nothing hidden."""
    nodes = own.region(CUSTOMERS.permission).nodes()
    return lambda permission, path: contains(nodes, path) and own.covers(permission, [nested(path)])


def counted(field: str, number: int) -> tuple[str, str]:
    """A number of what a limit limits, as ``43 devices``, and the words that follow to say where they are counted."""
    of = COUNTED_BY[field]
    noun = of.said if number == 1 else of.plural
    if of.is_customer:
        return f"{number:,} nested {noun}", ""
    return f"{number:,} {noun}", ", with those nested in it"


_BELOW: Final = "h.tenant_id = :tenant AND h.path >= c.path AND h.path < c.path || '~'"


def _counts(postgresql: bool) -> dict[str, str]:
    return {field: _count(kind, postgresql) for field, kind in COUNTED_BY.items()}


def _count(kind: Kind, postgresql: bool) -> str:
    """The statement that counts the records of a kind at a customer and below it."""
    if kind.is_customer:
        return f"SELECT count(*) - 1 FROM customer h WHERE {_BELOW}"
    if kind is DEVICES:
        return f"SELECT COALESCE(sum(h.device_count), 0) FROM customer h WHERE {_BELOW}"
    # The subtree leads on both engines, whatever they take its size for.
    theirs, each = f"{kind.table} u", f"u.{kind.owner} = h.id"
    if postgresql:
        own = f"SELECT 1 FROM {theirs} WHERE {each} AND u.tenant_id = :tenant"
        theirs, each = f"LATERAL ({own} OFFSET 0) u", "TRUE"
    return f"SELECT count(*) FROM customer h CROSS JOIN {theirs} WHERE {_BELOW} AND {each}"


def _mine(postgresql: bool) -> str:
    """A condition: a customer ``c`` that is found by its id is the tenant's. SQLite looks for none by that."""
    return f"{'' if postgresql else '+'}c.tenant_id = :tenant"


def _among(column: str, bind: str, postgresql: bool) -> str:
    held = f"= ANY(CAST(:{bind} AS int[]))" if postgresql else f"IN (SELECT value FROM json_each(:{bind}))"
    return f"{column} {held}"


@lru_cache(maxsize=8)
def _statement(dialect: str, *binds: str) -> TextClause:
    postgresql = dialect == "postgresql"
    counts = _counts(postgresql)
    limits = ", ".join(
        f"c.{field}, CASE WHEN c.{field} IS NOT NULL THEN ({counts[field]}) END AS of_{field}" for field in LIMITS
    )
    limited = " OR ".join(f"c.{field} IS NOT NULL" for field in LIMITS)
    these = "c.tenant_id = :tenant"  # of every tenant in turn, where many are asked for: each has its own part read
    if "ids" in binds:
        these = f"{_mine(postgresql)} AND {_among('c.id', 'ids', postgresql)}"
    where = f"WHERE ({limited}) AND {these}"
    return text(f"SELECT c.id, c.tenant_id, c.key, c.name, c.path, {limits} FROM customer c {where}")
