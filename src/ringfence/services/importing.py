"""Devices out of a sheet: what each row asks for, everything that is wrong with any of them, and the change to save."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from ringfence.changes.applying import Progress
from ringfence.changes.authority import Authority
from ringfence.changes.edits import Edit
from ringfence.domain import clock, limits
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES, DeviceState
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.domain.site import SITES
from ringfence.domain.text import fold
from ringfence.services import previewing
from ringfence.services.choices import home_of_new
from ringfence.services.import_rows import TEXTS, Row, check, halved, shown
from ringfence.services.records import UserDifference
from ringfence.services.sheets import mangled, read_rows
from ringfence.storage.bulk import any_of, uncollected
from ringfence.storage.tables import Customer, Site
from ringfence.visibility.point import among, called
from ringfence.visibility.reach import read_reaches
from ringfence.visibility.viewer import Sight, Viewer

COLUMNS: Final = ("key", "customer", "site", "name", "unit_id", "kind", "notes")
"""What a sheet may have, as an export has it."""
NAMING: Final = ("key", "unit_id", "name")
"""Of these it has at least one: they say which devices are meant."""
MOST_BYTES: Final = 256 * 2**20

TRIED: Final = 20_000
"""So many edits are also tried as a whole, in a transaction that is rolled back. More of them would take as long as
saving does, and what is checked before knows of every refusal."""
_TRIES: Final = 64
_PLACES: Final = ("customer", "site")
_IDS: Final = ("key", "unit_id", *_PLACES)
_AS_IT_IS: Final = 0
_WIDEST: Final = 40
_STATE: Final = ("id", "revision", "customer_id", "name", "unit_id", "kind", "site_id", "notes", "key")


@dataclass(frozen=True, slots=True)
class Share:
    """What comes to one customer, and what of it changes; ``name`` is empty where the viewer does not see it."""

    name: str
    new: int
    changed: int


@dataclass(frozen=True, slots=True)
class Import:
    """A sheet read: ``edits`` are those of the good rows, ``faults`` everything that is wrong, by line, and
    ``warnings`` about ids that a spreadsheet may have changed.

    ``new``, ``changed``, ``unchanged`` and ``bad`` count rows, ``unread`` those that are not taken because the sheet
    cannot be read to its end: of such a one nothing is taken. ``customers`` tells of the first two, by name. ``users``
    are those who gain or lose by it, where there is so little of it that it was tried.
    """

    edits: tuple[Edit, ...] = ()
    faults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: int = 0
    unread: int = 0
    customers: tuple[Share, ...] = ()
    users: tuple[UserDifference, ...] | None = None

    @property
    def good(self) -> int:
        """How many rows may be taken, if only to be left as they are."""
        return self.new + self.changed + self.unchanged


def read(viewer: Viewer, source: bytes, customer: int | None = None, progress: Progress | None = None) -> Import:
    """What importing a sheet would do. New devices belong to ``customer`` where their row names none; without it, to
    the topmost one at which the viewer may make devices.

    A row is about the device with its ``key``, or else with its ``unit_id``, where the viewer sees one; otherwise it
    makes a new one. Of an existing device only the columns that are there change: an empty cell empties the field, but
    leaves the device with its customer, and on a site that the viewer does not see. Customers and sites are named by
    their key, or by a name that only one of them has. What is hidden is told as what is not there.

    Raises Refused for a customer whom the viewer may not see, Conflict where somebody changes a device meanwhile, and
    what ``progress`` raises.
    """
    told = progress or _silent
    told("Reading the sheet", 0, 0)
    if len(source) > MOST_BYTES:
        return Import(faults=(f"the sheet is larger than {MOST_BYTES // 2**20} MB: cut it into several",))
    with uncollected(source.count(b"\n")):
        return _read(viewer, source, customer, told)


def _read(viewer: Viewer, source: bytes, customer: int | None, told: Progress) -> Import:
    sheet = read_rows(source, COLUMNS, ())
    rows = [Row(line, cells) for line, cells in sheet.rows]
    if rows and not any(name in rows[0].cells for name in NAMING):
        return Import(faults=(f"the header names none of {', '.join(NAMING)}: say which devices are meant",))
    home = (customer, "") if customer is not None else home_of_new(viewer, "device.create")
    with viewer.look(CUSTOMERS.permission, DEVICES.permission, SITES.permission) as sight:
        if customer is not None and not among(sight, CUSTOMERS.permission, CUSTOMERS, [customer]):
            raise Refused("choose a customer that you may see", "customer")
        own = read_reaches(sight.connection, [viewer.user_id], clock.now()).get(viewer.user_id)
        if own is None or not own.grants.active:
            raise Refused("you have been deactivated: nothing was changed")
        _Meaning(sight, rows, told).find(home[0] if home is not None else None)
        check(sight, Authority(sight.connection, sight.tenant_id, viewer.user_id, own), rows, told)
        customers = {row.after.customer for row in rows if row.changes and not row.faults}
        names = {row.id: row.name for row in among(sight, CUSTOMERS.permission, CUSTOMERS, sorted(customers))}
    users = _try(viewer, [row for row in rows if row.changes and not row.faults], told)
    faults = [(row.line, fault) for row in rows for fault in row.faults]
    bad = sum(bool(row.faults) for row in rows) + (len(sheet.faults) if rows or sheet.unread else 0)
    good = [row for row in rows if not row.faults]
    unread = 0
    if sheet.faults:
        faults += ((_line(fault), fault) for fault in sheet.faults)
        last = _line(sheet.faults[-1])
        if sheet.unread:
            unread = sheet.unread + len(good)
            said = "behind this nothing was read, so that nothing of the sheet is taken: put this right first"
            faults.append((last, f"line {last}: {said}"))
            good = []
    changing = [row for row in good if row.changes]
    new = sum(row.before is None for row in changing)
    return Import(
        tuple(row.edit for row in changing),
        tuple(fault for _, fault in sorted(faults, key=lambda one: one[0])),
        tuple(_warnings(rows)),
        new,
        len(changing) - new,
        len(good) - len(changing),
        bad,
        unread,
        _shares(changing, names),
        users if changing else (),
    )


def source_of(path: Path) -> bytes:
    """What is in a file, or enough of it to see that it is too large. Raises RingfenceError where it cannot be read."""
    try:
        if not path.is_file():
            raise RingfenceError(f"{path} is {'a folder' if path.is_dir() else 'no file'}")
        with path.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise RingfenceError(f"{path} cannot be read: {error.strerror or error}") from error


def said(found: Import) -> str:
    """How many rows become what, in one sentence."""
    rows = found.good + found.bad + found.unread
    if found.faults and not rows:
        return "no row could be read"
    counts = (
        *(("new", found.new), ("changed", found.changed), ("unchanged", found.unchanged)),
        *(("bad", found.bad), ("not taken", found.unread)),
    )
    parts = [f"{count:,} {what}" for what, count in counts if count]
    return f"{rows:,} {'row' if rows == 1 else 'rows'}{': ' if parts else ''}{', '.join(parts)}"


def report(found: Import, name: str, who: str, when: datetime, change: int) -> str:
    """What was loaded from a file, to be copied: when, by whom, how many, where to, and all that was left out.

    ``change`` is its number in the audit. Control characters are made ``?``.
    """
    lines = [
        f"Devices imported from {name}",
        f"{when:%Y-%m-%d %H:%M:%S %Z} by {who}, change {change} of the audit",
        said(found),
        *("", *said_where(found)),
        *(("", "Left out:", *found.faults) if found.faults else ()),
        *(("", "To be looked at:", *found.warnings) if found.warnings else ()),
    ]
    return "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in lines)


def said_where(found: Import) -> list[str]:
    """What comes to each customer and changes there, a line each."""
    names = [share.name or "a customer that you do not see" for share in found.customers]
    width = min(_WIDEST, max(map(len, names), default=0))
    lines = []
    for name, share in zip(names, found.customers, strict=True):
        counts = [f"{count:,} {what}" for what, count in (("new", share.new), ("changed", share.changed)) if count]
        lines.append(f"{name:<{width}}  {', '.join(counts)}")
    return lines


def _silent(_step: str, _done: int, _of: int) -> None:
    pass


class _Meaning:
    """What the rows of a sheet mean to one viewer, in one transaction."""

    def __init__(self, sight: Sight, rows: Sequence[Row], progress: Progress) -> None:
        self.sight = sight
        self.connection = sight.connection
        self.rows = rows
        self.progress = progress
        self.sites: defaultdict[tuple[int, str, str], set[int]] = defaultdict(set)
        """The visible sites by customer, ``key`` or ``name``, and what that is."""
        self.seen: frozenset[int | None] = frozenset()
        """The sites on which devices stand, as far as they are visible."""

    def find(self, home: int | None) -> None:
        """Finds the devices, customers and sites that rows name, and with them what each device would be."""
        self.progress("Looking for the devices", 0, len(self.rows))
        self._devices()
        self.progress("Looking for customers and sites", 0, len(self.rows))
        self._customers(home)
        self._sites()
        for row in self.rows:
            self._state(row)

    def _devices(self) -> None:
        """Finds what each row is about."""
        named = [_named(row.cells) for row in self.rows]
        names = {name for _, name in named if name and len(name) <= limits.KEY}
        ids = {row.id for row in called(self.sight, DEVICES.permission, names, DEVICES.permission)}
        known: dict[tuple[str, str], Any] = {}
        for one in among(self.sight, DEVICES.permission, DEVICES, list(ids), _STATE):
            known["key", one.key] = known["unit_id", one.unit_id] = one
        for number, (row, (column, name)) in enumerate(zip(self.rows, named, strict=True), 1):
            found = known.get((column, name)) if name else None
            if found is not None:
                row.id, row.revision, *state = found
                row.before = DeviceState(*state)
                continue
            row.id = -number
            row.lost = (bool(name) and column == "key") or "name" not in row.cells
            if row.lost:
                row.wrong(f"there is no device {shown(name)}" if name else "say which device is meant", column)

    def _customers(self, home: int | None) -> None:
        """Finds whose each device is, or is to be."""
        known = self._called()
        for row in self.rows:
            now = row.before.customer if row.before is not None else None
            cell = row.cells.get("customer", "")
            place = home if now is None else now
            if cell:
                chosen = known.get(cell, set())
                place = now if now in chosen else next(iter(chosen)) if len(chosen) == 1 else None
                if not chosen:
                    row.wrong(f"there is no customer {shown(cell)}", "customer")
                elif place is None:
                    row.wrong(f"there is more than one customer {shown(cell)}: give the key", "customer")
            elif place is None and not row.lost:
                row.wrong("say whose it is: nowhere else may you make devices", "customer")
            row.placed = place is not None and not row.lost
            row.after = DeviceState(place or 0, "")

    def _called(self) -> dict[str, set[int]]:
        """The visible customers that cells name: the one with that key, or else all with that name."""
        cells = {cell for row in self.rows if (cell := row.cells.get("customer", ""))}
        if not cells:
            return {}
        folded = {cell: fold(cell) for cell in cells}
        keys: dict[str, set[int]] = {}
        names: defaultdict[str, set[int]] = defaultdict(set)
        for column, values in ((Customer.key, cells), (Customer.search_key, set(folded.values()))):
            query = select(Customer.id).where(Customer.tenant_id == self.sight.tenant_id)
            ids = self.connection.execute(query.where(any_of(self.connection, column, values))).scalars().all()
            for found in among(self.sight, CUSTOMERS.permission, CUSTOMERS, ids, ("id", "key", "search_key")):
                keys[found.key] = {found.id}
                names[found.search_key].add(found.id)
        return {cell: keys.get(cell) or names.get(name, set()) for cell, name in folded.items()}

    def _sites(self) -> None:
        """Finds the sites of the customers that devices come to, and which of those that they stand on are visible."""
        naming = {row.after.customer for row in self.rows if row.placed and row.cells.get("site")}
        stood: set[int] = set()
        for row in self.rows:
            if row.before is not None and row.before.site is not None and "site" in row.cells:
                stood.add(row.before.site)
        if naming:
            query = select(Site.id).where(any_of(self.connection, Site.customer_id, naming))
            ids = self.connection.execute(query).scalars().all()
            for found in among(self.sight, SITES.permission, SITES, ids, ("id", "key", "search_key", "customer_id")):
                self.sites[found.customer_id, "key", found.key].add(found.id)
                self.sites[found.customer_id, "name", found.search_key].add(found.id)
        self.seen = frozenset(row.id for row in among(self.sight, SITES.permission, SITES, sorted(stood), ("id",)))

    def _state(self, row: Row) -> None:
        """Puts a row's cells upon what its device is now."""
        before, cells, customer = row.before, row.cells, row.after.customer
        values: dict[str, Any] = {}
        for name in TEXTS:
            if name in cells:
                text = re.sub("\r\n?", "\n", cells[name]) if name == "notes" else cells[name]
                if before is None or text != getattr(before, name).strip():  # no sheet tells the two apart
                    values[name] = text
        if row.placed and "site" in cells:
            site = self._site(row, customer, cells["site"])
            if site != _AS_IT_IS:
                values["site"] = site
        if before is not None:
            moved = customer if row.placed else before.customer
            row.after = replace(before, customer=moved, **values) if values or moved != before.customer else before
        else:
            row.after = DeviceState(customer, values.pop("name", ""), **values)

    def _site(self, row: Row, customer: int, cell: str) -> int | None:
        """The site that a cell names, none, or the one that the device stands on already."""
        now = row.before.site if row.before is not None and row.before.customer == customer else None
        if not cell:
            return _AS_IT_IS if now is not None and now not in self.seen else None
        found = self.sites.get((customer, "key", cell)) or self.sites.get((customer, "name", fold(cell)), set())
        if now in found:
            return _AS_IT_IS
        if len(found) == 1:
            return next(iter(found))
        many = f"there is more than one site {shown(cell)} at this customer: give the key"
        row.wrong(many if found else f"there is no site {shown(cell)} at this customer", "site")
        return _AS_IT_IS


def _named(cells: Mapping[str, str]) -> tuple[str, str]:
    """The column that says which device a row is about, and what it says."""
    column = "key" if cells.get("key") or "unit_id" not in cells else "unit_id"
    return column, cells.get(column, "")


def _try(viewer: Viewer, rows: Sequence[Row], progress: Progress) -> tuple[UserDifference, ...] | None:
    """Tries to save the rows, as far as they are few enough, and says who would gain or lose by it. Should something be
    refused of which is not known here, the rows that are to blame are looked for."""
    users: tuple[UserDifference, ...] | None = None

    def demand(some: Sequence[Row]) -> None:
        nonlocal users
        found = previewing.preview(viewer, [row.edit for row in some], progress)
        if found.refusal:
            raise Refused(found.refusal, found.field)
        users = found.users

    if len(rows) > TRIED:
        return None
    for row, refusal in halved(rows, demand, _TRIES):
        row.refused(refusal)
    good = [row for row in rows if not row.faults]
    if good and len(good) < len(rows):  # each of them for itself, and not beside the others
        for row, refusal in halved(good, demand, 1):
            row.refused(refusal)
    return users


def _line(fault: str) -> int:
    found = re.match(r"line (\d+)", fault)
    return int(found[1]) if found else 0


def _warnings(rows: Sequence[Row]) -> Iterator[str]:
    """Tells of ids that look as if a spreadsheet had changed them, but for those that there are."""
    for row in rows:
        for name in _IDS:
            cell = row.cells.get(name, "")
            there = row.before is not None and cell in (row.before.key if name == "key" else row.before.unit_id, "")
            if said := "" if there or (name in _PLACES and not row.faults) else mangled(cell):
                yield f"line {row.line}: {name}: {shown(cell)} {said}: make its column text before you type or paste"


def _shares(rows: Sequence[Row], names: Mapping[int, str]) -> tuple[Share, ...]:
    new = Counter(row.after.customer for row in rows if row.before is None)
    changed = Counter(row.after.customer for row in rows if row.before is not None)
    ids = sorted({*new, *changed}, key=lambda own: (fold(names.get(own, "")), own))
    return tuple(Share(names.get(own, ""), new[own], changed[own]) for own in ids)
