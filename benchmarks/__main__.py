"""``python -m benchmarks [NAME…]``: runs the benchmarks named, or all of them, and prints their tables, and at the end
which targets were met and which were missed."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.big import DATA, make_big
from benchmarks.report import Report, summary

BENCHMARKS = {
    "startup": "how soon the console paints and shows data",
    "commands": "how soon a command answers, against the import of SQLAlchemy",
    "door": "how long sshd waits to hear about a key, beyond a bare interpreter, on both engines",
    "load": "how long a large snapshot takes to load, against a bare insert of the same rows",
    "pages": "what scoping costs: a page, against the same page unscoped",
    "frames": "whether the first page of every list is there within a frame, whoever asks, on both engines",
    "keys": "from key to paint at a million, against the same key on the demo",
    "line": "what a key sends over the line, and the processor time it takes, against Textual's own way",
    "picker": "what choosing among 100,000 costs: opening the picker, searching, adding and removing",
    "edits": "what changing access costs: reading the choices, previewing and saving 5,000 customers of a group",
    "previews": "how long a save takes while twenty processes preview",
    "crowd": "twenty writers and twenty readers at once: what fails, what is lost, how long each takes",
    "ingest": "what taking signals in costs, against reading them and a bare insert, and what a save waits meanwhile",
    "alarms": "what the first page of the queue costs among a million alarms, against the same one unscoped",
    "sign_in": "whether the time of an answer tells which logins there are, and whether a password was right",
    "explain": "what explaining access costs among 10,000 users and 5,000 groups, against one question for a yes or no",
    "wall": "what the second wall of PostgreSQL costs: a first page behind it, against the same without",
    "assign": "what assigning 10,000 of 1,000,000 devices costs, against the bare UPDATE of as many",
}
MINUTES = 10
"""All of them may take so long."""
_LARGE = ("pages", "frames", "keys", "edits", "previews", "explain", "assign")
"""Those that take the large database."""
_FEWER = {"sign_in": 50}
"""So many tries of each sort where all are run: each lasts as long as an answer, and two distributions that are apart
for good are so after these. By itself it takes as many as it says."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs them in turn. Returns 1 when one of them failed; a target that is missed is no failure."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        epilog="\n".join(f"{name}: {said}" for name, said in BENCHMARKS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which ones; without a name, all")
    parser.add_argument(
        "--database",
        type=Path,
        default=DATA / "big.db",
        metavar="FILE",
        help=f"where the large database of {', '.join(_LARGE)} is, or is to be kept (%(default)s)",
    )
    wanted = parser.parse_args(arguments)
    unknown = [name for name in wanted.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]}: choose from {', '.join(BENCHMARKS)}")
    failed = False
    reports: dict[str, Report] = {}
    begun = time.perf_counter()
    for name in wanted.names or BENCHMARKS:
        started = time.perf_counter()
        try:
            run = importlib.import_module(f"benchmarks.{name}").run
            given = [_large(wanted.database)] if name in _LARGE else [] if wanted.names else few(name)
            report = run(*given)
        except Exception as error:  # noqa: BLE001 - the others are still worth running
            failed = True
            report = Report([f"{name} failed: {type(error).__name__}: {error}"])
        reports[name] = report
        print(f"{name}: {BENCHMARKS[name]}")
        print("\n".join(report.lines))
        print(f"  ({time.perf_counter() - started:.0f} s)\n", flush=True)
    if not wanted.names:
        whole = reports["all of it"] = Report()
        whole.judge("how long all of them took", (time.perf_counter() - begun) / 60, MINUTES, "minutes")
    print("\n".join(summary(reports)))
    return 1 if failed else 0


def few(name: str) -> list[int]:
    """How often a benchmark tries where all are run, if not as often as by itself."""
    return [_FEWER[name]] if name in _FEWER else []


def _large(path: Path) -> Path:
    """The large database, made where there is none: it is kept for the next time."""
    if not path.exists():
        from ringfence.snapshot.load import load_file
        from ringfence.storage.engine import open_database

        source = DATA / "big.json"
        DATA.mkdir(exist_ok=True)
        if not source.exists():
            make_big(source)
        database = open_database(str(path), create=True)
        load_file(database, source)
        database.close()
        return path
    from benchmarks.copies import brought_up

    return brought_up(path)


if __name__ == "__main__":
    sys.exit(main())
