"""Completion, asked for as shells ask: keys and logins as far as somebody sees them, each one literal word."""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from support.command_line import PROGRAM, Call, Said, Save, small

from ringfence.cli.settings import ASKED

Ask = Callable[..., list[str]]
NASTY = (
    "c two words",
    "c$(touch pwned)",
    "c`touch pwned`",
    "c'; touch pwned; '",
    'c"; touch pwned; "',
    "c\\$(touch pwned)",
    "c&touch pwned|*?[a]{b,c}<>~#!",
    "c\ntouch pwned",
    "c\u202etouch",
)
SEEN = NASTY[:-2]
"""What can be typed: the others hold what no line of a shell does, or what is not shown as it is."""


@pytest.fixture
def ask(call: Call, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """What the program offers to one of the shells, after words of which the last was begun."""

    def asking(*words: str, shell: str = "bash") -> list[str]:
        typed = ["ringfence", *words]
        with monkeypatch.context() as patch:
            patch.setenv(ASKED, f"complete_{shell}")
            patch.setenv("COMP_WORDS", "\n".join(typed))
            patch.setenv("COMP_CWORD", str(len(words)))
            patch.setenv("_TYPER_COMPLETE_ARGS", " ".join(typed))
            patch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
            said = call()
        assert said.err == ""
        return [line for line in said.lines if line]

    return asking


@pytest.fixture
def hostile(call: Call, save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database whose keys are what a shell might run."""
    path = tmp_path / "hostile.db"
    monkeypatch.setenv("RINGFENCE_DB", str(path))
    customers = [{"key": f"x{number}", "tenant": "t", "name": "X"} for number in range(len(NASTY))]
    assert call("load", save(small(customers=customers))).status == 0
    with closing(sqlite3.connect(path)) as connection, connection:
        for number, key in enumerate(NASTY):
            connection.execute("UPDATE customer SET key = ? WHERE key = ?", (key, f"x{number}"))
    return path


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
class TestWhatIsOffered:
    def test_commands_options_and_choices(self, ask: Ask, demo_db: Path, shell: str) -> None:
        assert [word.partition("\t")[0] for word in ask("de", shell=shell)] == ["demo", "devices"]
        assert [word.partition("\t")[0] for word in ask("roles", "edit", "--no-p", shell=shell)] == ["--no-permission"]
        assert ask("list", "s", shell=shell) == ["sites", "security-groups"]
        assert ask("roles", "create", "X", "--permission", "policy.", shell=shell) == ["policy.edit"]
        assert ask("can", "olga", "policy.", shell=shell) == ["policy.edit"]

    def test_keys_as_far_as_somebody_sees(self, ask: Ask, demo_db: Path, shell: str) -> None:
        for before in (["--as", "r.dekker", "users", "delete"], ["users", "delete", "--as", "r.dekker"]):
            assert ask(*before, "", shell=shell) == ["b.janssens", "r.dekker"]
        own = ("sites", "edit", "--as", "r.dekker")
        assert all(key.startswith("dekker") for key in ask(*own, "", shell=shell))
        assert ask(*own, "north", shell=shell) == []
        assert ask("customers", "move", "--as", "h.devries", "dekker", "--to", "north-r", shell=shell) == [
            "north-rotterdam"
        ]
        assert ask("security-groups", "edit", "x", "--as", "h.devries", "--role", "view", shell=shell) == ["viewer"]
        assert ask("security-groups", "edit", "x", "--as", "h.devries", "--no-member", "OL", shell=shell) == ["olga"]
        assert ask("users", "edit", "x", "--as", "h.devries", "--filter", "stag", shell=shell) == ["staging-test"]

    def test_no_more_than_fifty(self, ask: Ask, demo_db: Path, shell: str) -> None:
        found = ask("devices", "delete", "--as", "h.devries", "", shell=shell)
        assert len(found) == 50
        assert found == sorted(found)

    def test_nothing_without_somebody(self, ask: Ask, demo_db: Path, shell: str) -> None:
        assert ask("devices", "delete", "", shell=shell) == []
        assert ask("devices", "delete", "--as", "nobody", "", shell=shell) == []
        assert ask("users", "create", "--as", "h.devries", "ol", shell=shell) == []
        assert ask("users", "edit", "olga", "--as", "h.devries", "--login", "ol", shell=shell) == []

    def test_who_it_may_be(self, ask: Ask, demo_db: Path, shell: str) -> None:
        assert ask("--as", "r.d", shell=shell) == ask("users", "list", "--as", "R.D", shell=shell) == ["r.dekker"]
        assert ask("can", "r.d", shell=shell) == ["r.dekker"]

    def test_nothing_where_the_database_cannot_be_read(self, ask: Ask, tmp_path: Path, shell: str) -> None:
        (tmp_path / "other.db").write_bytes(b"something else's" * 100)
        before = sorted(tmp_path.rglob("*"))
        for name in ("none.db", "other.db"):
            where = ("--db", str(tmp_path / name), "--as", "ada")
            assert ask(*where, "customers", "edit", "", shell=shell) == []
            assert ask("--db", str(tmp_path / name), "--as", "a", shell=shell) == []
        assert ask("--as", "ada", "customers", "edit", "", shell=shell) == []
        assert sorted(tmp_path.rglob("*")) == before

    def test_it_only_looks(self, ask: Ask, own_db: Path, shell: str) -> None:
        with closing(sqlite3.connect(own_db)) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = '0001'")
        before = own_db.read_bytes()
        assert ask("customers", "edit", "--as", "h.devries", "n", shell=shell) == []
        assert own_db.read_bytes() == before


class TestHostileKeys:
    def test_bash_reads_back_what_they_are(self, ask: Ask, hostile: Path) -> None:
        offered = ask("customers", "edit", "--as", "ada", "c")
        assert sorted(shlex.split(word)[0] for word in offered) == sorted(["c", *SEEN])
        assert all(len(shlex.split(word)) == 1 for word in offered)

    @pytest.mark.parametrize("shell", ["zsh", "fish"])
    def test_the_others_quote_themselves(self, ask: Ask, hostile: Path, shell: str) -> None:
        assert sorted(ask("customers", "edit", "--as", "ada", "c", shell=shell)) == sorted(["c", *SEEN])

    @pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
    def test_in_bash_itself(self, program: Call, hostile: Path, tmp_path: Path) -> None:
        """The shell's own function completes the line, and the line is run: it names each, and runs nothing."""
        assert installed(program, "bash").status == 0
        script = f"""
            source "$HOME/.bash_completions/ringfence.sh"
            COMP_WORDS=(ringfence customers edit --as ada c) COMP_CWORD=5
            _ringfence_completion {shlex.quote(str(PROGRAM))}
            for word in "${{COMPREPLY[@]}}"; do eval "printf '%s\\0' $word"; done
        """
        said = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path)
        assert (said.returncode, said.stderr) == (0, "")
        assert said.stdout.split("\0") == [*sorted(["c", *SEEN]), ""]
        assert not list(tmp_path.rglob("pwned"))

    @pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish here")
    def test_in_fish_itself(self, program: Call, hostile: Path, tmp_path: Path) -> None:
        folder = tmp_path / "home/.config/fish/completions"
        folder.mkdir(parents=True)
        assert installed(program, "fish").status == 0
        path = f"{PROGRAM.parent}:{os.environ['PATH']}"
        said = subprocess.run(
            ["fish", "-c", "complete -C 'ringfence customers edit --as ada c'"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
        )
        assert sorted(said.stdout.splitlines()) == sorted(["c", *SEEN])
        assert not list(tmp_path.rglob("pwned"))


def installed(program: Call, shell: str) -> Said:
    """What the program says of installing its completion, run by a shell."""
    words = f"{PROGRAM} --install-completion; exit $status" if shell == "fish" else '"$@"; exit $?'
    return program("--install-completion", shell=words if shell == "bash" else f"exec fish -c {shlex.quote(words)}")


def test_only_for_the_three_shells(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer._completion_shared._get_shell_name", lambda: "tcsh")
    assert call("--install-completion").refused() == "this is for bash, zsh and fish: run it in one of them"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_is_installed_is_what_the_shell_reads(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shell: str
) -> None:
    monkeypatch.setattr("typer._completion_shared._get_shell_name", lambda: shell)
    said = call("--install-completion")
    assert said.status == 0
    path = Path(said.out.rpartition(": ")[2].strip())
    assert path.is_relative_to(tmp_path)
    assert f"complete_{shell}" in path.read_text()
    if shutil.which(shell):
        checked = subprocess.run([shell, "-n", str(path)], capture_output=True, text=True)
        assert (checked.returncode, checked.stderr) == (0, "")
