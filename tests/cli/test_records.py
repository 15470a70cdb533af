"""``list``, ``count`` and ``can`` through the command line: what a user sees, and as of when."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from support.command_line import AT, Call, Save, small

from ringfence.domain.permission import PERMISSIONS
from ringfence.domain.registry import kind_named
from ringfence.services.listing import kinds
from ringfence.services.sheets import read_rows
from ringfence.snapshot.story import story

FORMATS = ("table", "json", "csv", "keys")
KINDS = [kind for kind in kinds() if kind != "audit"]
"""The kinds of record that a snapshot has; the audit has tests of its own."""


class TestListing:
    @pytest.mark.parametrize("form", ["table", "json", "keys"])
    def test_what_has_no_byte_order_mark_needs_none_left_out(self, call: Call, demo_db: Path, form: str) -> None:
        said = call("list", "devices", "--as", "olga", "--format", form, "--no-bom").refused(2)
        assert said == "--no-bom is for --format csv: nothing else begins with a byte order mark"

    def test_another_encoding_has_no_byte_order_mark(self, program: Call, demo_db: Path) -> None:
        words = ["list", "devices", "--as", "olga", "--format", "csv", "--search", "camera"]
        assert program(*words, env={"PYTHONIOENCODING": "latin-1"}).out.startswith("key,customer")
        assert program(*words, env={"PYTHONIOENCODING": "utf-8"}).out.startswith("\ufeffkey,customer")

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("login", ["h.devries", "olga", "r.dekker", "g.moreau", "p.nowak", "astrid"])
    def test_list_count_and_dump_agree(self, call: Call, demo_db: Path, kind: str, login: str) -> None:
        every = ("--state", "all") if kind == "alarms" else ()
        keys = call("list", kind, "--as", login, "--at", AT, *every, "--format", "keys").lines
        assert keys == sorted(keys)
        assert call("count", kind, "--as", login, "--at", AT, *every).out == f"{len(keys)}\n"
        as_json = json.loads(call("list", kind, "--as", login, "--at", AT, *every, "--format", "json").out)
        assert sorted(record["key"] for record in as_json) == keys
        marked = call("list", kind, "--as", login, "--at", AT, *every, "--format", "csv").out
        sheet = call("list", kind, "--as", login, "--at", AT, *every, "--format", "csv", "--no-bom").out
        assert marked == ("\ufeff" + sheet if keys else "")
        as_csv = list(csv.DictReader(io.StringIO(sheet)))
        shown = [{name: "" if value is None else str(value) for name, value in record.items()} for record in as_json]
        assert as_csv == shown
        table = call("list", kind, "--as", login, "--at", AT, *every).lines
        assert len(table) == (len(keys) + 1 if keys else 0)
        assert [line.split()[0] for line in table[1:]] == [record["key"] for record in as_json]
        dumped = json.loads(call("dump", "--as", login, "--at", AT).out)
        assert [entry["key"] for entry in dumped[kind.replace("-", "_")]] == keys

    def test_devices_as_the_story_has_them(self, call: Call, demo_db: Path) -> None:
        told = {device["key"]: device for device in story()["devices"] if device["tenant"] == "harbor"}
        listed = json.loads(call("list", "devices", "--as", "h.devries", "--format", "json").out)
        told = {key: {"notes": "", "attributes": "", **device} for key, device in told.items()}
        assert {device["key"]: {**device, "tenant": "harbor"} for device in listed} == told

    @pytest.mark.parametrize("output", FORMATS)
    def test_limit(self, call: Call, demo_db: Path, output: str) -> None:
        def length(limit: str) -> int:
            said = call("list", "devices", "--as", "olga", "--format", output, "--limit", limit)
            assert said.status == 0
            if output == "json":
                return len(json.loads(said.out))
            if output == "csv":
                return len(list(csv.DictReader(io.StringIO(said.out))))
            return max(0, len(said.lines) - (output == "table"))

        assert [length("0"), length("1"), length("7"), length("9999")] == [0, 1, 7, 437]

    @pytest.mark.parametrize("output", FORMATS)
    def test_nothing_to_list(self, call: Call, demo_db: Path, output: str) -> None:
        said = call("list", "devices", "--as", "p.nowak", "--format", output)
        assert (said.status, said.err) == (0, "")
        assert said.out == ("[]\n" if output == "json" else "")

    def test_no_cell_of_csv_is_run_by_a_spreadsheet(self, call: Call, save: Save) -> None:
        nasty = {"key": "d2", "tenant": "t", "customer": "c", "name": "=cmd|' /C calc'!A0", "kind": "+31 10 1234567"}
        assert call("load", save(small(devices=[nasty]))).status == 0
        said = call("list", "devices", "--as", "ada", "--format", "csv")
        assert "\nd2,c,,'=cmd|' /C calc'!A0,,+31 10 1234567,,\n" in said.out
        columns = ("key", "customer", "site", "name", "unit_id", "kind", "notes", "attributes")
        assert read_rows(said.out, columns, ()).rows[0][1]["name"] == nasty["name"]

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
            document.setdefault("edges", []).append({**shared, "customer": owner})
            document["roles"].append({**shared, "owner": owner, "access_level": "site"})
            document["security_groups"].append({**shared, "owner": owner, "role": None, "scope": "all"})
            document.setdefault("customer_groups", []).append({**shared, "owner": owner})
            document["users"].append({**shared, "home": owner, "login": key})
            document.setdefault("alarm_rules", []).append({**shared, "customer": owner, "missing": "1h"})
            document.setdefault("test_modes", []).append({**shared, "customer": owner, "until": AT})
            document.setdefault("alarms", []).append({**shared, "customer": owner})
        for kind in KINDS:
            needed = kind_named(kind).permission
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

    @pytest.mark.parametrize("kind", KINDS)
    def test_matrix(self, call: Call, database: str, kind: str) -> None:
        noun, right = kind_named(kind).noun, kind_named(kind).permission
        entries = self.document()[kind.replace("-", "_")]
        every = sorted(entry["key"] for entry in entries)
        field = kind_named(kind).node.name
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
                said = call("--db", database, "can", login, right, f"{noun}:{key}")
                assert said.status == (0 if key in expected else 1), (login, key)
            assert call("--db", database, "can", login, right).status == (0 if expected else 1)


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
