"""``config.toml``: a fault costs its own line, is told with its number, and the rest counts."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from ringfence.preferences.configuration import SETTINGS, Configuration, Fault, Placed, load, parse, path, template
from ringfence.preferences.small_files import SIZE_LIMIT

KEYS = [("undo", "u", "Take it back."), ("help", "?,f1", "Show “every” key.")]


def said(found: Configuration) -> list[str]:
    return [str(fault) for fault in found.faults]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user's own file lies."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path().parent.mkdir(parents=True)
    return path()


def test_every_setting_is_a_field_and_every_field_a_setting() -> None:
    own = {one.name.replace(".", "_"): one.default for one in SETTINGS}
    assert {name: getattr(Configuration(), name) for name in own} == own
    others = set(Configuration._fields) - own.keys()
    assert others == {"themes", "keys", "lines", "faults"}
    assert [one.wrong(one.default) for one in SETTINGS] == [""] * len(SETTINGS)


def test_the_template_sets_nothing_and_says_everything() -> None:
    text = template(KEYS, ["dusk", "paper"])
    assert parse(text.encode()) == Configuration()
    lines = [line.removeprefix("# ") for line in text.splitlines() if not line.startswith("# ") or " = " in line]
    everything = parse("\n".join(line for line in lines if "'" not in line).encode())
    assert everything.faults == ()
    assert set(everything.lines) == {
        *(one.name for one in SETTINGS),
        *("themes.linux", "themes.xterm-*", "keys.undo", "keys.help"),
    }
    assert {one.name: getattr(everything, one.name.replace(".", "_")) for one in SETTINGS} == {
        one.name: one.default for one in SETTINGS
    }


def test_the_one_in_the_readme_is_sound() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    found = parse(text.partition("```toml\n")[2].partition("```")[0].encode())
    assert found.faults == ()
    assert len(found.lines) == len(SETTINGS) + 3


def test_what_is_set_holds() -> None:
    found = parse(
        b"""\xef\xbb\xbf# mine\r
theme = "dusk"\r
mouse = true
database = "postgresql://db/ringfence"
page.rows = 250
[page]
overlap = 0
[confirm]
quit = true   # I press it by mistake
name = "always"
[themes]
"linux" = "terminal"
"tmux-256color" = 'paper'
[keys]
undo = "ctrl+z"
"customer-groups" = "G"
"""
    )
    assert found.faults == ()
    assert (found.theme, found.mouse, found.page_rows, found.page_overlap) == ("dusk", True, 250, 0)
    assert (found.confirm_quit, found.confirm_undo, found.confirm_name) == (True, True, "always")
    assert found.named_database == "postgresql://db/ringfence"
    assert dict(found.themes) == {"linux": Placed("terminal", 12), "tmux-256color": Placed("paper", 13)}
    assert dict(found.keys) == {"undo": Placed("ctrl+z", 15), "customer-groups": Placed("G", 16)}


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b'theme = "dusk', "theme: is no TOML: "),
        (b"theme = dusk", "theme: is no TOML: invalid value"),
        (b"theme = 3", "theme must be a text in quotes, not a number"),
        (b"mouse = 1", "mouse must be true or false, not a number"),
        (b"mouse", "mouse: is no TOML: "),
        (b'them = "dusk"', 'there is no setting "them": did you mean theme?'),
        (b"page.rows = 5", "page.rows must be a number from 20 to 1000"),
        (b"page.rows = true", "page.rows must be a number from 20 to 1000, not true"),
        (b'confirm.name = "never"', 'confirm.name must be one of "several", "always", not "never"'),
        (b'database = "my.db"', 'database must be a URL, or a path from the root or the home (~) on, not "my.db"'),
        (b"theme = { name = 1 }", 'there is no setting "theme.name"'),
        (b"keys.undo = { a = 1 }", 'there is no setting "keys.undo.a"'),
        (b'\xff\xfe = "x"', "is not UTF-8 text"),
        (b"\x00", "is no TOML: "),
        (b'"\\u001b[31m" = 1', 'there is no setting "\\u001b[31m"'),
        (b"x = " + b"[" * 5000 + b"]" * 5000, "x: is no TOML: "),
        (b'"""', "is no TOML: "),
        (b"x = '''", "x: is no TOML: "),
        (b"x = [", "x: is no TOML: "),
    ],
)
def test_a_fault_is_told_by_line_and_the_rest_counts(line: bytes, what: str) -> None:
    found = parse(b"page.overlap = 3\n\n" + line + b'\nconfirm.quit = true\n[keys]\nundo = "z"\n')
    assert len(found.faults) == 1
    assert said(found)[0].startswith(f"config.toml line 3: {what}")
    assert said(found)[0].isprintable()
    assert (found.page_overlap, found.confirm_quit, found.keys["undo"]) == (3, True, Placed("z", 6))


def test_a_table_that_there_is_not_is_told_once() -> None:
    found = parse(b'[kyes]\nundo = "z"\nopen = "y"\n[[keys]]\nundo = "z"\n[page]\nrows = 50\n')
    assert said(found) == [
        'config.toml line 1: there is no table "kyes": did you mean keys?',
        'config.toml line 4: there is no table "keys": did you mean keys?',
    ]
    assert found.page_rows == 50


def test_a_value_over_several_lines_is_one_statement() -> None:
    found = parse(b'theme = """\\\n  dusk"""\nmouse = [\n  1,\n]\nmouse = true\n')
    assert said(found) == ["config.toml line 3: mouse must be true or false, not a list"]
    assert (found.theme, found.mouse) == ("dusk", True)


def test_the_first_of_two_holds() -> None:
    found = parse(b'theme = "dusk"\ntheme = "paper"\n[page]\nrows = 50\n[page]\nrows = 60\n')
    assert said(found) == [
        "config.toml line 2: theme is set already, in line 1",
        "config.toml line 6: page.rows is set already, in line 4",
    ]
    assert (found.theme, found.page_rows) == ("dusk", 50)


def test_not_more_than_can_be_read_is_told() -> None:
    found = parse(b"mouse = true\n" + b"a = [\n" * 9000)
    assert len(found.faults) == 21
    assert said(found)[-1] == "config.toml line 21: too much is wrong: nothing from here on is read"
    assert found.mouse


def test_noise_never_stops_it() -> None:
    random = Random(3)
    pieces = [*b"[]{}\"=.,#\n\n\\ '", *b"mousethemekeys", 0, 255, 27]
    for _ in range(300):
        parse(bytes(random.choices(pieces, k=200)))


@pytest.mark.parametrize(
    ("environment", "theme"),
    [
        ({}, Placed("dusk", 1)),
        ({"TERM": "xterm-256color"}, Placed("paper", 4)),
        ({"TERM": "linux", "TERM_PROGRAM": "vscode"}, Placed("terminal", 3)),
        ({"TERM": "screen", "TERM_PROGRAM": "vscode"}, Placed("harbor", 5)),
        ({"TERM": "LINUX"}, Placed("dusk", 1)),
    ],
)
def test_a_theme_for_a_terminal(environment: dict[str, str], theme: Placed) -> None:
    found = parse(
        b'theme = "dusk"\n[themes]\nlinux = "terminal"\n"xterm-*" = "paper"\nvscode = "harbor"\n"x*" = "dusk"\n'
    )
    assert found.theme_for(environment) == theme


class TestTheFile:
    def test_there_is_none(self, own: Path) -> None:
        assert load() == Configuration()

    def test_it_is_read(self, own: Path) -> None:
        own.write_text("mouse = true")
        assert load().mouse

    def test_it_is_a_folder_or_a_pipe_or_huge(self, own: Path) -> None:
        own.mkdir()
        assert load().faults == (Fault(0, "is no file"),)
        own.rmdir()
        os.mkfifo(own)
        assert load().faults == (Fault(0, "is no file"),)
        own.unlink()
        own.write_bytes(b"#" * (SIZE_LIMIT + 1))
        assert said(load()) == ["config.toml: is larger than 64 KiB"]
        assert load().database_faults

    def test_it_is_empty_or_a_link_that_leads_nowhere(self, own: Path) -> None:
        own.touch()
        assert load() == Configuration()
        own.unlink()
        own.symlink_to("nowhere")
        assert load() == Configuration()

    def test_a_path_from_the_home_on(self, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(own.parent))
        own.write_text('database = "~/my.db"')
        assert load().named_database == str(own.parent / "my.db")
