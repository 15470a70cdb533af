"""How a change is told: what came as it is, what went as it was, only differences as such; and what it was about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from support.documents import AT
from support.edits import World, provider

from ringfence.console.cells import audit as cells
from ringfence.console.text import Cell
from ringfence.domain import test_mode
from ringfence.domain.alarm import AlarmState
from ringfence.domain.alarm_rule import AlarmRuleState
from ringfence.domain.customer import CustomerState
from ringfence.domain.customer_group import CustomerGroupState
from ringfence.domain.device import DeviceState
from ringfence.domain.edge import EdgeState
from ringfence.domain.kind import State, StateKind
from ringfence.domain.registry import EDITED
from ringfence.domain.role import RoleState
from ringfence.domain.security_group import SecurityGroupState
from ringfence.domain.site import SiteState
from ringfence.domain.user import UserState
from ringfence.services.editing import Edit
from ringfence.services.records import AuditDetail, Listing, Part
from ringfence.storage.engine import Database

KINDS: tuple[StateKind, ...] = tuple(EDITED)


@pytest.fixture
def world(sqlite_database: Database) -> World:
    return World(sqlite_database, provider())


def fresh(world: World, kind: StateKind, owner: str | None) -> State:
    """A new record of a kind with something in every field that may have it, below a customer or the provider."""
    at, acme = world.id("customer", owner), world.id("customer", "acme")
    role, group = world.id("role", "reader"), world.id("security_group", "local")
    given = frozenset({(group, (None, None))})
    made: dict[StateKind, State] = {
        "customer": CustomerState(at, "Fresh", "f@example.org", max_users=9),
        "site": SiteState(at, "Fresh"),
        "device": DeviceState(at, "Fresh", "u-1", "camera", notes="Note"),
        "edge": EdgeState(at, "Fresh", "dc09", False, 60, "Note"),
        "alarm_rule": AlarmRuleState(at, "Fresh", "camera", "t > 1", "5m", 2, "t < 1", severity="major", fixed=True),
        "test_mode": test_mode.TestModeState(at, "Fresh", alarms="fire", until=AT + timedelta(hours=1)),
        "alarm": AlarmState(at, "Fresh", severity="major", text="Said", notes="Note"),
        "role": RoleState(at, "Fresh", "customer", frozenset({"device.list"})),
        "customer_group": CustomerGroupState(at, "Fresh", "Said", True, {acme: False}),
        "security_group": SecurityGroupState(at, "Fresh", role, "selected", {acme: True}, acme),
        "user": UserState(at, "fresh", "Fresh", "f@example.org", True, given),
    }
    return made[kind]


def told(world: World, change: int) -> list[AuditDetail]:
    """The entries of a change, opened."""
    session = world.session("boss")
    found: Any = session.rows(Listing("audit"), Part(1000))
    return [session.audit_detail(one.id) for one in found if one.change == change]


def drawn(detail: AuditDetail) -> dict[str, list[tuple[str, str]]]:
    """Each field as it is drawn: texts and their styles."""
    lines = cells.lines(detail)[-len(detail.lines) :]
    return {
        line[0].text.strip(): [(one.text, one.style) for one in line[1:] if isinstance(one, Cell)]
        for line in lines
        if isinstance(line[0], Cell)
    }


@pytest.mark.parametrize("owner", ["acme", None])
@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_and_goes_is_no_difference(world: World, kind: StateKind, owner: str | None) -> None:
    """A record of any kind that is made is drawn as what is, one that is deleted as what was, in the same words."""
    saved = world.session("boss").save([Edit(kind, -1, None, fresh(world, kind, owner))])
    (made,) = told(world, saved.change)
    state, revision = world.state(kind, saved.created[-1])
    gone = world.save("boss", Edit(kind, saved.created[-1], state, None, revision))
    (deleted,) = told(world, gone)
    assert {before for _, before, _ in made.lines} == {after for _, _, after in deleted.lines} == {""}
    is_there = {label: after for label, _, after in made.lines}
    was_there = {label: before for label, before, _ in deleted.lines}
    assert is_there == {label: was_there[label] for label in is_there}
    assert not any(said.startswith(("−", "+")) or "→" in said for said in is_there.values())
    assert is_there["Name"] == "Fresh"
    assert ("Acme" if owner else "Tenant") in is_there.values()
    assert all({style for _, style in said} == {"good"} and len(said) == 1 for said in drawn(made).values())
    assert all({style for _, style in said} == {"bad"} and len(said) == 1 for said in drawn(deleted).values())
    back = world.session("boss").undo(gone).change
    (again,) = told(world, back)
    assert {label: after for label, _, after in again.lines} == was_there


def test_two_that_bear_the_same_name_are_told_apart(world: World) -> None:
    """A difference is one to see."""
    world.save("boss", world.edit("boss", "customer", "beta", name="Acme"))
    change = world.save("boss", world.edit("boss", "user", "bert", home=world.id("customer", "acme")))
    assert told(world, change)[0].lines == (("Home", "Acme (beta)", "Acme (acme)"),)


def test_undo_names_what_was_acted_on(world: World) -> None:
    """Not what was made for it, or goes with it, in whatever order it comes; and so when that is taken back too."""
    acme = world.id("customer", "acme")
    boss = world.viewer("boss")
    role = Edit("role", -1, None, RoleState(acme, "For it", permissions=frozenset({"device.list"}), private=True))
    group = Edit("security_group", -2, None, SecurityGroupState(acme, "Its own", -1, "selected", {acme: True}))
    user = Edit("user", -3, None, UserState(acme, "una", "Una", security_groups=frozenset({(-2, (None, None))})))
    branch = Edit("customer", -4, None, CustomerState(acme, "Branch"))
    yard = Edit("site", -5, None, SiteState(-4, "Yard"))
    changes: list[tuple[list[Edit], str]] = [
        ([role, group, user], "create user “Una” and 2 more"),
        ([role, group], "create security group “Its own” and 1 more"),
        ([yard, branch], "create customer “Branch” and 1 more"),
    ]
    for edits, said in changes:
        saved = world.workspace.session(boss).save(edits)
        assert world.workspace.session(boss).preview_undo(saved.change)[1] == said
        back = world.workspace.session(boss).undo(saved.change).change
        assert world.workspace.session(boss).preview_undo(back)[1] == said.replace("create", "delete")
    deletions = {"acme": "Acme", "south": "Acme South"}
    for key, name in deletions.items():
        gone = world.save("boss", world.delete("customer", key))
        (_, said, _) = world.workspace.session(boss).preview_undo(gone)
        assert said.startswith(f"delete customer “{name}” and ")
        back = world.workspace.session(boss).undo(gone).change
        assert world.workspace.session(boss).preview_undo(back)[1] == said.replace("delete", "create")
