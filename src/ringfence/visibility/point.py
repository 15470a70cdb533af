"""One record: may this user do that to it? Hidden and missing get the same answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Row, TextClause, text

from ringfence.visibility.kinds import Kind
from ringfence.visibility.scopes import Scope
from ringfence.visibility.sql import probe
from ringfence.visibility.viewer import Sight


def can(sight: Sight, permission: str, kind: Kind, key: str) -> bool:
    """Whether the permission reaches the record of that key, in the viewer's own tenant."""
    return find(sight, permission, kind, "key", key) is not None


def find(sight: Sight, permission: str, kind: Kind, column: str, value: str | int) -> int | None:
    """The id of the record with that key or id when the permission reaches it; None when hidden or missing.

    ``column`` is ``key`` or ``id``.
    """
    scope: Scope = sight.scope(permission)
    if isinstance(value, str) and "\x00" in value:
        return None  # no key holds one, and PostgreSQL would refuse it
    binds = {
        "value": value,
        "tenant": sight.tenant_id,
        "scope": scope.nodes.id if kind.is_customer else scope.records.id,
    }
    if column == "key" and isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return None
    found = sight.connection.execute(_statement(kind, column, scope.has_sites), binds).scalar()
    return None if found is None else int(found)


def among(sight: Sight, permission: str, kind: Kind, ids: Sequence[int]) -> Sequence[Row[Any]]:
    """Id, key and name of those of the records with these ids that the permission reaches, in no order.

    Among customers, the tenant's root counts too.
    """
    scope: Scope = sight.scope(permission)
    if not ids or scope.empty:
        return []
    binds = {
        "ids": list(ids) if sight.postgresql else str(list(ids)),
        "tenant": sight.tenant_id,
        "scope": scope.nodes.id if kind.is_customer else scope.records.id,
    }
    return sight.connection.execute(_among(kind, scope.has_sites, sight.postgresql), binds).all()


@lru_cache(maxsize=64)
def _among(kind: Kind, has_sites: bool, postgresql: bool) -> TextClause:
    listed = "= ANY(CAST(:ids AS int[]))" if postgresql else "IN (SELECT value FROM json_each(:ids))"
    return text(
        f"SELECT k.id, k.key, k.name FROM {kind.table} k JOIN customer c ON c.id = k.{kind.owner} "
        f"WHERE k.id {listed} AND +k.tenant_id = :tenant AND {_inside(kind, has_sites)}"
    )


def _inside(kind: Kind, has_sites: bool) -> str:
    inside = probe("c.path")
    if has_sites and kind.site and not kind.is_customer:
        return f"({inside} OR k.{kind.site} IN (SELECT x.site_id FROM scope_site x WHERE x.scope_id = :scope))"
    return inside


@lru_cache(maxsize=64)
def _statement(kind: Kind, column: str, has_sites: bool) -> TextClause:
    return text(
        f"SELECT k.id FROM {kind.table} k JOIN customer c ON c.id = k.{kind.owner} "
        f"WHERE k.{column} = :value AND k.tenant_id = :tenant{kind.condition} AND {_inside(kind, has_sites)}"
    )


def find_row(sight: Sight, customer_id: int) -> Row[Any]:
    """A customer's own fields; for one that a sight of this transaction has shown."""
    return sight.connection.execute(_CUSTOMER, {"id": customer_id, "tenant": sight.tenant_id}).one()


_CUSTOMER: Final = text(
    "SELECT id, key, name, email, phone, address, parent_id FROM customer WHERE id = :id AND tenant_id = :tenant"
)
