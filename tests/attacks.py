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

_TOGETHER: Final = 20
"""So many tries of a kind in a row."""
_LOOK_EVERY: Final = 10


class Failed(AssertionError):  # noqa: N818 - named for what it says
    """Somebody came further than they may, or something was told: it says where, and how that is come to again."""


@contextmanager
def kinds(folder: Path, seed: int) -> Iterator[dict[str, Callable[[int], Counter[str]]]]:
    """What makes so many tries of each kind, and says what came of them; now and then it looks for what was changed."""
    chance = Random(seed)
    database = made(folder / "guarded.db")
    inside = folder / "inside"
    inside.mkdir()
    doors = Doors(inside, chance)
    world = guarded(World(database, provider()), AT)
    rounds = Counter[str]()

    def at(name: str, try_one: Callable[[], str]) -> Callable[[int], Counter[str]]:
        def tried(count: int) -> Counter[str]:
            found = Counter(try_one() for _ in range(count))
            rounds[name] += 1
            if rounds[name] % _LOOK_EVERY == 1:
                doors.look()
            return found

        return tried

    here = Path.cwd()
    os.chdir(inside)  # whatever a command line makes, it makes there
    try:
        yield {
            "signing in": lambda count: attack(world, chance, count, AT),
            "keys": at("keys", doors.ask),
            "command lines": at("command lines", doors.command),
            "tokens": at("tokens", doors.bear),
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
                for name, tries in every.items():
                    found = tries(_TOGETHER)
                    total[name] += found.total()
                    came.setdefault(name, Counter()).update(found)
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
    for name, count in total.items():
        said = ", ".join(f"{many:,} {what}" for what, many in came[name].most_common())
        lines.append(f"  {name}: {count:,} ({said})")
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
