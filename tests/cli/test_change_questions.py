"""What a change by the command line would do is looked at before, and asked about."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from support.command_line import DOORS, HANNA, UNDO, Call, done, made


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts somebody at the terminal."""

    def sits(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", Terminal(text))

    return sits


class TestLooking:
    WORDS = (
        "customers create New --under northwind",
        "customers edit northwind --name Other --max-users 7",
        "customers move north-rotterdam --to-top",
        "customers delete northwind",
        "sites create Gate --customer northwind",
        "sites edit north-maasvlakte-gate --name Door",
        "sites delete north-maasvlakte-gate",
        "devices create Lamp --customer northwind --unit-id L-1",
        f"devices edit {' '.join(DOORS)} --kind door",
        f"devices edit {' '.join(DOORS)} --customer north-rotterdam",
        f"devices delete {' '.join(DOORS)}",
        "users create new --name New --home northwind --account-administrator",
        "users edit olga --no-filter production-only",
        "users activate b.janssens",
        "users deactivate olga l.petit",
        "users delete olga",
    )

    @pytest.mark.usefixtures("no_past")
    def test_a_dry_run_says_what_it_would_do_and_changes_nothing(self, call: Call, own_db: Path) -> None:
        before = call("dump").out
        for words in self.WORDS:
            said = call(*words.split(), *HANNA, "--dry-run")
            assert (said.status, said.err) == (0, ""), words
            noun, verb = words.split()[:2]
            verb = "assign" if "--customer north-rotterdam" in words else verb
            assert said.lines[0].startswith(f"would {verb} "), said.out
            assert noun.removesuffix("s") in said.lines[0]
            if noun == "users":
                found = json.loads(call(*words.split(), *HANNA, "--dry-run", "--format", "json").out)
                assert found["change"] is None
                assert len(found["users"]) == sum(bool(re.match(r"\S+ +[+−]\d", line)) for line in said.lines)
        assert call("dump").out == before
        assert call("count", "audit", *HANNA).out == "0\n"

    def test_what_it_says_is_what_is_done(self, call: Call, own_db: Path) -> None:
        for words in ("customers delete northwind", "users deactivate olga l.petit"):
            would = call(*words.split(), *HANNA, "--dry-run").lines
            yes = ("--yes",) if "delete" in words else ()
            verb = words.split()[1]
            assert would[0].startswith(f"would {verb}")
            assert done(call(*words.split(), *HANNA, *yes)) == [
                would[0].replace(f"would {verb}", f"{verb}d"),
                *would[1:],
            ]

    def test_what_goes_with_a_customer_in_numbers(self, call: Call, demo_db: Path) -> None:
        assert call("customers", "delete", "northwind", *HANNA, "--dry-run").lines[:4] == [
            "would delete customer “Northwind Logistics”",
            "With it go 8 customers, 1 user, 10 sites, 134 devices, 10 alarms, 1 alarm rule and 1 edge.",
            "The audit of them stays, with the customer above.",
            "d.ionescu  −9 customers  −134 devices  −216 rights over 9 customers",
        ]
        moved = call("customers", "move", "dekker", "--to", "internal", *HANNA, "--dry-run").lines
        assert moved[0] == "would move customer “Dekker Security Installers” into “Internal test sites”"
        assert moved[1].startswith("With it go 8 customers, 2 users, 3 sites, 60 devices, ")
        assert moved[2] == "Its history goes with it."
        found = json.loads(call("customers", "delete", "northwind", *HANNA, "--dry-run", "--format", "json").out)
        assert found["along"] == {"customer": 8, "user": 1, "site": 10, "device": 134} | {
            "alarm": 10,
            "alarm_rule": 1,
            "edge": 1,
        }
        assert found["keys"] == ["northwind"]
        assert found["hidden"] is False
        none = {"count": 0, "customers": 0, "provider": False, "sites": 0, "records": {}, "permissions": {}}
        rights = found["users"][0].pop("rights_lost")
        assert found["users"][0] == {
            "login": "d.ionescu",
            "name": "Daria Ionescu",
            "customers_gained": 0,
            "customers_lost": 9,
            "devices_gained": 0,
            "devices_lost": 134,
            "rights_gained": none,
            "later": [],
        }
        permissions = rights.pop("permissions")
        assert rights == {"count": 216, "customers": 9, "provider": False, "sites": 0, "records": {}}
        assert permissions == dict.fromkeys(permissions, 9)
        assert len(permissions) == 24
        assert "device.edit" in permissions

    @pytest.mark.usefixtures("no_past")
    def test_json_of_what_was_done(self, call: Call, own_db: Path) -> None:
        said = call("customers", "create", "New", "--under", "northwind", *HANNA, "--format", "json")
        assert UNDO.match(said.err)
        found = json.loads(said.out)
        assert (found["change"], found["keys"]) == (1, ["new"])
        assert {one["login"]: one["customers_gained"] for one in found["users"]}["k.adeyemi"] == 1
        found = json.loads(call("devices", "edit", *DOORS, "--kind", "door", *HANNA, "--format", "json").out)
        assert (found["change"], found["keys"], found["users"]) == (2, list(DOORS), [])

    def test_names_are_shown_literally(self, call: Call, own_db: Path) -> None:
        done(call("customers", "edit", "northwind", "--name", "a\u200cb", *HANNA))
        said = call("customers", "delete", "northwind", *HANNA, "--dry-run")
        assert "“a⟨U+200C⟩b”" in said.lines[0]

    @pytest.mark.usefixtures("no_past")
    def test_a_locale_that_cannot_say_it(self, call: Call, program: Call, own_db: Path) -> None:
        """Nothing is done that is not said."""
        said = program("users", "deactivate", "olga", *HANNA, env={"PYTHONIOENCODING": "ascii"})
        assert "use a UTF-8 locale" in said.refused()
        assert call("count", "audit", *HANNA).out == "0\n"


class TestAsking:
    @pytest.mark.usefixtures("no_past")
    def test_nobody_can_be_asked(self, call: Call, own_db: Path) -> None:
        for words in (
            "customers delete northwind",
            "customers move dekker --to internal",
            "sites delete north-maasvlakte-gate",
            f"devices delete {DOORS[0]}",
            "users delete olga",
        ):
            assert "--yes" in call(*words.split(), *HANNA).refused(2)
        assert call("count", "audit", *HANNA).out == "0\n"

    def test_a_question_is_answered(self, call: Call, own_db: Path, typing: Any) -> None:
        for answer in ("\n", "", "Olga Brandt\n"):
            typing(answer)
            said = call("users", "delete", "olga", *HANNA)
            assert (said.status, said.out) == (1, "")
            assert said.err.startswith(
                "would delete user “Olga Brandt”\nolga  −40 customers  −437 devices  "
                "−1,040 rights over 40 customers\nDelete? [y/N]"
            )
            assert said.err.endswith("ringfence: error: not confirmed: nothing was changed\n")
        typing("y\n")
        said = call("users", "delete", "olga", *HANNA)
        assert done(said) == ["deleted user “Olga Brandt”"]
        assert "nobody has the login" in call("count", "devices", "--as", "olga").refused()

    def test_the_name_is_typed_where_more_than_one_goes_along(self, call: Call, own_db: Path, typing: Any) -> None:
        for answer in ("y\n", "northwind\n"):
            typing(answer)
            said = call("customers", "delete", "northwind", *HANNA)
            assert (said.status, said.out) == (1, "")
            assert "Type the name of the customer to delete it: " in said.err
        typing("  Northwind Logistics \n")
        assert done(call("customers", "delete", "northwind", *HANNA)) == ["deleted customer “Northwind Logistics”"]
        made(call("customers", "create", "Empty", "--under", "dekker", *HANNA))
        typing("y\n")
        assert done(call("customers", "move", "empty", "--to-top", *HANNA))[0].startswith("moved customer “Empty”")

    def test_a_dry_run_and_yes_ask_nothing(self, call: Call, own_db: Path, typing: Any) -> None:
        typing("")
        assert call("users", "delete", "olga", *HANNA, "--dry-run").err == ""
        done(call("users", "delete", "olga", *HANNA, "--yes"))
