"""``what-if``: what it says of a file is what loading the file then does, and it leaves no trace."""

from __future__ import annotations

import json
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.databases import dumped, empty, rows
from support.documents import AT, LISTS, Sizes, make_document
from support.told import flat, told

from ringfence.changes.comparison import Comparison
from ringfence.domain.errors import InvalidDocument
from ringfence.services import listing
from ringfence.services.records import Listing
from ringfence.snapshot.collect import collect_from
from ringfence.snapshot.load import load_document
from ringfence.snapshot.what_if import what_if
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

Seen = dict[str, tuple[set[str], set[str], set[str]]]
"""By login: the customers, devices and users that somebody sees."""


def silent(_step: str, _done: int) -> None:
    pass


def ask(database: Database, document: dict[str, Any], login: str | None = None) -> list[Comparison]:
    viewer = None if login is None else Viewer.sign_in(database, login, AT)
    return what_if(database, collect_from(document), silent, AT, viewer)


def seen(database: Database, logins: list[str]) -> Seen:
    found = {}
    for login in logins:
        viewer = Viewer.sign_in(database, login, AT)
        customers, devices, users = (
            set(listing.keys(viewer, Listing(kind))) for kind in ("customers", "devices", "users")
        )
        found[login] = (customers, devices, users)
    return found


def logins(*documents: dict[str, Any]) -> list[str]:
    return sorted({user["login"] for document in documents for user in document["users"]})


def told_of(said: list[Comparison]) -> dict[str, Any]:
    """What is said, in the form of the oracle."""
    return {one.login: (flat(one.now), tuple((moment, flat(then)) for moment, then in one.later)) for one in said}


def is_true(
    said: list[Comparison],
    before: Seen,
    after: Seen,
    documents: tuple[dict[str, Any], dict[str, Any]],
    viewer: str | None = None,
) -> None:
    """What is said is so, by the oracle; and the keys are those that the lists of everybody gain and lose."""
    wanted: dict[str, Any] = {}
    home = {user["login"]: user["tenant"] for user in documents[0]["users"]}.get(viewer or "")
    for tenant in {entry["key"] for entry in documents[1]["tenants"]} if viewer is None else {home}:
        wanted.update(told(*documents, viewer, tenant=str(tenant), themselves=False, staying=False))
    assert told_of(said) == wanted, viewer
    only: list[set[str]] = []
    for place, kind in enumerate(("customers", "devices") if viewer is not None else ()):
        there = {entry["key"] for entry in documents[0][kind] if entry["tenant"] == home}
        only.append(before[viewer or ""][place] | (after[viewer or ""][place] - there))
    for one in said:
        was, now = before.get(one.login, (set(), set(), set())), after[one.login]
        sides = [now[0] - was[0], was[0] - now[0], now[1] - was[1], was[1] - now[1]]
        if only:
            sides = [side & only[place // 2] for place, side in enumerate(sides)]
        found = [one.customers_gained, one.customers_lost, one.devices_gained, one.devices_lost]
        assert found == [tuple(sorted(side)) for side in sides], (viewer, one.login)


@st.composite
def changes(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A document, and another over the same keys of which some lists, or some entries of them, are left out."""
    chance = draw(st.randoms(use_true_random=False))
    # Most often the first has every key that the second may refer to, and its devices come along with their sites.
    first = make_document(chance, Sizes(exact=bool(chance.randint(0, 3))))
    second = make_document(chance, Sizes(devices=9))
    for name in LISTS:
        left = chance.randint(0, 3)
        if left == 0:
            second[name] = []
        elif left == 1:
            second[name] = [entry for entry in second[name] if chance.randint(0, 2)]
    for name in ("alarms", "test_modes"):  # which stay where they were made
        places = {(one["tenant"], one["key"]): one["customer"] for one in first[name]}
        for one in second[name]:
            if (one["tenant"], one["key"]) in places:
                one |= {"customer": places[one["tenant"], one["key"]], "site": None}
    told = {(device["tenant"], device["key"]) for device in second["devices"]}
    homes = {(site["tenant"], site["key"]): site["customer"] for site in second["sites"]}
    if chance.randint(0, 7):
        second["devices"] += [
            {**device, "customer": homes[device["tenant"], device["site"]]}
            for device in first["devices"]
            if (device["tenant"], device["site"]) in homes and (device["tenant"], device["key"]) not in told
        ]
    return first, second


@settings(max_examples=10)
@given(documents=changes())
def test_it_is_what_then_happens_on_sqlite(
    sqlite_database: Database, documents: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    it_is_what_then_happens(sqlite_database, *documents)


@pytest.mark.slow
@settings(max_examples=60)
@given(documents=changes())
def test_and_so_it_is_of_more(sqlite_database: Database, documents: tuple[dict[str, Any], dict[str, Any]]) -> None:
    it_is_what_then_happens(sqlite_database, *documents)


@pytest.mark.postgres
@settings(max_examples=5)
@given(documents=changes())
def test_it_is_what_then_happens_on_postgresql(
    postgres_database: Database, documents: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    it_is_what_then_happens(postgres_database, *documents)


def it_is_what_then_happens(database: Database, first: dict[str, Any], second: dict[str, Any]) -> None:
    empty(database)
    load_document(database, first)
    known = logins(first)
    before = seen(database, known)
    untouched = rows(database)
    refused: InvalidDocument | None = None
    said: list[Comparison] = []
    try:
        said = ask(database, second)
    except InvalidDocument as error:
        refused = error
    if refused is not None:
        assert rows(database) == untouched
        with pytest.raises(InvalidDocument) as again:
            load_document(database, second)
        assert again.value.faults == refused.faults
        return
    views: dict[str, list[Comparison]] = {}
    homes = {user["login"]: user["tenant"] for user in first["users"]}
    for login in known:
        with suppress(InvalidDocument):  # of what they may not list, as of what is not there
            views[login] = ask(database, part_of(second, homes[login]), login)
    assert rows(database) == untouched
    old = json.loads(dumped(database))
    load_document(database, second)
    new = json.loads(dumped(database))
    after = seen(database, logins(new))
    is_true(said, before, after, (old, new))
    for login, view in views.items():
        is_true(view, before, after, (old, new), login)


def part_of(document: dict[str, Any], tenant: str) -> dict[str, Any]:
    """What a document says of one tenant."""
    lists = {name: [one for one in document[name] if one["tenant"] == tenant] for name in LISTS}
    return {**document, "tenants": [one for one in document["tenants"] if one["key"] == tenant], **lists}


def test_a_whole_document_into_an_empty_database(database: Database) -> None:
    document = make_document(Random(5), Sizes(customers=20, devices=40, users=8, exact=True))
    nothing = json.loads(dumped(database))
    said = ask(database, document)
    load_document(database, document)
    is_true(said, {}, seen(database, logins(document)), (nothing, json.loads(dumped(database))))
    assert any(one.devices_gained for one in said)
    assert ask(database, document) == []


def test_an_empty_file(sqlite_database: Database) -> None:
    load_document(sqlite_database, make_document(Random(1)))
    assert ask(sqlite_database, {"ringfence": 1}) == []


T = {"tenant": "t"}


def guarded() -> dict[str, Any]:
    """A guard of two sites, with devices on and off them."""
    return {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": "T"}],
        "customers": [{"key": key, **T, "name": key} for key in ("a", "b")],
        "sites": [{"key": f"s{key}", **T, "name": "S", "customer": key} for key in ("a", "b")],
        "devices": [
            *({"key": f"on-{key}", **T, "name": "D", "customer": key, "site": f"s{key}"} for key in ("a", "b")),
            *({"key": f"off-{key}", **T, "name": "D", "customer": key} for key in ("a", "b")),
        ],
        "roles": [{"key": "guard", **T, "name": "G", "access_level": "site", "permissions": "all"}],
        "security_groups": [{"key": "guards", **T, "name": "G", "role": "guard", "scope": "all"}],
        "users": [
            {"key": "u", **T, "name": "U", "login": "u", "sites": ["sa"], "security_groups": [{"group": "guards"}]}
        ],
    }


@pytest.mark.parametrize(
    ("change", "gained", "lost"),
    [
        ({"devices": [{"key": "off-a", **T, "name": "D", "customer": "a", "site": "sa"}]}, ["off-a"], []),
        ({"devices": [{"key": "on-a", **T, "name": "D", "customer": "a"}]}, [], ["on-a"]),
        ({"devices": [{"key": "on-b", **T, "name": "Other", "customer": "b", "site": "sb"}]}, [], []),
        (
            {"users": [{**guarded()["users"][0], "sites": ["sb"]}]},
            ["on-b"],
            ["on-a"],
        ),
        (
            {"roles": [{"key": "guard", **T, "name": "G", "access_level": "service_provider", "permissions": "all"}]},
            ["off-a", "off-b", "on-b"],
            [],
        ),
        (
            {
                "sites": [{"key": "sa", **T, "name": "S", "customer": "b"}],
                "devices": [{"key": "on-a", **T, "name": "D", "customer": "b", "site": "sa"}],
            },
            [],
            [],
        ),
    ],
)
def test_sites(database: Database, change: dict[str, Any], gained: list[str], lost: list[str]) -> None:
    load_document(database, guarded())
    said = ask(database, {"ringfence": 1, **change})
    devices = [(list(one.devices_gained), list(one.devices_lost)) for one in said]
    if gained or lost:
        assert devices == [(gained, lost)]
    else:
        assert all(not come and not gone for come, gone in devices)


def test_a_renamed_login_is_told_under_the_new_one(sqlite_database: Database) -> None:
    load_document(sqlite_database, guarded())
    renamed = {**guarded()["users"][0], "login": "new", "sites": []}
    assert [(one.login, one.devices_lost) for one in ask(sqlite_database, {"ringfence": 1, "users": [renamed]})] == [
        ("new", ("on-a",))
    ]


def test_many_users_share_the_work(sqlite_database: Database) -> None:
    """Equal grants share one answer: the very same tuples."""
    document = guarded()
    document["users"] = [{**document["users"][0], "key": f"u{n}", "login": f"u{n}"} for n in range(600)]
    load_document(sqlite_database, document)
    role = {"key": "guard", **T, "name": "G", "access_level": "service_provider", "permissions": "all"}
    said = ask(sqlite_database, {"ringfence": 1, "roles": [role]})
    assert len(said) == 600
    assert len({id(one.devices_gained) for one in said}) == 1
