"""``can`` and the action agree: for every permission that has an action yet, and every kind of record."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from support.campaign import with_editors
from support.databases import dumped
from support.documents import AT
from support.edits import World, provider
from support.oracle import LISTING, OWNERS, Oracle, at_sites

from ringfence.domain.errors import Conflict, RingfenceError
from ringfence.domain.permission import PERMISSIONS
from ringfence.domain.registry import EDITED
from ringfence.services import access, listing, previewing
from ringfence.services.customers import detail
from ringfence.services.editing import (
    CustomerGroupState,
    CustomerState,
    DeviceState,
    Edit,
    RoleState,
    SecurityGroupState,
    SiteState,
    UserState,
)
from ringfence.services.records import CustomerRecord, Listing
from ringfence.storage.engine import Database

KINDS: tuple[Any, ...] = tuple(EDITED)
ACTIONS = {
    *(f"{kind}.{action}" for kind in KINDS for action in ("list", "view", "create", "edit", "delete")),
    "customer.move",
    "device.assign",
    "audit.view",
}
NONE_YET = {
    "api_token.manage",
    "customer.remote_access",
    *(f"device.{tool}" for tool in ("background_tools", "remote_access", "broadcast", "bulk_script")),
    *(f"alarm.{action}" for action in ("manage", "create", "delete", "list")),
    *(f"script.{action}" for action in ("execute", "list", "create")),
    "ticket_attachment.view",
    *(f"ticket_comment.{action}" for action in ("delete", "delete_own", "create")),
    *(f"ticket.{a}" for a in ("create", "delete", "edit", "list", "merge", "use_charges", "view_assigned", "view")),
    "policy.edit",
    "user.impersonate",  # asked by F2 and F3 of the console alone, beside the users that are listed there
}
"""The permissions without an action."""
NOT_YOURS = ("you may not ", "choose a customer that you may see", "is not there any more")
"""How an action is refused for want of its permission. Other rules are told in other words: nobody gives what they do
not hold, changes what they stand on, or raises themselves."""


def test_every_permission_is_one_or_the_other() -> None:
    assert set(PERMISSIONS) == ACTIONS | NONE_YET
    assert not ACTIONS & NONE_YET


def new(kind: str, owner: int, site: int | None = None) -> Edit:
    """Something new of a kind at a customer."""
    state: Any = {
        "customer": CustomerState(owner, "New"),
        "site": SiteState(owner, "New"),
        "device": DeviceState(owner, "New", site=site),
        "user": UserState(owner, "somebody.new", "New"),
        "role": RoleState(owner, "New"),
        "security_group": SecurityGroupState(owner, "New"),
        "customer_group": CustomerGroupState(owner, "New"),
    }[kind]
    return Edit(kind, -1, None, state)


class Asking:
    """One user, asked what they may do, and trying it."""

    def __init__(self, world: World, login: str) -> None:
        self.world = world
        self.login = login
        self.viewer = world.viewer(login)

    def can(self, permission: str, kind: str | None = None, key: str = "") -> bool:
        return access.can(self.viewer, permission, f"{kind}:{key}" if kind else None)

    def may(self, *edits: Edit) -> bool:
        """Whether a change is not refused for want of a permission."""
        try:
            said = previewing.preview(self.viewer, edits).refusal
        except Conflict as conflict:
            said = str(conflict)
        return not any(words in said for words in NOT_YOURS)

    def opens(self, kind: Any, record: int) -> bool:
        try:
            self.world.workspace.session(self.viewer).open_record(kind, record)
        except RingfenceError:
            return False
        return True

    def everything(self, chance: Random) -> int:
        """Compares every permission over some records; returns how many answers that were."""
        document = self.world.document()
        asked = 0
        for kind in OWNERS:
            shown = set(listing.keys(self.viewer, Listing(kind)))
            for entry in document.get(kind.replace("-", "_"), []):
                noun = kind.removesuffix("s").replace("-", "_")
                assert (entry["key"] in shown) == self.can(LISTING[kind], noun, entry["key"]), (self.login, kind, entry)
                asked += 1
        places = [one["key"] for one in document["customers"]]
        for kind in KINDS:
            entries = document[f"{kind}s"]
            for entry in chance.sample(entries, min(len(entries), 4)):
                asked += self.one(kind, entry, chance.sample(places, min(len(places), 3)))
            for place in chance.sample(places, min(len(places), 3)):
                self.created(kind, place, document)
                asked += 1
        for permission in PERMISSIONS:
            anywhere = self.can(permission)
            if not at_sites(permission) and not anywhere:
                assert not any(self.can(permission, "customer", place) for place in places), (self.login, permission)
        return asked

    def one(self, kind: Any, entry: dict[str, Any], places: list[str]) -> int:
        """View, edit, delete and move a record."""
        world, key, record = self.world, entry["key"], self.world.id(kind, entry["key"])
        own = kind == "user" and entry["login"] == self.login  # whose profile is theirs
        answers = {
            "view": (self.opens(kind, record), own),
            "edit": (self.may(replace(world.blind(kind, key, name="Other"), revision=0)), own),
            "delete": (self.may(replace(world.delete(kind, key), revision=0)), False),
        }
        for action, (done, always) in answers.items():
            said = self.can(f"{kind}.{action}", kind, key)
            assert done == (said or always), (self.login, f"{kind}.{action}", key)
        moving = {"customer": ("move", "parent"), "device": ("assign", "customer")}.get(kind)
        for place in places if moving else ():
            assert moving is not None
            action, field = moving
            edit = replace(world.blind(kind, key, **{field: world.id("customer", place)}), revision=0)
            if edit.before == edit.after:
                continue
            if kind == "device":
                edit = replace(edit, after=replace(edit.after, site=None))  # type: ignore[type-var]
            ends = self.can(f"{kind}.{action}", kind, key), self.covers(f"{kind}.{action}", place)
            assert self.may(edit) == all(ends), (self.login, f"{kind}.{action}", key, place)
        return len(answers) + (len(places) if moving else 0)

    def covers(self, permission: str, place: str) -> bool:
        """Whether a permission is held over a customer with all that belongs to it."""
        return place in Oracle(self.world.document(), AT).visible_nodes(self.login, permission)[0]

    def created(self, kind: str, place: str, document: dict[str, Any]) -> None:
        """Make something there: what stands on a site, on a site of one's own, too."""
        owner = self.world.id("customer", place)
        sites: list[int | None] = [None]
        if kind == "device":
            sites += [self.world.id("site", one["key"]) for one in document["sites"] if one.get("customer") == place]
        done = any(self.may(new(kind, owner, site)) for site in sites)
        assert done == self.can(f"{kind}.create", "customer", place), (self.login, f"{kind}.create", place)


@pytest.mark.parametrize("seed", range(3))
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
