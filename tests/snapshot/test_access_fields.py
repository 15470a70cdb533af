"""Private and built-in roles, groups made for one customer, revisions, and what the audit says of a load."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from sqlalchemy import text
from support.databases import dumped, rows
from support.documents import AT

from ringfence.domain.errors import InvalidDocument
from ringfence.services import audit, listing
from ringfence.services.records import Listing
from ringfence.snapshot.collect import collect_from
from ringfence.snapshot.load import load_contents, load_document, load_file
from ringfence.storage import maintenance
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

T = {"tenant": "t"}


def role(key: str, **fields: Any) -> dict[str, Any]:
    return {"key": key, **T, "name": key, "access_level": "service_provider", "permissions": "all", **fields}


def group(key: str, of: str | None, **fields: Any) -> dict[str, Any]:
    return {"key": key, **T, "name": key, "role": of, "scope": "all", **fields}


def document(**lists: list[dict[str, Any]]) -> dict[str, Any]:
    made = {
        "customers": [{"key": key, **T, "name": key} for key in ("a", "b")],
        "roles": [role("r"), role("mine", private=True), role("ours", builtin=True)],
        "security_groups": [group("g", "r"), group("of-a", "mine", made_for="a")],
        "users": [{"key": "u", **T, "name": "U", "login": "u", "security_groups": [{"group": "g"}]}],
    }
    return {"ringfence": 1, "tenants": [{"key": "t", "name": "Tenant"}], **made, **lists}


def entry(database: Database, name: str, key: str, viewer: Viewer | None = None) -> dict[str, Any]:
    found: dict[str, Any] = next(e for e in json.loads(dumped(database, viewer))[name] if e["key"] == key)
    return found


def revisions(database: Database) -> dict[str, int]:
    query = " UNION ALL ".join(
        f"SELECT key, revision FROM {table}" for table in ("role", "security_group", "customer_group", "user_account")
    )
    with database.reading() as connection:
        return {row.key: row.revision for row in connection.execute(text(query))}


def test_they_are_dumped_only_where_they_are_set(database: Database) -> None:
    load_document(database, document())
    first = dumped(database)
    assert entry(database, "roles", "mine")["private"] is True
    assert entry(database, "roles", "ours")["builtin"] is True
    assert entry(database, "security_groups", "of-a")["made_for"] == "a"
    for name, key in (("roles", "r"), ("security_groups", "g")):
        assert not {"private", "builtin", "made_for"} & entry(database, name, key).keys()
    load_file(database, io.BytesIO(first.encode()))
    assert dumped(database) == first


def test_the_file_has_the_last_word(database: Database) -> None:
    load_document(database, document())
    plain = [{**role(key), "private": False} for key in ("mine", "ours")]
    load_document(database, {"ringfence": 1, "roles": plain, "security_groups": [group("of-a", "mine", made_for=None)]})
    said = dumped(database)
    assert not any(f'"{field}"' in said for field in ("private", "builtin", "made_for"))


@pytest.mark.parametrize(
    ("lists", "fault"),
    [
        ({"roles": [role("x", private=1)]}, 'roles[0] "x": private: must be true or false, not a number'),
        ({"roles": [role("x", builtin="yes")]}, 'roles[0] "x": builtin: must be true or false, not text'),
        (
            {"security_groups": [group("x", None, made_for="gone")]},
            'security_groups[0] "x": made_for: there is no customer "gone"',
        ),
        ({"security_groups": [group("x", None, made_for=["a"])]}, 'security_groups[0] "x": made_for: must be text'),
        (
            {"security_groups": [{**group("x", None, made_for="a"), "tenant": "other"}]},
            'security_groups[0] "x": made_for: customer "a" belongs to another tenant',
        ),
        (
            {"security_groups": [group("x", "mine")]},
            'security_groups[0] "x": role: role "mine" is private, and several security groups use it',
        ),
        (
            {"security_groups": [group("x", "r")], "roles": [role("r", private=True)]},
            'roles[0] "r": private: role "r" is private, and several security groups use it',
        ),
    ],
)
def test_faults(database: Database, lists: dict[str, Any], fault: str) -> None:
    load_document(database, document())
    load_document(database, {"ringfence": 1, "tenants": [{"key": "other", "name": "Other"}]})
    before = rows(database)
    with pytest.raises(InvalidDocument) as caught:
        load_document(database, {"ringfence": 1, **lists})
    assert any(one.startswith(fault) for one in caught.value.faults), caught.value.faults
    assert rows(database) == before


def test_a_private_role_may_change_hands_in_one_file(database: Database) -> None:
    load_document(database, document())
    moved = [group("of-a", "r", made_for="a"), group("x", "mine")]
    load_document(database, {"ringfence": 1, "security_groups": moved})
    assert entry(database, "security_groups", "x")["role"] == "mine"
    assert maintenance.check(database) == []


def test_a_customer_that_is_hidden_is_not_named(database: Database) -> None:
    """Whoever sees the group and not the customer that it was made for does not learn of it."""
    listing_roles = role("see", permissions=["customer.list", "security_group.list"])
    made = document(
        roles=[*document()["roles"], listing_roles],
        security_groups=[
            *(group("g", "r"), group("of-a", "mine", made_for="a", owner="b")),
            {**group("only-b", "see"), "scope": "selected", "customers": [{"customer": "b"}]},
        ],
        users=[
            *document()["users"],
            {"key": "v", **T, "name": "V", "login": "v", "security_groups": [{"group": "only-b"}]},
        ],
    )
    load_document(database, made)
    whole, part = Viewer.sign_in(database, "u"), Viewer.sign_in(database, "v")
    assert entry(database, "security_groups", "of-a", whole)["made_for"] == "a"
    assert "made_for" not in entry(database, "security_groups", "of-a", part)


def test_a_load_raises_the_revision_of_what_it_writes_over(database: Database) -> None:
    load_document(database, document())
    assert set(revisions(database).values()) == {1}
    load_document(database, {"ringfence": 1, "roles": [role("r"), role("new")], "users": document()["users"]})
    assert revisions(database) == {"r": 2, "new": 1, "u": 2, "mine": 1, "ours": 1, "g": 1, "of-a": 1}


def test_the_first_load_of_a_tenant_is_one_entry(database: Database) -> None:
    load_document(database, document(), "somewhere")
    load_document(database, {"ringfence": 1, "tenants": [{"key": "other", "name": "Other"}]}, "elsewhere")
    load_document(database, {"ringfence": 1}, "elsewhere")
    device = {"key": "d", **T, "name": "D", "customer": "a"}
    load_contents(database, collect_from({"ringfence": 1, "devices": [device]}), lambda _step, _done: None)
    viewer = Viewer.sign_in(database, "u")
    found = list(listing.export(viewer, Listing("audit")))
    assert [record.fields()["origin"] for record in found] == ["somewhere", "command line", "command line"]
    fields = found[0].fields()
    assert (fields["action"], fields["kind"], fields["record"], fields["name"]) == ("load", "snapshot", "t", "Tenant")
    assert fields["actor"] == ""
    detail = audit.detail(viewer, found[0].id)
    assert detail.lines == (
        ("Customers loaded", "", "2"),
        ("Roles loaded", "", "3"),
        ("Security groups loaded", "", "2"),
        ("Tenants loaded", "", "1"),
        ("Users loaded", "", "1"),
    )
    assert (detail.entries, detail.undone) == (1, False)
    assert audit.detail(viewer, found[1].id).lines == (("Devices loaded", "", "1"),)
    assert audit.detail(viewer, found[2].id).lines == (("Devices new", "", "1"),)
    chains, wrong = audit.verify(database)
    assert wrong == []
    assert [(tenant, count) for tenant, count, _ in chains] == [("other", 1), ("t", 3)]


def test_a_refused_load_leaves_no_entry(database: Database) -> None:
    load_document(database, document(), "somewhere")
    before = rows(database)
    with pytest.raises(InvalidDocument):
        load_document(database, {"ringfence": 1, "security_groups": [group("x", "mine")]}, "somewhere")
    assert rows(database) == before


def test_what_is_made_in_memory_has_no_history(sqlite_database: Database) -> None:
    load_document(sqlite_database, document())
    assert listing.count(Viewer.sign_in(sqlite_database, "u", AT), Listing("audit")) == 0
