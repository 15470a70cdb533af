"""The line in which one types a filter."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from ringfence.console.widgets.plain_input import PlainInput
from ringfence.console.widgets.posted import Posted

SIGNS: Final = (
    ("word word", "Each is sought in any column that the list can show; all must be found."),
    ('"a phrase"', "Is sought as it stands; two quotes within it are one."),
    ("-word", "Must not be found."),
    ("^word", "A column's text begins so."),
    ("kind:word", 'In that column: its heading, or how that begins. Goes with - and ^; kind:"" is nothing there.'),
)
"""What can be typed into a filter, and what it asks."""


class FilterBar(PlainInput):
    """One line that appears when it is opened, filters as one types, and gives the focus back.

    Enter keeps the filter (and hides the line if there is none), Escape clears and hides it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "keep", "keep the filter"),
        Binding("escape", "clear", "clear the filter"),
        Binding("down", "keep", "Keep the filter", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | enter, down | Keep the filter, and go back to the list. |
    | escape | Clear the filter, hide the line, and go back to the list. |
    """

    DEFAULT_CSS = """
    FilterBar {
        display: none;
        background: $boost;
        color: $foreground;
        &.-open { display: block; }
    }
    """

    class Changed(Input.Changed):
        """Posted when the text has changed."""

        @property
        def control(self) -> FilterBar:
            """The filter bar."""
            assert isinstance(self.input, FilterBar)
            return self.input

        @property
        def text(self) -> str:
            """The filter as it is now."""
            return self.value

    class Kept(Posted):
        """Posted when Enter keeps the filter, after the focus has gone back."""

        def __init__(self, control: FilterBar, text: str) -> None:
            super().__init__(control)
            self.text = text

    class Cleared(Posted):
        """Posted when the filter was cleared and the line hidden, after the focus has gone back."""

        def __init__(self, control: FilterBar) -> None:
            super().__init__(control)

    def __init__(
        self,
        *,
        placeholder: str = "Filter",
        on_edit: Callable[[str], None] | None = None,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """Creates the line, hidden.

        Args:
            placeholder: What stands in the line while it is empty.
            on_edit: Called with the text at every change, at once: what it draws comes with the key's own repaint,
                not after a round through the message queues.
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
        """
        super().__init__(placeholder=placeholder, name=name, id=id, classes=classes)
        self._on_edit = on_edit
        self._back: Widget | None = None

    @property
    def is_open(self) -> bool:
        """Whether the line is shown."""
        return self.has_class("-open")

    def open(self) -> None:
        """Shows the line and takes the focus; it goes back to where it is now."""
        if self.screen.focused is not self:
            self._back = self.screen.focused
        self.add_class("-open")
        self.focus()

    def leave(self) -> None:
        """Clears the filter if there is one; hides the line."""
        if self.value:
            self.action_clear()
        else:
            self.remove_class("-open")

    def clear_quietly(self) -> None:
        """Clears and hides the line without a message: the owner has dropped the filter itself."""
        self.show_quietly("")

    def show_quietly(self, text: str) -> None:
        """Shows a filter without a message: the owner has set it itself."""
        back, self._on_edit = self._on_edit, None
        with self.prevent(Input.Changed, self.Changed):
            self.value = text
        self._on_edit = back
        self.set_class(bool(text), "-open")

    def watch_value(self, value: str) -> None:
        """Filters at once."""
        if self._on_edit is not None:
            self._on_edit(value)

    def action_keep(self) -> None:
        """Keeps the filter and gives the focus back."""
        if not self.value:
            self.action_clear()
            return
        self._give_back()
        self.post_message(self.Kept(self, self.value))

    def action_clear(self) -> None:
        """Clears the filter, hides the line and gives the focus back."""
        self.value = ""
        self._give_back()
        self.remove_class("-open")
        self.post_message(self.Cleared(self))

    def _give_back(self) -> None:
        back, self._back = self._back, None
        if back is not None and back.is_attached and back.focusable:
            back.focus()
        elif self.has_focus:
            self.screen.set_focus(None)
