"""Whether every statement that the tests make on PostgreSQL says of each table whose rows it means.

``python tests/tenancy.py`` (``make tenancy``) runs the tests that need PostgreSQL, reads what their statements say, and
holds that against the list of those that work for all tenants at once: what is not in it has come newly, and what is in
it and was not seen has been mended.
"""

# ruff: noqa: T201 - it tells whoever runs it

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from support.tenancy import Emitted, faults, mended


def main(words: list[str]) -> int:
    """Runs the tests, or those that are named. Returns 1 where a test failed, or the list says otherwise."""
    seen: Emitted = {}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "RINGFENCE_TESTS_STATEMENTS": folder}
        asked = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "-m", "postgres and not slow", *words]
        failed = subprocess.run(asked, env=environment, check=False).returncode != 0
        for file in Path(folder).iterdir():
            for whose, statements in json.loads(file.read_text()).items():
                seen.setdefault(whose, set()).update(statements)
    told = [*faults(seen), *([] if words else mended(seen))]
    print("\n".join(told) or f"{sum(map(len, seen.values()))} statements of {len(seen)} functions")
    return int(failed or bool(told))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
