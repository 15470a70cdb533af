"""A forest laid out as lines: which nodes are shown, at what depth. Draws nothing, knows no widget."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple


class TreeNode(NamedTuple):
    """One node of a forest.

    Args:
        id: What it is known by.
        parent: The id of the node above, or None for a root.
        label: Its text.
        has_children: Whether it can be opened, be its children loaded or not.
    """

    id: int
    parent: int | None
    label: str
    has_children: bool


class Forest:
    """The loaded nodes, and the lines that the open ones make: flat arrays, so that any line is found at once."""

    def __init__(self) -> None:
        self.nodes: dict[int, TreeNode] = {}
        self.open: set[int] = set()
        self.ids: list[int] = []
        self.depths = array("H")
        self._children: dict[int | None, list[int]] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def line_of(self, node_id: int) -> int | None:
        """The line that shows a node, or None while one above it is closed."""
        try:
            return self.ids.index(node_id)
        except ValueError:
            return None

    def loaded(self, node_id: int) -> bool:
        """Whether the children of a node are known."""
        return node_id in self._children

    def replace(self, nodes: Iterable[TreeNode], expanded: Collection[int], *, lazy: bool) -> None:
        """Takes `nodes` for all there are, in any order; siblings keep the order given.

        A node whose parent is not among them is a root. With `lazy`, a node that is given no children has them yet to
        be loaded, if it says that it has any.
        """
        self.nodes = {node.id: node for node in nodes}
        children: dict[int | None, list[int]] = {None: []}
        for node in self.nodes.values():
            parent = node.parent if node.parent in self.nodes else None
            children.setdefault(parent, []).append(node.id)
        if not lazy:
            for node_id in self.nodes:
                children.setdefault(node_id, [])
        self._children = children
        self.open = {node_id for node_id in expanded if children.get(node_id)}
        self.ids, self.depths = self._lines(None, 0)

    def add(self, parent: int | None, nodes: Sequence[TreeNode]) -> bool:
        """Takes `nodes` for the children of `parent`; returns whether any line has changed place.

        They take the place of children loaded before.
        """
        if parent is None:
            self.replace(nodes, self.open, lazy=True)
            return True
        if parent not in self.nodes:
            return False
        line = self.line_of(parent)
        shown = line is not None and parent in self.open
        if shown and line is not None:
            self._drop_lines(line)
        for node in nodes:
            self.nodes[node.id] = node
        self._children[parent] = [node.id for node in nodes]
        if shown and line is not None:
            self._insert_lines(line, parent)
        return shown

    def expand(self, line: int) -> None:
        """Opens the node at `line`; its children, if loaded, come below it."""
        node_id = self.ids[line]
        if node_id not in self.open:
            self.open.add(node_id)
            self._insert_lines(line, node_id)

    def collapse(self, line: int) -> None:
        """Closes the node at `line`. What was open below it opens again with it."""
        self.open.discard(self.ids[line])
        self._drop_lines(line)

    def parent_line(self, line: int) -> int | None:
        """The line of the node above the one at `line`."""
        depth = self.depths[line]
        if not depth:
            return None
        while self.depths[line] >= depth:
            line -= 1
        return line

    def path(self, node_id: int) -> list[TreeNode]:
        """The nodes from a root down to `node_id`, as far as they are loaded."""
        path: list[TreeNode] = []
        seen: set[int] = set()
        current: int | None = node_id
        while current is not None and current in self.nodes and current not in seen:
            seen.add(current)
            path.append(self.nodes[current])
            current = self.nodes[current].parent
        return path[::-1]

    def _insert_lines(self, line: int, node_id: int) -> None:
        ids, depths = self._lines(node_id, self.depths[line] + 1)
        self.ids[line + 1 : line + 1] = ids
        self.depths[line + 1 : line + 1] = depths

    def _drop_lines(self, line: int) -> None:
        depth, end = self.depths[line], line + 1
        depths, count = self.depths, len(self.depths)
        while end < count and depths[end] > depth:
            end += 1
        del self.ids[line + 1 : end]
        del self.depths[line + 1 : end]

    def _lines(self, root: int | None, depth: int) -> tuple[list[int], array[int]]:
        children = self._children.get(root, [])
        if not any(child in self.open for child in children):
            return list(children), array("H", [depth]) * len(children)
        ids: list[int] = []
        depths = array("H")
        stack = [(child, depth) for child in reversed(children)]
        while stack:
            node_id, level = stack.pop()
            ids.append(node_id)
            depths.append(level)
            if node_id in self.open:
                stack.extend((child, level + 1) for child in reversed(self._children.get(node_id, ())))
        return ids, depths
