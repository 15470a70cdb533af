"""What is done to one record: the state that it had, and the one that it shall have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from ringfence.domain.kind import Kind, State, StateKind, altered, kind_of, kind_with
from ringfence.domain.registry import EDITED, node_of

S = TypeVar("S", bound=State)


@dataclass(frozen=True, slots=True)
class Edit:
    """One record to be created (``before`` None), changed, or deleted (``after`` None).

    ``before`` is what whoever edits was shown, at ``revision``; only what differs between the two is changed.
    """

    kind: StateKind
    id: int
    before: State | None
    after: State | None
    revision: int = 0
    # Worked out when they are first asked for: of very many edits, each is asked several times.
    _actions: tuple[str, ...] = field(default=(), init=False, repr=False, compare=False)
    _changed: tuple[str, ...] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def of(self) -> Kind:
        """The kind of the record, as it is declared."""
        return EDITED[self.kind]

    @property
    def actions(self) -> tuple[str, ...]:
        """What is done to the record, as permissions call it: ``create``, ``delete``, ``move`` of a customer,
        ``assign`` of a device to another customer, ``edit`` of anything else; an edit may be two of them."""
        if not self._actions:
            object.__setattr__(self, "_actions", self._actions_of())
        return self._actions

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of the fields that differ; of a record that comes or goes, from one that is blank."""
        if self._changed is None:
            blank = self.of.blank
            object.__setattr__(self, "_changed", tuple(changed(self.before or blank, self.after or blank)))
        assert self._changed is not None
        return self._changed

    def _actions_of(self) -> tuple[str, ...]:
        if self.before is None:
            return ("create",)
        if self.after is None:
            return ("delete",)
        of = self.of
        if of.moves in ("", "edit") or node_of(self.before) == node_of(self.after):
            return ("edit",)
        along = {one.name for one in (of.node, of.stands) if one is not None}
        along.update(one.name for one, _ in of.left if not getattr(self.after, one.name))  # it stays behind
        return (of.moves,) if along.issuperset(self.changed) else (of.moves, "edit")

    @property
    def action(self) -> str:
        """The first of ``actions``: what the audit says was done."""
        return self.actions[0]


def edits_of(edits: Iterable[Edit], state: type[S]) -> list[tuple[Edit, S | None, S | None]]:
    """The edits of records of one kind, by the class of its states, each with what the record was and would be: what
    somebody edits was held to its kind before (``demand_fitting``)."""
    noun = kind_with(state).noun
    found = [(edit, edit.before, edit.after) for edit in edits if edit.kind == noun]
    return cast("list[tuple[Edit, S | None, S | None]]", found)


def items(value: Any) -> frozenset[Any] | None:
    """The items of a field that is a set or a mapping; None for a plain value (all permissions among them)."""
    if isinstance(value, Mapping):
        return frozenset(value.items())
    return value if isinstance(value, frozenset) else None


def changed(before: State, after: State) -> list[str]:
    """The names of the fields in which two states of a record differ."""
    if type(before) is not type(after):
        raise TypeError("a record of one kind is not made into another")
    kind = kind_of(before)
    return [
        name
        for name, old, new in zip(kind.compared, kind.values(before), kind.values(after), strict=True)
        if old != new
    ]


def rebased(current: State, before: State, after: State) -> State:
    """``current`` with what was changed from ``before`` to ``after``: sets by their items, other fields whole."""
    values: dict[str, Any] = {}
    for name in changed(before, after):
        old, new, now = (getattr(state, name) for state in (before, after, current))
        sets = items(old), items(new), items(now)
        if sets[0] is None or sets[1] is None or sets[2] is None:
            values[name] = new
            continue
        kept = (sets[2] - (sets[0] - sets[1])) | (sets[1] - sets[0])
        if isinstance(new, Mapping):
            # An item of ours stands over one of theirs that has the same key.
            values[name] = {**dict(sets[2] & kept), **dict(sets[1] - sets[0])}
        else:
            values[name] = kept
    return altered(current, **values)
