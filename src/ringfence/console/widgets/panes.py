"""What stands side by side."""

from __future__ import annotations

from textual.containers import Horizontal
from textual.geometry import Size
from textual.reactive import Reactive


class Panes(Horizontal):
    """Widgets side by side that fill it. It does not scroll: how large they are together lays nothing out anew."""

    virtual_size: Reactive[Size] = Reactive(Size(0, 0))
