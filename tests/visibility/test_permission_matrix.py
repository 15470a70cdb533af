"""Every kind and every right to it, as the registry has them: with the right and without, at the other end, hidden, of
another tenant; in a preview, in the audit, and taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support.asking import ACTIONS, Asking, new
from support.attacks import audited
from support.documents import AT
from support.edits import TABLES, World, provider

from ringfence.domain.errors import RingfenceError
from ringfence.domain.permission import CATALOGUE, EVERYWHERE, PERMISSIONS
from ringfence.domain.registry import EDITED, KINDS
from ringfence.services import listing
from ringfence.services.records import Listing
from ringfence.storage.engine import Database

RIGHTS = [(kind, action) for kind in EDITED for action in ("list", "view", "create", "edit", "delete")]
PLACES = {"inside": ("t", "north"), "hidden": ("t", "beta"), "far": ("u", None)}
TAKING_BACK = ("edit", "create", "delete")


def test_the_catalogue_has_every_right_to_every_kind() -> None:
    keys = {permission.key for permission in CATALOGUE}
    assert {EDITED[kind].right(action) for kind, action in RIGHTS} <= keys == PERMISSIONS
    assert {kind.permission for kind in KINDS.values()} <= ACTIONS


def document(right: str) -> dict[str, Any]:
    """A record of each kind at each place; ``with`` holds every right over acme, ``without`` all of them but one."""
    made = provider()
    made["tenants"].append({"key": "u", "name": "Other"})
    for kind in EDITED.values():
        for place, (tenant, node) in PLACES.items():
            own = {"key": f"{kind.noun}-{place}", "tenant": tenant, "name": place, kind.node.name: node}
            needed: dict[str, dict[str, Any]] = {
                "role": {"access_level": "customer", "permissions": []},
                "security_group": {"role": None, "scope": "selected"},
                "user": {"login": f"{place}-login"},
                "alarm_rule": {"raise_when": "t > 1"},
                "test_mode": {"until": (AT + timedelta(hours=1)).isoformat()},
            }
            made.setdefault(kind.plural, []).append({**own, **needed.get(kind.noun, {})})
    t = {"tenant": "t"}
    for login, permissions in (("with", PERMISSIONS - EVERYWHERE), ("without", PERMISSIONS - EVERYWHERE - {right})):
        owned: dict[str, Any] = {"key": login, **t, "name": login, "owner": None}
        role = {**owned, "access_level": "service_provider", "permissions": sorted(permissions)}
        made["roles"].append(role)
        group = {**owned, "role": login, "scope": "selected", "customers": [{"customer": "acme", "nested": True}]}
        made["security_groups"].append(group)
        user = {"key": login, **t, "name": login, "login": login, "security_groups": [{"group": login}]}
        made["users"].append(user)
    return made


def does(asking: Asking, kind: Any, action: str, place: str) -> bool:
    """Whether somebody can do it to the record at a place."""
    world, key = asking.world, f"{kind}-{place}"
    match action:
        case "list":
            return key in set(listing.keys(asking.viewer, Listing(EDITED[kind].name)))
        case "view":
            return asking.opens(kind, world.id(kind, key))
        case "create":
            return asking.may(new(kind, world.id("customer", PLACES[place][1])))
        case "edit":
            return asking.may(replace(world.blind(kind, key, name="Other"), revision=0))
        case _:
            return asking.may(replace(world.delete(kind, key), revision=0))


@pytest.mark.parametrize(("kind", "action"), RIGHTS)
@pytest.mark.once(14)
def test_each_right_by_itself(sqlite_database: Database, kind: Any, action: str) -> None:
    world = World(sqlite_database, document(EDITED[kind].right(action)))
    with world.database.reading() as connection:
        rows = connection.exec_driver_sql(f"SELECT id, tenant_id FROM {TABLES[kind]} WHERE key = '{kind}-far'")
        ((far, _),) = rows.all()
    for login, held in (("without", False), ("with", True)):
        asking = Asking(world, login)
        for one in ("list", "view", "create", "edit", "delete"):
            expected = held or EDITED[kind].right(one) != EDITED[kind].right(action)
            where = "north" if one == "create" else f"{kind}-inside"
            assert does(asking, kind, one, "inside") == expected, (login, one)
            assert asking.can(EDITED[kind].right(one), "customer" if one == "create" else kind, where) == expected
            assert not does(asking, kind, one, "hidden"), (login, one, "hidden, and at the other end")
            for key in (f"{kind}-hidden", f"{kind}-far"):
                assert not asking.can(EDITED[kind].right(one), kind, key)
        assert not asking.opens(kind, far)
    boss = world.save("boss", world.blind(kind, f"{kind}-hidden", name="Unseen"))
    if action in TAKING_BACK:
        undone_by_right(world, kind, action)
    for login in ("with", "without"):
        assert boss not in {entry.change for entry in audited(world, login)}


def undone_by_right(world: World, kind: Any, action: str) -> None:
    """What it takes back a change is the right to do the opposite, and nothing else."""
    key = f"{kind}-inside"
    match action:
        case "edit":
            change = world.save("boss", world.blind(kind, key, name="Changed"))
        case "create":
            change = world.save("boss", world.delete(kind, key))
        case _:
            change = world.save("boss", new(kind, world.id("customer", "north")))
    before = world.dump()
    for login in ("with", "without"):
        assert change in {entry.change for entry in audited(world, login)}
    with pytest.raises(RingfenceError, match="you may not"):
        world.session("without").undo(change)
    assert world.dump() == before
    world.session("with").undo(change)
    assert world.dump() != before
