"""What somebody may do: asked, and tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from support.documents import AT
from support.edits import World
from support.oracle import LISTING, OWNERS, Oracle, at_sites

from ringfence.domain import test_mode
from ringfence.domain.alarm import AlarmState
from ringfence.domain.alarm_rule import AlarmRuleState
from ringfence.domain.customer import CustomerState
from ringfence.domain.customer_group import CustomerGroupState
from ringfence.domain.device import DeviceState
from ringfence.domain.edge import EdgeState
from ringfence.domain.errors import Conflict, RingfenceError
from ringfence.domain.permission import PERMISSIONS
from ringfence.domain.registry import EDITED
from ringfence.domain.role import RoleState
from ringfence.domain.security_group import SecurityGroupState
from ringfence.domain.site import SiteState
from ringfence.domain.user import UserState
from ringfence.services import access, listing, previewing
from ringfence.services.editing import Edit
from ringfence.services.records import Listing

KINDS: tuple[Any, ...] = tuple(EDITED)
ACTIONS = {
    *(EDITED[kind].right(action) for kind in KINDS for action in ("list", "view", "create", "edit", "delete")),
    "customer.move",
    "device.assign",
    "audit.view",
}
NOT_YOURS = ("you may not ", "choose a customer that you may see", "is not there any more")
"""How an action is refused for want of its permission. Other rules are told in other words: nobody gives what they do
not hold, changes what they stand on, or raises themselves."""


def new(kind: str, owner: int, site: int | None = None) -> Edit:
    """Something new of a kind at a customer."""
    state: Any = {
        "customer": CustomerState(owner, "New"),
        "site": SiteState(owner, "New"),
        "device": DeviceState(owner, "New", site=site),
        "edge": EdgeState(owner, "New"),
        "alarm_rule": AlarmRuleState(owner, "New", raise_when="t > 1"),
        "test_mode": test_mode.TestModeState(owner, "New", site, until=AT + timedelta(hours=1)),
        "alarm": AlarmState(owner, "New", site=site),
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
            said = self.can(EDITED[kind].right(action), kind, key)
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
            ends = self.can(EDITED[kind].right(action), kind, key), self.covers(EDITED[kind].right(action), place)
            assert self.may(edit) == all(ends), (self.login, f"{kind}.{action}", key, place)
        return len(answers) + (len(places) if moving else 0)

    def covers(self, permission: str, place: str) -> bool:
        """Whether a permission is held over a customer with all that belongs to it."""
        return place in Oracle(self.world.document(), AT).visible_nodes(self.login, permission)[0]

    def created(self, kind: str, place: str, document: dict[str, Any]) -> None:
        """Make something there: what stands on a site, on a site of one's own, too."""
        owner = self.world.id("customer", place)
        sites: list[int | None] = [None]
        if kind in ("device", "alarm", "test_mode"):
            sites += [self.world.id("site", one["key"]) for one in document["sites"] if one.get("customer") == place]
        done = any(self.may(new(kind, owner, site)) for site in sites)
        assert done == self.can(EDITED[kind].right("create"), "customer", place), (self.login, f"{kind}.create", place)
