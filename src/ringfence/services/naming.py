"""Records by the keys and logins that people know them by: hidden and missing are answered alike, for every kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import select

from ringfence.changes import ledger
from ringfence.changes.lacking import lacked_by
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.errors import Refused, RingfenceError, lacks
from ringfence.domain.kind import Kind, StateKind
from ringfence.domain.registry import EDITED, kind_named
from ringfence.domain.text import fold
from ringfence.domain.user import USERS
from ringfence.services import choices, editing
from ringfence.services.edited import Opened
from ringfence.visibility import overview
from ringfence.visibility.point import among, find, find_user
from ringfence.visibility.viewer import Sight, Viewer

_BEGUN: Final = 1000
_PARTS: Final = 20
_LAST: Final = "\U0010ffff"
"""No key or login goes on with more than that."""


def record_id(viewer: Viewer, kind: str, key: str) -> int:
    """The id of the record of a kind (as the command line spells it) with that key. Raises RingfenceError alike for one
    that is hidden and one that is not there."""
    return record_ids(viewer, kind, [key])[0]


def record_ids(viewer: Viewer, kind: str, keys: Iterable[str]) -> list[int]:
    """The same for many, each once, in their order."""
    listed, wanted = kind_named(kind), list(keys)
    if not wanted:
        return []
    with viewer.look(listed.permission) as sight:
        return list(dict.fromkeys(_find(sight, listed, key) for key in wanted))


def user_ids(viewer: Viewer, logins: Iterable[str]) -> list[int]:
    """The ids of the users whom these logins mean; otherwise as ``record_ids``."""
    wanted = list(logins)
    with viewer.look(USERS.permission) as sight:
        found = {login: find_user(sight, (USERS.permission,), login) for login in wanted}
    return list(dict.fromkeys(_there(USERS, login, own) for login, own in found.items()))


def ids_called(viewer: Viewer, kind: StateKind, names: Iterable[str]) -> list[int]:
    """The ids of records of a kind by what people call them: users by their logins, others by their keys."""
    return user_ids(viewer, names) if kind == USERS.noun else record_ids(viewer, EDITED[kind].name, names)


def _find(sight: Sight, kind: Kind, key: str) -> int:
    return _there(kind, key, find(sight, kind.permission, kind, "key", key))


def _there(kind: Kind, said: str, found: int | None) -> int:
    if found is None:
        raise missing(kind, said)
    return found


def missing(kind: Kind, said: str) -> RingfenceError:
    """What is said of a record that is not there, or hidden, by what it was called."""
    return RingfenceError(f"there is no {kind.said} {said!r}: 'ringfence list {kind.name}' shows those there are")


def beginning(viewer: Viewer, kind: str, begun: str, most: int) -> list[str]:
    """Of the records of a kind (as the command line spells it) that a viewer may list, what people call them, where it
    begins so: logins of users, keys of others. At most so many, in their order; where only few of very many are to be
    seen, those behind the first 20,000 are not looked for."""
    listed = kind_named(kind)
    own = ledger.table(listed.noun)
    column, word = (own.login_key, fold(begun)) if listed is USERS else (own.key, begun)
    found: list[str] = []
    with viewer.look(listed.permission) as sight:
        query = select(own.id, column).where(own.tenant_id == sight.tenant_id, column >= word, column < word + _LAST)
        after = query.order_by(column).limit(_BEGUN)
        for part in range(_PARTS):
            rows = sight.connection.execute(after.offset(part * _BEGUN)).all()
            names = "login" if listed is USERS else "key"
            seen = {
                row.id: getattr(row, names)
                for row in among(sight, listed.permission, listed, [row[0] for row in rows], ("id", names))
            }
            found += (seen[row[0]] for row in rows if row[0] in seen)
            if len(found) >= most or len(rows) < _BEGUN:
                break
    return found[:most]


def open_all(viewer: Viewer, kind: StateKind, records: Sequence[int]) -> tuple[Opened, ...]:
    """Records as they are now, in their order. Raises RingfenceError where one may not be viewed or went meanwhile."""
    found = editing.open_records(viewer, kind, records)
    if len(found) < len(records):
        noun = kind.replace("_", " ")
        what = f"this {noun} is" if len(records) == 1 else f"one of these {noun}s is"
        raise RingfenceError(f"{what} not there any more, or you may not open it")
    return found


def place_of_new(viewer: Viewer, kind: StateKind, action: str, option: str) -> tuple[int, str]:
    """Id and name of the one place at whose top the viewer may do something to records of a kind (``create`` a
    ``device``). Raises Refused where there is none, and where there is more than one: ``option`` chooses."""
    permission, said = EDITED[kind].right(action), EDITED[kind].indefinite
    with viewer.look(CUSTOMERS.permission, permission) as sight:
        places = len(overview.record_nodes(sight, permission))
    if places > 1:
        raise Refused(f"say where, with {option}: you may {action} {said} in more than one place")
    top = choices.home_of_new(viewer, permission) if places else None
    if top is None:
        with viewer.look() as sight, lacked_by(sight.connection, sight.tenant_id, viewer.user_id):
            raise lacks(permission, f"you may not {action} {said}")
    return top


def key_of(viewer: Viewer, kind: str, record: int) -> str | None:
    """The key of a record of a kind (as the command line spells it), where the viewer may list it."""
    listed = kind_named(kind)
    with viewer.look(listed.permission) as sight:
        return next((row.key for row in among(sight, listed.permission, listed, [record])), None)


def keys_of_new(viewer: Viewer, kind: StateKind, records: Sequence[int]) -> list[str]:
    """The keys of records that the viewer just made, whether they may list them or not."""
    permission = EDITED[kind].right("create")
    with viewer.look(permission) as sight:
        return [row.key for row in among(sight, permission, EDITED[kind], records)]
