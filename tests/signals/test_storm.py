"""``make storm`` for a few seconds: signals of all sorts, taken in by processes that are killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from storm import engine, storm


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_short_storm(name: str, tmp_path: Path) -> None:
    with engine(name, tmp_path) as opened:
        total = storm(opened, seconds=5, kills=3, seed=8, told=print, least=15)
    assert total["killed"] == 3
    assert total["bursts"] == 1
    assert total["lines"] > 4000
    assert total["lists"] >= 10
