"""Whatever asks, changes or takes signals in, behind the second wall of PostgreSQL: by tenant alone, and strictly.

``python tests/wall.py`` (``make wall``) runs the tests of services, visibility and signals so, as the role of each
provider, and then holds what these roles may to what their statements did: what was used and is not granted has failed
a test, and what is granted was used.
"""

# ruff: noqa: T201 - it tells whoever runs it

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from support.wall import MODES

from ringfence.domain.registry import EDITED
from ringfence.storage.role_grants import grants

TIES = [ties.table for kind in EDITED.values() for _, ties in kind.ties.values() if not ties.whole]
ROOMS = ("tests/services", "tests/visibility", "tests/signals")


def main(modes: tuple[str, ...]) -> int:
    """Runs them in each of the modes. Returns 1 where a test failed, or a grant is of no use."""
    failed = False
    used: defaultdict[str, set[str]] = defaultdict(set)
    with tempfile.TemporaryDirectory() as folder:
        for mode in modes:
            print(f"behind the wall: {mode}", flush=True)
            environment = {**os.environ, "RINGFENCE_TESTS_WALL": mode, "RINGFENCE_TESTS_WALL_USED": folder}
            asked = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "-m", "postgres and not slow", *ROOMS]
            failed |= subprocess.run(asked, env=environment, check=False).returncode != 0
        for file in Path(folder).iterdir():
            for line in file.read_text().splitlines():
                table, verb = line.split()
                used[table].add(verb)
    # Records of every kind are written by the same code, and so is what is tied to them.
    for alike in ({kind.table for kind in EDITED.values()}, set(TIES)):
        verbs_of_all = set().union(*(used[table] for table in alike))
        used.update(dict.fromkeys(alike, verbs_of_all))
    for table, verbs in grants().items():
        given = {verb.strip().split(" ")[0] for verb in verbs.partition(" (")[0].split(",")}
        for verb in sorted(given - used[table]):
            failed = True
            print(f"{verb} on {table} is granted, and nothing uses it")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:]) or MODES))
