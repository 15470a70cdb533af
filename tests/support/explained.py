"""Why, who and rights, asked of worlds by chance and compared with the oracle; and why not, with a slow statement of
what would open it."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any, Final

from sqlalchemy import text
from support.asker import ASKED
from support.documents import AT, Sizes, make_document
from support.edits import World, with_administrators
from support.oracle import EVERYWHERE, LISTING, Oracle
from support.slow_fixes import Question

from ringfence.domain.errors import RingfenceError
from ringfence.domain.permission import CATALOGUE, POLICY_EDIT
from ringfence.domain.registry import EDITED
from ringfence.services import explaining
from ringfence.services.explained import Fix
from ringfence.services.fixing import fixes
from ringfence.services.workspace import Session
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.visibility import explain
from ringfence.visibility.grants import read_grants
from ringfence.visibility.owner import Owner
from ringfence.visibility.viewer import Viewer

KINDS: Final = {kind.name: kind for kind in EDITED.values()}
_WORLD: Final = Sizes(
    tenants=1, customers=6, sites=3, devices=4, roles=4, groups=5, filters=3, users=3, entries=3, alarms=3, exact=True
)
_SMALL: Final = Sizes(*(1, 4, 2, 3, 1, 0, 0, 1), roles=2, groups=3, filters=2, users=2, entries=2, exact=True)


def named(kind: str, key: str) -> str:
    """A record, as it is asked about."""
    return f"{KINDS[kind].noun}:{key}"


class Explained:
    """A world made by chance, with the oracle of it, and of each user with one membership alone."""

    def __init__(self, database: Database, seed: int) -> None:
        self.database = database
        self.chance = Random(seed)
        self.document = make_document(self.chance, _WORLD)
        load_document(database, self.document)
        self.oracle = Oracle(self.document, AT)
        self.owner = Owner(database, self.viewer(self.users[0]["login"]).tenant_id, AT)
        self.alone = cache(self._alone)

    @property
    def users(self) -> list[dict[str, Any]]:
        """Everybody there is."""
        found: list[dict[str, Any]] = self.document["users"]
        return found

    def records(self) -> list[tuple[str, str]]:
        """Kind and key of each record that can be asked about."""
        return [(kind, key) for kind in KINDS for key in self.oracle.records("t0", kind)]

    def viewer(self, login: str) -> Viewer:
        """Whoever has the login."""
        return Viewer.sign_in(self.database, login, AT)

    def _alone(self, login: str, group: str, since: str | None, until: str | None) -> Oracle:
        """What there would be, had a user this one membership."""
        members = [{"group": group, "valid_from": since, "valid_until": until}]
        users = [one | {"security_groups": members} if one["login"] == login else one for one in self.users]
        return Oracle({**self.document, "users": users}, AT)

    def yes(self) -> int:
        """For every user, record and permission whether they may, as a whole and path by path, each with the others
        taken away. Returns how many were asked."""
        asked = 0
        for user in self.users:
            login = user["login"]
            for kind, key in self.records():
                found = explaining.rights(self.owner, login, named(kind, key)).rights
                assert [one.permission for one in found] == [one.key for one in CATALOGUE]
                for one in found:
                    right = key in self.oracle.visible(login, one.permission, kind)
                    assert one.allowed is right, (login, kind, key, one)
                self._ways(login, kind, key)
                asked += len(found)
            for one in explaining.rights(self.owner, login).rights:
                wide, narrow = self.oracle.visible_nodes(login, one.permission)
                assert one.allowed is bool(wide | narrow), (login, one)
                assert one.customers == len((wide | narrow) - {None}), (login, one)
                assert (one.path is not None) is one.allowed, "somebody who may hold it by some path"
        return asked

    def _ways(self, login: str, kind: str, key: str) -> None:
        """Each path of a user to a record opens it by itself, or does not, as it says."""
        with self.owner.look(*(one.permission for one in EDITED.values())) as sight:
            target = explain.find_target(sight, KINDS[kind], "key", key)
            assert target is not None
            _, grants = read_grants(sight.connection, sight.tenant_id, self.viewer(login).user_id)
            assert grants is not None
            facts = explain.read_facts(sight.connection, grants, target, AT)
            groups = {row.id: row.key for row in sight.connection.execute(text("SELECT id, key FROM security_group"))}
        for permission in {*ASKED} - {POLICY_EDIT}:  # which takes every other permission, by whichever path
            for way in facts.ways(permission):
                window = [None if one is None else one.isoformat() for one in way.group[4:6]]
                alone = self.alone(login, groups[way.group.group_id], *window)
                opened = key in alone.visible(login, permission, kind)
                assert opened is (not way.walls), (login, permission, kind, key, way)

    def who(self) -> int:
        """Of every record who may, as the owner and as somebody who may list it. Returns how many were asked about."""
        oracle, asked = self.oracle, 0
        for kind, key in self.records():
            for permission in {LISTING[kind], *self.chance.sample(ASKED, 3)}:
                may = {one["login"] for one in self.users if key in oracle.visible(one["login"], permission, kind)}
                found = explaining.who(self.owner, permission, named(kind, key))
                assert [one.login for one in found] == sorted(may, key=str.casefold), (kind, key, permission)
                for holder in found:
                    told = explaining.why(self.owner, holder.login, permission, named(kind, key))
                    assert holder.paths == tuple(one for one in told.paths if one.open)
                asker = self.chance.choice(self.users)["login"]
                if key in oracle.visible(asker, LISTING[kind], kind):
                    listed = oracle.listed(asker, "users")
                    seen = explaining.who(self.viewer(asker), permission, named(kind, key))
                    known = {one["login"] for one in self.users if one["key"] in listed}
                    assert {one.login for one in seen} == may & known
            asked += 1
        return asked


class Refusals:
    """A small world by chance, and what in it is refused."""

    def __init__(self, database: Database, seed: int) -> None:
        self.chance = Random(seed)
        self.document = with_administrators(make_document(self.chance, _SMALL), self.chance)
        self.world = World(database, self.document)
        self.owner = Owner(database, self.world.viewer("full").tenant_id, AT)

    def some(self, most: int) -> list[Question]:
        """Users, permissions and records of which the answer is no."""
        found: list[Question] = []
        permissions = [one for one in ASKED if one not in EVERYWHERE]
        for _ in range(1000):
            user, kind = self.chance.choice(self.document["users"]), self.chance.choice(list(KINDS))
            records = self.document[kind.replace("-", "_")]
            if records and len(found) < most:
                permission, key = self.chance.choice(permissions), self.chance.choice(records)["key"]
                if key not in Oracle(self.document, AT).visible(user["login"], permission, kind):
                    found.append(Question(self.document, AT, user["login"], permission, kind, key))
        return found

    def check(self, asked: Question) -> int | None:
        """What is reported is what the slow statement finds: nothing is smaller, and all costs what it says. Returns
        how many edits it takes."""
        about = asked.login, asked.permission, named(asked.kind, asked.key)
        found = fixes(self.owner, *about, most=1000)
        assert found is not None
        best = {size: asked.fixes(size) for size in (1, 2)}
        size = next((size for size in best if best[size]), None)
        assert found.size == size if size is not None else found.size in (None, 3), (about, found, best)
        costs = [self._check(asked, one, found.size or 0) for one in found.list]
        beside = [self._check(asked, one, (found.size or 0) + 1) for one in found.narrower]
        assert costs == sorted(costs)
        assert beside == sorted(beside)
        assert all(one < costs[0] for one in beside)
        if size is not None and found.complete:
            assert costs[0] == min(best[size].values()), (about, found.list[0])
        if size == 1 and found.complete:
            least = min(best[2].values(), default=costs[0])
            assert beside[:1] == ([least] if least < costs[0] else []), (about, beside, least)
        return found.size

    def _check(self, asked: Question, fix: Fix, size: int) -> tuple[int, int, int]:
        """One that is reported opens the record, no part of it does, and it costs what it says."""
        edits = frozenset(asked.told(one.fields()) for one in fix.changes)
        cost = fix.rights, fix.records, fix.users
        assert len(edits) == size
        assert fix.exact
        assert asked.opens(edits), fix
        assert not any(asked.opens(edits - {each}) for each in edits), fix
        assert asked.cost(edits) == cost, (fix, asked.cost(edits))
        return cost

    def saved(self, asked: Question) -> bool | None:
        """Whoever may ask is told of each change whether they may make it: saving says the same. Returns whether one
        was made, and then it is open; None where nobody could ask, or was told of nothing to be made."""
        asker = self.chance.choice(self.document["users"])["login"]
        oracle = asked.base
        person = asked.user["key"]
        seen = person in oracle.listed(asker, "users") and person in oracle.visible(asker, "user.view", "users")
        if not seen or asked.key not in oracle.listed(asker, asked.kind):
            return None
        about = asked.login, asked.permission, named(asked.kind, asked.key)
        session, told = self.world.session(asker), None
        found = fixes(session.viewer, *about)
        assert found is not None
        for fix in found.list:
            if not fix.edits:
                assert not fix.may
                continue
            refusal = self._refusal(session, fix)
            assert (fix.may, fix.refusal) == (not refusal, refusal), (asker, about, fix)
            if fix.may:
                assert explaining.why(self.owner, *about).allowed
                return True
            told = False
        return told

    def _refusal(self, session: Session, fix: Fix) -> str:
        """What saving it says; empty where it was saved."""
        try:
            session.save(fix.edits)
        except RingfenceError as refused:
            return str(refused)
        return ""
