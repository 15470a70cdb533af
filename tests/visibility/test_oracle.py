"""List, count, search, page, point and tree against the oracle, for every user of documents made by chance."""

from __future__ import annotations

import json
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from sqlalchemy import text
from support.databases import dumped, empty, made
from support.documents import AT, SEARCHES, Sizes, documents, make_document
from support.oracle import EVERYWHERE, LISTING, OWNERS, Oracle, folded
from support.unwritable import stored_scopes, unwritable

from ringfence.domain.kind import Kind
from ringfence.domain.permission import PERMISSIONS
from ringfence.domain.registry import KINDS
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.visibility import point, tree
from ringfence.visibility.page import Query, Window, count, every, page
from ringfence.visibility.viewer import Pair, Sight, Viewer

ASKED = (*LISTING.values(), "device.edit", "customer.view", "alarm.manage", *EVERYWHERE)


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
        for search in self.chance.sample(SEARCHES, 5):
            self.both(sight, Query(kind, search=search), self.oracle.listed(login, kind.name, search))
        for node, path in self.visible_paths(sight, login):
            self.both(sight, Query(kind, under=path), self.oracle.listed(login, kind.name, under=node))
            search = self.chance.choice(SEARCHES)
            both = self.oracle.listed(login, kind.name, search, node)
            self.both(sight, Query(kind, search=search, under=path), both)

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
        names = {None: next(t["name"] for t in self.document["tenants"] if t["key"] == tenant)}
        names.update({key: record["name"] for key, record in self.oracle.records(tenant, "customers").items()})
        for search in self.chance.sample(SEARCHES, 3):
            rows, hits = tree.matching(sight, search, 100_000)
            direct = {node for node in expected if folded(search) in folded(names[node])}
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


def ask_about_everybody(database: Database, document: dict[str, Any], seed: int = 7) -> None:
    empty(database)
    load_document(database, document)
    ask(database, document, seed)


def ask(database: Database, document: dict[str, Any], seed: int) -> None:
    asker = Asker(database, document, Random(seed))
    for user in document["users"]:
        asker.user(user["login"])


MORE = Sizes(customers=12, sites=6, devices=15, roles=4, groups=6, filters=3, users=4, entries=4, exact=True)
"""Many shapes at little cost: more of everything than hypothesis draws."""


@pytest.mark.parametrize("seed", range(6))
def test_documents_from_a_seed(database: Database, seed: int) -> None:
    ask_about_everybody(database, make_document(Random(seed), MORE), seed)


@pytest.mark.parametrize("seed", range(10, 14))
def test_documents_from_a_seed_where_nothing_can_be_stored(database: Database, seed: int) -> None:
    """What is worked out in memory for a look gives the answers that what is stored gives."""
    document = make_document(Random(seed), MORE)
    load_document(database, document)
    with unwritable(database) as asked:
        ask(asked, document, seed)
        for left, right in zip(document["users"], document["users"][1:], strict=False):
            if left["tenant"] == right["tenant"]:
                together(asked, Oracle(document, AT), left["login"], right["login"])
    assert not stored_scopes(database)


def together(database: Database, oracle: Oracle, left: str, right: str) -> None:
    pair = Pair(Viewer.sign_in(database, left, AT), Viewer.sign_in(database, right, AT))
    with pair.look("customer.list") as (_, _, both):
        keys = {row.key for row in every(both, Query(KINDS["customers"]))}
    assert keys == oracle.listed(left, "customers") | oracle.listed(right, "customers")


@settings(max_examples=15)
@given(document=documents())
def test_documents_by_chance_on_sqlite(sqlite_database: Database, document: dict[str, Any]) -> None:
    ask_about_everybody(sqlite_database, document)


@pytest.mark.postgres
@settings(max_examples=5)
@given(document=documents(Sizes(customers=5, devices=5, users=2)))
def test_documents_by_chance_on_postgresql(postgres_database: Database, document: dict[str, Any]) -> None:
    ask_about_everybody(postgres_database, document)


@pytest.mark.parametrize("seed", range(4))
def test_the_moment_decides(sqlite_database: Database, seed: int) -> None:
    """Asked a day later and earlier, with one viewer a moment, the windows open and close as the oracle says."""
    document = make_document(Random(100 + seed), Sizes(groups=6, users=5, exact=True))
    load_document(sqlite_database, document)
    for shift in (timedelta(0), timedelta(days=-1, seconds=-1), timedelta(days=1), timedelta(microseconds=1)):
        oracle = Oracle(document, AT + shift)
        for user in document["users"]:
            viewer = Viewer.sign_in(sqlite_database, user["login"], AT + shift)
            with viewer.look("device.list", "customer.list") as sight:
                for name in ("devices", "customers"):
                    keys = {row.key for row in every(sight, Query(KINDS[name]))}
                    assert keys == oracle.listed(user["login"], name)


@pytest.mark.parametrize("seed", range(12))
def test_a_users_dump_holds_what_they_list_and_nothing_more(database: Database, tmp_path: Any, seed: int) -> None:
    sizes = Sizes(customers=9, sites=4, devices=9, groups=5, users=4, exact=True)
    document = make_document(Random(1000 + seed), sizes)
    load_document(database, document)
    oracle = Oracle(document, AT)
    names = {
        (entry["tenant"], listing, entry["key"]): entry["name"].split("<")[-1]
        for listing in ("customers", "sites", "devices", "roles", "security_groups", "customer_groups", "users")
        for entry in document[listing]
    }
    second = made(tmp_path / "second.db")
    for user in document["users"]:
        login, tenant = user["login"], user["tenant"]
        text = dumped(database, Viewer.sign_in(database, login, AT))
        part = json.loads(text)
        shown = {kind: oracle.listed(login, kind) for kind in OWNERS}
        for kind in OWNERS:
            assert {entry["key"] for entry in part.get(kind.replace("-", "_"), ())} == shown[kind], (login, kind)
        for (owner, listing, key), mark in names.items():
            if owner != tenant or key not in shown[listing.replace("_", "-")]:
                assert mark not in text, (login, mark)
        if None not in oracle.forest(login):
            assert ".root>" not in text
            assert f'"{tenant}"' not in text
        references_stay_inside(part, shown)
        empty(second)
        load_document(second, part)
        assert json.loads(dumped(second)) == part
        nobody_sees_more(oracle, part, tenant)
    second.close()


def references_stay_inside(part: dict[str, Any], shown: dict[str, set[str]]) -> None:
    """No entry refers to anything that the dump does not show."""
    for listing in ("customers", "sites", "devices", "roles", "security_groups", "customer_groups", "users"):
        for entry in part[listing]:
            for field in ("parent", "customer", "owner", "home"):
                assert entry.get(field) is None or entry[field] in shown["customers"]
            assert entry.get("site") is None or entry["site"] in shown["sites"]
            assert entry.get("role") is None or entry["role"] in shown["roles"]
            for member in entry.get("customers", []):
                assert member["customer"] is None or member["customer"] in shown["customers"]
            if listing == "users":
                assert {member["group"] for member in entry["security_groups"]} <= shown["security-groups"]
                assert set(entry["customer_groups"]) <= shown["customer-groups"]
                assert set(entry["sites"]) <= shown["sites"]


def nobody_sees_more(before: Oracle, part: dict[str, Any], tenant: str) -> None:
    after = Oracle(part, AT)
    for user in part["users"]:
        for permission in ASKED:
            for kind in OWNERS:
                seen = after.visible(user["login"], permission, kind)
                assert seen <= before.visible(user["login"], permission, kind), (
                    user["login"],
                    permission,
                    kind,
                    tenant,
                )


def test_the_permissions_asked_for_are_in_the_catalogue() -> None:
    assert set(ASKED) <= PERMISSIONS


def test_a_users_dump_does_not_free_those_whose_home_it_hides(sqlite_database: Database) -> None:
    """What stands below a hidden customer is at the root of the dump; nobody may see more for that."""

    def group(key: str, permissions: list[str], customers: list[dict[str, Any]] | None) -> None:
        role = {"key": key, "tenant": "t", "name": key, "access_level": "service_provider", "permissions": permissions}
        scope = "all" if customers is None else "selected"
        document["roles"].append(role)
        document["security_groups"].append(
            {"key": key, "tenant": "t", "name": key, "role": key, "scope": scope, "customers": customers or []}
        )

    def user(key: str, groups: list[str], home: str | None = None, filters: tuple[str, ...] = ()) -> None:
        memberships = [{"group": name} for name in groups]
        document["users"].append(
            {"key": key, "tenant": "t", "name": key, "login": key, "home": home, "security_groups": memberships}
            | {"customer_groups": list(filters)}
        )

    document: dict[str, Any] = {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": "T"}],
        "customers": [{"key": key, "tenant": "t", "name": key} for key in ("a", "b")],
        "devices": [{"key": f"d{key}", "tenant": "t", "customer": key, "name": key} for key in ("a", "b")],
        "roles": [],
        "security_groups": [],
        "customer_groups": [
            {"key": "root", "tenant": "t", "name": "root", "customers": [{"customer": None, "nested": False}]}
        ],
        "users": [],
    }
    others = [permission for permission in LISTING.values() if permission != "customer.list"]
    group("named", ["customer.list"], [{"customer": "b"}, {"customer": None, "nested": False}])
    group("others", others, None)
    group("everything", list(LISTING.values()), None)
    group("root", list(LISTING.values()), [{"customer": None, "nested": False}])
    user("viewer", ["named", "others"])
    user("at-a", ["everything"], home="a")
    user("on-root", ["root"])
    user("filtered", ["everything"], filters=("root",))
    load_document(sqlite_database, document)
    part = json.loads(dumped(sqlite_database, Viewer.sign_in(sqlite_database, "viewer", AT)))
    assert [entry["key"] for entry in part["customers"]] == ["b"]
    assert len(part["users"]) == 4
    assert [entry["key"] for entry in part["devices"]] == ["da", "db"]
    nobody_sees_more(Oracle(document, AT), part, "t")


def test_a_tenant_called_tenant_keeps_its_name(sqlite_database: Database) -> None:
    document = make_document(Random(3), Sizes(exact=True))
    text = json.dumps(document).replace('"t0"', '"tenant"')
    load_document(sqlite_database, json.loads(text))
    assert '{"key": "tenant", "name": "Tenant <t0.root>"}' in dumped(sqlite_database)
