"""How the application hands on what was drawn: no more of it than the terminal does not show yet."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from time import monotonic
from typing import Any, Final

from textual import events
from textual._compositor import Compositor, CompositorUpdate
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.geometry import Region
from textual.reactive import Reactive
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

_TURNS: Final = 4
"""A widget that was given another size is told so, says what it has to draw anew, and the screen is told that."""

_TURNS_AT_FIRST: Final = 12
"""What comes up is told its size, and its parts theirs, before there is anything in it."""
_ROUNDS: Final = 2
"""What is laid out may ask to be laid out anew, by its own size: so often nothing is drawn before that was done."""
_HOLD_SECONDS: Final = 0.05
"""For so long what is about to come may keep what is there already from being drawn: then both are one frame."""


class Painting(App[Any]):
    """An application whose driver may know what the terminal shows, as `ringfence.console.posix_driver` does."""

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Shows what was drawn. A driver that knows what the terminal shows sends only what differs."""
        show = getattr(self._driver, "show", None)
        shown = self._running and not self._closed and not self._batch_count
        if show is None or not shown or not isinstance(renderable, CompositorUpdate):
            super()._display(screen, renderable)
            return
        try:
            show(renderable, sync=self._sync_available)
        except Exception as error:  # noqa: BLE001 - as Textual does
            self._handle_exception(error)
        finally:
            self.post_display_hook()

    def repaint(self) -> None:
        """Draws the whole screen anew, whatever the terminal shows."""
        forget = getattr(self._driver, "forget", None)
        if forget is not None and self._screen_stack:
            forget()
            self.screen.refresh()

    def on_driver_signal_resume(self) -> None:
        """Comes back drawn from where the program was suspended."""
        self.repaint()

    async def on_event(self, event: events.Event) -> None:
        """Draws anew when the terminal is said to have the size that it had: it may have been another one in between,
        which has left its traces."""
        if isinstance(event, events.Resize) and event.size == self.size:
            self.repaint()
        await super().on_event(event)


class _Compositor(Compositor):
    """Textual's compositor, which asks no widget for lines that are not drawn: by its own way each is asked for all its
    lines, wherever it stands."""

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        """Where each widget stands, where it is seen, and its lines there, as far as they are within ``crop``."""
        screen = self.size.region
        first, last = (screen.y, screen.bottom) if crop is None else crop.line_span
        band = Region(screen.x, first, screen.width, last - first)
        for widget, (region, clip) in self.visible_widgets.items():
            seen = clip.intersection(band)
            if part := region.intersection(seen):
                yield region, seen, widget.render_lines(part.translate((-region.x, -region.y)))


class OneFrame(Screen[Any]):
    """A screen that is styled once as it is made, and drawn once for what comes about at once: a new layout, the focus,
    and what follows from them."""

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """The widget that has the focus. It and the one that had it draw themselves; by Textual's own way, all do."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._compositor = _Compositor()
        self._gathering = self._due = False
        self._styled = False
        self._rounds = 0
        self._held_until = 0.0

    def hold(self) -> None:
        """Draws nothing for a moment, or until ``release``: what is there to be drawn is about to change."""
        self._held_until = monotonic() + _HOLD_SECONDS

    def release(self) -> None:
        """Draws what came about meanwhile."""
        if self._held_until:
            self._held_until = 0.0
            self.call_later(self._on_timer_update)

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Ends with an answer, once: the next of a key that is held finds it gone, and by Textual's own way would take
        away what lies below."""
        return super().dismiss(result) if self.is_current else AwaitComplete()

    def _on_screen_resume(self, event: events.ScreenResume) -> None:
        """Comes up, in one frame: not before what is in it has its place; the very first screen is drawn at once. The
        first time its styles have just been worked out, as its widgets were made."""
        event.prevent_default()  # Textual's own way is a part of this one
        event.refresh_styles = event.refresh_styles and self._styled
        self._styled = True
        self._gathering, self._due = self.app._dom_ready, False
        try:
            super()._on_screen_resume(event)
        finally:
            self._gathering = False
        if self._due:
            self._draw_after(_TURNS_AT_FIRST)

    def _on_timer_update(self) -> None:
        """Lays out and draws what is to be."""
        if self._held_until > monotonic():
            return  # it is asked again at the timer's next tick
        layout = self._layout_required
        self._gathering, self._due = True, False
        try:
            super()._on_timer_update()
        finally:
            self._gathering = False
        if self._due:
            self._draw_after(_TURNS if layout else 0)

    def _compositor_refresh(self) -> None:
        """Draws what has changed, once all that is to be is known."""
        if self._gathering:
            self._due = True
        else:
            super()._compositor_refresh()

    def _draw_after(self, turns: int) -> None:
        """Draws after so many turns of the event loop, with what the widgets have to draw by then."""
        if turns:
            asyncio.get_running_loop().call_soon(self._draw_after, turns - 1)
        elif self.is_current and self._layout_required and self._rounds < _ROUNDS:
            self._rounds += 1
            self._on_timer_update()
        elif self.is_current:
            self._rounds = 0
            try:
                # All of it was asked for meanwhile: left for later, that would find nothing more to draw, and put
                # itself in the place of whatever changes until then.
                if self._repaint_required:
                    self._repaint_required = False
                    self._dirty_widgets.add(self)
                self._compositor.update_widgets(self._dirty_widgets)
                self._compositor_refresh()
            except Exception as error:  # noqa: BLE001 - as Textual does
                self.app._handle_exception(error)
