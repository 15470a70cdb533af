"""A token's view: what its user sees, as far as the token leaves it; and nothing is changed by it that this does not
hold, nor that its user could not."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from support.asker import ASKED, MORE, Asker
from support.clock import stopped_at
from support.documents import AT, Sizes, make_document
from support.edits import ADMINISTRATION, OPEN, PICKED, Attempts, World, beyond, provider, with_administrators
from support.open_alarms import agree
from support.oracle import Oracle
from support.tiers import seeds
from support.tokens import Narrowed, some_narrowing, stand_in, token_of
from support.tree_attempts import TreeAttempts
from support.tree_edits import trespasses, with_keepers

from ringfence.domain.errors import Conflict, Refused, RingfenceError, SessionEnded
from ringfence.domain.registry import KINDS
from ringfence.domain.role import RoleState
from ringfence.domain.security_group import SecurityGroupState
from ringfence.domain.user import UserState
from ringfence.services import accounts, api_tokens, invitations, listing, sign_ins, ssh_keys
from ringfence.services.editing import Edit
from ringfence.services.records import Listing
from ringfence.services.workspace import Session
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.visibility.standing_in import StandIn

SIZES = Sizes(tenants=1, customers=8, sites=5, devices=10, roles=2, groups=4, filters=2, users=4, exact=True)


class Bearers(Asker):
    """Asks with tokens what others ask as themselves."""

    def token(self, login: str) -> None:
        tenant = self.oracle.user(login)["tenant"]
        keys = sorted(one["key"] for one in self.document["customers"] if one["tenant"] == tenant)
        permissions, under = some_narrowing(self.chance, keys)
        view = stand_in(self.database, token_of(self.database, login, permissions, under))
        self.oracle = Narrowed(self.document, AT, login, permissions, under)
        with view.look(*ASKED) as sight:
            for kind in KINDS.values():
                self.kind(sight, login, kind)
            agree(sight, (path for _, path in self.visible_paths(sight, login)))
            self.points(sight, login)
            self.tree(sight, login)
        for name in ("customers", "devices", "sites", "users", "roles"):
            expected = self.oracle.listed(login, name)
            assert {one.key for one in listing.export(view, Listing(name))} == expected, "as it is exported"


@pytest.mark.parametrize("seed", seeds(6))
@pytest.mark.once
def test_lists_counts_searches_exports_and_openings_agree(database: Database, seed: int) -> None:
    document = make_document(Random(seed), MORE)
    load_document(database, document)
    asker = Bearers(database, document, Random(seed))
    for user in document["users"]:
        if user.get("active", True):
            asker.token(user["login"])


class Trial:
    """Changes by chance of somebody with a token, one upon the other."""

    def __init__(self, database: Database, chance: Random, document: dict[str, Any], attempts: Any) -> None:
        self.world = World(database, document)
        self.chance = chance
        self.attempts = attempts(self.world, chance)
        self.document = self.world.document()
        self.made = self.kept_back = self.number = 0

    def session(self, editor: str) -> Session:
        """Of a new token of theirs."""
        self.number += 1
        keys = sorted(one["key"] for one in self.document["customers"])
        self.permissions, self.under = some_narrowing(self.chance, keys)
        secret = token_of(self.world.database, editor, self.permissions, self.under, name=f"token {self.number}")
        return self.world.workspace.session(stand_in(self.world.database, secret))

    def try_one(self, editor: str) -> None:
        world, before, session = self.world, self.document, self.session(editor)
        edits = self.attempts.next(editor, before)
        mine = partial(Narrowed, login=editor, permissions=self.permissions, under=self.under)
        person = session_or_refusal(world.session(editor), edits)
        refusal = session_or_refusal(session, edits)
        if refusal:
            with pytest.raises((Refused, Conflict)):
                session.save(edits)
            self.kept_back += not person
            return
        preview = session.preview(edits)
        assert {one.login for one in preview.users} <= logins_seen(mine, before, editor) | new_logins(edits)
        session.save(edits)
        assert not person, (editor, edits, "what they may not do themselves, they do not by a token")
        self.made += 1
        after = world.document()
        assert trespasses(editor, before, after, mine) == [], (editor, self.permissions, self.under, edits)
        assert trespasses_of_access(editor, before, after, mine) == [], (editor, self.permissions, self.under, edits)
        if isinstance(self.attempts, Attempts):  # what comes into the tree, others get by what they were given before
            assert beyond(editor, before, after, (*PICKED, "script.create", "policy.edit"), mine) == []
        self.document = after


def session_or_refusal(session: Session, edits: list[Edit]) -> str:
    """Why the edits are refused; empty where they are not."""
    try:
        return session.preview(edits).refusal
    except (Refused, Conflict) as error:
        return str(error)


def logins_seen(mine: Any, document: dict[str, Any], login: str) -> set[str]:
    """Whom a token lists."""
    oracle = mine(document, AT)
    users = oracle.records("t", "users")
    return {users[key]["login"] for key in oracle.listed(login, "users")}


def new_logins(edits: list[Edit]) -> set[str]:
    """The logins that edits give."""
    return {one.after.login for one in edits if one.kind == "user" and one.after is not None}  # type: ignore[attr-defined]


def trespasses_of_access(editor: str, old: dict[str, Any], new: dict[str, Any], mine: Any) -> list[Any]:
    """The roles, groups and users that came, went or were changed where the token holds no right to that."""
    was, now = mine(old, AT), mine(new, AT)
    found = []
    for kind in ("roles", "security-groups", "customer-groups", "users"):
        noun, owner = kind.removesuffix("s").replace("-", "_"), "home" if kind == "users" else "owner"
        before, after = was.records("t", kind), now.records("t", kind)
        for key in before.keys() | after.keys():
            one, other = before.get(key), after.get(key)
            right = f"{noun}.{'create' if one is None else 'delete' if other is None else 'edit'}"
            if (
                one is not None
                and other is not None
                and all(
                    one.get(field) == other.get(field)
                    for field in one.keys() | other.keys()
                    if field
                    not in ("security_groups", "customer_groups", "sites", "customers")  # what goes takes itself out
                )
            ):
                continue
            for oracle, record in ((was, one), (now, other)):
                there = record is not None and record[owner] in oracle.nodes("t")
                if there and record[owner] not in oracle.visible_nodes(editor, right)[0]:
                    found.append((right, key))
    return found


@pytest.mark.parametrize("seed", seeds(6, always=2))
def test_nothing_is_changed_by_it_that_it_does_not_hold(sqlite_database: Database, seed: int) -> None:
    """Nor anything that its user could not change; of what they could, much is kept back."""
    chance = Random(seed)
    made = make_document(chance, SIZES)
    if seed % 2:
        trial = Trial(sqlite_database, chance, with_administrators(made, chance), Attempts)
        editors = ["full", "a0", "a1", "a2"]
    else:
        trial = Trial(sqlite_database, chance, with_keepers(made, chance), TreeAttempts)
        editors = ["full", "full", "k0", "k1", "k2", "k4"]
    for _ in range(60):
        active = {user["login"] for user in trial.document["users"] if user["active"]}
        trial.try_one(chance.choice([one for one in editors if one in active]))
    assert trial.made
    assert trial.kept_back > 2


@pytest.fixture
def world(sqlite_database: Database) -> World:
    """The provider, whose Dora administrates Acme."""
    return World(sqlite_database, provider())


def by_token(world: World, login: str, permissions: Any = None, under: str | None = None, **more: Any) -> StandIn:
    return stand_in(world.database, token_of(world.database, login, permissions, under, **more))


def session(world: World, login: str, permissions: Any = None, under: str | None = None, **more: Any) -> Session:
    return world.workspace.session(by_token(world, login, permissions, under, **more))


def test_nobody_is_their_user_by_a_narrowed_one(world: World) -> None:
    """Their own record, which they always see and change, is not the token's; nor what they did to take back."""
    rita = world.id("user", "rita")
    assert session(world, "rita").own_record().id == rita
    opened = world.session("rita").own_record()
    change = world.save("rita", Edit("user", rita, opened.state, replace(opened.state, name="R"), opened.revision))
    for number, (permissions, under) in enumerate(((ADMINISTRATION, None), (None, "acme"), (["device.list"], "north"))):
        view = session(world, "rita", permissions, under, name=str(number))
        with pytest.raises(RingfenceError):
            view.own_record()
        with pytest.raises(RingfenceError):
            view.open_record("user", rita)
        renamed = world.blind("user", "rita", name="Somebody")
        with pytest.raises((Refused, Conflict)):
            view.save([renamed])
        for number_or_last in (change, None):
            with pytest.raises(Refused):
                view.preview_undo(number_or_last)
    assert world.session("rita").preview_undo()[0] == change


def test_nobody_hides_behind_one_to_raise_themselves(world: World) -> None:
    """Whoever may assign devices of all, but delete them at Beta alone, may not take one there by a token that is for
    assigning: in person they may not either."""
    boss = world.session("boss")
    root, beta = world.id("customer", None), {world.id("customer", "beta"): True}
    assigns = frozenset({"customer.list", "device.list", "device.view", "device.assign", "device.edit"})
    groups = frozenset({(-3, OPEN), (-4, OPEN)})
    edits = [
        Edit("role", -1, None, RoleState(root, "Assigns", "service_provider", assigns)),
        Edit("role", -2, None, RoleState(root, "Deletes", "service_provider", frozenset({"device.delete"}))),
        Edit("security_group", -3, None, SecurityGroupState(root, "Everywhere", -1, "all", {})),
        Edit("security_group", -4, None, SecurityGroupState(root, "Beta", -2, "selected", beta)),
        Edit("user", -5, None, UserState(root, "vera", "Vera", "", True, groups)),
    ]
    boss.save(edits)
    taken = world.blind("device", "acme-0", customer=world.id("customer", "beta"))
    said = r"you would hold “Devices and assets: Delete”"
    with pytest.raises(Refused, match=said):
        world.session("vera").save([taken])
    with pytest.raises(Refused, match=said):
        session(world, "vera", assigns).save([taken])


def test_it_ends_at_once_with_what_it_stands_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A view that is open, and one that is about to write: with the user, the token, its customer, or its time."""
    rita, boss = world.id("user", "rita"), world.session("boss")
    opened = boss.open_record("user", rita)
    idle = Edit("user", rita, opened.state, replace(opened.state, active=False), opened.revision)

    def ended(view: Session, viewer: StandIn) -> None:
        with pytest.raises(SessionEnded, match="this token holds no more"):
            view.count(Listing("devices"))
        with pytest.raises(SessionEnded), world.database.writing() as connection:
            viewer.narrowing(connection)

    view = session(world, "rita", name="user")
    other = session(world, "rita", name="revoked")
    narrow = session(world, "rita", None, "deep", name="customer")
    short = session(world, "rita", name="time", expires=AT + timedelta(hours=1))
    for one in (view, other, narrow, short):
        assert one.count(Listing("devices")) > 0
    change = boss.save([idle]).change
    for one in (view, other, narrow, short):
        ended(one, one.viewer)  # type: ignore[arg-type]
    boss.undo(change)
    assert view.count(Listing("devices")) > 0
    boss.save([world.delete("customer", "deep")])
    ended(narrow, narrow.viewer)  # type: ignore[arg-type]
    with world.database.writing() as connection:
        connection.execute(text("DELETE FROM api_token WHERE name = 'revoked'"))
    ended(other, other.viewer)  # type: ignore[arg-type]
    stopped_at(monkeypatch, AT + timedelta(hours=1))
    ended(short, short.viewer)  # type: ignore[arg-type]
    assert view.count(Listing("devices")) > 0


def test_it_follows_its_customer_through_the_tree(world: World) -> None:
    view = session(world, "boss", None, "deep")
    before = view.count(Listing("devices"))
    moved = world.blind("customer", "deep", parent=world.id("customer", "gamma"))
    world.save("boss", moved)
    assert view.count(Listing("devices")) == before
    assert [one.name for one in view.roots()] == ["Acme Deep"]


def test_one_that_somebody_else_made_holds_as_long_as_they_hold_what_it_gives(world: World) -> None:
    """Dora makes one for Rita, whose rights she holds herself; once Rita is given more than Dora has, it is over."""
    view = session(world, "rita", by="dora")
    assert view.count(Listing("devices")) > 0
    rita, boss = world.id("user", "rita"), world.session("boss")
    opened = boss.open_record("user", rita)
    groups = opened.state.security_groups | {(world.id("security_group", "betas"), (None, None))}
    home = world.id("customer", None)
    more = replace(opened.state, security_groups=groups, home=home)
    change = boss.save([Edit("user", rita, opened.state, more, opened.revision)]).change
    with pytest.raises(SessionEnded, match="whoever made this token does not hold"):
        view.count(Listing("devices"))
    boss.undo(change)
    assert view.count(Listing("devices")) > 0
    boss.save([world.delete("user", "dora")])
    with pytest.raises(SessionEnded, match="holds no more"):
        view.count(Listing("devices"))


def test_through_it_one_sees_as_another_no_more_than_it_leaves(world: World) -> None:
    narrow = by_token(world, "boss", ["user.list", "user.impersonate", "customer.list", "device.list"], "north")
    with pytest.raises(RingfenceError, match="nobody has the login 'rita'"):
        accounts.see_as(narrow, "rita", "test")  # she lives above
    view = accounts.see_as(narrow, "nora", "test")
    with view.look("device.list", "site.list") as sight:
        assert sight.scope("site.list").empty
        assert not sight.scope("device.list").empty
    assert listing.count(view, Listing("devices")) == listing.count(narrow, Listing("devices"))
    blind = by_token(world, "boss", ["user.list", "customer.list"], name="two")
    with pytest.raises(RingfenceError, match="nobody has the login"):
        accounts.see_as(blind, "nora", "test")
    with suppress(RingfenceError), world.database.writing() as connection:
        connection.execute(text("DELETE FROM api_token"))
    with pytest.raises(SessionEnded):
        listing.count(view, Listing("devices"))


def test_only_the_user_in_person_changes_what_proves_who_they_are(world: World) -> None:
    """Nor do they by a token that takes nothing away: it is no way to another one, that stays once it is revoked."""
    rita, boss = world.id("user", "rita"), world.viewer("boss")
    key = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGk4cE1lZ2dXcE5hV2lOQjJ5WkRkQ2RvRjBsY0tYbUdV mine"
    for viewer in (by_token(world, "boss"), accounts.see_as(boss, "dora", "test")):
        for ask in (
            partial(invitations.invite, viewer, rita, "test"),
            partial(invitations.revoke, viewer, rita, "test"),
            partial(ssh_keys.add, viewer, key, "test"),
            partial(ssh_keys.remove, viewer, "SHA256:x", "test"),
            partial(sign_ins.end, viewer, [1], "test"),
            partial(api_tokens.make, viewer, "x", "test"),
            partial(api_tokens.revoke, viewer, ["one"], "test"),
        ):
            with pytest.raises(Refused, match=r"^(with a token nothing is changed|you look through dora's eyes)"):
                ask()
    assert invitations.invite(boss, rita, "test").text.startswith("rfi_")


def test_the_oracle_of_tokens_is_not_that_of_users(world: World) -> None:
    """What these tests stand on takes something away."""
    document = world.document()
    whole, narrow = Oracle(document, AT), Narrowed(document, AT, "boss", ["device.list"], "acme")
    assert narrow.visible("boss", "device.list", "devices") < whole.visible("boss", "device.list", "devices")
    assert narrow.visible("boss", "site.list", "sites") == set()
    assert narrow.visible("rita", "site.list", "sites") == whole.visible("rita", "site.list", "sites")
