"""A widget with a frame, which names what is in it and says below what there is to say of it."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.timer import Timer

from ringfence.console.text import content, fit, width_of
from ringfence.console.widgets.paint import Painted

_CORNERS = 4
"""Cells of the border that no text stands on, beside those of the frame."""
_DOT = " · "

RESTS = 0.6
"""Seconds after which the cursor rests where it is."""


class Framed(Painted):
    """What stands in the border: at the top a title, at the bottom some parts, the most important first. What is cut
    where the cursor is stands there whole, before as many of these as there is room for beside it."""

    _title = ""
    _parts: tuple[str, ...] = ()
    _whole = ""
    _rested: tuple[str, ...] = ()
    """The parts that were there when the cursor rested last."""
    _waits: Timer | None = None
    _below: tuple[str, str] = ("", "")

    tell_below: Callable[[Content], object] | None = None
    """Is told what is said below, where that stands in the frame of something around it."""

    @property
    def title(self) -> str:
        """The border's title, as it was given."""
        return self._title

    def set_title(self, text: str) -> None:
        """Sets the border's title, literally."""
        if text != self._title:
            self._title = text
            self.border_title = content(text) if text else None

    @property
    def subtitle(self) -> str:
        """What is said in the bottom border, besides what is cut."""
        return _DOT.join(self._parts)

    def set_subtitle(self, *parts: str) -> None:
        """Sets what is said in the bottom border, literally."""
        parts = tuple(filter(None, parts))
        if parts != self._parts and self._waits is not None:
            self._whole = ""  # the border is drawn anew anyway
        self._parts = parts
        self._say_below()

    def show_whole(self, text: str, *, anew: bool = False) -> None:
        """Shows a text that is cut in the frame (none, for what is whole) once the cursor rests: a key that goes past
        it sends nothing of it, and until then the border says what it said. With ``anew``, or where the border
        is drawn anew for what else it says, it says nothing that is not so any more."""
        if self._waits is not None:
            self._waits.stop()
            self._waits = None
        if text == self._whole or not RESTS or not self.is_attached:
            self._rest_on(text)
            return
        if anew or self._parts != self._rested:
            self._rest_on("")
        self._waits = self.set_timer(RESTS, lambda: self._rest_on(text))

    def _rest_on(self, text: str) -> None:
        self._waits = None
        self._whole, self._rested = text, self._parts
        self._say_below()

    def _say_below(self) -> None:
        room = self.size.width - _CORNERS
        whole, parts = self._whole, list(self._parts)
        while whole and parts and width_of(_DOT.join((whole, *parts))) > room:
            parts.pop()
        said = fit(whole, min(room, width_of(whole))) if whole else "", _DOT.join(parts)
        if said != self._below:
            self._below = said
            here, place = content(said[0], "$foreground"), content(said[1])
            text = Content(_DOT).join([one for one in (here, place) if one])
            if self.tell_below is not None:
                self.tell_below(text)
            else:
                self.border_subtitle = text if text else None
