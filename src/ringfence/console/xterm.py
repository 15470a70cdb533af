"""The palette of 256 colours that xterm has and every terminal after it, as far as it looks the same in all of them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeAlias

from ringfence.console.depth import FIRST, LAST

RGB: TypeAlias = tuple[int, int, int]

_STEPS: Final = (0, 95, 135, 175, 215, 255)
PALETTE: Final[tuple[RGB, ...]] = (
    *((red, green, blue) for red in _STEPS for green in _STEPS for blue in _STEPS),
    *((grey, grey, grey) for grey in range(8, 239, 10)),
)
"""The colours from number 16 on: a cube, and a ramp of greys."""
_NUMBERS: Final = {rgb: number for number, rgb in reversed([*enumerate(PALETTE, FIRST)])}


def rgb_of(number: int) -> RGB:
    """The colour of a number from 16 to 255."""
    return PALETTE[number - FIRST]


@lru_cache(maxsize=4096)
def number_of(rgb: RGB) -> int:
    """The number of a colour, or of the one that looks most like it."""
    exact = _NUMBERS.get(rgb)
    return exact if exact is not None else _nearest(rgb)


def _nearest(rgb: RGB) -> int:
    """By the distance in CIELAB (CIE 15): that of red, green and blue takes dark greens and blues for greys."""
    wanted = _lab(rgb)

    def distance(number: int) -> float:
        return sum((one - other) ** 2 for one, other in zip(wanted, _lab(rgb_of(number)), strict=True))

    return min(range(FIRST, LAST + 1), key=distance)


@lru_cache(maxsize=1024)
def _lab(rgb: RGB) -> tuple[float, float, float]:
    """Lightness, red against green, and yellow against blue, under D65."""
    red, green, blue = map(linear, rgb)
    x = _root((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505)
    y = _root(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    z = _root((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def linear(part: int) -> float:
    """How much light a part of an sRGB colour is, from 0 to 1 (IEC 61966-2-1)."""
    share = part / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def luminance(rgb: RGB) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    red, green, blue = map(linear, rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _root(share: float) -> float:
    return float(share ** (1 / 3)) if share > 0.008856 else 7.787 * share + 16 / 116
