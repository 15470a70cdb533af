"""The colours of every theme for 256 and for 16: each can be read, and no two that mean something else look alike."""

from __future__ import annotations

from itertools import combinations
from math import dist
from pathlib import Path

import pytest
from rich.color import Color as RichColor
from rich.style import Style
from textual.color import Color

from ringfence.console import xterm
from ringfence.console.depth import Depth
from ringfence.console.frames import _look_of
from ringfence.console.themes import ConsoleTheme, built_in_folder, load_theme, load_themes
from ringfence.console.xterm import RGB, luminance, number_of, rgb_of

RGB_THEMES = [theme.name for theme in load_themes([built_in_folder()])[0] if not theme.ansi]
EVERY = [theme.name for theme in load_themes([built_in_folder()])[0]]
TEXTS = ("foreground", "text-muted", "primary", "warning", "error", "success")
ROWS = ("background", "block-cursor-background", "block-cursor-blurred-background", "warning-muted")
GROUNDS = ("background", "panel", "surface")

# What sixteen names look like where nobody has set them otherwise.
VGA = {
    "black": (0, 0, 0),
    "red": (170, 0, 0),
    "green": (0, 170, 0),
    "blue": (0, 0, 170),
    "magenta": (170, 0, 170),
    "cyan": (0, 170, 170),
    "white": (170, 170, 170),
    "bright_black": (85, 85, 85),
    "bright_red": (255, 85, 85),
    "yellow": (170, 85, 0),
    "bright_green": (85, 255, 85),
    "bright_yellow": (255, 255, 85),
    "bright_blue": (85, 85, 255),
    "bright_magenta": (255, 85, 255),
    "bright_cyan": (85, 255, 255),
    "bright_white": (255, 255, 255),
}
XTERM = {
    "black": (0, 0, 0),
    "red": (205, 0, 0),
    "green": (0, 205, 0),
    "yellow": (205, 205, 0),
    "blue": (0, 0, 238),
    "magenta": (205, 0, 205),
    "cyan": (0, 205, 205),
    "white": (229, 229, 229),
    "bright_black": (127, 127, 127),
    "bright_red": (255, 0, 0),
    "bright_green": (0, 255, 0),
    "bright_yellow": (255, 255, 0),
    "bright_blue": (92, 92, 255),
    "bright_magenta": (255, 0, 255),
    "bright_cyan": (0, 255, 255),
    "bright_white": (255, 255, 255),
}


def contrast(one: RGB, other: RGB) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def difference(one: RGB, other: RGB) -> float:
    """How far apart two colours look, in CIELAB; two that differ by less than ten are hard to tell apart."""
    return dist(xterm._lab(one), xterm._lab(other))


class Worn:
    """A theme at a depth."""

    def __init__(self, name: str, depth: Depth) -> None:
        theme = load_theme(name, depth=depth)
        assert theme is not None
        self.theme: ConsoleTheme = theme
        self._values = theme.to_color_system().generate()

    def said(self, name: str) -> str:
        """What a variable is, without the share that the terminal's own colours have no use for."""
        return self._values[name].partition(" ")[0]

    def __getitem__(self, name: str) -> RGB:
        """A colour of the palette of 256. Raises AssertionError for one that is blended, or none of that palette."""
        color = Color.parse(self._values[name])
        assert color.a == 1, name
        rgb = (color.r, color.g, color.b)
        assert rgb_of(number_of(rgb)) == rgb, name
        return rgb


@pytest.fixture(params=RGB_THEMES)
def worn(request: pytest.FixtureRequest) -> Worn:
    """Each theme in 256 colours in turn."""
    return Worn(request.param, Depth.INDEXED)


def least(worn: Worn) -> float:
    return 7.0 if worn.theme.name == "high-contrast" else 4.5


class TestWith256:
    def test_text_can_be_read(self, worn: Worn) -> None:
        for text in TEXTS:
            for ground in GROUNDS:
                assert contrast(worn[text], worn[ground]) >= least(worn), (text, ground)

    def test_text_can_be_read_on_rows(self, worn: Worn) -> None:
        """A text that cannot be in its own colour there is drawn in that of the row."""
        for row in ("block-cursor", "block-cursor-blurred", "input-selection"):
            assert contrast(worn[f"{row}-foreground"], worn[f"{row}-background"]) >= least(worn), row
        assert contrast(worn["foreground"], worn["warning-muted"]) >= least(worn)
        assert contrast(worn["warning"], worn["warning-muted"]) >= 4.5, "the mark of a range"
        assert contrast(worn["primary"], worn["block-cursor-blurred-background"]) >= 3, "the bar of the cursor"

    def test_frames_and_quiet_signs_can_be_seen(self, worn: Worn) -> None:
        for frame in ("border", "border-blurred"):
            assert contrast(worn[frame], worn["background"]) >= 3, frame
        for ground in ("background", "panel"):
            assert contrast(worn["text-disabled"], worn[ground]) >= 3, ground

    def test_no_two_look_alike(self, worn: Worn) -> None:
        for apart, names in (
            (14, TEXTS),
            (12, ROWS),
            (20, ("border", "border-blurred")),
            (8, ("text-muted", "text-disabled")),
            (15, ("background", "input-selection-background")),
            (15, ("surface", "input-selection-background")),
            (6, ("background", "panel")),
            (6, ("background", "surface")),
        ):
            for one, other in combinations(names, 2):
                assert difference(worn[one], worn[other]) >= apart, (one, other)

    def test_what_is_told_apart_in_true_colour_is_here(self, worn: Worn) -> None:
        full = Worn(worn.theme.name, Depth.TRUE)
        for one, other in combinations(("primary", "secondary", "warning", "error", "success", "foreground"), 2):
            if full.said(one) != full.said(other):
                assert worn.said(one) != worn.said(other), (one, other)


@pytest.mark.parametrize("name", EVERY)
class TestWith16:
    def test_only_the_terminals_own(self, name: str) -> None:
        worn = Worn(name, Depth.NAMED)
        assert worn.theme.ansi
        assert worn.theme.dark == Worn(name, Depth.TRUE).theme.dark
        assert not [value for value in worn._values.values() if value.startswith(("#", "rgb", "hsl"))]
        assert {worn.said(ground) for ground in ("background", "foreground")} == {"ansi_default"}
        assert {worn.said(ground) for ground in ("panel", "surface")} <= {"ansi_default", "transparent"}

    @pytest.mark.parametrize("palette", [VGA, XTERM], ids=["vga", "xterm"])
    def test_text_can_be_read(self, name: str, palette: dict[str, RGB]) -> None:
        worn = Worn(name, Depth.NAMED)
        ground = (0, 0, 0) if worn.theme.dark else (255, 255, 255)
        text = (170, 170, 170) if worn.theme.dark else (0, 0, 0)
        colors = {"default": text, **palette}

        def color(variable: str) -> RGB:
            return colors[worn.said(variable).removeprefix("ansi_")]

        for variable in ("primary", "secondary", "accent", "warning", "error", "success", "border"):
            if variable != "secondary" or not worn.theme.dark:  # dark blue is not drawn with
                assert contrast(color(variable), ground) >= 4.5, variable
        assert contrast(color("border-blurred"), ground) >= 2.8  # of VGA's, the grey that is nearest to 3
        assert contrast(color("input-selection-foreground"), color("input-selection-background")) >= 4.5

    def test_no_two_are_alike(self, name: str) -> None:
        worn = Worn(name, Depth.NAMED)
        told = [worn.said(variable) for variable in ("primary", "warning", "error")]
        assert len({*told, worn.said("foreground")}) == 4
        assert worn.said("success") not in told
        assert worn.said("border") != worn.said("border-blurred") != worn.said("foreground")

    def test_without_colours_there_are_none(self, name: str) -> None:
        worn = Worn(name, Depth.NONE)
        assert worn.theme.ansi
        plain = ("ansi_default", "transparent")
        used = [*TEXTS, *ROWS, *GROUNDS, "border", "border-blurred", "input-selection-background"]
        assert {worn.said(variable) for variable in used} <= {*plain}


class TestTheNumbers:
    def test_every_colour_of_the_palette_is_itself(self) -> None:
        assert len(xterm.PALETTE) == 240
        for number in range(16, 256):
            assert rgb_of(number_of(rgb_of(number))) == rgb_of(number)
        assert (rgb_of(16), rgb_of(80), rgb_of(231), rgb_of(232), rgb_of(255)) == (
            *((0, 0, 0), (95, 215, 215), (255, 255, 255)),
            *((8, 8, 8), (238, 238, 238)),
        )

    def test_others_are_what_they_look_like(self) -> None:
        assert rgb_of(number_of((31, 74, 75))) != (0, 0, 95), "a dark teal is no navy"
        assert number_of((0x10, 0x16, 0x1D)) in (16, 232, 233, 234)

    @pytest.mark.parametrize("depth", Depth)
    def test_what_is_sent(self, depth: Depth) -> None:
        look = _look_of(Style(color=RichColor.from_rgb(95, 215, 215), bgcolor=RichColor.from_rgb(18, 18, 18)), depth)
        assert (look.color, look.ground) == {
            Depth.TRUE: ("38;2;95;215;215", "48;2;18;18;18"),
            Depth.INDEXED: ("38;5;80", "48;5;233"),
            Depth.NAMED: (look.color, look.ground),
            Depth.NONE: ("39", "49"),
        }[depth]
        if depth is Depth.NAMED:
            assert ";" not in look.color + look.ground
        own = _look_of(Style(color=RichColor.from_ansi(3)), depth)
        assert own.color == ("39" if depth is Depth.NONE else "33")


GOOD = (
    'name = "mine"\ntitle = "Mine"\ndark = true\nprimary = "#5fc9c0"\nsecondary = "#7fa7c9"\naccent = "#5fc9c0"\n'
    'foreground = "#c9d3db"\nbackground = "#10161d"\nsurface = "#1c232a"\npanel = "#1a2530"\nwarning = "#e8b04a"\n'
    'error = "#ec7063"\nsuccess = "#7cc576"\n'
)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('["256"]\nprimary = 15', "256.primary: a number is no number from 16 to 255"),
        ('["256"]\nprimary = "#ffffff"', '256.primary: "#ffffff" is no number from 16 to 255'),
        ('["256"]\nprimary = true', "256.primary: true is no number from 16 to 255"),
        ('["256"]\nbordr = 80', "256.bordr: is no colour or variable of a theme"),
        ('["256"]\nlink-style = 4', "256.link-style: a number is no text"),
        ("256 = 4", "256: must be a table"),
        ('["16"]\nprimary = "#ffffff"', '16.primary: "#ffffff" must be one of the terminal\'s own, such as ansi_cyan'),
        ('["16"]\nbackground = "ansi_black"', "16.background: is the terminal's own"),
        ('["16"]\nborder = "blue 20"', '16.border: "blue 20" is no colour'),
    ],
)
def test_a_broken_palette_is_told_in_one_line(more: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD + more)
    assert load_themes([tmp_path]) == ([], [f"{tmp_path.name}/mine.toml: {said}"])


def test_a_terminal_theme_has_one_palette(tmp_path: Path) -> None:
    own = (built_in_folder() / "terminal.toml").read_text().replace('name = "terminal"', 'name = "mine"')
    (tmp_path / "mine.toml").write_text(own + '\n["16"]\nprimary = "ansi_red"\n')
    (line,) = load_themes([tmp_path])[1]
    assert line.endswith("mine.toml: 16: is not for a theme with ansi = true, which has the terminal's own colours")


def test_a_theme_of_ones_own_needs_no_palette(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD)
    for depth in Depth:
        theme = load_theme("mine", [tmp_path], depth=depth)
        assert theme is not None
        assert theme.ansi == (depth in (Depth.NAMED, Depth.NONE))
    named = load_theme("mine", [tmp_path], depth=Depth.NAMED)
    assert named is not None
    assert named.primary == "ansi_cyan"
