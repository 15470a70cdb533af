"""Why, who and rights against the oracle: exact for everybody, path by path, and telling nothing that is hidden."""

from __future__ import annotations

import re
from functools import cache
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from support.asker import ASKED
from support.documents import AT, Sizes, make_document
from support.edits import World, provider
from support.oracle import LISTING, Oracle
from support.tiers import seeds

from ringfence.domain.errors import RingfenceError
from ringfence.domain.permission import CATALOGUE, POLICY_EDIT
from ringfence.domain.registry import EDITED
from ringfence.services import explaining
from ringfence.services.explained import Why
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.visibility import explain
from ringfence.visibility.grants import read_grants
from ringfence.visibility.owner import Owner
from ringfence.visibility.viewer import Viewer

SIZES = Sizes(tenants=1, customers=7, sites=4, devices=6, roles=4, groups=6, filters=3, users=4, entries=3, exact=True)
MARK = re.compile(r"<t\d\.(\w+)(?:\.([^>]+))?>")
KINDS = {kind.name: kind for kind in EDITED.values()}


class Explained:
    """A world made by chance, with the oracle of it, and of each user with one membership alone."""

    def __init__(self, database: Database, seed: int) -> None:
        self.database = database
        self.chance = Random(seed)
        self.document = make_document(self.chance, SIZES)
        load_document(database, self.document)
        self.oracle = Oracle(self.document, AT)
        self.owner = Owner(database, Viewer.sign_in(database, self.users[0]["login"]).tenant_id, AT)
        self.alone = cache(self._alone)

    @property
    def users(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.document["users"]
        return found

    def records(self) -> list[tuple[str, str]]:
        """Kind and key of each record that can be asked about."""
        return [(kind, key) for kind in KINDS for key in self.oracle.records("t0", kind)]

    def _alone(self, login: str, group: str, since: str | None, until: str | None) -> Oracle:
        """What there would be, had a user this one membership."""
        members = [{"group": group, "valid_from": since, "valid_until": until}]
        users = [one | {"security_groups": members} if one["login"] == login else one for one in self.users]
        return Oracle({**self.document, "users": users}, AT)

    def viewer(self, login: str) -> Viewer:
        return Viewer.sign_in(self.database, login, AT)


def named(kind: str, key: str) -> str:
    return f"{KINDS[kind].noun}:{key}"


@pytest.mark.parametrize("seed", seeds(40, always=2))
def test_a_yes_is_one_where_the_rule_says_so(database: Database, seed: int) -> None:
    """For every user, record and permission: as a whole, and path by path, each with the others taken away."""
    world = Explained(database, seed)
    for user in world.users:
        login = user["login"]
        for kind, key in world.records():
            found = explaining.rights(world.owner, login, named(kind, key)).rights
            assert [one.permission for one in found] == [one.key for one in CATALOGUE]
            for one in found:
                assert one.allowed is (key in world.oracle.visible(login, one.permission, kind)), (
                    login,
                    kind,
                    key,
                    one,
                )
            ways(world, login, kind, key)
        found = explaining.rights(world.owner, login).rights
        for one in found:
            wide, narrow = world.oracle.visible_nodes(login, one.permission)
            assert one.allowed is bool(wide | narrow), (login, one)
            assert one.customers == len((wide | narrow) - {None}), (login, one)


def ways(world: Explained, login: str, kind: str, key: str) -> None:
    """Each path of a user to a record opens it by itself, or does not, as it says."""
    with world.owner.look(*(one.permission for one in EDITED.values())) as sight:
        target = explain.find_target(sight, KINDS[kind], "key", key)
        assert target is not None
        _, grants = read_grants(sight.connection, world.viewer(login).user_id)
        assert grants is not None
        facts = explain.read_facts(sight.connection, grants, target, AT)
        groups = {row.id: row.key for row in sight.connection.execute(text("SELECT id, key FROM security_group"))}
    for permission in {*ASKED} - {POLICY_EDIT}:
        for way in facts.ways(permission):
            window = [None if one is None else one.isoformat() for one in way.group[4:6]]
            alone = world.alone(login, groups[way.group.group_id], *window)
            opened = key in alone.visible(login, permission, kind)
            assert opened is (not way.walls), (login, permission, kind, key, way)


@pytest.mark.parametrize("seed", seeds(100, 130, always=2))
def test_who_is_everybody_who_can(database: Database, seed: int) -> None:
    """Whoever asks is told of those whom they may list, and of nobody else; without any, that there is nobody."""
    world = Explained(database, seed)
    oracle = world.oracle
    for kind, key in world.records():
        permissions = {LISTING[kind], *world.chance.sample(ASKED, 3)}
        for permission in permissions:
            may = {one["login"] for one in world.users if key in oracle.visible(one["login"], permission, kind)}
            found = explaining.who(world.owner, permission, named(kind, key))
            assert [one.login for one in found] == sorted(may, key=str.casefold), (kind, key, permission)
            for holder in found:
                told = explaining.why(world.owner, holder.login, permission, named(kind, key))
                assert holder.paths == tuple(one for one in told.paths if one.open)
            asker = world.chance.choice(world.users)["login"]
            if key in oracle.visible(asker, LISTING[kind], kind):
                listed = oracle.listed(asker, "users")
                seen = explaining.who(world.viewer(asker), permission, named(kind, key))
                known = {one["login"] for one in world.users if one["key"] in listed}
                assert {one.login for one in seen} == may & known


@pytest.mark.parametrize("seed", seeds(200, 240, always=2))
def test_nothing_hidden_is_told(sqlite_database: Database, seed: int) -> None:
    """As every user, of every user and record: refused alike with what is missing, or without a name that they may not
    list; the verdict is right all the same."""
    world = Explained(sqlite_database, seed)
    oracle, hidden = world.oracle, 0
    for asker in world.users:
        viewer, own = world.viewer(asker["login"]), asker["login"]
        people = oracle.listed(own, "users") & oracle.visible(own, "user.view", "users")
        people |= {asker["key"]} if asker.get("active", True) else set()
        for kind, key in world.records():
            for subject in world.users:
                permission = world.chance.choice(ASKED)
                if key not in oracle.listed(own, kind) or subject["key"] not in people:
                    with pytest.raises(RingfenceError) as refused:
                        explaining.why(viewer, subject["login"], permission, named(kind, key))
                    missing = subject["login"] if subject["key"] not in people else key
                    assert str(refused.value).startswith(
                        f"there is no {'user' if missing != key else KINDS[kind].said} {missing!r}: "
                    )
                    continue
                found = explaining.why(viewer, subject["login"], permission, named(kind, key))
                assert found.allowed is (key in oracle.visible(subject["login"], permission, kind))
                told = repr(found) + repr(explaining.rights(viewer, subject["login"], named(kind, key)))
                told += repr(explaining.who(viewer, permission, named(kind, key)))
                hidden += found.hidden
                for listing, mark in MARK.findall(told):
                    if listing == "root":
                        assert None in oracle.forest(own), told
                    elif (listing, mark) != ("users", asker["key"]):  # of oneself one always knows
                        assert mark in oracle.listed(own, listing.replace("_", "-")), (own, listing, mark, told)
                without_keys(oracle, own, found)
    assert hidden


def without_keys(oracle: Oracle, own: str, found: Why) -> None:
    """No key of what is hidden stands in what is printed, and nothing is the only path where one is hidden."""
    for path in found.fields()["paths"]:
        assert path["group"] in oracle.listed(own, "security-groups")
        assert path["role"] is None or path["role"] in oracle.listed(own, "roles")
        assert path["filter"] is None or path["filter"] in oracle.listed(own, "customer-groups")
        entry = path["entry"] or {"customer": None}
        assert {path["home"], entry["customer"]} <= {None, *oracle.listed(own, "customers")}
    assert found.hidden or all(path.only is not None for path in found.paths)


def test_a_path_and_its_walls_in_words(sqlite_database: Database) -> None:
    world = World(sqlite_database, provider())
    owner = Owner(sqlite_database, world.viewer("boss").tenant_id, AT)

    def gates(login: str, permission: str, record: str) -> dict[str, str]:
        (path,) = explaining.why(owner, login, permission, record).paths
        return {gate.name: f"{'' if gate.open else 'closed: '}{gate.said}" for gate in path.gates}

    assert gates("nora", "device.list", "device:south-0") == {
        "user active": "active",
        "home": "closed: Acme North, which does not hold Acme South",
        "filter": "closed: Filter prod does not name Acme South",
        "window": "always",
        "role": "Role reader, holds device.list",
        "scope": "selected: Acme, with those nested",
        "level": "service provider",
    }
    assert gates("olaf", "device.list", "customer:south")["filter"] == "closed: Filter off is inactive"
    assert gates("gus", "device.list", "device:north-x")["level"] == "closed: site: at none of their sites"
    assert gates("bert", "device.edit", "device:beta-0")["role"] == "closed: Role beta-role, lacks device.edit"
    assert gates("staff", "policy.edit", "customer:acme")["everywhere"].startswith("closed: only with all permissions")
    assert explaining.why(owner, "idle", "device.list", "customer:acme").paths == ()
