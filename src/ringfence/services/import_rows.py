"""The rows of a sheet, once it is known what they mean: which of them could not be saved, and why.

What one row alone does wrong is asked of whoever refuses it when it is saved; what rows do to each other and to records
beside them is worked out here, for all of them at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import select

from ringfence.changes import ledger
from ringfence.changes.applying import Progress
from ringfence.changes.authority import Authority
from ringfence.changes.edits import Edit
from ringfence.changes.escalation import demand_users
from ringfence.changes.judging import Judge
from ringfence.changes.placing import placed
from ringfence.changes.validity import demand_sound
from ringfence.domain.errors import Refused
from ringfence.domain.kind import Kind, altered
from ringfence.domain.registry import PLACE
from ringfence.services.import_places import Places, Row, belongs, compared, hang, plain, shown
from ringfence.storage.bulk import any_of
from ringfence.visibility.reach import Reach, read_reaches
from ringfence.visibility.viewer import Sight

T = TypeVar("T")


def check(sight: Sight, authority: Authority, kind: Kind, rows: Sequence[Row], progress: Progress) -> None:
    """Finds everything that is wrong with any row."""
    _Checking(sight, authority, kind, rows, progress).run()


class _Checking:
    def __init__(self, sight: Sight, authority: Authority, kind: Kind, rows: Sequence[Row], progress: Progress) -> None:
        self.connection = sight.connection
        self.tenant_id = sight.tenant_id
        self.authority = authority
        self.of = kind
        self.rows = rows
        self.progress = progress
        self.by_id = {row.id: row for row in rows}
        self.plain = plain(kind)
        self.places = Places(self.connection, authority, kind, rows)
        self.unique = kind.unique
        self.label = kind.label(kind.unique)
        self.node = belongs(kind)
        self._stands: Callable[[Any], int | None] = attrgetter(kind.stands.name) if kind.stands else lambda _: None
        self.fresh = {row: names for row in rows if (names := self._given(row))}
        """The fields to which rows give a new value."""
        self.wanted = {
            row: wanted for row, names in self.fresh.items() if self.unique in names and (wanted := self._wanted(row))
        }
        """What is unique of them, where that is newly given."""
        self.holders = self._holders()
        """The record that has it."""
        self.numbers = {wanted: row.id for row, wanted in self.wanted.items()} | self.holders
        """A record for each, whoever wants it."""
        self.waiting: defaultdict[int, list[Row]] = defaultdict(list)
        """The rows that want what is unique, by the record that has it."""

    def run(self) -> None:
        """Looks at what makes rows bad by themselves first, then at what bad rows leave to others, or do not."""
        steps = self._sound, self._doubled, self._permitted, self._within, self._taken, self._room
        for number, step in enumerate(steps):
            self.progress("Checking", number * len(self.rows) // len(steps), len(self.rows))
            step()

    def _given(self, row: Row) -> tuple[str, ...]:
        if row.lost:
            return tuple(name for name in self.plain if name in row.cells)
        if row.before is None:
            return self.plain
        if not row.changes:
            return ()
        return tuple(name for name in self.plain if getattr(row.before, name) != getattr(row.after, name))

    def _wanted(self, row: Row) -> str:
        return compared(self.of, getattr(row.after, self.unique))

    def _holders(self) -> dict[str, int]:
        wanted = set(self.wanted.values())
        if not wanted:
            return {}
        mapped, folded = ledger.table(self.of.noun), self.of.texts[self.unique].folded
        column = getattr(mapped, folded or self.unique)
        query = select(column, mapped.id).where(any_of(self.connection, column, wanted))
        return dict(self.connection.execute(query.where(mapped.tenant_id == self.tenant_id)).all())

    # A row by itself.

    def _sound(self) -> None:
        """No field holds what no field may hold."""
        bad = [row for row, _ in self._unsound(self.fresh.items())]
        for name in self.plain:  # all that is wrong with a row, not only the first
            for row, refusal in self._unsound((row, (name,)) for row in bad if name in self.fresh[row]):
                row.refused(refusal)

    def _unsound(self, rows: Iterable[tuple[Row, Sequence[str]]]) -> Iterator[tuple[Row, Refused]]:
        """The rows that hold in one of these fields what none may."""
        looked_at: list[Row] = []
        nowhere: dict[str, Any] = {self.of.node.name: 0}
        if self.of.stands is not None:
            nowhere[self.of.stands.name] = None

        def one_by_one() -> Iterator[Edit]:
            # Without what is looked at elsewhere: where a record belongs, and whether another one has what is unique.
            for row, names in rows:
                looked_at[:] = [row]
                state = altered(row.after, **nowhere)
                own = self.numbers[self.wanted[row]] if row in self.wanted else row.id
                others: dict[str, Any] = {name: "" if getattr(state, name) else "-" for name in names}
                yield Edit(self.of.noun, own, altered(state, **others), state)
            looked_at.clear()

        edits: Any = one_by_one()
        while True:
            try:  # it goes no further than the first that it refuses, and then on behind that
                demand_sound(self.connection, self.tenant_id, edits)
            except Refused as refusal:
                if not looked_at:  # of all of them together: that is not to be
                    raise
                yield looked_at[0], refusal
            else:
                return

    def _permitted(self) -> None:
        """The viewer may do that to the record, where it is and where it would be. Asked once for all that are alike:
        where it stands counts only for who reaches single sites."""
        rows = [row for row in self.rows if row.placed and row.changes]
        edits = placed(self.connection, [row.edit for row in rows], self.authority.own)
        self.authority.read_paths(edits)
        actions = {action for edit in edits for action in edit.actions} | {"view"}
        asked = {self.of.permission, PLACE.permission, *map(self.of.right, actions)}
        sites = any(self.authority.own.region(one).sites for one in asked)

        def demand(some: Sequence[Edit]) -> None:
            self.authority.demand(some, ())

        itself = self.of.is_customer or (self.of.is_site and sites)
        node, stands = self.node, self._stands
        alike: defaultdict[object, list[Row]] = defaultdict(list)
        first: dict[object, Edit] = {}
        for row, edit in zip(rows, edits, strict=True):
            before, after = edit.before, edit.after
            assert after is not None
            like = (
                edit.id if before is not None and (itself or edit.id == self.authority.editor) else 0,
                before and node(before),
                before and sites and stands(before),
                node(after),
                sites and stands(after),
                edit.actions,
            )
            alike[like].append(row)
            if like not in first:
                first[like] = edit if sites else self._nowhere(edit)
        for kind, some in alike.items():
            for _, refusal in halved([first[kind]], demand):
                for row in some:
                    row.refused(refusal)

    def _within(self) -> None:
        """Nobody is changed who holds more than the viewer; of whom they may not change anyway, that is not said."""
        own = self.authority.own
        rows = {row.id: row for row in self.rows if row.placed and row.changes and not row.faults}
        touched = Judge(self.authority, own.at).touched(row.edit for row in rows.values())
        alike: defaultdict[object, list[Reach]] = defaultdict(list)
        for reach in read_reaches(self.connection, self.authority.tenant_id, touched, own.at).values():
            alike[reach.grants.potential().alike()].append(reach)
        for some in alike.values():
            for _, refusal in halved(some[:1], lambda one: demand_users(own, one, "this user already has")):
                for reach in some:
                    rows[reach.grants.user_id].refused(refusal)

    def _nowhere(self, edit: Edit) -> Edit:
        """The same, on no site."""
        field, states = self.of.stands, (edit.before, edit.after)
        if field is None or all(state is None or self._stands(state) is None for state in states):
            return edit
        before, after = (None if state is None else altered(state, **{field.name: None}) for state in states)
        return replace(edit, before=before, after=after)

    # What rows share.

    def _doubled(self) -> None:
        """No two rows are about one record, make one of one key, or want what is unique: nobody can say which of them
        is meant."""
        records: defaultdict[int, list[Row]] = defaultdict(list)
        keys: defaultdict[str, list[Row]] = defaultdict(list)
        wanted: defaultdict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            if row.before is not None:
                records[row.id].append(row)
            elif not row.lost and row.cells.get("key"):
                keys[row.cells["key"]].append(row)
        for row, name in self.wanted.items():
            if not row.lost:
                wanted[name].append(row)
        for some in records.values():
            for row, other in _others(some):
                row.wrong(f"{other.at} is about the same {self.of.said}")
        for key, some in keys.items():
            for row, other in _others(some):
                row.wrong(f"{other.at} has the key {shown(key)} too", "key")
        for some in wanted.values():
            for row, other in _others(some):
                said = shown(getattr(row.after, self.unique))
                row.wrong(f"{other.at} has the {self.label} {said} too", self.unique)

    def _taken(self) -> None:
        """No row wants what is unique and another record keeps: told to whoever may give it to any record at all."""
        regions = [self.authority.own.region(self.of.right(action)) for action in ("create", "edit")]
        holders = self.holders if any(region.nodes() for region in regions) else {}
        for row, wanted in self.wanted.items():
            holder = holders.get(wanted) if not row.lost else None
            if holder is not None and holder != row.id:
                self.waiting[holder].append(row)
        self._settle()

    def _settle(self) -> None:
        """What is unique is free once its record gets another; whoever waits for a bad row waits in vain, and so does
        whatever would belong to what it makes."""
        kept = [holder for holder in self.waiting if self._keeps(holder)]
        while kept:
            for row in self.waiting.pop(kept.pop(), ()):
                said = shown(getattr(row.after, self.unique))
                row.wrong(f"another {self.of.said} has the {self.label} {said}", self.unique)
                if row.id in self.waiting:
                    kept.append(row.id)
        if self.places.loops() or hang(self.rows, self.by_id):
            self._settle()

    def _keeps(self, record: int) -> bool:
        row = self.by_id.get(record)
        # Of what must be filled, none is ever free for a moment.
        filled = self.of.texts[self.unique].filled
        return filled or row is None or bool(row.faults) or self.unique not in self.fresh.get(row, ())

    def _room(self) -> None:
        """Records go to a customer, in the order of the sheet, as far as it and those above it have room."""
        while self.places.overfill():  # what does not go leaves no room where it is
            self._settle()


def halved(some: Sequence[T], demand: Callable[[Sequence[T]], None], most: int = 0) -> Iterator[tuple[T, Refused]]:
    """Those that are refused, each with the refusal, found by asking for halves: what is good is asked for as a whole.

    After ``most`` questions (0: however many it takes), what was not asked for counts as refused: with what was said of
    all that are left, where they were asked for together, or else as not tried.
    """
    waiting = [some] if some else []
    asked = 0
    while waiting:
        part = waiting.pop()
        asked += 1
        try:
            demand(part)
        except Refused as refusal:
            last = 0 < most <= asked
            if len(part) == 1 or (last and not waiting):
                yield from ((one, refusal) for one in part)
                part = ()
            if last:
                untried = Refused("too many rows are refused to try this one too: put those right first")
                yield from ((one, untried) for rest in (part, *waiting) for one in rest)
                return
            middle = len(part) // 2
            waiting += [rest for rest in (part[middle:], part[:middle]) if rest]


def _others(rows: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    """Each of several rows, with another one; nothing where there is but one."""
    if len(rows) > 1:
        for row in rows:
            yield row, rows[0] if row is not rows[0] else rows[1]
