"""Damaged databases and damaged snapshots, by the thousand: whatever is in them, every command answers in lines for
people, and no process dies of it.

``python tests/damage.py`` damages 2,000 copies of the demo's database and makes 3,000 mutants of its snapshot, each
from a number of its own, and says what came of them; ``--files``, ``--mutants`` and ``--from`` choose fewer, or one
again. The suite runs a few of each (tests/cli/test_damage.py).
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import yaml

from ringfence.cli.main import run
from ringfence.domain.registry import KINDS
from ringfence.snapshot.demo import shipped
from ringfence.storage.engine import open_database
from ringfence.storage.metadata import metadata

HANNA = ("--as", "h.devries")
PATIENCE = 60
"""Seconds that one damaged file may take."""
PAGE = 4096
_KEPT = 20_000
FORMS = ("table", "json", "csv", "keys")
HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**63, 10**400, 1e308, float("nan"), float("inf"), "", " ", "\0", "\x1b[31m",
    "\u202e", "\ud800", "x" * 5000, "all", "2026-13-45", "2026-01-01T00:00:00", "9999-12-31T23:59:59-23:59", [], {},
    [[]], [{}], [None], {"": ""}, "h.devries",
)  # fmt: skip
"""What stands in a mutant where something else belongs."""
STORED: tuple[str, ...] = (
    "NULL", "x''", "x'00ff'", "CAST(x'fffe' AS TEXT)", "CAST(x'c328' AS TEXT)", "''", "'x'", "'/'", "'/0/'", "'~'",
    "-1", "0", "1", "9223372036854775807", "-9223372036854775808", "1e308", "3.5", "'9'", "'2026-99-99'",
    "'2026-01-01'", "'{'", "'[]'", "'null'", "'{\"a\": 1}'", "char(0)", "char(27, 91, 51, 49, 109)", "char(8238)",
    "printf('%.*c', 100000, 'x')",
)  # fmt: skip
"""What stands in a damaged column, as SQL."""


@dataclass
class Tally:
    """What came of it all: how often each status, how many lines nobody had foreseen, and every failure."""

    files: int = 0
    commands: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    unforeseen: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        statuses = ", ".join(f"{count:,} with {status}" for status, count in sorted(self.statuses.items()))
        unforeseen = ", ".join(f"{count:,} {said}" for said, count in self.unforeseen.most_common())
        return (
            f"{self.files:,} files, {self.commands:,} commands ({statuses}); {len(self.failures):,} failures; "
            f"in lines for what nobody foresaw: {unforeseen or 'none'}"
        )


def make_base(folder: Path) -> Path:
    """A database to damage: the demo's, with some history."""
    worked, base = folder / "worked.db", folder / "base.db"
    shutil.copyfile(shipped(), worked)
    with _Quiet():
        for words in (
            ("users", "edit", "m.claes", "--name", "Other", *HANNA),
            ("customers", "create", "New", *HANNA),
            ("devices", "edit", "north-coldstore-airlock-door-1", "--kind", "Other", *HANNA),
            ("list", "devices", *HANNA),
        ):
            run(["--db", str(worked), *words])
    with closing(sqlite3.connect(worked)) as connection, closing(sqlite3.connect(base)) as copy:
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    return base


def damage(base: Path, target: Path, chance: Random) -> str:
    """Damages a copy of a database; says how."""
    shutil.copyfile(base, target)
    how = chance.choice((_flipped, _flipped, _cut, _blank, _swapped, _stored, _stored, _stored))
    return how(target, chance)


def _flipped(target: Path, chance: Random) -> str:
    data = bytearray(target.read_bytes())
    places = [chance.randrange(100 if chance.random() < 0.1 else len(data)) for _ in range(chance.choice((1, 8, 64)))]
    for place in places:
        data[place] ^= 1 << chance.randrange(8) if chance.random() < 0.5 else chance.randrange(1, 256)
    target.write_bytes(data)
    return f"{len(places)} bytes flipped"


def _cut(target: Path, chance: Random) -> str:
    length = chance.randrange(target.stat().st_size)
    length -= length % PAGE if chance.random() < 0.5 else 0
    os.truncate(target, length)
    return f"cut to {length}"


def _blank(target: Path, chance: Random) -> str:
    data = bytearray(target.read_bytes())
    at = chance.randrange(len(data) // PAGE) * PAGE
    data[at : at + PAGE] = bytes(PAGE) if chance.random() < 0.5 else chance.randbytes(PAGE)
    target.write_bytes(data)
    return f"page at {at} overwritten"


def _swapped(target: Path, chance: Random) -> str:
    data = bytearray(target.read_bytes())
    one, other = (chance.randrange(1, len(data) // PAGE) * PAGE for _ in range(2))
    data[one : one + PAGE], data[other : other + PAGE] = data[other : other + PAGE], data[one : one + PAGE]
    target.write_bytes(data)
    return f"pages at {one} and {other} swapped"


def _stored(target: Path, chance: Random) -> str:
    """Puts something into columns that does not belong there, as SQLite lets whoever opens the file do."""
    said = []
    with closing(sqlite3.connect(target)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("PRAGMA writable_schema = ON")
        for _ in range(chance.choice((1, 1, 3, 10))):
            table = chance.choice(list(metadata.tables.values()))
            column = chance.choice(list(table.columns)).name
            value = chance.choice(STORED)
            some = "" if chance.random() < 0.3 else f" WHERE random() % {chance.choice((2, 5, 50))} = 0"
            try:
                with connection:
                    connection.execute(f'UPDATE OR IGNORE "{table.name}" SET "{column}" = {value}{some}')
            except sqlite3.Error:
                continue
            said.append(f"{table.name}.{column} = {value[:30]}")
        if chance.random() < 0.1:
            victim = chance.choice(
                connection.execute("SELECT type, name FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
            )
            with suppress(sqlite3.Error), connection:  # SQLite keeps its own
                connection.execute(f'DROP {victim[0]} IF EXISTS "{victim[1]}"')
                said.append(f"{victim[1]} dropped")
    return ", ".join(said) or "nothing stored"


def commands_on(chance: Random, folder: Path) -> list[list[str]]:
    """Some of the commands that read or change a database; always the one that looks for damage."""
    user = chance.choice((HANNA, HANNA, ("--as", "olga"), ("--as", "t.okafor"), ("--as", "j.peeters")))
    every = [
        *([*("list", kind), *user, "--format", form] for kind in KINDS for form in FORMS),
        *([*("count", kind), *user] for kind in KINDS),
        ["can", user[1], "device.list"],
        ["can", user[1], "customer.edit", "customer:northwind"],
        ["dump"],
        ["dump", *user],
        ["audit", "verify"],
        ["undo", *user, "--dry-run"],
        ["undo", *user],
        ["db", "backup", str(folder / f"{chance.random()}.backup")],
        ["db", "upgrade"],
        ["profile", "show", *user],
        ["what-if", str(folder / "snapshot.json"), "--format", "json"],
        ["what-if", str(folder / "snapshot.json"), *user],
        ["load", str(folder / "snapshot.json")],
        ["customers", "create", "New", *user],
        ["customers", "delete", "north-coldstore", *user, "--dry-run"],
        ["customers", "delete", "north-coldstore", *user, "--yes"],
        ["customers", "move", "north-coldstore", "--to-top", *user, "--dry-run"],
        ["users", "edit", "m.claes", "--name", "Another", *user],
        ["users", "delete", "m.claes", *user, "--dry-run"],
        ["devices", "edit", "north-coldstore-airlock-door-1", "--name", "Another", *user],
        ["devices", "import", str(folder / "sheet.csv"), *user],
        ["list", "devices", *user, "--search", "door"],
        ["list", "devices", *user, "--under", "northwind", "--at", "2020-01-01T00:00:00+00:00"],
    ]
    return [*chance.sample(every, 7), ["db", "check"]]


def mutate(document: dict[str, Any], chance: Random) -> tuple[str, bytes]:
    """A mutant of a snapshot, and the suffix of the file that it belongs into."""
    found = json.loads(json.dumps(document))
    for _ in range(chance.choice((0, 0, 1, 1, 2, 5))):
        _mutate_once(found, chance)
    suffix = chance.choice((".json", ".json", ".yaml", "-"))
    if suffix == ".yaml" and "\\ud800" not in json.dumps(found):  # its writer takes no half of a character
        data = yaml.dump(found, Dumper=yaml.CSafeDumper, allow_unicode=True).encode("utf-8", "surrogatepass")
    else:
        data = json.dumps(found, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
    if chance.random() < 0.4:
        data = _mutated_bytes(data, chance)
    return suffix, data


def _mutate_once(document: Any, chance: Random) -> None:
    at: Any = document
    while isinstance(at, dict | list) and at:
        key = chance.choice(list(at)) if isinstance(at, dict) else chance.randrange(len(at))
        inner = at[key]
        if not isinstance(inner, dict | list) or not inner or chance.random() < 0.15:
            what = chance.randrange(5)
            if what == 0:
                del at[key]
            elif what == 1 and isinstance(at, dict):
                at[chance.choice(("key", "tenant", "customers", "x", "\x00", "ringfence"))] = at.pop(key)
            elif what == 2 and isinstance(at, list):
                at.extend([inner] * chance.choice((1, 2, 50)))
            else:
                at[key] = chance.choice(HOSTILE)
            return
        at = inner


def _mutated_bytes(data: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    what = chance.randrange(6)
    if what == 0:
        return data[:at]
    if what == 1:
        return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
    if what == 2:
        return data[:at] + chance.choice((b"[", b"{", b'{"a":', b"- ", b"? ", b"&a [*a, ", b"\0")) * 20_000 + data[at:]
    if what == 3:
        return data[:at] + data[at // 2 :]
    if what == 4:
        text = data.decode("utf-8", "replace")
        return text.encode(chance.choice(("utf-16", "utf-32", "cp1252", "utf-8-sig", "latin-1")), "replace")
    return chance.randbytes(at % 2000) + data


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def try_files(numbers: Sequence[int], folder: Path, tally: Tally, told: Callable[[str], object] = _tell) -> None:
    """Damages a database for each number, and runs commands on it."""
    base = make_base(folder)
    (folder / "snapshot.json").write_text(json.dumps(snapshot_of(base)))
    (folder / "sheet.csv").write_text("key,name,unit_id\nnorth-coldstore-airlock-door-1,Another,\n,New,U-NEW\n")
    for number in numbers:
        chance = Random(number)
        target = folder / f"damaged-{number}.db"
        how = damage(base, target, chance)
        commands = [["--db", str(target), *words] for words in commands_on(chance, folder)]
        _try(f"file {number} ({how})", commands, None, tally, told)
        for left in folder.glob(f"damaged-{number}.db*"):
            left.unlink()
        for left in folder.glob("*.backup*"):
            left.unlink()


def try_mutants(numbers: Sequence[int], folder: Path, tally: Tally, told: Callable[[str], object] = _tell) -> None:
    """Makes a mutant of a snapshot for each number; loads it, and asks what loading it would change."""
    base = make_base(folder)
    document = snapshot_of(base)
    empty = folder / "empty.db"
    open_database(str(empty), create=True).close()
    with closing(sqlite3.connect(empty)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    for number in numbers:
        chance = Random(number)
        suffix, data = mutate(document, chance)
        path = folder / f"mutant{suffix}"
        path.write_bytes(data)
        target = folder / f"loaded-{number}.db"
        filled = chance.random() < 0.5
        shutil.copyfile(base if filled else empty, target)
        words = "-" if suffix == "-" else str(path)
        commands = [["--db", str(target), "load", words]]
        if filled:
            user = chance.choice(((), HANNA))
            commands.insert(0, ["--db", str(target), "what-if", words, *user, "--format", "json"])
        _try(f"mutant {number}", commands, data if suffix == "-" else None, tally, told)
        for left in folder.glob(f"loaded-{number}.db*"):
            left.unlink()


def snapshot_of(base: Path) -> dict[str, Any]:
    """The snapshot of a database."""
    with _Quiet() as out:
        run(["--db", str(base), "dump"])
    document: dict[str, Any] = json.loads(out.getvalue())
    document["devices"] = document["devices"][:60]
    return document


def _try(
    name: str, commands: list[list[str]], given: bytes | None, tally: Tally, told: Callable[[str], object]
) -> None:
    """Runs commands in a process of their own, and notes what came of each."""
    tally.files += 1
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        signal.alarm(PATIENCE)
        with os.fdopen(writing, "w", encoding="utf-8", errors="backslashreplace") as out:
            _answer(commands, given, out)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as came:
        answers = [json.loads(line) for line in came]
    _, status = os.waitpid(child, 0)
    for number, answer in enumerate(answers):
        tally.commands += 1
        tally.statuses[answer["status"]] += 1
        error = answer["error"]
        if "this should not happen" in error:
            tally.unforeseen[error.partition("(")[2].partition(")")[0]] += 1
            if os.environ.get("RINGFENCE_DEBUG"):
                told(f"{name}: {' '.join(commands[number][2:])}:\n{error}")
        wrong = "Traceback" in error and "RINGFENCE_DEBUG" not in os.environ
        lines = [line for line in error.splitlines() if not line.startswith("ringfence: ")]
        lines = [line for line in lines if not line.startswith("change ")]
        if wrong or answer["status"] not in (0, 1) or (answer["status"] == 1 and not error and answer["out"] != "no"):
            tally.failures.append(f"{name}: {' '.join(commands[number][2:])}: {answer}")
        elif lines and "RINGFENCE_DEBUG" not in os.environ:
            tally.failures.append(f"{name}: {' '.join(commands[number][2:])}: {lines}")
    if status:
        words = " ".join(commands[len(answers)][2:]) if len(answers) < len(commands) else "the end"
        tally.failures.append(f"{name}: {words}: died of signal {status & 127} (status {status})")
        told(tally.failures[-1])


def _answer(commands: list[list[str]], given: bytes | None, out: Any) -> None:
    import traceback

    for words in commands:
        if given is not None:
            sys.stdin = io.TextIOWrapper(io.BytesIO(given), encoding="utf-8")
        with _Quiet() as stdout:
            stderr = sys.stderr
            assert isinstance(stderr, io.StringIO)
            try:
                status = run(words)
            except BaseException:  # noqa: BLE001 - that is what is looked for
                traceback.print_exc()
                status = 99
            said = stderr.getvalue()  # whole lines, as many as are enough to judge by
            kept = said if len(said) <= _KEPT else said[: said.rfind("\n", 0, _KEPT) + 1]
            answer = {"status": status, "error": kept, "out": stdout.getvalue()[:100].strip()}
        out.write(json.dumps(answer) + "\n")
        out.flush()


class _Quiet:
    """Keeps what commands say."""

    def __enter__(self) -> io.StringIO:
        self._before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = out, _ = io.StringIO(), io.StringIO()
        return out

    def __exit__(self, *_: object) -> None:
        sys.stdout, sys.stderr = self._before


def main() -> int:
    """Runs what is asked for. Returns 1 where anything failed."""
    parser = argparse.ArgumentParser(prog="python tests/damage.py")
    parser.add_argument("--files", type=int, default=2000, metavar="N", help="damaged databases (%(default)s)")
    parser.add_argument("--mutants", type=int, default=3000, metavar="N", help="mutants of a snapshot (%(default)s)")
    parser.add_argument("--from", type=int, default=0, metavar="N", dest="first", help="the first number (%(default)s)")
    chosen = parser.parse_args()
    os.environ.pop("RINGFENCE_DB", None)
    failed = 0
    for count, work in ((chosen.files, try_files), (chosen.mutants, try_mutants)):
        tally, began = Tally(), time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            work(range(chosen.first, chosen.first + count), Path(folder), tally)
        sys.stdout.write(f"{tally}, in {time.monotonic() - began:.0f} s\n")
        for failure in tally.failures[:20]:
            sys.stdout.write(f"  {failure}\n")
        failed += len(tally.failures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
