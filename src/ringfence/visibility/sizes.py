"""How many customers and devices a scope holds."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from ringfence.visibility.intervals import nested
from ringfence.visibility.scopes import Extent
from ringfence.visibility.viewer import Sight

_SIZE: Final = text(
    "SELECT count(*) AS customers, COALESCE(sum(c.device_count), 0) AS devices FROM scope_interval s "
    "CROSS JOIN customer c WHERE s.scope_id = :scope AND s.tenant_id = :tenant AND s.path < :high AND s.path_hi > :low "
    "AND c.tenant_id = :tenant AND c.path >= CASE WHEN s.path > :low THEN s.path ELSE :low END "
    "AND c.path < CASE WHEN s.path_hi < :high THEN s.path_hi ELSE :high END"
)


def size_under(sight: Sight, extent: Extent, under: str | None) -> tuple[int, int]:
    """Customers (a root counts too) and their devices within a scope, below a path if one is given."""
    if not extent.intervals:
        return 0, 0
    low, high = nested(under if under is not None else "/")
    row = sight.connection.execute(
        _SIZE, {"scope": extent.id, "low": low, "high": high, "tenant": sight.tenant_id}
    ).one()
    return row.customers, row.devices


def size(sight: Sight, extent: Extent, under: str | None) -> tuple[int, int]:
    """Customers and devices, as an estimate: counted once for a version of the tenant."""
    if under is None:
        return extent.customers, extent.devices
    found = sight.memo.get((extent.id, under))
    if not isinstance(found, tuple):
        found = sight.memo[extent.id, under] = size_under(sight, extent, under)
    return found
