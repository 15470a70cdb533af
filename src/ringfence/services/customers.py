"""Customers in their tree, and one customer opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row

from ringfence.domain.customer import CUSTOMERS, LIMITS
from ringfence.domain.device import DEVICES
from ringfence.domain.display import tabs
from ringfence.domain.errors import RingfenceError
from ringfence.domain.registry import KINDS
from ringfence.services.records import ComparedCustomer, CustomerDetail, TreeCustomer
from ringfence.visibility import overview, tree
from ringfence.visibility.counting import count
from ringfence.visibility.page import Query
from ringfence.visibility.point import find_row
from ringfence.visibility.sizes import size_under
from ringfence.visibility.viewer import Pair, Sight, Viewer

_TREE = (CUSTOMERS.permission, DEVICES.permission)


def roots(viewer: Viewer | Pair) -> tuple[TreeCustomer, ...]:
    """The customers at the top of what the viewer sees, by name."""
    with viewer.look(*_TREE) as look:
        return tuple(_nodes(tree.roots(_sight(look)), at_top=True))


def children(viewer: Viewer | Pair, customer: int) -> tuple[TreeCustomer, ...]:
    """The visible children of a customer, by name."""
    with viewer.look(*_TREE) as look:
        return tuple(_nodes(tree.children(_sight(look), customer)))


def matching(viewer: Viewer | Pair, search: str, limit: int = 500) -> tuple[tuple[TreeCustomer, ...], frozenset[int]]:
    """The customers whose name holds the text, with their visible ancestors; and the ids of those that match."""
    with viewer.look(*_TREE) as look:
        found, hits = tree.matching(_sight(look), search, limit)
    shown = {row.id for row in found}
    nodes = tuple(
        TreeCustomer(
            row.id, row.parent_id if row.parent_id in shown else None, row.key or "", row.name, bool(row.has_children)
        )
        for row in found
    )
    return nodes, frozenset(hits)


def trail(viewer: Viewer, customer: int) -> tuple[TreeCustomer, ...]:
    """A customer's visible ancestors, topmost first, and itself; empty where it is hidden or gone."""
    with viewer.look(*_TREE) as sight:
        steps = tree.chain(sight, customer)
    nodes = list(_nodes(steps))
    return (_topmost(nodes[0]), *nodes[1:]) if nodes else ()


def counts(viewer: Viewer, customers: Sequence[int]) -> dict[int, tuple[int, int]]:
    """For each of these customers: its visible children, and the visible devices there and below."""
    with viewer.look(*_TREE) as sight:
        return {
            row.id: (tree.child_count(sight, row.id), tree.devices_below(sight, row.path))
            for row in tree.visible(sight, customers)
        }


def compare(pair: Pair, customers: Sequence[int]) -> dict[int, ComparedCustomer]:
    """For each of these customers: what the left and the right user see of it."""
    with pair.look(*_TREE) as (left, right, _together):
        sides = [
            {row.id: tree.devices_below(sight, row.path) for row in tree.visible(sight, customers)}
            for sight in (left, right)
        ]
    return {own: ComparedCustomer(own, sides[0].get(own), sides[1].get(own)) for own in customers}


def detail(viewer: Viewer, customer: int) -> CustomerDetail:
    """A customer opened. Raises RingfenceError alike for one that is hidden and one that is not there."""
    kinds = tabs(KINDS.values())
    with viewer.look(CUSTOMERS.permission, *(kind.permission for kind in kinds)) as sight:
        steps = tree.chain(sight, customer)
        if not steps:
            raise RingfenceError("this customer is not there any more: go back to the list")
        row = find_row(sight, customer)._mapping
        path = steps[-1].path
        numbers = {
            kind.name: None if sight.scope(kind.permission).empty else count(sight, Query(kind, under=path))
            for kind in kinds
        }
        more = overview.more_than_named(sight)(path)
        below = size_under(sight, sight.scope(CUSTOMERS.permission).nodes, path)[0] - 1
    return CustomerDetail(
        row["id"],
        row["key"] or "",
        row["name"],
        row["email"] if more else "",
        row["phone"] if more else "",
        row["address"] if more else "",
        tuple(step.name for step in steps),
        below,
        numbers,
        tuple((name.removeprefix("max_"), row[name]) for name in LIMITS if more and row[name] is not None),
    )


def _sight(look: Sight | tuple[Sight, Sight, Sight]) -> Sight:
    return look if isinstance(look, Sight) else look[2]


def _nodes(rows: Iterable[Row[Any]], *, at_top: bool = False) -> Iterable[TreeCustomer]:
    return (
        TreeCustomer(row.id, None if at_top else row.parent_id, row.key or "", row.name, bool(row.has_children))
        for row in rows
    )


def _topmost(node: TreeCustomer) -> TreeCustomer:
    return TreeCustomer(node.id, None, node.key, node.name, node.has_children)


class SideBySide:
    """Two users over one tree. Neither of them is whoever is looking."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair

    def roots(self) -> tuple[TreeCustomer, ...]:
        """The top of the tree."""
        return roots(self._pair)

    def children(self, customer: int) -> tuple[TreeCustomer, ...]:
        """The next level of the tree."""
        return children(self._pair, customer)

    def compare(self, ids: Sequence[int]) -> dict[int, ComparedCustomer]:
        """What each of the two sees of the customers on screen."""
        return compare(self._pair, ids)
