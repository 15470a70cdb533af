"""Where the console was left, kept in a file for each login: whole at any moment, whoever else writes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence.preferences import layout
from ringfence.preferences.layout import Layout, Memory, Spot

COLUMNS = {"devices": (("unit_id", True), ("name", False)), "sites": ()}
SPOT = Spot({"customers": 3, "devices": 9}, {"devices": ("unit_id", True)}, (1, 2), "devices", True, 40, True, COLUMNS)
LAYOUT = Layout("customers", {"customers": SPOT, "audit": Spot()})
WRITER = """
import sys
from ringfence.preferences.layout import Memory, Layout, Spot
for number in range(1, 150):
    spots = {f"list-{'x' * size}": Spot({"devices": number}) for size in range(number % 7 * 5)}
    Memory().keep("my.db", "ada", Layout(sys.argv[1], spots))
"""


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_what_is_kept_is_recalled() -> None:
    assert Memory().recall("my.db", "ada") == Layout()
    Memory().keep("my.db", "ada", LAYOUT)
    assert Memory().recall("my.db", "ada") == LAYOUT
    assert Memory(fresh=True).recall("my.db", "ada") == Layout()


def test_each_login_and_each_database_has_its_own() -> None:
    Memory().keep("my.db", "ada", LAYOUT)
    for database, login in (("my.db", "bo"), ("other.db", "ada"), ("my.dba", "da"), ("", "my.db\0ada")):
        assert Memory().recall(database, login) == Layout()


def test_a_link_is_not_followed_and_nothing_is_left_beside(tmp_path: Path) -> None:
    Memory().keep("my.db", "ada", LAYOUT)
    (path,) = layout.folder().iterdir()
    path.unlink()
    elsewhere = tmp_path / "elsewhere"
    path.symlink_to(elsewhere)
    Memory().keep("my.db", "ada", LAYOUT)
    assert not elsewhere.exists()
    assert list(layout.folder().iterdir()) == [path]
    assert not path.is_symlink()


def test_of_two_that_write_at_once_one_is_whole(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, area]) for area in ("devices", "users")]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        for path in layout.folder().glob("*.json"):
            found = layout.parse(path.read_bytes())  # raises for half a file
            seen.add(found.area)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen
    assert seen <= {"devices", "users"}
    assert len(list(layout.folder().iterdir())) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 0},
        {"area": "DEVICES"},
        {"area": None},
        {"spots": []},
        {"spots": {"a b": {}}},
        {"spots": {"devices": {}}},
        {"more": 1},
    ],
    ids=str,
)
def test_what_was_not_written_so_is_refused(wrong: dict[str, object]) -> None:
    good = {"version": layout.VERSION, "area": "devices", "spots": {}}
    assert layout.parse(json.dumps(good).encode()) == Layout("devices")
    with pytest.raises(ValueError, match="no"):
        layout.parse(json.dumps(good | wrong).encode())


@pytest.mark.parametrize(
    "wrong",
    [
        {"records": {"devices": "1"}},
        {"records": {"devices": True}},
        {"records": {"devices": -1}},
        {"records": {"devices": 2**63}},
        {"records": {"devices": 1.5}},
        {"records": {"\u202e": 1}},
        {"sorts": {"devices": ["name"]}},
        {"sorts": {"devices": ["name", 1]}},
        {"sorts": {"devices": ["name; DROP TABLE", True]}},
        {"sorts": {"devices": 3}},
        {"open": {"1": 1}},
        {"open": [[]]},
        {"tab": 3},
        {"inside": 1},
        {"zoomed": None},
        {"pane": 10**9},
        {"pane": "40"},
        {"columns": []},
        {"columns": {"devices": {"name": True}}},
        {"columns": {"devices": [["name"]]}},
        {"columns": {"devices": [["name", 1]]}},
        {"columns": {"devices": [["\u202e", True]]}},
        {"columns": {"devices": [3]}},
        {"widths": {}},
    ],
    ids=str,
)
def test_a_spot_that_was_not_written_so_is_refused(wrong: dict[str, object]) -> None:
    good = {"records": {}, "sorts": {}, "open": [], "tab": "", "inside": False, "pane": None, "zoomed": False}
    with pytest.raises(ValueError, match="no"):
        layout.parse(json.dumps({"version": 1, "area": "", "spots": {"devices": good | wrong}}).encode())


def test_what_was_written_before_there_were_columns_is_read() -> None:
    old = {"records": {"devices": 9}, "sorts": {"devices": ["unit_id", True]}, "open": [1], "tab": "sites"}
    spot = {**old, "inside": True, "pane": 40, "zoomed": False}
    data = {"version": 1, "area": "devices", "spots": {"devices": spot}}
    found = layout.parse(json.dumps(data).encode()).spots["devices"]
    assert found == Spot({"devices": 9}, {"devices": ("unit_id", True)}, (1,), "sites", True, 40, False, {})
