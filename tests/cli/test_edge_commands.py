"""``ringfence edges``: by two rights for all that is done to them, and as far as these reach."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from support.command_line import UNDO, Call, Said, Save, done, made, record, small

ADA, ED, LU, NO = (("--as", login) for login in ("ada", "ed", "lu", "no"))
USUAL = ["customer.list", "customer.view", "device.list", "audit.view"]


def entry(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "tenant": "t", "name": key.capitalize(), **more}


def edge(key: str, **more: Any) -> dict[str, Any]:
    """One as a snapshot writes it, with what it has where nothing else is said."""
    return entry(key, **{"kind": "pipe", "active": True, "notes": "", **more})


def somebody(login: str, permissions: list[str]) -> dict[str, list[dict[str, Any]]]:
    """A user who holds these over customer ``c`` and what is nested in it."""
    held = entry(login, role=login, scope="selected", customers=[{"customer": "c"}])
    return {
        "roles": [entry(login, access_level="service_provider", permissions=permissions)],
        "security_groups": [held],
        "users": [entry(login, login=login, security_groups=[{"group": login}])],
    }


@pytest.fixture(autouse=True)
def _world(call: Call, save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``ed`` lists and edits edges at a customer, ``lu`` lists them there, ``no`` may do neither."""
    document = small(
        customers=[entry("inner", parent="c"), entry("east")],
        edges=[entry("line", customer="inner", kind="dc09"), entry("far", customer="east"), entry("top")],
    )
    for login, rights in (("ed", ["edge.list", "edge.edit"]), ("lu", ["edge.list"]), ("no", ["device.edit"])):
        for name, entries in somebody(login, [*USUAL, *rights]).items():
            document[name] += entries
    monkeypatch.setenv("RINGFENCE_DB", str(tmp_path / "world.db"))
    assert call("load", save(document)).status == 0


def refusal(said: Said, key: str) -> str:
    """The words of a refusal, whatever the key that was named."""
    return said.refused().replace(key, "KEY")


def test_the_key_of_a_new_one_is_printed_alone(call: Call) -> None:
    said = call("edges", "create", "gate", "--customer", "c", *ED)
    assert (said.status, said.out) == (0, "gate\n")
    assert UNDO.match(said.err)
    assert record(call, "edges", "gate") == edge("gate", name="gate", customer="c")


def test_listed_counted_and_exported_as_far_as_its_right_reaches(call: Call) -> None:
    for who, keys in ((ADA, ["far", "line", "top"]), (ED, ["line"]), (LU, ["line"]), (NO, [])):
        assert call("list", "edges", *who, "--format", "keys").lines == keys
        assert call("count", "edges", *who).out == f"{len(keys)}\n"
        assert [one["key"] for one in json.loads(call("list", "edges", *who, "--format", "json").out)] == keys
        sheet = call("list", "edges", *who, "--format", "csv", "--no-bom").out
        assert [one["key"] for one in csv.DictReader(io.StringIO(sheet))] == keys
        assert [one["key"] for one in json.loads(call("dump", *who).out)["edges"]] == keys
        for key in ("far", "line", "top"):
            assert call("can", who[1], "edge.list", f"edge:{key}").status == (0 if key in keys else 1)


def test_its_editor_edits_moves_deletes_and_takes_back(call: Call) -> None:
    before = record(call, "edges", "line")
    done(
        call("edges", "edit", "line", *ED, "--kind", "mqtt", "--inactive", "--lines-a-minute", "60", "--customer", "c")
    )
    assert record(call, "edges", "line") == before | {
        "kind": "mqtt",
        "active": False,
        "lines_a_minute": 60,
        "customer": "c",
    }
    assert call("undo", *ED).status == 0
    assert record(call, "edges", "line") == before
    done(call("edges", "delete", "line", *ED, "--yes"))
    assert call("count", "edges", *ED).out == "0\n"
    assert call("undo", *ED).status == 0
    assert record(call, "edges", "line") == before
    assert call("list", "audit", *ED, "--search", "edge", "--format", "keys").lines != []


def test_a_sheet_makes_and_edits_them(call: Call, tmp_path: Path) -> None:
    sheet = tmp_path / "edges.csv"
    sheet.write_text("key,customer,name,kind,active\nline,inner,Line,pipe,no\n,c,New,mqtt,yes\n")
    done(call("edges", "import", str(sheet), *ED))
    assert record(call, "edges", "line") == edge("line", customer="inner", active=False)
    assert call("list", "edges", *ED, "--format", "keys").lines == ["line", "new"]
    sheet.write_text("key,name\nfar,Mine\n")
    hidden = call("edges", "import", str(sheet), *ED, "--dry-run")
    sheet.write_text("key,name\nnix,Mine\n")
    missing = call("edges", "import", str(sheet), *ED, "--dry-run")
    assert (hidden.status, hidden.out.replace("far", "nix"), hidden.err.replace("far", "nix")) == (
        *(missing.status, missing.out, missing.err),
    )


@pytest.mark.parametrize("words", [["edit", "--name", "X"], ["delete", "--yes"]])
def test_hidden_is_answered_like_missing(call: Call, words: list[str]) -> None:
    whole = call("dump").out
    said = {refusal(call("edges", words[0], key, *words[1:], *ED), key) for key in ("far", "top", "nix")}
    assert len(said) == 1
    places = {refusal(call("edges", "edit", "line", "--customer", key, *ED), key) for key in ("east", "nowhere")}
    assert len(places) == 1
    assert call("dump").out == whole


@pytest.mark.parametrize("who", [LU, NO])
def test_without_the_right_to_edit_nothing_is_done(call: Call, who: tuple[str, str]) -> None:
    whole = call("dump").out
    assert call("edges", "create", "gate", *who).refused() == (
        f"you may not create an edge (edge.edit): 'ringfence rights {who[1]}' says what you may do"
    )
    for words in (["edit", "line", "--inactive"], ["delete", "line", "--yes"]):
        assert call("edges", *words, *who).refused() == (
            f"you may not edit an edge there (edge.edit): 'ringfence why {LU[1]} edge.edit edge:line' says why"
            if who == LU
            else "there is no edge 'line': 'ringfence list edges' shows those there are"
        )
    assert call("dump").out == whole


def test_what_it_can_not_be_is_wrong_usage(call: Call) -> None:
    assert "'carrier pigeon'" in call("edges", "create", "gate", *ED, "--kind", "carrier pigeon").refused(2)
    assert call("edges", "create", "gate", *ED, "--lines-a-minute", "many").refused(2) == (
        "--lines-a-minute takes a number or none, not 'many'"
    )


def test_who_deletes_a_customer_needs_the_right_over_its_edges(call: Call, save: Save) -> None:
    """What goes along is deleted as by itself."""
    for login, more in (("half", []), ("whole", ["edge.edit"])):
        rights = [*USUAL, "customer.edit", "customer.delete", "device.delete", *more]
        assert call("load", save({"ringfence": 1, **somebody(login, rights)})).status == 0
    whole = call("dump").out
    assert "is not yours to delete" in call("customers", "delete", "inner", "--as", "half", "--yes").refused()
    assert call("dump").out == whole
    done(call("customers", "delete", "inner", "--as", "whole", "--yes"))
    assert call("list", "edges", *ADA, "--format", "keys").lines == ["far", "top"]


def test_a_snapshot_may_leave_out_what_a_new_one_has(call: Call, save: Save) -> None:
    """Of a role and a group what they come to has to be said; of an edge all but where it belongs is as usual."""
    assert record(call, "edges", "top") == edge("top", customer=None)
    for list_, needed in (("roles", "access_level"), ("security_groups", "scope")):
        said = call(
            "load", save({"ringfence": 1, list_: [entry("bare", **({"role": None} if needed == "scope" else {}))]})
        )
        assert said.status == 1
        assert f": {needed}: " in said.err
    assert made(call("edges", "create", "Gate", *ADA, "--customer", "east")) == "gate"
