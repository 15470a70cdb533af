"""Operators in the console over a real sshd, a key a second each: how soon each is painted, and what a session takes.

``make operators``, or ``python -m benchmarks.operators [SECONDS [OPERATORS]]``: first one of them alone, then all of
them, for as long. It ends with 1 where a target is missed.
"""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from fcntl import ioctl
from pathlib import Path
from statistics import quantiles
from struct import pack
from tempfile import TemporaryDirectory
from termios import TIOCSWINSZ

from benchmarks.report import Report
from ringfence.services import ssh_keys
from ringfence.snapshot.demo import shipped
from ringfence.storage.engine import open_database
from ringfence.visibility.viewer import Viewer

SECONDS = 120.0
OPERATORS = 20
OVER = 50.0
"""So many milliseconds more than for one alone the 95th percentile may be."""
_PATIENCE = 60.0
_KEYS = (b"j", b"k")


class Operator:
    """Somebody at an ssh: the keys that they have pressed, and how long each took to be painted."""

    def __init__(self, words: Sequence[str]) -> None:
        self.master, slave = pty.openpty()
        ioctl(slave, TIOCSWINSZ, pack("HHHH", 24, 80, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color"}
        self.process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, env=environment)
        os.close(slave)
        self.took: list[float] = []
        self.said = b""
        self.pressed: float | None = None
        self._keys = 0

    def press(self) -> None:
        """Presses the next key: down, and up again."""
        os.write(self.master, _KEYS[self._keys % len(_KEYS)])
        self._keys += 1
        self.pressed = time.perf_counter()

    def hear(self) -> None:
        """Takes what has come."""
        try:
            self.said += os.read(self.master, 65536)
        except OSError:
            return
        if self.pressed is not None:
            self.took.append(time.perf_counter() - self.pressed)
            self.pressed = None

    def close(self) -> None:
        """Leaves."""
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def hear(operators: Sequence[Operator], seconds: float) -> None:
    """Takes what comes to any of them for so long."""
    until = time.perf_counter() + seconds
    by = {one.master: one for one in operators}
    while (left := until - time.perf_counter()) > 0:
        for ready in select.select(list(by), [], [], left)[0]:
            by[ready].hear()


def work(operators: Sequence[Operator], seconds: float) -> tuple[list[float], int]:
    """A key a second each, one after the other: how long each took, and how many were not painted within a second."""
    for one in operators:
        one.took.clear()
    lost = 0
    for _ in range(int(seconds)):
        for one in operators:
            lost += one.pressed is not None
            one.press()
            hear(operators, 1 / len(operators))
    hear(operators, 1.0)
    return [took for one in operators for took in one.took], lost + sum(one.pressed is not None for one in operators)


def memory() -> list[float]:
    """What each session takes by itself, in MB: of what several share, its part."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            line = (path / "cmdline").read_bytes().split(b"\0")
            if b"session" in line and b"ssh" in line and b"sh" not in line[0].rpartition(b"/")[2][-2:]:
                rollup = (path / "smaps_rollup").read_text()
                found += [int(row.split()[1]) / 1024 for row in rollup.splitlines() if row.startswith("Pss:")]
        except OSError:
            continue
    return found


def run(seconds: float = SECONDS, count: int = OPERATORS) -> Report:
    """The table."""
    sys.path.append(str(Path("tests").resolve()))
    from support.sshd import make_key, sshd, why_not

    if why_not():
        return Report((f"  left out: {why_not()}",))
    report = Report()
    with TemporaryDirectory() as folder:
        path = Path(folder)
        shutil.copyfile(shipped(), path / "demo.db")
        database = open_database(str(path / "demo.db"))
        viewer = Viewer.sign_in(database, "h.devries")
        keys = [make_key(path / f"key{number}").with_suffix("") for number in range(count)]
        for key in keys:
            ssh_keys.add(viewer, key.with_suffix(".pub").read_bytes(), "benchmark")
        database.close()
        with sshd(path, str(path / "demo.db")) as door:
            operators: list[Operator] = []
            try:
                for key in keys:
                    operators.append(Operator(door.words(key, options=["-tt"])))
                    until = time.perf_counter() + _PATIENCE
                    while b"Northwind" not in operators[-1].said and time.perf_counter() < until:
                        hear(operators, 0.1)
                    if len(operators) == 1:
                        hear(operators, 2.0)
                        alone, lost_alone = work(operators, seconds)
                hear(operators, 2.0)
                together, lost = work(operators, seconds)
                took = memory()
                errors = sum(one.process.poll() is not None for one in operators)
            finally:
                for one in operators:
                    one.close()
    single, all_of = (quantiles(found, n=20)[18] * 1000 for found in (alone, together))
    report.lines.append(f"  one operator: {len(alone)} keys, 95 % painted within {single:.0f} ms, {lost_alone} lost")
    report.lines.append(f"  {count} operators: {len(together)} keys, 95 % within {all_of:.0f} ms, {lost} lost")
    report.lines.append(f"  a session takes {sum(took) / max(1, len(took)):.0f} MB, of {len(took)}")
    report.judge("what ended, or was not painted within a second", errors + lost, 0)
    report.judge(f"95 % of the keys of {count} operators, over one's alone", all_of - single, OVER, "ms")
    return report


if __name__ == "__main__":
    given = sys.argv[1:]
    wanted = float(given[0]) if given else SECONDS
    found = run(wanted, int(given[1]) if given[1:] else OPERATORS)
    print("\n".join(found.lines))
    sys.exit(not all(one.met for one in found.targets))
