"""Records out of a sheet: what each row asks for, everything that is wrong with any of them, and the change to save."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ringfence.changes.applying import Progress
from ringfence.changes.authority import Authority
from ringfence.changes.edits import Edit
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.domain.kind import Kind, StateKind
from ringfence.domain.registry import EDITED
from ringfence.domain.text import fold
from ringfence.services import previewing
from ringfence.services.choices import home_of_new
from ringfence.services.edited import UserDifference
from ringfence.services.import_meaning import Meaning, references
from ringfence.services.import_places import Row, hang, shown
from ringfence.services.import_rows import check, halved
from ringfence.services.json_sheets import is_json, read_objects
from ringfence.services.sheets import Sheet, mangled, read_rows
from ringfence.storage.bulk import uncollected
from ringfence.visibility.point import among
from ringfence.visibility.strict import beyond
from ringfence.visibility.viewer import Viewer

MOST_BYTES: Final = 256 * 2**20

TRIED: Final = 20_000
"""So many edits are also tried as a whole, in a transaction that is rolled back. More of them would take as long as
saving does, and what is checked before knows of every refusal; but for kinds that others are tied to, by which somebody
may gain or lose: those are always tried."""
_TRIES: Final = 64
_WIDEST: Final = 40


@dataclass(frozen=True, slots=True)
class Share:
    """What comes to one customer, and what of it changes. What comes to those whom the viewer does not see is one
    share, without a name: which of it belongs together is not theirs to know."""

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


def read(
    viewer: Viewer,
    source: bytes,
    customer: int | None = None,
    progress: Progress | None = None,
    *,
    kind: StateKind,
) -> Import:
    """What importing a sheet would do, be it CSV or JSON. New records belong to ``customer`` where their row names
    none; without it, to the topmost one at which the viewer may make such.

    A row is about the record with its ``key``, or else with what else is unique of its kind (a device's unit id, a
    user's login), where the viewer sees one; otherwise it makes a new one. Of a record that is there only the columns
    that are there change: an empty cell empties the field, but leaves the record where it belongs, and what it refers
    to as far as the viewer does not see that. What is referred to is named by its key, or by a name that only one of
    them has. What is hidden is told as what is not there.

    Customers nest: the key of a row that is no visible customer's is what other rows name as their parent, for a new
    one which gets a key of its own.

    Raises Refused for a customer whom the viewer may not see, Conflict where somebody changes a record meanwhile, and
    what ``progress`` raises.
    """
    told = progress or _silent
    told("Reading the sheet", 0, 0)
    if len(source) > MOST_BYTES:
        return Import(faults=(f"the sheet is larger than {MOST_BYTES // 2**20} MB: cut it into several",))
    with uncollected(source.count(b"\n")):
        return _read(viewer, EDITED[kind], source, customer, told)


def _read(viewer: Viewer, kind: Kind, source: bytes, customer: int | None, told: Progress) -> Import:
    objects = is_json(source)
    sheet = read_objects(source, kind) if objects else read_rows(source, kind.exported, ())
    rows = [Row(kind, number, sheet.at(number), cells, kind.blank) for number, cells in sheet.rows]
    naming = tuple(filter(None, ("key", kind.unique, "name")))
    if rows and not any(name in row.cells for row in rows for name in naming):
        where, which = "no object" if objects else "the header", "any" if objects else "none"
        said = f"{where} names {which} of {', '.join(naming)}: say which {kind.several} are meant"
        return Import(faults=(said,))
    home = (customer, "") if customer is not None else home_of_new(viewer, kind.right("create"))
    referred = (EDITED[kind.fields[name].refers].permission for name in references(kind))
    with viewer.look(*dict.fromkeys((CUSTOMERS.permission, kind.permission, *referred))) as sight:
        if customer is not None and not among(sight, CUSTOMERS.permission, CUSTOMERS, [customer]):
            raise Refused("choose a customer that you may see", "customer")
        own = viewer.reach(sight.connection)
        if not own.grants.active:
            raise Refused("you have been deactivated: nothing was changed")
        Meaning(sight, kind, rows, told).find(home[0] if home is not None else None)
        with beyond(sight.connection):  # as a change meets what is hidden, too
            check(sight, Authority(sight.connection, sight.tenant_id, viewer.user_id, own), kind, rows, told)
        nodes = {row.node for row in rows if row.changes and not row.faults}
        names = {row.id: row.name for row in among(sight, CUSTOMERS.permission, CUSTOMERS, sorted(nodes))}
        names.update((row.id, row.after.name) for row in rows if row.id in nodes and row.before is None)
    users = _try(viewer, kind, [row for row in rows if row.changes and not row.faults], told)
    return _found(sheet, rows, names, users)


def _found(
    sheet: Sheet, rows: Sequence[Row], names: Mapping[int, str], users: tuple[UserDifference, ...] | None
) -> Import:
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
            faults.append((last, f"{sheet.at(last)}: {said}"))
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


def report(found: Import, name: str, who: str, when: datetime, change: int, *, kind: StateKind) -> str:
    """What was loaded from a file, to be copied: when, by whom, how many, where to, and all that was left out.

    ``change`` is its number in the audit. Control characters are made ``?``.
    """
    lines = [
        f"{EDITED[kind].several.capitalize()} imported from {name}",
        f"{when:%Y-%m-%d %H:%M:%S %Z} by {who}, change {change} of the audit",
        said(found),
        *("", *said_where(found)),
        *(("", "Left out:", *found.faults) if found.faults else ()),
        *(("", "To be looked at:", *found.warnings) if found.warnings else ()),
    ]
    return "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in lines)


def said_where(found: Import) -> list[str]:
    """What comes to each customer and changes there, a line each."""
    names = [share.name or "customers that you do not see" for share in found.customers]
    width = min(_WIDEST, max(map(len, names), default=0))
    lines = []
    for name, share in zip(names, found.customers, strict=True):
        counts = [f"{count:,} {what}" for what, count in (("new", share.new), ("changed", share.changed)) if count]
        lines.append(f"{name:<{width}}  {', '.join(counts)}")
    return lines


def _silent(_step: str, _done: int, _of: int) -> None:
    pass


def _try(viewer: Viewer, kind: Kind, rows: Sequence[Row], progress: Progress) -> tuple[UserDifference, ...] | None:
    """Tries to save the rows, as far as they are few enough, and says who would gain or lose by it. Should something be
    refused of which is not known here, the rows that are to blame are looked for."""
    users: tuple[UserDifference, ...] | None = None
    by_id = {row.id: row for row in rows}
    refused = False

    def demand(some: Sequence[Row]) -> None:
        nonlocal users, refused
        some = _with_above(some, by_id)
        edits = [] if hang(some, by_id) else [row.edit for row in some if not row.faults]
        if not edits:
            raise Refused("")  # they have been told
        found = previewing.preview(viewer, edits, progress)
        if found.refusal:
            refused = True
            raise Refused(found.refusal, found.field)
        users = found.users

    if len(rows) > TRIED and not kind.gathers:
        return None
    for row, refusal in halved(_in_turn(rows, by_id), demand, _TRIES):
        if not row.faults:
            row.refused(refusal)
    hang(rows, by_id)
    good = [row for row in rows if not row.faults]
    if good and refused:  # each of them for itself, and not beside the others
        for row, refusal in halved(good, demand, 1):
            row.refused(refusal)
    return users


def _with_above(rows: Sequence[Row], by_id: Mapping[int, Row]) -> Sequence[Row]:
    """Rows with those that make what they are to belong to."""
    if all(row.node >= 0 for row in rows):
        return rows
    found = {row.id: row for row in rows}
    for row in rows:
        while row.node < 0 and row.node not in found:
            row = by_id[row.node]
            found[row.id] = row
    return list(found.values())


def _in_turn(rows: Sequence[Row], by_id: Mapping[int, Row]) -> Sequence[Row]:
    """Rows that make what others are to belong to before those."""
    depths = {0: 0}
    for row in rows:
        way = [row]
        while way[-1].node < 0 and way[-1].node not in depths:
            way.append(by_id[way[-1].node])
        for one in reversed(way):
            depths[one.id] = depths[one.node] + 1 if one.node < 0 else 0
    return sorted(rows, key=lambda row: depths[row.id])


def _line(fault: str) -> int:
    found = re.match(r"(?:line|element) (\d+)", fault)
    return int(found[1]) if found else 0


def _warnings(rows: Sequence[Row]) -> Iterator[str]:
    """Tells of ids that look as if a spreadsheet had changed them, but for those that there are."""
    if not rows:
        return
    kind = rows[0].of
    unique = kind.unique
    named = (kind.node.name, *references(kind))
    columns = ("key", unique, *named) if unique else ("key", *named)
    for row in rows:
        for name in columns:
            cell = row.cells.get(name, "")
            there = row.before is not None and cell in (getattr(row.before, name) if name not in named else "", "")
            if said := "" if there or (name in named and not row.faults) else mangled(cell):
                yield f"{row.at}: {name}: {shown(cell)} {said}: make its column text before you type or paste"


def _shares(rows: Sequence[Row], names: Mapping[int, str]) -> tuple[Share, ...]:
    unseen = 0
    new, changed = Counter[int](), Counter[int]()
    for row in rows:
        (new if row.before is None else changed)[row.node if row.node in names else unseen] += 1
    ids = sorted({*new, *changed}, key=lambda own: (fold(names.get(own, "")), own))
    return tuple(Share(names.get(own, ""), new[own], changed[own]) for own in ids)
