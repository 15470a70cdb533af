"""What the console does when something gives way: it says so in a line, and keeps or gives up exactly what it must."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.console import NOON, Console, console_on, demo_copy, opened, settle

from ringfence.console.app import RingfenceApp
from ringfence.console.screens.choose_user import ChooseUser
from ringfence.console.screens.credentials import Credentials
from ringfence.console.screens.customers import CustomersScreen
from ringfence.services.workspace import Session, Workspace
from ringfence.storage.engine import Database, open_database


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Database]:
    database = demo_copy(tmp_path, busy_seconds=0.05)
    yield database
    database.close()


def _rubbish(folder: Path) -> str:
    path = folder / "rubbish.db"
    path.write_bytes(b"This is no database. " * 500)
    return str(path)


@pytest.mark.parametrize(
    ("where", "told"),
    [
        (lambda folder: str(folder / "none.db"), "there is no database at "),
        (str, " is a folder"),
        (_rubbish, "is not an SQLite database"),
        (lambda _: "postgresql://nobody@127.0.0.1:1/none", "does not answer: is the server running"),
    ],
    ids=["missing", "folder", "rubbish", "no server"],
)
async def test_a_database_that_cannot_be_opened_ends_it_with_one_line(
    where: Callable[[Path], str], told: str, tmp_path: Path
) -> None:
    url = where(tmp_path)
    app = RingfenceApp(lambda: Workspace(open_database(url)), "olga")
    async with app.run_test() as pilot:
        await settle(app, pilot)
    assert app.return_code == 1
    assert app.return_value is not None
    assert told in app.return_value
    assert "\n" not in app.return_value


async def test_nobody_of_that_name_is_asked_who_they_are(demo: Database) -> None:
    async with opened(console_on(demo, "nobody", demo=False)) as console:
        assert "Nobody has the login 'nobody'" in console.text
        assert console.toasts == []
        assert isinstance(console.app.screen, Credentials)
        await console.press("escape")
        assert isinstance(console.app.screen, Credentials)
        await console.press("ctrl+q")
    assert console.app.return_code == 0


def deactivate(database: Database, login: str) -> None:
    """Takes a user's access as an administrator elsewhere does."""
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE user_account SET active = 0 WHERE login = ?", (login,))
        connection.exec_driver_sql("UPDATE tenant SET version = version + 1")


@pytest.mark.parametrize(
    "keys",
    [
        ("down",),
        ("right",),
        ("2",),
        ("3",),
        ("slash",),
        ("ctrl+r",),
        ("right_square_bracket",),
        ("enter", "U"),
        ("question_mark",),
        ("y",),
    ],
    ids="-".join,
)
async def test_a_deactivated_user_is_out_at_the_next_action(keys: tuple[str, ...], demo: Database) -> None:
    async with opened(console_on(demo, "k.adeyemi")) as console:
        await console.press("2", "1")
        assert "U-0" in console.text
        deactivate(demo, "k.adeyemi")
        await console.press(*keys)
        assert isinstance(console.app.screen, ChooseUser)
        assert console.toasts == ["this user has been deactivated: sign in as somebody else"]
        await nothing_is_left(console)


async def nothing_is_left(console: Console) -> None:
    """Neither on screen nor on the screens below nor on those that come up next."""
    app = console.app
    assert app.session is None
    assert app.profile is None
    assert "Operator" not in console.text
    for screen in app.screen_stack:
        assert not [node for node in screen.query("RecordList") if node.rows_loaded]  # type: ignore[attr-defined]
        assert not [node for node in screen.query("ForestView") if node.count]  # type: ignore[attr-defined]
    console.forget_toasts()
    await console.type("petit")
    assert "U-0" not in console.text
    assert "Rotterdam" not in console.text
    await console.press("enter")
    assert "l.petit" in console.lines[0]
    for key in "231":
        await console.press(key)
        assert "U-0" not in console.text
        assert "Northwind" not in console.text
        assert "sees nothing" in console.text


async def test_a_deactivated_user_is_out_of_every_dialog(demo: Database) -> None:
    async with opened(console_on(demo, "k.adeyemi")) as console:
        await console.press("f3")
        await console.type("olga")
        await console.press("enter")
        deactivate(demo, "k.adeyemi")
        await console.press("escape", "ctrl+r")
        assert isinstance(console.app.screen, ChooseUser)
        await console.press("escape")
    assert console.app.return_code == 0


async def test_a_removed_user_is_out_too(demo: Database) -> None:
    async with opened(console_on(demo, "l.petit")) as console:
        with demo.writing() as connection:
            connection.exec_driver_sql("DELETE FROM user_account WHERE login = 'l.petit'")
            connection.exec_driver_sql("UPDATE tenant SET version = version + 1")
        await console.press("1")
        assert isinstance(console.app.screen, ChooseUser)


async def test_a_locked_database_is_told_and_waited_for(demo: Database, tmp_path: Path) -> None:
    async with opened(console_on(demo)) as console:
        other = sqlite3.connect(tmp_path / "demo.db", isolation_level=None)
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        demo.engine.dispose()  # nobody can lock out who has it open
        other.execute("BEGIN EXCLUSIVE")
        await console.press(*["down"] * 6, "2")
        assert "is locked by another program" in " ".join(console.text.split())
        other.execute("ROLLBACK")
        other.close()
        await console.press("ctrl+r")
        assert "of 498" in console.text
        await console.press("1", "ctrl+r")
        assert "is locked" not in console.text
        assert "Devices 134" in console.text


async def test_a_damaged_database_is_told(demo: Database, tmp_path: Path) -> None:
    async with opened(console_on(demo)) as console:
        with (tmp_path / "demo.db").open("r+b") as file:
            file.write(os.urandom(200_000))
        demo.engine.dispose()
        await console.press("2", "1", "ctrl+r", "down", "f2", "escape", "slash", "a", "escape")
        assert console.app.is_running
        said = " ".join([*console.text.split(), *console.toasts])
        assert "is not an SQLite database" in said or "is damaged" in said


async def test_a_broken_theme_of_ones_own_is_told_and_left_out(demo: Database) -> None:
    folder = Path(os.environ["XDG_CONFIG_HOME"]) / "ringfence" / "themes"
    folder.mkdir(parents=True)
    (folder / "broken.toml").write_text('name = "broken"\ntitle = "[red]Broken"\ndark = 3\n', encoding="utf-8")
    async with opened(console_on(demo)) as console:
        assert len(console.toasts) == 1
        assert console.toasts[0].startswith("Theme left out: themes/broken.toml: dark: must be true or false")
        assert isinstance(console.app.screen, CustomersScreen)
        assert "498" in console.text
        names = {theme.name for theme in console.app.console_themes}
        assert "broken" not in names
        assert {"ringfence", "paper"} <= names


async def test_a_refused_switch_leaves_everything_as_it_was(demo: Database) -> None:
    async with opened(console_on(demo, "olga")) as console:
        await console.press(*["down"] * 4)
        before = console.text
        await console.switch("janssens")
        assert "is inactive" in console.toasts[0]
        console.forget_toasts()
        await console.settle()
        assert console.text == before


def test_the_moment_of_these_tests_is_the_storys(demo: Database) -> None:
    assert Workspace(demo, at=NOON).sign_in("olga").viewer.at == NOON


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE device SET name = x'00ff'", "bytes stand where a text or a number belongs: the database is damaged"),
        ("UPDATE device SET name = CAST(x'c328' AS TEXT)", "demo.db is damaged: restore a backup"),
    ],
)
async def test_damage_is_told_and_the_console_stays(tmp_path: Path, statement: str, told: str) -> None:
    demo = demo_copy(tmp_path)
    demo.close()
    with closing(sqlite3.connect(demo.name)) as connection, connection:
        connection.execute(statement)
    async with opened(console_on(open_database(demo.name))) as console:
        await console.press("2")
        assert told in " ".join(console.text.split())
        await console.press("1")
        assert "Northwind" in console.text


async def test_what_nobody_foresaw_is_told_and_the_console_stays(
    demo: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RINGFENCE_DEBUG")

    def broken(*_: object, **__: object) -> None:
        raise KeyError("what must not be seen")

    async with opened(console_on(demo)) as console:
        monkeypatch.setattr(Session, "rows", broken)
        await console.press("2")
        assert "this should not happen (KeyError): 'ringfence db check' says" in console.text
        assert "seen" not in console.text
        await console.press("1")
        assert "Northwind" in console.text
