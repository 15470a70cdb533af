"""The command line itself: help, wrong usage, refusals, which database, hostile arguments, as a program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.command_line import Call, Save, small

from ringfence import __version__

FORMATS = ("table", "json", "csv", "keys")
COMMANDS = (
    *("list", "count", "can", "load", "what-if", "dump", "schema", "demo", "undo", "audit", "audit verify"),
    *("db", "db upgrade", "db check", "db backup", "db roles"),
)


class TestHelp:
    def test_version(self, call: Call) -> None:
        assert call("--version").out == f"ringfence {__version__}\n"

    @pytest.mark.parametrize("command", ["", *COMMANDS])
    def test_every_command_explains_itself(self, call: Call, command: str) -> None:
        said = call(*command.split(), "--help")
        assert said.status == 0
        assert said.err == ""
        assert said.lines[0].startswith(f"Usage: ringfence {command}".rstrip())
        assert not [line for line in said.lines if len(line) > 100]

    def test_the_help_names_every_command(self, call: Call) -> None:
        said = call("--help").out
        for command in COMMANDS:
            assert f"\n  {command.split()[0]} " in said


class TestWrongUsage:
    @pytest.mark.parametrize(
        "words",
        [
            "nonsense",
            "--nonsense",
            "list",
            "list devices",
            "list devices --as",
            "list devices --as olga --limit x",
            "list devices --as olga --limit -1",
            "list devices --as olga --format xml",
            "list devices --as olga --nonsense",
            "list devices sites --as olga",
            "list devices --as olga --at yesterday",
            "list devices --as olga --at 2026-11-16T12:00:00",
            "count",
            "count devices",
            "can",
            "can olga",
            "can olga device.list device:d extra",
            "load",
            "load a b",
            "dump nonsense",
            "schema nonsense",
            "demo nonsense",
            "demo --as",
            "db",
            "db nonsense",
            "--at 2026-11-16T12:00:00+00:00 demo",
        ],
    )
    def test_is_one_line_and_status_2(self, call: Call, demo_db: Path, words: str) -> None:
        call(*words.split()).refused(2)

    @pytest.mark.parametrize(
        "words",
        [
            ["list", "devices", "--as", ""],
            ["count", "devices", "--as", ""],
            ["dump", "--as", ""],
            ["--as", "", "dump"],
            ["demo", "--as", ""],
            ["can", "", "device.list"],
            ["--db", "", "dump"],
            ["dump", "--db", ""],
            ["load", "--db", "", "x.json"],
            ["dump", "--as", "olga", "--at", ""],
        ],
    )
    def test_an_option_from_an_unset_variable_is_not_taken_for_everything(
        self, call: Call, demo_db: Path, words: list[str]
    ) -> None:
        call(*words).refused(2)

    def test_a_standby_is_for_what_has_a_database(self, call: Call) -> None:
        assert call("--replica", "x", "schema").refused(2).endswith("it means nothing to 'ringfence schema'")


class TestRefusals:
    @pytest.mark.parametrize(
        ("words", "part"),
        [
            ("list tickets --as olga", "there is no kind 'tickets'"),
            ("count tickets --as olga", "there is no kind 'tickets'"),
            ("list devices --as nobody", "nobody has the login 'nobody'"),
            ("list devices --as olga --under nowhere", "there is no customer 'nowhere'"),
            ("can olga device.fly", "there is no permission 'device.fly'"),
            ("can olga device.list ticket:1", "there is no kind of record 'ticket'"),
            ("can olga device.list gate", "name the record as KIND:KEY"),
            ("can nobody device.list", "nobody has the login"),
            ("load nowhere.json", "cannot read nowhere.json"),
            ("--db nowhere.db dump", "there is no database at nowhere.db"),
            ("--db mysql://host/name dump", "not supported"),
            ("--db ://x dump", "--db is neither"),
            ("--db nonsense:// dump", "nonsense is not supported"),
            ("dump --as nobody", "nobody has the login"),
            ("--replica a.db list devices --as olga", "a file has none"),
            ("", "the console needs a terminal"),
            ("--as olga", "the console needs a terminal"),
        ],
    )
    def test_is_one_line_and_status_1(self, call: Call, demo_db: Path, words: str, part: str) -> None:
        assert part in call(*words.split()).refused()

    def test_a_folder_a_text_and_somebody_elses_database(self, call: Call, tmp_path: Path) -> None:
        import sqlite3

        (tmp_path / "text.db").write_text("no database at all, but long enough to look at" * 40)
        with sqlite3.connect(tmp_path / "other.db") as other:
            other.execute("CREATE TABLE t (x)")
        (tmp_path / "empty.db").touch()
        assert "is a folder" in call("--db", str(tmp_path), "dump").refused()
        assert "is not an SQLite database" in call("--db", str(tmp_path / "text.db"), "dump").refused()
        assert "is not a Ringfence database" in call("--db", str(tmp_path / "other.db"), "dump").refused()
        assert "is empty" in call("--db", str(tmp_path / "empty.db"), "dump").refused()

    def test_no_database_of_ones_own_yet(self, call: Call) -> None:
        assert "ringfence demo" in call("dump").refused()


class TestWhichDatabase:
    def test_before_behind_and_from_the_environment(
        self, call: Call, save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = str(tmp_path / "first.db"), str(tmp_path / "second.db")
        assert call("--db", first, "load", save(small())).status == 0
        two = small(customers=[{"key": "c2", "tenant": "t", "name": "Second"}])
        assert call("load", save(two), "--db", f"sqlite:///{second}").status == 0
        count = ["count", "customers", "--as", "ada"]
        assert call("--db", first, *count).out == "1\n"
        assert call(*count, "--db", second).out == "2\n"
        assert call("--db", first, *count, "--db", second).out == "2\n"
        monkeypatch.setenv("RINGFENCE_DB", second)
        assert call(*count).out == "2\n"
        assert call("--db", first, *count).out == "1\n"

    def test_ones_own_where_none_is_named(self, call: Call, save: Save, tmp_path: Path) -> None:
        assert call("load", save(small())).status == 0
        assert call("count", "customers", "--as", "ada").out == "1\n"
        assert (tmp_path / "home/data/ringfence/ringfence.db").is_file()

    def test_whose_view_may_stand_before_the_command(self, call: Call, demo_db: Path) -> None:
        assert call("--as", "olga", "count", "devices").out == "437\n"
        assert call("--as", "olga", "count", "devices", "--as", "g.moreau").out == "28\n"
        assert call("--as", "g.moreau", "dump") == call("dump", "--as", "g.moreau")

    def test_a_read_only_file_says_so(self, call: Call, save: Save, own_db: Path) -> None:
        before = own_db.read_bytes()
        said = call("--db", f"sqlite:///file:{own_db}?mode=ro&uri=true", "load", save(small()))
        assert "cannot be written" in said.refused()
        assert own_db.read_bytes() == before


class TestHostileArguments:
    NASTY = ("\ud800", "a\x1b[31mb", "a\rb\nc", "x" * 10_000, "'\"%_\\;--", "\u202eolga", " olga", "")

    @pytest.mark.parametrize("nasty", NASTY)
    @pytest.mark.parametrize(
        "words",
        [
            ["count", "devices", "--as", "@"],
            ["dump", "--as", "@"],
            ["can", "@", "device.list"],
            ["can", "olga", "@"],
            ["can", "olga", "device.list", "@"],
            ["count", "@", "--as", "olga"],
            ["count", "devices", "--as", "olga", "--under", "@"],
            ["count", "devices", "--as", "olga", "--at", "@"],
            ["--db", "@", "dump"],
            ["load", "@"],
            ["@"],
            ["list", "devices", "--as", "olga", "--format", "@"],
            ["list", "devices", "--as", "olga", "--limit", "@"],
        ],
    )
    def test_one_printable_line(self, call: Call, demo_db: Path, words: list[str], nasty: str) -> None:
        message = call(*(nasty if word == "@" else word for word in words))
        assert message.status in (1, 2)
        assert message.refused(message.status).isprintable()

    @pytest.mark.parametrize("nasty", NASTY)
    def test_a_record_of_any_key_is_missing(self, call: Call, demo_db: Path, nasty: str) -> None:
        said = call("can", "olga", "device.list", f"device:{nasty}")
        assert (said.status, said.out, said.err) == (1, "no\n", "")


class TestAsAProgram:
    """What only a process of its own shows: pipes, full disks, closed streams, locales."""

    def test_a_reader_that_has_seen_enough(self, program: Call, demo_db: Path) -> None:
        pipe = '"$@" | head -n 1; echo "${PIPESTATUS[0]}"'
        for words in (["dump"], ["schema"], ["list", "devices", "--as", "h.devries", "--format", "json"]):
            said = program(*words, shell=pipe)
            assert said.err == ""
            assert len(said.lines) == 2
            assert said.lines[1] == "0"

    def test_a_full_disk(self, program: Call, demo_db: Path) -> None:
        for words in (["dump"], ["count", "devices", "--as", "olga"]):
            said = program(*words, shell='"$@" >/dev/full')
            assert said.refused() == "output: No space left on device"

    def test_closed_streams(self, program: Call, demo_db: Path) -> None:
        count = ["count", "devices", "--as", "olga"]
        assert program(*count, shell='"$@" >&-').err == ""
        assert program(*count, shell='"$@" <&- 2>&-').out == "437\n"
        said = program("count", "nonsense", "--as", "olga", shell='"$@" 2>&-')
        assert (said.status, said.out, said.err) == (1, "", "")

    @pytest.mark.parametrize(
        "locale",
        [
            {"LC_ALL": "C"},
            {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
            {"PYTHONIOENCODING": "ascii"},
            {"PYTHONIOENCODING": "latin-1"},
        ],
    )
    def test_poor_locales(self, program: Call, demo_db: Path, locale: dict[str, str]) -> None:
        """One interpreter for all, as it begins in such a locale; each says its status behind what it says."""
        import sys

        code = (
            "import sys; from ringfence.cli.main import run\n"
            "for words in sys.argv[1:]: print('status', run(words.split()), file=sys.stderr, flush=True)"
        )
        words = ("list customers --as olga", "demo", "list users --as nøbody", "count devices --as olga")
        said = program(sys.executable, code, *words, shell='"$2" -c "${@:3}"', env=locale)
        told = re.findall(r"((?:.+\n)*?)status ([01])\n", said.err)
        assert "".join(f"{err}status {status}\n" for err, status in told) == said.err
        assert len(told) == len(words)
        for err, _ in told:
            assert err == "" or (err.startswith("ringfence: error: ") and err.count("\n") == 1)
        assert (told[-1], said.lines[-1]) == (("", "0"), "437")

    def test_bytes_that_are_no_text(self, program: Call, demo_db: Path) -> None:
        for words in ([b"count", b"devices", b"--as", b"\xff"], [b"load", b"\xff"], [b"\xff"]):
            said = program(*words)
            assert said.status in (1, 2)
            said.refused(said.status)

    def test_as_a_module(self, program: Call) -> None:
        import sys

        assert program(sys.executable, shell='"$2" -m ringfence --version').out == f"ringfence {__version__}\n"
        assert program("nonsense").refused(2)

    def test_the_console_s_way_in_imports_nothing_that_it_does_not_paint_with(self, program: Call) -> None:
        import sys

        code = (
            "import sys, ringfence.cli.main, ringfence.console.start as s; from ringfence.console.driver import *;"
            "driver_class(); import ringfence.console.screens.customers;"
            "heavy = {'sqlalchemy', 'alembic', 'pydantic', 'typer', 'psycopg', 'yaml'};"
            "rooms = ('ringfence.domain.registry', 'ringfence.services', 'ringfence.visibility', 'ringfence.changes');"
            "print(sorted(heavy & set(sys.modules)), [name for name in sys.modules if name.startswith(rooms)])"
        )
        assert program(sys.executable, code, shell='"$2" -c "$3"').out == "[] []\n"

    def test_interrupted(self, program: Call) -> None:
        # A pipe that stays open and says nothing, in a shell that lets its children be interrupted.
        # It is interrupted again where it had not begun to listen yet.
        again = "for _ in $(seq 20); do sleep 1.5; kill -INT $! 2>/dev/null || break; done"
        said = program(shell=f'mkfifo pipe; exec 3<>pipe; set -m; "$@" load - <pipe & {again}; wait $!')
        assert said.status == 130
        assert "Traceback" not in said.err
