"""What only the holder of the database itself may see: everybody who can sign in, and how much there is in all.

Signing in, and the demo's free switching between its users, come before any viewer; nothing else goes past the rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Row, text

from ringfence.domain.account import STAFF, parse
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.user import USERS
from ringfence.storage.engine import Database
from ringfence.visibility.cells import Part, Words, cells, literal, part
from ringfence.visibility.matching import hopeless

_COLUMNS: Final = (
    "k.id, k.login, k.name, k.active, r.name AS tenant, h.name AS home, h.parent_id, k.login_key AS sort_value, "
    "(SELECT t.key FROM tenant t WHERE t.id = k.tenant_id AND EXISTS "
    "(SELECT 1 FROM user_account o WHERE o.login_key = k.login_key AND o.id <> k.id)) AS provider"
)
"""With the key of the ``provider`` where somebody of another one has the same login."""
_FROM: Final = (
    "user_account k JOIN customer h ON h.id = k.home_id AND h.tenant_id = k.tenant_id "
    "JOIN customer r ON r.tenant_id = k.tenant_id AND r.parent_id IS NULL"
)


def accounts(
    database: Database, search: str, limit: int, after: tuple[str, int] | None, backwards: bool, skip: int
) -> Sequence[Row[Any]]:
    """Users by login, from ``after`` on (or before it, nearest first, with ``backwards``), with tenant and home. Raises
    WrongFilter for a search that cannot be understood."""
    found = _found(database, search)
    if found is None:
        return []
    condition, binds = found
    sign, order = ("<", "DESC") if backwards else (">", "ASC")
    binds |= {"limit": limit, "skip": skip}
    if after is not None:
        condition += f" AND (k.login_key, k.id) {sign} (:after, :after_id)"
        binds["after"], binds["after_id"] = after
    ordered = f"ORDER BY k.login_key {order}, k.id {order}"
    query = f"SELECT {_COLUMNS} FROM {_FROM} WHERE {condition} {ordered} LIMIT :limit OFFSET :skip"
    with database.reading() as connection:
        return connection.execute(text(query), binds).all()


def account_count(database: Database, search: str) -> int:
    """How many users ``accounts`` goes through."""
    found = _found(database, search)
    if found is None:
        return 0
    condition, binds = found
    query = f"SELECT count(*) FROM {_FROM if binds else 'user_account k'} WHERE {condition}"
    with database.reading() as connection:
        return int(connection.execute(text(query), binds).scalar_one())


def _found(database: Database, search: str) -> tuple[str, dict[str, Any]] | None:
    """The condition for what a search finds, and its binds; None where it can find nothing."""
    terms, said = parse(search), _said(database.postgresql)
    if hopeless(terms):
        return None
    conditions, binds = ["TRUE"], {}
    holds = "strpos" if database.postgresql else "instr"
    for number, term in enumerate(terms):
        if term.hopeless:  # excluded: nobody has it
            continue
        needle = f"CAST(:needle{number} AS text)"
        test = "{0} = " + needle if not term.text else f"{holds}({{0}}, {needle}) {'= 1' if term.anchored else '> 0'}"
        tests = [test.format(one) for column, one in said.items() if term.column in ("", column)]
        conditions.append(f"{'NOT ' if term.excluded else ''}({' OR '.join(tests)})")
        binds[f"needle{number}"] = term.text
    return " AND ".join(conditions), binds


@lru_cache(maxsize=2)
def _said(postgresql: bool) -> dict[str, str]:
    """What each column says, folded."""
    found = {}
    for column, one in cells(USERS, postgresql).items():
        if isinstance(one, Part):
            found[column] = part(one.place, last=one.place == len(USERS.searched) - 1, postgresql=postgresql)
        elif isinstance(one, Words):
            found[column] = (
                f"CASE {' '.join(f'WHEN {when} THEN {literal(word)}' for word, when in one.said)} ELSE '' END"
            )
    own, provider = (part(0, last=len(CUSTOMERS.searched) == 1, postgresql=postgresql, row=row) for row in "hr")
    return {
        **found,
        "home": f"CASE WHEN h.parent_id IS NULL THEN {literal(STAFF)} ELSE {own} END",
        "tenant": provider,
    }


def totals(database: Database, tenant_id: int) -> tuple[int, int]:
    """The tenant's customers and devices, whoever may see them."""
    query = text(
        "SELECT count(*) - 1 AS customers, COALESCE(sum(device_count), 0) AS devices "
        "FROM customer WHERE tenant_id = :tenant"
    )
    with database.reading() as connection:
        row = connection.execute(query, {"tenant": tenant_id}).one()
    return row.customers, row.devices
