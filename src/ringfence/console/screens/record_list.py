"""A table of one kind of record, which asks the services for its own rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual import on
from textual.content import Content

from ringfence.console.questions import Answered, Asks, counting
from ringfence.console.rights import why_not_list
from ringfence.console.text import Cell, number
from ringfence.console.widgets.columns import Column
from ringfence.console.widgets.record_table import Ask, RecordTable

if TYPE_CHECKING:
    from ringfence.console.commands.command import Editable, Home
    from ringfence.console.screens.area import CommandScreen
    from ringfence.domain.kind import Kind
    from ringfence.preferences.layout import Spot
    from ringfence.services.records import Listing, Part
    from ringfence.services.rows import Record

_MARK_LIMIT = 100_000
_AGES_SECONDS = 5.0
"""How often it is drawn how long ago things were."""


class RecordList(RecordTable[Any], Asks):
    """Rows of one kind: windowed, sorted, filtered and counted by the services, off the event loop."""

    def __init__(
        self,
        kind: str,
        columns: Sequence[Column],
        cells: Callable[[Any], Sequence[Cell | str]],
        *,
        on_total: Callable[[], None] | None = None,
        on_subtitle: Callable[[Content], None] | None = None,
        edits: Editable | None = None,
        sort: tuple[str, bool] = ("name", False),
        ages: bool = False,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(
            columns=columns,
            cells=cells,
            row_id=lambda row: row.id,
            row_cursor=lambda row: row.sort_key,
            sort=sort,
            id=id,
        )
        self.kind = kind
        self.edits = edits
        """The kind of record that is changed from here; None where none is."""
        self.home: Home | None = None
        """Where a new record belongs; None for wherever the viewer may make one."""
        self.only: tuple[str, str] | None = None
        """The filter that narrows what is looked through at all, behind the word for that; None for all."""
        self.about: tuple[str, str] | None = None
        """The record, by kind and key, that all of it is about; None where it is about anything."""
        self._ages = ages
        self.listing: Listing | None = None
        self.unfiltered: int | None = None
        """How many rows there are without a filter, once that is known."""
        self._matches: int | None = None
        self._at_least: int | None = None
        """How many of them were counted so far, while that goes on."""
        self._fault = ""
        """Why the filter that was typed last cannot be understood: the list is then as it was."""
        self._awaited: int | None = None
        """The record that the cursor is to go to."""
        self._hidden: Callable[[], object] | None = None
        self._back_to: int | None = None
        """The record that the cursor is to be on when the list is shown next."""
        self._on_total = on_total
        self.tell_below = on_subtitle
        self.besides: tuple[str, ...] = ()
        """What the border says of the list before where it stands."""

    def on_mount(self) -> None:
        """Keeps ages true, where it shows any."""
        if self._ages:
            self.set_interval(_AGES_SECONDS, self.refresh)

    def say_besides(self, *said: str) -> None:
        """Sets that, literally."""
        if said != self.besides:
            self.besides = said
            self._tell_place()

    def place_parts(self) -> list[str]:
        return [*self.besides, *super().place_parts()]

    @property
    def row(self) -> Any:
        """The record under the cursor, or None: while the cursor is on its way to another one, there is none."""
        return self.current_row if self._awaited is None else None

    @property
    def listed(self) -> tuple[Any, int | None]:
        """What the list shows, and how many rows, as far as is known."""
        return (self.listing, self.total) if self.listing is not None else (None, 0)

    @property
    def on_its_way(self) -> bool:
        """Whether the cursor is on its way to a record."""
        return self._awaited is not None

    @property
    def chosen(self) -> tuple[int, ...]:
        """The ids of the marked records, or of the one under the cursor."""
        if self.marks and self._awaited is None:
            return tuple(sorted(int(str(one)) for one in self.marks))
        return (self.row.id,) if self.row is not None else ()

    def changed(self) -> None:
        """What was chosen was changed: nothing of it stays marked."""
        self.clear_marks()
        self.ringfence.look_for_changes()

    def show(self, *, under: int | None = None) -> None:
        """Shows the list from its beginning, without a filter; ``under`` keeps to one customer and those below it."""
        from ringfence.services.records import Listing

        column, descending = self.sort or ("name", False)
        self.listing = self.narrowed(Listing(self.kind, sort=column, descending=descending, under=under))
        self.unfiltered = self._awaited = None
        self._fault = ""
        self.clear_marks()
        self.set_block(self.ringfence.configuration.page_rows)
        self._begin_anew(keep_rows=False)
        if self._back_to is not None:
            record, self._back_to = self._back_to, None
            self.go_to(record, hidden=lambda: None)

    def narrowed(self, listing: Listing) -> Listing:
        """What of a listing this list is about."""
        return listing._replace(only=self.only[1] if self.only is not None else "", record=self.about)

    def show_only(self, only: tuple[str, str] | None) -> None:
        """Narrows what is looked through to what another filter finds; the cursor stays on its row, where it can."""
        self.only, self.unfiltered = only, None
        if self.listing is not None:
            self.listing = self.narrowed(self.listing)
            self.again()

    @property
    def stands(self) -> Spot:
        """How the list stands."""
        from ringfence.preferences.layout import Spot

        row = self.row if self.listing is not None else None
        record = row.id if row is not None else self._awaited or self._back_to
        return Spot(
            {self.kind: record} if record is not None else {},
            {self.kind: self.sort} if self.sort is not None else {},
            columns={self.kind: self.arrangement} if self.arrangement else {},
        )

    def come_back(self, spot: Spot) -> None:
        """Has the list that is shown next stand as it did: with those columns, sorted so, with the cursor on that
        record, if it is seen."""
        self.rearrange(spot.columns.get(self.kind, ()))
        sort = spot.sorts.get(self.kind)
        if sort is not None and any(one.id == sort[0] and one.sortable for one in self.columns):
            self.sort = sort
        self._back_to = spot.records.get(self.kind)

    def filter(self, text: str) -> None:
        """Shows only what the filter finds. The list stays as it is where the text cannot be understood: ``found`` then
        says why."""
        if self.listing is None:
            return
        self._fault = why_not(self.kind, text)
        if self._fault or self.listing.search == text:
            return
        self.listing = self.listing._replace(search=text)
        self._awaited = None  # whoever types wants what matches
        self._begin_anew()

    def again(self) -> None:
        """Reads the list anew where it stands: rows stay until they come, the cursor stays on its row."""
        if self._awaited is not None:
            self._seek(self._awaited, None)
        elif self.listing is not None:
            row = self.current_row
            self._begin_anew(keep=row.id if row else None, in_place=True)

    def go_to(self, record: int, *, hidden: Callable[[], object] | None = None) -> None:
        """Reads the list anew, with the cursor on a record wherever it stands in it now. ``hidden`` is called where the
        list does not show it."""
        self.clear_marks()
        self._seek(record, hidden)

    def not_at_hand(self, row_id: Hashable) -> None:
        """Finds the row wherever it stands now; until then there is none under the cursor. Where it is gone, what is
        there in its place is meant."""
        self._seek(int(str(row_id)), self.cursor_moved)

    def _seek(self, record: int, hidden: Callable[[], object] | None) -> None:
        wanted = self.listing
        if wanted is None:
            return
        self._awaited, self._hidden = record, hidden or self._hidden if self._awaited == record else hidden

        def found(place: int | None) -> None:
            if self._awaited != record:
                return
            if self.listing != wanted:
                self.again()
            elif place is not None:
                self._begin_anew(keep=record, in_place=True, at=place)
            else:
                hidden, self._awaited = self._hidden, None
                self.again()
                if hidden is not None:
                    hidden()
                else:
                    self.notify("What was made is not in this list.")

        def failed(reason: str) -> None:
            self._awaited = None
            self.fail(reason)

        self.ask(f"{self.kind}-place", lambda session: session.place(wanted, record), found, failed)

    def deliver(self, ask: Ask, rows: Sequence[Any]) -> bool:
        coming = self._awaited is not None and self._keep_id == self._awaited
        taken = super().deliver(ask, rows)
        if taken and coming and self._keep_id is None:
            self._awaited = None
            self.cursor_moved()
        return taken

    def clear(self) -> None:
        """Shows no rows."""
        self.listing = self._awaited = None
        self.clear_marks()
        self.reset(keep_rows=False)
        self.empty("")

    @property
    def sought(self) -> str:
        """The filter, where it can be understood; empty without one."""
        return "" if self.listing is None or self._fault else self.listing.search

    @property
    def found(self) -> str:
        """How many rows the filter leaves, of how many, or why it cannot be understood; empty without a filter."""
        if self._fault:
            return self._fault
        if self.listing is None or not self.listing.search:
            return ""
        of = "" if self.unfiltered is None else f" of {number(self.unfiltered)}"
        if self._matches is not None:
            return f"{number(self._matches)}{of}"
        return "" if self._at_least is None else f"at least {number(self._at_least)}{of}"

    def _begin_anew(
        self,
        *,
        keep_rows: bool = True,
        keep: int | None = None,
        in_place: bool = False,
        at: int | None = None,
        matches: int | None = None,
    ) -> None:
        """Reads the list anew. ``matches`` is how many rows there are, where that is known already."""
        assert self.listing is not None
        search = self.listing.search
        self.empty_text = "Nothing matches. Esc clears the filter." if search else self.nothing()
        if not search and self._denied:
            self._say_wall()
        self._matches = self._at_least = None
        generation = self.reset(keep_rows=keep_rows, keep_cursor_id=keep, in_place=in_place, at=at)
        wanted, asked_by = self.listing, self.ringfence.session

        def at_least(found: int) -> None:
            if self.generation == generation and self.ringfence.session is asked_by:
                self._at_least = found
                if self._on_total:
                    self._on_total()

        def so_far(found: int) -> None:
            self.post_message(Answered(lambda: at_least(found)))

        def counted(total: int) -> None:
            if self.set_total(total, generation):
                self._matches = total
                if not search:
                    self.unfiltered = total
                if self._on_total:
                    self._on_total()
                if not total:
                    self.cursor_moved()  # what needs rows is off

        if matches is not None:
            counted(matches)
        else:
            told = partial(counting, so_far, lambda: self.awaits_rows)
            self.ask(f"{self.kind}-count", lambda session: session.count(wanted, told()), counted, self.fail)

    def nothing(self) -> str:
        """Why there are no rows."""
        profile = self.ringfence.profile
        if profile is not None and profile.reason:
            return f"{profile.name} sees nothing: {profile.reason}."
        name, kind = profile.name if profile else "this user", self.kind.replace("-", " ")
        kind = f"{self.only[0]} {kind}" if self.only is not None else kind
        return f"{self._denied}." if self._denied else f"No {kind} here that {name} may see.{self._how_to_begin()}"

    @property
    def _denied(self) -> str:
        """Why there can be none, whatever there is: whoever looks may list none."""
        profile = self.ringfence.profile
        return why_not_list(self.ringfence.rights, self.kind, profile.name if profile else "this user")

    def _say_wall(self) -> None:
        """Says, as soon as that is known, where the way to such records ends."""
        from ringfence.domain.registry import kind_named

        permission, said = kind_named(self.kind).permission, self.empty_text

        def known(wall: str) -> None:
            if self.empty_text == said:
                self.empty_text = f"{said.rstrip('.')}: {wall}."
                if self.state == "empty":
                    self.empty(self.empty_text)

        self.ask(f"{self.kind}-wall", lambda session: session.why_nothing(permission), known, lambda _: None)

    def _how_to_begin(self) -> str:
        """A line that says by which keys there come to be some; empty for those who may make none."""
        from ringfence.console.commands.command import display
        from ringfence.console.commands.records import ASSIGN, NEW

        edits, screen = self.edits, cast("CommandScreen", self.screen)
        if edits is None or screen.read_only:
            return ""
        ways = [(ASSIGN, "in the tree assigns some")] if self.home is not None else []
        ways = [(one, said) for one, said in (*ways, (NEW, "here makes one")) if one in edits.commands]
        told = [f"{display(self.ringfence.keys_of(one))} {said}" for one, said in ways if not one.denied(screen, edits)]
        return f"\n{', '.join(told)}." if told else ""

    def on_windowed_list_wanted(self, message: RecordTable.Wanted) -> None:
        """Asks for rows that are about to be on screen."""
        message.stop()
        wanted = self.listing
        if wanted is None:
            return
        ask = message.ask
        self.ask(
            f"{self.kind}-rows",
            lambda session: session.rows(wanted, part_of(ask)),
            lambda rows: self.deliver(ask, rows),
            self.fail,
        )

    def on_record_table_sort_requested(self, message: RecordTable.SortRequested) -> None:
        """Sorts by a column, the other way round when it is sorted by it already."""
        message.stop()
        if self.listing is None:
            return
        column, descending = self.sort or ("name", False)
        self.sort = (message.column_id, message.column_id == column and not descending)
        self.listing = self.listing._replace(sort=self.sort[0], descending=self.sort[1])
        self._begin_anew(matches=self._matches)  # in whatever order, there are as many

    @on(RecordTable.RangeMarked)
    def mark_all_between(self, message: RecordTable.RangeMarked) -> None:
        """Marks the rows of a range that the table does not hold."""
        message.stop()
        from ringfence.services.records import Part

        wanted = self.listing
        size = message.last - message.first + 1
        if wanted is None:
            return
        if size > _MARK_LIMIT:
            self.notify(f"A range marks {number(_MARK_LIMIT)} rows at most.", markup=False, severity="warning")
            return
        then = message.then
        part = Part(size, skip=message.first)

        def found(rows: tuple[Record, ...]) -> None:
            self.leave_range()
            self.mark([row.id for row in rows])
            then()

        self.ask(f"{self.kind}-range", lambda session: session.rows(wanted, part), found)


def why_not(kind: str, text: str) -> str:
    """In a few words, why a filter of lists of a kind cannot be understood; empty where it can."""
    from ringfence.domain.filter import fault, named
    from ringfence.domain.registry import kind_named

    return fault(named(kind_named(kind)), text)


def list_of(kind: Kind, made: type[RecordList] = RecordList, **options: Any) -> RecordList:
    """The list of a kind, ``made`` as it is declared to be shown: the newest first, where it goes by time."""
    from ringfence.console.cells.records import cells, columns
    from ringfence.domain import display

    ages = any(one.age for one in display.columns(kind))
    sort = kind.sort, kind.sort in kind.moments
    return made(kind.name, columns(kind), cells(kind), sort=sort, ages=ages, **options)


def part_of(ask: Ask) -> Part:
    """A window's request in the services' words."""
    from ringfence.services.records import Part

    after = (str(ask.after[0]), int(ask.after[1])) if ask.after else None
    before = (str(ask.before[0]), int(ask.before[1])) if ask.before else None
    return Part(ask.count, after, before, ask.from_end, ask.skip)
