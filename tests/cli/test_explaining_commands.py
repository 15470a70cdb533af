"""``why``, ``who`` and ``rights``: what they say of the demo's users, and their exit statuses."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import AT, HANNA, Call

NOW = ("--at", AT)
OLGA = ("why", "olga", "device.list", "customer:internal", *NOW)


def test_a_no_says_where_it_ends(call: Call, demo_db: Path) -> None:
    said = call(*OLGA)
    assert (said.status, said.err) == (1, "")
    assert said.lines[:5] == [
        "no  olga  device.list  customer:internal",
        "  Operations  closed at filter: Production only does not name Internal test sites",
        "to open it:",
        "  add Internal test sites to Production only",
        "    also opens 0 records, for 0 others, with 25 other rights",
    ]
    assert call(*OLGA, "--no-fixes").lines == said.lines[:2]
    path = {
        "group": "operations",
        "role": "operator",
        "level": "service_provider",
        "scope": "all",
        "entry": None,
        "home": None,
        "filter": None,
        "valid_from": None,
        "valid_until": None,
        "open": False,
        "deciding": False,
        "only": False,
        "walls": ["filter"],
    }
    told = json.loads(call(*OLGA, "--format", "json", "--fixes", "1").out)
    edit = {"edit": "filter-add", "of": "customer-group:production-only", "value": "internal"}
    opens = {"records": 0, "users": 0, "rights": 25}
    fix = {"edits": [edit], "opens": opens, "exact": True, "may": True, "refusal": ""}
    assert told["fixes"] == {"size": 1, "complete": True, "list": [fix], "narrower": []}
    assert list(told) == ["allowed", "login", "permission", "record", "at", "as_of", "paths", "hidden", "fixes"]
    assert told | {"fixes": None} == {
        "allowed": False,
        "login": "olga",
        "permission": "device.list",
        "record": "customer:internal",
        "at": AT,
        "as_of": None,
        "paths": [path],
        "hidden": False,
        "fixes": None,
    }
    nobodys = call("why", "l.petit", "device.list", "customer:northwind", *NOW, "--no-fixes")
    assert nobodys.lines[1:] == ["  no security group"]


def test_a_yes_says_what_it_stands_on(call: Call, demo_db: Path) -> None:
    said = call("why", "t.okafor", "device.list", "customer:north-rotterdam", *NOW)
    assert said.status == 0
    assert said.lines[:2] == ["yes  t.okafor  device.list  customer:north-rotterdam", "  Field service south (only)"]
    assert "    scope        selected: Rotterdam, without those nested" in said.lines
    assert said.lines[-1] == "  Zuiderpark, holiday cover  closed at scope: does not name Rotterdam"


def test_a_change_that_is_not_ones_own_to_make_says_why(call: Call, demo_db: Path) -> None:
    """Ruben administers Dekker, and does not hold what is asked for there."""
    asked = ("why", "b.janssens", "device.broadcast", "customer:dekker", "--as", "r.dekker", *NOW)
    (fix,) = json.loads(call(*asked, "--format", "json").out)["fixes"]["list"]
    assert [one["edit"] for one in fix["edits"]] == ["activate", "role-add"]
    assert fix["may"] is False
    assert f"    not yours to make: {fix['refusal']}" in call(*asked).lines
    assert call(*asked, "--fixes", "1", "--no-fixes").refused(2).startswith("--no-fixes shows none")


def test_a_refusal_says_what_is_lacking_and_how_to_ask_on(call: Call, demo_db: Path) -> None:
    said = call("devices", "delete", "north-coldstore-airlock-door-1", "--yes", "--as", "olga").refused()
    asked = "ringfence why olga device.delete device:north-coldstore-airlock-door-1"
    assert said == f"you may not delete a device there (device.delete): '{asked}' says why"
    assert call(*asked.split()[1:], "--as", "olga").status == 1
    said = call("devices", "create", "x", "--customer", "northwind", "--as", "olga").refused()
    assert "'ringfence why olga device.create customer:northwind'" in said


def test_hidden_and_missing_are_answered_alike(call: Call, demo_db: Path) -> None:
    words = "there is no customer {0!r}: 'ringfence list customers' shows those there are"
    for key in ("northwind", "nowhere"):
        record = f"customer:{key}"
        assert call("why", "t.okafor", "device.list", record, "--as", "t.okafor").refused() == words.format(key)
        assert call("who", "device.list", record, "--as", "t.okafor").refused() == words.format(key)
        assert call("rights", "t.okafor", record, "--as", "t.okafor").refused() == words.format(key)
    assert call("who", "device.list", "customer:nowhere").refused() == words.format("nowhere")
    for login in ("h.devries", "nobody"):
        said = call("why", login, "device.list", "customer:north-rotterdam", "--as", "t.okafor", *NOW).refused()
        assert said == f"there is no user {login!r}: 'ringfence list users' shows those there are"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("device.see", "customer:internal"), "there is no permission 'device.see': 'ringfence schema' lists them"),
        (
            ("device.list", "internal"),
            "name the record as KIND:KEY, such as customer:KEY or device:KEY, not 'internal'",
        ),
        (
            ("device.list", "audit_entry:1"),
            "an audit entry is no record to ask about: ask about the record that it tells of",
        ),
    ],
)
def test_what_means_nothing_is_refused_in_a_line(call: Call, demo_db: Path, words: tuple[str, ...], said: str) -> None:
    assert call("why", "olga", *words).refused() == said
    assert call("who", *words).refused() == said
    call("why", "olga").refused(2)


def test_who_may(call: Call, demo_db: Path) -> None:
    delete = ("who", "device.delete", "customer:northwind", *NOW)
    assert call(*delete).lines == [
        "login      name          by                          how                          until",
        "k.adeyemi  Kemi Adeyemi  Northwind service managers  nested: Northwind Logistics",
        "and 1 administrator of everything",
    ]
    assert call(*delete, "--format", "keys", *HANNA).lines == ["h.devries", "k.adeyemi"]
    assert call(*delete, "--format", "keys", "--limit", "1").lines == ["h.devries"]
    told = json.loads(call(*delete, "--format", "json").out)
    assert [(one["login"], one["everything"], one["paths"][0]["deciding"]) for one in told] == [
        ("h.devries", True, True),
        ("k.adeyemi", False, True),
    ]
    rows = list(csv.DictReader(io.StringIO(call(*delete, "--format", "csv").out)))
    assert [(row["login"], row["entry"], row["nested"]) for row in rows][1] == ("k.adeyemi", "northwind", "yes")
    nobody = call("who", "policy.edit", "customer:dekker", "--as", "r.dekker", *NOW)
    assert (nobody.status, nobody.out) == (1, "")
    none = call(*delete, "--limit", "0")
    assert (none.status, none.out) == (0, ""), "somebody may, though nobody is to be shown"
    assert call("who", "policy.edit", "customer:dekker", "--limit", "0", "--as", "r.dekker", *NOW).status == 1


def test_rights_at_a_record_and_anywhere(call: Call, demo_db: Path) -> None:
    here = json.loads(call("rights", "t.okafor", "customer:north-rotterdam", *NOW, "--format", "json").out)
    rows = {row["permission"]: row for row in here}
    assert rows["device.list"] == {
        "permission": "device.list",
        "allowed": True,
        "group": "field-service-south",
        "role": "technician",
    }
    assert rows["device.delete"]["allowed"] is False
    anywhere = {
        row["permission"]: row
        for row in csv.DictReader(io.StringIO(call("rights", "t.okafor", *NOW, "--format", "csv").out))
    }
    assert (anywhere["device.list"]["customers"], anywhere["device.delete"]["customers"]) == ("6", "0")
    assert call("count", "customers", "--as", "t.okafor", *NOW).out == "6\n"


@pytest.mark.parametrize("seed", ["1", "3", "5"])
def test_why_a_change_is_not_theirs_to_make_is_the_same_every_time(demo_db: Path, seed: str) -> None:
    asked = ("why", "olga", "device.delete", "device:sintjans-main-access-server", "--as", "olga", *NOW)
    command = [sys.executable, "-m", "ringfence", "--db", str(demo_db), *asked, "--format", "json"]
    said = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": seed})
    first = json.loads(said.stdout)["fixes"]["list"][0]
    assert [one["edit"] for one in first["edits"]] == ["group-add", "join", "role-add"]
    assert first["refusal"] == "you may not edit a security group there (security_group.edit)", (
        "it is of the first edit"
    )
