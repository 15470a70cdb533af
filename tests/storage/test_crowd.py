"""Writers and readers at once, each a process of its own: no read fails, no save is lost (the benchmark, shortly)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_nothing_fails_and_nothing_is_lost(engine: str, request: pytest.FixtureRequest) -> None:
    url = [request.getfixturevalue("postgres_url")] if engine == "postgresql" else []
    command = [sys.executable, "-m", "benchmarks.crowd", "3", "4", "4", *url]
    said = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=True).stdout
    failures, saves, reads = said.splitlines()[:3]
    assert failures == "0 failed, 0 lost"
    assert all(int(line.split()[1]) > 4 for line in (saves, reads)), said
