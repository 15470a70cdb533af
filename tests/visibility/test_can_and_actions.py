"""``can`` and the action agree: for every permission that has an action yet, and every kind of record."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from support.asking import ACTIONS, Asking
from support.campaign import with_editors
from support.databases import dumped
from support.edits import World, provider
from support.oracle import at_sites
from support.tiers import seeds

from ringfence.domain.permission import PERMISSIONS
from ringfence.services import access, listing
from ringfence.services.customers import detail
from ringfence.services.records import Listing
from ringfence.services.rows import CustomerRecord
from ringfence.storage.engine import Database

NONE_YET = {
    "api_token.manage",
    "customer.remote_access",
    *(f"device.{tool}" for tool in ("background_tools", "remote_access", "broadcast", "bulk_script")),
    *(f"script.{action}" for action in ("execute", "list", "create")),
    "ticket_attachment.view",
    *(f"ticket_comment.{action}" for action in ("delete", "delete_own", "create")),
    *(f"ticket.{a}" for a in ("create", "delete", "edit", "list", "merge", "use_charges", "view_assigned", "view")),
    "policy.edit",
    "user.impersonate",  # asked by F2 and F3 of the console alone, beside the users that are listed there
}
"""The permissions without an action."""


def test_every_permission_is_one_or_the_other() -> None:
    assert set(PERMISSIONS) == ACTIONS | NONE_YET
    assert not ACTIONS & NONE_YET


@pytest.mark.parametrize("seed", seeds(3))
def test_can_and_the_action_agree(sqlite_database: Database, seed: int) -> None:
    chance = Random(300 + seed)
    world = World(sqlite_database, with_editors(chance))
    before = world.dump()
    logins = [user["login"] for user in world.document()["users"] if user["active"]]
    asked = sum(Asking(world, login).everything(chance) for login in chance.sample(logins, min(len(logins), 4)))
    assert asked > 100
    assert world.dump() == before


def guarded() -> dict[str, Any]:
    """Somebody who holds everything, at a site."""
    document = provider()
    document["roles"].append(
        {"key": "site", "tenant": "t", "name": "s", "owner": None, "access_level": "site", "permissions": "all"}
    )
    group = {"key": "site", "tenant": "t", "name": "s", "owner": None, "role": "site", "scope": "all"}
    document["security_groups"].append(group)
    user = {"key": "guard", "tenant": "t", "name": "Guard", "login": "guard", "home": None, "sites": ["gate"]}
    document["users"].append(user | {"security_groups": [{"group": "site"}]})
    north = next(one for one in document["customers"] if one["key"] == "north")
    north |= {"email": "desk@north.example", "phone": "+31 10 555 0100", "address": "1 Quay", "max_devices": 77}
    return document


def test_site_level_is_names_only(sqlite_database: Database) -> None:
    """Be every permission held there: of the customer nothing but its name comes out, in whatever way."""
    world = World(sqlite_database, guarded())
    viewer = world.viewer("guard")
    (row,) = listing.export(viewer, Listing("customers"))
    assert isinstance(row, CustomerRecord)
    assert {name for name, value in row.fields().items() if value} == {"key", "name"}
    opened = detail(viewer, world.id("customer", "north"))
    assert (opened.email, opened.phone, opened.address, opened.limits) == ("", "", "", ())
    text = dumped(sqlite_database, viewer)
    assert not [word for word in ("north.example", "555", "Quay", "77") if word in text]
    for permission in sorted(PERMISSIONS):
        assert access.can(viewer, permission) == at_sites(permission), permission
        assert access.can(viewer, permission, "customer:north") == at_sites(permission), permission
