"""Two operators changed the same record: field by field, whose value it shall be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Final, Literal, TypeAlias

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.strip import Strip

from ringfence.console.screens.dialog import SaidLines
from ringfence.console.screens.overlay import Overlay
from ringfence.console.text import Cell, content, fit, literal, width_of
from ringfence.console.widgets.flow import exact
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part

Value: TypeAlias = str | Sequence[str]
"""A text, or a list of which the order does not matter."""

Side: TypeAlias = Literal["theirs", "mine"]

_SIDES: Final = ("was", "theirs", "mine")
_BLOCK: Final = 5  # lines a field takes: its label, the three values, and an empty one
_LABEL: Final = 14
_FRAME: Final = 4  # the border, and a cell of padding, on either side


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """A field: what it was when the form was opened, what the other operator made it, what is typed here."""

    field: str
    label: str
    was: Value
    theirs: Value
    mine: Value

    @property
    def by_them(self) -> bool:
        """Whether the other operator changed it."""
        return _key(self.theirs) != _key(self.was)

    @property
    def by_me(self) -> bool:
        """Whether it was changed here."""
        return _key(self.mine) != _key(self.was)

    @property
    def alike(self) -> bool:
        """Whether both have the same value."""
        return _key(self.theirs) == _key(self.mine)

    @property
    def first(self) -> Side:
        """The side that is proposed: whichever changed it, and mine where both did."""
        return "theirs" if self.by_them and not self.by_me else "mine"


def rows_of(
    was: Any, theirs: Any, mine: Any, label: Callable[[str], str], said: Callable[[str, Any], Value]
) -> list[ConflictRow]:
    """The fields in which any of three states of a record differ, in words."""
    names = [field.name for field in fields(mine) if field.name not in ("key", "members", "users")]
    values = {name: [getattr(one, name) for one in (was, theirs, mine)] for name in names}
    return [
        ConflictRow(name, label(name), *(said(name, one) for one in three))
        for name, three in values.items()
        if not three[0] == three[1] == three[2]
    ]


def _key(value: Value) -> object:
    return value if isinstance(value, str) else sorted(value)


def shorten(value: Value, width: int, was: Value | None = None) -> str:
    """A value in at most `width` cells: of a list as much as fits, "+12 more" for the rest.

    Given what a list was, what it gained and lost comes first: that is what is asked about.
    """
    if isinstance(value, str):
        return fit(value, width).rstrip() if value else "(empty)"
    if was is None or isinstance(was, str) or _key(was) == _key(value):
        return _fitted(list(value), width) if value else "(none)"
    before, now = set(was), set(value)
    pieces = [f"added {name}" for name in value if name not in before]
    pieces += [f"removed {name}" for name in was if name not in now]
    return _fitted(pieces + [name for name in value if name in before], width)


def _fitted(names: list[str], width: int) -> str:
    names = [literal(name) for name in names]
    for kept in range(len(names), 0, -1):
        rest = len(names) - kept
        text = ", ".join(names[:kept]) + (f" +{rest} more" if rest else "")
        if width_of(text) <= width:
            return text
    rest_text = f" +{len(names) - 1} more" if len(names) > 1 else ""
    return fit(names[0], max(1, width - len(rest_text))).rstrip() + rest_text


class _Fields(LineList, inherit_bindings=False):
    """The fields, five lines each; the cursor goes from one to the next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j,tab", "move(1)", "Next field", show=False),
        Binding("up,k,shift+tab", "move(-1)", "Previous field", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("home,g", "first", "First field", show=False),
        Binding("end,G", "last", "Last field", show=False),
        Binding("space", "take", "The other value", show=False),
        Binding("left,t", "take('theirs')", "Their value", show=False),
        Binding("right,m", "take('mine')", "My value", show=False),
        Binding("enter", "choose", "Take it so", show=False),
    ]

    def __init__(self, rows: Sequence[ConflictRow]) -> None:
        super().__init__()
        self._rows = tuple(rows)
        self.taken: dict[str, Side] = {row.field: row.first for row in self._rows}

    def on_mount(self) -> None:
        self.set_count(max(0, _BLOCK * len(self._rows) - 1))
        self.ready()

    def line(self, index: int, width: int) -> Sequence[Part]:
        row, at = self._rows[index // _BLOCK], index % _BLOCK
        if at == _BLOCK - 1:
            return exact([], width)
        if not at:
            who = Cell(*_changed(row))
            label = fit(row.label, max(1, width - width_of(who.text) - 1))
            return exact([Cell(label, "strong"), who], width)
        side = _SIDES[at - 1]
        values = {"was": row.was, "theirs": row.theirs, "mine": row.mine}
        room = width - _LABEL - 1
        text = shorten(values[side], room, None if side == "was" else row.was)
        if side == "was":
            return exact([Cell(fit("      was", _LABEL), "quiet"), Cell(text, "quiet")], width)
        chosen = self.taken[row.field] == side
        mark = Cell("  (•) " if chosen else "  ( ) ", "accent" if chosen else "quiet")
        style = "" if chosen else "quiet"
        return exact([mark, Cell(fit(side, _LABEL - 6), style), Cell(text, style)], width)

    def render_line(self, y: int) -> Strip:
        index, width = y + self.top, self.line_width
        if index >= self.count:
            return Strip.blank(width, self.paint())
        here = index // _BLOCK == self.cursor // _BLOCK and index % _BLOCK != _BLOCK - 1
        bar = [("▌" if here else " ", "bar" if here else ""), *self.line(index, width - 1)]
        return self.strip(bar, width, "cursor" if here and not index % _BLOCK else "")

    def watch_cursor(self, old: int, new: int) -> None:
        super().watch_cursor(old, new)
        self.refresh()

    def _bring_into_view(self, index: int) -> None:
        first = index - index % _BLOCK
        super()._bring_into_view(min(self.count - 1, first + _BLOCK - 2))
        super()._bring_into_view(first)

    def _go(self, field: int) -> None:
        self.cursor = _BLOCK * max(0, min(len(self._rows) - 1, field))

    def action_move(self, lines: int) -> None:
        self._go(self.cursor // _BLOCK + lines)

    def action_page(self, pages: int) -> None:
        self._go(self.cursor // _BLOCK + pages * max(1, self.page_height // _BLOCK))

    def action_last(self) -> None:
        self._go(len(self._rows) - 1)

    def action_take(self, side: Side | None = None) -> None:
        """Takes a side's value for the field under the cursor; without a side, that of the other."""
        if self._rows:
            row = self._rows[self.cursor // _BLOCK]
            self.taken[row.field] = side or ("mine" if self.taken[row.field] == "theirs" else "theirs")
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        index = offset.y + self.top if offset is not None else -1
        if 0 <= index < self.count:
            self._go(index // _BLOCK)
            if index % _BLOCK in (2, 3):
                self.action_take("theirs" if index % _BLOCK == 2 else "mine")


def _changed(row: ConflictRow) -> tuple[str, str]:
    if row.alike:
        return ("both changed it alike" if row.by_me else "unchanged"), "quiet"
    if row.by_me and row.by_them:
        return "! both changed", "attention"
    return ("only you changed it" if row.by_me else "only they changed it"), "quiet"


class ConflictScreen(Overlay[dict[str, str] | None]):
    """What another operator saved meanwhile beside what is typed here. Ends with "theirs" or "mine" for each field, or
    with None: back to the form, with nothing lost."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back"),
        Binding("ctrl+s", "take_all", "Take it so", show=False),
        Binding("ctrl+q", "app.quit", "Quit", show=False, priority=True, id="quit"),
    ]
    AUTO_FOCUS = "_Fields"
    DEFAULT_CSS = """
    ConflictScreen #box { width: 100; height: auto; max-height: 90%; }
    ConflictScreen LineList, ConflictScreen LineList:focus { border: none; }
    ConflictScreen LineList:ansi:focus { border: none; }
    """

    def __init__(self, title: str, who: str, rows: Sequence[ConflictRow]) -> None:
        super().__init__()
        self._title_text = title
        self._said = SaidLines(
            [
                f"{who} saved this while you were at it. Nothing of either is lost: "
                "choose what each field shall be, then save again."
            ]
        )
        self._fields = _Fields(rows)
        self._rows = len(rows)

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield self._said
            yield self._fields

    def on_mount(self) -> None:
        """Names itself."""
        box = self.query_one("#box")
        box.border_title = content(self._title_text)
        box.border_subtitle = content("Space theirs or mine · Enter takes it · Esc back to the form")

    def on_resize(self, event: events.Resize) -> None:
        """Takes the height that the fields need, as far as there is so much."""
        wide = min(100, event.size.width * 96 // 100)
        room = event.size.height * 9 // 10 - 2
        said = self._said.flow(wide - _FRAME - 2)
        self._said.display = room > said + _BLOCK
        self._said.styles.height = said
        self._said.styles.margin = (0, 0, 1, 0)
        left = room - said - 1 if self._said.display else room
        whole = max(1, min(self._rows, (left + 1) // _BLOCK))  # so that no field is ever shown in part
        self._fields.styles.height = max(1, min(_BLOCK * whole - 1, left))

    def on_line_list_chosen(self, message: LineList.Chosen) -> None:
        """Enter takes it."""
        message.stop()
        self.action_take_all()

    def action_take_all(self) -> None:
        """Ends with what is chosen."""
        self.dismiss(dict(self._fields.taken))

    def action_cancel(self) -> None:
        """Goes back to the form."""
        self.dismiss(None)
