"""How long sshd waits to hear about a key: ``ssh authorized-keys`` against a bare interpreter, on both engines."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.report import Report
from ringfence.services import ssh_keys
from ringfence.snapshot.demo import shipped
from ringfence.storage.engine import open_database
from ringfence.visibility.viewer import Viewer

ROUNDS = 15
MOST = {"SQLite": 150, "PostgreSQL": 300}
"""So many milliseconds beyond a bare interpreter an answer may take."""


def run() -> Report:
    """The table. The programs take turns."""
    if str(Path("tests").resolve()) not in sys.path:
        sys.path.append(str(Path("tests").resolve()))
    from support.postgres import server
    from support.sshd import make_key

    report = Report((f"  median of {ROUNDS} alternating runs, in ms beyond a bare interpreter",))
    with tempfile.TemporaryDirectory() as folder, server() as url:
        public = make_key(Path(folder) / "key")
        shutil.copyfile(shipped(), Path(folder) / "demo.db")
        document = Path(folder) / "demo.json"
        with document.open("w") as out:
            subprocess.run(_ringfence("--db", f"{folder}/demo.db", "dump"), stdout=out, check=True)
        subprocess.run(_ringfence("--db", url, "load", str(document)), stdout=subprocess.DEVNULL, check=True)
        urls = {"SQLite": f"{folder}/demo.db", "PostgreSQL": url}
        for where in urls.values():
            database = open_database(where)
            ssh_keys.add(Viewer.sign_in(database, "olga"), public.read_bytes(), "benchmark")
            database.close()
        kind, blob, *_ = public.read_text().split()
        asked = _ringfence("ssh", "authorized-keys", "root", kind, blob)
        took: dict[str, list[float]] = {"": [], **{name: [] for name in urls}}
        for _ in range(ROUNDS + 1):
            took[""].append(_time([sys.executable, "-c", "pass"], {}))
            for name, where in urls.items():
                took[name].append(_time(asked, {"RINGFENCE_DB": where}))
    bare = median(took[""][1:])
    for name, most in MOST.items():
        report.judge(f"an answer to sshd on {name}", (median(took[name][1:]) - bare) * 1000, most, "ms")
    return report


def _ringfence(*words: str) -> list[str]:
    return [sys.executable, "-m", "ringfence", *words]


def _time(program: Sequence[str], variables: Mapping[str, str]) -> float:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    subprocess.run(program, env={**kept, **variables}, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started
