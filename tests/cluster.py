"""Whatever asks, changes or takes signals in, on a cluster of PostgreSQL servers with Citus.

``python tests/cluster.py postgresql://postgres@one:5432/postgres …`` (``make cluster SERVERS=…``) runs the tests of
services, visibility and signals there: the first URL is the coordinator's, and others are of workers. Each is a
superuser's; on each server databases ``ringfence_gw0`` and so on are made anew. Left out is what there is not on a
cluster: the second wall, previews that lock nothing, tables that a test adds, the directory of who can sign in, of all
providers at once, and a limit to how long a worker's lock is waited for.
"""

from __future__ import annotations

import os
import subprocess
import sys

from support.wall import MODES

ROOMS = ("tests/services", "tests/visibility", "tests/signals", "tests/storage/test_cluster.py")
_TESTS = ("test_those_who_can_sign_in", "test_a_look_waits_for_nobody_who_writes")
APART = ("tests/services/test_previews_lock_nothing.py", "tests/visibility/test_scratch_noun.py")


def main(servers: list[str]) -> int:
    """Runs them. Returns 1 where a test failed, or no server is named."""
    if not servers:
        sys.stderr.write("say the URLs of the servers: SERVERS='postgresql+psycopg://…'\n")
        return 1
    environment = {**os.environ, "RINGFENCE_TESTS_CLUSTER": " ".join(servers)}
    asked = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "-m", "postgres and not slow", *ROOMS]
    asked += [*(f"--ignore={one}" for one in APART), "-k", f"not ({' or '.join((*MODES, *_TESTS))})"]
    return int(subprocess.run(asked, env=environment, check=False).returncode != 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
