"""What is hidden from whoever asks changes nothing in what would open a record: with many members, groups and
memberships, of which generated worlds have few."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.databases import empty, made
from support.documents import AT

from ringfence.domain import clock
from ringfence.services import accounts
from ringfence.services.fixing import fixes
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

pytestmark = pytest.mark.always

T = {"tenant": "t"}
ADMIN = (
    *("customer.list", "device.list", "site.list", "user.list", "user.view", "user.edit"),
    *("security_group.list", "security_group.view", "security_group.edit", "role.list", "customer_group.list"),
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with clock.stopped(AT):
        yield made(tmp_path_factory.mktemp("hidden") / "hidden.db")


def group(key: str, owner: str | None, role: str, *named: str | None, nested: bool = True) -> dict[str, Any]:
    entries = [{"customer": one, "nested": nested} for one in named]
    scope = "selected" if named else "all"
    return {"key": key, **T, "name": key, "owner": owner, "role": role, "scope": scope, "customers": entries}


def user(key: str, home: str | None, *groups: str, **window: str) -> dict[str, Any]:
    held = [{"group": one, **window} for one in groups]
    return {"key": key, **T, "name": key, "login": key, "home": home, "security_groups": held}


def document(groups: list[dict[str, Any]], users: list[dict[str, Any]]) -> dict[str, Any]:
    """``ann`` administers acme and what is nested in it; beta is beside it."""

    def role(key: str, owner: str | None, held: Any) -> dict[str, Any]:
        provider = {"access_level": "service_provider", "permissions": held}
        return {"key": key, **T, "name": key, "owner": owner, **provider}

    customers = [("acme", None), ("north", "acme"), ("south", "acme"), ("beta", None)]
    return {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": "Tenant"}],
        "customers": [{"key": key, **T, "name": key, "parent": above} for key, above in customers],
        "sites": [],
        "devices": [{"key": "lamp", **T, "name": "lamp", "customer": "south"}],
        "roles": [
            role("all", None, "all"),
            role("admin", "acme", list(ADMIN)),
            role("reader", "acme", ["customer.list", "device.list"]),
        ],
        "security_groups": [group("everything", None, "all"), group("admins", "acme", "admin", "acme"), *groups],
        "customer_groups": [],
        "users": [user("boss", None, "everything"), user("ann", "acme", "admins"), *users],
    }


def told(database: Database, groups: list[dict[str, Any]], users: list[dict[str, Any]]) -> list[Any]:
    """What would open the lamp to ``u``, as ann is told; but for whether she may, which is what saving says."""
    empty(database)
    load_document(database, document(groups, users))
    found = fixes(Viewer.sign_in(database, "ann", AT), "u", "device.list", "device:lamp")
    assert found is not None
    assert found.list
    return [(one.changes, one.records, one.users, one.rights, one.exact) for one in found.list]


def test_members(database: Database) -> None:
    shared = [group("shared", "acme", "reader", "north")]
    for many in (3, 12):
        seen = [user("u", "acme", "shared"), *(user(f"m{one:02}", "acme", "shared") for one in range(many))]
        as_it_is = told(database, shared, seen)
        assert all(exact for *_, exact in as_it_is)
        for before in ("a", "z"):
            hidden = [user(f"{before}{one:02}", None, "shared") for one in range(13)]
            assert told(database, shared, sorted([*seen, *hidden], key=lambda one: str(one["key"]))) == as_it_is


def test_customers_that_groups_name(database: Database) -> None:
    names = [f"g{one:02}" for one in range(30)]
    as_it_is = told(database, [group(one, "acme", "reader", "south") for one in names], [user("u", "acme")])
    with_hidden = [group(one, "acme", "reader", "south", *(["beta"] if one == "g02" else [])) for one in names]
    assert told(database, with_hidden, [user("u", "acme")]) == as_it_is


def test_memberships(database: Database) -> None:
    over = {"valid_until": "2020-01-01T00:00:00+00:00"}
    groups = [group(f"g{one:02}", "acme", "reader", "south") for one in range(10)]
    groups += [group(f"a-hidden-{one}", None, "reader", "beta") for one in range(2)]
    seen = [f"g{one:02}" for one in range(10)]
    as_it_is = told(database, groups, [user("u", "acme", *seen, **over)])
    assert told(database, groups, [user("u", "acme", "a-hidden-0", "a-hidden-1", *seen, **over)]) == as_it_is


def test_whoever_reaches_the_provider_alone_is_told_that_nothing_is_there(database: Database) -> None:
    empty(database)
    alone = group("alone", None, "reader", None, nested=False)
    load_document(database, document([alone], [user("root", None, "alone")]))
    profile = accounts.profile(Viewer.sign_in(database, "root", AT))
    assert (profile.customers, profile.devices, profile.reason) == (0, 0, "there is nothing there yet")
