"""The bars at the top: whose view this is, which areas there are, where one stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from textual import events

from ringfence.console.text import Cell, fit, literal, width_of
from ringfence.console.widgets.bar import Bar, cells
from ringfence.console.widgets.paint import Part
from ringfence.console.widgets.posted import Posted

GAP: Final = "  "
_LETTERS: Final = 3  # of an area's name that make do
_STEP: Final = 12
"""Cells that are left to the path at least."""


class TitleBar(Bar):
    """The first line: the application and the place at the left; who looks, in what role, and a badge at the right.

    Where it gets narrow, the role goes first, then the place is cut, then the application's name goes.
    """

    DEFAULT_CSS = """
    TitleBar { background: $panel; }
    """

    def __init__(
        self,
        *,
        app_name: str = "",
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """Creates the bar.

        Args:
            app_name: The application's name.
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
        """
        super().__init__(name=name, id=id, classes=classes)
        self._app_name = app_name
        self._place = self._banner = self._trouble = self._who = self._role = self._badge = ""
        self._badge_good = False

    def set_place(self, text: str) -> None:
        """Sets the text after the application's name."""
        self._place = text
        self.refresh()

    def set_banner(self, text: str) -> None:
        """Sets what warns in the place's place; "" for nothing."""
        if text != self._banner:
            self._banner = text
            self.refresh()

    def set_trouble(self, text: str) -> None:
        """Sets what is wrong, in the place of all else that stands there; "" for nothing."""
        if text != self._trouble:
            self._trouble = text
            self.refresh()

    def set_who(self, who: str, role: str = "", *, badge: str = "", good: bool = False) -> None:
        """Sets whose view this is, in what role, and the badge; a `good` badge does not warn."""
        self._who, self._role, self._badge, self._badge_good = who, role, badge, good
        self.refresh()

    def parts(self, width: int) -> Sequence[Part]:
        """The two sides, and the space between them."""
        left: list[Part] = [(" ", ""), (self._app_name, "accent")]
        right: list[Part] = [(fit(self._who, min(width_of(self._who), max(8, width // 2))), "strong")]
        if self._badge:
            right += [(GAP, ""), (f" {self._badge} ", "badge-good" if self._badge_good else "badge")]
        right.append((" ", ""))
        role: list[Part] = [(GAP, ""), (self._role, "quiet")] if self._role else []
        place = width_of(self._place)
        room = width - cells(left) - cells(right) - len(GAP)
        if role and place + len(GAP) + cells(role) <= room:
            right[1:1] = role
            room -= cells(role)
        warning = self._trouble or self._banner
        if warning and room > len(GAP) + 3:
            text = f" {warning} "
            left += [(GAP, ""), (fit(text, min(width_of(text), room - len(GAP))), "badge")]
        elif self._place and room > len(GAP) + 3:
            left += [(GAP, ""), (fit(self._place, min(place, room - len(GAP))), "strong")]
        elif room < 0:
            left = [(" ", "")]
        return [*left, (" " * max(0, width - cells(left) - cells(right)), ""), *right]


class NavBar(Bar):
    """The areas with their keys, the current one marked. Where it gets narrow, only that one keeps its name, and the
    others their first letters, as long as there is room for these."""

    class Picked(Posted):
        """Posted when an area is clicked."""

        def __init__(self, control: NavBar, item_id: str) -> None:
            super().__init__(control)
            self.id = item_id

    def __init__(
        self,
        *,
        items: Sequence[tuple[str, str, str]] = (),
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """Creates the bar.

        Args:
            items: Id, key and label of each area.
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
        """
        super().__init__(name=name, id=id, classes=classes)
        self._items = tuple(items)
        self._tallies: Mapping[str, str] = {}
        self._current: str | None = None

    @property
    def current(self) -> str | None:
        """The id of the current area."""
        return self._current

    def set_items(self, items: Sequence[tuple[str, str, str]]) -> None:
        """Sets id, key and label of each area."""
        self._items = tuple(items)
        self.refresh()

    def set_tallies(self, tallies: Mapping[str, str]) -> None:
        """Sets what stands behind the names of some areas, by their ids: how many there are of something."""
        if tallies != self._tallies:
            self._tallies = dict(tallies)
            self.refresh()

    def set_current(self, item_id: str | None) -> None:
        """Sets which area is current."""
        self._current = item_id
        self.refresh()

    def _texts(self, width: int) -> tuple[str, list[tuple[str, str]]]:
        """The gap between items, and id and text of each, as they fit into `width` cells."""
        for gap, letters in ((GAP, None), (" ", None), (" ", _LETTERS), (" ", 0)):
            texts = [
                (area, " ".join(filter(None, (key, label if area == self._current else label[:letters], tally))))
                for area, key, label in self._items
                for tally in (self._tallies.get(area, "") if letters != 0 or area == self._current else "",)
            ]
            if 1 + sum(width_of(text) + len(gap) for _, text in texts) - len(gap) <= width:
                break
        return gap, texts

    def parts(self, width: int) -> Sequence[Part]:
        """The items from the left."""
        gap, texts = self._texts(width)
        parts: list[Part] = [(" ", "")]
        for place, (key, text) in enumerate(texts):
            if place:
                parts.append((gap, ""))
            parts.append((text, "current" if key == self._current else "quiet"))
        return parts

    def on_click(self, event: events.Click) -> None:
        """Picks the area under the mouse."""
        gap, texts = self._texts(self.size.width)
        x = 1
        for key, text in texts:
            size = width_of(text)
            if x <= event.x < x + size:
                self.post_message(self.Picked(self, key))
                return
            x += size + len(gap)


class Breadcrumbs(Bar):
    """Where one stands, the last step strong; at the right what else there is to say of that, as far as there is room
    for it, and the filter and how many it finds."""

    SEPARATOR: ClassVar[str] = " › "

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """Creates an empty bar.

        Args:
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
        """
        super().__init__(name=name, id=id, classes=classes)
        self._path: tuple[str, ...] = ()
        self._filter = self._found = ""
        self._beside: tuple[Cell, ...] = ()

    def set_beside(self, said: Sequence[Cell]) -> None:
        """Sets what else there is to say, the most important first: what there is no room for is left out."""
        if tuple(said) != self._beside:
            self._beside = tuple(said)
            self.refresh()

    def set_path(self, path: Sequence[str]) -> None:
        """Sets the steps, from the outermost."""
        self._path = tuple(path)
        self.refresh()

    def set_filter(self, text: str, found: str = "") -> None:
        """Sets the filter (without the slash; "" for none) and what it finds, such as "3 of 1,204"."""
        self._filter, self._found = text, found
        self.refresh()

    @property
    def kept_free(self) -> int:
        """How many cells at the right nothing may cover: the filter, and what is said beside it, unless that took more
        than half of them all."""
        width = self.size.width
        right = cells(self._right(width))
        beside = cells(self._beside_in(width - right - _STEP))
        return right + beside if right + beside <= width // 2 else right

    def _right(self, width: int) -> list[Part]:
        if not self._filter and not self._found:
            return []
        room = max(8, width // 2)
        text = f"/{literal(self._filter)}" if self._filter else ""
        if text and self._found:  # what was typed stands in the filter line too: the number is kept whole
            text = fit(text, min(width_of(text), max(2, room - width_of(self._found) - len(GAP))))
        text = GAP.join(filter(None, (text, self._found)))
        return [(fit(text, min(width_of(text), room)), "attention"), (" ", "")]

    def parts(self, width: int) -> Sequence[Part]:
        """The path, cut from the left where there is no room for it, and the filter."""
        right = self._right(width)
        right = [*self._beside_in(width - cells(right) - _STEP), *right]
        room = width - 1 - cells(right) - (len(GAP) if right else 0)
        left: list[Part] = [(" ", ""), *self._steps(room)]
        return [*left, (" " * max(0, width - cells(left) - cells(right)), ""), *right]

    def _beside_in(self, room: int) -> list[Part]:
        """What there is room for of what is said beside the path."""
        parts: list[Part] = []
        for text, style in self._beside:
            room -= width_of(text) + len(GAP)
            if room < 0:
                break
            parts += [(literal(text), style), (GAP, "")]
        return parts if self._filter or self._found else [*parts[:-1], (" ", "")] if parts else []

    def _steps(self, room: int) -> list[Part]:
        steps = list(self._path)
        if not steps or room < 1:
            return []
        last = steps.pop()
        parts: list[Part] = [(fit(last, min(width_of(last), room)), "strong")]
        room -= width_of(last)
        shortened = width_of(f"…{self.SEPARATOR}")
        while steps:
            step = steps.pop()
            size = width_of(step) + width_of(self.SEPARATOR)
            # Keep room for the ellipsis as long as something is left out.
            if size > room - (shortened if steps else 0):
                if shortened <= room:
                    parts.insert(0, (f"…{self.SEPARATOR}", "quiet"))
                break
            parts.insert(0, (f"{step}{self.SEPARATOR}", "quiet"))
            room -= size
        return parts
