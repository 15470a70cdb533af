"""One line of text in a few styles: what all the bars are made of."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.strip import Strip

from ringfence.console.text import fit, width_of
from ringfence.console.widgets.paint import Painted, Part


class Bar(Painted):
    """A line that is drawn anew for the width it has. A subclass gives `parts`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "bar--quiet",
        "bar--strong",
        "bar--accent",
        "bar--attention",
        "bar--good",
        "bar--bad",
        "bar--key",
        "bar--off",
        "bar--current",
        "bar--badge",
        "bar--badge-good",
    }
    """
    | Class | Description |
    | :- | :- |
    | `bar--quiet` … `bar--bad` | What a `Cell` may ask for. |
    | `bar--key`, `bar--off` | A key, and a key that is off with its description. |
    | `bar--current` | The item that is current. |
    | `bar--badge`, `bar--badge-good` | A badge that warns, and one that does not. |
    """

    DEFAULT_CSS = """
    Bar {
        height: 1;
        width: 1fr;
        color: $foreground;
        background: $background;

        & > .bar--quiet { color: $text-muted; }
        & > .bar--strong { text-style: bold; }
        & > .bar--accent { color: $primary; text-style: bold; }
        & > .bar--attention { color: $warning; }
        & > .bar--good { color: $success; }
        & > .bar--bad { color: $error; }
        & > .bar--key { color: $primary; text-style: bold; }
        & > .bar--off { color: $text-disabled; }
        & > .bar--current {
            color: $block-cursor-blurred-foreground;
            background: $block-cursor-blurred-background;
            text-style: bold underline;
        }
        & > .bar--badge { color: $warning; text-style: bold reverse; }
        & > .bar--badge-good { color: $success; text-style: bold reverse; }

        &:ansi > .bar--quiet { text-style: dim; }
        &:ansi > .bar--off { text-style: dim; }
    }
    """

    PREFIX = "bar"

    @abstractmethod
    def parts(self, width: int) -> Sequence[Part]:
        """What the bar shows in at most `width` cells. What is missing is filled with spaces."""

    def render_line(self, y: int) -> Strip:
        """Draws the bar."""
        width = self.size.width
        parts = clip(self.parts(width), width) if y == 0 and width > 0 else []
        used = sum(width_of(text) for text, _ in parts)
        return self.strip([*parts, (" " * (width - used), "")], width)


def clip(parts: Iterable[Part], width: int) -> list[Part]:
    """`parts` made safe to draw, as far as they fit into `width` cells; the last one is cut with an ellipsis."""
    kept: list[Part] = []
    for text, style in parts:
        size = width_of(text)
        kept.append((fit(text, min(size, width)), style))
        width -= size
        if width <= 0:
            break
    return kept


def cells(parts: Iterable[Part]) -> int:
    """How many terminal cells `parts` take."""
    return sum(width_of(text) for text, _ in parts)
