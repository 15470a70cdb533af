"""Puts the questions of the oracle to the product: lists, counts, searches, windows, points and the tree."""

from __future__ import annotations

from random import Random
from typing import Any

from sqlalchemy import text
from support.documents import AT, SEARCHES, WORDS, Sizes
from support.filters import Filter, phrase, some_filter
from support.open_alarms import agree
from support.oracle import EVERYWHERE, LISTING, SHOWN, Oracle

from ringfence.domain.kind import Kind
from ringfence.domain.registry import KINDS
from ringfence.storage.engine import Database
from ringfence.visibility import point, tree
from ringfence.visibility.counting import count
from ringfence.visibility.page import Query, Window, every, page
from ringfence.visibility.viewer import Sight, Viewer

ASKED = (*LISTING.values(), "device.edit", "customer.view", "alarm.manage", *EVERYWHERE)
MORE = Sizes(customers=12, sites=6, devices=15, roles=4, groups=6, filters=3, users=4, entries=4, exact=True)
"""Many shapes at little cost: more of everything than hypothesis draws."""

TEXTS = (
    *(*WORDS, *SEARCHES, "U-0", "c1", "Caméra", "s-é1", "lock", "root", "camera", "no", "inactive", "service provider"),
    *("s3>", "t0", "Tenant"),
)
"""What filters are made of: much that rows show, and some that they do not."""


class Asker:
    """Puts the questions to the product, in the words of the oracle: logins and keys."""

    def __init__(self, database: Database, document: dict[str, Any], chance: Random) -> None:
        self.database = database
        self.document = document
        self.oracle = Oracle(document, AT)
        self.chance = chance

    def user(self, login: str) -> None:
        """Every question about one user."""
        viewer = Viewer.sign_in(self.database, login.swapcase(), AT)
        with viewer.look(*ASKED) as sight:
            for kind in KINDS.values():
                self.kind(sight, login, kind)
            agree(sight, (path for _, path in self.visible_paths(sight, login)))
            self.points(sight, login)
            self.tree(sight, login)

    def kind(self, sight: Sight, login: str, kind: Kind) -> None:
        expected = self.oracle.listed(login, kind.name)
        for sort in kind.sorts:
            rows = list(every(sight, Query(kind, sort=sort), size=3))
            assert [row.key for row in rows] == self.ordered(rows)
            assert {row.key for row in rows} == expected, (login, kind.name)
            assert len(rows) == len(expected)
            keys = [row.key for row in rows]
            self.windows(sight, Query(kind, sort=sort), rows)
            turned = [row.key for row in every(sight, Query(kind, sort=sort, descending=True), size=4)]
            assert turned == keys[::-1]
            self.windows(sight, Query(kind, sort=sort, descending=True), rows[::-1])
        assert count(sight, Query(kind)) == len(expected)
        tenant = self.oracle.user(login)["tenant"]
        for row in rows:
            assert row.name == self.oracle.records(tenant, kind.name)[row.key]["name"]
        for wanted in (*map(phrase, self.chance.sample(SEARCHES, 3)), *(self.filter(kind) for _ in range(6))):
            self.both(sight, Query(kind, search=wanted.typed), self.oracle.listed(login, kind.name, wanted))
        for node, path in self.visible_paths(sight, login):
            self.both(sight, Query(kind, under=path), self.oracle.listed(login, kind.name, under=node))
            wanted = self.filter(kind)
            both = self.oracle.listed(login, kind.name, wanted, node)
            self.both(sight, Query(kind, search=wanted.typed, under=path), both)

    def filter(self, kind: Kind) -> Filter:
        """A filter of lists of a kind."""
        return some_filter(self.chance, SHOWN[kind.name], TEXTS)

    def ordered(self, rows: list[Any]) -> list[str]:
        return [row.key for row in sorted(rows, key=lambda row: (row.sort_value, row.id))]

    def both(self, sight: Sight, query: Query, expected: set[str]) -> None:
        """List and count of a query."""
        keys = [row.key for row in every(sight, query, size=self.chance.choice([1, 3, 1000]))]
        assert sorted(keys) == sorted(expected), query
        assert count(sight, query) == len(expected), query

    def windows(self, sight: Sight, query: Query, rows: list[Any]) -> None:
        """Windows from both ends and around a row, with and without leaving some out."""
        keys = [row.key for row in rows]

        def shown(**window: Any) -> list[str]:
            return [row.key for row in page(sight, query, Window(**window))]

        limit, skip = self.chance.randint(1, 4), self.chance.randint(0, 3)
        assert shown(limit=limit, skip=skip) == keys[skip:][:limit]
        assert shown(limit=limit, skip=skip, from_end=True) == keys[: max(0, len(keys) - skip)][-limit:]
        if rows:
            place = self.chance.randrange(len(rows))
            key = (rows[place].sort_value, rows[place].id)
            assert shown(limit=limit, skip=skip, after=key) == keys[place + 1 :][skip:][:limit]
            assert shown(limit=limit, skip=skip, before=key) == keys[: max(0, place - skip)][-limit:]

    def visible_paths(self, sight: Sight, login: str) -> list[tuple[str | None, str]]:
        """A few of the nodes that the user sees, with their paths."""
        found = [(row.key, row.path) for row in every(sight, Query(KINDS["customers"]))]
        if None in self.oracle.forest(login):
            root = text("SELECT path FROM customer WHERE tenant_id = :tenant AND parent_id IS NULL")
            found.append((None, sight.connection.execute(root, {"tenant": sight.tenant_id}).scalar_one()))
        return found if len(found) < 4 else self.chance.sample(found, 3)

    def points(self, sight: Sight, login: str) -> None:
        tenants = [tenant["key"] for tenant in self.document["tenants"]]
        for kind in KINDS.values():
            keys = {key for tenant in tenants for key in self.oracle.records(tenant, kind.name)} | {"nowhere", ""}
            for permission in (LISTING[kind.name], self.chance.choice(ASKED)):
                expected = self.oracle.visible(login, permission, kind.name)
                some = keys if len(keys) < 40 else set(self.chance.sample(sorted(keys), 40))
                found = {key for key in some if point.can(sight, permission, kind, key)}
                assert found == expected & some, (login, permission, kind.name)

    def tree(self, sight: Sight, login: str) -> None:
        """The forest, walked from its roots, is exactly that of the visible nodes."""
        expected = self.oracle.forest(login)
        found: dict[str | None, str | bool | None] = {}
        ids: dict[int, str | None] = {}
        waiting = list(tree.roots(sight))
        for row in waiting:
            found[row.key] = False
        assert [row.id for row in waiting] == [r.id for r in sorted(waiting, key=lambda r: (r.search_key, r.id))]
        while waiting:
            row = waiting.pop()
            ids[row.id] = row.key
            below = tree.children(sight, row.id)
            assert bool(row.has_children) == bool(below)
            assert tree.child_count(sight, row.id) == len(below)
            for child in below:
                assert child.key not in found
                found[child.key] = row.key
            waiting.extend(below)
        assert found == expected
        self.chains(sight, login, ids, expected)
        tenant = self.oracle.user(login)["tenant"]
        names: dict[str | None, str] = {None: next(t["name"] for t in self.document["tenants"] if t["key"] == tenant)}
        names.update({key: record["name"] for key, record in self.oracle.records(tenant, "customers").items()})
        for wanted in (*map(phrase, self.chance.sample(SEARCHES, 2)), self.filter(KINDS["customers"])):
            rows, hits = tree.matching(sight, wanted.typed, 100_000)
            direct = {node for node in expected if wanted.fits({"name": names[node]})}
            assert {ids[own] for own in hits} == direct
            above = set(direct)
            for node in direct:
                step: Any = node
                while expected[step] is not False:
                    step = expected[step]
                    above.add(step)
            assert {row.key for row in rows} == above
            assert len(rows) == len(above)

    def chains(self, sight: Sight, login: str, ids: dict[int, str | None], expected: dict[Any, Any]) -> None:
        tenant = self.oracle.user(login)["tenant"]
        for own, key in list(ids.items())[:20]:
            above: list[Any] = [key]
            while expected[above[-1]] is not False:
                above.append(expected[above[-1]])
            chain = tree.chain(sight, own)
            assert [row.key for row in chain] == above[::-1]
            listed = self.oracle.listed(login, "devices", under=key)
            assert tree.devices_below(sight, chain[-1].path) == len(listed)
        hidden = self.oracle.nodes(tenant) - set(expected)
        everything = {key: own for own, key in _ids(self.database, tenant).items()}
        for key in list(hidden)[:20]:
            assert tree.chain(sight, everything[key]) == []
            assert tree.children(sight, everything[key]) == []


def _ids(database: Database, tenant: str) -> dict[int, str | None]:

    query = text("SELECT c.id, c.key FROM customer c JOIN tenant t ON t.id = c.tenant_id WHERE t.key = :tenant")
    with database.reading() as connection:
        return {row.id: row.key for row in connection.execute(query, {"tenant": tenant})}
