"""Records as those who may view them are shown them: without a reference to anything hidden from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select

from ringfence.changes import ledger
from ringfence.changes.audit import UNCHANGING
from ringfence.domain.ids import ids_in, only
from ringfence.domain.kind import State, StateKind, altered, kind_of
from ringfence.domain.registry import EDITED
from ringfence.domain.user import USERS
from ringfence.storage.columns import of_tenant
from ringfence.storage.tables import AuditEntry, User
from ringfence.visibility.overview import listed
from ringfence.visibility.point import among, find
from ringfence.visibility.viewer import Sight


def open_state(sight: Sight, kind: StateKind, record: int, own: int = 0) -> tuple[State, int] | None:
    """A record that the viewer may view, as a form shows it: without a reference to anything hidden from them."""
    return open_states(sight, kind, [record], own).get(record)


def open_states(sight: Sight, kind: StateKind, records: Sequence[int], own: int = 0) -> dict[int, tuple[State, int]]:
    """The same for many at once; what the viewer may not view is left out. ``own`` is the viewer's own id as a user:
    themselves they always view, while they are active, and wherever a record names them."""
    seen = [row.id for row in among(sight, EDITED[kind].right("view"), EDITED[kind], records)]
    if kind == "user" and own in records and own not in seen and sight.active:
        seen.append(own)
    return _shown(sight, kind, ledger.read_many(sight.connection, sight.tenant_id, kind, seen), own)


def shown(sight: Sight, state: State) -> State:
    """A state without what the viewer may not see."""
    return _shown(sight, kind_of(state).noun, {0: (state, 0)})[0][0]


def _shown(sight: Sight, kind: StateKind, read: ledger.Known, own: int = 0) -> ledger.Known:
    """States without references to what the viewer may not list, but for where they belong: what is not changed stays
    as it is, those references too."""
    of = EDITED[kind]
    names = {name: to for name, to in of.refs.items() if name != of.node.name}
    if not names:
        return read
    wanted: defaultdict[str, set[int]] = defaultdict(set)
    for state, _ in read.values():
        for name, to in names.items():
            wanted[to].update(ids_in(getattr(state, name)))
    seen = {to: listed(sight, EDITED[to], ids) for to, ids in wanted.items()}
    mine = {USERS.noun: own} if sight.active else {}
    found: ledger.Known = {}
    for record, (state, revision) in read.items():
        values = {name: only(getattr(state, name), seen[to].__contains__) for name, to in names.items()}
        for name, to in names.items():
            if to in mine and getattr(state, name) == mine[to]:  # of one reference, and not of all who stand somewhere
                values[name] = own
        found[record] = altered(state, **values), revision
    return found


def name_of_user(sight: Sight, user: int) -> str:
    """What a user is called; for one whom the viewer may know of."""
    query = select(User.name).where(User.id == user, of_tenant(User, sight.tenant_id))
    name: str = sight.connection.execute(query).scalar_one()
    return name


def last_editor(sight: Sight, kind: str, key: str) -> str:
    """The login of whoever changed a record last, where the viewer may list them; empty otherwise."""
    query = select(AuditEntry.actor_key, AuditEntry.actor_login).where(
        AuditEntry.tenant_id == sight.tenant_id,
        AuditEntry.kind == kind,
        AuditEntry.key == key,
        AuditEntry.action.not_in(UNCHANGING),
    )
    row = sight.connection.execute(query.order_by(AuditEntry.number.desc()).limit(1)).one_or_none()
    if row is None or row.actor_key is None or find(sight, USERS.permission, USERS, "key", row.actor_key) is None:
        return ""
    return str(row.actor_login)
