"""The snapshot document's entries: the one place that states its fields. The JSON Schema comes out of these models."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, assert_never

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    create_model,
)
from pydantic import Field as Field_

from ringfence.domain import clock, limits
from ringfence.domain import field as declared
from ringfence.domain.field import Choice, Field, Flag, Number, Ref, Text, Ties
from ringfence.domain.kind import Kind
from ringfence.domain.permission import CATALOGUE, PERMISSIONS
from ringfence.domain.registry import EDITED
from ringfence.snapshot.read import show

FORMAT: Final = 1
_NAMED: Final = 5
_ORDER: Final = {permission.key: place for place, permission in enumerate(CATALOGUE)}

_PRINTABLE: Final = r"[^\x00-\x1f\x7f-\x9f]"
_LINE: Final = rf"^{_PRINTABLE}*$"
_FILLED_LINE: Final = rf"^{_PRINTABLE}*[^\s\x00-\x1f\x7f-\x9f]{_PRINTABLE}*$"
_LINES: Final = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"


def _moment(value: Any) -> Any:
    """A moment from ISO 8601 text with an offset, in UTC."""
    if value is None:
        return None
    if not isinstance(value, str | datetime):
        raise ValueError("a time is text such as 2026-11-22T08:00:00+00:00")
    found = clock.moment(value if isinstance(value, str) else value.isoformat())
    if found is None:
        raise ValueError("a time is ISO 8601 with an offset, such as 2026-11-22T08:00:00+00:00")
    return found


def _permissions(value: Any) -> list[str] | Literal["all"]:
    """Keys of the catalogue, each once and in its order; or the word for all of them, now and later."""
    if value == "all":
        return "all"
    if not isinstance(value, list) or not all(isinstance(key, str) for key in value):
        raise ValueError('must be a list of permissions, or "all"')
    unknown = [key for key in value if key not in PERMISSIONS]
    if unknown:
        more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
        raise ValueError("unknown permission " + ", ".join(map(show, unknown[:_NAMED])) + more)
    return sorted(set(value), key=_ORDER.__getitem__)


def _kept(fault: Callable[[str], str], canonical: Callable[[str], str] | None) -> Callable[[str], str]:
    """What refuses a faulty text, and says how it is kept."""

    def kept(text: str) -> str:
        if said := fault(text):
            raise ValueError(said)
        return text if canonical is None else canonical(text)

    return kept


Key = Annotated[str, Field_(pattern=_FILLED_LINE, max_length=limits.KEY)]
Name = Annotated[str, Field_(pattern=_FILLED_LINE, max_length=limits.NAME)]
Login = Annotated[str, Field_(pattern=_FILLED_LINE, max_length=limits.SHORT_TEXT)]
Lines = Annotated[str, Field_(pattern=_LINES, max_length=limits.LONG_TEXT)]
Moment = Annotated[
    datetime | None,
    BeforeValidator(_moment),
    PlainSerializer(lambda moment: None if moment is None else moment.astimezone(UTC).isoformat()),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}], "default": None}),
]
Permissions = Annotated[
    list[str] | Literal["all"],
    PlainValidator(_permissions),
    WithJsonSchema(
        {
            "anyOf": [
                {"const": "all"},
                {"type": "array", "items": {"enum": [permission.key for permission in CATALOGUE]}},
            ],
            "default": [],
        }
    ),
]


class Entry(BaseModel):
    """What every entry is: strict about types, and closed to fields that it does not know."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TenantEntry(Entry):
    """A service provider; its name is that of its root."""

    key: Key
    name: Name


class Owned(Entry):
    """An entry of a tenant."""

    key: Key
    tenant: Key
    name: Name


class MemberCustomer(Entry):
    """A customer of a group, with or without those nested below it."""

    customer: Key | None = None
    nested: bool = True


class MembershipEntry(Entry):
    """A place in a security group, in force from the one moment up to the other."""

    group: Key
    valid_from: Moment = None
    valid_until: Moment = None


def entry_of(kind: Kind) -> type[Entry]:
    """The model of a kind's entries: its fields, but for those that are told at the other end. Where it belongs and
    stands comes first; what has no value of its own when nothing is said must be given."""
    kept = [one for name, one in kind.fields.items() if name not in ("key", "name") and name not in kind.whole]
    kept.sort(key=lambda one: one is not kind.node and one is not kind.stands)
    fields: dict[str, Any] = {one.name: _field(one, kind) for one in kept}
    name = "".join(word.capitalize() for word in kind.noun.split("_"))
    return create_model(f"{name}Entry", __base__=Owned, __doc__=kind.document, **fields)


def _field(field: Field, kind: Kind) -> tuple[Any, Any]:
    """What an entry's field holds, and what it is where nothing is said."""
    default = ... if isinstance(field.spec, Ref | Choice) and field.spec.given else field.default
    match field.spec:
        case Text(lines=True, fault=fault, canonical=canonical):
            return (Lines if fault is None else Annotated[Lines, AfterValidator(_kept(fault, canonical))]), default
        case Text(filled=True):
            return Login, ...
        case Text(longest=longest, exact=exact, fault=fault, canonical=canonical):
            line = Annotated[str, Field_(pattern=_LINE, max_length=longest)]
            if not exact or fault is None:  # what people alone read is loaded as it is
                return line, default
            return Annotated[line, AfterValidator(_kept(fault, canonical))], default
        case Number(least=least, most=most):
            number = Annotated[int, Field_(ge=least, le=most)]
            return (number | None if field.optional else number), default
        case Flag():
            return bool, default
        case Choice(values=values):
            return Literal[values], default
        case Ref():
            return Key | None, None if field is kind.node else default
        case Ties():
            return _TIED[field.form] if field.spec.kind else Permissions, Field_(default_factory=list)
        case declared.Moment():
            return Moment, default
        case _:
            assert_never(field.spec)


_TIED: Final[dict[str, Any]] = {
    "mapping": list[MemberCustomer],
    "windows": list[MembershipEntry],
    "set": list[Key],
}

ENTRIES: Final[dict[str, type[Entry]]] = {
    "tenants": TenantEntry,
    **{kind.plural: entry_of(kind) for kind in EDITED.values()},
}
"""The document's lists, in the order in which it is written."""
_LISTS: Final[dict[str, Any]] = {name: (list[entry], Field_(default_factory=list)) for name, entry in ENTRIES.items()}  # type: ignore[valid-type]
Document: Final = create_model(
    "Document", __base__=Entry, __doc__="A whole snapshot.", ringfence=(Literal[1], ...), **_LISTS
)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a snapshot document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Ringfence snapshot",
        **Document.model_json_schema(),
    }
