"""List, count, search, page, point and tree against the oracle, for every user of documents made by chance."""

from __future__ import annotations

import json
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from support.asker import ASKED, MORE, Asker
from support.databases import dumped, empty, made
from support.documents import AT, LISTS, Sizes, documents, make_document
from support.oracle import LISTING, OWNERS, Oracle
from support.tiers import seeds
from support.unwritable import stored_scopes, unwritable

from ringfence.domain.permission import PERMISSIONS
from ringfence.domain.registry import KINDS
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.visibility.page import Query, every
from ringfence.visibility.viewer import Pair, Viewer

pytestmark = pytest.mark.always


def ask_about_everybody(database: Database, document: dict[str, Any], seed: int = 7) -> None:
    empty(database)
    load_document(database, document)
    ask(database, document, seed)


def ask(database: Database, document: dict[str, Any], seed: int) -> None:
    asker = Asker(database, document, Random(seed))
    for user in document["users"]:
        asker.user(user["login"])


@pytest.mark.parametrize("seed", seeds(6, always=2))
@pytest.mark.once(2)
def test_documents_from_a_seed(database: Database, seed: int) -> None:
    ask_about_everybody(database, make_document(Random(seed), MORE), seed)


@pytest.mark.parametrize(("seed", "names"), [(20, 1000), (21, 1000), (22, 1), (23, 0), (24, 0)])
@pytest.mark.once(2)
def test_documents_from_a_seed_as_if_they_were_large(
    database: Database, monkeypatch: pytest.MonkeyPatch, seed: int, names: int
) -> None:
    """Nothing is so little that it is only gone through: what filters name is looked up first, as indexes have it; and
    where it is more than so many names, row by row or gathered as a set."""
    monkeypatch.setattr("ringfence.visibility.page.tiny", lambda *_: False)
    monkeypatch.setattr("ringfence.visibility.page.little", lambda *_: False)
    monkeypatch.setattr("ringfence.visibility.naming._NEAR", seed % 2 * 1000)
    monkeypatch.setattr("ringfence.visibility.naming._SHORT", 1)
    monkeypatch.setattr("ringfence.visibility.matching.MOST_NAMES", names)
    monkeypatch.setattr("ringfence.visibility.plans._ENOUGH", 0)
    monkeypatch.setattr("ringfence.visibility.queued._FEW", seed % 2)
    ask_about_everybody(database, make_document(Random(seed), MORE), seed)


@pytest.mark.parametrize("seed", seeds(10, 14))
@pytest.mark.once
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


@settings(max_examples=8)
@given(document=documents())
def test_documents_by_chance_on_sqlite(sqlite_database: Database, document: dict[str, Any]) -> None:
    ask_about_everybody(sqlite_database, document)


@pytest.mark.postgres
@settings(max_examples=5)
@given(document=documents(Sizes(customers=5, devices=5, users=2)))
def test_documents_by_chance_on_postgresql(postgres_database: Database, document: dict[str, Any]) -> None:
    ask_about_everybody(postgres_database, document)


@pytest.mark.parametrize("seed", seeds(4))
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


@pytest.mark.parametrize("seed", seeds(12, always=2))
def test_a_users_dump_holds_what_they_list_and_nothing_more(database: Database, tmp_path: Any, seed: int) -> None:
    sizes = Sizes(customers=9, sites=4, devices=9, groups=5, users=4, exact=True)
    document = make_document(Random(1000 + seed), sizes)
    load_document(database, document)
    oracle = Oracle(document, AT)
    names = {
        (entry["tenant"], listing, entry["key"]): entry["name"].split("<")[-1]
        for listing in LISTS
        for entry in document[listing]
    }
    second = made(tmp_path / "second.db")
    for user in document["users"]:
        login, tenant = user["login"], user["tenant"]
        text = dumped(database, Viewer.sign_in(database, login, AT))
        part = json.loads(text)
        shown = {kind: oracle.listed(login, kind) for kind in OWNERS}
        # A test mode of something that they do not list would be one of more than that.
        modes = oracle.records(tenant, "test-modes")
        about = {"device": "devices", "site": "sites"}
        shown["test-modes"] = {
            key
            for key in shown["test-modes"]
            if all(modes[key][name] is None or modes[key][name] in shown[kind] for name, kind in about.items())
        }
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
    for listing in LISTS:
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
