"""The rows of a sheet, and where they would come to: nothing below itself, and nowhere more than there is room for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Connection

from ringfence.changes import quota
from ringfence.changes.authority import Authority
from ringfence.changes.edits import Edit
from ringfence.domain.errors import Refused
from ringfence.domain.kind import Kind, State
from ringfence.domain.text import fold

_SHOWN: Final = 60
_BELOW_ITSELF: Final = "a customer cannot be put below itself"


@dataclass(slots=True, eq=False)
class Row:
    """A row on its way: ``at`` says where in the sheet it is. ``id`` is the record's, or the negative number of a new
    one; ``node`` is where it belongs, or is to. ``placed`` says that this is known, ``lost`` that its record is not."""

    of: Kind
    line: int
    at: str
    cells: Mapping[str, str]
    after: State
    faults: list[str] = field(default_factory=list)
    id: int = 0
    revision: int = 0
    before: State | None = None
    node: int = 0
    placed: bool = False
    lost: bool = False

    def wrong(self, what: str, name: str = "") -> None:
        """Says what is wrong, with which of the columns."""
        said = f"{self.at}: {name}: {what}" if name else f"{self.at}: {what}"
        if said not in self.faults:
            self.faults.append(said)

    def refused(self, refusal: Refused) -> None:
        """Says that it would be refused."""
        self.wrong(str(refusal), refusal.field)

    @property
    def changes(self) -> bool:
        """Whether anything would be different."""
        return self.after != self.before

    @property
    def edit(self) -> Edit:
        """What saving it does."""
        return Edit(self.of.noun, self.id, self.before, self.after, self.revision)


def plain(kind: Kind) -> tuple[str, ...]:
    """The columns of a sheet that hold what they say."""
    return tuple(name for name in kind.exported if name != "key" and not kind.fields[name].refers)


def belongs(kind: Kind) -> Callable[[Any], int]:
    """Reads where a record of a kind belongs."""
    found: Callable[[Any], int] = attrgetter(kind.node.name)
    return found


def compared(kind: Kind, text: str) -> str:
    """What is unique of a kind's records, as it is compared."""
    return fold(text) if kind.texts[kind.unique].folded else text


def shown(text: str) -> str:
    """What a cell holds, in quotes; cut where it is long."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def hang(rows: Iterable[Row], by_id: Mapping[int, Row]) -> bool:
    """Finds those of the rows that are bad since what they would belong to is made by a row that is bad; whether there
    are any."""
    below: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if row.node < 0:
            below[row.node].append(row)
    bad = [by_id[node] for node in below if by_id[node].faults]
    found = False
    while bad:
        above = bad.pop()
        for row in below.get(above.id, ()):
            if not row.faults:
                row.wrong(f"{above.at} would make what it belongs to, and is not taken", row.of.node.name)
                bad.append(row)
                found = True
    return found


class Places:
    """Where the rows come to, all of them together. ``authority`` has the paths of what they name."""

    def __init__(self, connection: Connection, authority: Authority, kind: Kind, rows: Sequence[Row]) -> None:
        self.connection = connection
        self.authority = authority
        self.of = kind
        self.rows = rows
        self.by_id = {row.id: row for row in rows}
        self.node = belongs(kind)

    def loops(self) -> bool:
        """Finds the rows by which something would belong to itself, by however many steps; whether there are any."""
        moved = self._moved(row for row in self.rows if row.placed and not row.faults and _comes(row, self.node))
        above = self._above(moved, moved)
        settled: set[int] = set()
        found = False
        for own in moved:
            way: dict[int, None] = {}
            while own and own not in settled and own not in way:
                way[own] = None
                own = above[own]
            for one in list(way)[list(way).index(own) :] if own in way else ():
                if one in moved:
                    self.by_id[one].wrong(_BELOW_ITSELF, self.of.node.name)
                    found = True
            settled.update(way)
        return found

    def overfill(self) -> bool:
        """Finds the rows for which there is no room, beside the others that are good; whether there are any."""
        coming = [row for row in self.rows if not row.faults and _comes(row, self.node)]
        moved = self._moved(coming)
        nodes = {row.node for row in coming} | {self.node(row.before) for row in coming if row.before is not None}
        above = self._above(nodes, moved)
        limits: defaultdict[int, list[quota.Overfull]] = defaultdict(list)
        for one in quota.overfull(
            self.connection, [self.authority.tenant_id], (node for node in above if node > 0), every=True
        ):
            limits[one.customer_id].append(one)
        if not limits:
            return False
        takes = self._takes(coming)
        limited: dict[int, Mapping[tuple[int, str], quota.Overfull]] = {0: {}}
        for node in above:
            way = []
            while node not in limited:
                way.append(node)
                node = above[node]
            for own in reversed(way):
                its = {(own, one.field): one for one in limits.get(own, ())}
                limited[own] = {**limited[above[own]], **its} if its else limited[above[own]]
        room = {(one.customer_id, one.field): one.limit - one.count for some in limits.values() for one in some}
        going = [
            (row, limited[self.node(row.before) if row.before is not None else 0], limited[row.node], takes[row.id])
            for row in coming
        ]
        for _, gone, there, taken in going:
            for limit in gone:
                if limit not in there:
                    room[limit] += taken.get(limit[1], 0)
        seen = quota.seen_by(self.authority.own)
        found = False
        for row, gone, there, taken in going:
            entered = [(limit, taken.get(limit[1], 0)) for limit in there if limit not in gone]
            full = next((limit for limit, count in entered if count > max(0, room[limit])), None)
            if full is not None:
                row.wrong(quota.full(there[full], seen), self.of.node.name)
                found = True
                continue
            for limit, count in entered:
                room[limit] -= count
        return found

    def _takes(self, rows: Sequence[Row]) -> Mapping[int, Mapping[str, int]]:
        """What each of the rows takes of each limit."""
        one = {quota.COUNTED.get(self.of.noun, ""): 1}
        found: dict[int, Mapping[str, int]] = {row.id: one for row in rows}
        if self.of.is_customer:
            there = (row.id for row in rows if row.id > 0)
            found.update(quota.filling(self.connection, self.authority.tenant_id, there))
        return found

    # The tree, as it would be.

    def _moved(self, rows: Iterable[Row]) -> Mapping[int, int]:
        """What customers come to stand below, by these rows."""
        return {row.id: row.node for row in rows} if self.of.is_customer else {}

    def _above(self, nodes: Iterable[int], moved: Mapping[int, int]) -> dict[int, int]:
        """What each of these nodes, and of those above them, would stand below: 0 for the root."""
        found: dict[int, int] = {}
        now: dict[int, int] = {}
        for node in nodes:
            while node and node not in found:
                if node not in moved and node not in now:
                    now.update((own, parent) for parent, own in pairwise(_chain(self.authority.paths.get(node, ""))))
                found[node] = moved.get(node) or now.get(node, 0)
                node = found[node]
        return found


def _comes(row: Row, node: Callable[[Any], int]) -> bool:
    return row.before is None or node(row.before) != row.node


def _chain(path: str) -> list[int]:
    """The customers from the root down."""
    return [int(step, 36) for step in path.strip("/").split("/") if step]
