"""What the command line pulls in when it answers: nothing of the console."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
