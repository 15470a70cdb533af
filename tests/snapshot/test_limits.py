"""Limits of customers and notes of devices in a snapshot: there and back, and no load that goes over a limit."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from sqlalchemy import text
from support.databases import dumped, empty, rows

from ringfence.domain.errors import InvalidDocument
from ringfence.snapshot.collect import collect, collect_from
from ringfence.snapshot.document import json_schema
from ringfence.snapshot.load import load_document, load_file
from ringfence.snapshot.what_if import what_if
from ringfence.storage import maintenance
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

T = {"tenant": "t"}
LIMITS = ("max_users", "max_devices", "max_customers")


def customer(key: str, parent: Any = None, **fields: Any) -> dict[str, Any]:
    return {"key": key, **T, "name": key, "parent": parent, **fields}


def device(key: str, owner: str | None, **fields: Any) -> dict[str, Any]:
    return {"key": key, **T, "name": key, "customer": owner, **fields}


def user(key: str, home: str | None, **fields: Any) -> dict[str, Any]:
    return {"key": key, **T, "name": key, "login": key, "home": home, **fields}


def part(**lists: list[dict[str, Any]]) -> dict[str, Any]:
    return {"ringfence": 1, **lists}


def whole(**north: int | None) -> dict[str, Any]:
    """north > south, each with a device and a user, with these limits of north; beside them west."""
    return part(
        tenants=[{"key": "t", "name": "T"}],
        customers=[customer("north", **north), customer("south", "north"), customer("west")],
        devices=[device("d-north", "north"), device("d-south", "south"), device("d-west", "west")],
        users=[user("u-north", "north"), user("u-south", "south"), user("u-west", "west")],
    )


def entry(database: Database, listing: str, key: str, viewer: Viewer | None = None) -> dict[str, Any]:
    found: dict[str, Any] = next(e for e in json.loads(dumped(database, viewer))[listing] if e["key"] == key)
    return found


def faults(database: Database, document: dict[str, Any]) -> list[str]:
    """Why a document is refused by load and what-if alike, neither of which leaves a trace."""
    before = rows(database)
    with pytest.raises(InvalidDocument) as caught:
        load_file(database, io.BytesIO(json.dumps(document).encode()))
    with pytest.raises(InvalidDocument) as asked:
        what_if(database, collect_from(document), lambda _step, _done: None)
    assert asked.value.faults == caught.value.faults
    assert rows(database) == before
    return list(caught.value.faults)


def test_a_document_without_them_is_dumped_as_before(database: Database) -> None:
    document = part(
        tenants=[{"key": "t", "name": "T"}],
        customers=[customer("a", address="1\n2", max_users=None)],
        devices=[device("d", "a", unit_id="U", kind="camera", notes="")],
    )
    load_document(database, document)
    assert dumped(database) == (
        '{"ringfence": 1,\n'
        '"tenants": [\n{"key": "t", "name": "T"}\n],\n'
        '"customers": [\n{"key": "a", "tenant": "t", "parent": null, "name": "a", "email": "", "phone": "", '
        '"address": "1\\n2"}\n],\n'
        '"sites": [],\n'
        '"devices": [\n{"key": "d", "tenant": "t", "customer": "a", "site": null, "name": "d", "unit_id": "U", '
        '"kind": "camera"}\n],\n'
        '"edges": [],\n'
        '"roles": [],\n"security_groups": [],\n"customer_groups": [],\n"users": [],\n'
        '"alarm_rules": [],\n"test_modes": [],\n"alarms": []}\n'
    )


def test_there_and_back(database: Database) -> None:
    """Each by itself, the least and the most; and the file has the last word, which may be no limit and no note."""
    limits = {"max_users": 2**31 - 1, "max_devices": 1, "max_customers": 0}
    single = [customer(f"only-{field}", **{field: value}) for field, value in limits.items()]
    notes = "Ask for Ayşe, +31 00 555 0110.\n\tThen „twice“ \\n 🦊"
    document = part(
        tenants=[{"key": "t", "name": "T"}],
        customers=[customer("a", **limits), *single],
        devices=[device("d", "a", notes=notes)],
    )
    load_document(database, document)
    first = dumped(database)
    assert list(entry(database, "customers", "a").items())[-3:] == list(limits.items())
    for field, value in limits.items():
        told = entry(database, "customers", f"only-{field}")
        assert {name: told[name] for name in LIMITS if name in told} == {field: value}
    assert list(entry(database, "devices", "d").items())[-1] == ("notes", notes)
    load_file(database, io.BytesIO(first.encode()))
    assert dumped(database) == first
    empty(database)
    load_file(database, io.BytesIO(first.encode()))
    assert dumped(database) == first
    load_document(database, part(customers=[customer("a")], devices=[device("d", "a")]))
    assert not {*LIMITS} & entry(database, "customers", "a").keys()
    assert "notes" not in entry(database, "devices", "d")


def test_whoever_lists_a_customer_sees_its_limits(sqlite_database: Database) -> None:
    role = {"key": "r", **T, "name": "R", "access_level": "service_provider", "permissions": "all"}
    entries = [{"customer": "north", "nested": False}]
    group = {"key": "g", **T, "name": "G", "role": "r", "scope": "selected", "customers": entries}
    document = whole(max_devices=7)
    document["customers"][2]["max_devices"] = 8
    document["devices"][0]["notes"] = "mind the dog"
    document["users"][2] = user("u-west", None, security_groups=[{"group": "g"}])
    load_document(sqlite_database, {**document, "roles": [role], "security_groups": [group]})
    seen = dumped(sqlite_database, Viewer.sign_in(sqlite_database, "u-west"))
    assert '"max_devices": 7' in seen
    assert '"max_devices": 8' not in seen
    assert '"notes": "mind the dog"' in seen


def test_what_is_no_limit_and_what_are_no_notes(sqlite_database: Database) -> None:
    number, whole_number = "must be from 0 to 2147483647", "must be a whole number, not"
    limits = [
        *((-1, number), (2**31, number), (10**400, number)),
        *((True, f"{whole_number} a truth value"), ("3", f"{whole_number} text"), ([3], f"{whole_number} a list")),
        *((1.5, f"{whole_number} 1.5"), (3.0, f"{whole_number} 3.0"), (float("nan"), f"{whole_number} nan")),
    ]
    notes = [
        *(("a\x1b[31m", "holds control characters"), ("n" * 4001, "is longer than 4000 characters")),
        *((None, "must be text, not null"), (7, "must be text, not a number")),
    ]
    document = part(
        tenants=[{"key": "t", "name": "T"}],
        customers=[customer(f"c{place}", **dict.fromkeys(LIMITS, limit)) for place, (limit, _) in enumerate(limits)],
        devices=[device(f"d{place}", None, notes=note) for place, (note, _) in enumerate(notes)],
    )
    wanted = [f'customers[{n}] "c{n}": {field}: {said}' for n, (_, said) in enumerate(limits) for field in LIMITS]
    wanted += [f'devices[{n}] "d{n}": notes: {said}' for n, (_, said) in enumerate(notes)]
    assert faults(sqlite_database, document) == wanted


def test_how_long_until_the_console_locks_is_a_number_of_minutes_of_a_day_half(sqlite_database: Database) -> None:
    role = {**T, "name": "R", "access_level": "service_provider"}
    roles = [{**role, "key": f"r{minutes}", "idle_minutes": minutes} for minutes in (0, 1, 720, 721)]
    document = part(tenants=[{"key": "t", "name": "T"}], roles=roles)
    said = "idle_minutes: must be from 1 to 720"
    assert faults(sqlite_database, document) == [f'roles[0] "r0": {said}', f'roles[3] "r721": {said}']


def test_a_number_without_end_in_yaml() -> None:
    head = b"ringfence: 1\ntenants: [{key: t, name: T}]\ncustomers: [{key: a, tenant: t, name: A, max_users: 0x"
    contents = collect(io.BytesIO(head + b"F" * 20_000 + b"}]"), lambda _step, _done: None)
    assert contents.faults == ['customers[0] "a": max_users: must be from 0 to 2147483647']


def test_the_schema_has_them() -> None:
    known = json_schema()["$defs"]
    for field in LIMITS:
        told = known["CustomerEntry"]["properties"][field]
        assert told["anyOf"] == [{"maximum": 2**31 - 1, "minimum": 0, "type": "integer"}, {"type": "null"}]
        assert field not in known["CustomerEntry"]["required"]
    assert known["DeviceEntry"]["properties"]["notes"]["maxLength"] == 4000


def test_at_the_limit_there_is_no_fault(database: Database) -> None:
    load_document(database, whole(max_users=2, max_devices=2, max_customers=1))
    assert maintenance.check(database) == []
    # Nor where one comes as another goes.
    load_document(database, part(devices=[device("d-south", "west"), device("new", "north")]))
    assert maintenance.check(database) == []


def test_the_customers_own_entry_is_told_of(database: Database) -> None:
    many = {
        "max_customers": "there would be 1 nested customer; the limit is 0",
        "max_devices": "there would be 2 devices, with those nested in it; the limit is 0",
        "max_users": "there would be 2 users, with those nested in it; the limit is 0",
    }
    wanted = [f'customers[0] "north": {field}: {said}' for field, said in many.items()]
    assert faults(database, whole(**dict.fromkeys(LIMITS, 0))) == wanted
    load_document(database, whole())
    for field, said in many.items():
        lowered = part(customers=[customer("north", **{field: 0})])
        assert faults(database, lowered) == [f'customers[0] "north": {field}: {said}']


MORE = [
    ("a device", {"devices": [device("new", "south"), device("other", "west")]},
     'devices[0] "new": customer: "north" would have 3 devices, with those nested in it; its limit is 2'),
    ("a new one rather than one that is there", {"devices": [device("new", "south"), device("d-north", "north")]},
     'devices[0] "new": customer: "north" would have 3 devices, with those nested in it; its limit is 2'),
    ("a device that comes over", {"devices": [device("d-west", "north")]},
     'devices[0] "d-west": customer: "north" would have 3 devices, with those nested in it; its limit is 2'),
    ("a user", {"users": [user("u-west", "south"), user("new", None)]},
     'users[0] "u-west": home: "north" would have 3 users, with those nested in it; its limit is 2'),
    ("a customer", {"customers": [customer("new", "south")]},
     'customers[0] "new": parent: "north" would have 2 nested customers; its limit is 1'),
]  # fmt: skip


def test_what_fills_a_customer_that_is_not_in_the_file(database: Database) -> None:
    load_document(database, whole(max_users=2, max_devices=2, max_customers=1))
    for case, lists, said in MORE:
        assert faults(database, part(**lists)) == [said], case
    place = 'customers[0] "west": parent: "north" would have'
    assert faults(database, part(customers=[customer("west", "south")])) == [  # which comes with all it has
        f"{place} 2 nested customers; its limit is 1",
        f"{place} 3 devices, with those nested in it; its limit is 2",
        f"{place} 3 users, with those nested in it; its limit is 2",
    ]


def test_what_was_exceeded_before(database: Database) -> None:
    """By other hands than ours: nothing is loaded into that tenant until it is set right, and others mind nothing."""
    load_document(database, whole())
    with database.writing() as connection:
        connection.execute(text("UPDATE customer SET max_users = 1 WHERE key = 'north'"))
    said = 'customers: "north" of tenant "t" has 2 users, with those nested in it; its limit is 1'
    assert faults(database, part(devices=[device("new", "west")])) == [said]
    load_document(database, part(tenants=[{"key": "other", "name": "Other"}]))
    (exceeded,) = maintenance.check(database)
    assert exceeded.endswith(": max_users is 1, and there are 2")
    load_document(database, part(customers=[customer("north", max_users=2)]))
    assert maintenance.check(database) == []


def test_a_load_leaves_a_roots_limit_as_it_is_and_keeps_it(sqlite_database: Database) -> None:
    load_document(sqlite_database, whole())
    with sqlite_database.writing() as connection:
        connection.execute(text("UPDATE customer SET max_devices = 3, email = 'e' WHERE parent_id IS NULL"))
    load_document(sqlite_database, part(tenants=[{"key": "t", "name": "Renamed"}]))
    with sqlite_database.reading() as connection:
        root = connection.execute(text("SELECT name, email, max_devices FROM customer WHERE parent_id IS NULL")).one()
    assert tuple(root) == ("Renamed", "e", 3)
    assert faults(sqlite_database, part(devices=[device("new", None)])) == [
        'devices[0] "new": customer: tenant "t" would have 4 devices, with those nested in it; its limit is 3'
    ]


def test_two_tenants_in_one_file(sqlite_database: Database) -> None:
    load_document(sqlite_database, whole(max_devices=2))
    document = part(
        tenants=[{"key": "other", "name": "Other"}],
        customers=[
            {"key": "north", "tenant": "other", "name": "N", "max_customers": 0},
            {"key": "x", "tenant": "other", "name": "X", "parent": "north"},
        ],
        devices=[device("new", "south")],
    )
    assert sorted(faults(sqlite_database, document)) == [
        'customers[0] "north": max_customers: there would be 1 nested customer; the limit is 0',
        'devices[0] "new": customer: "north" would have 3 devices, with those nested in it; its limit is 2',
    ]
