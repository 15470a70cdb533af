"""``what-if`` through the command line: what a file would change, for whom, and that asking changes nothing."""

from __future__ import annotations

import json
import sqlite3
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from support.command_line import AT, Call, Save, small
from support.databases import rows

from ringfence.snapshot.story import story
from ringfence.storage.engine import open_database

MARINA = {"key": "dekker-marina", "tenant": "harbor", "parent": "internal", "name": "Marina Zilverzand"}
MOVE = {"ringfence": 1, "customers": [MARINA]}


@pytest.fixture
def moved(save: Save, own_db: Path) -> str:
    """A file that moves Dekker's marina to the provider's test sites."""
    return save(MOVE)


class TestText:
    def test_a_line_a_user_and_the_keys(self, call: Call, moved: str) -> None:
        said = call("what-if", moved)
        assert (said.status, said.err) == (0, "")
        assert [line for line in said.lines if not line.startswith(" ")] == [
            "j.peeters  +1 customer  +11 devices  +24 rights over 1 customer",
            "olga       −1 customer  −11 devices  −26 rights over 1 customer",
            "r.dekker   −1 customer  −11 devices  −54 rights over 1 customer",
        ]
        assert said.lines[1] == "  + customers: dekker-marina"
        assert said.lines[2].startswith("  + devices: dekker-marina-bilge-alarm-berth-1, ")
        assert said.lines[2].endswith(" and 1 more")
        assert said.lines[2].count(",") == 9

    def test_nobody(self, call: Call, own_db: Path, save: Save, tmp_path: Path) -> None:
        (tmp_path / "dump.json").write_text(call("dump").out, encoding="utf-8")
        nobody = (0, "Nobody gains or loses anything.\n", "")
        for file in (str(tmp_path / "dump.json"), save({"ringfence": 1})):
            said = call("what-if", file)
            assert (said.status, said.out, said.err) == nobody

    def test_what_a_terminal_would_obey_is_shown(self, call: Call, save: Save, tmp_path: Path) -> None:
        database = str(tmp_path / "x.db")
        users = [{"key": "eve", "tenant": "t", "login": "e\u202eve", "name": "Eve"}]
        devices = [{"key": "d\u202e[red]", "tenant": "t", "customer": "c", "name": "D"}]
        assert call("--db", database, "load", save(small(users=users, devices=devices))).status == 0
        with sqlite3.connect(database) as connection:
            # Not even what no load would let in reaches the terminal.
            connection.execute("UPDATE customer SET key = ? WHERE key = 'c'", ("c\x1b[2J\x9b\n",))
        grant = {**users[0], "security_groups": [{"group": "everywhere"}]}
        said = call("--db", database, "what-if", save({"ringfence": 1, "users": [grant]}))
        assert said.lines == [
            "e⟨RLO⟩ve  +1 customer  +2 devices  +140 rights over 1 customer and the provider",
            "  + customers: c␛[2J⟨9B⟩␊",
            "  + devices: d, d⟨RLO⟩[red]",
        ]


class TestJson:
    def test_every_key_sorted(self, call: Call, moved: str) -> None:
        said = json.loads(call("what-if", moved, "--format", "json").out)
        devices = sorted(device["key"] for device in story()["devices"] if device["customer"] == "dekker-marina")
        nothing: list[str] = []
        marina = ["dekker-marina"]
        names = ("customers_gained", "customers_lost", "devices_gained", "devices_lost")
        assert [[one["login"], *(one[name] for name in names), one["later"]] for one in said["users"]] == [
            ["j.peeters", marina, nothing, devices, nothing, []],
            ["olga", nothing, marina, nothing, devices, []],
            ["r.dekker", nothing, marina, nothing, devices, []],
        ]
        rights = said["users"][0]["rights_gained"]
        assert (rights["count"], rights["customers"], rights["permissions"]["device.edit"]) == (24, 1, 1)
        assert said["users"][0]["rights_lost"]["permissions"] == {}

    def test_nobody(self, call: Call, own_db: Path, save: Save) -> None:
        assert json.loads(call("what-if", save({"ringfence": 1}), "--format", "json").out) == {"users": []}


class TestAsAUser:
    def logins(self, call: Call, *words: str) -> list[str]:
        return [one["login"] for one in json.loads(call("what-if", *words, "--format", "json").out)["users"]]

    def test_only_whom_they_may_list(self, call: Call, moved: str) -> None:
        assert self.logins(call, moved, "--as", "h.devries") == ["j.peeters", "olga", "r.dekker"]

    def test_what_they_may_not_list_is_not_there(self, call: Call, moved: str, save: Save) -> None:
        """Word for word as a key that nobody has."""
        hidden = call("what-if", moved, "--as", "r.dekker").refused()
        missing = call("what-if", save({**MOVE, "customers": [{**MARINA, "parent": "no"}]}), "--as", "r.dekker")
        assert hidden == 'customers[0] "dekker-marina": parent: there is no customer "internal"'
        assert hidden.replace("internal", "no") == missing.refused()
        taken = 'customers[0] "dekker-marina": key: is taken'
        assert taken in call("what-if", moved, "--as", "p.nowak").err
        assert 'there is no tenant "harbor"' in call("what-if", moved, "--as", "astrid").refused()

    def test_only_what_they_see(self, call: Call, own_db: Path, save: Save) -> None:
        """Ruben learns nothing of what his own user would gain outside of Dekker's."""
        people = {user["key"]: user for user in story()["users"]}
        freed = {**people["r.dekker"], "home": None, "security_groups": [{"group": "administrators"}]}
        installer = {**people["b.janssens"], "active": True}
        file = save({"ringfence": 1, "users": [freed, installer]})
        whole = json.loads(call("what-if", file, "--format", "json").out)["users"]
        assert {one["login"]: len(one["customers_gained"]) for one in whole} == {
            "b.janssens": 9,
            "olga": 0,  # who might edit Ruben while he belonged to Dekker
            "r.dekker": 37,
        }
        told = call("what-if", file, "--as", "anneke").err
        assert 'users[0] "r.dekker": key: is taken' in told
        assert 'there is no security group "administrators"' in told
        home = {**people["r.dekker"], "home": None}
        assert call("what-if", save({"ringfence": 1, "users": [home]})).out != "Nobody gains or loses anything.\n"
        told = call("what-if", save({"ringfence": 1, "users": [home]}), "--as", "r.dekker").out
        assert not [line for line in told.splitlines() if line.startswith("  ")]

    def test_a_user_whom_nobody_knows(self, call: Call, moved: str) -> None:
        assert "nobody has the login" in call("what-if", moved, "--as", "nobody").refused()

    def test_as_of_a_moment(self, call: Call, own_db: Path, save: Save) -> None:
        (daria,) = (user for user in story()["users"] if user["key"] == "d.ionescu")
        file = save({"ringfence": 1, "users": [{**daria, "active": False}]})
        assert call("what-if", file, "--at", AT).lines == [
            "d.ionescu  nothing now",
            "           from 17 Nov 2026 08:00 UTC: −46 customers  −498 devices  "
            "−1,128 rights over 46 customers and the provider",
        ]
        later = call("what-if", file, "--at", "2026-11-18T08:00:00+00:00")
        assert (
            later.lines[0] == "d.ionescu  −46 customers  −498 devices  −1,128 rights over 46 customers and the provider"
        )


class TestNothingChanges:
    @pytest.mark.usefixtures("no_past")
    def test_not_a_byte(self, call: Call, moved: str, own_db: Path) -> None:
        def content() -> tuple[str, dict[str, list[Any]]]:
            database = open_database(str(own_db))
            found = rows(database)
            database.close()
            return sha256(own_db.read_bytes()).hexdigest(), found

        before = content()
        for words in ([], ["--as", "h.devries"], ["--format", "json"]):
            assert call("what-if", moved, *words).status == 0
        assert content() == before
        assert call("audit", "verify").out == "harbor: 0 entries, whole\nlindqvist: 0 entries, whole\n"
        assert call("count", "devices", "--as", "r.dekker").out == "60\n"

    def test_a_bad_file_tells_every_fault(self, call: Call, own_db: Path, save: Save) -> None:
        bad = save(
            {
                "ringfence": 1,
                "customers": [{**MARINA, "parent": "nowhere"}, {"key": "x", "tenant": "harbor", "name": "\x1b[2J"}],
            }
        )
        said, loaded = call("what-if", bad), call("load", bad)
        assert (said.status, said.out) == (1, "")
        assert said.err == loaded.err
        assert said.err.count("ringfence: error: ") == 2
        assert "\x1b" not in said.err

    def test_no_database_is_made(self, call: Call, save: Save, tmp_path: Path) -> None:
        missing = tmp_path / "missing.db"
        assert "there is no database" in call("--db", str(missing), "what-if", save(small())).refused()
        assert not missing.exists()

    def test_standard_input(self, program: Call, moved: str, own_db: Path) -> None:
        said = program("what-if", "-", shell=f'cat "{moved}" | "$@"')
        assert said.lines[0] == "j.peeters  +1 customer  +11 devices  +24 rights over 1 customer"


@pytest.mark.postgres
def test_on_postgresql(call: Call, save: Save, postgres_url: str) -> None:
    assert call("--db", postgres_url, "load", save(story())).status == 0
    file = save(MOVE)
    database = open_database(postgres_url)

    def content() -> Any:
        query = "SELECT sequencename, last_value FROM pg_sequences WHERE sequencename <> 'membership_id_seq'"
        with database.reading() as connection:
            return rows(database), sorted(map(tuple, connection.execute(text(query))))

    before = content()
    said = call("--db", postgres_url, "what-if", file)
    assert said.lines[0] == "j.peeters  +1 customer  +11 devices  +24 rights over 1 customer"
    users = json.loads(call("--db", postgres_url, "what-if", file, "--as", "h.devries", "--format", "json").out)[
        "users"
    ]
    assert [one["login"] for one in users] == ["j.peeters", "olga", "r.dekker"]
    everything = story()
    for device in everything["devices"]:
        device["site"] = None
    gone = call("--db", postgres_url, "what-if", save(everything))
    assert gone.lines[0] == "g.moreau  −28 devices"
    assert content() == before
    database.close()
