"""``load``, ``dump``, ``schema``, ``demo`` and ``db`` through the command line."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.command_line import AT, Call, Save, small

from ringfence.domain.permission import PERMISSIONS
from ringfence.snapshot.story import WHO_SHOWS_WHAT, story


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
            "attributes": "",
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
                *("minimum", "maximum", "additionalProperties", "$schema"),
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
        for words in (["demo", "--as", "olga"], ["--as", "olga", "demo"]):
            call(*words).refused(2)  # it opens the console as somebody, and there is none

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
        upgraded = call("db", "upgrade")
        assert "is up to date" in upgraded.out
        assert upgraded.err.startswith(
            "ringfence: nobody can sign in to this database yet: its owner gives a first way in"
        )
        assert upgraded.err.count("\n") == 1
        assert call("users", "invite", "olga").status == 0
        assert call("db", "upgrade").err == ""
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
        said = call("db", "check")
        assert (said.status, said.out) == (1, "")
        summary, fault = said.err.splitlines()
        assert "is not sound" in summary
        assert re.fullmatch(r"ringfence: error: customer \d+: device_count is \d+, and it has \d+", fault)

    def test_of_another_revision(self, call: Call, own_db: Path) -> None:
        import sqlite3

        with sqlite3.connect(own_db) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        for words in (["dump"], ["db", "check"], ["db", "upgrade"], ["count", "devices", "--as", "olga"]):
            assert "newer Ringfence" in call(*words).refused()
