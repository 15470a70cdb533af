"""What a widget posts."""

from __future__ import annotations

from typing import Any

from textual.message import Message


class Posted(Message):
    """A message of a widget, which is its ``control``."""

    def __init__(self, control: Any) -> None:
        super().__init__()
        self._control = control

    @property
    def control(self) -> Any:
        """The widget."""
        return self._control
