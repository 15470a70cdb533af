"""The documents tell the truth: every command shown in them is run, and answers as shown."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Call

from ringfence.snapshot.document import ENTRIES

pytestmark = pytest.mark.always

TOP = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "docs/visibility.md", "docs/explaining.md", "docs/snapshot.md", "docs/signals.md")
BAD: dict[str, Any] = {
    "ringfence": 1,
    "tenants": [{"key": "harbor", "name": "Harbor Monitoring"}],
    "customers": [
        {"key": "north", "tenant": "harbor", "name": "Northwind", "parent": "south"},
        {"key": "south", "tenant": "harbor", "name": "Southwind", "parent": "north"},
        {"key": "east", "tenant": "harbor", "name": " "},
        {"key": "east", "tenant": "harbor", "name": "Eastwind", "phone": 31},
    ],
    "sites": [{"key": "hq", "tenant": "harbor", "customer": "west", "name": "Head office"}],
    "roles": [
        {
            "key": "operator",
            "tenant": "harbor",
            "name": "Operator",
            "access_level": "global",
            "permissions": ["device.list", "device.see"],
        }
    ],
    "users": [
        {
            "key": "olga",
            "tenant": "harbor",
            "login": "olga",
            "name": "Olga",
            "security_groups": [{"group": "ops", "valid_until": "tomorrow"}],
        }
    ],
}
"""The file whose faults docs/snapshot.md shows."""


def examples(text: str) -> Iterator[tuple[str, str]]:
    """(command line, what follows it) of every console block."""
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, said = example.partition("\n")
            yield command, said


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_example(
    call: Call,
    own_db: Path,
    save: Callable[[dict[str, Any]], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    document: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(save(BAD)).rename("bad.json")
    text = (TOP / document).read_text(encoding="utf-8")
    small = re.search(r"^```yaml\n(.*?)```", text, re.DOTALL | re.MULTILINE)
    if small:
        Path("small.yaml").write_text(small[1], encoding="utf-8")
    ran = 0
    for command, expected in examples(text):
        words = shlex.split(command)
        if words[0] == "cat":
            Path(words[1]).write_text(expected, encoding="utf-8")
        elif words[0] == "ringfence" and words[1:] != ["demo"]:
            said = call(*words[1:])
            assert said.out + said.err == expected, command
            ran += 1
    assert ran


@pytest.mark.parametrize("document", [*DOCUMENTS, "CHANGELOG.md", "SECURITY.md"])
def test_every_link_within_the_repository_leads_somewhere(document: str) -> None:
    path = TOP / document
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_the_table_of_fields_is_that_of_the_models() -> None:
    text = (TOP / "docs/snapshot.md").read_text(encoding="utf-8")
    told: dict[str, dict[str, str]] = {}
    current = ""
    for row in re.findall(r"^\| (.*) \|$", text, re.MULTILINE):
        cells = [cell.strip(" `") for cell in row.split(" | ")]
        if len(cells) == 4 and cells[1] != "field":
            current = cells[0].strip("| ") or current
            told.setdefault(current, {})[cells[1]] = cells[3]
    assert {name: list(fields) for name, fields in told.items()} == {
        name: list(model.model_fields) for name, model in ENTRIES.items()
    }
    for name, model in ENTRIES.items():
        for field, known in model.model_fields.items():
            assert (told[name][field] == "required") is known.is_required(), (name, field)
