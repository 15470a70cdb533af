"""The tabs of a pane, in one line."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from ringfence.console.text import width_of
from ringfence.console.widgets.bar import Bar
from ringfence.console.widgets.paint import Part
from ringfence.console.widgets.posted import Posted

GAP = 2


class TabBar(Bar):
    """Labels of which one is current. What a tab shows, and which keys turn it, is its owner's."""

    class Picked(Posted):
        """Posted when a label is clicked."""

        def __init__(self, control: TabBar, tab_id: str) -> None:
            super().__init__(control)
            self.tab_id = tab_id

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._tabs: tuple[tuple[str, str, str], ...] = ()
        self._current = ""

    def set_tabs(self, tabs: Sequence[tuple[str, str, str]], current: str) -> None:
        """Sets the id, label and number (as text) of each tab, and which is current."""
        self._tabs, self._current = tuple(tabs), current
        self.refresh()

    def _labels(self, width: int) -> list[tuple[str, str]]:
        """Ids and labels; where there is no room for all numbers, only the current tab shows its own. Where there is
        still none, the first ones are left out until the current one is in sight."""
        full = [(tab, f"{label} {count}".rstrip()) for tab, label, count in self._tabs]
        if _width(full) <= width:
            return full
        brief = [
            (tab, f"{label} {count}".rstrip() if tab == self._current else label) for tab, label, count in self._tabs
        ]
        current = next((at for at, (tab, _) in enumerate(brief) if tab == self._current), 0)
        first = 0
        while first < current and _width(brief[first : current + 1]) + (current + 1 < len(brief)) > width:
            first += 1
        return brief[first:]

    def parts(self, width: int) -> Sequence[Part]:
        """The labels, the current one underlined and bold."""
        labels = self._labels(width)
        parts: list[Part] = [(" " if len(labels) == len(self._tabs) else "…", "quiet")]
        for place, (tab, label) in enumerate(labels):
            parts += [(" " * GAP, "")] if place else []
            parts.append((label, "current" if tab == self._current else "quiet"))
        return parts

    def on_click(self, event: events.Click) -> None:
        """Tells which label was clicked."""
        x = 1
        for tab, label in self._labels(self.size.width):
            if x <= event.x < x + width_of(label):
                self.post_message(self.Picked(self, tab))
            x += width_of(label) + GAP


def _width(labels: Sequence[tuple[str, str]]) -> int:
    """How many cells labels take, with the one before them."""
    return 1 + sum(width_of(label) + GAP for _, label in labels) - GAP
