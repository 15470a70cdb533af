"""Circles among the modules of a package, whichever way one imports another: at the top, within a function, for its
types alone, or by a name that is resolved when it is needed (``package.module:name``)."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"


def imports(package: str, source: Path = SOURCE) -> dict[str, set[str]]:
    """The modules of a package, with those of them that each imports."""
    paths = {
        ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (source / package.replace(".", "/")).rglob("*.py")
    }
    return {
        name: {one for one in _named(ast.parse(path.read_text())) if one in paths and one != name}
        for name, path in paths.items()
    }


def _named(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value.partition(":")[0]


def circles(edges: Mapping[str, set[str]]) -> list[list[str]]:
    """The modules that import one another, directly or by way of others; the largest circle first."""
    reached = {start: _reached(edges, start) for start in edges}
    found = {frozenset(one for one in reached[start] if start in reached[one]) for start in edges}
    return sorted((sorted(circle) for circle in found if circle), key=lambda circle: (-len(circle), circle))


def _reached(edges: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [*edges[start]]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting.extend(edges[one])
    return seen


def one_way_round(edges: Mapping[str, set[str]], circle: list[str]) -> list[str]:
    """A way round within a circle, that begins and ends at the same module."""
    try:
        TopologicalSorter({one: edges[one] & set(circle) for one in circle}).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


if __name__ == "__main__":
    for package in sys.argv[1:] or ["ringfence.console"]:
        edges = imports(package)
        for circle in circles(edges)[:3]:
            sys.stdout.write(f"{len(circle)}: {', '.join(circle)}\n")
            sys.stdout.write(f"   such as {' > '.join(one_way_round(edges, circle))}\n")
