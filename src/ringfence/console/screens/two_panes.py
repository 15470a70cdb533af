"""Two panes side by side, and the divider between them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Final

from textual import events
from textual.screen import Screen
from textual.widget import Widget

_LEAST: Final = (20, 24)
"""The fewest cells of the left pane and of the right one."""
_RULES: Final = ("width", "min_width", "max_width")


class TwoPanes(Screen[None]):
    """A screen whose left pane is as wide as its style sheet says, or as wide as it was made, by keys or by dragging
    the divider. Where the screen is ``-narrow`` or ``-zoomed``, only one of the two is shown, and has all of it: the
    right one where it is ``-reading``."""

    pane: int | None = None
    """How many cells the left pane was given; None for as many as the style sheet does."""
    _dragged = False

    @property
    @abstractmethod
    def panes(self) -> tuple[Widget, Widget]:
        """The left pane and the right one."""

    def set_pane(self, cells: int | None) -> None:
        """Gives the left pane so many cells, as far as the right one keeps what it needs; None resets that."""
        self.pane = cells
        self._share()

    @property
    def one_at_a_time(self) -> bool:
        """Whether there is room for one of the panes only."""
        return self.has_class("-narrow")

    def widen(self, cells: int) -> None:
        """Gives the left pane so many cells more (or less), as far as both keep what they need."""
        if not self.has_class("-zoomed"):
            now = self.panes[0].outer_size.width
            self.set_pane(max(_LEAST[0], min(now + cells, self.size.width - _LEAST[1])))

    def zoom(self) -> None:
        """Shows the pane that has the focus alone, or both again."""
        self.set_class(self.panes[1].has_focus_within, "-reading")
        self.toggle_class("-zoomed")
        self._share()

    def _share(self) -> None:
        left, _ = self.panes
        if self.pane is None or self.one_at_a_time or self.has_class("-zoomed"):
            for rule in _RULES:
                left.styles.clear_rule(rule)
            return
        cells = max(_LEAST[0], min(self.pane, self.size.width - _LEAST[1]))
        for rule in _RULES:
            setattr(left.styles, rule, cells)

    def on_resize(self) -> None:
        """Shares the room that there is now."""
        if self.pane is not None:
            self.call_after_refresh(self._share)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Takes hold of the divider: of the two frames where the panes meet."""
        left, right = self.panes
        inside = left.region.y <= event.screen_y < left.region.bottom
        if left.display and right.display and inside and event.screen_x in (left.region.right - 1, right.region.x):
            self._dragged = True
            left.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Draws the divider along."""
        if self._dragged:
            cells = int(event.screen_x) + 1
            self.set_pane(max(_LEAST[0], min(cells, self.size.width - _LEAST[1])))

    def on_mouse_up(self) -> None:
        """Lets go of the divider."""
        if self._dragged:
            self._dragged = False
            self.panes[0].release_mouse()
