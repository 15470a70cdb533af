"""What the command line pulls in when it answers: nothing of the console, and where it only reads, hardly anything."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

pytestmark = pytest.mark.always

PROGRAM = """
import sys
from ringfence.cli.main import run
status = run(sys.argv[1:])
print(status, sorted({name.split(".")[0] for name in sys.modules} & {"textual"}), "ringfence.console" in sys.modules)
"""


@pytest.mark.parametrize(
    "words",
    [
        ["list", "customers", "--as", "h.devries"],
        ["count", "devices", "--as", "h.devries"],
        ["customers", "create", "--as", "h.devries", "New", "--dry-run"],
        ["devices", "import", "--as", "h.devries", "--dry-run", "sheet.csv"],
        ["security-groups", "create", "--as", "h.devries", "New", "--dry-run"],
        ["help", "devices"],
        ["audit", "verify"],
        ["dump"],
    ],
    ids=lambda words: "-".join(words[:2]),
)
def test_a_command_loads_no_console(own_db: Path, tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "sheet.csv").write_text("name\nNew\n")
    said = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, cwd=tmp_path)
    assert said.stdout.splitlines()[-1] == "0 [] False", said.stderr


LISTED = """
import sys
from ringfence.cli.main import run
status = run(sys.argv[1:])
print(status, *sorted(sys.modules))
"""
HEAVY = {"sqlalchemy.orm", "sqlalchemy.dialects.postgresql", "alembic", "pydantic", "typer", "click", "textual"}
DRAWING = ("rich.console", "rich.text", "rich.style")
"""A table measures its cells with rich, and loads no more of it."""


@pytest.mark.parametrize(
    ("words", "also"),
    [
        ("count devices --as h.devries", ("rich",)),
        ("--db my.db customers count --as h.devries --search a", ("rich",)),
        ("can h.devries device.delete customer:northwind", ("rich",)),
        ("list devices --as h.devries --limit 50", DRAWING),
        ("list audit --as h.devries --format json", ("rich",)),
        ("users list --as h.devries --format csv", ("rich",)),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_a_command_that_only_reads_loads_no_framework(
    own_db: Path, tmp_path: Path, words: str, also: Sequence[str]
) -> None:
    (tmp_path / "my.db").write_bytes(own_db.read_bytes())
    said = subprocess.run([sys.executable, "-c", LISTED, *words.split()], capture_output=True, text=True, cwd=tmp_path)
    status, *loaded = said.stdout.splitlines()[-1].split()
    assert status == "0", said.stderr
    assert "sqlalchemy" in loaded
    assert set(loaded) & (HEAVY | set(also)) == set()
