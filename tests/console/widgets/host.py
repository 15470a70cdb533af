"""A small application around one widget, over a million rows that exist nowhere."""

from __future__ import annotations

from typing import NamedTuple

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.widgets import Static

from ringfence.console.text import Cell, number
from ringfence.console.widgets.filter_bar import FilterBar
from ringfence.console.widgets.key_bar import KeyBar
from ringfence.console.widgets.record_table import Ask, Column, RecordTable

MILLION = 1_000_000


class Thing(NamedTuple):
    """A row: its number is its id and its place."""

    number: int
    name: str


class Things:
    """Numbers below `count` that are multiples of `step`, in either direction: a keyset source without a list."""

    def __init__(
        self, count: int, step: int = 1, descending: bool = False, names: dict[int, str] | None = None
    ) -> None:
        self.count, self.step, self.descending, self.names = count, step, descending, names or {}

    @property
    def total(self) -> int:
        return -(-self.count // self.step)

    def index(self, place: tuple[int, ...]) -> int:
        at = place[0] // self.step
        return self.total - 1 - at if self.descending else at

    def at(self, index: int) -> Thing:
        number_ = (self.total - 1 - index if self.descending else index) * self.step
        return Thing(number_, self.names.get(number_, f"thing {number_}"))

    def answer(self, ask: Ask) -> list[Thing]:
        if ask.from_end:
            first, last = self.total - ask.count, self.total
        elif ask.before is not None:
            last = self.index(ask.before)
            first = last - ask.count
        else:
            first = ask.skip if ask.after is None else self.index(ask.after) + 1 + ask.skip
            last = first + ask.count
        return [self.at(index) for index in range(max(0, first), min(last, self.total))]


COLUMNS = (
    Column("name", "Name", 12, grow=1, key="n", sortable=True),
    Column("double", "Double", 9, align="right", style="quiet", hide_below=40),
)


def cells(row: Thing) -> list[Cell | str]:
    return [row.name, Cell(number(2 * row.number), "attention" if row.number % 2 else "")]


class Host(App[None]):
    """Answers the table from a thread, as the console does."""

    BINDINGS = [
        Binding("slash", "filter", "filter"),
        Binding("question_mark", "help", "help"),
        Binding("f2", "switch", "switch"),
        Binding("ctrl+q", "quit", "quit"),
    ]

    def __init__(self, things: Things | None = None, *, tell_total: bool = True, key_bar: KeyBar | None = None) -> None:
        super().__init__()
        self.things = things or Things(MILLION)
        self.tell_total = tell_total
        self.asks: list[Ask] = []
        self.ranges: list[tuple[int, int]] = []
        self.table = RecordTable[Thing](
            columns=COLUMNS,
            cells=cells,
            row_id=lambda row: row.number,
            row_cursor=lambda row: (row.number,),
            sort=("name", False),
        )
        self.filter_bar = FilterBar()
        self.key_bar = key_bar or KeyBar()

    def compose(self) -> ComposeResult:
        yield self.filter_bar
        yield self.table
        yield self.key_bar

    def on_mount(self) -> None:
        self.table.set_title("Things")
        self.begin()
        self.table.focus()

    def begin(self, things: Things | None = None, **options: object) -> None:
        self.things = things or self.things
        generation = self.table.reset(**options)  # type: ignore[arg-type]
        if self.tell_total:
            self.table.set_total(self.things.total, generation)

    def on_windowed_list_wanted(self, event: RecordTable.Wanted) -> None:
        self.asks.append(event.ask)
        things, ask = self.things, event.ask

        def fetch() -> None:
            rows = things.answer(ask)
            self.call_from_thread(self.table.deliver, ask, rows)

        self.run_worker(fetch, thread=True)

    def on_record_table_sort_requested(self, event: RecordTable.SortRequested) -> None:
        descending = self.table.sort == (event.column_id, False)
        self.table.sort = (event.column_id, descending)
        self.begin(Things(self.things.count, self.things.step, descending, self.things.names))

    def on_windowed_list_range_marked(self, event: RecordTable.RangeMarked) -> None:
        self.ranges.append((event.first, event.last))

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        self.begin(Things(self.things.count, int(event.text) if event.text.isdigit() else 1, names=self.things.names))

    def on_filter_bar_cleared(self) -> None:
        self.begin(Things(self.things.count, names=self.things.names))

    def action_filter(self) -> None:
        self.filter_bar.open()

    def action_help(self) -> None:
        self.mount(Static("help"))

    def action_switch(self) -> None: ...

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if action == "switch" else True


def screen_text(app: App[None]) -> list[str]:
    """What is on screen, line by line."""
    width, height = app.size
    return [strip.crop(0, width).text for strip in app.screen._compositor.render_strips()][:height]
