"""How the application hands on what was drawn: no more of it than the terminal does not show yet."""

from __future__ import annotations

from typing import Any

from textual import events
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.screen import Screen


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
