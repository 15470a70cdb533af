"""What the signed-in user may do anywhere, in the keys of the permissions: what commands and badges ask."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

SEEING_AS: Final = frozenset({"user.list", "user.impersonate"})
"""Who holds both may look through somebody's eyes."""
DEMO: Final = "this is the demo"
"""Why what is for those who sign in is off there."""
HOME: Final = "customers"
"""The numbered screen that everybody has, whatever they may do."""
NOW: Final = "now"
"""The numbered screen that is no kind's: it says what there is to do."""


def asked() -> tuple[str, ...]:
    """What is asked for at sign-in, and whenever something has changed."""
    from ringfence.domain.registry import EDITED, KINDS

    viewing = {kind.right("view") for kind in EDITED.values()} | {kind.permission for kind in KINDS.values()}
    return tuple(sorted(changing() | viewing | SEEING_AS))


def changing() -> frozenset[str]:
    """Whoever holds one of these may change something."""
    from ringfence.domain.registry import EDITED

    return frozenset(
        kind.right(action) for kind in EDITED.values() for action in ("create", "edit", "delete", kind.moves) if action
    )


def concerned() -> frozenset[str]:
    """Whoever holds one of these has something to do with what goes on now."""
    from ringfence.domain.registry import KINDS

    return frozenset(KINDS[name].permission for name in ("alarms", "test-modes", "edges"))


def why_not_list(rights: Collection[str], kind: str, name: str) -> str:
    """Why a list of that kind (as the command line spells it) can hold nothing for the user of that name; empty where
    it may."""
    if kind == NOW:
        needed = " or ".join(sorted(concerned()))
        return f"{name} may list neither alarms nor edges ({needed})" if concerned().isdisjoint(rights) else ""
    from ringfence.domain.registry import kind_named

    permission = kind_named(kind).permission
    if permission in rights:
        return ""
    verb = permission.partition(".")[2]
    return may_not(name, f"{verb} {kind.replace('-', ' ') if verb == 'list' else f'the {kind}'}", permission)


def may_not(who: str, what: str, permission: str) -> str:
    """Why something is off for whoever holds a permission nowhere, with its name: "you may not edit users"."""
    return f"{who} may not {what} ({permission})"


def why_only_looking(rights: Collection[str]) -> str:
    """Why somebody can change nothing anywhere; empty for whoever may change something."""
    return "no role lets you change anything" if changing().isdisjoint(rights) else ""


def why_no_groups(rights: Collection[str]) -> str:
    """Why somebody can put a customer into no group; empty for whoever can."""
    from ringfence.domain.registry import naming

    needed = [kind.right("edit") for kind in naming("customer")]
    return "" if any(one in rights for one in needed) else may_not("you", "edit groups", " or ".join(needed))


def badge(read_only: str) -> tuple[str, bool]:
    """What the header says of a screen that is read-only for that reason (RO), or is not (RW, which does not warn)."""
    return ("RO", False) if read_only else ("RW", True)
