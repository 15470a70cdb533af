"""Whether the terminal's background is light, as far as it says so (OSC 11 of xterm, ``COLORFGBG`` of rxvt)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from textual.message import Message

from ringfence.console.xterm import luminance

QUESTION: Final = "\x1b]11;?\x07"
"""Asks a terminal for its background. It ends in BEL, which all understand that understand the question."""

_SILENT: Final = ("linux", "vt", "dumb")
"""What a ``TERM`` begins with of which the terminal would draw the question instead of answering it."""
_HEX: Final = r"([0-9a-fA-F]{1,4})"
_ANSWER: Final = rf"rgba?:{_HEX}/{_HEX}/{_HEX}(?:/{_HEX})?|#([0-9a-fA-F]{{6}})"
_LIGHT: Final = 0.18
"""The luminance on which black and white text can be read alike (WCAG 2.2): above it a background is light."""


class Background(Message):
    """The terminal has said what its background is like."""

    def __init__(self, *, light: bool) -> None:
        super().__init__()
        self.light = light


def may_be_asked(environment: Mapping[str, str]) -> bool:
    """Whether the terminal of an environment makes nothing worse of the question than no answer."""
    return not environment.get("TERM", "").startswith(_SILENT)


def light_of(answer: str) -> bool | None:
    """Whether what a terminal answers is a light background; None where it is no colour at all."""
    found = re.fullmatch(_ANSWER, answer)
    if found is None:
        return None
    if (six := found[5]) is not None:
        red, green, blue = (int(six[at : at + 2], 16) for at in (0, 2, 4))
    else:
        red, green, blue = (round(int(part, 16) * 255 / (16 ** len(part) - 1)) for part in found.groups()[:3])
    return luminance((red, green, blue)) > _LIGHT


def light_hinted(environment: Mapping[str, str]) -> bool | None:
    """Whether the environment hints at a light background; None where it says nothing.

    ``COLORFGBG`` ends in the number of the background among the terminal's sixteen: 7 and 15 are its whites.
    """
    _, _, ground = environment.get("COLORFGBG", "").rpartition(";")
    return int(ground) in (7, 15) if ground.isascii() and ground.isdecimal() else None
