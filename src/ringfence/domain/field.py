"""What a field of a record may hold, as its annotation says it (`Text`, `Ref`, `Ties` …)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING
from dataclasses import fields as dataclass_fields
from datetime import datetime
from inspect import get_annotations
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

Window = tuple[datetime | None, datetime | None]
"""A validity window: from (inclusive) and until (exclusive); None is open."""


class Text(NamedTuple):
    """Text of at most ``longest`` characters, of one line or of ``lines``. It must be ``filled``, is part of what is
    ``searched``, compares by code point (``exact``), has an index for being ``sorted`` by; ``fault`` says why what is
    typed is wrong (empty: it is not). ``folded`` names a column that keeps it for comparing, without regard to case. No
    two records of a tenant have one that is ``unique``, where it is not empty. What reads as empty may be nothing in
    the table (``absent``). ``about`` says in a line what it holds, ``takes`` what is typed, where that is not just
    text, and ``option`` what people and the command line call it, where that is not its name. ``fixed``: nobody says it
    but what makes the record. ``canonical`` says how what is typed is kept. Lines that are ``left`` behind stay with
    whoever set them, when the record goes to another node."""

    longest: int
    lines: bool = False
    filled: bool = False
    searched: bool = False
    exact: bool = False
    sorted: bool = False
    fault: Callable[[str], str] | None = None
    folded: str = ""
    unique: bool = False
    absent: bool = False
    about: str = ""
    takes: str = ""
    option: str = ""
    fixed: bool = False
    canonical: Callable[[str], str] | None = None
    left: bool = False


LARGEST: Final = 2**31 - 1
"""The largest number: what PostgreSQL's integers hold."""


class Number(NamedTuple):
    """A whole number from the ``least`` to the ``most`` that it may be: of records of the kind that it ``counts``, if
    any, so many may be at a customer. An index has one that is ``sorted`` by, and that no two records of a tenant
    share. ``fixed`` as of texts."""

    counts: str = ""
    sorted: bool = False
    about: str = ""
    fixed: bool = False
    least: int = 0
    most: int = LARGEST

    @property
    def range(self) -> str:
        """Which numbers it may be, in words."""
        return f"from {self.least} up" if self.most == LARGEST else f"from {self.least} to {self.most}"


class Flag(NamedTuple):
    """Yes or no; ``otherwise`` is one word for the latter, and ``means`` a few on what that comes to. ``fixed``: nobody
    says it but what makes the record."""

    otherwise: str = ""
    means: str = ""
    fixed: bool = False
    about: str = ""


class Moment(NamedTuple):
    """A moment, in UTC. ``sorted`` names a column that keeps it as text, for an index in its order. ``fixed`` as of
    texts."""

    about: str = ""
    sorted: str = ""
    fixed: bool = False


class Choice(NamedTuple):
    """One of these words; ``fault`` says what to do about any other. ``given``: a snapshot must say it. ``fixed`` as of
    texts. Some are ``unsaid``: they come about, and nobody chooses them. Where they are ``ordered``, lists are sorted
    as they stand here, and not by their letters."""

    values: tuple[str, ...]
    fault: str
    about: str = ""
    given: bool = False
    fixed: bool = False
    unsaid: tuple[str, ...] = ()
    ordered: bool = False

    @property
    def said(self) -> tuple[str, ...]:
        """Those that people choose among."""
        return tuple(one for one in self.values if one not in self.unsaid)


class Ref(NamedTuple):
    """The id of a record of a kind. ``node``: where this record belongs; ``stands``: the site that it stands on, and
    ``follows`` where that becomes the one of the same name once it is taken to another node, and not none. ``given``: a
    snapshot must say it, be it none. A 0 may be nothing in the table (``absent``). ``kept`` where the one referred to
    may be gone. With the one referred to the reference goes (``gone`` is ``null``), or the record (``delete``), unless
    that must stay as long. ``place`` is the field of the form that shows it, where that is another. ``fixed``: nobody
    says it but what makes the record."""

    kind: str
    node: bool = False
    stands: bool = False
    follows: bool = False
    given: bool = False
    absent: bool = False
    kept: bool = False
    gone: Literal["", "null", "delete"] = ""
    place: str = ""
    fixed: bool = False
    about: str = ""


class Ties(NamedTuple):
    """Rows of another table that name this record in the column ``own`` and in ``other`` a record of a ``kind``, or a
    plain value, of those ``among`` which it is. ``whole``: read only where the record is deleted or brought back.
    ``back``: the rows are records themselves, which refer to this one. ``everything`` names a column of the record's
    own that stands for all that there is, which the field says by None. ``one`` is a word for one of the others, where
    that is not their kind's. They count only ``when`` another field has that value."""

    table: str
    own: str
    other: str
    kind: str = ""
    whole: bool = False
    back: bool = False
    everything: str = ""
    one: str = ""
    when: tuple[str, str] | None = None
    among: tuple[str, ...] = ()
    about: str = ""


def referred_by(kind: str, column: str) -> Ties:
    """The records of a kind that refer to this one by a column of theirs: known only where it is deleted or brought
    back."""
    return Ties(kind, column, "id", kind, whole=True, back=True)


Spec = Text | Number | Flag | Moment | Choice | Ref | Ties

LATER: Final = "later"
"""Beside a field whose column came to tables that had rows: the database itself fills it in."""


class Field(NamedTuple):
    """One field: ``column`` is its own in the table, empty for ties. ``form`` is how ties are held: ``set``,
    ``mapping`` (each with whether what is nested comes along) or ``windows`` (each with a validity window)."""

    name: str
    spec: Spec
    column: str
    optional: bool
    later: bool
    default: Any
    form: Literal["", "set", "mapping", "windows"] = ""

    @property
    def fixed(self) -> bool:
        """Whether nobody says it but what makes the record."""
        return not isinstance(self.spec, Ties) and self.spec.fixed

    @property
    def refers(self) -> str:
        """The kind of record that it refers to, if any."""
        return self.spec.kind if isinstance(self.spec, Ref | Ties) else ""


def fields_of(state: type[Any]) -> Iterator[Field]:
    """The fields of a state that are kept: those whose annotations say what they hold."""
    # `typing.get_type_hints` takes three times as long for the same, and the first data wait for that.
    hints = {
        name: hint for one in reversed(state.__mro__) for name, hint in get_annotations(one, eval_str=True).items()
    }
    for one in dataclass_fields(state):
        hint = hints[one.name]
        if get_origin(hint) is not Annotated:
            continue  # not kept: it only tells whoever writes the record something
        kept, spec, *rest = get_args(hint)
        default = one.default if one.default_factory is MISSING else one.default_factory()
        yield Field(one.name, spec, _column(one.name, spec), _optional(kept), LATER in rest, default, _form(kept, spec))


def _column(name: str, spec: Spec) -> str:
    if isinstance(spec, Ties):
        return ""
    return f"{name}_id" if isinstance(spec, Ref) else name


def _optional(kept: Any) -> bool:
    return get_origin(kept) in (Union, UnionType) and NoneType in get_args(kept)


def _form(kept: Any, spec: Spec) -> Literal["", "set", "mapping", "windows"]:
    if not isinstance(spec, Ties):
        return ""
    plain = next(one for one in (get_args(kept) if _optional(kept) else (kept,)) if one is not NoneType)
    if get_origin(plain) is not frozenset:
        return "mapping"
    return "windows" if get_origin(get_args(plain)[0]) is tuple else "set"
