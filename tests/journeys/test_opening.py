"""What is said and kept until there is a database to work with, on a real terminal and one that is really slow."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.terminal import Terminal

from ringfence.domain import clock
from ringfence.identity import credentials, passwords
from ringfence.snapshot.demo import shipped
from ringfence.storage.engine import open_database


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts ``ringfence`` with these arguments; ended at the end."""
    started: list[Terminal] = []

    def begin(*arguments: str, **more: Any) -> Terminal:
        folders = {name: str(tmp_path / "own") for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")}
        terminal = Terminal(list(arguments), **{**folders, "TMPDIR": str(tmp_path), **more})
        started.append(terminal)
        return terminal

    yield begin
    for terminal in started:
        terminal.close()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The demo in a file of its own, of which a writer keeps the readers out."""
    path = tmp_path / "harbor.db"
    shutil.copyfile(shipped(), path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    return path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else reads the database meanwhile."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


def test_what_is_typed_while_the_database_is_waited_for_goes_to_the_first_dialog(
    start: Callable[..., Terminal], database: Path
) -> None:
    with locked(database):
        terminal = start("--db", str(database))
        terminal.send(b"ol")  # while Python is still starting
        terminal.shows("Opening… waiting for the database at …", "harbor.db", "Customers")
        terminal.send(b"ga\x7fa")
        time.sleep(0.5)
        while terminal.read(0.1):
            pass
        assert "Sign in" not in "\n".join(terminal.lines)
    terminal.shows("Sign in", "olga")
    assert "Opening" not in "\n".join(terminal.lines)


def test_enter_and_what_follows_it_go_where_they_would_have_gone(
    start: Callable[..., Terminal], database: Path
) -> None:
    own = open_database(str(database))
    with own.writing() as connection:
        hanna = credentials.find(connection, "h.devries")
        assert hanna is not None
        kept = passwords.hashed("lantern gravel oboe nineteen")
        credentials.set_password(connection, hanna.tenant_id, hanna.id, kept, clock.now())
    own.close()
    with closing(sqlite3.connect(database)) as plain:
        plain.execute("PRAGMA journal_mode = DELETE")
    with locked(database):
        terminal = start("--db", str(database))
        terminal.send(
            b"h.devries\nlantern gravel oboe nineteen\n2"
        )  # Enter ends a line as long as the terminal is the shell's
        terminal.shows("Opening…")
        terminal.send(b"/yard")
    terminal.shows("h.devries", "Yard camera", "/yard")
    assert "2 Devices" in terminal.lines[1]


def test_whoever_is_named_has_the_keys_in_the_first_list(start: Callable[..., Terminal], database: Path) -> None:
    with locked(database):
        terminal = start("--db", str(database), "--as", "h.devries")
        terminal.shows("Opening… waiting for the database at")
        terminal.send(b"jj")
    terminal.shows("46 in all")
    terminal.until(lambda lines: any(line.startswith("│▌") and "Crèmerie" in line for line in lines))


def test_it_is_left_while_it_waits(start: Callable[..., Terminal], database: Path) -> None:
    with locked(database):
        terminal = start("--db", str(database))
        terminal.shows("Opening…")
        terminal.send(b"\x1bq\x03")
        terminal.shows("Ctrl+Q leaves the console")
        terminal.send(b"\x11")
        began = time.monotonic()
        assert terminal.end() == 0
        assert time.monotonic() - began < 2


def test_a_server_is_named_without_what_opens_it(start: Callable[..., Terminal]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:  # takes connections, and never answers
        port = server.getsockname()[1]
        terminal = start("--db", f"postgresql://olga:secret@127.0.0.1:{port}/harbor?application_name=x")
        terminal.shows("Opening… waiting for the database at 127.0.0.1")
        assert b"secret" not in terminal.output
        assert b"postgresql:" not in terminal.output
        terminal.send(b"\x11")
        assert terminal.end() == 0


def test_keys_that_are_sent_at_once_are_all_obeyed_in_order(start: Callable[..., Terminal]) -> None:
    terminal = start("demo")
    terminal.send(b"jjjjjj\x1b[C")
    terminal.shows("46 in all", "Harbor Monitoring › Northwind Logistics", "Antwerp", "Rotterdam")
