"""Places where something was once: does a permission reach them? A customer that is gone left its place behind."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from sqlalchemy import TextClause, text

from ringfence.domain.kind import OWNERS
from ringfence.visibility.sql import probe
from ringfence.visibility.substrings import among, bound
from ringfence.visibility.viewer import Sight


def reached(
    sight: Sight, permission: str, places: Collection[tuple[int, int | None]]
) -> frozenset[tuple[int, int | None]]:
    """Those of the places, each a customer and a site or none, at which the permission reaches what is there."""
    scope = sight.scope(permission)
    if not places or scope.empty:
        return frozenset()
    customers = sorted({customer for customer, _ in places})
    binds = {"tenant": sight.tenant_id, "scope": scope.records.id, "ids": bound(sight, customers)}
    whole = scope.records.whole
    inside = set(sight.connection.execute(_inside(whole, sight.postgresql), binds).scalars())
    sites: set[int] = set()
    if scope.has_sites:
        sites.update(sight.connection.execute(_SITES, {"scope": scope.records.id, "tenant": sight.tenant_id}).scalars())
    return frozenset((customer, site) for customer, site in places if customer in inside or site in sites)


_SITES = text("SELECT site_id FROM scope_site WHERE scope_id = :scope AND tenant_id = :tenant")


@cache
def _inside(whole: bool, postgresql: bool) -> TextClause:
    listed = among("c.id", "ids", (), postgresql=postgresql)
    covered = "" if whole else f" AND {probe('c.path')}"
    parts = (f"SELECT c.id FROM {nodes} c WHERE {listed} AND c.tenant_id = :tenant{covered}" for nodes in OWNERS)
    return text(" UNION ALL ".join(parts))
