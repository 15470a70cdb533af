"""A kind of record that no command names has its commands from its declaration, scoped and checked as any."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command_line import Call, small
from support.scratch import declared

from ringfence.cli.commands import _program
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database

ADA = ("--as", "ada")
WORLD = small(
    customers=[{"key": "east", "tenant": "t", "name": "East"}],
    sites=[
        {"key": "hq", "tenant": "t", "customer": "c", "name": "Head office"},
        {"key": "far", "tenant": "t", "customer": "east", "name": "Far"},
    ],
    roles=[
        {"key": "r", "tenant": "t", "name": "R", "access_level": "customer", "permissions": [
            "customer.list", "site.list", *(f"ticket.{one}" for one in ("list", "view", "create", "edit"))]},
    ],
    security_groups=[
        {"key": "g", "tenant": "t", "name": "G", "role": "r", "scope": "selected", "customers": [{"customer": "c"}]},
    ],
    users=[{"key": "ed", "tenant": "t", "login": "ed", "name": "Ed", "security_groups": [{"group": "g"}]}],
)  # fmt: skip


@pytest.fixture
def orders(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ada may do everything, ed all but deleting, at one customer."""
    load_document(database, WORLD)
    monkeypatch.setenv("RINGFENCE_DB", database.url.render_as_string(hide_password=False))
    _program.cache_clear()
    with declared(database):
        yield
    _program.cache_clear()


def test_from_its_first_word_to_its_last(call: Call, orders: None) -> None:
    assert "--urgency <low|high>" in call("work-orders", "create", "--help").out
    assert "urgency   low or high" in call("help", "work-orders").out
    said = call("work-orders", "create", "Paint", "--site", "hq", "--urgency", "high", "--as", "ed")
    assert (said.status, said.out) == (0, "paint\n"), said
    assert call("work-orders", "create", "Mend", "--customer", "east", "--worker", "ED", *ADA).out == "mend\n"
    assert call("work-orders", "list", "--as", "ed", "--format", "keys").lines == ["paint"]
    assert call("work-orders", "count", *ADA).out == "2\n"
    found = json.loads(call("list", "work-orders", "--as", "ed", "--format", "json").out)
    assert [(one["customer"], one["site"], one["urgency"]) for one in found] == [("c", "hq", "high")]
    said = call("work-orders", "edit", "paint", "--name", "Paint it", "--no-site", "--notes", "One\nTwo", "--as", "ed")
    assert said.lines[0] == "edited work order “Paint”"
    undone = call(*shlex.split(said.err.split("'")[1])[1:])
    assert undone.status == 0
    assert json.loads(call("list", "work-orders", "--as", "ed", "--format", "json").out) == found
    assert call("work-orders", "delete", "paint", "mend", "--dry-run", *ADA).lines[0] == (
        "would delete 2 work orders: “Paint”, “Mend”"
    )
    assert call("work-orders", "delete", "paint", "mend", "--yes", *ADA).status == 0
    assert call("work-orders", "count", *ADA).out == "0\n"


def test_from_a_sheet(call: Call, orders: None, tmp_path: Path) -> None:
    sheet = tmp_path / "orders.csv"
    sheet.write_text("name,customer,site,urgency,worker,notes\nPaint,c,Head office,high,ED,'=1+1\nMend,c,,,,\n")
    assert "columns key, customer, name, urgency, site, worker, notes" in " ".join(
        call("work-orders", "import", "--help").out.split()
    )
    assert "there is no user 'ED'" in call("work-orders", "import", str(sheet), "--as", "ed").err, "ed lists nobody"
    said = call("work-orders", "import", str(sheet), *ADA)
    assert (said.status, said.lines[0]) == (0, "loaded 2 of 2 rows: 2 new"), said
    for form in ("csv", "json"):
        sheet.write_text(call("list", "work-orders", *ADA, "--format", form).out)
        said = call("import", "work-orders", str(sheet), *ADA)
        assert said.lines == ["loaded 0 of 2 rows: 2 unchanged"], said
    sheet.write_text("key,name,customer,urgency,site\npaint,Paint,,low,\n,New,east,,\n,New,c,huge,far\n")
    assert call("work-orders", "import", str(sheet), "--as", "ed").err.splitlines()[1:] == [
        "ringfence: error: line 3: customer: there is no customer 'east'",
        "ringfence: error: line 4: site: there is no site 'far' at this customer",
        "ringfence: error: line 4: urgency: choose low or high",
    ]
    said = call("work-orders", "import", str(sheet), "--as", "ed", "--skip-bad")
    assert said.status == 0
    found = json.loads(call("list", "work-orders", "--as", "ed", "--format", "json").out)
    assert {one["key"]: (one["urgency"], one["site"]) for one in found} == {
        "mend": ("low", None),
        "paint": ("low", None),
    }
    assert call(*shlex.split(said.err.splitlines()[-1].split("'")[1])[1:]).status == 0


def test_what_is_refused(call: Call, orders: None) -> None:
    assert call("work-orders", "create", "Mend", "--customer", "east", *ADA).status == 0
    assert call("work-orders", "create", "Paint", "--as", "ed").status == 0
    ed = ("--as", "ed")
    for words in ("create New --customer {}", "edit paint --customer {}"):
        said = [call("work-orders", *words.format(key).split(), *ed).refused() for key in ("east", "nix")]
        assert said[0].replace("east", "nix") == said[1]
    for words in ("edit {} --name X", "delete {} --yes"):
        said = [call("work-orders", *words.format(key).split(), *ed).refused() for key in ("mend", "nix")]
        assert said[0].replace("mend", "nix") == said[1]
    said = [call("work-orders", "edit", "paint", "--site", key, *ed).refused() for key in ("far", "nix")]
    assert said[0].replace("far", "nix") == said[1]
    assert call("work-orders", "delete", "paint", "--yes", *ed).refused()
    assert call("work-orders", "edit", "paint", "--no-site", *ed).refused() == "--no-site: it has none"
    assert "'huge' is not one of" in call("work-orders", "edit", "paint", "--urgency", "huge", *ed).refused(2)
