"""What the audit says of one record, as far as the viewer sees it: what belonged, at the time, to where they look."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import TextClause, text

from ringfence.domain.audit import AUDIT
from ringfence.visibility import ordering
from ringfence.visibility.matching import asked, hopeless
from ringfence.visibility.page import Query, Window
from ringfence.visibility.sql import within
from ringfence.visibility.viewer import Sight

_COLUMNS: Final = ", ".join(f"k.{column}" for column in AUDIT.columns)


def entries(
    sight: Sight, record: tuple[str, str], search: str = "", *, sort: str = "", descending: bool = True
) -> Sequence[Any]:
    """The entries of a record (its kind, ``device``, and its key) that the filter finds, newest first or in the order
    they came, or by what another column of the audit shows. Raises WrongFilter."""
    kind, key = record
    # A clock may have been put back: entries came in the order of their numbers.
    query = Query(AUDIT, search, sort="number" if sort in ("", AUDIT.sort) else sort)
    if "\x00" in key or hopeless(query.terms):
        return []
    extent = sight.scope(AUDIT.permission).records
    wanted = asked(sight, AUDIT, query.terms, extent, looked=False)
    binds = {"tenant": sight.tenant_id, "kind": kind, "key": key, "scope": extent.id, **wanted.binds}
    rows = sight.connection.execute(_entries(wanted.condition, sight.postgresql), binds).all()
    found = {row.id: row for row in rows}
    order = ordering.order_of(sight, query, list(found))
    told = ordering.rows(AUDIT, order, found, range(len(found)))
    return told[::-1] if descending else told


@lru_cache(maxsize=64)
def _entries(condition: str, postgresql: bool) -> TextClause:
    return text(
        f"SELECT {_COLUMNS} FROM audit_entry k WHERE k.tenant_id = :tenant AND k.kind = :kind AND k.key = :key "
        f"AND {within(AUDIT, postgresql=postgresql)}{condition} ORDER BY k.number"
    )


def window(rows: Sequence[Any], wanted: Window, *, descending: bool) -> Sequence[Any]:
    """A part of them, as of a list that is read from the database."""
    upwards = rows[::-1] if descending else rows
    order = ordering.Order([row.sort_value for row in upwards], [row.id for row in upwards])
    return [upwards[at] for at in order.span(wanted, descending=descending)]
