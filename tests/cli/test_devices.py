"""``devices assign`` through the command line: from a file or standard input, all or nothing."""

from __future__ import annotations

import io
import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.command_line import PROGRAM, Call

from ringfence.services import editing, previewing

Given = Callable[[str | bytes], str]
IDS = "U-00664\nU-00710\n"
"""Of Sint Jans: on a site each, of names that the polder's has not."""


@pytest.fixture
def given(tmp_path: Path) -> Given:
    """Writes a list of ids and returns its path."""

    def giving(text: str | bytes) -> str:
        path = tmp_path / "ids.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return giving


def whose(call: Call, *unit_ids: str) -> list[str]:
    """The customers and sites of devices."""
    found = json.loads(call("list", "devices", "--as", "h.devries", "--format", "json").out)
    places = {one["unit_id"]: f"{one['customer']} {one['site'] or '-'}" for one in found}
    return [places[one] for one in unit_ids]


class TestAssigning:
    @pytest.mark.usefixtures("no_past")
    def test_all_of_them_and_back(self, call: Call, given: Given, own_db: Path) -> None:
        before = whose(call, "U-00664", "U-00710")
        said = call("devices", "assign", given(IDS), "--to", "polder", "--as", "h.devries")
        assert said.lines == [
            "2 ids: 2 moved",
            "2 devices without the former site: Wards, Laboratory floor",
            "k.adeyemi  +2 devices",
            "m.claes    −2 devices",
        ]
        assert said.err == "change 1: undo it with 'ringfence undo --as h.devries 1'\n"
        assert whose(call, "U-00664", "U-00710") == ["polder -", "polder -"]
        assert call("undo", "--as", "h.devries", "1").status == 0
        assert whose(call, "U-00664", "U-00710") == before

    def test_what_it_would_do(self, call: Call, given: Given, own_db: Path) -> None:
        before = whose(call, "U-00664")
        said = call("devices", "assign", given(IDS), "--to", "polder", "--as", "h.devries", "--dry-run")
        assert said.lines[0] == "2 ids: 2 would be moved"
        assert said.lines[2:] == ["k.adeyemi  +2 devices", "m.claes    −2 devices"]
        assert (said.status, said.err) == (0, "")
        assert whose(call, "U-00664") == before

    @pytest.mark.usefixtures("no_past")
    def test_as_json(self, call: Call, given: Given, own_db: Path) -> None:
        text = given("U-00664, U-00664; polder-pumphouse-gate nix")
        arguments = ("devices", "assign", text, "--to", "polder", "--as", "h.devries", "--format", "json")
        found: dict[str, Any] = json.loads(call(*arguments, "--skip-unknown").out)
        assert found["change"] == 1
        assert found["moved"] == ["U-00664"]
        assert found["doubled"] == ["U-00664"]
        assert found["unknown"] == ["polder-pumphouse-gate nix"]
        assert found["sites"] == {"kept": 0, "placed": 0, "cleared": 1, "names": ["Wards"]}
        assert [one["login"] for one in found["users"]] == ["k.adeyemi", "m.claes"]

    def test_onto_a_site_or_none(self, call: Call, given: Given, own_db: Path) -> None:
        sites = json.loads(call("list", "sites", "--as", "h.devries", "--under", "polder", "--format", "json").out)
        site = next(one["key"] for one in sites if one["customer"] == "polder")
        to = ("--to", "polder", "--as", "h.devries")
        said = call("devices", "assign", given("U-00664"), *to, "--site", site)
        assert said.lines[:2] == ["1 id: 1 moved", "1 device put onto the site"]
        assert call("devices", "assign", given("U-00710"), *to, "--no-site").status == 0
        assert whose(call, "U-00664", "U-00710") == [f"polder {site}", "polder -"]
        wrong = call("devices", "assign", given("U-00727"), "--to", "dekker", "--as", "h.devries", "--site", site)
        assert wrong.refused() == "choose a site of this customer"

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
    def test_as_spreadsheets_save_it(self, call: Call, given: Given, own_db: Path, encoding: str) -> None:
        text = given("U-00664\r\nU-00710\r\n".encode(encoding))
        said = call("devices", "assign", text, "--to", "polder", "--as", "h.devries", "--dry-run")
        assert said.lines[0] == "2 ids: 2 would be moved"

    def test_from_standard_input(self, own_db: Path) -> None:
        arguments = ("devices", "assign", "-", "--to", "polder", "--as", "h.devries", "--dry-run")
        done = subprocess.run([PROGRAM, *arguments], input=IDS.encode(), capture_output=True, check=False)
        assert done.stdout.decode().startswith("2 ids: 2 would be moved\n")

    def test_where_there_is_nothing_to_do(self, call: Call, given: Given, own_db: Path) -> None:
        assert call("devices", "assign", given(IDS), "--to", "polder", "--as", "h.devries").status == 0
        again = call("devices", "assign", given(IDS), "--to", "polder", "--as", "h.devries")
        assert (again.status, again.out, again.err) == (0, "2 ids: 0 moved, 2 already there\n", "")


class TestRefusing:
    def test_what_is_unknown(self, call: Call, given: Given, own_db: Path) -> None:
        before = whose(call, "U-00664")
        text = given("U-00664\nnix\x1b[1m\nU-00664")
        said = call("devices", "assign", text, "--to", "polder", "--as", "h.devries")
        assert (said.status, said.out) == (1, "")
        assert said.err.splitlines() == [
            "ringfence: error: 3 ids: 1 to move, 1 unknown, 1 doubled: nothing was changed; "
            "--skip-unknown leaves these out",
            "ringfence: error: unknown: nix␛[1m",
        ]
        assert whose(call, "U-00664") == before
        left = call("devices", "assign", text, "--to", "polder", "--as", "h.devries", "--skip-unknown")
        assert left.lines[0] == "3 ids: 1 moved, 1 unknown, 1 doubled"
        assert left.err.splitlines()[0] == "ringfence: left out, unknown: nix␛[1m"

    def test_hidden_and_missing_in_the_same_words(self, call: Call, given: Given, own_db: Path) -> None:
        """Ruben sees his own customers only."""
        theirs = call("list", "customers", "--as", "r.dekker", "--format", "keys").lines[0]
        said = [
            call("devices", "assign", given(one), "--to", theirs, "--as", "r.dekker").err.replace(one, "?")
            for one in ("U-00664", "U-99999")
        ]
        assert said[0] == said[1]
        said = [
            call("devices", "assign", given("U-1"), "--to", one, "--as", "r.dekker").refused().replace(one, "?")
            for one in ("polder", "nowhere")
        ]
        assert said == ["there is no customer '?': 'ringfence list customers' shows those there are"] * 2

    def test_who_may_not(self, call: Call, given: Given, own_db: Path) -> None:
        said = call("devices", "assign", given("U-00664"), "--to", "polder", "--as", "olga")
        assert said.status == 1
        assert "not yours to assign: U-00664" in said.err
        assert whose(call, "U-00664") != ["polder -"]

    def test_what_is_no_list_of_ids(self, call: Call, given: Given, own_db: Path, tmp_path: Path) -> None:
        arguments = ("--to", "polder", "--as", "h.devries")
        binary = call("devices", "assign", given(b"\x80\x81"), *arguments).refused()
        assert binary.endswith("ids.txt: this is no text in UTF-8: save it as that")
        many = call("devices", "assign", given(",".join(map(str, range(100_001)))), *arguments).refused()
        assert many == "100,000 ids at once, at most: take the rest another time"
        gone = call("devices", "assign", str(tmp_path / "gone.txt"), *arguments).refused()
        assert gone.endswith("gone.txt: No such file or directory")
        both = call("devices", "assign", given(IDS), *arguments, "--site", "s", "--no-site").refused(2)
        assert both == "choose between --site and --no-site"

    @pytest.mark.parametrize(("room", "name"), [(previewing, "preview"), (editing, "save")])
    def test_an_interrupt_leaves_nothing_half_done(
        self, call: Call, given: Given, own_db: Path, monkeypatch: pytest.MonkeyPatch, room: Any, name: str
    ) -> None:
        before, work = whose(call, "U-00664"), getattr(room, name)
        heard = signal.getsignal(signal.SIGINT)

        def interrupted(*arguments: Any, **named: Any) -> Any:
            signal.raise_signal(signal.SIGINT)
            return work(*arguments, **named)

        monkeypatch.setattr(room, name, interrupted)
        said = call("devices", "assign", given(IDS), "--to", "polder", "--as", "h.devries")
        assert (said.status, said.out, said.err) == (130, "", "")
        assert whose(call, "U-00664") == before
        assert signal.getsignal(signal.SIGINT) is heard


def test_it_says_how_far_it_is_on_a_terminal(
    call: Call, given: Given, own_db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    assert call("devices", "assign", given(IDS), "--to", "polder", "--as", "h.devries").status == 0
    assert "2/2" in terminal.getvalue()
