"""Signals pour in out of order, doubled, from the future, foreign, hostile and in bursts of five thousand, and whoever
takes them in is killed over and over: the alarms end up being those that a slow statement of the rules gives.

``python tests/storm.py`` (``make storm``) has it go on for half an hour. Each world is a history by chance
(``support.alarm_worlds``): its lines go through a pipe into ``ringfence ingest``, its clocks are run by ``ringfence
worker``, at times beside it; both are killed at any moment, and begun again with all that was not acknowledged. The
clock is the history's own (``--at``), so that what comes of it is known to the millisecond.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Lock, Timer
from typing import Any

from support.alarm_facts import Device
from support.alarm_histories import MINUTE, alarms_of, described
from support.alarm_worlds import DEVICES, History
from support.databases import empty, made
from support.documents import AT
from support.edits import provider
from support.oracle import Oracle as Rule
from support.postgres import server

from ringfence.domain.clock import moment_of
from ringfence.services import listing
from ringfence.services.records import Listing
from ringfence.storage.engine import Database, open_database
from ringfence.visibility.viewer import Viewer

BURST = 5000
STEPS = 60
"""So much happens in one world at most."""
_PIPE = 1 << 20
"""Bytes that a pipe holds: all of a few lines is there before anything is read, and is one batch."""
_TOLD = re.compile(
    r"([\d,]+) lines?, [\d,]+ values?, ([\d,]+) raised, ([\d,]+) cleared, ([\d,]+) unmatched(?:, ([\d,]+) known)?\n"
)


def hostile(chance: Random, now: int) -> bytes:
    """A line that is no signal, and of which nothing may stay."""
    own = chance.choice(DEVICES)
    deep = '{"values":' * 3000
    return chance.choice(
        (
            b'{"unit":"acme-0","values":{"temperature":',
            b"\xff\xfe\x00{}",
            b"[" * 50_000,
            deep.encode(),
            b'{"unit":"acme-0","values":{"temperature":1e999}}',
            b'{"unit":"acme-0","values":{"temperature":NaN}}',
            b'{"unit":"acme-0","values":{"temperature":9,"temperature":1}}',
            b'{"unit":"acme-0","values":{"temperature":' + b"9" * 5000 + b"}}",
            b'{"unit":"acme-0","alarm":"fire\\u0000"}',
            b'{"unit":"acme-0","alarm":"fire","text":"\\ud800"}',
            b'{"unit":"acme-0","alarm":"fire","state":"maybe"}',
            b'{"unit":"acme-0\\u001b[2J","alarm":"fire"}',
            json.dumps({"unit": own, "values": {f"v{one}": 9 for one in range(65)}}).encode(),
            json.dumps({"unit": own, "alarm": "fire", "text": "x" * 70_000}).encode(),
            json.dumps({"unit": own, "alarm": "fire", "ts": now + 5 * MINUTE + 1}).encode(),
            json.dumps({"unit": own, "values": {"temperature": 99}, "ts": now + 400 * 24 * 60 * MINUTE}).encode(),
            json.dumps({"unit": own, "values": {"temperature": 99}, "ts": now - 31 * 24 * 60 * MINUTE}).encode(),
            json.dumps({"unit": own, "alarm": "'; DROP TABLE alarm; --"}).encode(),
        )
    )


class Processes:
    """Runs commands, and kills them at any moment: so many times within so many seconds."""

    def __init__(self, chance: Random, kills: int, seconds: float) -> None:
        self.chance = chance
        self.began = time.monotonic()
        self.due = sorted(chance.random() * seconds for _ in range(kills))
        self.killed: Counter[str] = Counter()
        self.run_: Counter[str] = Counter()
        self._lasted: dict[str, float] = {}
        self._lock = Lock()

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.began

    def run(self, url: str, *words: str, given: bytes | None = None) -> tuple[int, str, str, bool]:
        """Runs a command until it has ended by itself: its exit status, what it said, and whether it was killed."""
        what, interrupted = words[0], False
        while True:
            kill = self._kill_due()
            began = time.monotonic()
            command = [sys.executable, "-m", "ringfence", "--db", url, *words]
            with subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            ) as process:
                assert process.stdin is not None
                if hasattr(fcntl, "F_SETPIPE_SZ"):
                    fcntl.fcntl(process.stdin, fcntl.F_SETPIPE_SZ, _PIPE)
                lasted = self._lasted.get(what, 1.0)
                if kill is not None:
                    timer = Timer((0.25 + 0.75 * self.chance.random()) * lasted, process.kill)
                    timer.start()
                out, error = process.communicate(given or b"")
                if kill is not None:
                    timer.cancel()
            with self._lock:
                self.run_[what] += 1
                if kill is not None and process.returncode == -9:
                    self.killed[what] += 1
                    interrupted = True
                    continue
                if kill is not None:
                    self.due.insert(0, kill)
                self._lasted[what] = (lasted + time.monotonic() - began) / 2
            said = error.decode()
            if "another worker is at" in said:
                time.sleep(0.05)
                continue
            assert "Traceback" not in said, said
            assert "should not happen" not in said, said
            return process.returncode, out.decode(), said, interrupted

    def _kill_due(self) -> float | None:
        with self._lock:
            return self.due.pop(0) if self.due and self.due[0] <= self.seconds else None


class Storm(History):
    """A history whose signals and clocks are processes of their own."""

    def __init__(self, database: Database, url: str, chance: Random, processes: Processes) -> None:
        self.url = url
        self.processes = processes
        self.counted: Counter[str] = Counter()
        self.earlier: list[bytes] = []
        super().__init__(database, chance)

    def people(self) -> dict[str, Any]:
        """Those of the small provider, all of whom may list the alarms of what they reach."""
        made_ = provider()
        for role in made_["roles"]:
            if role["permissions"] != "all":
                role["permissions"] = [*role["permissions"], "alarm.list"]
        return made_

    def line(self, now: int) -> dict[str, Any]:
        """A line by chance, which can be sent again."""
        return self.named(super().line(now))

    def named(self, line: dict[str, Any]) -> dict[str, Any]:
        """The line with an id, by which it is known when it comes again."""
        if "id" not in line:
            self.numbers += 1
            line["id"] = f"n{self.numbers}"
        return line

    def lines(self) -> None:
        """A batch; at times beside a worker, which has nothing to do but what comes by it."""
        if self.chance.randrange(3):
            super().lines()
            return
        self.clocks()
        with ThreadPoolExecutor(1) as beside:
            working = beside.submit(self.work)
            super().lines()
            working.result()
        self.clocks()

    def burst(self) -> None:
        """An alarm that comes and goes; or five thousand lines at once, those of each device in their order."""
        if self.chance.randrange(2):
            super().burst()
            return
        moments = sorted(self.now - self.chance.randrange(20 * MINUTE) for _ in range(BURST))
        theirs: dict[str, list[dict[str, Any]]] = {device: [] for device in DEVICES}
        for at in moments:
            line = self.line(at) | {"ts": at}
            if line.keys() & {"values", "alarm"}:
                theirs[line["unit"]].append(line)
        order = [device for device, lines in theirs.items() for _ in lines]
        self.chance.shuffle(order)
        waiting = {device: iter(lines) for device, lines in theirs.items()}
        self.counted["bursts"] += 1
        self.take([next(waiting[device]) for device in order], "e")

    def send(self, lines: list[dict[str, Any]], by: str) -> tuple[int, int] | None:
        """Sends lines through a pipe, among others of which nothing may come, until they are acknowledged."""
        chance = self.chance
        sent = [json.dumps(self.named(one)).encode() for one in lines]
        twice = [place for place in range(len(sent)) if not chance.randrange(8)]
        known: list[bytes] = []
        if by == "e":
            known = chance.sample(self.earlier, min(len(self.earlier), chance.choice((0, 0, 1, 3))))
            self.earlier = (self.earlier + sent)[-50:]
        foreign = [
            json.dumps({"unit": f"nobody-{chance.randrange(9)}", "alarm": "fire", "id": f"f{self.numbers}"}).encode()
            for _ in range(chance.choice((0, 0, 1, 4)))
        ]
        wrong = [hostile(chance, self.now) for _ in range(chance.choice((0, 0, 1, 4)))]
        # Of two of an id the first counts: what is there twice comes later.
        placed = [(float(place), one) for place, one in enumerate(sent)]
        placed += [(chance.uniform(place, len(sent)), sent[place]) for place in twice]
        placed += [(chance.uniform(-1, len(sent)), one) for one in (*known, *foreign, *wrong)]
        every = [one for _, one in sorted(placed, key=lambda one: one[0])]
        words = ("ingest", "-", "--edge", by, "--at", moment_of(self.now).isoformat())
        status, out, error, interrupted = self.processes.run(self.url, *words, given=b"\n".join(every) + b"\n")
        assert status == bool(wrong), (status, out, error)
        told = _TOLD.fullmatch(out)
        assert told is not None, out
        count, raised, cleared, unmatched, repeated = (int((one or "0").replace(",", "")) for one in told.groups())
        assert count == len(every) - len(wrong), error
        assert unmatched <= len(foreign) or by != "e"
        assert repeated >= len(twice) + len(known)
        self.counted.update(lines=len(every), again=len(twice) + len(known), foreign=len(foreign), hostile=len(wrong))
        return None if interrupted else (raised, cleared)

    def work(self) -> None:
        """The worker does what is due."""
        at = moment_of(self.now).isoformat()
        status, out, error, _ = self.processes.run(self.url, "worker", "--once", "--at", at)
        assert (status, error) == (0, ""), (out, error)

    def clocks(self) -> None:
        """The clocks run."""
        self.work()
        self.oracle.clocks(self.now)

    def hand_over(self) -> None:
        """A device comes to stand elsewhere; what is said there again is new there."""
        super().hand_over()
        self.earlier.clear()

    def compare(self) -> None:
        """All is as the slow statement says; of what devices have said it need remember no more than the latest."""
        found, wanted = set(alarms_of(self.database)), {described(one) for one in self.oracle.alarms}
        assert found == wanted, (self.seen, "there are", found - wanted, "and should be", wanted - found)
        super().compare()
        for device in self.oracle.devices.values():
            forget(device)

    def compare_lists(self) -> int:
        """Everybody lists the alarms that the rule of visibility gives them; returns how many lists those are."""
        document = self.world.document()
        rule = Rule(document, AT)
        for user in document["users"]:
            viewer = Viewer.sign_in(self.database, user["login"], AT)
            for search, wanted in (("", None), ("outcome:open", "open")):
                found = {one.key for one in listing.export(viewer, Listing("alarms", search))}
                seen = rule.listed(user["login"], "alarms")
                open_ = {one["key"] for one in document["alarms"] if one.get("outcome", "open") == "open"}
                assert found == (seen if wanted is None else seen & open_), (user["login"], search)
        return len(document["users"])


def forget(device: Device) -> None:
    """Forgets all that a device has said but the latest of each name."""
    newest: dict[str, tuple[int, str, Any]] = {}
    for one in device.said:
        if one[1] not in newest or one[0] >= newest[one[1]][0]:
            newest[one[1]] = one
    device.said[:] = newest.values()


def storm(
    opened: Callable[[int], tuple[Database, str]],
    *,
    seconds: float,
    kills: int,
    seed: int,
    told: Callable[[str], object],
    least: int = 0,
) -> Counter[str]:
    """Goes from world to world for so long, and until so many were killed; in each at least so many things happen.
    Raises AssertionError where anything is otherwise than it should be; returns what there was."""
    processes, total = Processes(Random(seed), kills, seconds * 0.95), Counter[str]()
    while processes.seconds < seconds or processes.due:
        number = seed + total["worlds"]
        database, url = opened(number)
        try:
            world = Storm(database, url, Random(number), processes)
            for place in range(STEPS):
                world.step()
                world.compare()
                if place + 1 >= least and processes.seconds >= seconds and not processes.due:
                    break
            total["lists"] += world.compare_lists()
            world.look()
        except Exception as error:
            raise AssertionError(f"in the world of seed {number}") from error
        finally:
            database.close()
        total.update(world.counted)
        total.update(worlds=1, alarms=len(world.oracle.alarms))
        told(summary(total, processes))
    total.update(killed=processes.killed.total())
    return total


def summary(total: Counter[str], processes: Processes) -> str:
    """What there was up to now, in a line."""
    parts = [f"{total[one]:,} {one}" for one in ("worlds", "lines", "bursts", "again", "foreign", "hostile", "alarms")]
    run, killed = (
        ", ".join(f"{many:,} {what}" for what, many in sorted(one.items()))
        for one in (processes.run_, processes.killed)
    )
    return f"{processes.seconds:,.0f} s: {', '.join(parts)}, {total['lists']:,} lists; ran {run}; killed {killed or 0}"


@contextmanager
def engine(name: str, folder: Path) -> Iterator[Callable[[int], tuple[Database, str]]]:
    """Databases of an engine, empty, one after the other."""
    if name == "sqlite":

        def fresh(number: int) -> tuple[Database, str]:
            path = folder / f"{number}.db"
            return made(path), str(path)

        yield fresh
        return
    with server() as url:
        open_database(url, create=True).close()

        def emptied(_: int) -> tuple[Database, str]:
            database = open_database(url)
            empty(database)
            return database, url

        yield emptied


def main() -> int:
    """Runs what is asked for. Returns 1 where anything came out otherwise than it should."""
    parser = argparse.ArgumentParser(prog="python tests/storm.py")
    parser.add_argument("--minutes", type=float, default=30, metavar="N", help="how long (%(default)s)")
    parser.add_argument("--kills", type=int, default=50, metavar="N", help="how often one is killed (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the first world (%(default)s)")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite", help="(%(default)s)")
    chosen = parser.parse_args()

    def say(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory() as folder, engine(chosen.engine, Path(folder)) as opened:
        try:
            storm(opened, seconds=chosen.minutes * 60, kills=chosen.kills, seed=chosen.seed, told=say)
        except AssertionError as error:
            cause = error.__cause__
            say(f"{error}: {type(cause).__name__}: {cause}"[:4000])
            raise
    say("all alarms are those that the slow statement gives")
    return 0


if __name__ == "__main__":
    sys.exit(main())
