"""The form of a group whose role is not seen by whoever looks."""

from __future__ import annotations

from support.console import console_on, opened
from support.edits import ADMINISTRATION, World, provider
from support.security_forms import SMALL, show

from ringfence.console.screens.security_group_form import SecurityGroupForm
from ringfence.storage.engine import Database


async def test_a_hidden_role_is_told_as_one_that_is_missing(database: Database) -> None:
    """Nothing is said of how many rights it gives, nor that there is one."""
    document = provider()
    keys = [key for key in ADMINISTRATION if not key.startswith("role.")]
    given = {"tenant": "t", "owner": "acme"}
    document["roles"].append(
        {**given, "key": "gv", "name": "Groups", "access_level": "service_provider", "permissions": keys}
    )
    named = [{"customer": "acme", "nested": True}]
    document["security_groups"].append(
        {**given, "key": "gv", "name": "Groups", "role": "gv", "scope": "selected", "customers": named}
    )
    groups = [{"group": "gv"}]
    document["users"].append(
        {"tenant": "t", "key": "gina", "name": "Gina", "login": "gina", "home": "acme", "security_groups": groups}
    )
    world = World(database, document)
    said: dict[str, list[str]] = {}
    for key in ("readers", "empty"):
        async with opened(console_on(database, "gina", demo=False), SMALL) as console:
            await show(console, SecurityGroupForm(world.id("security_group", key)))
            said[key] = [line for line in console.lines if "Role" in line or "Permissions" in line or " of 3" in line]
    assert said["readers"] == said["empty"]
    assert not any(" of 3" in line for line in said["readers"])
