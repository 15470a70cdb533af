"""How the demo's past is told: each of its changes is made by the product's own services, as the user of the story who
made it, by a clock that stands at the moment when they did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from ringfence.changes.edits import Edit
from ringfence.domain import clock
from ringfence.domain.errors import Refused
from ringfence.domain.kind import Kind, StateKind, altered
from ringfence.domain.registry import EDITED
from ringfence.domain.security_group import SECURITY_GROUPS
from ringfence.domain.user import USERS
from ringfence.services import naming
from ringfence.services.edited import Opened
from ringfence.services.workspace import Session, Workspace
from ringfence.storage.engine import Database

_NEW: Final = -1
_FOR_GOOD: Final = (None, None)
Rest = ParamSpec("Rest")


def _then(
    change: Callable[Concatenate[Moment, Rest], Sequence[Edit]],
) -> Callable[Concatenate[Moment, Rest], None]:
    """A change by the clock of its moment: looked at first, and saved. Raises Refused where the story is not true."""

    @wraps(change)
    def changing(moment: Moment, /, *rest: Rest.args, **named: Rest.kwargs) -> None:
        with moment.stopped():
            edits = change(moment, *rest, **named)
            shown = moment.session.preview(edits)
            if shown.refusal:
                raise Refused(shown.refusal, shown.field)
            moment.session.save(edits)

    return changing


class Moment:
    """Somebody, at a moment: what they do is one change each. Records go by their keys, users by their logins; what
    is ``said`` of one is its fields, references by key too: of ties a list, a mapping to whether what is nested comes
    along, or one to windows of two moments in ISO 8601."""

    def __init__(self, database: Database, login: str, at: datetime, origin: str) -> None:
        self._at = at
        with self.stopped():
            self.session: Session = Workspace(database, origin=origin).sign_in(login)

    def stopped(self) -> AbstractContextManager[None]:
        """The clock, standing at this moment."""
        return clock.stopped(self._at)

    @_then
    def create(self, /, kind: StateKind, *, members: Iterable[str] = (), **said: Any) -> Sequence[Edit]:
        """A new record; of a security group, with users who become members of it."""
        of = EDITED[kind]
        if said.get(of.node.name) is None:
            said[of.node.name], _ = naming.place_of_new(self.session.viewer, kind, "create", "")
        state = altered(of.blank, **self._values(of, said))
        return [Edit(kind, _NEW, None, state), *self._joining(members, _NEW)]

    @_then
    def edit(self, /, kind: StateKind, *keys: str, **said: Any) -> Sequence[Edit]:
        """Records, all alike."""
        values = self._values(EDITED[kind], said)
        return [_edit(one, **values) for one in self._opened(kind, keys)]

    @_then
    def delete(self, kind: StateKind, *keys: str) -> Sequence[Edit]:
        """Records, with what belongs to them."""
        return [Edit(kind, one.id, one.state, None, one.revision) for one in self._opened(kind, keys)]

    @_then
    def assign(self, *keys: str, to: str) -> Sequence[Edit]:
        """Devices to another customer, each onto its site of the same name, where there is one."""
        devices = self._ids("device", keys)
        edits, _ = self.session.assignment(devices, self._id("customer", to))
        return edits

    @_then
    def make_group_for(self, customer: str, *, member: str) -> Sequence[Edit]:
        """The security group of a customer's own, and somebody in it."""
        group, _, making = self.session.group_for_customer(self._id("customer", customer))
        return [*making, *self._joining([member], group)]

    @_then
    def change_profile(self, /, **said: str) -> Sequence[Edit]:
        """Their own name or e-mail address, as everybody may."""
        return [_edit(self.session.own_record(), **said)]

    def undo(self) -> None:
        """Takes their last change back."""
        with self.stopped():
            number, _, shown = self.session.preview_undo()
            if shown.refusal:
                raise Refused(shown.refusal)
            self.session.undo(number)

    def _joining(self, logins: Iterable[str], group: int) -> list[Edit]:
        users = self._opened(USERS.noun, tuple(logins))
        name = next(name for name, to in USERS.refs.items() if to == SECURITY_GROUPS.noun)
        return [_edit(one, **{name: getattr(one.state, name) | {(group, _FOR_GOOD)}}) for one in users]

    def _opened(self, kind: StateKind, keys: Sequence[str]) -> tuple[Opened, ...]:
        return naming.open_all(self.session.viewer, kind, self._ids(kind, keys))

    def _ids(self, kind: StateKind, keys: Iterable[str]) -> list[int]:
        return naming.ids_called(self.session.viewer, kind, keys)

    def _id(self, kind: StateKind, key: str) -> int:
        (found,) = self._ids(kind, [key])
        return found

    def _values(self, of: Kind, said: dict[str, Any]) -> dict[str, Any]:
        return {name: self._value(of, name, value) for name, value in said.items()}

    def _value(self, of: Kind, name: str, said: Any) -> Any:
        """What is said of a field, as a state holds it."""
        field = of.fields[name]
        if not field.form:
            return self._id(field.refers, said) if field.refers and isinstance(said, str) else said
        if not field.refers:
            return frozenset(said)
        ids = dict(zip(said, self._ids(field.refers, said), strict=True))
        if field.form == "set":
            return frozenset(ids.values())
        if field.form == "mapping":
            return {own: said[key] for key, own in ids.items()}
        return frozenset((own, _window(said[key])) for key, own in ids.items())


def _edit(opened: Opened, **values: Any) -> Edit:
    return Edit(opened.kind, opened.id, opened.state, altered(opened.state, **values), opened.revision)


def _window(said: tuple[str | None, str | None]) -> tuple[datetime | None, ...]:
    return tuple(clock.moment(one) if one else None for one in said)
