"""The audit: opening an entry, taking a change back, and checking that nobody touched it."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select

from ringfence.changes.audit import TOLD, Words
from ringfence.changes.authority import Authority
from ringfence.changes.chain import faults
from ringfence.changes.edits import Edit
from ringfence.changes.undo import entries_of, last_change, last_deleted, of_change, reversal
from ringfence.domain.audit import AUDIT
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.domain.field import Choice
from ringfence.domain.kind import StateKind
from ringfence.domain.permission import CATALOGUE
from ringfence.domain.registry import EDITED, KINDS, referring
from ringfence.services import editing, previewing
from ringfence.services.edited import Preview, Saved
from ringfence.services.records import AuditDetail
from ringfence.services.rows import AuditRecord
from ringfence.storage.columns import of_tenant
from ringfence.storage.engine import Database
from ringfence.storage.tables import AuditEntry, Tenant, User
from ringfence.visibility import overview
from ringfence.visibility.overview import undone
from ringfence.visibility.point import among, find
from ringfence.visibility.viewer import Sight, Viewer, beyond_reach

_LABELS: Final = {permission.key: f"{permission.section}: {permission.label}" for permission in CATALOGUE}
_SHOWN: Final = 12
_CHOICES: Final = {
    name for kind in EDITED.values() for name, one in kind.fields.items() if isinstance(one.spec, Choice)
}
_RANK: Final = [kind.noun for kind in KINDS.values()]
"""What a change is about before all else: what belongs to a customer goes with it, a group is made for a user, a role
for a group. A kind that is not listed comes last."""


def _rank(kind: StateKind) -> int:
    return _RANK.index(kind) if kind in _RANK else len(_RANK)


def detail(viewer: Viewer, entry: int) -> AuditDetail:
    """An entry opened. Raises RingfenceError alike for one that is hidden and one that is not there."""
    with viewer.look(*overview.LISTING) as sight:
        if find(sight, AUDIT.permission, AUDIT, "id", entry) is None:
            raise RingfenceError("this entry is not there")
        whole_row = select(AuditEntry.__table__).where(AuditEntry.id == entry, of_tenant(AuditEntry, sight.tenant_id))
        row = sight.connection.execute(whole_row).one()
        known = Words(sight.connection, viewer.tenant_id)
        ((verb, fields),) = json.loads(row.detail).items()
        lines = [_line(sight, known, verb, name, change) for name, change in fields.items()]
        if verb != "edited":  # of a field that names nothing but what is hidden there is no trace
            lines = [line for line in lines if any(line[1:])]
        same = select(AuditEntry.id).where(of_change(viewer.tenant_id, row.change))
        count = len(among(sight, AUDIT.permission, AUDIT, list(sight.connection.execute(same).scalars())))
        was_undone = bool(undone(sight, [row.change]))
        whole = sight.scope(AUDIT.permission).records.whole
        seen_actor = row.actor_key is None or find(sight, "user.list", KINDS["users"], "key", row.actor_key) is not None
    record = AuditRecord(
        row.id,
        row.key,
        row.name,
        "",
        None,
        (row.sort_key, row.id),
        row.number,
        row.change,
        row.undoes,
        row.sort_key.partition(" ")[0],
        row.actor_login if seen_actor else "",
        row.origin,
        row.os_user if seen_actor and (row.actor_key is not None or whole) else "",
        row.action,
        row.kind,
    )
    return AuditDetail(record, tuple(lines), count, was_undone)


def _line(sight: Sight, known: Words, verb: str, name: str, change: Any) -> tuple[str, str, str]:
    """A field for people: of a record that was deleted what it was, of one that was edited what differs, else what it
    is."""
    label = name.replace("_", " ").capitalize()
    single = isinstance(change, list)
    if verb != "edited":
        shown = _few(_values(sight, known, name, change[1:] if single else change["added"]), "")
        return (label, shown, "") if verb == "deleted" else (label, "", shown)
    if single:
        before, after = (", ".join(_values(sight, known, name, [value])) for value in change)
        if before and before == after:  # two that bear the same name
            before, after = (f"{said} ({_key(value)})" for said, value in zip((before, after), change, strict=True))
        return label, before, after
    removed, added = (_values(sight, known, name, change[side]) for side in ("removed", "added"))
    return label, _few(removed, "−"), _few(added, "+")


def _key(value: Any) -> str:
    key = value[0] if isinstance(value, list) else value
    return "the provider itself" if key is None else str(key)


def _few(values: Sequence[str], sign: str) -> str:
    shown = [f"{sign}{value}" for value in values[:_SHOWN]]
    more = len(values) - len(shown)
    return ", ".join(shown) + (f", {sign}{more} more" if more else "")


def _values(sight: Sight, known: Words, name: str, values: Sequence[Any]) -> list[str]:
    """Values for people: names of what the viewer may list, nothing of the rest."""
    field = referring(name)
    if field is None:
        return [_plain(name, value) for value in values]
    keys = [value[0] if isinstance(value, list) else value for value in values]
    ids = known.ids(field.refers, keys)
    names = overview.names(sight, EDITED[field.refers], ids.values())
    said = []
    for value, key in zip(values, keys, strict=True):
        if key is None and field.optional and not field.form:
            said.append("none")
        elif key in ids and ids[key] in names:
            said.append(names[ids[key]] + _beside(value))
    return said


def _beside(value: Any) -> str:
    if not isinstance(value, list):
        return ""
    if len(value) == 2:
        return "" if value[1] else " (itself only)"
    since, until = value[1], value[2]
    return (f" from {since[:16]}" if since else "") + (f" until {until[:16]}" if until else "")


def _plain(name: str, value: Any) -> str:
    if name == "permissions":
        if value is None:
            return "all"
        keys = value if isinstance(value, list) else [value]
        return ", ".join(str(_LABELS.get(one, one)) for one in keys)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace("_", " ") if name in _CHOICES else str(value)


def undo_edits(viewer: Viewer, change: int | None = None) -> tuple[int, tuple[Edit, ...], str]:
    """The number of a change (None: the viewer's own last one), the edits that take it back, and what it was.

    Raises Refused with the reason where it cannot be taken back.
    """
    with viewer.look(AUDIT.permission) as sight:
        connection = sight.connection
        own, since = _own(connection, viewer)
        if change is None:
            change = last_change(connection, viewer.tenant_id, own, since)
            if change is None:
                raise Refused("there is nothing of yours to undo")
        entries = entries_of(connection, viewer.tenant_id, change) if _told(sight, change, own, since) else []
        seen = {row.id for row in among(sight, AUDIT.permission, AUDIT, [entry.id for entry in entries])}
        if not entries or any(e.id not in seen and (e.actor_key != own or e.number <= since) for e in entries):
            raise Refused("this entry is not there")
        if undone(sight, [change]):
            raise Refused("this change was taken back already")
        reach = viewer.reach(connection)
        authority = Authority(connection, viewer.tenant_id, viewer.user_id, reach)
        with beyond_reach(connection):  # the records, and not who reads the audit, say what is seen of them
            edits = reversal(connection, viewer.tenant_id, entries, authority, seen)
    return change, tuple(edits), _summed_up(entries, seen)


def _summed_up(entries: Sequence[Row[Any]], seen: Collection[int]) -> str:
    """What a change was, by the record that whoever made it acted on: what was made for it, or went with it, is only
    counted, and only by whoever has ``seen`` all of these entries."""
    done = [entry for entry in entries if entry.action not in TOLD]
    first = min(done, key=lambda entry: _rank(entry.kind))
    if done[-1].kind == "security_group" and all(entry.kind == "user" for entry in done[:-1]):
        first = done[-1]  # by its own command: those who were put in, or taken out, stand before it
    said = f"{first.action} {first.kind.replace('_', ' ')} “{first.name}”"
    others = len({(entry.kind, entry.key) for entry in done}) - 1
    if not others:
        return said
    return f"{said} and {others} more" if all(entry.id in seen for entry in done) else f"{said} and more"


def _told(sight: Sight, change: int, own: str, since: int) -> bool:
    """Whether the first entry of a change is the viewer's own or in their audit: of one that is hidden no more is read
    than of one that is not there."""
    query = select(AuditEntry.id, AuditEntry.number, AuditEntry.actor_key).where(of_change(sight.tenant_id, change))
    first = sight.connection.execute(query.order_by(AuditEntry.number).limit(1)).one_or_none()
    if first is None:
        return False
    mine = first.actor_key == own and first.number > since
    return mine or find(sight, AUDIT.permission, AUDIT, "id", first.id) is not None


def _own(connection: Connection, viewer: Viewer) -> tuple[str, int]:
    """The viewer's key, and the entry after which it is theirs: somebody may have had it before."""
    query = select(User.key).where(User.id == viewer.own_id, of_tenant(User, viewer.tenant_id))
    own = connection.execute(query).scalar() or ""
    return own, last_deleted(connection, viewer.tenant_id, own)


def weight(viewer: Viewer, change: int | None = None) -> int:
    """How many entries a change has (None: the viewer's own last one); 0 where there is none, or it is hidden."""
    with viewer.look(AUDIT.permission) as sight:
        own, since = _own(sight.connection, viewer)
        if change is None:
            change = last_change(sight.connection, viewer.tenant_id, own, since)
        if change is None or not _told(sight, change, own, since):
            return 0
        counted = select(func.count()).select_from(AuditEntry).where(of_change(viewer.tenant_id, change))
        return sight.connection.execute(counted).scalar_one()


def preview_undo(
    viewer: Viewer, change: int | None = None, progress: editing.Progress | None = None
) -> tuple[int, str, Preview]:
    """The number of the change, what it was, and what taking it back would do."""
    number, edits, said = undo_edits(viewer, change)
    return number, said, previewing.preview(viewer, edits, progress, undoes=number)


def undo(viewer: Viewer, change: int, origin: str, progress: editing.Progress | None = None) -> Saved:
    """Takes a change back, by the same rules as a fresh edit. Raises Refused, with the reason."""
    number, edits, _ = undo_edits(viewer, change)
    return editing.save(viewer, edits, origin, undoes=number, progress=progress)


def verify(
    database: Database, expected: Sequence[tuple[int, str]] = ()
) -> tuple[list[tuple[str, int, str]], list[str]]:
    """Checks every tenant's chain: (tenant, entries, hash of the last one) of each, and what is wrong, if anything.

    ``expected`` are numbers and hashes of entries that were there once: one that no chain has any more is told too.
    """
    chains: list[tuple[str, int, str]] = []
    wrong: list[str] = []
    with database.reading() as connection:
        query = select(Tenant.id, Tenant.key, Tenant.audit_hash)
        for row in connection.execute(query.order_by(Tenant.key)).all():
            count, found = faults(connection, row.id)
            chains.append((row.key, count, row.audit_hash))
            wrong.extend(f"{row.key}: {fault}" for fault in found)
        for number, end in expected:
            there = select(AuditEntry.id).where(AuditEntry.number == number, AuditEntry.hash == end)
            if not any(
                connection.execute(there.where(AuditEntry.tenant_id == tenant)).first()
                for tenant in connection.execute(select(Tenant.id)).scalars().all()
            ):
                wrong.append(f"no entry {number} has that hash: what came last was cut off, or all was written anew")
    return chains, wrong
