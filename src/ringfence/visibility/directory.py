"""What only the holder of the database itself may see: everybody who can sign in, and how much there is in all.

Signing in, and the demo's free switching between its users, come before any viewer; nothing else goes past the rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, text

from ringfence.domain.text import has_control, like_pattern
from ringfence.storage.engine import Database

_COLUMNS: Final = (
    "SELECT u.id, u.login, u.name, u.active, r.name AS tenant, h.name AS home, h.parent_id, u.login_key AS sort_value "
    "FROM user_account u JOIN customer h ON h.id = u.home_id "
    "JOIN customer r ON r.tenant_id = u.tenant_id AND r.parent_id IS NULL "
)


def accounts(
    database: Database, search: str, limit: int, after: str | None, backwards: bool, skip: int
) -> Sequence[Row[Any]]:
    """Users by login, from ``after`` on (or before it, nearest first, with ``backwards``), with tenant and home."""
    if has_control(search):
        return []
    sign, order = ("<", "DESC") if backwards else (">", "ASC")
    where = ["TRUE" if after is None else f"u.login_key {sign} :after"]
    binds: dict[str, Any] = {"limit": limit, "skip": skip}
    if after is not None:
        binds["after"] = after
    if search:
        where.append("u.search_key LIKE :needle ESCAPE '\\'")
        binds["needle"] = like_pattern(search)
    query = f"{_COLUMNS} WHERE {' AND '.join(where)} ORDER BY u.login_key {order} LIMIT :limit OFFSET :skip"
    with database.reading() as connection:
        return connection.execute(text(query), binds).all()


def account_count(database: Database, search: str) -> int:
    """How many users ``accounts`` goes through."""
    if has_control(search):
        return 0
    query = "SELECT count(*) FROM user_account u"
    with database.reading() as connection:
        if not search:
            return int(connection.execute(text(query)).scalar_one())
        query += " WHERE u.search_key LIKE :needle ESCAPE '\\'"
        return int(connection.execute(text(query), {"needle": like_pattern(search)}).scalar_one())


def totals(database: Database, tenant_id: int) -> tuple[int, int]:
    """The tenant's customers and devices, whoever may see them."""
    query = text(
        "SELECT count(*) - 1 AS customers, COALESCE(sum(device_count), 0) AS devices "
        "FROM customer WHERE tenant_id = :tenant"
    )
    with database.reading() as connection:
        row = connection.execute(query, {"tenant": tenant_id}).one()
    return row.customers, row.devices
