"""A box over the screen that asked for it, which shows through."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen, ScreenResultType

from ringfence.console.painting import OneFrame
from ringfence.console.widgets.key_bar import KeyBar

_FAINT = Style(dim=True, bold=False)


class Overlay(OneFrame, ModalScreen[ScreenResultType]):
    """A screen that has everything in its ``#box``, which names its keys. What lies behind is drawn faint, without its
    own keys: they are none now."""

    DEFAULT_CSS = """
    Overlay {
        align: center middle;
        background: $background 60%;
        & > #box {
            max-width: 96%;
            border: round $primary;
            border-title-color: $primary;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
            background: $background;
            padding: 0 1;
        }
    }
    """

    deciding = False
    """Whether it has been answered with what is not known yet: it goes as soon as that is."""

    def render(self) -> RenderableType:
        """What lies behind. The terminal's own colours cannot be mixed with its background, which nobody knows."""
        behind = super().render()
        if isinstance(behind, BackgroundScreen):
            kind = _Faint if self.app.native_ansi_color else _Behind
            return kind(behind.screen, behind.color)
        return behind


class _Behind(BackgroundScreen):
    """A screen without its keys."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = list(Segment.split_lines(console.render(self.screen._compositor, options)))
        if lines and self.screen.query(KeyBar):
            lines[-1] = [Segment(" " * text.cell_length, text.style) for text in lines[-1] if not text.control]
        for place, line in enumerate(lines):
            yield from self.process_segments([*([Segment.line()] if place else []), *line], self.color)


class _Faint(_Behind):
    """The same in the terminal's own colours, faint."""

    @classmethod
    def process_segments(cls, segments: Iterable[Segment], color: Color) -> Iterable[Segment]:
        """The segments, faint, and without what a click on them would do."""
        del color
        for text, style, control in segments:
            plain = Style.null() if style is None else style.clear_meta_and_links()
            yield Segment(text, plain + _FAINT, control)
