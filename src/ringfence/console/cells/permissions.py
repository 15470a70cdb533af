"""Permissions in words: what each lets its holders do, and what a change of them comes to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ringfence.console.text import Cell, number

if TYPE_CHECKING:
    from ringfence.services.choices import PermissionChoice

LEVELS: Final[Mapping[str, str]] = {
    "service_provider": "every customer of the group",
    "customer": "only customers named for the user",
    "site": "only the user's sites",
}
"""How far a role of each access level reaches."""

ADMINISTRATION: Final = "Administration"

_MANAGED: Final = {
    "site": "sites",
    "user": "users",
    "security_group": "security groups",
    "customer_group": "customer groups",
    "role": "roles",
}
_VERBS: Final = {
    "list": "list and search",
    "view": "open",
    "create": "create",
    "edit": "edit",
    "delete": "delete",
}
_DOES: Final[Mapping[str, str]] = {
    **{f"{kind}.{verb}": f"{said} {what} {{of}}" for kind, what in _MANAGED.items() for verb, said in _VERBS.items()},
    "api_token.manage": "make and revoke API tokens {of}",
    "device.background_tools": "use background tools on devices {of}",
    "device.remote_access": "connect to devices {of}",
    "device.broadcast": "send a message to devices {of}",
    "device.bulk_script": "run scripts in bulk on devices {of}",
    "device.create": "create devices {of}",
    "device.delete": "delete devices {of}",
    "device.edit": "edit devices {of}",
    "device.list": "list and search devices {of}",
    "device.view": "open devices {of}",
    "device.assign": "move devices {of} to another customer",
    "customer.edit": "edit {these}",
    "customer.list": "list and search {these}",
    "customer.remote_access": "switch remote access on for {these}",
    "customer.view": "open {these}",
    "customer.create": "create customers nested in {these}",
    "customer.delete": "delete {these}",
    "customer.move": "move {these} in the tree",
    "alarm.manage": "clear and manage alarms {of}",
    "alarm.create": "create alarms {of}",
    "alarm.delete": "delete alarms {of}",
    "alarm.list": "list alarms {of}",
    "script.execute": "run scripts on devices {of}",
    "script.list": "list scripts {of}",
    "script.create": "write and edit scripts",
    "ticket_attachment.view": "open what is attached to tickets {of}",
    "ticket_comment.delete": "delete comments on tickets {of}",
    "ticket_comment.delete_own": "delete their own comments on tickets {of}",
    "ticket_comment.create": "comment on tickets {of}",
    "ticket.create": "create tickets {of}",
    "ticket.delete": "delete tickets {of}",
    "ticket.edit": "edit tickets {of}",
    "ticket.list": "list and search tickets {of}",
    "ticket.merge": "merge tickets {of}",
    "ticket.use_charges": "use charges on tickets {of}",
    "ticket.view_assigned": "open tickets {of} that are assigned to them",
    "ticket.view": "open tickets {of}",
    "user.impersonate": "see as another user {of}, without changing anything",
    "policy.edit": "edit policies",
    "audit.view": "read the audit {of}",
}


def does(permission: str, these: str) -> str:
    """What a permission lets its holders do over some customers (``the 6 selected customers``), as a verb's phrase."""
    return _DOES.get(permission, "do this {of}").format(of=f"of {these}", these=these)


def level(access_level: str) -> str:
    """An access level for people."""
    return access_level.replace("_", " ")


def counted(catalogue: Sequence[PermissionChoice], held: Collection[str] | None) -> str:
    """How many permissions are held: ``19 of 32 · 2 of 33 administration``. None is all of them, now and later."""
    if held is None:
        return "all, now and later"
    said = []
    for administration in (False, True):
        keys = [one.key for one in catalogue if one.administration is administration]
        many = f"{number(sum(key in held for key in keys))} of {number(len(keys))}"
        said.append(f"{many} {ADMINISTRATION.lower()}" if administration else many)
    return " · ".join(said)


def named(catalogue: Sequence[PermissionChoice], held: Collection[str] | None) -> tuple[str, ...]:
    """Their names in the catalogue's order, with the headings that tell them apart."""
    if held is None:
        return ("all, now and later",)
    return tuple(f"{one.label} ({one.section})" for one in catalogue if one.key in held)


def difference(
    catalogue: Sequence[PermissionChoice], was: Collection[str] | None, now: Collection[str] | None, limit: int = 4
) -> list[list[Cell]]:
    """What a change of permissions gives and what it takes, a line for each, with the first ``limit`` of them."""
    everything = frozenset(one.key for one in catalogue)
    before, after = (everything if held is None else frozenset(held) for held in (was, now))
    lines: list[list[Cell]] = []
    for sign, style, keys in (("+", "good", after - before), ("−", "bad", before - after)):
        if not keys:
            continue
        many = f"{sign}{number(len(keys))} permission{'' if len(keys) == 1 else 's'}"
        rest = f" and {number(len(keys) - limit)} more" if len(keys) > limit else ""
        lines.append([Cell(many, style), Cell(f"  {_grouped(catalogue, keys, limit)}{rest}")])
    if not lines and (was is None) is not (now is None):
        lines = [[Cell("Permissions that are yet to come: " + ("given too." if now is None else "not given."))]]
    return lines


def _grouped(catalogue: Sequence[PermissionChoice], keys: Collection[str], limit: int) -> str:
    """The first of some permissions, each heading once: ``Alarms: Create, Delete; Tickets: Merge``."""
    shown = [one for one in catalogue if one.key in keys][:limit]
    sections = dict.fromkeys(one.section for one in shown)
    labels = {heading: ", ".join(one.label for one in shown if one.section == heading) for heading in sections}
    return "; ".join(f"{heading}: {said}" for heading, said in labels.items())
