"""What a kind of record is, said once: its fields with what each may hold, and what follows from them for every room.

A kind is a frozen dataclass whose fields say in their annotations what they are (`Text`, `Ref`, `Ties` …), and a `Kind`
beside it, all in one file of this room: without ``from __future__ import annotations``, for these are read, and every
start would compile them. The registry holds them in their order; the other rooms read it: tables, statements, reading
and writing, checks, the audit. Nothing but the standard library is needed for that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, replace
from dataclasses import fields as dataclass_fields
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, TypeVar

from ringfence.domain import display as shown_as
from ringfence.domain.field import Field, Moment, Number, Ref, Text, Ties, fields_of
from ringfence.domain.shown import LONG, Display

OWNERS: Final = ("customer", "former_customer")
"""The tables of what records belong to: of what there is, and of what is gone."""

StateKind = str
"""The noun of a kind that can be edited, as the registry spells it."""


class State:
    """The whole of a record at one moment, as forms hold it and the audit compares it. Ids refer to other records; a
    negative id stands for one that the same change creates. How it compares and reads is said here for every kind: the
    first data would wait for what dataclasses make of that."""

    __slots__ = ()

    name: str
    key: str

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, State) or type(other) is not type(self):
            return NotImplemented
        everything = kind_of(self).everything
        return everything(self) == everything(other)

    def __hash__(self) -> int:
        return hash(kind_of(self).everything(self))

    def __repr__(self) -> str:
        said = (f"{name}={getattr(self, name)!r}" for name in kind_of(self).every)
        return f"{type(self).__qualname__}({', '.join(said)})"


_Check = TypeVar("_Check", bound=Callable[..., Any])


class Kind:
    """A kind of record.

    ``noun`` and ``plural`` are its one spelling, with ``_`` between words. ``document`` says to readers of a snapshot
    what an entry of it is. ``table`` is the table, where that is not the noun; ``resource`` is what its permissions
    are of, where that is not the noun (``RESOURCE.list``), and ``view`` the one to list, where it is another; what has
    no right of its own is done by the one that ``rights`` says.
    ``node`` kinds are nodes of the tree themselves, ``place`` kinds are sites. ``indexed``: there may be very many, and
    substrings of its search key are indexed. ``lasting``: it outlives its owner, and is then where that was. It is
    ``signalled``: signals make and change it too, beside people. It is
    listed by ``sort`` where nobody says otherwise, of which ``order`` is the column. ``apart`` are fields that no list
    reads, ``more`` columns of the table that every list reads though they are no fields. ``keyed`` is the field that
    the key of a new one is made of, where that is not its name, or is empty; where there is a ``drawn`` letter, it is
    drawn by lot behind that, and tells nobody how many there are. ``moves`` is the right to take one to
    another node; none where it stays for good. ``grants``: it is part of what decides who sees what. ``elsewhere`` says
    where what is told at the other end of a tie is changed. A sheet has the columns ``exported``, where those are not
    all fields that the table keeps, in their usual order; it may be ``imported`` again, unless what a record means lies
    in what it is tied to. ``display`` says how it is shown.
    """

    def __init__(
        self,
        state: type[State],
        noun: str,
        plural: str,
        *,
        table: str = "",
        document: str = "",
        resource: str = "",
        view: str = "list",
        rights: Mapping[str, str] = MappingProxyType({}),
        node: bool = False,
        place: bool = False,
        indexed: bool = False,
        lasting: bool = False,
        signalled: bool = False,
        sort: str = "name",
        order: str = "search_key",
        apart: Collection[str] = (),
        more: tuple[str, ...] = (),
        keyed: str = "name",
        drawn: str = "",
        moves: str = "edit",
        grants: bool = False,
        elsewhere: str = "",
        exported: tuple[str, ...] = (),
        imported: bool = True,
        display: Display = Display(),  # noqa: B008 - frozen
    ) -> None:
        self.state = state
        self.noun = noun
        self.plural = plural
        self.table = table or noun
        self.document = document
        self.resource = resource or noun
        self.rights = rights
        self.permission = self.right(view)
        self.is_customer = node
        self.is_site = place
        self.indexed = indexed
        self.lasting = lasting
        self.signalled = signalled
        self.sort = sort
        self.order = order
        self.apart = frozenset(apart)
        self.more = more
        self.keyed = keyed
        self.drawn = drawn
        self.moves = moves
        self.grants = grants
        self.elsewhere = elsewhere
        self.imported = imported
        self._exported = exported
        self.display = display
        self.checked: list[tuple[Callable[[Any, Any], None], bool]] = []
        self.closed: Callable[[Any], tuple[str, str]] = _open
        self.stamped: Callable[[Any, Any, datetime, int], Any] = _as_it_is
        _BY_STATE[state] = self

    def __repr__(self) -> str:
        return f"Kind({self.noun!r})"

    def checks(self, *, typed: bool = False) -> Callable[[_Check], _Check]:
        """Declares what no record of it may come to be, whoever brings it about: the function beneath, of what it was
        (None: it was not there) and what it would be, raises Refused. ``typed``: only of what somebody types; what is
        restored to what it was may be so."""

        def declare(check: _Check) -> _Check:
            self.checked.append((check, typed))
            return check

        return declare

    def closes(self, why: _Check) -> _Check:
        """Declares which of its records nobody changes: the function beneath says of one why, and what to do instead;
        both are empty where it may be changed."""
        self.closed = why
        return why

    def stamps(self, made: _Check) -> _Check:
        """Declares what a change itself says of a record: the function beneath, of what it was (None: it was not
        there), what it would be, the moment and the id of the editor, gives what it will be."""
        self.stamped = made
        return made

    def right(self, action: str) -> str:
        """The permission to do something to it."""
        return f"{self.resource}.{self.rights.get(action, action)}"

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """The fields that are kept, by name."""
        return {one.name: one for one in fields_of(self.state)}

    @cached_property
    def every(self) -> tuple[str, ...]:
        """The names of all its fields."""
        return tuple(one.name for one in dataclass_fields(self.state))  # type: ignore[arg-type]

    @cached_property
    def everything(self) -> Callable[[State], tuple[Any, ...]]:
        """Reads all of them of a state."""
        found: Callable[[State], tuple[Any, ...]] = attrgetter(*self.every)
        return found

    @cached_property
    def movable(self) -> bool:
        """Whether a record of it can be handed from place to place, and is then held by others: a customer takes all of
        its tree along, and some stay with their customer, as sites do."""
        return not self.is_customer and bool(self.moves)

    @cached_property
    def stays(self) -> bool:
        """Whether a record of it stays with its customer, whoever changes what, though it is no place of theirs."""
        return not self.moves and not self.is_customer and not self.is_site

    @cached_property
    def substrings(self) -> bool:
        """Whether substrings of its search key are indexed: of those of which there may be very many, and of those that
        they are found by."""
        return self.indexed or self.is_customer or self.is_site

    @cached_property
    def name(self) -> str:
        """What the command line calls a list of it."""
        return self.plural.replace("_", "-")

    @cached_property
    def said(self) -> str:
        """One of it, for people."""
        return self.noun.replace("_", " ")

    @cached_property
    def indefinite(self) -> str:
        """One of it, whichever, for people: with its article."""
        return f"{'an' if self.noun[0] in 'aeio' else 'a'} {self.said}"  # before a u it is by ear: a user, a unit

    @cached_property
    def several(self) -> str:
        """Several of it, for people."""
        return self.plural.replace("_", " ")

    def label(self, name: str) -> str:
        """A field of it, for people."""
        spec = self.fields[name].spec if name in self.fields else None
        own = spec.option if isinstance(spec, Text) else ""
        return own or _LABELS.get(name, name.replace("_", " "))

    @cached_property
    def stored(self) -> Mapping[str, Field]:
        """The fields that are columns of the table."""
        return {name: one for name, one in self.fields.items() if one.column}

    @cached_property
    def ties(self) -> Mapping[str, tuple[Field, Ties]]:
        """The fields that are rows of other tables."""
        return {name: (one, one.spec) for name, one in self.fields.items() if isinstance(one.spec, Ties)}

    @cached_property
    def gathers(self) -> bool:
        """Whether others are tied to it, otherwise than by referring to it."""
        return any(not ties.back for _, ties in self.ties.values())

    @cached_property
    def refs(self) -> Mapping[str, str]:
        """The fields that refer to records, and to which kind, but for those filled in only for what comes or goes."""
        return {name: one.refers for name, one in self.fields.items() if one.refers and name not in self.whole}

    @cached_property
    def all_refs(self) -> Mapping[str, str]:
        """The same with those too."""
        return {name: one.refers for name, one in self.fields.items() if one.refers}

    @cached_property
    def goes_with(self) -> Mapping[str, str]:
        """The fields that refer to something without which a record is none, and to which kind."""
        specs = {name: one.spec for name, one in self.stored.items()}
        return {name: spec.kind for name, spec in specs.items() if isinstance(spec, Ref) and spec.gone == "delete"}

    @cached_property
    def plain_ids(self) -> Callable[[State], tuple[int | None, ...]] | None:
        """Reads the ids that a record refers to, where it refers to one or none by each of its fields."""
        if len(self.refs) < 2 or any(self.fields[name].form for name in self.refs):
            return None
        found: Callable[[State], tuple[int | None, ...]] = attrgetter(*self.refs)
        return found

    @cached_property
    def whole(self) -> frozenset[str]:
        """The fields that are filled in only where a record is deleted or brought back."""
        return frozenset(name for name, (_, ties) in self.ties.items() if ties.whole)

    @cached_property
    def unkept(self) -> tuple[str, ...]:
        """The fields that only a record has that is deleted or brought back: a new one has none of them yet."""
        kept = {*self.stored, *self.ties} - self.whole - {"key"}
        return tuple(name for name in self.every if name not in kept)

    @cached_property
    def node(self) -> Field:
        """The field that says where a record belongs: of a customer, the one above it."""
        return next(one for one in self.fields.values() if isinstance(one.spec, Ref) and one.spec.node)

    @cached_property
    def stands(self) -> Field | None:
        """The field that says on which site a record stands, if any does."""
        return next((one for one in self.fields.values() if isinstance(one.spec, Ref) and one.spec.stands), None)

    @cached_property
    def searched(self) -> tuple[str, ...]:
        """The fields that the search key is made of: the name first."""
        found = (name for name, one in self.texts.items() if one.searched)
        return tuple(sorted(found, key=lambda name: name != "name"))

    @cached_property
    def texts(self) -> Mapping[str, Text]:
        """The fields that hold text."""
        return {name: one.spec for name, one in self.fields.items() if isinstance(one.spec, Text) and name != "key"}

    @cached_property
    def left(self) -> tuple[tuple[Field, Text], ...]:
        """The fields of which lines stay behind where a record goes to another node."""
        return tuple((self.fields[name], one) for name, one in self.texts.items() if one.left)

    @cached_property
    def moments(self) -> Mapping[str, Moment]:
        """The fields that hold moments."""
        return {name: one.spec for name, one in self.fields.items() if isinstance(one.spec, Moment)}

    @cached_property
    def unique(self) -> str:
        """The field besides the key by which people know one record from all others; empty for none."""
        return next((name for name, one in self.texts.items() if one.unique), "")

    @cached_property
    def exported(self) -> tuple[str, ...]:
        """The columns of a sheet of it."""
        first = ("key", self.node.name, "name")
        return self._exported or (*first, *(name for name in self.stored if name not in first))

    @cached_property
    def numbers(self) -> Mapping[str, Number]:
        """The fields that limit how many records there may be of a kind."""
        return {n: one.spec for n, one in self.fields.items() if isinstance(one.spec, Number) and one.spec.counts}

    @cached_property
    def limits(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.numbers)

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """The fields in which two states of a record can differ: all but its key and what is not kept of it."""
        return tuple(name for name in self.fields if name != "key")

    @cached_property
    def deciding(self) -> frozenset[str]:
        """The fields that say more of a record than how it is called and where it belongs, of those that people set."""
        said = (one for name, one in self.fields.items() if one is not self.node and name not in self.whole)
        return frozenset(one.name for one in said if not isinstance(one.spec, Text) and not one.fixed)

    @cached_property
    def values(self) -> Callable[[State], tuple[Any, ...]]:
        """Reads those of a state."""
        found: Callable[[State], tuple[Any, ...]] = attrgetter(*self.compared)
        return found

    @cached_property
    def blank(self) -> State:
        """What a record that is not there yet differs from."""
        empty = {
            one.name: 0 if isinstance(one.spec, Ref) else "" for one in self.fields.values() if one.default is MISSING
        }
        return self.state(**empty)

    # What statements are put together from.

    @cached_property
    def owner(self) -> str:
        """The column that names the node it belongs to."""
        return "id" if self.is_customer else self.node.column

    @cached_property
    def node_of(self) -> Callable[[State], int]:
        """Tells of a state the node that the record belongs to."""
        return attrgetter(self.node.name)

    @cached_property
    def site_of(self) -> Callable[[State], int | None]:
        """Tells of a state the site that the record stands on, if any."""
        return (lambda _: None) if self.stands is None else attrgetter(self.stands.name)

    @cached_property
    def standing(self) -> str | None:
        """The column that says where it stands (None: on no site, so that site-level grants never reach it)."""
        if self.is_site:
            return "id"
        return self.stands.column if self.stands is not None else None

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that lists read."""
        own = tuple(one.column for name, one in self.stored.items() if name != "key" and name not in self.apart)
        everything = tuple(ties.everything for _, ties in self.ties.values() if ties.everything)
        return ("id", "key", *own, *everything, *self.more)

    @cached_property
    def sorts(self) -> tuple[str, ...]:
        """What a list of it can be sorted by: whatever it shows, in the console and on the command line."""
        columns = (one.field for one in shown_as.columns(self))
        return tuple(dict.fromkeys((*columns, *(name for name in self.exported if name not in LONG))))

    @cached_property
    def indexed_orders(self) -> Mapping[str, tuple[str, ...]]:
        """Those of them for which an index that starts with the tenant holds the rows in their order, each with the
        columns of it: where many may be alike, the one that it is listed by comes after."""
        found: dict[str, tuple[str, ...]] = {self.sort: (self.order,)}
        if not self.lasting:
            found["key"] = ("key",)
        for name, one in self.stored.items():
            if isinstance(one.spec, Text) and one.spec.sorted:
                found[name] = (one.spec.folded, self.order) if one.spec.folded else (one.column,)
            elif isinstance(one.spec, Number) and one.spec.sorted:
                found[name] = (one.column,)
            elif isinstance(one.spec, Moment) and one.spec.sorted:
                found[name] = (one.spec.sorted,)
        return found

    @cached_property
    def condition(self) -> str:
        """What further is asked of a row: the tenant's root is nobody's record."""
        return f" AND k.{self.node.column} IS NOT NULL" if self.is_customer else ""

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """The tables that hold the owners, each with ``id``, ``tenant_id`` and ``path``."""
        return OWNERS if self.lasting else OWNERS[:1]


_BY_STATE: Final[dict[type[State], Kind]] = {}


def _open(_state: State) -> tuple[str, str]:
    return "", ""


def _as_it_is(_before: State | None, after: State, _at: datetime, _editor: int) -> State:
    return after


def kind_of(state: State) -> Kind:
    """The kind of a record by its state."""
    return _BY_STATE[type(state)]


def kind_with(state: type[State]) -> Kind:
    """The kind whose records have states of that class."""
    return _BY_STATE[state]


EDITING: Final = MappingProxyType({"view": "list", "create": "edit", "delete": "edit"})
"""The ``rights`` of a kind that has two: whoever lists it opens it, and whoever edits it makes and deletes it."""

_LABELS: Final = {"email": "e-mail"}


S = TypeVar("S", bound=State)


def altered(state: S, **values: Any) -> S:
    """A state with other values in some of its fields."""
    found: S = replace(state, **values)  # type: ignore[type-var]
    return found
