"""Which customers a scope holds, as a set in which statements look each row's owner up.

A bit or a byte for each id: looking into it costs a tenth of probing the scope's intervals on SQLite, and a fiftieth on
PostgreSQL. It is read once for a version of the tenant, a kind of owner and a chosen customer.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Final

from sqlalchemy import TextClause, text

from ringfence.domain.kind import OWNERS, Kind
from ringfence.visibility.intervals import nested
from ringfence.visibility.scopes import Extent
from ringfence.visibility.substrings import Hits
from ringfence.visibility.viewer import Sight

_KEPT: Final = 12
"""So many sets are kept of a viewer, the last ones that were asked for."""


def members(sight: Sight, kind: Kind, extent: Extent, under: str | None = None) -> bytes:
    """The owners of records of a kind that an extent holds, at or below a path if one is given, as ``member`` asks."""
    sets: dict[object, bytes] = sight.memo.setdefault("members", {})  # type: ignore[assignment]
    key = extent.id, kind.nodes, under
    found = sets.pop(key, None)
    if found is None:
        found = packed(_ids(sight, kind, extent, under), bits=sight.postgresql)
    sets[key] = found  # as the last one
    for one in list(sets)[:-_KEPT]:
        sets.pop(one, None)
    return found


def inside(hits: Hits, held: bytes) -> Hits:
    """Those of the hits of which a set on PostgreSQL holds the owner."""
    pairs = [
        (one, owner)
        for one, owner in zip(hits.ids, hits.owners, strict=True)
        if owner >> 3 < len(held) and held[owner >> 3] >> (owner & 7) & 1
    ]
    return Hits(len(pairs), [one for one, _ in pairs], [owner for _, owner in pairs], hits.begins)


def _ids(sight: Sight, kind: Kind, extent: Extent, under: str | None) -> list[int]:
    low, high = nested(under) if under is not None else ("", "~")
    query = _IDS_POSTGRESQL if sight.postgresql else _IDS
    binds = {"tenant": sight.tenant_id, "scope": extent.id, "low": low, "high": high}
    found: list[int] = []
    for nodes in kind.nodes:
        ids = sight.connection.execute(query[nodes], binds).scalar_one()
        found += ids if sight.postgresql else json.loads(ids)
    return found


def packed(ids: Collection[int], *, bits: bool) -> bytes:
    """A set of ids, as ``member`` asks it on PostgreSQL (``bits``) or on SQLite."""
    last = max(ids, default=0)
    if not bits:
        found = bytearray(last)
        for one in ids:
            found[one - 1] = 1
        return bytes(found)
    found = bytearray(last // 8 + 1)
    for one in ids:
        found[one >> 3] |= 1 << (one & 7)
    return bytes(found)


def _reading(nodes: str, gathered: str, fence: str) -> TextClause:
    inside = "c.tenant_id = :tenant AND c.path >= s.path AND c.path < s.path_hi AND c.path >= :low AND c.path < :high"
    owners = f"{nodes} c ON {inside}" if not fence else f"LATERAL (SELECT c.id FROM {nodes} c WHERE {inside}{fence}) c"
    scope = "s.scope_id = :scope AND s.tenant_id = :tenant"
    return text(f"SELECT {gathered} FROM scope_interval s CROSS JOIN {owners} WHERE {scope}")


_IDS: Final = {one: _reading(one, "json_group_array(c.id)", "") for one in OWNERS}
_IDS_POSTGRESQL: Final = {one: _reading(one, "COALESCE(array_agg(c.id), '{}')", " OFFSET 0") for one in OWNERS}
