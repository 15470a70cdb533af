"""What the papers name is there: modules and functions, files, links, and the worked example is one that works."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import ringfence
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED
from ringfence.storage import tables
from ringfence.storage.columns import metadata

TOP = Path(__file__).parents[1]
DECISIONS = "docs/decisions"
PAPERS = (
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/architecture.md",
    *(f"{DECISIONS}/{at.name}" for at in (TOP / DECISIONS).iterdir()),
)
ROOMS = {path.stem for path in (TOP / "src/ringfence").iterdir() if not path.name.startswith("_")}
DOTTED = re.compile(r"(?<![\w./-])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+(?![\w/])")


def text_of(paper: str) -> str:
    return (TOP / paper).read_text(encoding="utf-8")


def found(name: str) -> Any:
    """The module, or what stands in it, of a name from the top of the package. Raises where there is none."""
    parts = name.split(".")
    thing: Any = ringfence
    for place, part in enumerate(parts[1:], 2):
        try:
            thing = import_module(".".join(parts[:place]))
        except ModuleNotFoundError:
            thing = getattr(thing, part)
    return thing


def named(text: str) -> Iterator[tuple[str, str]]:
    """Every name of something of ours: as it stands there, and from the top of the package. What begins with a class is
    of one that the same paper names in full."""
    text = re.sub(r"```(?:sh|console|python)\n.*?```|\]\([^)]*\)", "", text, flags=re.DOTALL)
    whole: dict[str, str] = {}
    for name in DOTTED.findall(text):
        first, *rest = name.split(".")
        full = name if first == "ringfence" else f"ringfence.{name}"
        if first == "ringfence" or first in ROOMS:
            yield name, full
            parts = full.split(".")
            for place, part in enumerate(parts):
                if part[0].isupper():
                    whole[part] = ".".join(parts[: place + 1])
        elif first[0].isupper() and rest[-1] not in ("md", "db"):
            assert first in whole, f"{name}: where is {first}?"
            yield name, ".".join([whole[first], *rest])


@pytest.mark.parametrize("paper", PAPERS)
def test_everything_named_is_there(paper: str) -> None:
    text = text_of(paper)
    missing = []
    for name, full in named(text):
        try:
            found(full)
        except AttributeError:
            missing.append(name)
    assert not missing
    for path in re.findall(r"`((?:src|tests|docs|benchmarks)/[\w./]*)`", text):
        assert (TOP / path).exists(), path
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (TOP / paper).parent.joinpath(target).exists(), target


def test_the_papers_name_something() -> None:
    names = {name for paper in PAPERS for name, _ in named(text_of(paper))}
    assert {"services.listing.rows", "Viewer.stand", "ringfence.visibility.sql.probe"} <= names
    with pytest.raises(AttributeError):
        found("ringfence.visibility.page.nothing")


def test_every_decision_is_in_the_list_of_them() -> None:
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", text_of(f"{DECISIONS}/README.md")))
    assert {path.name for path in (TOP / DECISIONS).iterdir()} - {"README.md"} == listed
    for name in listed:
        assert re.findall(r"^## (.*)$", text_of(f"{DECISIONS}/{name}"), re.MULTILINE) == [
            "Context",
            "Decision",
            "Consequences",
        ]


def test_the_worked_example_declares_a_kind_and_gives_it_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", text_of("CONTRIBUTING.md"), re.DOTALL)
    module = ModuleType("worked_example")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(block, "CONTRIBUTING.md", "exec"), vars(module))
    (kind,) = (one for one in vars(module).values() if isinstance(one, Kind))
    table = tables.table_of(kind).__table__
    try:
        own = {"id", "tenant_id", "search_key", "revision"}
        assert {column.name for column in table.columns} - own == {one.column for one in kind.stored.values()}
        referred = {EDITED[one].table for one in ("customer", "site", "user")}
        assert {key.column.table.name for key in table.foreign_keys} == {"tenant", *referred}
        assert kind.node.name == "customer"
        assert kind.stands is not None
    finally:
        metadata.remove(table)
        del tables._TABLES[kind.noun]
