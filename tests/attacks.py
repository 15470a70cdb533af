"""Attacks by chance on whatever lets people and programs in: signing in, what sshd asks about keys, command lines that
come over SSH, and tokens. Nobody comes in, and nothing is told.

``make attacks``, or ``python tests/attacks.py --minutes N``. A short part of it is among the tests.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Final

sys.path.append(str(Path(__file__).parent))

from support.databases import made
from support.documents import AT
from support.door_attacks import Doors
from support.edits import World, provider
from support.sign_in_attacks import attack, guarded

from ringfence.services import signing_in

_SECONDS: Final = 1.0
"""So long a kind is tried before it is another one's turn."""
_LOOK_EVERY: Final = 500


class Failed(AssertionError):  # noqa: N818 - named for what it says
    """Somebody came further than they may, or something was told: it says where, and how that is come to again."""


@contextmanager
def kinds(folder: Path, seed: int) -> Iterator[dict[str, Callable[[], str]]]:
    """What makes a try of each kind, and says what came of it; now and then it looks for what was changed. How they
    take turns changes nothing of what each tries."""
    signing, *others = (Random(f"{seed} {number}") for number in range(4))
    database = made(folder / "guarded.db")
    inside = folder / "inside"
    inside.mkdir()
    doors = Doors(inside, others[0])
    world, days = guarded(World(database, provider()), AT), count()

    def at(chance: Random, try_one: Callable[[], str]) -> Callable[[], str]:
        before = count()

        def tried() -> str:
            doors.chance = chance
            found = try_one()
            if next(before) % _LOOK_EVERY == 0:
                doors.look()
            return found

        return tried

    here = Path.cwd()
    os.chdir(inside)  # whatever a command line makes, it makes there
    try:
        yield {
            "signing in": lambda: next(iter(attack(world, signing, 1, AT + timedelta(days=next(days))))),
            "keys": at(others[0], doors.ask),
            "command lines": at(others[1], doors.command),
            "tokens": at(others[2], doors.bear),
        }
        doors.look()
    finally:
        os.chdir(here)
        doors.close()
        database.close()


def attacks(folder: Path, *, seconds: float, seed: int, told: Callable[[str], object], least: int = 0) -> Counter[str]:
    """Attacks for so long, the kinds by turns, and each at least so often; returns how often each. Raises Failed."""
    total: Counter[str] = Counter()
    came: dict[str, Counter[str]] = {}
    began, last = time.monotonic(), 0.0
    name = ""
    try:
        with kinds(folder, seed) as every:
            while (passed := time.monotonic() - began) < seconds or min(total[one] for one in every) < least:
                for name, try_one in every.items():
                    until = time.monotonic() + min(_SECONDS, seconds / len(every))
                    while time.monotonic() < until or total[name] < least:
                        came.setdefault(name, Counter())[try_one()] += 1
                        total[name] += 1
                if passed - last > 30:
                    last = passed
                    told(summary(passed, total, came))
            passed = time.monotonic() - began
    except AssertionError as error:
        so_far = dict(total)
        raise Failed(f"{name}, of seed {seed}, after {so_far}: {error}") from error
    told(summary(passed, total, came))
    return total


def summary(passed: float, total: Counter[str], came: dict[str, Counter[str]]) -> str:
    """What there was up to now, a line for each kind."""
    lines = [f"{passed:,.0f} s: {total.total():,} tries, and nobody came in"]
    for name, tried in total.items():
        said = ", ".join(f"{many:,} {what}" for what, many in came[name].most_common())
        lines.append(f"  {name}: {tried:,} ({said})")
    return "\n".join(lines)


def main() -> int:
    """Runs what is asked for. Returns 1 where anybody came further than they may, or was told anything."""
    parser = argparse.ArgumentParser(prog="python tests/attacks.py")
    parser.add_argument("--minutes", type=float, default=10, metavar="N", help="how long (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="which ones (%(default)s)")
    chosen = parser.parse_args()

    def say(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        os.environ.update(HOME=str(home), **{f"XDG_{one}_HOME": str(home) for one in ("DATA", "CONFIG", "STATE")})
        for name in ("RINGFENCE_DB", "RINGFENCE_TOKEN", "RINGFENCE_DEBUG"):
            os.environ.pop(name, None)
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115
        signing_in._STEP_SECONDS = 1e-9  # type: ignore[misc]  # how late answers come is measured elsewhere
        try:
            attacks(Path(folder), seconds=chosen.minutes * 60, seed=chosen.seed, told=say)
        except Failed as failed:
            say(f"SOMEBODY CAME IN, OR WAS TOLD SOMETHING: {failed}"[:4000])
            return 1
    say("nobody came in, and nothing was told")
    return 0


if __name__ == "__main__":
    sys.exit(main())
