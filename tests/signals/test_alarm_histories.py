"""Histories made by chance: what becomes of alarms is what a slow statement of the rules says, on both engines."""

from __future__ import annotations

from random import Random

import pytest
from support.alarm_worlds import History

from ringfence.storage.engine import Database


def lived(database: Database, seed: int) -> None:
    """A history goes by, and is compared all the while."""
    history = History(database, Random(seed))
    looked = 0
    for number in range(60):
        history.step()
        history.compare()
        if number % 20 == 19:
            looked += history.look()
    assert looked
    assert history.seen["clocks"], "the clocks ran"
    assert len(history.oracle.alarms) > 5, "and alarms there were"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.once(3)
def test_what_becomes_of_alarms_is_what_the_slow_statement_says(database: Database, seed: int) -> None:
    lived(database, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4, 64))
def test_and_so_it_is_of_many_more(sqlite_database: Database, seed: int) -> None:
    lived(sqlite_database, seed)
