"""Why, why not and who, by the thousand: worlds by chance, compared with slow statements of the rule.

``python tests/why.py`` (``make why``) asks whether everybody may do anything to any record in 1,000 worlds on SQLite
and 100 on PostgreSQL, path by path; who may, of 10,000 records; and what would open a record, of 2,000 refusals, of
each of which every single edit and every pair is tried, and what is shown is saved. ``--worlds``, ``--postgres``,
``--records``, ``--refusals`` and ``--from`` choose fewer, or others. The suite runs a few of each
(tests/visibility/test_explaining.py).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from support.databases import empty, made
from support.documents import AT
from support.explained import Explained, Refusals
from support.postgres import server

from ringfence.domain import clock
from ringfence.storage.engine import Database, open_database

_TOLD = 20.0
"""Seconds between one line and the next."""


def until(what: str, wanted: int, world: Callable[[int], int], first: int) -> None:
    """Asks worlds one after the other, by their numbers, until that many questions were asked."""
    asked, number, told = 0, first, time.monotonic()
    while asked < wanted:
        asked += world(number)
        number += 1
        if time.monotonic() - told > _TOLD or asked >= wanted:
            told = time.monotonic()
            sys.stdout.write(f"{what}: {asked:,} of {wanted:,} (world {number - 1})\n")
            sys.stdout.flush()


def yes(database: Database) -> Callable[[int], int]:
    """Worlds in which everybody is asked about."""

    def world(number: int) -> int:
        empty(database)
        assert Explained(database, number).yes()
        return 1

    return world


def main() -> None:
    """Runs them; a wrong answer ends in its traceback, with the number of its world."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name, wanted in (
        ("worlds", 1000),
        ("postgres", 100),
        ("records", 10_000),
        ("refusals", 2000),
        ("from", 10_000),
    ):
        parser.add_argument(f"--{name}", type=int, default=wanted)
    chosen = vars(parser.parse_args())
    first, sizes, saved = chosen["from"], Counter[int | None](), Counter[bool | None]()
    with tempfile.TemporaryDirectory() as folder, clock.stopped(AT):
        database = made(Path(folder) / "why.db")

        def who(number: int) -> int:
            empty(database)
            return Explained(database, number).who()

        def why_not(number: int) -> int:
            empty(database)
            world = Refusals(database, number)
            questions = world.some(4)
            sizes.update(world.check(one) for one in questions)
            for one in questions:
                saved.update([done := world.saved(one)])
                if done:
                    break  # there it is another world now
            return len(questions)

        until("refusals", chosen["refusals"], why_not, first)
        until("records", chosen["records"], who, first)
        until("worlds on SQLite", chosen["worlds"], yes(database), first)
        if chosen["postgres"]:
            with server() as url:
                until("worlds on PostgreSQL", chosen["postgres"], yes(open_database(url, create=True)), first)
    sys.stdout.write(f"refusals by how many edits it takes: {dict(sizes)}; saved or refused: {dict(saved)}\n")


if __name__ == "__main__":
    main()
