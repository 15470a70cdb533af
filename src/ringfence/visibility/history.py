"""What the audit says of one record, as far as the viewer sees it: what belonged, at the time, to where they look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import text

from ringfence.domain.audit import AUDIT
from ringfence.domain.text import fold
from ringfence.visibility import ordering
from ringfence.visibility.page import Query, Window
from ringfence.visibility.sql import within
from ringfence.visibility.viewer import Sight

_COLUMNS: Final = ", ".join(f"k.{column}" for column in AUDIT.columns)
_ENTRIES: Final = {
    postgresql: text(
        f"SELECT {_COLUMNS}, k.search_key FROM audit_entry k WHERE k.tenant_id = :tenant "
        f"AND k.kind = :kind AND k.key = :key AND {within(AUDIT, postgresql=postgresql)} ORDER BY k.number"
    )
    for postgresql in (False, True)
}


def entries(
    sight: Sight, record: tuple[str, str], search: str = "", *, sort: str = "", descending: bool = True
) -> Sequence[Any]:
    """The entries of a record (its kind, ``device``, and its key), newest first or in the order they came, or by what
    another column of the audit shows."""
    kind, key = record
    # A clock may have been put back: entries came in the order of their numbers.
    query = Query(AUDIT, sort="number" if sort in ("", AUDIT.sort) else sort)
    binds = {"tenant": sight.tenant_id, "kind": kind, "key": key, "scope": sight.scope(AUDIT.permission).records.id}
    if "\x00" in key:
        return []
    rows = sight.connection.execute(_ENTRIES[sight.postgresql], binds).all()
    found = {row.id: row for row in rows if not search or fold(search) in row.search_key}
    order = ordering.order_of(sight, query, list(found))
    told = ordering.rows(AUDIT, order, found, range(len(found)))
    return told[::-1] if descending else told


def window(rows: Sequence[Any], wanted: Window, *, descending: bool) -> Sequence[Any]:
    """A part of them, as of a list that is read from the database."""
    upwards = rows[::-1] if descending else rows
    order = ordering.Order([row.sort_value for row in upwards], [row.id for row in upwards])
    return [upwards[at] for at in order.span(wanted, descending=descending)]
