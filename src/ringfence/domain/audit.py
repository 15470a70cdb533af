"""The audit: every change, in the transaction that made it, each entry chained to the one before."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from ringfence.domain import limits
from ringfence.domain.field import LATER, Moment, Number, Ref, Text
from ringfence.domain.kind import Kind, State
from ringfence.domain.shown import Area, Display, Shown

_TEXT: Final = Text(limits.LONG_TEXT)
_EXACT: Final = Text(limits.LONG_TEXT, exact=True)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AuditState(State):
    """One record changed. ``change`` is the ``number`` of the first entry of the transaction, which all of its entries
    share; ``undoes`` the change that this one takes back.

    ``node`` is the node that the record belonged to then, a customer or a former one: by it the entry is scoped.
    ``detail`` is JSON in the snapshot's words: references are keys, so that they outlive renames. ``origin`` says where
    the change was made, and over SSH from which address as the environment claims; ``os_user`` which user of the
    operating system made it, as that knows (empty in entries from before it was kept). ``hash`` covers, by the
    ``formula`` of that number, everything but itself and the id. Nothing of an entry is ever changed.
    """

    number: Annotated[int, Number(sorted=True)]
    change: Annotated[int, Number()]
    undoes: Annotated[int | None, Number()]
    at: Annotated[datetime, Moment()]
    actor_key: Annotated[str | None, _EXACT]
    actor_login: Annotated[str, _TEXT]
    origin: Annotated[str, _TEXT]
    action: Annotated[str, _TEXT]
    kind: Annotated[str, _TEXT]
    key: Annotated[str, _EXACT]
    name: Annotated[str, _TEXT]
    node: Annotated[int, Ref("customer", node=True, kept=True)]
    detail: Annotated[str, _TEXT]
    previous: Annotated[str, _TEXT]
    hash: Annotated[str, _TEXT]
    sort_key: Annotated[str, _EXACT]
    os_user: Annotated[str, _TEXT, LATER] = ""
    formula: Annotated[int, Number(), LATER] = 1


AUDIT: Final = Kind(
    AuditState,
    "audit_entry",
    "audit",
    resource="audit",
    view="view",
    lasting=True,
    sort="at",
    order="sort_key",  # an entry is known by its moment
    apart=("at", "detail", "formula", "previous", "hash"),
    exported=(*("number", "change", "undoes", "at", "actor", "origin", "os_user", "action", "kind", "record", "name"),),
    imported=False,
    display=Display(
        Area(key="8", about=": who changed what, and when"),  # 7 is kept for the one that explains access
        columns=(
            Shown("at", 12, key="w", title="When", style="quiet"),
            Shown("who", 12, hide_below=34, sought=True),
            Shown("what", 20, grow=8, sought=True),
            Shown("note", 7, hide_below=58, title="Undone", style="quiet", sought=True),
            Shown("origin", 12, hide_below=88, title="From", style="quiet"),
        ),
    ),
)
PROVING: Final = {
    "end session": "ended a session of",
    "sign in": "signed in as",
    "fail to sign in": "failed to sign in as",
    "delay sign-in": "delayed signing in as",
    "invite": "invited",
    "revoke invitation": "took back the invitation of",
    "accept invitation": "accepted the invitation of",
    "change password": "changed the password of",
    "set up second factor": "set up the second factor of",
    "turn off second factor": "turned off the second factor of",
    "reset second factor": "reset the second factor of",
    "make recovery codes": "made recovery codes of",
    "take recovery code": "took a recovery code of",
    "make token": "made a token of",
    "revoke token": "revoked a token of",
    "add key": "added a key of",
    "remove key": "removed a key of",
}
"""What is said of actions by which people prove who they are: no record is changed by one, and none is taken back."""
VERBS: Final = {
    "create": "created",
    "edit": "edited",
    "delete": "deleted",
    "move": "moved",
    "assign": "assigned",
    "hand over": "handed over",
    "load": "loaded",
    "seal": "sealed",
    "see as": "saw as",
    "stop seeing as": "stopped seeing as",
    **PROVING,
}
"""What is said of an action that was done."""


def what(action: str, kind: str, name: str) -> str:
    """What was done to which record, in words."""
    return f"{VERBS.get(action, action)} {kind.replace('_', ' ')} “{name}”"


def note(*, undone: bool, undoes: int | None) -> str:
    """What is said of a change that was taken back, and of one that takes another back; empty of all others."""
    return "undone" if undone else "an undo" if undoes is not None else ""
