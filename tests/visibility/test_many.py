"""The oracle again, over so many records that a page is reached by every way there is."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from support.asker import TEXTS
from support.documents import AT, Sizes, make_document
from support.filters import phrase, some_filter
from support.oracle import LISTING, SHOWN, Oracle

from ringfence.domain.registry import KINDS
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.visibility import counting, plans
from ringfence.visibility.counting import count
from ringfence.visibility.page import Query, Window, every, page
from ringfence.visibility.page import plans as plans_of
from ringfence.visibility.viewer import Sight, Viewer

SIZES = Sizes(
    tenants=1, customers=400, sites=60, devices=3500, roles=6, groups=25, filters=6, users=29, entries=12, exact=True
)
SEARCHES = ("gate", "t0.devices", "DEVICES.D1", "u-0", "ga", "%", "é", "no such thing", "d34")
DEVICES = KINDS["devices"]


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many records as there are here are looked through as a million would be."""
    monkeypatch.setattr(plans, "_NEAR", 100)


@pytest.mark.once
def test_many(database: Database) -> None:
    """Thousands of devices and thirty users: lists, counts, windows, searches and subtrees are the oracle's."""
    seen = ask(database)
    assert {"plain", "walk", "gather", "hits"} <= seen


@pytest.mark.parametrize("way", ["walk", "gather", "hits"])
@pytest.mark.once
def test_each_way(database: Database, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """The same, whichever way is taken wherever it can be."""
    every_way = plans.ways

    def ways(*given: Any) -> Iterator[tuple[float, Any]]:
        for price, one in every_way(*given):
            yield (-1.0 if one == way else price), one

    monkeypatch.setattr(plans, "ways", ways)
    assert way in ask(database)


@pytest.mark.once
def test_a_walk_that_is_given_up(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the order's first rows hold too few, the rest of them is found another way."""
    monkeypatch.setattr(plans, "_LEAST", 3)
    monkeypatch.setattr(plans, "_SPREAD", 0.5)
    assert "walk" in ask(database)


@pytest.mark.once
def test_counts_in_parts(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted a part after another comes to the same."""
    monkeypatch.setattr(counting, "_AT_ONCE", 0)
    monkeypatch.setattr(counting, "_PART", 300)
    assert "parts" in ask(database)


def ask(database: Database) -> set[str]:
    """Everybody asks for everything; returns the ways that were taken."""
    document = make_document(Random(20261122), SIZES)
    add_wide_users(document, Random(3))
    load_document(database, document)
    oracle = Oracle(document, AT)
    chance = Random(1)
    ways: set[str] = set()
    sizes = []
    # Where asking takes its time, those who see much, and some of the others.
    users = [*chance.sample(document["users"][:-8], 8), *document["users"][-8:]]
    for user in users if database.postgresql else document["users"]:
        login = user["login"]
        viewer = Viewer.sign_in(database, login, AT)
        with viewer.look(*LISTING.values()) as sight:
            for kind in KINDS.values():
                check(sight, oracle, login, Query(kind), oracle.listed(login, kind.name), chance, ways)
            seen = oracle.listed(login, "devices")
            sizes.append(len(seen))
            check(sight, oracle, login, Query(DEVICES, sort="unit_id", descending=True), seen, chance, ways)
            for search in (*map(phrase, chance.sample(SEARCHES, 3)), some_filter(chance, SHOWN["devices"], TEXTS)):
                wanted = oracle.listed(login, "devices", search)
                check(sight, oracle, login, Query(DEVICES, search=search.typed), wanted, chance, ways)
            for search in (*map(phrase, chance.sample(SEARCHES, 3)), some_filter(chance, SHOWN["customers"], TEXTS)):
                wanted = oracle.listed(login, "customers", search)
                check(sight, oracle, login, Query(KINDS["customers"], search=search.typed), wanted, chance, ways)
            customers = list(every(sight, Query(KINDS["customers"])))
            for row in chance.sample(customers, min(2, len(customers))):
                for found in (None, phrase(chance.choice(SEARCHES))):
                    wanted = oracle.listed(login, "devices", found, row.key)
                    query = Query(DEVICES, search=found.typed if found else "", under=row.path)
                    check(sight, oracle, login, query, wanted, chance, ways)
    assert len([size for size in sizes if 0 < size < 3500]) > 5, sizes
    return ways


def add_wide_users(document: dict[str, Any], chance: Random) -> None:
    """Users who see everything, most and much of it: chance alone gives few of them."""
    keys = [entry["key"] for entry in document["customers"]]
    for number, level in enumerate(("service_provider", "site")):
        role = {"key": f"wide{number}", "tenant": "t0", "name": level, "access_level": level, "permissions": "all"}
        document["roles"].append({**role, "owner": None})

    def group(key: str, role: str, customers: int, nested: bool) -> None:
        entries = [{"customer": customer, "nested": nested} for customer in chance.sample(keys, customers)]
        fields = {"key": key, "tenant": "t0", "name": key, "owner": None, "customers": entries}
        scope = "selected" if entries else "all"
        document["security_groups"].append({**fields, "role": role, "scope": scope})
        document["customer_groups"].append({**fields, "active": True})

    group("everything", "wide0", 0, True)
    group("singles", "wide0", 150, False)
    group("subtrees", "wide0", 100, True)
    group("most", "wide0", 350, False)
    group("sites", "wide1", 0, True)
    for number, (groups, filters) in enumerate(
        [
            (["everything"], []),
            (["singles"], []),
            (["subtrees"], []),
            (["most"], []),
            (["everything"], ["subtrees"]),
            (["most", "sites"], ["singles", "subtrees"]),
            (["sites"], []),
            (["subtrees", "sites"], []),
        ]
    ):
        document["users"].append(
            {
                "key": f"wide{number}",
                "tenant": "t0",
                "name": f"Wide {number}",
                "login": f"wide{number}",
                "home": None,
                "security_groups": [{"group": key} for key in groups],
                "customer_groups": filters,
                "sites": [entry["key"] for entry in document["sites"][::2]],
            }
        )


def check(
    sight: Sight, oracle: Oracle, login: str, query: Query, wanted: set[str], chance: Random, ways: set[str]
) -> None:
    """The whole list, the count, and windows in the middle and at the ends."""
    scope = sight.scope(query.kind.permission)
    extent = scope.nodes if query.kind.is_customer else scope.records
    if extent.intervals:
        ways.update(plan.shape.way for plan in plans_of(sight, query, extent, "", 50))
    rows = list(every(sight, query))
    keys = [row.key for row in rows]
    assert len(keys) == len(wanted), (login, query)
    assert set(keys) == wanted, (login, query)
    order = [(row.sort_value, row.id) for row in rows]
    assert order == sorted(order, reverse=query.descending)
    told: list[int] = []
    assert count(sight, query) == count(sight, query, so_far=told.append) == len(wanted), (login, query)
    assert told == sorted(told)
    assert all(some <= len(wanted) for some in told)
    if told:
        ways.add("parts")

    def shown(**window: Any) -> list[str]:
        return [row.key for row in page(sight, query, Window(**window))]

    assert shown(from_end=True, limit=20) == keys[-20:]
    for place in {0, len(rows) // 2, chance.randrange(len(rows)), len(rows) - 1} if rows else set():
        skip = chance.randint(0, 30)
        assert shown(after=order[place], limit=20, skip=skip) == keys[place + 1 :][skip:][:20]
        assert shown(before=order[place], limit=20, skip=skip) == keys[: max(0, place - skip)][-20:]
