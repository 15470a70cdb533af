"""Names by command and by file: what hides something is refused where it is typed, and told of where it is loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Call

HANNA = ("--as", "h.devries")
RLO = "a\u202eb"
SAID = "U+202E RIGHT-TO-LEFT OVERRIDE"
WORDS = (
    ("customers", "create", RLO, "--under", "northwind"),
    ("customers", "edit", "northwind", "--name", RLO),
    ("customers", "edit", "northwind", "--email", f"{RLO}@north.example"),
    ("customers", "edit", "northwind", "--phone", "+31 10\u202e 123 4567"),
    ("sites", "create", RLO, "--customer", "northwind"),
    ("sites", "edit", "north-maasvlakte-gate", "--name", RLO),
    ("devices", "create", RLO, "--customer", "northwind"),
    ("devices", "create", "Lamp", "--customer", "northwind", "--unit-id", RLO),
    ("devices", "create", "Lamp", "--customer", "northwind", "--kind", RLO),
    ("devices", "edit", "north-coldstore-airlock-door-1", "--name", RLO),
    ("devices", "edit", "north-coldstore-airlock-door-1", "--unit-id", RLO),
    ("devices", "edit", "north-coldstore-airlock-door-1", "--kind", RLO),
    ("users", "create", RLO, "--name", "Somebody"),
    ("users", "create", "somebody", "--name", RLO),
    ("users", "create", "somebody", "--name", "Somebody", "--email", f"{RLO}@north.example"),
    ("users", "edit", "olga", "--login", RLO),
    ("users", "edit", "olga", "--name", RLO),
    ("profile", "edit", "--name", RLO),
)


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_no_command_takes_it(call: Call, demo_db: Path, words: tuple[str, ...]) -> None:
    for more in ((), ("--dry-run",)):
        said = call(*words, *HANNA, *more)
        assert said.status == 1, said
        assert SAID in said.err or "cannot be seen" in said.err, said.err
        assert "\u202e" not in said.err


def test_spaces_around_it_are_left_out(call: Call, own_db: Path) -> None:
    assert call("users", "create", " new.one ", "--name", " New\u00a0", *HANNA).lines == ["new.one"]
    assert (
        call("list", "users", "--as", "h.devries", "--search", "new.one", "--format", "csv").lines[1].split(",")[3]
        == "New"
    )
    for login in ("olga ", " OLGA", "\u043elga", "ol\u202ega", "ｏｌｇａ"):
        assert call("users", "create", login, "--name", "Olga too", *HANNA).status == 1, login


def test_a_file_that_holds_it_is_loaded_as_it_is_and_told_of(
    call: Call, own_db: Path, save: Callable[[dict[str, Any]], str]
) -> None:
    path = save(
        {
            "ringfence": 1,
            "customers": [{"key": "odd", "tenant": "harbor", "name": RLO}],
            "users": [{"key": "olga2", "tenant": "harbor", "login": "olga ", "name": "Olga"}],
        }
    )
    looked = call("what-if", path)
    assert looked.status == 0
    loaded = call("load", path)
    assert loaded.lines == ["loaded 1 customer, 1 user"]
    for said in (looked, loaded):
        assert said.err.splitlines() == [
            f'ringfence: warning: customers[0] "odd": name: this holds {SAID}, which cannot be seen: take it out',
            'ringfence: warning: users[0] "olga2": login: a login has no spaces: write it in one word, like o.brandt',
        ]
    whole = call("dump").out
    assert [one["name"] for one in json.loads(whole)["customers"] if one["key"] == "odd"] == [RLO]
    again = save(json.loads(whole))
    assert call("load", again).status == 0
    assert call("dump").out == whole
    assert call("--db", str(own_db.with_name("empty.db")), "load", again).status == 0
    assert call("--db", str(own_db.with_name("empty.db")), "dump").out == whole
    assert call("count", "devices", "--as", "olga ").out == "0\n", "who has it is found by it"
    assert call("count", "devices", "--as", "olga").out == "437\n"
    assert "⟨RLO⟩" in call("list", "customers", *HANNA, "--search", "a\u202eb").out
    assert call("customers", "edit", "odd", "--address", "Somewhere", *HANNA).status == 0
