"""``ringfence config``, and what a configuration means to the commands and to the opening of the console."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Call, Said

from ringfence.cli import start
from ringfence.cli.settings import Settings
from ringfence.preferences import configuration
from ringfence.preferences.configuration import Configuration
from ringfence.preferences.layout import Layout, Memory
from ringfence.snapshot.demo import shipped

Configured = Callable[[str], Path]


@pytest.fixture
def configured() -> Configured:
    """Writes the user's own file."""

    def writing(text: str) -> Path:
        path = configuration.path()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return writing


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Names an editor, which is a shell script on the file "$1"."""

    def naming(script: str) -> None:
        path = tmp_path / "my editor"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o700)
        monkeypatch.setenv("VISUAL", f"'{path}'")

    return naming


def faults(said: Said) -> list[str]:
    assert said.status == 1
    assert said.out == ""
    first, *others = said.err.splitlines()
    assert first == f"ringfence: error: {configuration.path()} has faults: the rest of it counts"
    return [line.removeprefix("ringfence: error: config.toml ") for line in others]


class TestCheck:
    def test_none_is_none_and_no_fault(self, call: Call) -> None:
        said = call("config", "check")
        assert (said.status, said.err) == (0, "")
        assert said.out.endswith("config.toml: 'ringfence config edit' makes it\n")

    def test_a_sound_one(self, call: Call, configured: Configured) -> None:
        path = configured('theme = "dusk"\n[keys]\nundo = "f11"\n[themes]\nlinux = "terminal"\n')
        assert call("config", "check") == Said(0, f"{path} is sound\n", "")

    def test_every_fault_is_a_line_with_its_number(self, call: Call, configured: Configured) -> None:
        configured(
            'theme = "none"\nmouse = yes\n[keys]\nundo = "e"\nundoo = "z"\n[themes]\nlinux = "no\\u001b[31m"\nx = 1\n'
        )
        assert faults(call("config", "check")) == [
            'line 1: there is no theme "none"',
            "line 2: mouse: is no TOML: invalid value",
            "line 4: keys: undo: e is “open” already: two on one key",
            'line 5: keys: there is no command "undoo": did you mean undo?',
            'line 7: there is no theme "no\\u001b[31m"',
            "line 8: themes.x must be a text in quotes, not a number",
        ]

    def test_what_is_no_file(self, call: Call) -> None:
        configuration.path().mkdir(parents=True)
        said = call("config", "check")
        assert said.status == 1
        assert said.err.splitlines()[1] == "ringfence: error: config.toml: is no file"


class TestEdit:
    def test_a_new_one_sets_nothing_lists_everything_and_is_its_owners_alone(
        self, call: Call, editor: Callable[[str], None]
    ) -> None:
        editor("exit 0")
        path = configuration.path()
        assert call("config", "edit") == Said(0, f"{path} is sound\n", "")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert configuration.load() == Configuration()
        text = path.read_text(encoding="utf-8")
        assert all(
            line in text
            for line in ('# theme = ""', "# rows = 100", '# undo = "u" ', '# filter = "/" ', "high-contrast")
        )

    def test_every_line_of_it_may_be_taken_as_it_is(self, call: Call, editor: Callable[[str], None]) -> None:
        editor(r"""sed -i -E 's/^# ("?[a-z_*-]+"? = )/\1/' "$1" """)
        said = call("config", "edit")
        assert said.err == ""
        assert len(configuration.load().lines) > 50

    def test_what_was_saved_with_faults_is_told_and_kept(self, call: Call, editor: Callable[[str], None]) -> None:
        editor("""printf 'mouse = true\\ntheme = 3\\n' > "$1" """)
        assert faults(call("config", "edit")) == ["line 2: theme must be a text in quotes, not a number"]
        assert configuration.load().mouse
        editor("""printf '# more\\n' >> "$1" """)
        call("config", "edit")
        assert configuration.path().read_text() == "mouse = true\ntheme = 3\n# more\n"

    @pytest.mark.parametrize(
        ("visual", "said"),
        [
            ("no-such-editor", "the editor 'no-such-editor' cannot be run: set EDITOR to one, or edit "),
            ("vi '", 'the editor "vi \'" cannot be run: '),
            ("false", "the editor 'false' ended with status 1: "),
        ],
    )
    def test_an_editor_that_is_none(self, call: Call, monkeypatch: pytest.MonkeyPatch, visual: str, said: str) -> None:
        monkeypatch.setenv("VISUAL", visual)
        assert call("config", "edit").refused().startswith(said)


class TestDatabase:
    COUNT = ("count", "customers", "--as", "h.devries")

    @pytest.fixture
    def mine(self, tmp_path: Path) -> Path:
        path = tmp_path / "mine.db"
        shutil.copyfile(shipped(), path)
        return path

    def test_it_is_meant_where_none_is_named(
        self, call: Call, configured: Configured, mine: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        configured(f'database = "{mine}"')
        assert call(*self.COUNT).out == "46\n"
        assert "there is no" in call("--db", "/nowhere/x.db", *self.COUNT).refused()
        monkeypatch.setenv("RINGFENCE_DB", "/nowhere/y.db")
        assert "/nowhere" in call(*self.COUNT).refused()

    def test_no_command_goes_elsewhere_than_is_meant(self, call: Call, configured: Configured, mine: Path) -> None:
        configured(f"mouse = 3\ndatabase = {mine}\n")
        assert call(*self.COUNT).refused() == (
            "config.toml line 2: database: is no TOML: invalid value (or name the database with --db)"
        )
        assert call("--db", str(mine), *self.COUNT).out == "46\n"

    def test_another_fault_is_no_concern_of_theirs(self, call: Call, configured: Configured, mine: Path) -> None:
        configured(f'mouse = 3\ndatabase = "{mine}"\n')
        assert call(*self.COUNT).out == "46\n"


class TestOpening:
    @pytest.fixture
    def opened(self, monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
        """What the console is opened with, instead of being opened."""
        made: list[Settings] = []
        monkeypatch.setattr(start, "_on_terminal", lambda: True)
        monkeypatch.setattr(start, "_run", lambda _connect, chosen, **_rest: made.append(chosen))
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.delenv("TERM_PROGRAM", raising=False)
        return made

    def looks(self, opened: list[Settings]) -> tuple[str, bool]:
        found = opened[-1].configuration
        assert found is not None
        return found.theme, found.mouse

    @pytest.mark.parametrize("command", [(), ("demo",)])
    def test_an_option_goes_before_the_environment_and_that_before_the_file(
        self,
        call: Call,
        configured: Configured,
        opened: list[Settings],
        monkeypatch: pytest.MonkeyPatch,
        command: tuple[str, ...],
    ) -> None:
        assert call(*command).status == 0
        assert self.looks(opened) == ("", False)
        configured('theme = "dusk"\nmouse = true\n')
        call(*command)
        assert self.looks(opened) == ("dusk", True)
        configured('theme = "dusk"\nmouse = true\n[themes]\n"xterm*" = "paper"\n')
        call(*command)
        assert self.looks(opened) == ("paper", True)
        monkeypatch.setenv("RINGFENCE_THEME", "harbor")
        monkeypatch.setenv("RINGFENCE_MOUSE", "0")
        call(*command)
        assert self.looks(opened) == ("harbor", False)
        call("--theme", "high-contrast", "--mouse", *command)
        assert self.looks(opened) == ("high-contrast", True)
        monkeypatch.setenv("RINGFENCE_MOUSE", "1")
        call("--no-mouse", *command)
        assert self.looks(opened) == ("harbor", False)

    @pytest.mark.parametrize(
        ("environment", "words", "said"),
        [
            ({}, ("--theme", "none"), "--theme: there is no theme 'none', but daylight, dusk, "),
            ({}, ("--theme", ""), "--theme: there is no theme '', but "),
            ({}, ("demo", "--theme", "../x"), "--theme: there is no theme '../x', but "),
            ({"RINGFENCE_THEME": "none"}, (), "RINGFENCE_THEME: there is no theme 'none', but "),
            ({"RINGFENCE_MOUSE": "maybe"}, (), "RINGFENCE_MOUSE is 1 or 0, not 'maybe'"),
        ],
    )
    def test_what_means_nothing_is_wrong_usage(
        self,
        call: Call,
        opened: list[Settings],
        monkeypatch: pytest.MonkeyPatch,
        environment: dict[str, str],
        words: tuple[str, ...],
        said: str,
    ) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert call(*words).refused(2).startswith(said)
        assert opened == []

    @pytest.mark.parametrize(
        ("words", "text", "remembers"),
        [((), "", True), (("--fresh",), "", False), ((), "remember = false", None), (("demo",), "", None)],
    )
    def test_where_it_was_left_is_remembered_unless_that_is_not_wanted(
        self,
        call: Call,
        configured: Configured,
        monkeypatch: pytest.MonkeyPatch,
        words: tuple[str, ...],
        text: str,
        remembers: bool | None,
    ) -> None:
        """A fresh one is noted, but not gone back to; the demo and whoever does not want it, not even noted."""
        given: list[Any] = []
        monkeypatch.setattr(start, "_on_terminal", lambda: True)
        monkeypatch.setattr(
            "ringfence.console.start.run_console", lambda _connect, _login, **named: given.append(named["memory"])
        )
        monkeypatch.setenv("TERM", "xterm")
        configured(text)
        assert call(*words).status == 0
        if remembers is None:
            assert given == [None]
        else:
            given[0].keep("my.db", "ada", Layout("users"))
            assert (given[0].recall("my.db", "ada") == Layout("users")) is remembers
            assert Memory().recall("my.db", "ada") == Layout("users")

    def test_a_broken_file_does_not_keep_it_shut(
        self, call: Call, configured: Configured, opened: list[Settings]
    ) -> None:
        configured("database = \ntheme = \n[x")
        assert call().status == 0
        found = opened[-1].configuration
        assert found is not None
        assert len(found.faults) == 3
        assert opened[-1].database is None

    def test_without_a_terminal_the_looks_of_the_demo_mean_nothing(self, call: Call) -> None:
        assert call("demo", "--mouse").refused(2).startswith("--mouse is for the console")


def test_a_start_reads_the_file_and_loads_nothing_for_it(program: Any, configured: Configured) -> None:
    configured('theme = "dusk"\n[keys]\nundo = "f11"\n')
    code = (
        "import sys; before = set(sys.modules); from ringfence.preferences.configuration import load; load();"
        "print(sorted({n.split('.')[0] for n in set(sys.modules) - before} - set(sys.stdlib_module_names)))"
    )
    said = program(shell=f'python3 -c "{code}"', env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"})
    assert said.out == "['platformdirs', 'ringfence']\n", said.err
