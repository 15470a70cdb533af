"""The first half of a load: every entry read and checked by itself, and every fault noted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ringfence.domain import limits
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import InvalidDocument
from ringfence.domain.field import Choice, Number, Ref
from ringfence.domain.kind import Kind
from ringfence.domain.login import login_fault
from ringfence.domain.registry import EDITED
from ringfence.domain.text import name_fault, search_key, trimmed
from ringfence.snapshot.document import ENTRIES, FORMAT, Entry
from ringfence.snapshot.read import Twice, read_items, show

Progress = Callable[[str, int], None]
"""Told the name of the step, and how many entries of it are done."""

_REPORT_EVERY: Final = 5000
_ODDITIES: Final = 10


class DeviceRow(NamedTuple):
    """A device of the file. A million of them fit in memory where as many models would not."""

    place: int
    tenant: str
    key: str
    customer: str | None
    site: str | None
    name: str
    unit_id: str
    kind: str
    notes: str
    attributes: str


@dataclass
class Contents:
    """The entries of a file that are sound by themselves, and the faults of all others.

    ``entries`` holds (index, entry) by list; ``claimed`` holds every (tenant, key) that the file mentions, those of
    unsound entries included, so that a reference to one of them is not reported a second time.
    """

    entries: dict[str, list[tuple[int, Any]]] = field(default_factory=lambda: defaultdict(list))
    devices: list[DeviceRow] = field(default_factory=list)
    claimed: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    faults: list[str] = field(default_factory=list)
    odd: int = 0
    """How many texts there are that would be refused if they were typed. A dump may hold them, so they are loaded."""
    oddities: list[str] = field(default_factory=list)
    """The first of them, each in a line."""


def collect(source: Path | IO[bytes], progress: Progress) -> Contents:
    """Reads and checks every entry. Raises RingfenceError where the file cannot be read, InvalidDocument where it is
    no document; the faults of entries are in the result."""
    return _collect(read_items(source, frozenset(ENTRIES)), progress)


def collect_from(document: dict[str, Any]) -> Contents:
    """The same for a document that is in memory already."""
    if not isinstance(document, dict):
        raise InvalidDocument(['a snapshot is an object whose first field is "ringfence": 1'])

    def items() -> Iterator[tuple[str, int, Any]]:
        for name, value in document.items():
            if name in ENTRIES and isinstance(value, list):
                yield name, -1, []
                for index, entry in enumerate(value):
                    yield name, index, entry
            else:
                yield str(name), -1, value

    return _collect(items(), lambda _step, _done: None)


def _collect(items: Iterator[tuple[str, int, Any]], progress: Progress) -> Contents:
    contents = Contents()
    validators = {name: model.__pydantic_validator__.validate_python for name, model in ENTRIES.items()}
    typed = {name: _typed(name) for name in ENTRIES}
    words: dict[str | None, str | None] = {None: None}  # the same key or kind many times over is kept once
    seen: set[str] = set()
    devices = contents.devices
    keys: defaultdict[str, set[str]] = defaultdict(set)
    done = 0
    for name, index, value in items:
        if isinstance(value, Twice):
            whose = value.value if index >= 0 else None
            key = whose.get("key") if isinstance(whose, dict) else None
            contents.faults.append(
                f"{show(name)}: {show(value.field)} is there twice"
                if index < 0
                else fault(name, index, key, value.field, "is there twice")
            )
            value = value.value
        if index < 0:
            _top_level(contents, seen, name, value)
            continue
        done += 1
        if not done % _REPORT_EVERY:
            progress("Reading", done)
        try:
            entry = validators[name](value)
        except ValidationError as error:
            _note(contents, name, index, value, error)
            entry = _mended(name, index, value, error)
            if entry is None:
                _remember(contents, name, value)
                continue
        if not entry.name.isascii() and len(_searched(name, entry).encode()) > limits.SEARCH_KEY_BYTES:
            contents.faults.append(fault(name, index, entry.key, "name", "is too long to be searched by"))
        _look_at(contents, name, index, entry, typed[name])
        if name == DEVICES.plural:
            tenant = words.setdefault(entry.tenant, entry.tenant) or ""
            if entry.key in keys[tenant]:
                contents.faults.append(fault(name, index, entry.key, "key", "is there twice"))
                continue
            keys[tenant].add(entry.key)
            devices.append(
                DeviceRow(
                    index,
                    tenant,
                    entry.key,
                    words.setdefault(entry.customer, entry.customer),
                    words.setdefault(entry.site, entry.site),
                    entry.name,
                    entry.unit_id,
                    words.setdefault(entry.kind, entry.kind) or "",
                    entry.notes,
                    entry.attributes,
                )
            )
            continue
        _claim(contents, name, index, entry)
    progress("Reading", done)
    if "ringfence" not in seen:
        contents.faults.insert(0, f'ringfence: is missing: a snapshot begins with "ringfence": {FORMAT}')
    return contents


def _typed(name: str) -> list[str]:
    """The texts of one line that entries of a list have, which are typed elsewhere."""
    kind = _of(name)
    texts = {} if kind is None else kind.texts
    return ["key", "name", *(line for line, text in texts.items() if line != "name" and not text.lines)]


def _of(name: str) -> Kind | None:
    """The kind whose entries a list holds; none of the tenants."""
    return next((kind for kind in EDITED.values() if kind.plural == name), None)


def _look_at(contents: Contents, name: str, index: int, entry: Any, lines: Sequence[str]) -> None:
    """Notes what could not be typed, and is loaded all the same."""
    for line in lines:
        text = getattr(entry, line)
        if text.isascii() and (line != "login" or " " not in text) and text.strip() == text:
            continue
        said = login_fault(text) if line == "login" else name_fault(text)
        if not said and trimmed(text) != text:
            said = "this begins or ends with a space"
        if said:
            contents.odd += 1
            if len(contents.oddities) < _ODDITIES:
                contents.oddities.append(fault(name, index, entry.key, line, said))


def fault(name: str, index: int, key: object, field_name: str, message: str) -> str:
    """One line about one field of one entry."""
    return f"{name}[{index}] {'(no key)' if key is None else show(key)}: {field_name}: {message}"


def _searched(name: str, entry: Any) -> str:
    """The search key that the entry will have."""
    kind = _of(name)
    fields = ("name",) if kind is None else kind.searched
    return search_key(*(getattr(entry, field) for field in fields))


def _top_level(contents: Contents, seen: set[str], name: str, value: object) -> None:
    if name in seen:
        contents.faults.append(f"{show(name)}: is there twice")
    elif name == "ringfence":
        if value != FORMAT or isinstance(value, bool) or not isinstance(value, int):
            contents.faults.append(f"ringfence: this program reads format {FORMAT}, the file says {show(value)}")
    elif name in ENTRIES:
        if not isinstance(value, list):
            contents.faults.append(f"{name}: must be a list, not {_kind(value)}")
    else:
        contents.faults.append(f"{show(name)}: unknown field")
    seen.add(name)


def _claim(contents: Contents, name: str, index: int, entry: Any) -> None:
    claim = ("" if name == "tenants" else entry.tenant, entry.key)
    if claim in contents.claimed[name]:
        contents.faults.append(fault(name, index, entry.key, "key", "is there twice"))
        return
    contents.claimed[name].add(claim)
    contents.entries[name].append((index, entry))


def _note(contents: Contents, name: str, index: int, value: object, error: ValidationError) -> None:
    key: object = value.get("key") if isinstance(value, dict) else None
    for problem in error.errors(include_url=False):
        contents.faults.append(fault(name, index, key, _field(problem), _message(problem, name)))


def _remember(contents: Contents, name: str, value: object) -> None:
    """Claims the key of an entry of which nothing else can be used."""
    if isinstance(value, dict):
        key, tenant = value.get("key"), "" if name == "tenants" else value.get("tenant", "")
        if isinstance(key, str) and isinstance(tenant, str):
            contents.claimed[name].add((tenant, key))


def _mended(name: str, index: int, value: object, error: ValidationError) -> Entry | None:
    """The entry with something harmless in place of its faulty fields, so that its references are checked as well.

    None where too little is left of it. The load is refused in any case.
    """
    if not isinstance(value, dict):
        return None
    model = ENTRIES[name]
    mended = dict(value)
    for problem in error.errors(include_url=False):
        field_name = str(problem["loc"][0]) if problem["loc"] else ""
        known = model.model_fields.get(field_name)
        if known is None or not known.is_required():
            mended.pop(field_name, None)
        elif field_name in ("key", "tenant"):
            return None
        else:
            mended[field_name] = _harmless(name, index, field_name)
    try:
        return model.model_validate(mended)
    except ValidationError:
        return None


def _harmless(name: str, index: int, field_name: str) -> Any:
    """What may stand in a field that must be given."""
    kind = _of(name)
    spec = kind.fields[field_name].spec if kind is not None else None
    if isinstance(spec, Choice):
        return spec.values[-1]
    return None if isinstance(spec, Ref) else f"?{index}"


def _field(problem: ErrorDetails) -> str:
    path = ""
    for step in problem["loc"]:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    return show(path)[1:-1] if path else "entry"


def _message(problem: ErrorDetails, name: str) -> str:
    kind, context = problem["type"], problem.get("ctx", {})
    wrong = f", not {_kind(problem['input'])}"
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return f"unknown field; there are {', '.join(ENTRIES[name].model_fields)}"
    if kind == "string_pattern_mismatch":
        text = str(problem["input"])
        return "is empty" if not text.strip() else "holds control characters"
    if kind == "string_too_long":
        return f"is longer than {context['max_length']} characters"
    if kind == "string_unicode":
        return "holds half a character"
    if kind == "literal_error":
        return f"must be {context['expected']}, not {show(problem['input'])}"
    if kind == "value_error":
        return str(context["error"])
    if kind in ("greater_than_equal", "less_than_equal"):
        of = _of(name)
        spec = of.fields[str(problem["loc"][0])].spec if of is not None else None
        return f"must be from {spec.least} to {spec.most}" if isinstance(spec, Number) else "must be another number"
    if kind == "int_type" and isinstance(problem["input"], float):
        return f"must be a whole number, not {show(problem['input'])}"
    expected = {
        "string_type": "text",
        "bool_type": "true or false",
        "int_type": "a whole number",
        "list_type": "a list",
    }
    return f"must be {expected.get(kind, 'an object')}{wrong}"


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a truth value", int: "a number", float: "a number"}
    return names.get(type(value), "null" if value is None else type(value).__name__)
