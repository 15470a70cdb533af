"""Many devices to another customer at once: from what was typed or marked to the edits, and a report of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final, Literal

from sqlalchemy import Connection, select

from ringfence.changes.edits import Edit
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES, DeviceState
from ringfence.domain.errors import Refused
from ringfence.domain.registry import site_of
from ringfence.domain.site import SITES
from ringfence.domain.text import has_control
from ringfence.storage.bulk import records_of, uncollected
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.tables import Customer, Site
from ringfence.visibility.point import among, called
from ringfence.visibility.reach import Reach
from ringfence.visibility.viewer import Sight, Viewer

MOST: Final = 100_000
"""So many ids may be typed at once."""
_TOO_MANY: Final = f"{MOST:,} ids at once, at most: take the rest another time"
LONGEST: Final = 400
"""No key or unit id has more characters: what is longer is no id of anything, and is not looked for."""
BY_NAME: Final = "by name"

ASSIGN: Final = "device.assign"

Where = int | Literal["by name"] | None
"""Onto which site devices go: one of the customer's, the one of the same name as their former one, or none."""

_SHOWN: Final = 5
_WIDEST: Final = 40
_ENDS: Final = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029,;\t]+")
# A byte order mark, and what a copy from a web page or a document leaves between words without showing it.
_UNSEEN: Final = dict.fromkeys(map(ord, "\ufeff\u200b\u200e\u200f\u2060"))
_JOINERS: Final = "\u200c\u200d"  # part of some scripts and emoji within a word, and of nothing at its ends


@dataclass(frozen=True, slots=True)
class Typed:
    """Ids as they were typed, each once, in their order; ``doubled`` those that were typed again, as often as they
    were."""

    ids: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids) + len(self.doubled)


@dataclass(frozen=True, slots=True)
class Matched:
    """What becomes of devices that were typed or marked, each by what it was called.

    ``move`` are the ids of those to be moved, ``named`` what they were called; ``there`` are at the customer already;
    ``unknown`` are none that the viewer sees; ``ambiguous`` are one device's unit id and another one's key; ``doubled``
    were typed twice, or name a device that another one names; ``kept`` the viewer may not assign to others.
    """

    customer: int
    move: tuple[int, ...] = ()
    named: tuple[str, ...] = ()
    there: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.move) + sum(len(ids) for ids in self.left_out.values())

    @property
    def left_out(self) -> Mapping[str, tuple[str, ...]]:
        """What is not moved, by why."""
        return {
            "already there": self.there,
            "unknown": self.unknown,
            "ambiguous": self.ambiguous,
            "doubled": self.doubled,
            "not yours to assign": self.kept,
        }


@dataclass(frozen=True, slots=True)
class SiteFates:
    """What becomes of the sites that devices stand on, as far as the viewer sees them: ``kept`` go to the site of the
    same name, ``placed`` to the one that was chosen, ``cleared`` stood on one and will stand on none. ``names`` are
    some of the sites that are lost."""

    kept: int = 0
    placed: int = 0
    cleared: int = 0
    names: tuple[str, ...] = ()


def parse(text: str, before: Typed = Typed()) -> Typed:
    """The ids in a text, after those that were typed ``before``. Raises Refused for more than 100,000.

    Lines, commas, semicolons and tabs part them. What stands between two of those is one id, as far as is known here:
    a unit id may hold spaces. `match` takes it for one where it is one, otherwise for its words where any of them is.
    """
    known = set(before.ids)
    ids, doubled = list(before.ids), list(before.doubled)
    left = MOST - len(before)
    for piece in _pieces(text):
        left -= 1
        if left < 0:
            raise Refused(_TOO_MANY)
        if piece in known:
            doubled.append(piece)
        else:
            known.add(piece)
            ids.append(piece)
    return Typed(tuple(ids), tuple(doubled))


def _pieces(text: str) -> Iterator[str]:
    for piece in _ENDS.split(text.translate(_UNSEEN)):
        whole = piece.strip().strip(_JOINERS)
        if len(whole) > LONGEST:
            yield from _words(whole)
        elif whole:
            yield whole


def _words(piece: str) -> list[str]:
    return [word for part in piece.split() if (word := part.strip(_JOINERS))]


def match(viewer: Viewer, typed: str | Typed | Sequence[int], customer: int) -> Matched:
    """What becomes of ids that were typed, or of devices that were marked (by id), when they go to a customer.

    An id names a device by its unit id or its key, exactly as it is written; what is hidden from the viewer counts as
    little as what is not there. Raises Refused for a customer whom the viewer may not see, and for more than 100,000.
    """
    if isinstance(typed, str):
        typed = parse(typed)
    with uncollected(len(typed)), viewer.look(CUSTOMERS.permission, DEVICES.permission, ASSIGN) as sight:
        _see(sight, customer)
        named, again = _typed(sight, typed) if isinstance(typed, Typed) else (_marked(sight, typed), [])
    move: list[int] = []
    names: list[str] = []
    there: list[str] = []
    unknown: list[str] = []
    ambiguous: list[str] = []
    kept: list[str] = []
    seen: set[int] = set()
    for name, rows in named:
        if len(rows) != 1:
            (ambiguous if rows else unknown).append(name)
            continue
        ((device, node, held),) = rows
        if device in seen:
            again.append(name)
        elif node == customer:
            there.append(name)
        elif not held:
            kept.append(name)
        else:
            move.append(device)
            names.append(name)
        seen.add(device)
    rest = (tuple(one) for one in (names, there, unknown, ambiguous, again, kept))
    return Matched(customer, tuple(move), *rest)


Device = tuple[int, int, bool]
"""A device: its id, its customer's, and whether the viewer may assign it to others."""
Named = list[tuple[str, Collection[Device]]]
"""Names in the order in which they were typed or marked, each with the devices that it may stand for."""


def _typed(sight: Sight, typed: Typed) -> tuple[Named, list[str]]:
    """What was typed, and what of it came again; as words where it is nothing as a whole, and one of them something."""
    found = _called(sight, typed.ids)
    spaced = {piece: _words(piece) for piece in typed.ids if piece not in found and not piece.isalnum()}
    spaced = {piece: words for piece, words in spaced.items() if words != [piece]}
    if not spaced:
        return [(name, found.get(name, ())) for name in typed.ids], list(typed.doubled)
    if sum(map(len, spaced.values())) > MOST:
        raise Refused(_TOO_MANY)
    found |= _called(sight, {word for words in spaced.values() for word in words} - found.keys())
    named: dict[str, None] = {}
    again: list[str] = []

    def names(piece: str) -> Sequence[str]:
        words = spaced.get(piece, ())
        return words if any(word in found for word in words) else (piece,)

    for name in chain.from_iterable(map(names, typed.ids)):
        if name in named:
            again.append(name)
        else:
            named[name] = None
    again += chain.from_iterable(map(names, typed.doubled))
    return [(name, found.get(name, ())) for name in named], again


def _called(sight: Sight, names: Iterable[str]) -> dict[str, set[Device]]:
    """By name, the devices that it is the key or the unit id of."""
    wanted = {name for name in names if len(name) <= LONGEST and not has_control(name)}
    found: dict[str, set[Device]] = {}
    for row in called(sight, DEVICES.permission, wanted, ASSIGN):
        own, name, customer, held = tuple(row)
        found.setdefault(name, set()).add((own, customer, bool(held)))
    return found


def _marked(sight: Sight, devices: Sequence[int]) -> Named:
    rows = {row.id: row for row in among(sight, DEVICES.permission, DEVICES, devices, _NAMES)}
    held = set(rows)
    if sight.scope(ASSIGN) != sight.scope(DEVICES.permission):
        held = {row.id for row in among(sight, ASSIGN, DEVICES, list(rows), ("id",))}
    named: Named = []
    for device in dict.fromkeys(devices):
        row = rows.get(device)
        if row is None:
            named.append((f"#{device}", ()))
        else:
            named.append((row.unit_id or row.key, [(device, row.customer_id, device in held)]))
    return named


def _see(sight: Sight, customer: int) -> str:
    """The customer's name. Raises Refused alike for one that is hidden and one that is not there."""
    found = among(sight, CUSTOMERS.permission, CUSTOMERS, [customer])
    if not found:
        raise Refused("choose a customer that you may see", "customer")
    return str(found[0].name)


def edits(
    viewer: Viewer, devices: Sequence[int], customer: int, site: Where = BY_NAME
) -> tuple[tuple[Edit, ...], SiteFates]:
    """The edits that move devices (by id) to a customer, and what becomes of the sites that they stand on.

    Those that are there already are left as they are. ``site``: the one of the same name, where the viewer may list
    just one, or none; or one of the customer's sites; or none. Raises Refused where the viewer does not see the
    customer, the site, or one of the devices.
    """
    wanted = list(dict.fromkeys(devices))
    with uncollected(len(wanted)), viewer.look(CUSTOMERS.permission, DEVICES.permission, SITES.permission) as sight:
        _see(sight, customer)
        rows = among(sight, DEVICES.permission, DEVICES, wanted, _STATE)
        if len(rows) < len(wanted):
            count = len(wanted) - len(rows)
            said = "one of the devices is" if count == 1 else f"{count:,} of the devices are"
            raise Refused(f"{said} not there any more", "devices")
        theirs = _sites_of(sight, customer)
        former = {row.site_id for row in rows} - {None}
        names = {row.id: row for row in among(sight, SITES.permission, SITES, sorted(former), _SITE)}
    if isinstance(site, int) and site not in theirs:
        raise Refused("choose a site of this customer", "site")
    one: dict[int | None, int | None] = {}
    if site == BY_NAME:
        count_of = Counter(theirs.values())
        by_name = {name: own for own, name in theirs.items() if count_of[name] == 1}
        one = {own: by_name.get(row.search_key) for own, row in names.items()}
    chosen = site if isinstance(site, int) else None
    with uncollected(len(wanted)):
        found = {row[0]: tuple(row) for row in rows}
        made: list[Edit] = []
        kept = 0
        lost: Counter[int] = Counter()
        for own in wanted:
            _, revision, node, name, unit_id, kind, at, *more = found[own]
            if node == customer:
                continue
            to = one.get(at) if site == BY_NAME else chosen
            if to is None and at in names:
                lost[at] += 1
            kept += to is not None
            seen = at if at in names else None  # a hidden site is left where the device leaves its customer
            before = DeviceState(node, name, unit_id, kind, seen, *more)
            after = DeviceState(customer, name, unit_id, kind, to, *more)
            made.append(Edit("device", own, before, after, revision))
    fates = SiteFates(
        kept if chosen is None else 0,
        0 if chosen is None else kept,
        sum(lost.values()),
        tuple(names[own].name for own, _ in lost.most_common(_SHOWN)),
    )
    return tuple(made), fates


_NAMES: Final = ("id", "key", "unit_id", "customer_id")
_STATE: Final = ("id", "revision", "customer_id", "name", "unit_id", "kind", "site_id", "notes", "attributes", "key")
_SITE: Final = ("id", "name", "search_key")


def _sites_of(sight: Sight, customer: int) -> dict[int, str]:
    """The customer's own sites that the viewer may list: their folded names by id."""
    theirs = select(Site.id).where(Site.customer_id == customer, of_tenant(Site, sight.tenant_id))
    ids = list(sight.connection.execute(theirs).scalars())
    return {row.id: row.search_key for row in among(sight, SITES.permission, SITES, ids, _SITE)}


def report(
    matched: Matched, customer: str, who: str, when: datetime, change: int | None, fates: SiteFates = SiteFates()
) -> str:
    """What was done, to be copied: when, by whom, to which customer, how many, and each id with what became of it.

    ``change`` is its number in the audit; None for what was only looked at. Control characters are made ``?``.
    """
    verb = "would be moved" if change is None else "moved"
    lines = [
        f"Devices assigned to {customer}" if change is not None else f"Devices to be assigned to {customer}",
        f"{when:%Y-%m-%d %H:%M:%S %Z} by {who}" + (f", change {change} of the audit" if change is not None else ""),
        said(matched, verb),
        *said_sites(fates),
        "",
    ]
    width = min(_WIDEST, max(map(len, (*matched.named, *chain(*matched.left_out.values()))), default=0))
    lines += (f"{name:<{width}}  {verb}" for name in matched.named)
    lines += (f"{name:<{width}}  {why}" for why, names in matched.left_out.items() for name in names)
    return "\n".join(map(_plain, lines))


def said(matched: Matched, verb: str = "to move") -> str:
    """How many of what was typed or marked become what, in one sentence."""
    parts = [f"{len(matched.move):,} {verb}"]
    parts += (f"{len(names):,} {why}" for why, names in matched.left_out.items() if names)
    return f"{len(matched):,} {'id' if len(matched) == 1 else 'ids'}: {', '.join(parts)}"


def said_sites(fates: SiteFates) -> list[str]:
    """What becomes of the sites that devices stand on, in sentences; none where none stands on one."""
    lines = []
    if fates.placed:
        lines.append(f"{_devices(fates.placed)} put onto the site")
    if fates.kept:
        lines.append(f"{_devices(fates.kept)} onto the site of the same name there")
    if fates.cleared:
        lines.append(f"{_devices(fates.cleared)} without the former site: {', '.join(fates.names)}")
    return lines


def left_sites(connection: Connection, own: Reach, moved: Sequence[Edit]) -> list[str]:
    """What becomes of the sites on which an editor saw devices stand that are moved, in sentences."""
    places = [(site_of(edit.before), edit.after) for edit in moved if edit.before is not None]
    former = {place for place, _ in places if place is not None}
    query = select(Site.id, Customer.path).join(Customer, leads_to(Site.customer_id, Customer))
    rows = connection.execute(query.where(records_of(connection, Site, own.grants.tenant_id, former)))
    listed = own.region(SITES.permission)
    seen = {place for place, path in rows if listed.reaches(path, place)}
    standing = [after for place, after in places if place in seen]
    if not standing:
        return []
    kept = sum(after is not None and site_of(after) is not None for after in standing)
    left = len(standing) - kept
    said = []
    if kept:
        said.append(f"{kept:,} {'goes' if kept == 1 else 'go'} to a site there.")
    if left:
        said.append(f"{left:,} {'leaves its site' if left == 1 else 'leave their sites'}, and {_stands(left)} on none.")
    return said


def _stands(count: int) -> str:
    return "stands" if count == 1 else "stand"


def _devices(count: int) -> str:
    return f"{count:,} device{'' if count == 1 else 's'}"


def _plain(line: str) -> str:
    return line if line.isprintable() else "".join(c if c.isprintable() else "?" for c in line)
