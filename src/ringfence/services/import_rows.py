"""The rows of a sheet of devices, once it is known what they mean: which of them could not be saved, and why.

What one row alone does wrong is asked of whoever refuses it when it is saved; what rows do to each other and to devices
beside them is worked out here, for all of them at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from sqlalchemy import select

from ringfence.changes.applying import Progress
from ringfence.changes.authority import Authority
from ringfence.changes.edits import Edit, changed
from ringfence.changes.placing import placed
from ringfence.changes.quota import counted, seen_by
from ringfence.changes.validity import demand_sound
from ringfence.domain.device import DeviceState
from ringfence.domain.errors import Refused
from ringfence.storage.bulk import any_of
from ringfence.storage.tables import Customer, Device
from ringfence.visibility.intervals import nested
from ringfence.visibility.reach import measure
from ringfence.visibility.viewer import Sight

T = TypeVar("T")

TEXTS: Final = ("name", "unit_id", "kind", "notes")
"""The fields that hold what stands in a cell."""
_ASKED: Final = ("device.list", "device.view", "device.create", "device.edit", "device.assign", "site.list")
"""The permissions that decide over a device, and over the site it stands on."""


_SHOWN: Final = 60
_NOTHING: Final = DeviceState(0, "")


@dataclass(slots=True, eq=False)
class Row:
    """A row on its way. ``id`` is the device's, or the negative number of a new one. ``placed`` says that its customer
    is known, ``lost`` that its device is not."""

    line: int
    cells: Mapping[str, str]
    faults: list[str] = field(default_factory=list)
    id: int = 0
    revision: int = 0
    before: DeviceState | None = None
    after: DeviceState = _NOTHING
    placed: bool = False
    lost: bool = False

    def wrong(self, what: str, name: str = "") -> None:
        """Says what is wrong, with which of the columns."""
        said = f"line {self.line}: {name}: {what}" if name else f"line {self.line}: {what}"
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
        return Edit("device", self.id, self.before, self.after, self.revision)


def check(sight: Sight, authority: Authority, rows: Sequence[Row], progress: Progress) -> None:
    """Finds everything that is wrong with any row."""
    _Checking(sight, authority, rows, progress).run()


class _Checking:
    def __init__(self, sight: Sight, authority: Authority, rows: Sequence[Row], progress: Progress) -> None:
        self.connection = sight.connection
        self.tenant_id = sight.tenant_id
        self.authority = authority
        self.rows = rows
        self.progress = progress
        self.by_id = {row.id: row for row in rows}
        self.fresh = {row: names for row in rows if (names := _given(row))}
        """The fields to which rows give a new value."""
        self.holders = self._holders()
        """The device that has a unit id, of those that are newly given."""
        self.numbers = {row.after.unit_id: row.id for row in self.fresh} | self.holders
        """A device for each unit id, whoever wants it."""
        self.waiting: defaultdict[int, list[Row]] = defaultdict(list)
        """The rows that want a unit id, by the device that has it."""

    def run(self) -> None:
        """Looks at what makes rows bad by themselves first, then at what bad rows leave to others, or do not."""
        steps = self._sound, self._doubled, self._permitted, self._taken, self._room
        for number, step in enumerate(steps):
            self.progress("Checking", number * len(self.rows) // len(steps), len(self.rows))
            step()

    def _holders(self) -> dict[str, int]:
        wanted = {row.after.unit_id for row, names in self.fresh.items() if "unit_id" in names} - {""}
        query = select(Device.unit_id, Device.id).where(any_of(self.connection, Device.unit_id, wanted))
        return dict(self.connection.execute(query.where(Device.tenant_id == self.tenant_id)).all()) if wanted else {}

    # A row by itself.

    def _sound(self) -> None:
        """No field holds what no field may hold."""
        bad = [row for row, _ in self._unsound(self.fresh.items())]
        for name in TEXTS:  # all that is wrong with a row, not only the first
            for row, refusal in self._unsound((row, (name,)) for row in bad if name in self.fresh[row]):
                row.refused(refusal)

    def _unsound(self, rows: Iterable[tuple[Row, Sequence[str]]]) -> Iterator[tuple[Row, Refused]]:
        """The rows that hold in one of these fields what none may."""
        looked_at: list[Row] = []

        def one_by_one() -> Iterator[Edit]:
            # Without what is looked at elsewhere: whose a device is, and whether another one has its unit id.
            for row, names in rows:
                looked_at[:] = [row]
                state = replace(row.after, customer=0, site=None)
                others: dict[str, Any] = {name: "" if getattr(state, name) else "-" for name in names}
                yield Edit("device", self.numbers[state.unit_id], replace(state, **others), state)
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
        """The viewer may do that to the device, where it is and where it would be. Asked once for all that are alike:
        where it stands counts only for who reaches single sites."""
        rows = [row for row in self.rows if row.placed and row.changes]
        edits = placed(self.connection, [row.edit for row in rows], self.authority.own)
        self.authority.read_paths(edits)
        sites = any(self.authority.own.region(one).sites for one in _ASKED)

        def demand(some: Sequence[Edit]) -> None:
            self.authority.demand(some, ())

        alike: defaultdict[object, list[Row]] = defaultdict(list)
        first: dict[object, Edit] = {}
        for row, edit in zip(rows, edits, strict=True):
            like = _at(edit.before, sites), _at(edit.after, sites), edit.actions
            alike[like].append(row)
            if like not in first:
                first[like] = edit if sites else _nowhere(edit)
        for kind, some in alike.items():
            for _, refusal in halved([first[kind]], demand):
                for row in some:
                    row.refused(refusal)

    # What rows share.

    def _doubled(self) -> None:
        """No two rows are about one device, or want one unit id: nobody can say which of them is meant."""
        devices: defaultdict[int, list[Row]] = defaultdict(list)
        wanted: defaultdict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            if row.before is not None:
                devices[row.id].append(row)
        for row, names in self.fresh.items():
            if "unit_id" in names and row.after.unit_id and not row.lost:
                wanted[row.after.unit_id].append(row)
        for some in devices.values():
            for row, other in _others(some):
                row.wrong(f"line {other} is about the same device")
        for unit_id, some in wanted.items():
            for row, other in _others(some):
                row.wrong(f"line {other} has the unit id {shown(unit_id)} too", "unit_id")

    def _taken(self) -> None:
        """No row wants a unit id that another device keeps."""
        for row, names in self.fresh.items():
            holder = self.holders.get(row.after.unit_id) if "unit_id" in names and not row.lost else None
            if holder is not None and holder != row.id:
                self.waiting[holder].append(row)
        self._let_wait_no_more()

    def _let_wait_no_more(self) -> None:
        """A unit id is free once its device gets another one; whoever waits for a bad row waits in vain."""
        kept = [holder for holder in self.waiting if self._keeps(holder)]
        while kept:
            for row in self.waiting.pop(kept.pop(), ()):
                row.wrong(f"another device has the unit id {shown(row.after.unit_id)}", "unit_id")
                if row.id in self.waiting:
                    kept.append(row.id)

    def _keeps(self, device: int) -> bool:
        row = self.by_id.get(device)
        return row is None or bool(row.faults) or "unit_id" not in self.fresh.get(row, ())

    def _room(self) -> None:
        """Devices go to a customer, in the order of the sheet, as far as it and those above it have room."""
        while self._overfill():  # what does not go leaves no room where it is
            self._let_wait_no_more()

    def _overfill(self) -> bool:
        """Finds the rows for which there is no room, beside the others that are good; whether there are any."""
        coming = [row for row in self.rows if _comes(row)]
        nodes = {row.after.customer for row in coming} | {row.before.customer for row in coming if row.before}
        limited = self._limited(nodes)
        above = {node: [one for one in _chain(self.authority.paths[node]) if one in limited] for node in nodes}
        room = {one: limit.room for one, limit in limited.items()}
        steps = [(row, above[row.before.customer] if row.before else [], above[row.after.customer]) for row in coming]
        for _, gone, there in steps:
            for one in gone:
                room[one] += one not in there
        found = False
        for row, gone, there in steps:
            entered = [one for one in there if one not in gone]
            full = next((limited[one] for one in entered if room[one] <= 0), None)
            if full is not None:
                row.wrong(full.said, "customer")
                found = True
                continue
            for one in entered:
                room[one] -= 1
        return found

    def _limited(self, nodes: set[int]) -> dict[int, _Limit]:
        """The customers, at these or above them, that may have only so many devices."""
        steps = {step for node in nodes for step in _chain(self.authority.paths[node])}
        if not steps:
            return {}
        query = select(Customer.id, Customer.name, Customer.path, Customer.max_devices)
        query = query.where(Customer.max_devices.is_not(None), any_of(self.connection, Customer.id, steps))
        seen = seen_by(self.authority.own)
        found = {}
        rows: Any = self.connection.execute(query).all()
        for own, name, path, most in rows:
            said = "there is no room for more devices here: a limit above allows no more"
            if seen("device.list", path):
                number, below = counted("max_devices", most)
                said = f"there is no room for it: “{name}” may have at most {number}{below}"
            found[own] = _Limit(most - measure(self.connection, self.tenant_id, [nested(path)])[1], said)
        return found


@dataclass(frozen=True, slots=True)
class _Limit:
    room: int
    said: str


def halved(some: Sequence[T], demand: Callable[[Sequence[T]], None], most: int = 0) -> Iterator[tuple[T, Refused]]:
    """Those that are refused, each with the refusal, found by asking for halves: what is good is asked for as a whole.

    After ``most`` questions (0: however many it takes), what was not asked for counts as refused.
    """
    waiting = [some] if some else []
    asked = 0
    while waiting:
        part = waiting.pop()
        asked += 1
        try:
            demand(part)
        except Refused as refusal:
            if 0 < most <= asked:
                yield from ((one, refusal) for rest in (part, *waiting) for one in rest)
                return
            if len(part) == 1:
                yield part[0], refusal
            else:
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]


def shown(text: str) -> str:
    """What a cell holds, in quotes; cut where it is long."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _given(row: Row) -> tuple[str, ...]:
    if row.lost:
        return tuple(name for name in TEXTS if name in row.cells)
    if row.before is None:
        return TEXTS
    return tuple(name for name in changed(row.before, row.after) if name in TEXTS) if row.changes else ()


def _at(state: object, sites: bool) -> tuple[int, int | None] | None:
    return (state.customer, state.site if sites else None) if isinstance(state, DeviceState) else None


def _nowhere(edit: Edit) -> Edit:
    """The same, on no site."""
    before, after = (
        replace(state, site=None) if isinstance(state, DeviceState) else None for state in (edit.before, edit.after)
    )
    return replace(edit, before=before, after=after)


def _others(rows: Sequence[Row]) -> Iterator[tuple[Row, int]]:
    """Each of several rows, with the line of another one; nothing where there is but one."""
    if len(rows) > 1:
        for row in rows:
            yield row, rows[0].line if row is not rows[0] else rows[1].line


def _comes(row: Row) -> bool:
    return not row.faults and (row.before is None or row.before.customer != row.after.customer)


def _chain(path: str) -> list[int]:
    """The customers from the root down."""
    return [int(step, 36) for step in path.strip("/").split("/")]
