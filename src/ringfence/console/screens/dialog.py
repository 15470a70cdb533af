"""A question over the screen: what would happen, and what one may answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.strip import Strip
from textual.widgets import Input

from ringfence.console.commands.command import display, display_anywhere
from ringfence.console.options import BACK, Also, DialogOption
from ringfence.console.screens.overlay import Overlay
from ringfence.console.text import Cell, Said, content, literal, number, width_of
from ringfence.console.widgets.flow import exact, flow
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part
from ringfence.console.widgets.plain_input import PlainInput

WIDTH: Final = 84
_FRAME: Final = 4  # the border, and a cell of padding, on either side
_TITLE: Final = 68
"""Cells that the frame has for a title where the terminal has 80."""
_TYPED: Final = 54
"""The same of the line that a name is typed into, for the name."""
_ARROWS: Final = "↑↓ "
_SHORTER: Final = "Enter chooses · Esc goes back"


class SaidLines(LineList):
    """Lines to read, without a cursor: they scroll under whatever has the keys."""

    DEFAULT_CSS = """
    SaidLines { border: none; }
    """

    def __init__(self, lines: Sequence[Said], on_view: Callable[[], None] | None = None) -> None:
        super().__init__()
        self.can_focus = False
        self._on_view = on_view
        self._flowed: tuple[int, list[list[Cell]]] = (-1, [])
        self.replace(lines)

    def replace(self, lines: Sequence[Said]) -> None:
        """Takes other lines; they are broken when it is known how wide they may be."""
        self._said = [[line] if isinstance(line, Cell | str) else line for line in lines]
        self._flowed = (-1, [])

    def flow(self, width: int) -> int:
        """Breaks the lines for a width in cells; returns how many there are then."""
        if self._flowed[0] != width:
            flowed = [line for said in self._said for line in flow(said, width)]
            self._flowed = (width, flowed)
            self.set_count(len(flowed))
            self.ready()
        return self.count

    def line(self, index: int, width: int) -> Sequence[Part]:
        return exact(self._flowed[1][index], width)

    def render_line(self, y: int) -> Strip:
        index, width = y + self.top, self.line_width
        if index >= self.count:
            return Strip.blank(width, self.paint())
        return self.strip([(" ", ""), *self.line(index, width - 1)], width)

    def view_changed(self) -> None:
        if self._on_view is not None and self.is_attached:
            self._on_view()

    def turn(self, pages: int) -> None:
        """Scrolls by a screenful, keeping one line of overlap."""
        self.scroll_to_line(self.top + pages * max(1, self.page_height - 1))


class _Options(LineList, inherit_bindings=False):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("home", "first", "First", show=False),
        Binding("end", "last", "Last", show=False),
    ]
    DEFAULT_CSS = """
    _Options, _Options:focus, _Options:ansi:focus { border: none; }
    """

    def __init__(self, dialog: Dialog) -> None:
        super().__init__()
        self.dialog = dialog

    def line(self, index: int, width: int) -> Sequence[Part]:
        option, off = self.dialog.options[index], self.dialog.why_off(index)
        keys = self.dialog.keys
        wide = max(map(width_of, keys), default=-2) + 2
        key = keys[index] if wide else ""
        cells = [Cell(f" {key}".ljust(wide + 1) if wide else " ", "quiet" if off else "accent")]
        cells.append(Cell(option.label, "quiet" if off else ""))
        if off:
            cells.append(Cell(f"  — {off}", "quiet"))
        return exact(cells, width)


class Dialog(Overlay[str | None]):
    """Says some lines and asks for one of some answers. Ends with the id of the chosen one, or None.

    The cursor begins on the answer that changes nothing (``BACK``), where there is one: Enter, pressed too soon or once
    too often, does no harm. With ``name_to_type``, the first answer is off until that name is typed; then the cursor is
    on it. ``also`` is what else can be done with the answer under the cursor, whether it can be given or not.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back"),
        Binding("down,tab", "move(1)", "Down", show=False, priority=True),
        Binding("up,shift+tab", "move(-1)", "Up", show=False, priority=True),
        Binding("pagedown", "page(1)", "Page down", show=False, priority=True),
        Binding("pageup", "page(-1)", "Page up", show=False, priority=True),
        Binding("enter", "choose", "Choose", show=False),
        Binding("ctrl+q", "app.quit", "Quit", show=False, priority=True, id="quit"),
    ]
    AUTO_FOCUS = "Input, _Options"
    DEFAULT_CSS = """
    Dialog #box { width: 84; height: auto; max-height: 90%; }
    Dialog Input { border: none; height: 1; background: $boost; margin: 0 1 1 1; }
    """

    def __init__(
        self,
        title: str,
        lines: Sequence[Said] = (),
        options: Sequence[DialogOption] = (),
        *,
        name_to_type: str = "",
        also: Also | None = None,
    ) -> None:
        super().__init__()
        self._title_text = title
        self._also = also
        self.options = tuple(options)
        self._to_type = name_to_type
        self._typed = ""
        self._lines = lines
        self._said = SaidLines(self._besides(lines), self._say_keys)
        self._list = _Options(self)
        self._has_lines = bool(self._besides(lines))

    def say(self, lines: Sequence[Said]) -> None:
        """Shows other lines, once more is known."""
        self._lines = lines
        self._said.replace(self._besides(lines))
        self._has_lines = bool(self._besides(lines))
        self._lay_out()

    def _besides(self, lines: Sequence[Said]) -> list[Said]:
        """The lines, with what does not fit elsewhere: the title, and the name that is to be typed."""
        title: list[Said] = [Cell(self._title_text, "strong")] if width_of(self._title_text) > _TITLE else []
        named = width_of(self._to_type) > _TYPED and not (title and self._to_type in self._title_text)
        name: list[Said] = [[Cell("Its name is to be typed: ", "quiet"), Cell(self._to_type)]] if named else []
        return [*title, *name, *lines]

    def offer(self, options: Sequence[DialogOption], name_to_type: str = "") -> None:
        """Takes other answers in the place of as many, once it is known which of them can be given; with a
        ``name_to_type``, the first is off until that is typed."""
        self.options = tuple(options)
        if name_to_type and not self._to_type:
            self._to_type = name_to_type
            self.say(self._lines)
            self.query_one("#box").mount(self._field(), before=self._list)
            self.call_after_refresh(self._type_first)
        self._list.cursor = self._first()
        self._list.refresh()
        self._lay_out()

    def _field(self) -> Input:
        return PlainInput(placeholder=literal(f"Type {self._to_type} to go on"))

    def _type_first(self) -> None:
        self.query_one(Input).focus()

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield self._said
            if self._to_type:
                yield self._field()
            yield self._list

    def on_mount(self) -> None:
        """Shows the answers."""
        self.query_one("#box").border_title = content(self._title_text)
        self._list.set_count(len(self.options))
        self._list.ready()
        self._list.cursor = self._first()

    def on_resize(self, event: events.Resize) -> None:
        """Gives the answers the room they need, and the lines what is left."""
        del event
        self._lay_out()

    def _lay_out(self) -> None:
        box = self.query_one("#box")
        wide = min(self._wanted(), WIDTH, self.size.width * 96 // 100)
        box.styles.width = wide
        room = self.size.height * 9 // 10 - 2 - (2 if self._to_type else 0)
        gap = 1 if self._has_lines else 0
        answers = min(len(self.options), max(1, room // 2 if self._has_lines else room))
        lines = self._said.flow(wide - _FRAME - 2) if self._has_lines else 0
        shown = max(0, min(lines, room - gap - answers))
        self._said.styles.height = shown
        self._said.styles.margin = (0, 0, gap, 0)
        self._said.display = bool(shown)
        self._list.styles.height = answers
        self._say_keys()

    def _first(self) -> int:
        """Where the cursor begins."""
        if self._to_type and not self.why_off(0):
            return 0
        safe = next((at for at, option in enumerate(self.options) if option.id == BACK), None)
        return safe if safe is not None else next((at for at in range(len(self.options)) if not self.why_off(at)), 0)

    @property
    def keys(self) -> list[str]:
        """The answers' letters as they are shown; none while letters are typed."""
        if self._to_type or not any(option.key for option in self.options):
            return []
        return [display(option.key) if option.key else "" for option in self.options]

    def _wanted(self) -> int:
        """A menu is as wide as it needs to be, within reason; what is read, as wide as may be."""
        if self._has_lines or self._to_type:
            return WIDTH
        widest = max((width_of(option.label + option.off) + 8 for option in self.options), default=0)
        return max(44, width_of(self._title_text) + 6, width_of(self._keys_said()) + _FRAME + 2, widest + _FRAME + 4)

    def _say_keys(self) -> None:
        said, box = self._keys_said(), self.query_one("#box")
        shown = self._said.size.height if self._has_lines else 0
        if 0 < shown < self._said.count:
            top = self._said.top
            place = f"{number(top + 1)}–{number(min(self._said.count, top + shown))} of {number(self._said.count)}"
            room = min(self._wanted(), WIDTH, self.size.width * 96 // 100) - _FRAME - 2
            for keys in (said, said.removeprefix(_ARROWS), _SHORTER):
                said = f"{place} · PgDn PgUp · {keys}"
                if width_of(said) <= room:
                    break
        box.border_subtitle = content(said)

    def _keys_said(self) -> str:
        letters = any(self.keys) and len(self.options) > 1
        also = f"{display_anywhere(self._also.keys)} {self._also.word} · " if self._also is not None else ""
        return f"{_ARROWS}{'Enter or its letter chooses' if letters else 'Enter chooses'} · {also}Esc goes back"

    def why_off(self, at: int) -> str:
        """Why an answer cannot be given now; empty when it can."""
        off = self.options[at].off
        if not off and at == 0 and self._to_type and self._typed.strip() != self._to_type.strip():
            return "type the name first"
        return off

    def on_input_changed(self, message: Input.Changed) -> None:
        """Looks whether the name is there now."""
        message.stop()
        self._typed = message.value
        self._list.cursor = self._first()
        self._list.refresh()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Chooses, after everything that was typed before Enter."""
        message.stop()
        if self._typed.strip() and self.why_off(0):
            self._choose(0)  # which says that the name is not there yet
        else:
            self.action_choose()

    def on_line_list_chosen(self, message: LineList.Chosen) -> None:
        """A double click chooses too."""
        message.stop()
        self._choose(message.index)

    def on_key(self, event: events.Key) -> None:
        """Gives the answer whose letter it is; otherwise j and k move, as in every list."""
        at = next((at for at, option in enumerate(self.options) if event.key == option.key), -1)
        if at < 0 and event.character:
            at = next((at for at, option in enumerate(self.options) if event.character == option.key), -1)
        if at >= 0:
            event.stop()
            self._list.cursor = at
            self._choose(at)
        elif self._also is not None and event.key in self._also.keys.split(","):
            event.stop()
            chosen = self.options[self._list.cursor].id
            self.dismiss(None)
            self._also.do(chosen)
        elif event.key in ("j", "k"):
            self.action_move(1 if event.key == "j" else -1)

    def action_choose(self) -> None:
        """Gives the answer under the cursor."""
        if self.options:
            self._choose(self._list.cursor)

    def _choose(self, at: int) -> None:
        off = self.why_off(at)
        if off:
            self.notify(literal(f"{self.options[at].label}: {off}"), markup=False, severity="warning")
        else:
            self.dismiss(self.options[at].id)

    def action_cancel(self) -> None:
        """Ends without an answer."""
        self.dismiss(None)

    def action_move(self, lines: int) -> None:
        """Moves the cursor among the answers, wherever the focus is."""
        self._list.action_move(lines)

    def action_page(self, pages: int) -> None:
        """Scrolls what is said."""
        self._said.turn(pages)
