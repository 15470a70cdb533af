"""What sshd runs: who is let in, how soon, and what a command line that comes over SSH can bring about."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import Call, Said
from support.door_attacks import ACCOUNT, made

from ringfence.cli import door
from ringfence.cli.main import run
from ringfence.identity import keys
from ringfence.services import ssh_keys
from ringfence.storage.engine import open_database
from ringfence.visibility.viewer import Viewer

OLGA = keys.parse(made("olga"))


@pytest.fixture
def known(own_db: Path) -> Path:
    """The demo's database, in which Olga has a key; nothing else says which database is meant."""
    database = open_database(str(own_db))
    ssh_keys.add(Viewer.sign_in(database, "olga"), made("olga"), "test")
    database.close()
    return own_db


@pytest.fixture
def ask(known: Path, call: Call) -> Callable[..., Said]:
    """Asks as sshd does."""
    return lambda *words: call("--db", str(known), "ssh", "authorized-keys", *words)


def test_a_known_key_gets_one_line(ask: Callable[..., Said], known: Path) -> None:
    said = ask(ACCOUNT, OLGA.kind, OLGA.blob)
    assert (said.status, said.err) == (0, "")
    (line,) = said.lines
    command, behind = line.removeprefix('command="').split('",')
    assert behind == f"restrict,pty {OLGA.kind} {OLGA.blob}"
    assert shlex.split(command)[-5:] == ["--db", str(known), "ssh", "session", OLGA.fingerprint]


def test_what_is_quoted_stays_quoted(ask: Callable[..., Said], known: Path) -> None:
    """The path of the database comes from root's file; it is quoted all the same."""
    odd = known.with_name("a 'b\" $(touch x);.db")
    known.rename(odd)
    words = ["--db", str(odd), "ssh", "authorized-keys", ACCOUNT, OLGA.kind, OLGA.blob]
    said = subprocess.run([sys.executable, "-m", "ringfence", *words], capture_output=True, text=True, check=True)
    line = said.stdout
    option = line[len('command="') : line.index('",restrict')].replace('\\"', '"')
    assert shlex.split(option)[-5:] == ["--db", str(odd), "ssh", "session", OLGA.fingerprint]


def test_everything_else_gets_nothing(ask: Callable[..., Said], known: Path, call: Call) -> None:
    other = keys.parse(made("other"))
    for words in (
        (),
        (ACCOUNT,),
        (ACCOUNT, OLGA.kind),
        (ACCOUNT, OLGA.kind, OLGA.blob, "more"),
        (ACCOUNT, other.kind, other.blob),
        (ACCOUNT, "ssh-rsa", OLGA.blob),
        (ACCOUNT, OLGA.kind, ""),
        (ACCOUNT, OLGA.kind, "' OR 1=1 --"),
        (ACCOUNT, OLGA.kind, f"{OLGA.blob}\nssh-ed25519 x"),
        (ACCOUNT, OLGA.kind, "A" * 65536),
        ("\udcff", "\udcff", "\udcff"),
        ("-x", "-y", "-z"),
    ):
        said = ask(*words)
        assert (said.status, said.out, said.err) == (0, "", ""), words
    for broken in (known.with_name("nowhere.db"), known.parent, Path("postgresql://nobody@127.0.0.1:1/x")):
        said = call("--db", str(broken), "ssh", "authorized-keys", ACCOUNT, OLGA.kind, OLGA.blob)
        assert (said.status, said.out, said.err) == (0, "", "")
    assert not known.with_name("nowhere.db").exists()
    secret = "postgresql://a:b@127.0.0.1:1/x"
    assert call("--db", secret, "ssh", "authorized-keys", ACCOUNT, OLGA.kind, OLGA.blob).out == ""


LOADED = """
import sys
from ringfence.cli.main import run
status = run(sys.argv[1:])
print(status, *sorted(sys.modules))
"""
HEAVY = {"sqlalchemy", "typer", "click", "textual", "alembic", "pydantic", "psycopg", "asyncio", "rich", "argon2"}


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_whoever_comes_waits_for_the_driver_alone(known: Path, engine: str, request: pytest.FixtureRequest) -> None:
    url = str(known)
    if engine == "postgresql":
        url = request.getfixturevalue("postgres_database").url.render_as_string(hide_password=False)
    words = ["--db", url, "ssh", "authorized-keys", ACCOUNT, OLGA.kind, OLGA.blob]
    said = subprocess.run([sys.executable, "-c", LOADED, *words], capture_output=True, text=True, check=True)
    status, *loaded = said.stdout.splitlines()[-1].split()
    assert status == "0"
    assert set(loaded) & HEAVY == set()
    assert ("_sqlite3" in loaded) is (engine == "sqlite")
    assert (engine == "sqlite") is said.stdout.startswith("command=")


@pytest.fixture
def session(known: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, call: Call) -> Callable[..., Said]:
    """Runs a command line as sshd does for the owner of Olga's key."""
    kept, stopping = dict(os.environ), signal.getsignal(signal.SIGTSTP)
    monkeypatch.chdir(tmp_path)

    def running(line: str, fingerprint: str = OLGA.fingerprint) -> Said:
        os.environ["SSH_ORIGINAL_COMMAND"] = line
        try:
            return call("--db", str(known), "ssh", "session", fingerprint)
        finally:
            os.environ.clear()
            os.environ.update(kept)
            signal.signal(signal.SIGTSTP, stopping)

    return running


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("list devices\nload x", "a command line over ssh is one line, without control characters"),
        ("list \x1b[2J", "a command line over ssh is one line, without control characters"),
        ("list 'devices", "this command line is not whole: no closing quotation"),
        ("x" * 70_000, "a command line of more than 64 KiB is none"),
        ("scp -t /tmp", "No such command 'scp': see 'ringfence --help'"),
        ("list devices; load x", "Got unexpected extra argument(s) (load x): see 'ringfence list --help'"),
        ("--zzz list devices", "No such option: --zzz: see 'ringfence --help'"),
    ],
    ids=range(7),
)
def test_what_is_no_command_line_is_told(session: Callable[[str], Said], line: str, said: str) -> None:
    assert session(line).refused(2) == said


def test_a_session_without_a_terminal_or_a_key_is_none(session: Callable[..., Said]) -> None:
    assert session("").refused().startswith("the console needs a terminal")
    assert session("list devices", "SHA256:x").refused(2).startswith("this is no fingerprint")
    unknown = keys.fingerprint_of(b"x")
    assert session("list devices", unknown).refused().startswith("this key lets nobody in any more")


def test_it_says_what_its_owner_sees(
    session: Callable[[str], Said], known: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = session("list devices --format json")
    assert found.status == 0
    capsys.readouterr()
    assert run(["--db", str(known), "list", "devices", "--format", "json", "--as", "olga"]) == 0
    assert json.loads(found.out) == json.loads(capsys.readouterr().out)
    assert session("keys list").out.count(OLGA.fingerprint) == 1
    assert session("--see-as h.devries list devices").refused().startswith("nobody has the login 'h.devries'")
    assert session("sign-ins list").out.count("key") == 1, "the one that asks: those before have ended"


def test_the_lines_for_sshd(call: Call) -> None:
    said = call("ssh", "setup", "--account", "door")
    assert said.status == 0
    assert "Match User door" in said.lines
    assert "    AuthorizedKeysCommandUser door" in said.lines
    for wanted in ("DisableForwarding yes", "PermitTTY yes", "PasswordAuthentication no", "AuthorizedKeysFile none"):
        assert f"    {wanted}" in said.lines
    assert call("ssh", "setup", "--account", "x\nMatch all").refused(2).startswith("--account is a name")
    percent = call("--db", "postgresql:///x?host=%2Frun", "ssh", "setup").out
    assert "postgresql:///x?host=%%2Frun' ssh authorized-keys %u %t %k" in percent, "sshd reads % itself"
    assert door.named("postgresql:///ringfence") == ["--db", "postgresql:///ringfence"]
