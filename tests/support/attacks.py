"""The world in which the tree and its devices are attacked, and how an attack is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.edits import World, provider
from support.tree_edits import ALL_KEEPING

from ringfence.domain.errors import Conflict, Refused
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part

T = {"tenant": "t"}
MISSING = 10**6


def document() -> dict[str, Any]:
    """The provider, with people who look after customers, and another provider beside it.

    ``dora`` looks after acme, ``nick`` after north, ``wim`` after north and gamma, ``sam`` after acme alone, without
    what is nested in it, ``gus`` after a gate.
    """
    made = provider()
    made["roles"][1]["permissions"] = made["roles"][3]["permissions"] = ALL_KEEPING
    made["roles"][1]["owner"] = None
    delegates = {"role": "delegate", "owner": None, **T}
    named = {"wims": [("north", True), ("gamma", True)], "sams": [("acme", False)]}
    for key, entries in named.items():
        customers = [{"customer": node, "nested": nested} for node, nested in entries]
        made["security_groups"].append(
            {"key": key, "name": key, "scope": "selected", "customers": customers, **delegates}
        )
    for login, home, group in (("nick", "north", "delegates"), ("wim", None, "wims"), ("sam", None, "sams")):
        user = {"key": login, **T, "name": login, "login": login, "home": home, "security_groups": [{"group": group}]}
        made["users"].append(user)
    other = json.loads(json.dumps(provider()).replace('"t"', '"other"'))
    for user in other["users"]:
        user["login"] = f"other-{user['login']}"
    for name, entries in other.items():
        if isinstance(entries, list):
            made[name] += entries
    return made


def refused(world: World, login: str, *edits: Edit, said: str = "", field: str | None = None) -> str:
    """The change is refused, before and when it is saved, and leaves nothing behind; returns what is said."""
    before, count = world.dump(), world.entries()
    with pytest.raises(Refused) as caught:
        world.save(login, *edits)
    assert said in str(caught.value)
    assert field is None or caught.value.field == field
    assert world.session(login).preview(edits).refusal == str(caught.value)
    assert world.dump() == before
    assert world.entries() == count
    return str(caught.value)


def ours(world: World) -> dict[str, list[Any]]:
    """All that is of the first provider."""
    lists = {name: found for name, found in world.document().items() if isinstance(found, list)}
    return {name: [one for one in found if one.get("tenant") == "t"] for name, found in lists.items()}


def audited(world: World, login: str) -> list[Any]:
    """The audit as somebody lists it."""
    return list(world.session(login).rows(Listing("audit"), Part(999)))


def new(kind: Any, state: Any, own: int = -1) -> Edit:
    return Edit(kind, own, None, state)


def undo(world: World, login: str, change: int) -> int:
    return world.session(login).undo(change).change


def not_undone(world: World, login: str, change: int, said: str) -> None:
    before = world.dump()
    with pytest.raises((Refused, Conflict), match=said):
        undo(world, login, change)
    assert world.dump() == before
