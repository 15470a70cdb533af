"""How many colours a terminal has, by its environment."""

from __future__ import annotations

import pytest

from ringfence.console.depth import Depth, depth_of
from ringfence.preferences.configuration import SETTINGS


@pytest.mark.parametrize(
    ("environment", "depth"),
    [
        ({"TERM": "xterm-256color"}, Depth.INDEXED),
        ({"TERM": "tmux-256color"}, Depth.INDEXED),
        ({"TERM": "screen-256color", "COLORTERM": "truecolor"}, Depth.TRUE),
        ({"TERM": "screen-256color", "COLORTERM": "truecolor", "STY": "1.pts"}, Depth.INDEXED),
        ({"TERM": "screen", "COLORTERM": "truecolor", "STY": "1.pts"}, Depth.NAMED),
        ({"TERM": "xterm-256color", "COLORTERM": "24bit"}, Depth.TRUE),
        ({"TERM": "xterm-256color", "COLORTERM": "yes"}, Depth.INDEXED),
        ({"TERM": "xterm-kitty"}, Depth.TRUE),
        ({"TERM": "xterm-direct"}, Depth.TRUE),
        ({"TERM": "alacritty"}, Depth.TRUE),
        ({"TERM": "xterm"}, Depth.NAMED),
        ({"TERM": "linux"}, Depth.NAMED),
        ({"TERM": "screen"}, Depth.NAMED),
        ({"TERM": "vt220"}, Depth.NONE),
        ({"TERM": "xterm-m"}, Depth.NONE),
        ({}, Depth.NAMED),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, Depth.NONE),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, Depth.INDEXED),
        ({"TERM": "xterm-256color", "NO_COLOR": "1", "RINGFENCE_COLORS": "16"}, Depth.NAMED),
        ({"TERM": "linux", "RINGFENCE_COLORS": "truecolor"}, Depth.TRUE),
        ({"TERM": "linux", "RINGFENCE_COLORS": "auto"}, Depth.NAMED),
        ({"TERM": "linux", "RINGFENCE_COLORS": ""}, Depth.NAMED),
    ],
)
def test_the_environment_says_it(environment: dict[str, str], depth: Depth) -> None:
    assert depth_of(environment) is depth


def test_what_is_configured_goes_before_the_terminal_and_behind_the_variable() -> None:
    assert depth_of({"TERM": "linux"}, "256") is Depth.INDEXED
    assert depth_of({"TERM": "linux", "NO_COLOR": "1"}, "256") is Depth.INDEXED
    assert depth_of({"TERM": "linux", "RINGFENCE_COLORS": "none"}, "256") is Depth.NONE
    assert depth_of({"TERM": "linux", "RINGFENCE_COLORS": "auto"}, "256") is Depth.NAMED


def test_what_means_nothing_is_told() -> None:
    with pytest.raises(ValueError, match=r"^RINGFENCE_COLORS is one of auto, truecolor, 256, 16, none, not 'many'$"):
        depth_of({"RINGFENCE_COLORS": "many"})


@pytest.mark.parametrize("word", ["auto", *(depth.value for depth in Depth)])
def test_the_configuration_knows_the_same_words(word: str) -> None:
    (setting,) = (one for one in SETTINGS if one.name == "colors")
    assert setting.wrong(word) == ""
    assert setting.wrong("many")
