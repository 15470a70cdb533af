"""The command line from outside: every command and option, exit statuses, and what it says."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.command_line import AT, Call, small

from ringfence import __version__
from ringfence.domain.permission import PERMISSIONS
from ringfence.services.listing import kinds
from ringfence.snapshot.story import WHO_SHOWS_WHAT, story

Save = Callable[[dict[str, Any]], str]
FORMATS = ("table", "json", "csv", "keys")
COMMANDS = ("list", "count", "can", "load", "dump", "schema", "demo", "db", "db upgrade", "db check", "db backup")


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


class TestListing:
    @pytest.mark.parametrize("kind", kinds())
    @pytest.mark.parametrize("login", ["h.devries", "olga", "r.dekker", "g.moreau", "p.nowak", "astrid"])
    def test_list_count_and_dump_agree(self, call: Call, demo_db: Path, kind: str, login: str) -> None:
        keys = call("list", kind, "--as", login, "--at", AT, "--format", "keys").lines
        assert keys == sorted(keys)
        assert call("count", kind, "--as", login, "--at", AT).out == f"{len(keys)}\n"
        as_json = json.loads(call("list", kind, "--as", login, "--at", AT, "--format", "json").out)
        assert sorted(record["key"] for record in as_json) == keys
        as_csv = list(csv.DictReader(io.StringIO(call("list", kind, "--as", login, "--at", AT, "--format", "csv").out)))
        shown = [{name: "" if value is None else str(value) for name, value in record.items()} for record in as_json]
        assert as_csv == shown
        table = call("list", kind, "--as", login, "--at", AT).lines
        assert len(table) == (len(keys) + 1 if keys else 0)
        assert [line.split()[0] for line in table[1:]] == [record["key"] for record in as_json]
        dumped = json.loads(call("dump", "--as", login, "--at", AT).out)
        assert [entry["key"] for entry in dumped[kind.replace("-", "_")]] == keys

    def test_devices_as_the_story_has_them(self, call: Call, demo_db: Path) -> None:
        told = {device["key"]: device for device in story()["devices"] if device["tenant"] == "harbor"}
        listed = json.loads(call("list", "devices", "--as", "h.devries", "--format", "json").out)
        assert {device["key"]: {**device, "tenant": "harbor"} for device in listed} == told

    @pytest.mark.parametrize("output", FORMATS)
    def test_limit(self, call: Call, demo_db: Path, output: str) -> None:
        def length(limit: str) -> int:
            said = call("list", "devices", "--as", "olga", "--format", output, "--limit", limit)
            assert said.status == 0
            if output == "json":
                return len(json.loads(said.out))
            return max(0, len(said.lines) - (output in ("table", "csv")))

        assert [length("0"), length("1"), length("7"), length("9999")] == [0, 1, 7, 437]

    @pytest.mark.parametrize("output", FORMATS)
    def test_nothing_to_list(self, call: Call, demo_db: Path, output: str) -> None:
        said = call("list", "devices", "--as", "p.nowak", "--format", output)
        assert (said.status, said.err) == (0, "")
        assert said.out == ("[]\n" if output == "json" else "")

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("tunnel cam", ["north-waalhaven-tunnel-cam-a", "north-waalhaven-tunnel-cam-b"]),
            ("TUNNEL CAM [a]", ["north-waalhaven-tunnel-cam-a"]),
            ("50%", ["north-waalhaven-tunnel-smoke-50-100-m"]),
            ('"the hole"', ["oharas-keg-cellar-the-hole-camera"]),
            ("カード", ["aonami-u-01057"]),
            ("u-01054", ["north-waalhaven-tunnel-smoke-50-100-m"]),
            ("U-0105", None),
            ("%", ["north-waalhaven-tunnel-smoke-50-100-m"]),
            ("_", []),
            ("\\", []),
            ("'; DROP TABLE device; --", []),
            ("\x00", []),
            ("\ud800", []),
            ("x" * 10_000, []),
        ],
    )
    def test_search_is_for_the_text_itself(
        self, call: Call, demo_db: Path, text: str, expected: list[str] | None
    ) -> None:
        said = call("list", "devices", "--as", "h.devries", "--search", text, "--format", "keys")
        assert said.status == 0, said.err
        told = [device for device in story()["devices"] if device["tenant"] == "harbor"]
        plain = sorted(
            device["key"] for device in told if text.lower() in f"{device['name']}\n{device['unit_id']}".lower()
        )
        assert said.lines == plain
        if expected is not None:
            assert len(plain) == len(expected)
        assert call("count", "devices", "--as", "h.devries", "--search", text).out == f"{len(plain)}\n"

    def test_under_a_customer(self, call: Call, demo_db: Path) -> None:
        keys = call("list", "customers", "--as", "olga", "--under", "north-rotterdam", "--format", "keys").lines
        assert keys == ["north-coldstore", "north-maasvlakte", "north-pharma", "north-rotterdam", "north-waalhaven"]
        assert call("count", "customers", "--as", "olga", "--under", "north-rotterdam").out == "5\n"
        # To whom it is shown without those nested in it, there is nothing more below it.
        assert call("count", "customers", "--as", "t.okafor", "--under", "north-rotterdam").out == "1\n"

    def test_under_and_search_together(self, call: Call, demo_db: Path) -> None:
        words = ["--as", "olga", "--under", "northwind", "--search", "forklift"]
        keys = call("list", "devices", *words, "--format", "keys").lines
        assert keys
        assert all(key.startswith("north") for key in keys)
        assert call("count", "devices", *words).out == f"{len(keys)}\n"

    def test_names_with_escape_sequences_are_made_visible(self, call: Call, save: Save, tmp_path: Path) -> None:
        # Control characters are refused at load; what else a terminal or a reader could stumble over is shown by name.
        name = "gate \u202eevil\u202c \u200b [red]x[/red]"
        file = save(small(devices=[{"key": "e", "tenant": "t", "customer": "c", "name": name, "kind": "k" * 200}]))
        database = str(tmp_path / "x.db")
        assert call("--db", database, "load", file).status == 0
        said = call("--db", database, "list", "devices", "--as", "ada", "--search", "evil")
        assert "⟨RLO⟩evil⟨PDF⟩ ⟨U+200B⟩ [red]x[/red]" in said.out
        assert "\u202e" not in said.out
        assert "…" in said.out
        as_json = call("--db", database, "list", "devices", "--as", "ada", "--search", "evil", "--format", "json")
        assert json.loads(as_json.out)[0]["name"] == name


class TestCan:
    def test_yes_and_no(self, call: Call, demo_db: Path) -> None:
        yes, no = (0, "yes\n", ""), (1, "no\n", "")
        for words, expected in (
            ("olga device.list", yes),
            ("olga device.delete", no),
            ("OLGA device.list customer:northwind", yes),
            ("olga device.list customer:internal", no),
            ("g.moreau device.list device:north-maasvlakte-gate-camera-east", yes),
            ("g.moreau device.list device:north-maasvlakte-dock-camera-3", no),
            ("g.moreau site.view site:north-maasvlakte-gate", yes),
            ("g.moreau site.view site:north-maasvlakte-stack", no),
            ("r.dekker user.edit user:b.janssens", yes),
            ("r.dekker user.edit user:olga", no),
            ("k.adeyemi device.delete customer:northwind", yes),
            ("k.adeyemi device.delete customer:polder", no),
            ("p.nowak device.list", no),
            ("b.janssens device.list", no),
            ("astrid customer.list customer:northwind", no),
            ("r.dekker role.view role:dekker-fitter", yes),
            ("r.dekker security_group.view security_group:operations", no),
            ("r.dekker customer_group.view customer_group:dekker-schools", yes),
        ):
            said = call("can", *words.split())
            assert (said.status, said.out, said.err) == expected, words

    @pytest.mark.parametrize("login", ["olga", "g.moreau", "p.nowak", "r.dekker"])
    def test_agrees_with_the_list(self, call: Call, demo_db: Path, login: str) -> None:
        listed = set(call("list", "sites", "--as", login, "--at", AT, "--format", "keys").lines)
        for site in story()["sites"]:
            said = call("can", login, "site.list", f"site:{site['key']}", "--at", AT)
            assert said.out == ("yes\n" if site["key"] in listed else "no\n")

    def test_hidden_and_missing_alike(self, call: Call, demo_db: Path) -> None:
        for hidden, missing in (
            ("customer:internal", "customer:intermal"),
            ("device:academy-counter-camera", "device:academy-counter-kamera"),
            ("user:astrid", "user:asterid"),
        ):
            assert call("can", "olga", "device.list", hidden) == call("can", "olga", "device.list", missing)
        for command in (["list", "devices"], ["count", "customers"]):
            hidden_said = call(*command, "--as", "olga", "--under", "internal")
            missing_said = call(*command, "--as", "olga", "--under", "intermal")
            assert hidden_said.err.replace("internal", "…") == missing_said.err.replace("intermal", "…")
            assert hidden_said.status == missing_said.status == 1
            assert hidden_said.out == missing_said.out == ""


class TestMatrix:
    """Each kind of record without its permission, with it, and with it at one customer only."""

    @staticmethod
    def document() -> dict[str, Any]:
        document = small(
            customers=[
                {"key": "a", "tenant": "t", "name": "A"},
                {"key": "a1", "tenant": "t", "parent": "a", "name": "A one"},
                {"key": "b", "tenant": "t", "name": "B"},
            ]
        )
        for owner in (None, "a", "a1", "b"):
            key = f"of-{owner}"
            shared = {"key": key, "tenant": "t", "name": key}
            document.setdefault("sites", []).append({**shared, "customer": owner})
            document["devices"].append({**shared, "customer": owner})
            document["roles"].append({**shared, "owner": owner, "access_level": "site"})
            document["security_groups"].append({**shared, "owner": owner, "role": None, "scope": "all"})
            document.setdefault("customer_groups", []).append({**shared, "owner": owner})
            document["users"].append({**shared, "home": owner, "login": key})
        for kind in kinds():
            needed = f"{_noun(kind)}.list"
            for name, permissions in (("with", [needed]), ("without", sorted(PERMISSIONS - {needed}))):
                key = f"{name}-{kind}"
                level = {"name": key, "access_level": "service_provider", "permissions": permissions}
                document["roles"].append({"key": key, "tenant": "t", **level})
                for scope in ("all", "selected"):
                    group = {"key": f"{key}-{scope}", "tenant": "t", "name": key, "role": key, "scope": scope}
                    document["security_groups"].append({**group, "customers": [{"customer": "a"}]})
                    user = {"key": f"{key}-{scope}", "tenant": "t", "name": key, "login": f"{key}-{scope}"}
                    document["users"].append({**user, "security_groups": [{"group": f"{key}-{scope}"}]})
        return document

    @pytest.fixture(scope="class")
    def database(self, tmp_path_factory: pytest.TempPathFactory) -> str:
        from ringfence.snapshot.load import load_document
        from ringfence.storage.engine import open_database

        path = str(tmp_path_factory.mktemp("matrix") / "matrix.db")
        database = open_database(path, create=True)
        load_document(database, self.document())
        database.close()
        return path

    @pytest.mark.parametrize("kind", kinds())
    def test_matrix(self, call: Call, database: str, kind: str) -> None:
        noun = _noun(kind)
        entries = self.document()[kind.replace("-", "_")]
        every = sorted(entry["key"] for entry in entries)
        field = {"users": "home", "sites": "customer", "devices": "customer"}.get(kind, "owner")
        of_a = sorted(
            entry["key"]
            for entry in entries
            if (entry["key"] if kind == "customers" else entry.get(field)) in ("a", "a1")
        )
        assert 0 < len(of_a) < len(every)
        for login, expected in (
            (f"without-{kind}-all", []),
            (f"without-{kind}-selected", []),
            (f"with-{kind}-all", every),
            (f"with-{kind}-selected", of_a),
        ):
            listed = call("--db", database, "list", kind, "--as", login, "--format", "keys")
            assert listed.lines == expected
            assert call("--db", database, "count", kind, "--as", login).out == f"{len(expected)}\n"
            for key in (of_a[0], "a" if kind == "customers" else "of-a", "b" if kind == "customers" else "of-b"):
                said = call("--db", database, "can", login, f"{noun}.list", f"{noun}:{key}")
                assert said.status == (0 if key in expected else 1), (login, key)
            assert call("--db", database, "can", login, f"{noun}.list").status == (0 if expected else 1)


def _noun(kind: str) -> str:
    return kind.removesuffix("s").replace("-", "_")


class TestMoments:
    def test_at(self, call: Call, demo_db: Path) -> None:
        def count(login: str, at: str) -> str:
            before = call("--at", at, "count", "customers", "--as", login).out
            assert call("count", "customers", "--as", login, "--at", at).out == before
            return before.strip()

        assert count("f.hoekstra", "2026-11-15T17:59:59+00:00") == "40"
        assert count("f.hoekstra", "2026-11-15T18:00:00+00:00") == "0"
        assert count("d.ionescu", "2026-11-17T08:59:59+01:00") == "0"
        assert count("d.ionescu", "2026-11-17T09:00:00+01:00") == "46"
        assert call("can", "d.ionescu", "device.list", "--at", "2026-11-17T08:00:00Z").status == 0
        assert call("can", "d.ionescu", "device.list", "--at", "2026-11-17T07:00:00Z").status == 1
        assert json.loads(call("dump", "--as", "d.ionescu", "--at", "2026-11-16T08:00:00Z").out)["customers"] == []

    def test_behind_the_command_wins(self, call: Call, demo_db: Path) -> None:
        words = ["count", "customers", "--as", "d.ionescu", "--at", "2026-11-18T08:00:00Z"]
        assert call("--at", "2026-11-16T08:00:00Z", *words).out == "46\n"

    @pytest.mark.parametrize("at", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"])
    def test_far_away(self, call: Call, demo_db: Path, at: str) -> None:
        assert call("count", "customers", "--as", "olga", "--at", at).out == "40\n"


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


class TestLoading:
    BAD = {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": "Tenant"}],
        "customers": [
            {"key": "north", "tenant": "t", "name": "Northwind", "parent": "south"},
            {"key": "south", "tenant": "t", "name": "Southwind", "parent": "north"},
            {"key": "east", "tenant": "t", "name": " "},
            {"key": "east", "tenant": "t", "name": "Eastwind", "phone": 31},
        ],
        "sites": [{"key": "hq", "tenant": "t", "customer": "west", "name": "Head\x1b[2J office"}],
        "roles": [{"key": "r", "tenant": "t", "name": "R", "access_level": "global", "permissions": ["device.see"]}],
        "users": [{"key": "u", "tenant": "t", "login": "u", "name": "U", "colour": "red"}],
        "tickets": [],
    }
    FAULTS = (
        'customers[0] "north": parent: a cycle',
        'customers[1] "south": parent: a cycle',
        'customers[2] "east": name: is empty',
        'customers[3] "east": phone: must be text, not a number',
        'customers[3] "east": key: is there twice',
        'sites[0] "hq": customer: there is no customer "west"',
        'sites[0] "hq": name: holds control characters',
        'roles[0] "r": access_level: must be',
        'roles[0] "r": permissions: unknown permission "device.see"',
        'users[0] "u": colour: unknown field',
        '"tickets": unknown field',
    )

    def _faults(self, err: str) -> None:
        lines = err.splitlines()
        assert all(line.startswith("ringfence: error: ") for line in lines)
        for expected in self.FAULTS:
            assert len([line for line in lines if expected in line]) == 1, expected
        assert len(lines) == len(self.FAULTS)
        assert "Traceback" not in err
        assert "\x1b" not in err

    def test_a_bad_file_tells_every_fault_and_leaves_no_database(self, call: Call, save: Save, tmp_path: Path) -> None:
        new = tmp_path / "new" / "new.db"
        new.parent.mkdir()
        said = call("--db", str(new), "load", save(self.BAD))
        assert (said.status, said.out) == (1, "")
        self._faults(said.err)
        assert list(new.parent.iterdir()) == []

    def test_a_bad_file_changes_nothing(self, call: Call, save: Save, own_db: Path) -> None:
        before = call("dump").out
        said = call("load", save(self.BAD))
        assert said.status == 1
        self._faults(said.err)
        assert call("dump").out == before

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"\n",
            b"{",
            b"[]",
            b"null",
            b"hello",
            b'{"ringfence": 2}',
            b'{"ringfence": true}',
            b'{"customers": []}',
            b'{"ringfence": 1} trailing',
            b'{"ringfence": 1, "customers": [,]}',
            b'{"ringfence": 1, "customers": {}}',
            b'{"ringfence": 1, "customers": [1, null, "x"]}',
            b"\xff\xfe\x00",
            b'{"ringfence": 1, "x": ' + b"[" * 100_000,
            b"\x00" * 100,
            b"a: [b",
            b"&a [*a]",
            b"!!python/object/apply:os.system ['true']",
        ],
    )
    def test_what_is_no_document(self, call: Call, tmp_path: Path, text: bytes) -> None:
        file = tmp_path / "file"
        file.write_bytes(text)
        said = call("--db", str(tmp_path / "new.db"), "load", str(file))
        assert (said.status, said.out) == (1, "")
        assert said.err
        assert all(line.startswith("ringfence: error: ") for line in said.err.splitlines())
        assert not (tmp_path / "new.db").exists()

    def test_a_folder_is_no_file(self, call: Call, tmp_path: Path) -> None:
        assert "cannot read" in call("--db", str(tmp_path / "new.db"), "load", str(tmp_path)).refused()

    def test_says_how_much(self, call: Call, save: Save, tmp_path: Path) -> None:
        said = call("--db", str(tmp_path / "new.db"), "load", save(small()))
        assert said.err == ""
        assert said.out == "loaded 1 tenant, 1 customer, 1 role, 1 security group, 1 user, 1 device\n"
        nothing = call("--db", str(tmp_path / "new.db"), "load", save({"ringfence": 1}))
        assert (nothing.status, nothing.out) == (0, "loaded nothing\n")

    def test_yaml_and_standard_input(self, call: Call, program: Call, tmp_path: Path) -> None:
        yaml = "ringfence: 1\ntenants: [{key: t, name: T}]\ncustomers: [{key: c, tenant: t, name: No}]\n"
        (tmp_path / "x.yaml").write_text(yaml)
        assert call("--db", str(tmp_path / "a.db"), "load", str(tmp_path / "x.yaml")).status == 0
        said = program("--db", "b.db", "load", "-", shell='cat x.yaml | "$@"')
        assert said.status == 0, said
        assert call("--db", str(tmp_path / "a.db"), "dump") == call("--db", str(tmp_path / "b.db"), "dump")

    def test_again_and_again_is_the_same(self, call: Call, tmp_path: Path, demo_db: Path) -> None:
        dumped = call("dump").out
        (tmp_path / "dump.json").write_text(dumped, encoding="utf-8")
        other = str(tmp_path / "other.db")
        for _ in range(2):
            assert call("--db", other, "load", str(tmp_path / "dump.json")).status == 0
            assert call("--db", other, "dump").out == dumped

    def test_an_upsert_takes_the_file_s_word(self, call: Call, save: Save, own_db: Path) -> None:
        moved = {"key": "dekker-marina", "tenant": "harbor", "parent": "internal", "name": "Marina"}
        assert call("count", "devices", "--as", "r.dekker").out == "60\n"
        assert call("load", save({"ringfence": 1, "customers": [moved]})).out == "loaded 1 customer\n"
        assert call("count", "devices", "--as", "r.dekker").out == "49\n"
        assert call("count", "devices", "--as", "j.peeters").out == "62\n"
        entry = json.loads(call("list", "customers", "--as", "j.peeters", "--search", "mari", "--format", "json").out)
        assert entry[0] == {
            "key": "dekker-marina",
            "parent": "internal",
            "name": "Marina",
            **dict.fromkeys(("email", "phone", "address"), ""),
        }


class TestDumping:
    def test_everything_and_one_users_view(self, call: Call, demo_db: Path) -> None:
        everything = json.loads(call("dump").out)
        assert {name: len(entries) for name, entries in everything.items() if name != "ringfence"} == {
            name: len(entries) for name, entries in story().items() if name != "ringfence"
        }
        view = call("dump", "--as", "t.okafor", "--at", AT)
        entries = json.loads(view.out)
        assert {entry["key"] for entry in entries["customers"]} >= {"north-rotterdam", "polder-south"}
        for hidden in ("northwind", "Northwind", "Harbor Monitoring", "Waalhaven", "Lindqvist", "olga"):
            assert hidden not in view.out.replace("@northwind.example", "")
        assert [entry["parent"] for entry in entries["customers"] if entry["key"] == "north-rotterdam"] == [None]

    @pytest.mark.parametrize("login", [login for login, _ in WHO_SHOWS_WHAT])
    def test_a_view_loads_again(self, call: Call, demo_db: Path, tmp_path: Path, login: str) -> None:
        view = call("dump", "--as", login, "--at", AT).out
        (tmp_path / "view.json").write_text(view, encoding="utf-8")
        other = str(tmp_path / "other.db")
        assert call("--db", other, "load", str(tmp_path / "view.json")).status == 0
        assert call("--db", other, "dump").out == view


class TestSchema:
    def test_is_a_json_schema_of_the_document(self, call: Call) -> None:
        schema = json.loads(call("schema").out)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert set(schema["properties"]) == set(story())
        assert schema["required"] == ["ringfence"]
        assert schema["additionalProperties"] is False
        _check(schema, schema)
        said = json.dumps(schema)
        assert all(f'"{permission}"' in said for permission in PERMISSIONS)

    def test_the_story_is_valid_by_it(self, call: Call) -> None:
        schema = json.loads(call("schema").out)
        assert _faults(schema, schema, story()) == []
        assert _faults(schema, schema, small(sites=[{"key": "s", "tenant": "t", "name": "S", "colour": 1}])) != []
        assert _faults(schema, schema, {"ringfence": 2}) != []


def _check(schema: object, whole: dict[str, Any]) -> None:
    """Whether the keywords are those of JSON Schema, with the types it asks for, and references lead somewhere."""
    assert isinstance(schema, dict)
    for keyword, value in schema.items():
        if keyword in ("properties", "$defs"):
            for inner in value.values():
                _check(inner, whole)
        elif keyword in ("items",):
            _check(value, whole)
        elif keyword == "anyOf":
            assert value
            for inner in value:
                _check(inner, whole)
        elif keyword == "$ref":
            assert value.removeprefix("#/$defs/") in whole["$defs"]
        elif keyword == "type":
            assert value in ("object", "array", "string", "boolean", "integer", "number", "null")
        elif keyword == "required":
            assert set(value) <= set(schema["properties"])
        else:
            assert keyword in {
                *("title", "description", "default", "const", "enum", "pattern", "maxLength", "format"),
                *("additionalProperties", "$schema"),
            }


_TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "null": type(None),
}


def _faults(schema: dict[str, Any], whole: dict[str, Any], value: Any) -> list[str]:
    """What JSON Schema has against a value, by the keywords that ours uses."""
    import re

    if "$ref" in schema:
        return _faults(whole["$defs"][schema["$ref"].removeprefix("#/$defs/")], whole, value)
    if "anyOf" in schema:
        return [] if any(not _faults(inner, whole, value) for inner in schema["anyOf"]) else [f"{value!r}: no form"]
    found = []
    if "type" in schema and not isinstance(value, _TYPES[schema["type"]]):
        return [f"{value!r} is no {schema['type']}"]
    if "const" in schema and value != schema["const"]:
        found.append(f"{value!r} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{value!r} is none of the values")
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{value!r} does not match")
    if isinstance(value, list):
        for item in value:
            found += _faults(schema.get("items", {}), whole, item)
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        found += [f"{name} is missing" for name in schema.get("required", ()) if name not in value]
        for name, item in value.items():
            found += _faults(properties[name], whole, item) if name in properties else [f"{name} is unknown"]
    return found


class TestDemo:
    def test_without_a_terminal_it_says_who_sees_what(self, call: Call) -> None:
        said = call("demo")
        assert (said.status, said.err) == (0, "")
        for login, situation in WHO_SHOWS_WHAT:
            assert [line for line in said.lines if line.startswith(f"{login} ")]
            assert situation in said.out
        assert "40 of 46 customers, 437 of 498 devices" in said.out
        assert said.out.count("Sees nothing: ") == 5
        assert call("demo", "--as", "olga").out == said.out
        assert call("--as", "olga", "demo").out == said.out

    def test_it_leaves_nothing_behind(self, program: Call, tmp_path: Path) -> None:
        said = program("demo", env={"TMPDIR": str(tmp_path)}, shell='"$@" | cat')
        assert said.out.startswith("Who sees what")
        assert not list(tmp_path.glob("ringfence*"))

    def test_a_terminal_that_cannot_place_a_cursor(self, program: Call) -> None:
        if shutil.which("script") is None:
            pytest.skip("needs script(1) for a terminal")
        said = program(env={"TERM": "dumb"}, shell='script -qec "$1 demo" /dev/null')
        assert "cannot place a cursor" in said.out
        assert "Traceback" not in said.out


class TestDatabaseCommands:
    def test_check_upgrade_backup(self, call: Call, own_db: Path, tmp_path: Path) -> None:
        assert call("db", "check").out == f"{own_db} is sound\n"
        assert "is up to date" in call("db", "upgrade").out
        copy = tmp_path / "copy.db"
        assert call("db", "backup", str(copy)).out == f"{copy}\n"
        assert call("--db", str(copy), "dump") == call("dump")
        assert "is there already" in call("db", "backup", str(copy)).refused()
        beside = Path(call("db", "backup").out.strip())
        assert beside.parent == own_db.parent
        assert beside.is_file()

    def test_check_finds_damage(self, call: Call, own_db: Path) -> None:
        import sqlite3

        with sqlite3.connect(own_db) as connection:
            connection.execute("UPDATE customer SET device_count = device_count + 1 WHERE key = 'northwind'")
        assert "count of devices is wrong" in call("db", "check").refused()

    def test_of_another_revision(self, call: Call, own_db: Path) -> None:
        import sqlite3

        with sqlite3.connect(own_db) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        for words in (["dump"], ["db", "check"], ["db", "upgrade"], ["count", "devices", "--as", "olga"]):
            assert "newer Ringfence" in call(*words).refused()


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
        for words in (["list", "customers", "--as", "olga"], ["demo"], ["list", "users", "--as", "nøbody"]):
            said = program(*words, env=locale)
            assert said.status in (0, 1)
            assert "Traceback" not in said.err
            assert said.err == "" or (said.err.startswith("ringfence: error: ") and said.err.count("\n") == 1)
        assert program("count", "devices", "--as", "olga", env=locale).out == "437\n"

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
            "driver_class(); heavy = {'sqlalchemy', 'alembic', 'pydantic', 'typer', 'psycopg', 'yaml'};"
            "print(sorted(heavy & set(sys.modules)))"
        )
        assert program(sys.executable, code, shell='"$2" -c "$3"').out == "[]\n"

    def test_interrupted(self, program: Call) -> None:
        # A pipe that stays open and says nothing, in a shell that lets its children be interrupted.
        said = program(shell='mkfifo pipe; exec 3<>pipe; set -m; "$@" load - <pipe & sleep 1.5; kill -INT $!; wait $!')
        assert said.status == 130
        assert "Traceback" not in said.err
