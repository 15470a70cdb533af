"""``ringfence attributes``: what people set, as far as their rights reach, and what devices reported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Call, Save, done, record, small

ADA, LU = ("--as", "ada"), ("--as", "lu")
USUAL = [f"{noun}.{verb}" for noun in ("customer", "site", "device") for verb in ("list", "view")]


def entry(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "tenant": "t", "name": key.capitalize(), **more}


@pytest.fixture(autouse=True)
def _world(call: Call, save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``lu`` looks at the inner customer, and edits nothing."""
    document = small(
        customers=[entry("inner", parent="c"), entry("east")],
        sites=[entry("hall", customer="inner"), entry("yard", customer="east")],
        devices=[entry("probe", customer="inner", site="hall", unit_id="U-2"), entry("other", customer="east")],
        edges=[entry("e", customer="c")],
    )
    document["roles"].append(entry("lu", access_level="service_provider", permissions=USUAL))
    held = entry("lu", role="lu", scope="selected", customers=[{"customer": "inner"}])
    document["security_groups"].append(held)
    document["users"].append(entry("lu", login="lu", security_groups=[{"group": "lu"}]))
    monkeypatch.setenv("RINGFENCE_DB", str(tmp_path / "world.db"))
    assert call("load", save(document)).status == 0


@pytest.mark.parametrize(
    ("where", "kind"), [("customer:c", "customers"), ("site:hall", "sites"), ("device:d", "devices")]
)
def test_set_changed_taken_away_and_taken_back(call: Call, where: str, kind: str) -> None:
    key = where.partition(":")[2]
    before = record(call, kind, key)
    lines = done(call("attributes", "set", where, "max_temperature=8", "contact=+31 10 555 01", 'code="007"', *ADA))
    assert lines[0] == f"edited {kind[:-1]} “{before['name']}”"
    assert record(call, kind, key)["attributes"] == "code = 007\ncontact = +31 10 555 01\nmax_temperature = 8"
    done(call("attributes", "set", where, "code=", "max_temperature = 9.50", *ADA))
    assert record(call, kind, key)["attributes"] == "contact = +31 10 555 01\nmax_temperature = 9.5"
    assert call("undo", *ADA).status == 0
    assert call("undo", *ADA).status == 0
    assert record(call, kind, key) == before


def test_only_looked_at(call: Call) -> None:
    said = call("attributes", "set", "device:d", "x=1", *ADA, "--dry-run")
    assert said.lines[0] == "would edit device “Device”"
    assert "attributes" not in record(call, "devices", "d")


def test_listed_with_where_they_come_from_and_what_the_device_reported(call: Call, tmp_path: Path) -> None:
    (tmp_path / "lines").write_text('{"unit":"U-2","attributes":{"firmware":"2.4.1"}}\n')
    assert call("ingest", str(tmp_path / "lines"), "--edge", "e").status == 0
    for where, value in (("customer:c", "8"), ("customer:inner", "7"), ("site:hall", "true"), ("device:probe", "cold")):
        done(call("attributes", "set", where, f"limit={value}", *ADA))
    assert call("attributes", "list", "device:probe", *ADA).out == (
        "firmware  2.4.1  reported  device “Probe”\n"
        "limit     cold   set       device “Probe”\n"
        "limit     true   set       site “Hall”\n"
        "limit     7      set       customer “Inner”\n"
        "limit     8      set       customer “Customer”\n"
    )
    found = json.loads(call("attributes", "list", "site:hall", *LU, "--format", "json").out)
    assert found == [
        {"name": "limit", "value": True, "scope": "set", "kind": "site", "key": "hall", "record": "Hall"},
        {"name": "limit", "value": 7.0, "scope": "set", "kind": "customer", "key": "inner", "record": "Inner"},
    ]
    assert call("attributes", "list", "customer:inner", *ADA).out == (
        "limit  7  set  customer “Inner”\nlimit  8  set  customer “Customer”\n"
    )
    assert call("attributes", "list", "customer:inner", *LU).out == "limit  7  set  customer “Inner”\n"
    nothing = call("attributes", "list", "customer:east", *ADA)
    assert (nothing.status, nothing.out) == (0, "")


@pytest.mark.parametrize("where", ["customer:east", "site:yard", "device:other"])
def test_hidden_and_missing_are_one_answer(call: Call, where: str) -> None:
    noun, _, key = where.partition(":")
    for words in (["list"], ["set", "x=1"]):
        there, missing = (
            call("attributes", words[0], f"{noun}:{one}", *words[1:], *LU).refused().replace(one, "KEY")
            for one in (key, "nothing")
        )
        assert there == missing


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (["X=1"], "'X' is no name of an attribute: small letters"),
        (['x="1'], "x: text in quotes ends with one"),
        (["x=1e999"], "x: this number is too large"),
        ([f"x{number}={'y' * 250}" for number in range(20)], "attributes: this is"),
        (["x="], "nothing was changed"),
    ],
)
def test_what_is_no_attribute_is_refused(call: Call, given: list[str], why: str) -> None:
    assert why in call("attributes", "set", "device:d", *given, *ADA).refused()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["device:d", "x"], "'x' sets nothing: write NAME=VALUE"),
        (["device:d", "x=1", "x=2"], "'x' is given twice"),
        (["user:ada", "x=1"], "'user:ada' names no place"),
        (["d", "x=1"], "'d' names no place: name one as customer:KEY, site:KEY or device:KEY"),
    ],
)
def test_wrong_usage(call: Call, words: list[str], why: str) -> None:
    assert why in call("attributes", "set", *words, *ADA).refused(2)


def test_by_the_rights_over_the_record(call: Call) -> None:
    assert "you may not edit a device there" in call("attributes", "set", "device:probe", "x=1", *LU).refused()


def test_a_device_that_is_handed_over_leaves_them_behind(call: Call) -> None:
    done(call("attributes", "set", "device:probe", "contact=Ada", *ADA))
    before = record(call, "devices", "probe")
    done(call("devices", "edit", "probe", "--customer", "east", *ADA))
    assert "attributes" not in record(call, "devices", "probe")
    assert call("undo", *ADA).status == 0
    assert record(call, "devices", "probe") == before
