"""A forest of nodes, opened and closed by key, with numbers beside them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import ClassVar, Literal

from textual import events
from textual.binding import Binding, BindingType
from textual.reactive import reactive

from ringfence.console.text import Cell, as_cell, fit, width_of
from ringfence.console.widgets.branches import indent, names_part, note_parts, noted, scrolled
from ringfence.console.widgets.forest import Forest, TreeNode
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part
from ringfence.console.widgets.posted import Posted

__all__ = ["ForestView", "TreeNode"]

HeaderLine = tuple[Cell | str, Sequence[Cell | str]]
"""A fixed line at the top: what stands over the labels, and what over each column of notes."""


class ForestView(LineList):
    """A tree (or several) of which only the lines on screen are drawn, and only what is opened is loaded.

    The owner gives the roots (`set_roots`) or a whole filtered forest (`replace`), answers `Expanded` with
    `add_children` and `NotesWanted` with `set_notes`. Answers carry the generation of the question: one that has
    passed is ignored, so that what an earlier viewer was to see is never shown to a later one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "open", "Open", show=False),
        Binding("left,h", "close", "Close", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | right, l | Open the node, or go to its first child. |
    | left, h | Close the node, or go to the one above. |
    | enter | Open or close a node that has children, choose one that has none. |
    """

    note_widths: reactive[tuple[int, ...]] = reactive[tuple[int, ...]]((), init=False)
    """The widths of the columns of notes at the right, in cells; none, and no notes are asked for."""

    class Expanded(Posted):
        """Posted when a node was opened whose children are not loaded: answer with `add_children`."""

        def __init__(self, control: ForestView, node_id: int, generation: int) -> None:
            super().__init__(control)
            self.id = node_id
            self.generation = generation

    class NotesWanted(Posted):
        """Posted when nodes on screen have no notes: answer with `set_notes`. One question at a time."""

        def __init__(self, control: ForestView, ids: tuple[int, ...], generation: int) -> None:
            super().__init__(control)
            self.ids = ids
            self.generation = generation

    class Selected(Posted):
        """Posted when another node has come under the cursor, for whatever reason."""

        def __init__(self, control: ForestView, node_id: int) -> None:
            super().__init__(control)
            self.id = node_id

    class Chosen(LineList.Chosen):
        """Posted when Enter is pressed on a node, or the node under the cursor is clicked again."""

        def __init__(self, control: ForestView, index: int, node_id: int) -> None:
            super().__init__(control, index)
            self._tree = control
            self.id = node_id

        @property
        def control(self) -> ForestView:
            """The tree."""
            return self._tree

    def __init__(
        self,
        *,
        note_widths: Sequence[int] = (),
        note_names: Sequence[str] = (),
        style_of: Callable[[int], str] | None = None,
        enter: Literal["toggle", "choose"] = "toggle",
        empty_text: str = "Nothing here.",
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        """Creates a tree without nodes.

        Args:
            note_widths: The widths of the columns of notes, in cells.
            note_names: What these are called; no line is taken for it where there are none.
            style_of: The style of a node's label, by its id.
            enter: Whether Enter opens and closes a node that has children, or chooses it like any other.
            empty_text: What is said when there are no nodes and the owner has not said why.
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
            disabled: Whether the widget is disabled.
        """
        super().__init__(name=name, id=id, classes=classes, disabled=disabled)
        self.set_reactive(ForestView.note_widths, tuple(note_widths))
        self.empty_text = empty_text
        self.generation = 0
        self._note_names = tuple(note_names)
        self._style_of = style_of
        self._enter = enter
        self._forest = Forest()
        self._notes: dict[int, tuple[Cell, ...]] = {}
        self._notes_asked: tuple[int, ...] = ()
        self._header: tuple[HeaderLine, ...] = ()
        self._selected: int | None = None
        self._first = 0
        """The level that stands at the left edge: more than 0 where the tree is scrolled sideways."""

    # What the owner asks

    @property
    def selected_id(self) -> int | None:
        """The id of the node under the cursor, or None when there is none."""
        return self._forest.ids[self.cursor] if self._count else None

    @property
    def expanded_ids(self) -> frozenset[int]:
        """The ids of the open nodes."""
        return frozenset(self._forest.open)

    @property
    def ids_in_view(self) -> list[int]:
        """The ids of the nodes on screen."""
        return [self._forest.ids[line] for line in self.in_view if line < len(self._forest)]

    def node(self, node_id: int) -> TreeNode | None:
        """The node, or None when it is not loaded."""
        return self._forest.nodes.get(node_id)

    def path_to(self, node_id: int) -> list[TreeNode]:
        """The nodes from a root down to this one, as far as they are loaded."""
        return self._forest.path(node_id)

    def set_roots(self, nodes: Sequence[TreeNode]) -> None:
        """Begins anew with these roots, all closed."""
        self._start(nodes, (), lazy=True)

    def replace(self, nodes: Sequence[TreeNode], expanded: Collection[int], *, lazy: bool = True) -> None:
        """Begins anew with these nodes, in any order; siblings keep the order given.

        The cursor stays on its node if that is still shown.

        Args:
            nodes: The whole forest. A node whose parent is not among them is a root.
            expanded: The ids of the nodes that are open.
            lazy: Whether a node that is given no children, but has some, asks for them when it is opened.
        """
        self._start(nodes, expanded, lazy=lazy)

    def _start(self, nodes: Sequence[TreeNode], expanded: Collection[int], *, lazy: bool) -> None:
        kept = self.selected_id
        self._first = 0
        self.generation += 1
        self._notes.clear()
        self._notes_asked = ()
        self._forest.replace(nodes, expanded, lazy=lazy)
        if not nodes:
            self._selected = None
            self.empty(self.empty_text)
            return
        self.ready()
        line = self._forest.line_of(kept) if kept is not None else None
        self._lines_changed(line or 0)
        if line is None:
            self.scroll_to_line(0)

    def add_children(self, parent: int | None, nodes: Sequence[TreeNode], generation: int | None = None) -> bool:
        """Takes the children of a node (the roots, for None); returns False when their generation has passed."""
        if generation is not None and generation != self.generation:
            return False
        if parent is None:
            self._start(nodes, self._forest.open, lazy=True)
            return True
        kept = self.selected_id
        if self._forest.add(parent, nodes):
            line = self._forest.line_of(kept) if kept is not None else None
            self._lines_changed(self.cursor if line is None else line)
        return True

    def set_notes(self, notes: Mapping[int, Sequence[Cell | str]], generation: int | None = None) -> bool:
        """Takes the notes beside nodes; returns False, changing nothing, when their generation has passed.

        A node that was asked about and is not answered has none, and is not asked about again.
        """
        if generation is not None and generation != self.generation:
            return False
        for node_id in self._notes_asked:
            self._notes.setdefault(node_id, ())
        self._notes_asked = ()
        for node_id, cells in notes.items():
            self._notes[node_id] = tuple(map(as_cell, cells))
        self.refresh()
        self.view_changed()
        return True

    def clear_notes(self) -> None:
        """Forgets all notes, and asks anew for those on screen; answers under way are ignored."""
        self.generation += 1
        self._notes.clear()
        self._notes_asked = ()
        self.refresh()
        self.view_changed()

    def set_header(self, lines: Iterable[HeaderLine]) -> None:
        """Sets the fixed lines at the top, each with one cell for every column of notes."""
        self._header = tuple(lines)
        self.set_count(self._count)

    def select(self, node_id: int) -> bool:
        """Puts the cursor on a node, opening those above it; returns False when it is not loaded."""
        path = self._forest.path(node_id)
        if not path:
            return False
        for above in path[:-1]:
            line = self._forest.line_of(above.id)
            if line is not None and above.id not in self._forest.open:
                self._forest.expand(line)
        line = self._forest.line_of(node_id)
        if line is None:
            return False
        self._lines_changed(line)
        return True

    # What the core asks

    def _lines_changed(self, cursor: int) -> None:
        self.set_count(len(self._forest))
        self.cursor = cursor
        self.look_here()
        self._tell_selected()

    def cursor_moved(self) -> None:
        """Tells the owner which node that is."""
        super().cursor_moved()
        self._tell_selected()

    def _tell_selected(self) -> None:
        selected = self.selected_id
        if selected is not None and selected != self._selected:
            self._selected = selected
            self.post_message(self.Selected(self, selected))

    def watch_note_widths(self) -> None:
        """Asks for the notes that there is room for now."""
        self.view_changed()

    def view_changed(self) -> None:
        """Asks for the notes of the nodes on screen, once all that is going on is done."""
        self.look_here()
        if self.note_widths and not self._notes_asked and self.size.height:
            self.call_later(self._ask_notes)

    def look_here(self, *, anew: bool = False) -> None:
        """Scrolls sideways as far as the node under the cursor needs it, and shows a name that is cut all the same."""
        if self.size.width and self.cursor < min(self._count, len(self._forest)):
            _, room = noted(self.note_widths, self.line_width - 1)
            first = scrolled(self._first, self._forest.depths[self.cursor], room)
            if first != self._first:
                self._first = first
                self.refresh()
        super().look_here(anew=anew)

    def whole(self, index: int) -> str:
        """The label, where it is cut."""
        if index >= len(self._forest):
            return ""
        label = self._forest.nodes[self._forest.ids[index]].label
        return label if width_of(label) > self._label_room(index) else ""

    def _label_room(self, index: int) -> int:
        _, room = noted(self.note_widths, self.line_width - 1)
        return room - self._sign_at(index, room) - 2

    def _sign_at(self, index: int, room: int) -> int:
        """The cell in which the sign of a node stands."""
        return len(indent(self._forest.depths[index], self._first, room))

    def _ask_notes(self) -> None:
        if self._notes_asked or not self.note_widths:
            return
        ids = self._forest.ids
        wanted = tuple(ids[line] for line in self.in_view if line < len(ids) and ids[line] not in self._notes)
        if wanted:
            self._notes_asked = wanted
            self.post_message(self.NotesWanted(self, wanted, self.generation))

    @property
    def header_height(self) -> int:
        """As many lines as `set_header` gave, or else one where the notes have names."""
        return len(self._header) or int(bool(self._note_names))

    def header_line(self, y: int, width: int) -> Sequence[Part]:
        """What `set_header` gave for line `y`, or what the notes are called."""
        if not self._header:
            return [(names_part(self._note_names, self.note_widths, width), "header")]
        first, room = noted(self.note_widths, width)
        label, notes = as_cell(self._header[y][0]), self._header[y][1]
        return [(fit(label.text, room), label.style or "header"), *note_parts(notes, self.note_widths, first, "header")]

    def line(self, index: int, width: int) -> Sequence[Part]:
        """One node: how deep, whether open, its label, its notes."""
        node_id = self._forest.ids[index]
        node = self._forest.nodes[node_id]
        first, room = noted(self.note_widths, width)
        if not node.has_children:
            glyph, glyph_style = "·", "quiet"
        else:
            glyph, glyph_style = ("▾" if node_id in self._forest.open else "▸"), "accent"
        before = indent(self._forest.depths[index], self._first, room)
        head = fit(f"{before}{glyph} ", min(room, len(before) + 2))
        style = self._style_of(node_id) if self._style_of is not None else ""
        if index == self.cursor and not style:
            style = "strong"
        cut = max(0, len(head) - 2)
        return [
            (head[:cut], "quiet"),
            (head[cut:], glyph_style),
            (fit(node.label, room - len(head)), style),
            *note_parts(self._notes.get(node_id, ()), self.note_widths, first, "quiet"),
        ]

    # Actions

    def action_open(self) -> None:
        """Opens the node under the cursor, or goes to its first child."""
        node = self._current()
        if node is None or not node.has_children:
            return
        if node.id in self._forest.open:
            below, depths = self.cursor + 1, self._forest.depths
            if below < self._count and depths[below] > depths[self.cursor]:
                self.cursor = below
            return
        self._forest.expand(self.cursor)
        if self._forest.loaded(node.id):
            self._lines_changed(self.cursor)
        else:
            self.refresh_index(self.cursor)
            self.post_message(self.Expanded(self, node.id, self.generation))

    def action_close(self) -> None:
        """Closes the node under the cursor, or goes to the one above."""
        node = self._current()
        if node is None:
            return
        if node.id in self._forest.open:
            self._forest.collapse(self.cursor)
            self._lines_changed(self.cursor)
            return
        above = self._forest.parent_line(self.cursor)
        if above is not None:
            self.cursor = above

    def on_click(self, event: events.Click) -> None:
        """Opens or closes the node whose sign is under the mouse; elsewhere, a click is any list's."""
        offset = event.get_content_offset(self)
        index = offset.y - self.header_height + self.top if offset is not None else -1
        if offset is None or not self.header_height <= offset.y or not 0 <= index < self._count:
            return
        _, room = noted(self.note_widths, self.line_width - 1)
        sign = 1 + self._sign_at(index, room)
        node = self._forest.nodes[self._forest.ids[index]]
        if node.has_children and sign <= offset.x <= sign + 1:
            event.prevent_default()
            self.cursor = index
            if node.id in self._forest.open:
                self.action_close()
            else:
                self.action_open()

    def action_choose(self) -> None:
        """Opens or closes a node that has children, chooses one that has none (or any, if so made)."""
        node = self._current()
        if node is None:
            return
        if self._enter == "choose" or not node.has_children:
            self.post_message(self.Chosen(self, self.cursor, node.id))
        elif node.id in self._forest.open:
            self.action_close()
        else:
            self.action_open()

    def _current(self) -> TreeNode | None:
        return self._forest.nodes[self._forest.ids[self.cursor]] if self._count else None
