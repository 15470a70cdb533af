"""``devices import`` through the command line: all of a sheet or nothing, unless bad rows are to be left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.command_line import AT, Call, Save, small

Given = Callable[[str | bytes], str]
AS = ("--as", "h.devries")
GOOD = "name,unit_id,customer\nGate camera west,X-1,north-rotterdam\nGate camera east,U-00536,north-rotterdam\n"
BAD = "kind,,nowhere\n\x1b[31m,X-2,none such\n"


@pytest.fixture
def given(tmp_path: Path) -> Given:
    """Writes a sheet and returns its path."""

    def giving(text: str | bytes) -> str:
        path = tmp_path / "devices.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return giving


def listed(call: Call, login: str = "h.devries") -> dict[str, dict[str, Any]]:
    found = json.loads(call("list", "devices", "--as", login, "--format", "json", "--at", AT).out)
    return {one["key"]: one for one in found}


class TestLoading:
    @pytest.mark.usefixtures("no_past")
    def test_all_of_it_and_back(self, call: Call, given: Given, own_db: Path) -> None:
        before = listed(call)
        said = call("devices", "import", given(GOOD), *AS)
        assert said.status == 0
        assert said.lines[:2] == ["loaded 2 of 2 rows: 1 new, 1 changed", "Rotterdam  1 new, 1 changed"]
        assert "olga       +1 device" in said.lines
        assert said.err == "change 1: undo it with 'ringfence undo --as h.devries 1'\n"
        assert listed(call)["x-1"]["customer"] == "north-rotterdam"
        assert call("undo", *AS, "1").status == 0
        assert listed(call) == before

    def test_what_it_would_do(self, call: Call, given: Given, own_db: Path) -> None:
        before = listed(call)
        said = call("devices", "import", given(GOOD), *AS, "--dry-run")
        assert said.lines[0] == "would load 2 of 2 rows: 1 new, 1 changed"
        assert (said.status, said.err) == (0, "")
        assert listed(call) == before

    def test_nothing_where_a_row_is_bad(self, call: Call, given: Given, own_db: Path) -> None:
        before = listed(call)
        faults = [
            "ringfence: error: line 4: customer: there is no customer 'nowhere'",
            "ringfence: error: line 5: customer: there is no customer 'none such'",
            "ringfence: error: line 5: name: this holds a control character",
        ]
        summary = "ringfence: error: 4 rows: 1 new, 1 changed, 2 bad: nothing was loaded; --skip-bad loads the others"
        said = call("devices", "import", given(GOOD + BAD), *AS)
        assert (said.status, said.out) == (1, "")
        assert said.err.splitlines() == [summary, *faults]
        assert listed(call) == before
        dry = call("devices", "import", given(GOOD + BAD), *AS, "--dry-run")
        assert (dry.status, dry.err) == (1, said.err)
        assert dry.lines[0] == "would load 2 of 4 rows: 1 new, 1 changed, 2 bad"

    def test_the_good_ones_where_that_is_said(self, call: Call, given: Given, own_db: Path) -> None:
        for dry_run in (["--dry-run"], []):
            said = call("devices", "import", given(GOOD + BAD), *AS, "--skip-bad", *dry_run)
            assert said.status == 0
            told = said.err.splitlines()
            assert told[:3] == [
                "ringfence: left out, line 4: customer: there is no customer 'nowhere'",
                "ringfence: left out, line 5: customer: there is no customer 'none such'",
                "ringfence: left out, line 5: name: this holds a control character",
            ]
            assert (len(told) == 4) == ("x-1" in listed(call)) == (not dry_run)
        again = call("devices", "import", given(GOOD + BAD), *AS, "--skip-bad")
        assert (again.status, again.lines) == (0, ["loaded 0 of 4 rows: 2 unchanged, 2 bad"])
        assert "undo it" not in again.err

    @pytest.mark.usefixtures("no_past")
    def test_as_json(self, call: Call, given: Given, own_db: Path) -> None:
        refused = call("devices", "import", given(GOOD + BAD), *AS, "--format", "json")
        assert refused.status == 1
        found = json.loads(refused.out)
        assert (found["change"], found["new"], found["changed"], found["unchanged"], found["bad"]) == (None, 1, 1, 0, 2)
        assert len(found["faults"]) == 3
        assert found["customers"] == [{"name": "Rotterdam", "new": 1, "changed": 1}]
        found = json.loads(call("devices", "import", given(GOOD), *AS, "--format", "json").out)
        assert (found["change"], found["faults"]) == (1, [])
        assert {"login", "devices_gained"} <= found["users"][0].keys()
        assert "user_id" not in found["users"][0]

    def test_an_export_changes_nothing(self, call: Call, given: Given, own_db: Path) -> None:
        for login in ("h.devries", "r.dekker", "olga", "g.moreau"):
            sheet = call("list", "devices", "--as", login, "--format", "csv", "--at", AT).out
            said = call("devices", "import", given(sheet), "--as", login)
            count = len(listed(call, login))
            assert said.lines == [f"loaded 0 of {count} rows: {count} unchanged"], said.err
            assert (said.status, said.err) == (0, "")

    def test_whose_new_ones_are(self, call: Call, given: Given, own_db: Path) -> None:
        sheet = given("name\nOne\n")
        assert call("devices", "import", sheet, *AS, "--customer", "polder").lines[1:2] == ["Polder Water Board  1 new"]
        hidden = call("devices", "import", sheet, "--as", "r.dekker", "--customer", "polder").refused()
        missing = call("devices", "import", sheet, "--as", "r.dekker", "--customer", "nowhere").refused()
        assert hidden.replace("polder", "nowhere") == missing

    def test_from_standard_input(self, program: Call, given: Given, own_db: Path) -> None:
        said = program("devices", "import", "-", *AS, shell=f"""cat '{given(GOOD)}' | "$@" """)
        assert (said.status, said.lines[0]) == (0, "loaded 2 of 2 rows: 1 new, 1 changed")

    def test_what_cannot_be_read(self, call: Call, given: Given, own_db: Path, tmp_path: Path) -> None:
        assert "No such file" in call("devices", "import", str(tmp_path / "none.csv"), *AS).refused()
        said = call("devices", "import", given(b"name\nGate\xe9\n"), *AS, "--skip-bad")
        assert (said.status, said.out) == (1, "")
        assert said.err.splitlines() == [
            "ringfence: error: no row could be read: nothing was loaded",
            "ringfence: error: line 2: this is not UTF-8 text: save the sheet as “CSV UTF-8”",
        ]
        cut = call("devices", "import", given('name\na\n"b\nc\n'), *AS, "--skip-bad")
        assert cut.status == 1
        assert "nothing of the sheet is taken" in cut.err
        assert "--skip-bad" not in cut.err

    def test_who_was_deactivated(self, call: Call, given: Given, own_db: Path) -> None:
        said = call("devices", "import", given(GOOD), "--as", "b.janssens").refused()
        assert said == "you have been deactivated: nothing was changed"


def test_notes_are_exported_though_no_table_shows_them(call: Call, save: Save, tmp_path: Path) -> None:
    noted = {"key": "e", "tenant": "t", "customer": "c", "name": "E", "notes": "=1+1\nbehind the door"}
    database = str(tmp_path / "x.db")
    assert call("--db", database, "load", save(small(devices=[noted]))).status == 0
    words = ("--db", database, "list", "devices", "--as", "ada")
    assert json.loads(call(*words, "--format", "json").out)[1]["notes"] == noted["notes"]
    assert "'=1+1\nbehind the door\"" in call(*words, "--format", "csv").out
    assert "notes" not in call(*words).out


class TestSpreadsheets:
    """What they write, and what they make of ids."""

    @pytest.mark.parametrize("one", [";", ",", "\t"])
    @pytest.mark.parametrize("mark", ["", "\ufeff"])
    def test_a_line_says_what_separates(self, call: Call, given: Given, own_db: Path, one: str, mark: str) -> None:
        text = (
            mark + f"sep={one}\r\n" + "".join(f"{one.join(row)}\r\n" for row in (("name", "unit_id"), ("Gate", "X-1")))
        )
        assert call("devices", "import", given(text), *AS).status == 0
        assert listed(call)["x-1"]["name"] == "Gate"

    @pytest.mark.parametrize("options", [(), ("--skip-bad",), ("--dry-run",), ("--dry-run", "--format", "json")])
    @pytest.mark.parametrize("text", ["name,unit_id\n", "sep=;\nname;unit_id\n;\n"])
    def test_a_header_alone_is_refused(
        self, call: Call, given: Given, own_db: Path, text: str, options: tuple[str, ...]
    ) -> None:
        said = call("devices", "import", given(text), *AS, *options)
        assert said.status == 1
        assert "there is nothing under the header: a sheet has a row for each record" in said.err

    def test_ids_that_look_changed_are_warned_of(self, call: Call, given: Given, own_db: Path) -> None:
        text = "name,unit_id\nA,8.93901E+18\nB,1-Mar\nC,X-1\nD,893901000012345000\n"
        warned = [
            "line 2: unit_id: '8.93901E+18' looks like a long number that a spreadsheet has shortened",
            "line 3: unit_id: '1-Mar' looks like an id of which a spreadsheet made a day",
            "line 5: unit_id: '893901000012345000' looks like a long number of which a spreadsheet kept 15 digits",
        ]
        would = call("devices", "import", given(text), *AS, "--dry-run", "--format", "json")
        assert [one.partition(": make")[0] for one in json.loads(would.out)["warnings"]] == warned
        said = call("devices", "import", given(text), *AS)
        assert said.status == 0
        told = [line for line in said.err.splitlines() if line.startswith("ringfence: warning, ")]
        assert [one.removeprefix("ringfence: warning, ").partition(": make")[0] for one in told] == warned
        assert all(one.endswith("make its column text before you type or paste") for one in told)
        again = call("devices", "import", given("unit_id,kind\n1-Mar,lamp\n"), *AS)  # that is what it is called
        assert (again.status, "warning" in again.err) == (0, False)

    @pytest.mark.parametrize("column", ["key", "unit_id", "customer", "site"])
    def test_every_column_of_ids_is_looked_at(self, call: Call, given: Given, own_db: Path, column: str) -> None:
        cells = {"name": "Gate", column: "8.93901E+18"}
        said = call("devices", "import", given(f"{','.join(cells)}\n{','.join(cells.values())}\n"), *AS, "--dry-run")
        assert f"line 2: {column}: '8.93901E+18' looks like" in said.err

    @pytest.mark.parametrize(("above", "behind"), [(0, 0), (2, 0), (0, 3), (2, 3)])
    def test_every_row_is_counted_where_a_quote_is_never_closed(
        self, call: Call, given: Given, own_db: Path, above: int, behind: int
    ) -> None:
        rows = ["kind,name", *["lamp,Above"] * above, 'lamp,"Open', *["lamp,Behind"] * behind]
        said = call("devices", "import", given("\n".join(rows) + "\n"), *AS, "--skip-bad")
        total = above + 1 + behind
        if behind:
            left = f", {total - 1} not taken"
            assert f"{total} rows: 1 bad{left}: nothing was loaded" in said.err
        elif above:
            assert said.lines[0] == f"loaded {above} of {total} rows: {above} new, 1 bad"
        assert f"line {above + 2}: a quote opens a cell and is never closed" in said.err


class TestKinds:
    """Every kind that says all it means in plain fields comes from sheets, by either order of words."""

    def test_either_order(self, call: Call, given: Given, own_db: Path) -> None:
        sheet = given("login,name,home,email\nnew.one,New One,polder,new@polder.example\nolga,Olga,,\n")
        words = (sheet, *AS, "--dry-run")
        said = call("users", "import", *words)
        assert (said.status, said.lines[0]) == (0, "would load 2 of 2 rows: 1 new, 1 changed"), said.err
        assert call("import", "users", *words) == said
        assert call("users", "import", sheet, *AS).status == 0
        found = json.loads(call("list", "users", "--as", "h.devries", "--format", "json").out)
        made = next(one for one in found if one["login"] == "new.one")
        assert (made["home"], made["email"], made["active"]) == ("polder", "new@polder.example", True)

    @pytest.mark.parametrize("kind", ["customers", "sites", "devices", "users"])
    @pytest.mark.parametrize("form", ["csv", "json"])
    def test_an_export_changes_nothing(self, call: Call, given: Given, own_db: Path, kind: str, form: str) -> None:
        for login in ("h.devries", "r.dekker"):
            sheet = call("list", kind, "--as", login, "--format", form).out
            count = int(call("count", kind, "--as", login).out)
            said = call(kind, "import", given(sheet), "--as", login)
            if count:
                assert (said.status, said.lines) == (0, [f"loaded 0 of {count} rows: {count} unchanged"]), said.err

    @pytest.mark.usefixtures("no_past")
    def test_customers_and_what_is_in_them(self, call: Call, given: Given, own_db: Path) -> None:
        before = call("list", "customers", *AS, "--format", "csv").out
        sheet = given('[{"key": "east", "name": "East", "parent": "polder"},\n {"name": "Far East", "parent": "east"}]')
        said = call("customers", "import", sheet, *AS)
        assert said.lines[:3] == ["loaded 2 of 2 rows: 2 new", "East                1 new", "Polder Water Board  1 new"]
        found = json.loads(call("list", "customers", *AS, "--search", "east", "--format", "json").out)
        assert {("East", "polder"), ("Far East", "east")} <= {(one["name"], one["parent"]) for one in found}
        assert call("undo", *AS, "1").status == 0
        assert call("list", "customers", *AS, "--format", "csv").out == before
        looped = given('[{"key": "polder", "parent": "polder"}]')
        assert call("customers", "import", looped, *AS).err.splitlines()[-1] == (
            "ringfence: error: element 1, line 1: parent: a customer cannot be put below itself"
        )

    def test_where_new_ones_belong(self, call: Call, given: Given, own_db: Path) -> None:
        sheet = given("name\nYard\n")
        assert call("sites", "import", sheet, *AS, "--customer", "polder").lines[1:2] == ["Polder Water Board  1 new"]
        hidden = call("import", "sites", sheet, "--as", "r.dekker", "--customer", "polder").refused()
        missing = call("import", "sites", sheet, "--as", "r.dekker", "--customer", "nowhere").refused()
        assert hidden.replace("polder", "nowhere") == missing

    @pytest.mark.parametrize("kind", ["roles", "security-groups", "customer-groups", "audit"])
    def test_others_come_from_none(self, call: Call, given: Given, own_db: Path, kind: str) -> None:
        assert "No such command 'import'" in call(kind, "import", given("name\nX\n"), *AS).refused(2)
        said = call("import", kind, given("name\nX\n"), *AS).refused()
        assert said == f"{kind.replace('-', ' ')} come from no sheet: it would not hold what makes them"
        assert call("import", "nix", given("name\nX\n"), *AS).refused().startswith("there is no kind 'nix'")
