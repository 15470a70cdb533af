"""Load and dump: there and back byte for byte, on both engines and between them; and what an upsert leaves behind."""

from __future__ import annotations

import io
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from sqlalchemy import text
from support.databases import dumped, empty
from support.documents import LISTS, Sizes, documents, make_document
from support.tiers import seeds

from ringfence.domain.errors import InvalidDocument
from ringfence.snapshot.load import load_document, load_file
from ringfence.storage import maintenance
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

T = {"tenant": "t"}


def small(**lists: list[dict[str, Any]]) -> dict[str, Any]:
    return {"ringfence": 1, "tenants": [{"key": "t", "name": "T"}], **lists}


def customer(key: str, parent: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"key": key, **T, "name": key, "parent": parent, **fields}


def entry(database: Database, listing: str, key: str) -> dict[str, Any]:
    found: dict[str, Any] = next(e for e in json.loads(dumped(database))[listing] if e["key"] == key)
    return found


def paths(database: Database) -> dict[str, list[str]]:
    """The chain of keys that each customer's path spells."""
    with database.reading() as connection:
        found = connection.execute(text("SELECT id, key, path FROM customer")).all()
    keys = {row.id: row.key for row in found}
    return {row.key: [keys[int(step, 36)] for step in row.path.strip("/").split("/")] for row in found}


def counts(database: Database) -> dict[str, int]:
    with database.reading() as connection:
        return {row.key: row.device_count for row in connection.execute(text("SELECT key, device_count FROM customer"))}


@settings(max_examples=10)
@given(document=documents())
def test_there_and_back_on_sqlite(sqlite_database: Database, document: dict[str, Any]) -> None:
    there_and_back(sqlite_database, document)


@pytest.mark.postgres
@settings(max_examples=4)
@given(document=documents())
def test_there_and_back_on_postgresql(postgres_database: Database, document: dict[str, Any]) -> None:
    there_and_back(postgres_database, document)


def there_and_back(database: Database, document: dict[str, Any]) -> None:
    empty(database)
    load_document(database, document)
    first = dumped(database)
    load_file(database, io.BytesIO(first.encode()))  # onto itself
    assert dumped(database) == first
    empty(database)
    load_file(database, io.BytesIO(first.encode()))  # into an empty one
    assert dumped(database) == first
    part = json.loads(first)
    for name in LISTS:
        assert sorted(e["key"] for e in part[name]) == sorted(e["key"] for e in document[name])
    assert maintenance.check(database) == []


@pytest.mark.postgres
@pytest.mark.parametrize("seed", seeds(3))
def test_both_engines_dump_the_same(sqlite_database: Database, postgres_database: Database, seed: int) -> None:
    document = make_document(Random(seed), Sizes(customers=20, devices=30, users=8, exact=True))
    load_document(sqlite_database, document)
    load_document(postgres_database, document)
    first = dumped(sqlite_database)
    assert dumped(postgres_database) == first
    empty(postgres_database)
    load_file(postgres_database, io.BytesIO(first.encode()))
    assert dumped(postgres_database) == first


@pytest.mark.parametrize("seed", seeds(4))
def test_order_within_a_list_does_not_matter(sqlite_database: Database, seed: int) -> None:
    document = make_document(Random(seed), Sizes(customers=12, exact=True))
    load_document(sqlite_database, document)
    first = dumped(sqlite_database)
    empty(sqlite_database)
    shuffled = {name: document[name] for name in Random(seed).sample(sorted(document), len(document))}
    for name in ("tenants", *LISTS):
        shuffled[name] = Random(seed).sample(document[name], len(document[name]))
    load_document(sqlite_database, shuffled)
    assert dumped(sqlite_database) == first


NAMES = [
    "n" * 300,
    "名" * 400,
    "🦊" * 400,
    "\u202eevil\u202c",
    "[bold red]markup[/]",
    "<script>",
    "$(rm -rf /)",
    "'; DROP TABLE device; --",
    "e\u0301",
    "\u200b",
    "ﷺ",
    "İ",
    'quoted "name" \\ with\u2028separators',
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "ü" * 400,
    "-",
    "null",
    "\ufeffbom",
]


def test_names_of_every_kind(database: Database) -> None:
    customers = [customer(f"{name[:350]} {place}", name=name) for place, name in enumerate(NAMES)]
    devices = [
        {"key": f"d{place}", **T, "name": name, "customer": customers[place]["key"], "unit_id": f"{place}{name[:190]}"}
        for place, name in enumerate(NAMES)
    ]
    users = [
        {"key": f"u{place}", **T, "name": name, "login": f"{name[:100]} {place}", "email": name[:80]}
        for place, name in enumerate(NAMES)
    ]
    document = small(customers=customers, devices=devices, users=users)
    load_document(database, document)
    first = dumped(database)
    assert {e["name"] for e in json.loads(first)["devices"]} == set(NAMES)
    load_file(database, io.BytesIO(first.encode()))
    assert dumped(database) == first


@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01T00:00:00+00:00",
        "9999-12-31T23:59:59.999999+00:00",
        "2026-03-29T02:30:00.000001+02:00",
        "2026-11-22T08:00:00Z",
    ],
)
def test_moments(database: Database, moment: str) -> None:
    role = {"key": "r", **T, "name": "R", "access_level": "site"}
    group = {"key": "g", **T, "name": "G", "role": "r", "scope": "all"}
    member = {"group": "g", "valid_from": moment}
    user = {"key": "u", **T, "name": "U", "login": "u", "security_groups": [member]}
    load_document(database, small(roles=[role], security_groups=[group], users=[user]))
    first = dumped(database)
    load_file(database, io.BytesIO(first.encode()))
    assert dumped(database) == first
    with Viewer.sign_in(database, "u").look("device.list") as sight:
        assert sight.scope("device.list").empty


def test_a_byte_order_mark_and_much_white_space(sqlite_database: Database) -> None:
    document = make_document(Random(1))
    load_document(sqlite_database, document)
    first = dumped(sqlite_database)
    white = " \t\r\n" * 700_000
    padded = (
        white + first.replace('"customers"', white + '"customers"' + white).replace("{", white[:5000] + "{", 3) + white
    )
    for data in (b"\xef\xbb\xbf" + first.encode(), b"\xef\xbb\xbf" + padded.encode(), padded.encode()):
        empty(sqlite_database)
        load_file(sqlite_database, io.BytesIO(data))
        assert dumped(sqlite_database) == first


@pytest.mark.parametrize("suffix", [".yaml", ".yml", ""])
def test_yaml(sqlite_database: Database, tmp_path: Path, suffix: str) -> None:
    document = make_document(Random(4), Sizes(exact=True))
    load_document(sqlite_database, document)
    first = dumped(sqlite_database)
    empty(sqlite_database)
    path = tmp_path / f"snapshot{suffix}"
    path.write_text(yaml.safe_dump(json.loads(first), allow_unicode=True, sort_keys=False))
    load_file(sqlite_database, path)
    assert dumped(sqlite_database) == first


def test_yaml_as_a_person_writes_it(sqlite_database: Database, tmp_path: Path) -> None:
    path = tmp_path / "hand.yaml"
    path.write_text(
        "# by hand\nringfence: 1\ntenants:\n- {key: t, name: On}\nroles:\n"
        "- {key: r, tenant: t, name: No, access_level: site, permissions: all}\n"
        "security_groups:\n- {key: g, tenant: t, name: Yes, role: r, scope: all}\n"
        "users:\n- key: u\n  tenant: t\n  name: Olga\n  login: olga\n  active: false\n"
        "  security_groups: [{group: g, valid_until: 2026-11-22T08:00:00+00:00}]\n"
    )
    load_file(sqlite_database, path)
    assert entry(sqlite_database, "users", "u")["security_groups"][0]["valid_until"] == "2026-11-22T08:00:00+00:00"
    assert entry(sqlite_database, "users", "u")["active"] is False
    assert entry(sqlite_database, "security_groups", "g")["name"] == "Yes"


def test_a_partial_file_refers_to_what_is_there(database: Database) -> None:
    load_document(database, small(customers=[customer("a")], sites=[{"key": "s", **T, "customer": "a", "name": "S"}]))
    device = {"key": "d", **T, "customer": "a", "site": "s", "name": "D"}
    assert load_document(database, {"ringfence": 1, "devices": [device]})["devices"] == 1
    load_document(database, {"ringfence": 1, "customers": [customer("b", "a")]})
    assert paths(database)["b"] == [None, "a", "b"]
    assert counts(database) == {None: 0, "a": 1, "b": 0}


def test_a_rename(database: Database) -> None:
    load_document(database, small(customers=[customer("a")], devices=[{"key": "d", **T, "customer": "a", "name": "D"}]))
    load_document(database, {"ringfence": 1, "customers": [customer("a", name="Other", email="e")]})
    load_document(database, {"ringfence": 1, "tenants": [{"key": "t", "name": "Tenant"}]})
    assert entry(database, "customers", "a")["name"] == "Other"
    assert entry(database, "tenants", "t")["name"] == "Tenant"
    assert entry(database, "devices", "d")["customer"] == "a"
    assert counts(database)["a"] == 1


def test_moving_a_subtree_rewrites_every_path_below(database: Database) -> None:
    tree = [
        customer("a"),
        customer("b"),
        customer("c", "a"),
        customer("d", "c"),
        customer("e", "d"),
        customer("f", "c"),
    ]
    devices = [{"key": f"d{key}", **T, "customer": key, "name": key} for key in "acde"]
    load_document(database, small(customers=tree, devices=devices))
    load_document(database, {"ringfence": 1, "customers": [customer("c", "b")]})
    assert paths(database)["e"] == [None, "b", "c", "d", "e"]
    assert paths(database)["f"] == [None, "b", "c", "f"]
    assert counts(database) == {None: 0, "a": 1, "b": 0, "c": 1, "d": 1, "e": 1, "f": 0}
    load_document(database, {"ringfence": 1, "customers": [customer("a", "e"), customer("c", None)]})
    assert paths(database)["a"] == [None, "c", "d", "e", "a"]  # turned upside down
    assert maintenance.check(database) == []


def test_a_move_that_would_close_a_circle_with_the_database(database: Database) -> None:
    load_document(database, small(customers=[customer("a"), customer("b", "a"), customer("c", "b")]))
    before = dumped(database)
    with pytest.raises(InvalidDocument, match=r'customers\[0\] "a": parent: a cycle'):
        load_document(database, {"ringfence": 1, "customers": [customer("a", "c")]})
    assert dumped(database) == before


def test_devices_move_with_their_sites_and_are_counted(database: Database) -> None:
    def at(owner: str) -> dict[str, Any]:
        site = {"key": "s", **T, "customer": owner, "name": "S"}
        devices = [{"key": f"d{n}", **T, "customer": owner, "site": "s", "name": "D"} for n in range(3)]
        return small(customers=[customer("a"), customer("b")], sites=[site], devices=devices)

    load_document(database, at("a"))
    load_document(database, at("b"))
    assert counts(database) == {None: 0, "a": 0, "b": 3}


def test_unit_ids_and_logins_change_hands(database: Database) -> None:
    def document(one: str, two: str) -> dict[str, Any]:
        devices = [{"key": f"d{n}", **T, "name": "D", "unit_id": unit} for n, unit in enumerate((one, two))]
        users = [{"key": f"u{n}", **T, "name": "U", "login": login} for n, login in enumerate((one, two))]
        return small(devices=devices, users=users)

    load_document(database, document("A", "b"))
    load_document(database, document("B", "a"))
    assert entry(database, "users", "u0")["login"] == "B"
    load_document(database, document("a", "B"))
    assert entry(database, "devices", "d1")["unit_id"] == "B"
    load_document(database, document("B", "C"))
    assert Viewer.sign_in(database, "b").user_id != Viewer.sign_in(database, "c").user_id


def test_what_ties_records_together_is_replaced(database: Database) -> None:
    def document(customers: list[str], permissions: Any, groups: list[str], filters: list[str]) -> dict[str, Any]:
        entries = [{"customer": key, "nested": key == "a"} for key in customers]
        return small(
            customers=[customer("a"), customer("b")],
            roles=[{"key": "r", **T, "name": "R", "access_level": "customer", "permissions": permissions}],
            security_groups=[
                {"key": key, **T, "name": "G", "role": "r", "scope": "selected", "customers": entries}
                for key in ("g", "h")
            ],
            customer_groups=[{"key": key, **T, "name": "F", "customers": entries} for key in ("f", "e")],
            users=[
                {"key": "u", **T, "name": "U", "login": "u", "security_groups": [{"group": key} for key in groups]}
                | {"customer_groups": filters}
            ],
        )

    load_document(database, document(["a", "b"], ["device.list", "device.edit"], ["g", "h"], ["f"]))
    wanted = document(["b"], ["device.list"], ["h"], ["e"])
    load_document(database, wanted)
    first = dumped(database)
    empty(database)
    load_document(database, wanted)
    assert dumped(database) == first
    assert entry(database, "users", "u")["customer_groups"] == ["e"]
    assert entry(database, "security_groups", "g")["customers"] == [{"customer": "b", "nested": False}]


def test_a_load_is_seen_by_those_who_were_looking(database: Database) -> None:
    """Every load counts as a change of access: what was worked out before counts for nothing."""
    role = {"key": "r", **T, "name": "R", "access_level": "service_provider", "permissions": "all"}
    group = {"key": "g", **T, "name": "G", "role": "r", "scope": "selected", "customers": [{"customer": "a"}]}
    user = {"key": "u", **T, "name": "U", "login": "u", "security_groups": [{"group": "g"}]}
    load_document(
        database, small(customers=[customer("a"), customer("b")], roles=[role], security_groups=[group], users=[user])
    )
    viewer = Viewer.sign_in(database, "u")
    with viewer.look("customer.list") as sight:
        assert sight.scope("customer.list").nodes.customers == 1
    load_document(database, {"ringfence": 1, "customers": [customer("b", "a")]})
    with viewer.look("customer.list") as sight:
        assert sight.scope("customer.list").nodes.customers == 2
    load_document(database, {"ringfence": 1, "users": [{**user, "active": False}]})
    with viewer.look("customer.list") as sight:
        assert not sight.active
        assert sight.scope("customer.list").empty


def chain(levels: int) -> dict[str, Any]:
    tree = [customer(f"c{n}", f"c{n - 1}" if n else None) for n in range(levels)]
    return small(customers=tree, devices=[{"key": "d", **T, "customer": f"c{levels - 1}", "name": "D"}])


def test_a_thousand_levels(sqlite_database: Database) -> None:
    load_document(sqlite_database, chain(1000))
    assert len(paths(sqlite_database)["c999"]) == 1001
    first = dumped(sqlite_database)
    load_file(sqlite_database, io.BytesIO(first.encode()))
    assert dumped(sqlite_database) == first


@pytest.mark.postgres
def test_too_many_levels_for_postgresql(postgres_database: Database) -> None:
    load_document(postgres_database, chain(600))
    before = dumped(postgres_database)
    with pytest.raises(InvalidDocument, match="the tree is too deep here for this database") as caught:
        load_document(postgres_database, chain(1000))
    assert len(caught.value.faults) == 1
    below = [customer(f"x{n}", f"x{n - 1}" if n else None) for n in range(300)]
    load_document(postgres_database, small(customers=below))
    moved = {"ringfence": 1, "customers": [customer("x0", "c599")]}
    with pytest.raises(InvalidDocument, match=r'customers\[0\] "x0": parent: the tree is too deep'):
        load_document(postgres_database, moved)
    assert entry(postgres_database, "customers", "x0")["parent"] is None
    assert json.loads(before)["customers"][0]["key"] == "c0"


def test_what_is_not_dumped_and_what_is_not_loaded(sqlite_database: Database) -> None:
    """An empty database has an empty dump, and that loads too."""
    first = dumped(sqlite_database)
    assert load_file(sqlite_database, io.BytesIO(first.encode()))["devices"] == 0
    assert dumped(sqlite_database) == first
