"""Lists out into files, and devices in from them: by keys, shown before, reported after, taken back."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from support.command_line import small
from support.console import CUSTOMER_GROUPS, NOON, ROLES, Console, console_on, opened, send

from ringfence.console.screens.area import CommandScreen
from ringfence.console.screens.choose_file import ChooseFile, offered
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.export_list import ExportList
from ringfence.console.screens.import_records import ImportScreen
from ringfence.console.screens.record_list import RecordList
from ringfence.console.screens.report import ReportScreen
from ringfence.console.screens.working import Working
from ringfence.services import importing, listing
from ringfence.services.records import Listing
from ringfence.services.workspace import Workspace
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database

SMALL = (80, 24)
GOOD = "name,unit_id,customer\nGate camera west,X-1,north-rotterdam\nGate camera east,U-00536,north-rotterdam\n"
BAD = ",X-2,nowhere\n\"=cmd|' /C calc'!A0\x07\",X-3,internal\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which is the operator's home as well."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    return folder


def devices(demo: Database, search: str = "") -> dict[str, Any]:
    session = Workspace(demo, at=NOON).sign_in("h.devries")
    found: Any = listing.export(session.viewer, Listing("devices", search))
    return {one.shown("unit_id") or one.key: one for one in found}


def off(console: Console, name: str) -> str:
    screen = console.app.screen
    assert isinstance(screen, CommandScreen)
    command = screen.command(name)
    return command.off(screen) if command else "-"


async def choose(console: Console, name: str) -> ImportScreen:
    """Goes to the devices, and chooses a file to import."""
    await console.press("2", "i")
    assert isinstance(console.app.screen, ChooseFile)
    await console.type(name)
    await console.press("enter")
    screen = console.app.screen
    assert isinstance(screen, ImportScreen), console.text
    return screen


class TestExport:
    async def test_what_the_list_shows_in_its_order(self, demo: Database, here: Path) -> None:
        async with opened(console_on(demo), SMALL) as console:
            await console.press("2", "slash")
            await console.type("name:gate")
            await console.press("enter", "N", "o")
            assert isinstance(console.app.screen, ExportList)
            assert "63 devices with “name:gate”" in console.text
            await console.press("enter")
            assert console.area == "devices", console.text
            (path,) = here.iterdir()
            assert console.toasts == [f"Wrote 63 rows to {path}"]
        assert path.name.startswith("ringfence-devices-20")
        assert path.stat().st_mode & 0o777 == 0o600
        with path.open(newline="") as opened_again:
            names = [row["name"] for row in csv.DictReader(opened_again)]
        assert len(names) == 63
        assert names == sorted(names, key=str.casefold, reverse=True)
        viewer = Workspace(demo, at=NOON).sign_in("h.devries").viewer
        assert importing.read(viewer, path.read_bytes(), kind="device").unchanged == 63

    async def test_under_another_name_that_is_free(self, demo: Database, here: Path) -> None:
        (here / "mine.csv").write_text("mine")
        async with opened(console_on(demo), SMALL) as console:
            await console.press(*ROLES, "o", "up", "ctrl+u", "ctrl+s")
            assert isinstance(console.app.screen, ExportList), "a name is needed"
            await console.type("none/x.csv")
            await console.press("ctrl+s")
            assert isinstance(console.app.screen, ExportList)
            assert console.toasts == [f"{here}/none/x.csv cannot be written: No such file or directory"]
            await console.press("ctrl+u")
            await console.type("mine.csv")
            assert "mine.csv" in console.text
            await console.press("ctrl+s")
            assert isinstance(console.app.screen, Dialog)
            assert "There is such a file already" in console.text
            await console.press("escape", "up", "right")
            assert "mine.json" in console.text
            await console.press("ctrl+s", "o", "up", "ctrl+u")
            assert (here / "mine.csv").read_text() == "mine"
            await console.type("mine.csv")
            await console.press("enter", "enter", "r")
            assert console.area == "roles"
        assert {one["key"] for one in json.loads((here / "mine.json").read_text())} >= {"operator"}
        assert (here / "mine.csv").read_text().startswith("\ufeffkey,owner,name")

    @pytest.mark.usefixtures("no_past")
    async def test_every_list_has_it(self, demo: Database, here: Path) -> None:
        async with opened(console_on(demo)) as console:
            lists = {"users": ("3",), "security-groups": ("4",), "customer-groups": CUSTOMER_GROUPS, "audit": ("8",)}
            for kind, keys in lists.items():
                await console.press(*keys)
                assert not off(console, "export") or kind == "audit"
            assert off(console, "export") == "there is nothing in the list"
            await console.press("1", "slash")
            await console.type("antwerp")
            await console.press("enter", "o", "enter")
            await console.press("escape", "o")
            assert "46 customers" in console.text
            await console.press("escape", "down", "tab", "o")
            assert "devices" in console.text
            await console.press("up", "ctrl+u")
            await console.type("below.csv")
            await console.press("ctrl+s")
        found = [path for path in here.iterdir() if path.name.startswith("ringfence-customers")]
        assert [line.split(",")[2] for line in found[0].read_text().splitlines()] == ["name", "Antwerp"]
        assert (
            (here / "below.csv").read_text().startswith("\ufeffkey,customer,site,name,unit_id,kind,notes,attributes\n")
        )

    async def test_nothing_of_what_is_hidden(self, demo: Database, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ringfence.console.screens.export_list._LONG", 1)
        seen: list[str] = []
        mount = Working.on_mount

        def seen_mounted(self: Working) -> None:
            seen.append(self._title_text)
            mount(self)

        monkeypatch.setattr(Working, "on_mount", seen_mounted)
        async with opened(console_on(demo, "r.dekker"), SMALL) as console:
            await console.press("2", "o", "enter")
            assert console.area == "devices"
        (path,) = here.iterdir()
        customers = {line.split(",")[1] for line in path.read_text().splitlines()[1:]}
        assert {one for one in customers if not one.startswith("dekker")} == {"de-linde-zuid"}
        assert seen == ["Exporting devices"]


class TestChoosingAFile:
    async def test_what_is_offered(self, demo: Database, here: Path) -> None:
        for name in ("b.csv", "A.CSV", "notes.txt", ".hidden.csv"):
            (here / name).touch()
        (here / "folder").mkdir()
        (here / "folder" / "c.csv").write_text(GOOD)
        assert offered("", ".csv") == ["A.CSV", "b.csv", "folder/"]
        assert offered("a", ".csv") == ["A.CSV"]
        assert offered("~/fo", ".csv") == ["~/folder/"]
        assert offered("nowhere/x", ".csv") == []
        async with opened(console_on(demo), SMALL) as console:
            await console.press("2", "i")
            assert "A.CSV" in console.text
            await console.press("down", "down", "tab")
            assert "folder/c.csv" in console.text
            await console.press("enter")
            screen = console.app.screen
            assert isinstance(screen, ImportScreen)
            assert "2 rows: 1 new, 1 changed" in console.text
            await console.press("ctrl+home", "enter")
            assert isinstance(console.app.screen, ChooseFile)
            await console.type("nothing such")
            assert "No .csv file in this folder" in console.text
            await console.press("enter")
            assert console.toasts == ["There is no file nothing such"]
            await console.press("escape", "escape")
            assert console.area == "devices"


class TestImport:
    @pytest.mark.usefixtures("no_past")
    async def test_shown_loaded_reported_taken_back(self, demo: Database, here: Path) -> None:
        (here / "devices.csv").write_text(GOOD)
        before = devices(demo)
        async with opened(console_on(demo), SMALL) as console:
            await choose(console, "devices.csv")
            assert "2 rows: 1 new, 1 changed" in console.text
            assert "Rotterdam  1 new, 1 changed" in console.text
            assert "olga" in console.text
            assert "Harbor Monitoring, where a row does not say" in console.text
            assert "1 new and 1 changed devices" in console.text
            assert devices(demo) == before
            await console.press("enter")
            assert isinstance(console.app.screen, ReportScreen)
            assert "change 1 of the audit" in console.text
            assert devices(demo)["X-1"].owner_key == "north-rotterdam"
            await console.press("u", "u")
            assert devices(demo) == before
            await console.press("escape")
            assert console.area == "devices"
            assert console.app.screen.query_one(RecordList).total == len(before)

    async def test_bad_rows_are_left_only_when_told_to(self, demo: Database, here: Path) -> None:
        (here / "devices.csv").write_text(GOOD + BAD)
        async with opened(console_on(demo), SMALL) as console:
            await choose(console, "devices.csv")
            assert all(len(line) <= SMALL[0] for line in console.lines)
            assert "4 rows: 1 new, 1 changed, 2 bad" in console.text
            for fault in ("line 4: customer: there is no customer 'nowhere'", "line 4: name: this must not be empty"):
                assert f"! {fault}" in console.text
            why = "2 rows are bad: put them right, or say above to leave them"
            assert off(console, "save") == why
            await console.press("enter", "ctrl+s")
            assert isinstance(console.app.screen, ImportScreen)
            assert console.toasts[-1] == f"load: {why}"
            assert "X-1" not in devices(demo)
            await console.press("up", "space")
            assert "[x] load the 2 good rows, and leave the 2 bad" in console.text
            await console.press("ctrl+s")
            report = console.app.screen
            assert isinstance(report, ReportScreen), console.text
            assert "Left out:\nline 4: customer: there is no customer 'nowhere'\n" in report.text
        assert "X-1" in devices(demo)

    async def test_keys_that_come_all_at_once(self, demo: Database, here: Path) -> None:
        (here / "devices.csv").write_text(GOOD)
        (here / "another.csv").write_text("name\nAnother\n")
        async with opened(console_on(demo), SMALL) as console:
            await console.press("2", "i")
            send(console.app, *"dev", "enter")
            await console.settle()
            assert isinstance(console.app.screen, ImportScreen)
            assert "devices.csv" in console.text
            send(console.app, "ctrl+s", "ctrl+s", "ctrl+r", "escape")
            await console.settle()
            assert isinstance(console.app.screen, ReportScreen)
            await console.press("escape", "o")
            send(console.app, "ctrl+s", "ctrl+s", "escape")
            await console.settle()
            assert console.area == "devices"
        assert len(devices(demo, "X-1")) == 1
        assert len(list(here.glob("ringfence-*.csv"))) == 1

    async def test_put_right_and_read_again(self, demo: Database, here: Path) -> None:
        path = here / "devices.csv"
        path.write_text(GOOD + BAD)
        async with opened(console_on(demo), SMALL) as console:
            await choose(console, "devices.csv")
            await console.press("up", "space")
            path.write_text(GOOD)
            await console.press("ctrl+r")
            assert "bad" not in console.text
            assert not off(console, "save")
            path.write_text("name\n")
            await console.press("ctrl+r")
            assert "! line 1: there is nothing under the header" in console.text
            assert off(console, "save") == "no row is good"
            path.write_text("sep=;\nname;unit_id\nGate;8.93901E+18\n")
            await console.press("ctrl+r")
            assert "! line 3: unit_id: '8.93901E+18' looks like a long number" in console.text
            assert not off(console, "save")
            path.write_bytes(b"name\nGate\xe9\n")
            await console.press("ctrl+r")
            assert "! line 2: this is not UTF-8 text" in console.text
            assert off(console, "save") == "no row is good"
            path.unlink()
            await console.press("ctrl+r")
            assert "is no file." in console.text
            assert off(console, "save") == "the file was not read"

    async def test_many_faults_are_scrolled_and_copied(
        self, demo: Database, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (here / "devices.csv").write_text("name,customer\n" + "".join(f"n{n},nowhere {n}\n" for n in range(3000)))
        copied: list[str] = []
        async with opened(console_on(demo), SMALL) as console:
            monkeypatch.setattr(console.app, "copy_to_clipboard", copied.append)
            await choose(console, "devices.csv")
            assert "3,000 rows: 3,000 bad" in console.text
            await console.press("tab", "end")
            assert "line 3001: customer: there is no customer 'nowhere 2999'" in console.text
            assert "of 3,001" in console.text
            await console.press("y")
        assert copied[0].count("\n") == 3000

    async def test_a_customers_devices_come_to_it(self, demo: Database, here: Path) -> None:
        (here / "devices.csv").write_text("name,unit_id\nNew,X-9\n")
        async with opened(console_on(demo)) as console:
            await console.press("slash")
            await console.type("antwerp")
            await console.press("enter", "enter", "i")
            await console.type("devices.csv")
            await console.press("enter")
            assert "Antwerp, where a row does not say" in console.text
            await console.press("up", "enter")
            await console.type("polder")
            await console.press("enter")
            assert "Polder Water Board, where a row does not say" in console.text
            assert "Polder Water Board  1 new" in console.text
            await console.press("ctrl+s")
            assert isinstance(console.app.screen, ReportScreen)
        assert devices(demo)["X-9"].owner_key == "polder"

    async def test_what_came_meanwhile_is_read_again(self, demo: Database, here: Path) -> None:
        (here / "devices.csv").write_text(GOOD)
        async with opened(console_on(demo), SMALL) as console:
            await choose(console, "devices.csv")
            with demo.writing() as connection:
                connection.exec_driver_sql("UPDATE device SET revision = 9, kind = 'x' WHERE unit_id = 'U-00536'")
            await console.press("ctrl+s")
            assert isinstance(console.app.screen, ImportScreen)
            assert console.toasts == ["this device was changed meanwhile: nothing was loaded"]
            await console.press("ctrl+s")
            assert isinstance(console.app.screen, ReportScreen)
        assert devices(demo)["U-00536"].shown("kind") == "x"

    async def test_long_work_is_watched_and_cancelled(
        self, demo: Database, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rows = "".join(f"n{n},X-{n}\n" for n in range(300))
        (here / "devices.csv").write_text("name,unit_id\n" + rows)
        monkeypatch.setattr("ringfence.console.screens.import_records._LONG", 1)
        seen: list[str] = []
        mount = Working.on_mount

        def mounted(self: Working) -> None:
            seen.append(self._title_text)
            if self._title_text.startswith("Loading") and "Loading" not in seen:
                seen.append("Loading")
                self.action_cancel()
            mount(self)

        monkeypatch.setattr(Working, "on_mount", mounted)
        async with opened(console_on(demo), SMALL) as console:
            await choose(console, "devices.csv")
            await console.press("ctrl+s")
            assert isinstance(console.app.screen, ImportScreen)
            assert console.toasts == ["cancelled: nothing was changed"]
            assert "X-1" not in devices(demo)
            await console.press("ctrl+s")
            assert isinstance(console.app.screen, ReportScreen)
        assert seen == ["Reading the file", "Loading 300 devices", "Loading", "Loading 300 devices"]
        assert "X-299" in devices(demo)

    async def test_off_for_who_changes_nothing(self, demo: Database) -> None:
        async with opened(console_on(demo, "olga"), SMALL) as console:
            await console.press("2")
            assert off(console, "import") == "you may neither create nor edit devices"
            await console.press("i")
            assert console.area == "devices"
            assert not off(console, "export")
            await console.press("3")
            assert off(console, "import") == "you may neither create nor edit users"
            await console.press(*ROLES)
            assert off(console, "import") == "-", "no sheet holds a role"


class TestKinds:
    """Users, customers and sites come from files as devices do."""

    async def test_users(self, demo: Database, here: Path) -> None:
        (here / "users.json").write_text(
            '[{"login": "new.one", "name": "New One"}, {"login": "olga", "active": false}]'
        )
        async with opened(console_on(demo), SMALL) as console:
            await console.press("3", "i")
            assert "Import users from which file?" in console.text
            assert "users.json" in console.text
            await console.press("enter")
            assert isinstance(console.app.screen, ImportScreen), console.text
            assert "2 rows: 1 new, 1 changed" in console.text
            assert "1 new and 1 changed users" in console.text
            assert "olga" in console.text
            await console.press("enter")
            report = console.app.screen
            assert isinstance(report, ReportScreen), console.text
            assert report.text.startswith("Users imported from users.json\n")
            await console.press("escape")
            assert console.area == "users"
            assert "New One" in console.text
            await console.press("u", "u")
            assert "New One" not in console.text

    async def test_customers_below_the_one_under_the_cursor(self, demo: Database, here: Path) -> None:
        (here / "customers.csv").write_text("key,name,parent\nn,New branch,\n,New office,n\nn2,Bad,nowhere\n")
        async with opened(console_on(demo), SMALL) as console:
            await console.press("slash")
            await console.type("polder")
            await console.press("enter", "i")
            await console.type("customers.csv")
            await console.press("enter")
            assert "Import customers" in console.text
            assert "Polder Water Board, where a row does not say" in console.text
            assert "3 rows: 2 new, 1 bad" in console.text
            assert "! line 4: parent: there is no customer 'nowhere'" in console.text
            await console.press("up", "space", "ctrl+s")
            assert isinstance(console.app.screen, ReportScreen), console.text
            await console.press("escape")
            assert console.area == "customers"
        session = Workspace(demo, at=NOON).sign_in("h.devries")
        found: Any = {one.name: one for one in listing.export(session.viewer, Listing("customers", "New "))}
        assert found["New branch"].owner_key == "polder"
        assert found["New office"].owner_key == found["New branch"].key

    async def test_sites_of_an_opened_customer(self, demo: Database, here: Path) -> None:
        (here / "sites.csv").write_text("name\nNew yard\n")
        async with opened(console_on(demo)) as console:
            await console.press("slash")
            await console.type("polder")
            await console.press("enter", "enter")
            screen: Any = console.app.screen
            while screen.edited.edits.kind != "site":
                await console.press("right_square_bracket")
            await console.press("i")
            assert "Import sites from which file?" in console.text
            await console.press("enter")
            assert "Polder Water Board, where a row does not say" in console.text
            await console.press("enter")
            assert isinstance(console.app.screen, ReportScreen), console.text
            await console.press("escape")
            assert "New yard" in console.text

    async def test_why_it_is_off(self, demo: Database) -> None:
        async with opened(console_on(demo, "olga"), SMALL) as console:
            assert off(console, "import") == "you may neither create nor edit customers"
            await console.press("3", "i")
            assert console.area == "users"

    async def test_who_may_make_none_is_told_so(self, sqlite_database: Database, here: Path) -> None:
        grant = {"key": "g", "tenant": "t", "name": "G", "role": "edits", "scope": "all"}
        role = {"key": "edits", "tenant": "t", "name": "Edits", "access_level": "service_provider"}
        ed = {"key": "ed", "tenant": "t", "login": "ed", "name": "Ed", "security_groups": [{"group": "g"}]}
        rights = ["customer.list", "device.list", "device.edit"]
        world = small(roles=[role | {"permissions": rights}], security_groups=[grant], users=[ed])
        load_document(sqlite_database, world)
        (here / "devices.csv").write_text("key,name\nd,Door\n")
        async with opened(console_on(sqlite_database, "ed"), SMALL) as console:
            await choose(console, "devices.csv")
            assert "New ones to  nowhere: you may make none" in console.text
            await console.press("ctrl+s")
            assert isinstance(console.app.screen, ReportScreen), console.text
