"""Every shipped theme can be read and worn; a broken one is told in one line and never stops anything."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import Theme
from textual.widgets import DataTable, Footer, Input, OptionList

from ringfence.console import themes
from ringfence.console.depth import Depth
from ringfence.console.theme_faults import COLORS
from ringfence.console.themes import (
    DEFAULT,
    ConsoleTheme,
    built_in_folder,
    default_folders,
    load_theme,
    load_themes,
)
from ringfence.preferences.small_files import SIZE_LIMIT

SHIPPED, PROBLEMS = load_themes([built_in_folder()])
RGB = [theme for theme in SHIPPED if not theme.ansi]
ANSI = [theme for theme in SHIPPED if theme.ansi]

GOOD = {
    "name": '"mine"',
    "title": '"Mine"',
    "dark": "true",
    **dict.fromkeys(COLORS, '"#336699"'),
    "foreground": '"#ffffff"',
    "background": '"#000000"',
}

PALETTES = (
    {"ansi_black": "#000000", "ansi_cyan": "#00aaaa", "ansi_blue": "#0000aa", "ansi_bright_white": "#ffffff"},  # VGA
    {"ansi_black": "#000000", "ansi_cyan": "#00cdcd", "ansi_blue": "#0000ee", "ansi_bright_white": "#ffffff"},  # xterm
)


def named(theme: Theme) -> str:
    return theme.name


def toml(fields: dict[str, str], variables: dict[str, str] | None = None) -> str:
    lines = [f"{field} = {value}" for field, value in fields.items()]
    lines += ["[variables]", *(f"{name} = {value}" for name, value in (variables or {}).items())]
    return "\n".join(lines)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "themes"
    path.mkdir()
    return path


# -- what is shipped -------------------------------------------------------------------------------------------------


def luminance(color: Color) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    channels = (part / 255 for part in color.rgb)
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Color, other: Color) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def painted(theme: Theme, name: str, below: str = "background") -> Color:
    """A variable's colour as it comes out over another, with Textual's automatic text resolved."""
    values = theme.to_color_system().generate()
    base = Color.parse(values[below])
    color, _, percent = values[name].partition(" ")
    alpha = float(percent.rstrip("%")) / 100 if percent else 1.0
    if color == "auto":
        return base + base.get_contrast_text(alpha)
    return base + Color.parse(color).multiply_alpha(alpha)


def test_the_measure_is_right() -> None:
    assert contrast(Color.parse("#000"), Color.parse("#fff")) == pytest.approx(21)
    assert contrast(Color.parse("#777777"), Color.parse("#ffffff")) == pytest.approx(4.48, abs=0.005)


def test_all_shipped_themes_are_sound() -> None:
    assert PROBLEMS == []
    assert len(SHIPPED) == len(list(built_in_folder().glob("*"))) >= 7
    assert len({theme.title for theme in SHIPPED}) == len(SHIPPED)
    assert {theme.dark for theme in RGB} == {theme.dark for theme in ANSI} == {True, False}
    assert {DEFAULT, "high-contrast", "okabe-ito"} <= {theme.name for theme in RGB}


@pytest.mark.parametrize("theme", RGB, ids=named)
def test_text_can_be_read(theme: ConsoleTheme) -> None:
    background = Color.parse(theme.background or "")
    wanted = 7.0 if theme.name == "high-contrast" else 4.5
    for below in ("background", "surface", "panel"):
        assert contrast(painted(theme, "foreground", below), painted(theme, below)) >= wanted, below
    for colored in ("primary", "secondary", "accent", "warning", "error", "success", "text-muted"):
        assert contrast(painted(theme, colored), background) >= wanted, colored
    for key in ("primary", "footer-key-foreground"):
        assert contrast(painted(theme, key, "panel"), painted(theme, "panel")) >= wanted, key
    assert painted(theme, "footer-background").hex == painted(theme, "panel").hex


@pytest.mark.parametrize("theme", RGB, ids=named)
@pytest.mark.parametrize("cursor", ["block-cursor", "block-cursor-blurred"])
def test_the_cursor_can_be_read_and_found(theme: ConsoleTheme, cursor: str) -> None:
    row = painted(theme, f"{cursor}-background")
    text = painted(theme, f"{cursor}-foreground", f"{cursor}-background")
    assert contrast(text, row) >= (7.0 if theme.name == "high-contrast" else 4.5)
    assert row.hex != painted(theme, "background").hex
    assert contrast(painted(theme, "input-selection-foreground"), painted(theme, "input-selection-background")) >= 4.5


@pytest.mark.parametrize("theme", ANSI, ids=named)
def test_a_terminal_theme_uses_no_colour_but_the_terminals(theme: ConsoleTheme) -> None:
    values = theme.to_color_system().generate()
    assert not [name for name, value in values.items() if value.startswith(("#", "rgb", "hsl"))]
    assert (theme.foreground, theme.background) == ("ansi_default", "ansi_default")
    # Textual draws no reversed cursor in its own lists, so the cursor is two colours; without any, it is the underline.
    for palette in PALETTES:
        text, row = (palette[values[f"block-cursor-{part}"]] for part in ("foreground", "background"))
        assert contrast(Color.parse(text), Color.parse(row)) >= 4.5
    for cursor in ("block-cursor", "block-cursor-blurred"):
        assert "underline" in values[f"{cursor}-text-style"]
        assert "bold" not in values[f"{cursor}-text-style"]  # some terminals draw bold black as grey


class Wardrobe(App[None]):
    def compose(self) -> ComposeResult:
        yield Input("text")
        yield OptionList("one", "two")
        yield DataTable()
        yield Footer()


async def _wear_all(no_color: bool) -> None:
    app = Wardrobe()
    assert app.no_color == no_color
    async with app.run_test(size=(80, 24)) as pilot:
        for theme in SHIPPED:
            app.register_theme(theme)
            app.theme = theme.name
            await pilot.pause()
            options = app.query_one(OptionList)
            options.focus()
            options.highlighted = 0
            await pilot.pause()
            assert app.native_ansi_color == theme.ansi
            style = options.get_visual_style("option-list--option-highlighted")
            assert options.has_focus
            if theme.ansi:
                assert style.underline
            assert style.background == Color.parse(theme.variables["block-cursor-background"])


@pytest.mark.parametrize("no_color", [False, True])
def test_every_theme_can_be_worn(no_color: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    asyncio.run(_wear_all(no_color))


def test_a_terminal_theme_of_ones_own_needs_no_variables(folder: Path) -> None:
    colors = dict.fromkeys(COLORS, '"ansi_default"') | {"primary": '"ansi_green"'}
    (folder / "mine.toml").write_text(toml(GOOD | colors | {"ansi": "true"}))
    theme = load_theme("mine", [folder])
    assert theme is not None
    every = set(SHIPPED[0].to_color_system().generate())
    assert every <= set(theme.to_color_system().generate())


# -- loading ---------------------------------------------------------------------------------------------------------


def test_a_theme_of_ones_own_has_all_that_its_file_says(folder: Path) -> None:
    variables = {
        "border": '"red 50%"',
        "text-muted": '"auto 70.5%"',
        "link-style-hover": '"bold not underline"',
        "footer-background": '"rgba(1, 2, 3, 0.5)"',
    }
    (folder / "mine.toml").write_text("\ufeff# a comment: é\n" + toml(GOOD, variables), encoding="utf-8")
    found, problems = load_themes([folder])
    assert problems == []
    (theme,) = found
    assert (theme.name, theme.title, theme.dark, theme.ansi) == ("mine", "Mine", True, False)
    assert all(getattr(theme, field) == GOOD[field].strip('"') for field in COLORS)
    assert variables.items() <= {name: f'"{value}"' for name, value in theme.variables.items()}.items()
    assert theme.variables.keys() - variables == {"border-blurred", "warning-muted"}
    assert load_theme("mine", [folder]) == theme


def test_the_chosen_theme_is_found_without_reading_another(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    read: list[str] = []
    original = themes._read

    def watched(path: Path, depth: Depth, **how: bool) -> ConsoleTheme:
        read.append(path.name)
        return original(path, depth, **how)

    monkeypatch.setattr(themes, "_read", watched)
    theme = load_theme(DEFAULT, [built_in_folder(), folder])
    assert theme is not None
    assert theme.name == DEFAULT
    assert read == [f"{DEFAULT}.toml"]


@pytest.mark.parametrize("name", ["", "none-such", "../mine", "/etc/passwd", "mine\0", "MINE", "a" * 5000, "mine.toml"])
def test_no_such_theme(name: str, folder: Path) -> None:
    (folder / "mine.toml").write_text(toml(GOOD))
    inner = folder / "inner"
    inner.mkdir()
    assert load_theme(name, [inner]) is None


def test_without_folders_named_the_shipped_come_first_then_the_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(themes, "user_folder", lambda: tmp_path)
    (tmp_path / "mine.toml").write_text(toml(GOOD))
    assert default_folders() == [built_in_folder(), tmp_path]
    found, problems = load_themes()
    assert problems == []
    assert [theme.name for theme in found] == [*(theme.name for theme in SHIPPED), "mine"]
    assert [theme.name for theme in SHIPPED] == sorted(theme.name for theme in SHIPPED)
    assert load_theme("mine") == found[-1]


def test_the_users_folder_is_where_the_platform_keeps_such_things(monkeypatch: pytest.MonkeyPatch) -> None:
    assert themes.user_folder().parts[-2:] == ("ringfence", "themes")


def test_a_folder_that_is_not_there_has_no_themes(tmp_path: Path) -> None:
    assert load_themes([tmp_path / "none"]) == ([], [])


# -- broken ones -----------------------------------------------------------------------------------------------------


def without(field: str) -> dict[str, str]:
    return {name: value for name, value in GOOD.items() if name != field}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (toml(GOOD | {"accent": '"#zz"'}), 'accent: "#zz" is no colour'),
        (toml(GOOD | {"accent": '"bluish"'}), 'accent: "bluish" is no colour'),
        (toml(GOOD | {"accent": '""'}), 'accent: "" is no colour'),
        (toml(GOOD | {"accent": '"auto"'}), 'accent: "auto" is no colour'),
        (toml(GOOD | {"accent": '"#fff\\n"'}), r'accent: "#fff\n" is no colour'),
        (toml(GOOD | {"accent": "7"}), "accent: a number is no colour"),
        (toml(GOOD | {"accent": "0x" + "f" * 9000}), "accent: a number is no colour"),
        (toml(GOOD | {"accent": "false"}), "accent: false is no colour"),
        (toml(GOOD | {"accent": '["#fff"]'}), "accent: a list is no colour"),
        (toml(GOOD | {"accent": "2026-11-16"}), "accent: a date is no colour"),
        (toml(GOOD | {"accent": '"#11223380"'}), 'accent: "#11223380" can be seen through'),
        (toml(GOOD | {"accent": '"transparent"'}), 'accent: "transparent" can be seen through'),
        (toml(GOOD | {"accent": '"ansi_cyan"'}), 'accent: "ansi_cyan" is only for a theme with ansi = true'),
        (toml(without("accent")), "accent: is missing"),
        (toml(without("name")), "name: is missing"),
        (toml(without("title")), "title: is missing"),
        (toml(without("dark")), "dark: is missing"),
        (toml(GOOD | {"name": '"other"'}), 'name: "other" is not what the file is called'),
        (toml(GOOD | {"name": '"My theme"'}), 'name: "My theme" is no name (small letters, digits and single hyphens)'),
        (toml(GOOD | {"name": "1"}), "name: a number is no name (small letters, digits and single hyphens)"),
        (toml(GOOD | {"title": '" "'}), 'title: " " is no title (one line of at most 60 characters)'),
        (toml(GOOD | {"title": '"a\\nb"'}), r'title: "a\nb" is no title (one line of at most 60 characters)'),
        (toml(GOOD | {"title": "true"}), "title: true is no title (one line of at most 60 characters)"),
        (toml(GOOD | {"dark": "1"}), "dark: must be true or false"),
        (toml(GOOD | {"dark": '"yes"'}), "dark: must be true or false"),
        (toml(GOOD | {"ansi": "1"}), "ansi: must be true or false"),
        (toml(GOOD | {"acent": '"#fff"'}), "acent: is no field of a theme"),
        (toml(GOOD | {"x" * 500: "1"}), "x" * 39 + "…: is no field of a theme"),
        (toml(GOOD) + "\n[more]", "more: is no field of a theme"),
        ("variables = 3\n" + toml(GOOD).removesuffix("\n[variables]"), "variables: must be a table"),
        (toml(GOOD, {"border": '"bold"'}), 'variables.border: "bold" is no colour'),
        (toml(GOOD, {"border": '"#fff 101%"'}), 'variables.border: "#fff 101%" is no colour'),
        (toml(GOOD, {"border": '"#fff; color: red"'}), 'variables.border: "#fff; color: red" is no colour'),
        (toml(GOOD, {"border": '"#fff\\n"'}), r'variables.border: "#fff\n" is no colour'),
        (toml(GOOD, {"border": '"auto 50%"'}), 'variables.border: "auto 50%" is no colour'),
        (toml(GOOD, {"border": '"ansi_red"'}), 'variables.border: "ansi_red" is only for a theme with ansi = true'),
        (toml(GOOD, {"border": "1"}), "variables.border: a number is no text"),
        (toml(GOOD, {"border.x": "1"}), "variables.border: a dict is no text"),
        (toml(GOOD, {"link-style": '"red"'}), 'variables.link-style: "red" is no text style'),
        (toml(GOOD, {"link-style": '""'}), 'variables.link-style: "" is no text style'),
        (toml(GOOD, {"link-style": '"not"'}), 'variables.link-style: "not" is no text style'),
        (toml(GOOD, {"link-style-hover": '"#fff"'}), 'variables.link-style-hover: "#fff" is no text style'),
        (toml(GOOD, {"bordr": '"#fff"'}), "variables.bordr: is no variable of a theme"),
        (toml(GOOD, {"accent": '"#fff"'}), "variables.accent: is a field, not a variable"),
        (
            toml(GOOD | {"ansi": "true"} | dict.fromkeys(COLORS, '"ansi_red"') | {"panel": '"#fff"'}),
            'panel: "#fff" must be one of the terminal\'s own, such as ansi_cyan',
        ),
        ("name = ", "is no TOML: Invalid value (at end of document)"),
        ("x = " + "[" * 30_000, "is no TOML: "),
        ("x = " + "9" * 9000, "is no TOML: "),
    ],
)
def test_a_broken_theme_is_told_in_one_line(text: str, said: str, folder: Path) -> None:
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    (folder / "sound.toml").write_text(toml(GOOD | {"name": '"sound"'}), encoding="utf-8")
    found, (line,) = load_themes([folder])
    assert line == f"themes/mine.toml: {said}" or (said.endswith(": ") and line.startswith(f"themes/mine.toml: {said}"))
    assert "\n" not in line
    assert len(line) < 200
    assert [theme.name for theme in found] == ["sound"]
    assert load_theme("mine", [folder]) is None


def test_many_faults_are_still_one_line(folder: Path) -> None:
    (folder / "mine.toml").write_text(toml(GOOD | dict.fromkeys(COLORS, '"x"')))
    assert load_themes([folder])[1] == [
        'themes/mine.toml: primary: "x" is no colour; secondary: "x" is no colour; accent: "x" is no colour; and 7 more'
    ]


def test_the_first_of_two_with_one_name_holds(tmp_path: Path, folder: Path) -> None:
    (folder / "mine.toml").write_text(toml(GOOD))
    mine = tmp_path / "own" / "themes"
    mine.mkdir(parents=True)
    (mine / "mine.toml").write_text(toml(GOOD | {"title": '"Later"'}))
    found, problems = load_themes([folder, mine])
    assert [theme.title for theme in found] == ["Mine"]
    assert problems == ['themes/mine.toml: name: there is a theme "mine" already']
    chosen = load_theme("mine", [folder, mine])
    assert chosen is not None
    assert chosen.title == "Mine"


def test_bytes_that_are_no_text(folder: Path) -> None:
    (folder / "mine.toml").write_bytes(b'name = "\xff"')
    assert load_themes([folder]) == ([], ["themes/mine.toml: is not UTF-8 text (byte 8)"])


@pytest.mark.parametrize("extra", [0, 1])
def test_a_huge_file(folder: Path, extra: int) -> None:
    text = toml(GOOD) + "\n#"
    (folder / "mine.toml").write_text(text + "x" * (SIZE_LIMIT - len(text) + extra))
    found, problems = load_themes([folder])
    assert len(found) == 1 - extra
    assert problems == ["themes/mine.toml: is larger than 64 KiB"] * extra


def test_what_is_no_file(folder: Path) -> None:
    (folder / "a.toml").mkdir()
    os.mkfifo(folder / "b.toml")
    (folder / "c.toml").symlink_to("nowhere")
    (folder / "d.toml").symlink_to("d.toml")
    (folder / "e.txt").write_text("not a theme")
    found, problems = load_themes([folder])
    assert found == []
    assert problems[:3] == [
        "themes/a.toml: is no file",
        "themes/b.toml: is no file",
        "themes/c.toml: cannot be read: No such file or directory",
    ]
    assert problems[3].startswith("themes/d.toml: cannot be read: ")
    assert len(problems) == 4


def test_a_file_that_may_not_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "mine.toml").write_text(toml(GOOD))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert load_themes([folder]) == ([], ["themes/mine.toml: cannot be read: Permission denied"])


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "themes"
    path.write_text("")
    assert load_themes([path]) == ([], [f"{path}: cannot be read: Not a directory"])
    assert load_theme("mine", [path]) is None


def test_what_a_file_is_called_cannot_draw_on_the_screen(folder: Path) -> None:
    (folder / "a\x1b[31m\u202e.toml").write_text(toml(GOOD | {"accent": '"\\u009b\\u202e"', '"\\u001b"': "1"}))
    _, (line,) = load_themes([folder])
    assert not {"\x1b", "\x9b", "\u202e"} & set(line)
    assert line.startswith("themes/a␛[31m⟨RLO⟩.toml: ␛: is no field of a theme; ")


def test_colours_that_textual_itself_refuses(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Theme) -> None:
        raise ZeroDivisionError("no light")

    monkeypatch.setattr(ConsoleTheme, "to_color_system", fail)
    (folder / "mine.toml").write_text(toml(GOOD))
    assert load_themes([folder]) == ([], ["themes/mine.toml: its colours do not go together: no light"])


@pytest.mark.parametrize("path", sorted(built_in_folder().glob("*.toml")), ids=lambda path: path.stem)
def test_a_shipped_theme_needs_no_parser_of_toml_and_says_the_same_by_it(path: Path) -> None:
    text = path.read_text()
    assert themes._plain(text) == tomllib.loads(text)


@pytest.mark.parametrize("line", ["a = 'b'", 'a = "\\n"', 'a = "b" # "c"', "a = 1.5", 'a="b"', "a = [1]", "a ="])
def test_what_is_more_than_names_of_words_and_numbers_is_left_to_the_parser(line: str) -> None:
    assert themes._plain(line) is None
