"""The picker: what may be had on the left, what is chosen on the right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from ringfence.console.text import content
from ringfence.console.widgets.choices import Choices, Rank, Selection
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.picker_list import AvailableList, ChosenList, PickerList
from ringfence.console.widgets.plain_input import PlainInput
from ringfence.console.widgets.posted import Posted

__all__ = ["Choices", "DualPicker"]

ROOMY = 16
"""Lines from which a picker leaves one free between the search and the list."""


class SearchLine(PlainInput):
    """The line above a list in which one types what to search for. It filters at each key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "leave", "to the list"),
        Binding("down", "leave", "To the list", show=False),
        Binding("escape", "clear", "clear"),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | enter, down | Go to the list; the filter stays. |
    | escape | Clear the filter; where there is none, go to the list. |
    """

    DEFAULT_CSS = """
    SearchLine, SearchLine:focus { background: $background; color: $foreground; padding: 0; width: 1fr; }
    """

    def __init__(self, side: PickerSide) -> None:
        """Creates the line of a side."""
        super().__init__()
        self._side = side

    def watch_value(self, value: str) -> None:
        """Filters at once, within the key's own repaint."""
        self._side.filter(value)

    def action_leave(self) -> None:
        """Goes to the list."""
        self.screen.set_focus(self._side.list)

    def action_clear(self) -> None:
        """Clears the filter, or goes to the list when there is none."""
        if self.value:
            self.value = ""
        else:
            self.action_leave()


class PickerSide(Vertical):
    """A frame with a search line and a list."""

    DEFAULT_CSS = """
    PickerSide {
        width: 1fr;
        height: 1fr;
        border: round $border-blurred;
        border-title-color: $foreground;
        border-title-style: bold;
        border-subtitle-color: $text-muted;

        & > Horizontal { dock: top; height: 1; padding: 0 1; }
        & > Horizontal > Static { width: 2; color: $text-muted; }
        &.-roomy > PickerList { margin-top: 1; }
        &.-filtered > Horizontal > Static { color: $warning; text-style: bold; }
        &:focus-within { border: round $border; border-title-color: $primary; }
        &:ansi:focus-within { border: heavy $border; }
    }
    """

    def __init__(self, title: str, lines: PickerList) -> None:
        """Creates a side.

        Args:
            title: What stands in its frame, literally.
            lines: Its list. What the list says of itself stands in the frame, at the bottom.
        """
        super().__init__()
        self.border_title = content(title)
        self.list = lines
        self.list.tell_below = self._say
        self.search = SearchLine(self)

    def compose(self) -> ComposeResult:
        """The list, and the search line above it: the list is the first to have the focus."""
        yield self.list
        with Horizontal():
            yield Static("/")
            yield self.search

    def filter(self, text: str) -> None:
        """Shows only what holds `text`."""
        self.set_class(bool(text), "-filtered")
        self.list.filter(text)
        self.refresh_bindings()

    def on_input_changed(self, message: Input.Changed) -> None:
        """Keeps to itself what was typed: the list has it already."""
        message.stop()

    def _say(self, text: Content) -> None:
        self.border_subtitle = text if text else None

    def on_resize(self, event: events.Resize) -> None:
        """Leaves a line free where there is room."""
        self.set_class(event.size.height >= ROOMY, "-roomy")


class DualPicker(Horizontal):
    """Chooses many of something: two lists side by side, each with a search.

    The owner gives `set_choices` what there is and what is chosen, listens to `Changed`, and reads `chosen`.
    What cannot be seen stays chosen: ids that are not among the choices are kept, and never drawn or counted.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "toggle_mark", "mark"),
        Binding("v", "mark_range", "range from here", show=False),
        Binding("right,l", "add", "add"),
        Binding("left,h,delete", "remove", "remove"),
        Binding("enter", "add", "Add", show=False),
        Binding("enter", "remove", "Remove", show=False),
        Binding("a", "add_all", "add matches"),
        Binding("a", "remove_all", "remove matches"),
        Binding("n", "toggle_nested", "nested"),
        Binding("t", "toggle_tree", "tree"),
        Binding("tab", "other_side", "other side"),
        Binding("shift+tab", "other_side", "Other side", show=False),
        Binding("slash", "search", "search"),
        Binding("escape", "clear_filter", "clear the filter"),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | space | Mark the line under the cursor, or take its mark away, and go on to the next. |
    | v | Begin a range that follows the cursor and counts as marked; again: fix it. |
    | right, l, enter | On the left: add the marked ones, or the one under the cursor. |
    | left, h, enter, delete | On the right: remove the marked ones, or the one under the cursor. |
    | a | Add all that match the filter; on the right, remove them. |
    | n | On the right: with or without what is nested below the marked ones, or the one under the cursor. |
    | t | On the left: the flat list, or the tree. |
    | tab | Go to the other side. |
    | slash | Search on this side. |
    | escape | Clear this side's filter. |
    """

    DEFAULT_CSS = """
    DualPicker { height: 1fr; }
    """

    class Changed(Posted):
        """Posted when something was added, removed, or chosen with or without what is nested below it."""

        def __init__(self, control: DualPicker, chosen: dict[int, bool]) -> None:
            super().__init__(control)
            self.chosen = chosen

    def __init__(
        self,
        *,
        available_title: str = "Available",
        chosen_title: str = "Accessible",
        nestable: bool = True,
        noun: str = "customers",
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        """Creates a picker that waits for its choices.

        Args:
            available_title: The title of the left side.
            chosen_title: The title of the right side.
            nestable: Whether something is chosen with or without what is nested below it; what is added is with.
            noun: What the choices are, in the plural.
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
            disabled: Whether the widget is disabled.
        """
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)
        self.nestable = nestable
        self._selection = Selection(Choices.flat((), ()), {})
        self.available = AvailableList(nestable=nestable, noun=noun)
        self.accessible = ChosenList(nestable=nestable, noun=noun)
        self._sides = (PickerSide(available_title, self.available), PickerSide(chosen_title, self.accessible))
        self._last_active = self._sides[0]

    def compose(self) -> ComposeResult:
        """The two sides."""
        yield from self._sides

    def on_mount(self) -> None:
        """Waits, unless the choices came first."""
        if not len(self._selection.choices) and self.available.state == "ready":
            self.wait()

    # What the owner asks

    @property
    def current(self) -> Rank | None:
        """What the cursor is on, on the side that has the focus; None for nothing."""
        return self._active.list.current

    @property
    def chosen(self) -> dict[int, bool]:
        """What is chosen, by id: with what is nested below it, or itself only. Hidden ids are there as they came."""
        return self._selection.chosen()

    def set_choices(self, choices: Choices, chosen: Mapping[int, bool]) -> None:
        """Begins anew; filters stay, marks do not. No `Changed` is posted.

        Args:
            choices: What there is, in the order of the names.
            chosen: The ids chosen, each with whether that is with what is nested below it.

        Raises:
            ValueError: Something is nested in itself.
        """
        self._selection = Selection(choices, chosen)
        for side in self._sides:
            side.list.take(self._selection)
        self.refresh_bindings()

    def redundant(self) -> list[tuple[int, int]]:
        """The chosen ids that change nothing, each with the id, chosen with what is nested below it, that covers it."""
        return self._selection.redundant() if self.nestable else []

    def wait(self, text: str = "Loading…") -> None:
        """Shows `text` instead of choices, unless they come within 150 ms. What is chosen is kept."""
        for side in self._sides:
            side.list.clear()
            side.list.wait(text)
            side.list.tell()

    def fail(self, reason: str) -> None:
        """Shows `reason` instead of choices: they could not be had. What is chosen is kept."""
        for side, said in zip(self._sides, (reason, ""), strict=True):
            side.list.clear()
            side.list.fail(said)

    def focus(self, scroll_visible: bool = True) -> Self:
        """Gives the focus to the list that had it last, at first the left one."""
        self._active.list.focus(scroll_visible)
        return self

    # Which side

    # The screen is asked who has the focus, and told at once who is to have it: messages about it come later, maybe
    # after the next key.

    @property
    def _active(self) -> PickerSide:
        focused = self.screen.focused if self.is_attached else None
        for side in self._sides:
            if focused is side.list or focused is side.search:
                self._last_active = side
        return self._last_active

    @property
    def _in_list(self) -> bool:
        return self.is_attached and self.screen.focused is self._active.list

    @on(LineList.Chosen)
    def _move_clicked(self, message: LineList.Chosen) -> None:
        message.stop()
        if self._active is self._sides[0]:
            self.action_add()
        else:
            self.action_remove()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leaves out the keys that mean nothing where the focus is."""
        left = self._active is self._sides[0]
        choices = self._selection.choices
        if action in {"add", "add_all"}:
            return self._in_list and left
        if action in {"remove", "remove_all"}:
            return self._in_list and not left
        if action == "toggle_nested":
            return self._in_list and not left and self.nestable
        if action == "toggle_tree":
            return self._in_list and left and choices.nested
        if action in {"toggle_mark", "mark_range", "search"}:
            return self._in_list
        if action == "clear_filter":
            return self._in_list and bool(self._active.search.value) and self._active.list.span is None
        return True

    # Actions

    def action_toggle_mark(self) -> None:
        """Marks the line under the cursor, or takes its mark away, and goes on to the next."""
        self._active.list.toggle_mark()

    def action_mark_range(self) -> None:
        """Begins a range at the cursor, or fixes the one that there is."""
        self._active.list.mark_range()

    def action_add(self) -> None:
        """Adds the marked ones, or the one under the cursor."""
        self._add(self.available.picked)

    def action_add_all(self) -> None:
        """Adds all that match the left filter."""
        self._add(self.available.matching() if self.available.count else [])

    def action_remove(self) -> None:
        """Removes the marked ones, or the one under the cursor."""
        self._remove(self.accessible.picked)

    def action_remove_all(self) -> None:
        """Removes all that match the right filter."""
        self._remove(self.accessible.matching() if self.accessible.count else [])

    def action_toggle_nested(self) -> None:
        """Takes what is nested below the marked ones in, or out when it is in with all of them."""
        ranks = self.accessible.picked
        if ranks:
            self._selection.add(ranks, not all(map(self._selection.nested, ranks)))
            self.available.refresh()
            self.accessible.refresh()
            self.accessible.tell()
            self.post_message(self.Changed(self, self.chosen))

    def action_toggle_tree(self) -> None:
        """Shows the left side as a tree, or flat."""
        self.available.show_tree(not self.available.as_tree)

    def action_other_side(self) -> None:
        """Goes to the other side's list."""
        self._active.list.fix_range()
        left, right = self._sides
        self.screen.set_focus((right if self._active is left else left).list)

    def action_search(self) -> None:
        """Goes to the search of this side."""
        self._active.list.fix_range()
        self.screen.set_focus(self._active.search)

    def action_clear_filter(self) -> None:
        """Clears this side's filter."""
        self._active.search.value = ""

    def _add(self, ranks: list[Rank]) -> None:
        if ranks:
            self._selection.add(ranks, self.nestable)
            self._changed()

    def _remove(self, ranks: list[Rank]) -> None:
        if ranks:
            self._selection.remove(ranks)
            self._changed()

    def _changed(self) -> None:
        for side in self._sides:
            side.list.again()
        self.post_message(self.Changed(self, self.chosen))
