"""``python -m benchmarks [NAME…]``: runs the benchmarks named, or all of them, and prints their tables."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

BENCHMARKS = {
    "startup": "how soon the console paints and shows data",
    "pages": "what scoping costs, a page against the same page unscoped",
    "load": "how long a large snapshot takes to load",
}
_DATA = Path(__file__).parent / "data"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs them in turn. Returns 1 when one of them failed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        epilog="\n".join(f"{name}: {said}" for name, said in BENCHMARKS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which ones; without a name, all")
    parser.add_argument(
        "--database",
        type=Path,
        default=_DATA / "big.db",
        metavar="FILE",
        help="where the large database of 'pages' is, or is to be kept (%(default)s)",
    )
    wanted = parser.parse_args(arguments)
    unknown = [name for name in wanted.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]}: choose from {', '.join(BENCHMARKS)}")
    failed = False
    for name in wanted.names or BENCHMARKS:
        started = time.perf_counter()
        try:
            run = importlib.import_module(f"benchmarks.{name}").run
            lines = run(wanted.database) if name == "pages" else run()
        except Exception as error:  # noqa: BLE001 - the others are still worth running
            failed = True
            lines = [f"{name} failed: {type(error).__name__}: {error}"]
        print("\n".join(lines))
        print(f"  ({time.perf_counter() - started:.0f} s)\n", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
