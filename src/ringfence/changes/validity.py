"""What no change may look like, whoever makes it: edits that do not fit together, and states of no record."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from operator import attrgetter
from typing import assert_never

from sqlalchemy import Connection, select

from ringfence.changes import ledger
from ringfence.changes.cascade import NOBODY, Herd
from ringfence.changes.edits import Edit
from ringfence.changes.placing import demand_own_places
from ringfence.domain import limits
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import Refused
from ringfence.domain.field import Choice, Flag, Moment, Number, Ref, Text, Ties
from ringfence.domain.kind import Kind, State, StateKind, kind_of
from ringfence.domain.registry import EDITED, node_of, references
from ringfence.domain.text import has_control, name_fault, search_key
from ringfence.storage.bulk import any_of
from ringfence.storage.tables import table_of


def demand_fitting(edits: Sequence[Edit]) -> None:
    """Raises Refused for edits that do not fit together."""
    coming: dict[int, StateKind] = {}
    known: set[tuple[str, int]] = set()
    for edit in edits:
        for state in (edit.before, edit.after):
            if state is not None and not isinstance(state, edit.of.state):
                raise Refused("a record of one kind is not made into another")
        record = (edit.kind, edit.id)
        if record in known or edit.id in coming:
            raise Refused("the same record is changed twice at once: make one change of it")
        known.add(record)
        if edit.before is None and edit.after is not None:
            if edit.id >= 0:
                raise Refused("a new record stands under a negative number until it is made")
            coming[edit.id] = edit.kind
    for edit in edits:
        state, read = edit.after, edit.of.plain_ids
        if state is not None and read is not None and all(one is None or one >= 0 for one in read(state)):
            continue  # there may be very many of these
        for kind, ids in references(state):
            if any(coming.get(one) != kind for one in ids if one < 0):
                raise Refused("it refers to a new record that this change does not make")
    _demand_tree(edits)


def _demand_tree(edits: Sequence[Edit]) -> None:
    """Raises Refused for new customers that stand below each other and nowhere else."""
    coming = [(edit.id, edit.after) for edit in edits if edit.before is None and edit.of.is_customer]
    above = {own: node_of(state) for own, state in coming if state is not None}
    rooted: set[int] = set()
    for customer in above:
        way: list[int] = []
        while customer in above and customer not in rooted:
            if len(way) > len(above):
                raise Refused("a customer cannot be put below itself", "parent")
            way.append(customer)
            customer = above[customer]
        rooted.update(way)


def demand_staying(edits: Sequence[Edit]) -> None:
    """Raises Refused where a record belongs to a customer that the change deletes, or newly refers to what it deletes
    (of roles, whoever removes them tells)."""
    going = {(edit.kind, edit.id) for edit in edits if edit.after is None and edit.kind != "role"}
    if not going:
        return
    for edit in edits:
        if edit.after is None:
            continue
        if ("customer", node_of(edit.after)) in going:
            raise Refused("it belongs to a customer that would be deleted: put it elsewhere, or leave it alone")
        known = {(kind, one) for kind, ids in references(edit.before) for one in ids}
        if any((kind, one) in going - known for kind, ids in references(edit.after) for one in ids):
            raise Refused("it refers to something that would be deleted")


def demand_sound(
    connection: Connection,
    tenant_id: int,
    edits: Sequence[Edit],
    herd: Herd = NOBODY,
    *,
    restoring: bool = False,
    hidden: Collection[int] = (),
) -> None:
    """Raises Refused for states that no record may have, once the ``herd`` has gone. What is ``restoring`` a record to
    what it was may give it names and addresses that are refused to others: a load had let them in. Nothing is told of
    ``hidden`` devices."""
    for edit in edits:
        if edit.after is not None:
            _demand_fields(edit, edit.after, _names(edit), restoring=restoring)
            _demand_one(connection, tenant_id, edit, edit.after, restoring)
    for kind in EDITED.values():
        if kind.unique and not kind.texts[kind.unique].folded:
            theirs = [edit for edit in edits if edit.of is kind]
            _demand_unique(connection, tenant_id, kind, theirs, herd, hidden if kind is DEVICES else ())
    demand_own_places(connection, tenant_id, edits)


def demand_possible(before: State, after: State) -> None:
    """Raises Refused for what no record of the kind of these states may come to be, as far as that takes no database to
    tell."""
    edit = Edit(kind_of(after).noun, 0, before, after)
    _demand_fields(edit, after, edit.changed, restoring=False)
    for check, _ in edit.of.checked:
        check(before, after)


def _names(edit: Edit) -> tuple[str, ...]:
    """The fields that an edit gives a new value."""
    return edit.of.compared if edit.before is None else edit.changed


def _demand_fields(edit: Edit, state: State, names: Sequence[str], *, restoring: bool) -> None:
    """Raises Refused for what no field may hold, of those that get a new value."""
    kind = edit.of
    if edit.before is not None and not kind.whole.isdisjoint(names):
        raise Refused(kind.elsewhere)
    for name in names:
        value = getattr(state, name)
        spec = kind.fields[name].spec
        match spec:
            case Text():
                _demand_text(value, name, spec)
                said = "" if restoring or spec.lines else name_fault(value)
                if not said and spec.fault is not None and not restoring:
                    said = spec.fault(value)
                if said:
                    raise Refused(said, name)
            case Number() | Moment() if value is None:
                if not kind.fields[name].optional:
                    raise Refused("this must not be empty", name)
            case Number():
                if not spec.least <= value <= spec.most:
                    said = f"{'a limit' if spec.counts else 'this'} is a number {spec.range}"
                    raise Refused(f"{said}, or empty" if kind.fields[name].optional else said, name)
            case Choice():
                if value not in spec.values:
                    raise Refused(spec.fault, name)
            case Flag() | Moment() | Ref() | Ties():
                pass  # whatever is wrong with these, no value says by itself
            case _:
                assert_never(spec)
    if len(kind.searched) > 1 and not set(kind.searched).isdisjoint(names):
        _demand_search_key(kind, state)


def _demand_unique(
    connection: Connection, tenant_id: int, kind: Kind, edits: Sequence[Edit], herd: Herd, hidden: Collection[int]
) -> None:
    """Raises Refused where two records of a kind would have one unit id, or whatever else is unique of it; those that
    go, and the herd, have theirs no more, and that of ``hidden`` ones is not said."""
    label, read = kind.label(kind.unique), attrgetter(kind.unique)
    wanted: dict[str, int] = {}
    leaving: set[int] = set()
    for edit in edits:
        old, new = ("" if state is None else read(state) for state in (edit.before, edit.after))
        if old != new or edit.after is None:
            leaving.add(edit.id)
            if new and wanted.setdefault(new, edit.id) != edit.id:
                raise Refused(f"two {kind.several} would have the {label} {new!r}", kind.unique)
    if not wanted:
        return
    mapped = table_of(kind)
    column = getattr(mapped, kind.fields[kind.unique].column)
    query = select(mapped.id, column).where(any_of(connection, column, wanted.keys()))
    if herd and kind is DEVICES:
        query = query.where(~herd.condition(connection))
    for holder, text in connection.execute(query.where(mapped.tenant_id == tenant_id)):
        if holder != wanted[text] and holder not in leaving:
            said = f"a {label} of what went along" if wanted[text] in hidden else f"the {label} {text!r}"
            raise Refused(f"another {kind.said} has {said}", kind.unique)


def _demand_one(connection: Connection, tenant_id: int, edit: Edit, state: State, restoring: bool) -> None:
    """Raises Refused for what its kind declares that no record may be, and for a name that another one bears."""
    of = edit.of
    for name, spec in of.texts.items():
        taken = spec.folded and spec.unique and name in edit.changed
        if taken and ledger.taken(connection, tenant_id, of, name, getattr(state, name), edit.id):
            raise Refused(f"another {of.said} has this {of.label(name)}", name)
    for check, typed in of.checked:
        if not (typed and restoring):
            check(edit.before, state)


def _demand_search_key(kind: Kind, state: State) -> None:
    if len(search_key(*(getattr(state, name) for name in kind.searched)).encode()) > limits.SEARCH_KEY_BYTES:
        said = [kind.label(name) for name in kind.searched]
        raise Refused(f"{', '.join(said[:-1])} and {said[-1]} are too long together", "name")


def demand_name(text: str, field: str = "name") -> str:
    """A name without the blanks around it. Raises Refused for what is none."""
    text = text.strip()
    _demand_text(text, field, Text(limits.NAME, filled=True))
    if said := name_fault(text):
        raise Refused(said, field)
    return text


def _demand_text(text: str, field: str, spec: Text) -> None:
    if spec.filled and not text.strip():
        raise Refused("this must not be empty", field)
    if len(text) > spec.longest:
        raise Refused(f"this is longer than {spec.longest} characters", field)
    if has_control(text, allow="\n\t" if spec.lines else ""):
        raise Refused("this holds a control character", field)
    if spec.filled and len(search_key(text).encode()) > limits.SEARCH_KEY_BYTES:
        raise Refused("this is too long", field)
