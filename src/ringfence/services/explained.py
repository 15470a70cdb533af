"""What leaves the services where access is explained: why somebody may, or may not, and who all may. Frozen, and only
as far as whoever asks may know: what they may not list is not named, and nothing tells how much of it there is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ringfence.changes.edits import Edit

UNSEEN: Final = "something that you may not see"
HIDDEN: Final = f"and {UNSEEN}"
"""What is said once, and without a number, of all that is not told."""
LAST_RESORT: Final = "a security group for this customer alone"
"""What opens a record where no small change does, within the home."""
ABOVE: Final = "a customer above it"
"""What a customer above the record is called that whoever asks may not list."""


@dataclass(frozen=True, slots=True)
class Named:
    """Something that whoever asks may list; the tenant's root has no key."""

    id: int
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Gate:
    """One of the steps of the rule on a path: what it is called there, whether it is open, and what it is about, for
    people."""

    name: str
    open: bool
    said: str

    @property
    def wall(self) -> str:
        """It as what ends a path: ``closed at filter: Production only does not name Internal``."""
        return f"closed at {self.name}{f': {self.said}' if self.said else ''}"


NO_GROUP: Final = "no security group"
"""What is said of whoever is in none."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What of a security group's customers names the record: the nearest one, None for the root and for one that is
    hidden, and whether those nested in it come along."""

    customer: Named | None
    nested: bool


@dataclass(frozen=True, slots=True)
class Path:
    """One membership of a user on the way to a record. ``role`` and ``level`` are None where there is none or it is
    hidden; ``filter`` is the customer group that lets the record through, and ``home`` None at the root. The moments
    are ISO 8601. ``deciding`` is the first of those that are open; ``only`` says that there is no other, and is None
    where that is not to be told."""

    group: Named
    role: Named | None
    level: str | None
    scope: str
    entry: Entry | None
    home: Named | None
    filter: Named | None
    valid_from: str | None
    valid_until: str | None
    open: bool
    deciding: bool
    only: bool | None
    gates: tuple[Gate, ...]

    @property
    def walls(self) -> tuple[str, ...]:
        """The gates that are closed: the first is where the path ends."""
        return tuple(gate.name for gate in self.gates if not gate.open)

    def fields(self) -> dict[str, Any]:
        """It as commands print it."""
        return {
            "group": self.group.key,
            "role": _key(self.role),
            "level": self.level,
            "scope": self.scope,
            "entry": None
            if self.entry is None
            else {"customer": _key(self.entry.customer), "nested": self.entry.nested},
            "home": _key(self.home),
            "filter": _key(self.filter),
            "valid_from": self.valid_from,
            "valid_until": self.valid_until,
            "open": self.open,
            "deciding": self.deciding,
            "only": self.only,
            "walls": list(self.walls),
        }


def _key(named: Named | None) -> str | None:
    return None if named is None else named.key or None


@dataclass(frozen=True, slots=True)
class Why:
    """Whether a user holds a permission on a record, and by which paths: those that are open first, the deciding one
    before the others; then those that are closed, fewest gates first. ``record`` is named as in ``device:KEY``, and
    ``called`` by its name; ``at`` is the moment, ISO 8601. ``hidden``: something is left out that whoever asks may not
    list."""

    allowed: bool
    login: str
    user: Named
    permission: str
    record: str
    called: str
    at: str
    paths: tuple[Path, ...]
    hidden: bool
    fixes: Fixes | None = None

    def fields(self) -> dict[str, Any]:
        """It as ``ringfence why`` prints it."""
        return {
            "allowed": self.allowed,
            "login": self.login,
            "permission": self.permission,
            "record": self.record,
            "at": self.at,
            "as_of": None,
            "paths": [one.fields() for one in self.paths],
            "hidden": self.hidden,
            "fixes": None if self.fixes is None else self.fixes.fields(),
        }


@dataclass(frozen=True, slots=True)
class Change:
    """One edit of a fix, in the words of ``ringfence why --format json``, and ``said`` for people: "add Internal to
    Production only"."""

    edit: str
    of: str
    value: Any
    said: str

    def fields(self) -> dict[str, Any]:
        """It as commands print it."""
        return {"edit": self.edit, "of": self.of, "value": self.value}


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that would make it a yes: what it also opens besides, as far as whoever asks may list it (``rights``,
    each of a user, a permission and a customer or single site; ``records`` of the asked kind under the asked
    permission; for so many other ``users``), where that is not ``exact`` at least so much. ``may`` says whether they
    may make it, and ``refusal`` why not; ``edits`` are ready to be previewed and saved."""

    changes: tuple[Change, ...]
    records: int
    users: int
    rights: int
    exact: bool
    may: bool
    refusal: str = ""
    edits: tuple[Edit, ...] = field(default=(), repr=False)

    def fields(self) -> dict[str, Any]:
        """It as commands print it."""
        return {
            "edits": [one.fields() for one in self.changes],
            "opens": {"records": self.records, "users": self.users, "rights": self.rights},
            "exact": self.exact,
            "may": self.may,
            "refusal": self.refusal,
        }


@dataclass(frozen=True, slots=True)
class Fixes:
    """The smallest changes that would make it a yes, of ``size`` edits each (None: no small one does), the least that
    they open besides first; and those of one edit more that open less than the first of them. Not ``complete``: of what
    there might be, not all was looked at. ``last_resort``: a group for the customer alone would do."""

    size: int | None
    complete: bool
    list: tuple[Fix, ...]
    narrower: tuple[Fix, ...]
    last_resort: bool

    def fields(self) -> dict[str, Any]:
        """They as commands print them."""
        return {
            "size": self.size,
            "complete": self.complete,
            "list": [one.fields() for one in self.list],
            "narrower": [one.fields() for one in self.narrower],
        }


@dataclass(frozen=True, slots=True)
class Holder:
    """A user who may, with the open paths, the deciding one first; without any where whoever asks may list the user and
    no more, or may list none of the groups. ``everything``: a full administrator, as far as that is to be known."""

    user: Named
    login: str
    paths: tuple[Path, ...]
    everything: bool

    def fields(self, *, all_paths: bool) -> dict[str, Any]:
        """It as ``ringfence who`` prints it."""
        paths = self.paths if all_paths else self.paths[:1]
        told = {"login": self.login, "name": self.user.name, "everything": self.everything}
        return {**told, "paths": [one.fields() for one in paths]}


@dataclass(frozen=True, slots=True)
class Right:
    """A permission of the catalogue: whether a user holds it, and by which path first. ``customers``: without a record,
    over how many customers of those that whoever asks may list."""

    permission: str
    section: str
    label: str
    allowed: bool
    path: Path | None
    customers: int | None = None


@dataclass(frozen=True, slots=True)
class Rights:
    """What a user may do at a record, or anywhere (``record`` None): the whole catalogue, in its order."""

    login: str
    user: Named
    record: str | None
    called: str
    rights: tuple[Right, ...] = field(repr=False)
    hidden: bool
