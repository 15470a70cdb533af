"""Coming in over a real sshd, with a key made at run time: as its owner, and as nobody else."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url
from support.sshd import ACCOUNT, SOURCE, Sshd, make_key, sshd, why_not
from support.terminal import Terminal

from ringfence.cli.main import run
from ringfence.domain import clock
from ringfence.services import ssh_keys
from ringfence.services.editing import Edit, open_record, save
from ringfence.services.workspace import Workspace
from ringfence.snapshot.demo import shipped
from ringfence.storage.engine import Database, open_database
from ringfence.visibility.viewer import Viewer

PLAINLY = ("-c", "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])")
"""Has a terminal run another program than ours."""
pytestmark = [
    pytest.mark.skipif(bool(why_not()), reason=f"{why_not()}: nobody comes in over ssh in these tests"),
    pytest.mark.xdist_group("sshd"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where everything of it lies."""
    path = tmp_path_factory.mktemp("ssh")
    shutil.copyfile(shipped(), path / "door.db")
    return path


@pytest.fixture(scope="module")
def database(folder: Path) -> Iterator[Database]:
    """The demo's database."""
    found = open_database(str(folder / "door.db"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def olga(folder: Path, database: Database) -> Path:
    """Olga's key, which is known."""
    public = make_key(folder / "olga")
    ssh_keys.add(Viewer.sign_in(database, "olga"), public.read_bytes(), "test")
    return folder / "olga"


@pytest.fixture(scope="module")
def door(folder: Path, database: Database) -> Iterator[Sshd]:
    """An sshd that asks about keys there."""
    with sshd(folder, str(folder / "door.db")) as running:
        yield running


def fingerprint(database: Database) -> str:
    """That of Olga's key."""
    (key,) = ssh_keys.keys_of(Viewer.sign_in(database, "olga"))
    return key.fingerprint


def test_a_command_line_is_run_as_the_owner_of_the_key(door: Sshd, olga: Path, database: Database) -> None:
    before = clock.now()
    said = door.run(olga, "list", "customers", "--format", "keys")
    assert said.returncode == 0, said.stderr
    found = set(said.stdout.decode().split())
    own = Workspace(database).sign_in("olga")
    assert len(found) == own.profile().customers
    assert "northwind" in found
    assert "helix" not in found
    (key,) = ssh_keys.keys_of(Viewer.sign_in(database, "olga"))
    assert key.used is not None
    assert key.used >= before.replace(microsecond=0)


def test_the_log_of_sshd_and_the_audit_name_the_same_key(door: Sshd, olga: Path, database: Database) -> None:
    said = door.run(olga, "list", "audit", "--format", "json")
    assert said.returncode == 0, said.stderr
    assert f"Accepted publickey for {os.environ.get('USER', '')}" in door.log or "Accepted publickey" in door.log
    assert fingerprint(database) in door.log
    admin = Workspace(database).sign_in("h.devries")
    with admin.viewer.look() as sight:
        query = "SELECT detail, origin FROM audit_entry WHERE action = 'sign in' ORDER BY id DESC LIMIT 1"
        detail, origin = sight.connection.exec_driver_sql(query).one()
    assert json.loads(detail)["sign_in"]["fingerprint"] == ["", fingerprint(database)]
    assert origin == "command line over ssh from 127.0.0.1"


def test_the_console_opens_as_the_owner_of_the_key(door: Sshd, olga: Path) -> None:
    settled = door.run(olga, "profile", "settings", "-", sent=b"[confirm]\nquit = true\n")
    assert settled.returncode == 0, settled.stderr
    terminal = Terminal(door.words(olga, options=["-tt"]), PLAINLY, (80, 24))
    try:
        terminal.shows("Northwind Logi", "olga", "Devices 8")
        assert "Harbor" not in "\n".join(terminal.lines)
        terminal.send(b"\x1a")  # there is no shell to suspend to
        terminal.shows("over ssh there is no shell")
        terminal.send(b"o")
        terminal.shows("your terminal's clipboard")
        terminal.send(b"\x1b")
        terminal.until(lambda lines: not any("clipboard" in line for line in lines))
        terminal.send(b"\x11")
        terminal.shows("Leave the console?")  # as she has set it, in the database
        terminal.send(b"l")
        assert terminal.end() == 0
    finally:
        terminal.close()


@pytest.mark.postgres
def test_the_lines_of_the_readme_let_the_first_administrator_in_on_postgresql(
    tmp_path: Path, postgres_url: str
) -> None:
    """A new database, a provider's role behind the wall, a key: what comes by it is hers, as that role."""
    key, password = make_key(tmp_path / "anna"), tmp_path / "password"
    password.write_text("seven green bicycles\n")
    owner = ("--db", postgres_url)
    for line in (
        ("init", "--tenant", "Acme", "--login", "anna", "--password-file", str(password)),
        ("db", "roles", "--tenant", "acme", "--role", "ten_lines"),
        ("keys", "add", str(key), "--as", "anna"),
    ):
        assert run([*owner, *line]) == 0, line
    role = make_url(postgres_url).set(username="ten_lines").render_as_string(hide_password=False)
    with sshd(tmp_path, role) as door:
        made = door.run(tmp_path / "anna", "customers", "create", "North")
        assert (made.returncode, made.stdout) == (0, b"north\n"), made.stderr
        terminal = Terminal(door.words(tmp_path / "anna", options=["-tt"]), PLAINLY, (80, 24))
        try:
            terminal.shows("Acme", "anna", "North")
            terminal.send(b"\x11")
            assert terminal.end() == 0
        finally:
            terminal.close()


def test_a_key_that_nobody_knows_lets_nobody_in(door: Sshd, olga: Path, folder: Path) -> None:
    make_key(folder / "stranger")
    said = door.run(folder / "stranger", "list", "customers")
    assert said.returncode == 255
    assert said.stdout == b""
    assert b"Permission denied (publickey)" in said.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("sh",),
        ("scp", "-t", "/tmp"),
        ("/usr/lib/openssh/sftp-server",),
        ("rsync", "--server", ".", "/"),
        ("list", "customers;", "touch", "{folder}/made"),
        ("`touch {folder}/made`",),
        ("$(touch {folder}/made)",),
        ("list customers > {folder}/made",),
        ("load", "{folder}/made"),
        ("db", "backup", "{folder}/made"),
        ("--db", "{folder}/made", "list", "customers"),
        ("list", "customers", "--as", "h.devries"),
        ("ssh", "session", "SHA256:x"),
        ("config", "edit"),
    ],
    ids=lambda words: " ".join(words)[:20],
)
@pytest.mark.once(4)
def test_nothing_else_is_run(door: Sshd, olga: Path, folder: Path, words: tuple[str, ...]) -> None:
    said = door.run(olga, *(word.format(folder=folder) for word in words))
    assert said.returncode in (1, 2)
    assert said.stdout == b""
    assert said.stderr.startswith(b"ringfence: error: ")
    assert said.stderr.count(b"\n") == 1
    assert not (folder / "made").exists()


def test_no_subsystem_no_forwarding_and_no_environment(door: Sshd, olga: Path) -> None:
    subsystem = door.run(olga, "sftp", options=["-s"])
    assert subsystem.returncode == 2, "our own refusal: nothing of sshd's was run"
    assert subsystem.stdout == b""
    forwarded = door.run(olga, options=["-N", "-R", "0:127.0.0.1:1", "-o", "ExitOnForwardFailure=yes"])
    assert forwarded.returncode == 255
    assert b"remote port forwarding failed" in forwarded.stderr
    sent = door.run(olga, "can", "h.devries", "device.list", options=["-o", "SetEnv RINGFENCE_DEBUG=1 RINGFENCE_DB=/x"])
    assert b"olga, by a key" in sent.stderr


def test_whoever_is_deactivated_is_out(door: Sshd, olga: Path, database: Database) -> None:
    admin = Viewer.sign_in(database, "h.devries")
    user = Viewer.sign_in(database, "olga").user_id

    def set_active(active: bool) -> None:
        from dataclasses import replace

        found = open_record(admin, "user", user)
        save(admin, [Edit("user", user, found.state, replace(found.state, active=active), found.revision)], "test")

    set_active(False)
    try:
        assert b"Permission denied" in door.run(olga, "list", "customers").stderr
    finally:
        set_active(True)
    assert door.run(olga, "count", "customers").stdout == b"40\n"


def test_what_is_wrong_with_a_host_is_told(folder: Path, door: Sshd) -> None:
    from ringfence.cli.ssh_host import faults

    found = faults("nobody-at-all", None, str(folder / "config"))
    assert "there is no account nobody-at-all: 'ringfence ssh setup' says how it is made" in found
    assert "sshd: for nobody-at-all there is to be DisableForwarding yes" in found
    assert SOURCE.is_dir()


def test_what_is_wrong_with_the_database_is_told_as_the_account_finds_it(
    folder: Path, door: Sshd, olga: Path, postgres_database: Database
) -> None:
    from ringfence.cli.ssh_host import faults

    config = str(folder / "config")
    (folder / "door.db").chmod(0o600)
    sound = faults(ACCOUNT, None, config)
    assert not any("database" in one or "nobody has a key" in one or "cannot run" in one for one in sound), sound
    nowhere = faults(ACCOUNT, str(folder / "no.db"), config)
    assert next(one for one in nowhere if one not in sound).startswith(f"{folder / 'no.db'}: No such file")
    url = postgres_database.url.render_as_string(hide_password=False)
    assert [one.partition(":")[0] for one in faults(ACCOUNT, url, config) if one not in sound] == [
        "the account is let in as who owns the tables",
        "nobody has a key",
    ]
