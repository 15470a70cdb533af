"""What the audit says of a change: its edits as entries, in words that outlive ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ringfence.changes.audit import Detail, Event, Words
from ringfence.changes.authority import Authority
from ringfence.changes.edits import Edit
from ringfence.domain.kind import State, altered
from ringfence.domain.registry import node_of

_NAMED: Final = 12
_TOLD: Final = 1000
"""So many former customers are told that devices of theirs were handed over; of more at once, the devices' own entries
tell whoever sees those."""


def told(edits: Sequence[Edit], words: Words, authority: Authority) -> list[Event]:
    """The entries of edits; of what stays behind with a former customer one more there, which the new one does not see;
    of devices that are handed over, one for each former customer besides, who sees no more of them, unless they are
    very many."""
    handed = {(edit.kind, edit.id): bare for edit in edits if (bare := _bare(edit)) is not None}
    every = [replace(edit, before=handed.get((edit.kind, edit.id), edit.before)) for edit in edits] if handed else edits
    every = [*every, *(replace(e, after=handed[e.kind, e.id]) for e in edits if (e.kind, e.id) in handed)]
    events = [event(edit, detail) for edit, detail in zip(every, words.details(every), strict=True)]
    left: defaultdict[int, list[Edit]] = defaultdict(list)
    for edit in edits:
        if edit.before is not None and "assign" in edit.actions:
            left[node_of(edit.before)].append(edit)
    for own, moved in left.items() if len(left) <= _TOLD else ():
        key, name = authority.names[own]
        events.append(_handed_over(own, key or "", name, moved))
    return events


def _bare(edit: Edit) -> State | None:
    """A record that goes to another node, as it is without what stays behind; None where nothing does."""
    before, after = edit.before, edit.after
    if before is None or after is None or node_of(before) == node_of(after):
        return None
    left = {field.name: "" for field, _ in edit.of.left if getattr(before, field.name)}
    return altered(before, **left) if left else None


def event(edit: Edit, detail: Detail) -> Event:
    """The entry of an edit, with what it changes in words."""
    state = edit.after or edit.before
    assert state is not None
    node = edit.id if edit.kind == "customer" else node_of(state)
    return Event(edit.action, edit.kind, state.key, state.name, node, detail)


def _handed_over(customer: int, key: str, name: str, edits: Sequence[Edit]) -> Event:
    """What a former customer's audit says of devices that go to another: their names as they were, and no more."""
    names = sorted(edit.before.name for edit in edits if edit.before is not None)
    said = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    detail: dict[str, object] = {"devices_handed_over": ["", len(names)], "names": ["", said]}
    return Event("hand over", "customer", key, name, customer, {"handed_over": detail})
