"""How much lies in any part of a tenant's tree, by two bisections for each interval: for asking it of very many."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

from sqlalchemy import Connection, bindparam, select, text

from ringfence.domain.device import DEVICES
from ringfence.domain.kind import Kind
from ringfence.storage.bulk import any_of
from ringfence.storage.columns import of_tenant
from ringfence.storage.tables import Customer, table_of
from ringfence.visibility.intervals import Interval, subtract
from ringfence.visibility.keeping import kept
from ringfence.visibility.rule import Region
from ringfence.visibility.viewer import Sight

_TREE: Final = (
    select(Customer.path, Customer.device_count)
    .where(Customer.tenant_id == bindparam("tenant"))
    .order_by(Customer.path)
)


class Sums:
    """The paths of a tenant's nodes in order, the root first, and how many devices come before each."""

    def __init__(self, rows: Iterable[tuple[str, int]]) -> None:
        found = sorted(rows)
        self._paths = [path for path, _ in found]
        self._devices = [0, *accumulate(devices for _, devices in found)]

    def of(self, nodes: Sequence[Interval]) -> tuple[int, int]:
        """How many nodes (the root is one), and devices of theirs, lie in these intervals, which are as ``union``
        returns them."""
        places = devices = 0
        for low, high in nodes:
            first, last = bisect_left(self._paths, low), bisect_left(self._paths, high)
            places += last - first
            devices += self._devices[last] - self._devices[first]
        return places, devices

    def has_root(self, nodes: Sequence[Interval]) -> bool:
        """Whether the root lies in them."""
        return bool(nodes) and nodes[0][0] <= self._paths[0] < nodes[0][1]


def sums(sight: Sight) -> Sums:
    """Those of the viewer's tenant, read once until anything changes in it."""
    rows = {"tenant": sight.tenant_id}
    return kept(sight, "sums", None, lambda: Sums(sight.connection.execute(_TREE, rows)), 1)


def records_beyond(
    connection: Connection, tenant_id: int, tree: Sums, kind: Kind, known: Region, wanted: Region
) -> int:
    """How many records of a kind the second region holds, and the first does not."""
    if kind.is_customer:
        nodes = subtract(wanted.nodes(), known.nodes())
        return tree.of(nodes)[0] - tree.has_root(nodes)
    nodes = subtract(wanted.customers, known.customers)
    count = tree.of(nodes)[1] if kind is DEVICES else _in_nodes(connection, tenant_id, kind, nodes)
    if kind.standing is None:
        return count
    count -= _on_sites(connection, tenant_id, kind, list(known.within(wanted.customers).standing))
    return count + _on_sites(connection, tenant_id, kind, [one.site_id for one in wanted.beyond(known)])


def _in_nodes(connection: Connection, tenant_id: int, kind: Kind, nodes: Sequence[Interval]) -> int:
    """How many records of a kind belong to customers in these nodes."""
    if not nodes:
        return 0
    if connection.dialect.name == "postgresql":
        query = text(
            "SELECT COALESCE(sum(m.number), 0) FROM unnest(CAST(:low AS text[]), CAST(:high AS text[])) n(low, high) "
            f"CROSS JOIN LATERAL (SELECT count(*) AS number FROM customer c JOIN {kind.table} k "
            f"ON k.{kind.owner} = c.id AND k.tenant_id = c.tenant_id WHERE c.tenant_id = :tenant "
            'AND c.path >= n.low COLLATE "C" AND c.path < n.high COLLATE "C" OFFSET 0) m'
        )
        low, high = (list(ends) for ends in zip(*nodes, strict=True))
        return int(connection.execute(query, {"tenant": tenant_id, "low": low, "high": high}).scalar_one())
    # An index of the customer alone tells how many there are.
    query = text(
        "SELECT count(*) FROM json_each(:nodes) n CROSS JOIN customer c "
        f"CROSS JOIN {kind.table} k ON k.{kind.owner} = c.id WHERE c.tenant_id = :tenant "
        "AND c.path >= json_extract(n.value, '$[0]') AND c.path < json_extract(n.value, '$[1]')"
    )
    return int(connection.execute(query, {"tenant": tenant_id, "nodes": json.dumps(nodes)}).scalar_one())


def _on_sites(connection: Connection, tenant_id: int, kind: Kind, sites: list[int]) -> int:
    """How many records of a kind are or stand on these sites."""
    if not sites:
        return 0
    if kind.is_site:
        return len(sites)
    table = table_of(kind)
    standing = any_of(connection, getattr(table, kind.standing or ""), sites)
    found = select(table.id).where(standing, of_tenant(table, tenant_id))
    return len(connection.execute(found).all())
