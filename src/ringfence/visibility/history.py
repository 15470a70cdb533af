"""What the audit says of one record, as far as the viewer sees it: what belonged, at the time, to where they look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, text

from ringfence.domain.audit import AUDIT
from ringfence.domain.text import fold
from ringfence.visibility.page import Window
from ringfence.visibility.sql import within
from ringfence.visibility.viewer import Sight

_COLUMNS: Final = ", ".join(f"k.{column}" for column in AUDIT.columns)
_ENTRIES: Final = {
    postgresql: text(
        f"SELECT {_COLUMNS}, k.sort_key AS sort_value, k.search_key FROM audit_entry k WHERE k.tenant_id = :tenant "
        f"AND k.kind = :kind AND k.key = :key AND {within(AUDIT, postgresql=postgresql)} ORDER BY k.number"
    )
    for postgresql in (False, True)
}


def entries(sight: Sight, record: tuple[str, str], search: str = "", *, descending: bool = True) -> Sequence[Row[Any]]:
    """The entries of a record (its kind, ``device``, and its key), newest first or in the order they came."""
    kind, key = record
    binds = {"tenant": sight.tenant_id, "kind": kind, "key": key, "scope": sight.scope(AUDIT.permission).records.id}
    if "\x00" in key:
        return []
    rows = sight.connection.execute(_ENTRIES[sight.postgresql], binds).all()
    found = [row for row in rows if fold(search) in row.search_key] if search else list(rows)
    return found[::-1] if descending else found


def window(rows: Sequence[Row[Any]], wanted: Window) -> Sequence[Row[Any]]:
    """A part of them, as of a list that is read from the database."""
    places = [(row.sort_value, row.id) for row in rows]
    if wanted.before is not None or wanted.from_end:
        end = len(rows) if wanted.before is None or wanted.before not in places else places.index(wanted.before)
        return rows[max(0, end - wanted.skip - wanted.limit) : max(0, end - wanted.skip)]
    first = wanted.skip
    if wanted.after is not None and wanted.after in places:
        first += places.index(wanted.after) + 1
    return rows[first : first + wanted.limit]
