"""How many colours a terminal has. It is decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

VARIABLE: Final = "RINGFENCE_COLORS"
"""The environment variable that says it, before anything else does."""
AUTO: Final = "auto"
"""What is said where the terminal is to be asked: its environment decides."""

FIRST, LAST = 16, 255
"""The numbers of xterm's palette that are the same colours everywhere: those before are the terminal's own sixteen."""

_TRUE: Final = ("kitty", "ghostty", "alacritty", "foot", "wezterm", "contour", "-direct")
"""What is in a ``TERM`` of terminals of which all have true colour, whether or not ``COLORTERM`` came along."""
_NONE: Final = ("vt52", "vt100", "vt102", "vt220", "vt320")
"""Terminals without colours; a ``TERM`` that ends in ``-m`` is one too."""


class Depth(Enum):
    """The colours that may be sent, by the words that name them in the configuration and the environment."""

    TRUE = "truecolor"
    """Any red, green and blue."""
    INDEXED = "256"
    """Those of xterm's palette, by their number."""
    NAMED = "16"
    """The terminal's own sixteen, which look as its user has set them, on its own background."""
    NONE = "none"
    """None: bold, faint, underlined and reversed text has to do."""


WORDS: Final = (AUTO, *(depth.value for depth in Depth))


def depth_of(environment: Mapping[str, str], configured: str = AUTO) -> Depth:
    """How many colours the terminal of an environment has.

    ``RINGFENCE_COLORS`` goes before ``configured``, which is what the user's configuration says, and that before
    ``NO_COLOR``, ``COLORTERM`` and ``TERM``. Raises ValueError, with a line for people, where ``RINGFENCE_COLORS`` says
    something else.
    """
    said = environment.get(VARIABLE) or configured
    if said not in WORDS:
        raise ValueError(f"{VARIABLE} is one of {', '.join(WORDS)}, not {said!r}")
    return _guessed(environment) if said == AUTO else Depth(said)


def _guessed(environment: Mapping[str, str]) -> Depth:
    term = environment.get("TERM", "")
    if environment.get("NO_COLOR"):
        return Depth.NONE
    # GNU screen hands on the variable of the terminal around it, and shows 256 colours.
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit") and not environment.get("STY"):
        return Depth.TRUE
    if any(name in term for name in _TRUE):
        return Depth.TRUE
    if "256color" in term:
        return Depth.INDEXED
    if term.startswith(_NONE) or term.endswith("-m"):
        return Depth.NONE
    return Depth.NAMED
