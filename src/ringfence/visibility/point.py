"""One record: may this user do that to it? Hidden and missing get the same answer."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Row, TextClause, text

from ringfence.domain.device import DEVICES
from ringfence.domain.kind import Kind
from ringfence.domain.user import USERS
from ringfence.storage import logins
from ringfence.visibility.scopes import Scope
from ringfence.visibility.sql import on_sites, probe, tied, told, within
from ringfence.visibility.viewer import Sight

_REMEMBERED: Final = 100


def can(sight: Sight, permission: str, kind: Kind, key: str) -> bool:
    """Whether the permission reaches the record of that key, in the viewer's own tenant."""
    return find(sight, permission, kind, "key", key) is not None


def find(sight: Sight, permission: str, kind: Kind, column: str, value: str | int) -> int | None:
    """The id of the record with that key or id when the permission reaches it; None when hidden or missing.

    ``column`` is ``key`` or ``id``.
    """
    found = look_up(sight, permission, kind, column, value)
    return None if found is None else int(found.id)


def can_be_key(text: str) -> bool:
    """Whether a key or login can be like that at all: none holds NUL, which PostgreSQL refuses, and all are UTF-8."""
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def look_up(
    sight: Sight, permission: str, kind: Kind, column: str, value: str | int, columns: tuple[str, ...] = ("k.id",)
) -> Row[Any] | None:
    """The same record by other columns of it, ``k``, and of the customer ``c`` to whom it belongs (a customer is it
    itself)."""
    scope: Scope = sight.scope(permission)
    if isinstance(value, str) and not can_be_key(value):
        return None
    extent = scope.nodes if kind.is_customer else scope.records
    binds = {"value": value, "tenant": sight.tenant_id, "scope": extent.id}
    statement = _statement(kind, column, scope.has_sites, columns, extent.whole, sight.postgresql)
    return sight.connection.execute(statement, binds).first()


def find_by_all(sight: Sight, permissions: Iterable[str], kind: Kind, column: str, value: str | int) -> int | None:
    """The same where each of the permissions reaches it: of a record that may not be listed, no other right tells."""
    found = {find(sight, one, kind, column, value) for one in permissions}
    return found.pop() if len(found) == 1 else None


def find_user(sight: Sight, permissions: Iterable[str], login: str) -> int | None:
    """The user of the viewer's tenant whom a login means, where each of the permissions reaches them."""
    named = logins.find(sight.connection, login, sight.tenant_id)
    return find_by_all(sight, permissions, USERS, "id", 0 if named is None else named.id)


def among(
    sight: Sight, permission: str, kind: Kind, ids: Sequence[int], columns: Sequence[str] = ("id", "key", "name")
) -> Sequence[Row[Any]]:
    """These columns of those of the records with these ids that the permission reaches, in no order.

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
    whole = scope.nodes.whole if kind.is_customer else scope.records.whole
    statement = _among(kind, tuple(columns), whole, scope.has_sites, sight.postgresql)
    # A sight sees one moment: what was asked in it once is not asked again.
    asked = (statement, binds["scope"], tuple(ids)) if len(ids) <= _REMEMBERED else None
    if asked is None or asked not in sight.answers:
        found = sight.connection.execute(statement, binds).all()
        if asked is None:
            return found
        sight.answers[asked] = found
    return sight.answers[asked]


@lru_cache(maxsize=64)
def _among(kind: Kind, columns: tuple[str, ...], whole: bool, has_sites: bool, postgresql: bool) -> TextClause:
    listed = "= ANY(CAST(:ids AS int[]))" if postgresql else "IN (SELECT value FROM json_each(:ids))"
    inside = "" if whole else f" AND {_inside(kind, has_sites, postgresql)}"
    return text(
        f"SELECT {', '.join(f'k.{column}' for column in columns)} FROM {kind.table} k "
        f"{'' if whole or kind.lasting else _owner(kind, postgresql)}"
        f"WHERE k.id {listed} AND {told(postgresql=postgresql)}{inside}"
    )


def called(sight: Sight, permission: str, names: Collection[str], also: str) -> Sequence[Row[Any]]:
    """The devices that go by one of these names, their key or their unit id, as far as the permission reaches them, in
    no order: id, the name, the customer, and whether the permission ``also`` reaches it (``held``).

    The names are looked for first, whoever asks: one that is hidden costs what one that is missing does.
    """
    scope, other = sight.scope(permission), sight.scope(also)
    if not names or scope.empty:
        return []
    binds = {
        "names": list(names) if sight.postgresql else json.dumps(list(names)),
        "tenant": sight.tenant_id,
        "scope": scope.records.id,
        "other": other.records.id,
    }
    held = "same" if scope == other else "sites" if other.has_sites else "nodes"
    statement = _called(scope.records.whole, scope.has_sites, held, sight.postgresql)
    return sight.connection.execute(statement, binds).all()


@lru_cache(maxsize=16)
def _called(whole: bool, has_sites: bool, held: str, postgresql: bool) -> TextClause:
    listed = "= ANY(CAST(:names AS text[]))" if postgresql else "IN (SELECT value FROM json_each(:names))"
    # On SQLite a CROSS JOIN is never turned round: the names lead, whatever is known of how many devices there are.
    join = "JOIN" if postgresql else "CROSS JOIN"
    other = "TRUE" if held == "same" else f"COALESCE({_inside(DEVICES, held == 'sites', postgresql, ':other')}, FALSE)"
    owner = "" if whole and held == "same" else f" {_owner(DEVICES, postgresql, join)}"
    inside = "" if whole else f" AND {_inside(DEVICES, has_sites, postgresql)}"

    def by(column: str) -> str:
        return (
            f"SELECT k.id, k.{column} AS name, k.customer_id, {other} AS held FROM device k{owner} "
            f"WHERE k.tenant_id = :tenant AND k.{column} {listed}{inside}"
        )

    return text(f"{by('key')} UNION ALL {by('unit_id')}")


def _owner(kind: Kind, postgresql: bool, join: str = "JOIN") -> str:
    return f"{join} customer c ON c.id = k.{kind.owner}{tied('c', postgresql=postgresql)} "


def _inside(kind: Kind, has_sites: bool, postgresql: bool, scope: str = ":scope") -> str:
    if kind.lasting:
        return within(kind, postgresql=postgresql, fenced=False)  # of a few records, found by their ids
    inside = probe("c.path", scope)
    if has_sites and kind.standing and not kind.is_customer:
        return f"({inside} OR {on_sites(f'k.{kind.standing}', scope)})"
    return inside


@lru_cache(maxsize=64)
def _statement(
    kind: Kind, column: str, has_sites: bool, columns: tuple[str, ...], whole: bool, postgresql: bool
) -> TextClause:
    owner = _owner(kind, postgresql) if len(columns) > 1 or not kind.lasting else ""
    inside = "" if whole else f" AND {_inside(kind, has_sites, postgresql)}"
    return text(
        f"SELECT {', '.join(columns)} FROM {kind.table} k {owner}"
        f"WHERE k.{column} = :value AND k.tenant_id = :tenant{kind.condition}{inside}"
    )


def find_row(sight: Sight, customer_id: int) -> Row[Any]:
    """A customer's own fields; for one that a sight of this transaction has shown."""
    return sight.connection.execute(_CUSTOMER, {"id": customer_id, "tenant": sight.tenant_id}).one()


_CUSTOMER: Final = text(
    "SELECT id, key, name, email, phone, address, parent_id, max_users, max_devices, max_customers FROM customer "
    "WHERE id = :id AND tenant_id = :tenant"
)
