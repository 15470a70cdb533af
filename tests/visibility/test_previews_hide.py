"""What an editor may not list changes nothing of what a preview, a form or ``what-if`` tells them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.databases import empty, made
from support.documents import AT
from support.edits import World, provider

from ringfence.domain.errors import InvalidDocument
from ringfence.domain.kind import StateKind
from ringfence.domain.permission import PERMISSIONS
from ringfence.services.editing import Edit
from ringfence.snapshot.collect import collect_from
from ringfence.snapshot.load import load_document
from ringfence.snapshot.what_if import what_if
from ringfence.storage.engine import Database

pytestmark = pytest.mark.always

T = {"tenant": "t"}
HANDED = ("device", "edge", "alarm_rule", "site", "user", "role", "security_group", "customer_group")
LACKING = tuple(f"{kind}.list" for kind in HANDED)
TOGETHER: list[tuple[tuple[str, ...], bool]] = [
    ((), False),
    *(((one,), True) for one in LACKING),
    (LACKING, True),
    (LACKING, False),
]
"""What is not listed, and whether what is below Acme South is seen."""


def seen_by(lacking: tuple[str, ...], nested: bool) -> dict[str, Any]:
    """A provider with ``ed``, who may do everything at Acme and Gamma but list some kinds; without ``nested`` they do
    not see what is below Acme South. Something that is hidden from them then is at Acme South already."""
    document = provider()
    permissions = sorted(PERMISSIONS - {*lacking, "policy.edit", "script.create"})
    document["roles"].append(
        {"key": "ed", **T, "name": "ed", "access_level": "service_provider", "permissions": permissions}
    )
    named = [{"customer": "acme", "nested": nested}, {"customer": "gamma"}]
    named += [] if nested else [{"customer": one, "nested": False} for one in ("south", "north")]
    document["security_groups"].append(
        {"key": "ed", **T, "name": "ed", "role": "ed", "scope": "selected", "customers": named}
    )
    document["users"].append({"key": "ed", **T, "name": "Ed", "login": "ed", "security_groups": [{"group": "ed"}]})
    for number in range(3):
        document["users"].append({"key": f"p{number}", **T, "name": "P", "login": f"p{number}", "home": "acme"})
    more(document, lacking, nested, "first")
    return document


def more(document: dict[str, Any], lacking: tuple[str, ...], nested: bool, name: str) -> None:
    """Adds what ``ed`` does not list: of every kind that they lack, at Acme South; below it; and elsewhere."""
    places = ["beta"] if nested else ["beta", "deep", f"{name}-deep"]
    if not nested:
        document["customers"].append({"key": f"{name}-deep", **T, "name": name, "parent": "deep"})
    for kind in HANDED:
        for place in [*places, *(["south", "north"] if f"{kind}.list" in lacking else [])]:
            own = {"key": f"{name}-{kind}-{place}", **T, "name": f"{name} {place}"}
            fields: dict[str, dict[str, Any]] = {
                "device": {"customer": place, "site": None},
                "edge": {"customer": place},
                "alarm_rule": {"customer": place, "raise_when": "t > 1"},
                "site": {"customer": place},
                "user": {"home": place, "login": own["key"]},
                "role": {"owner": place, "access_level": "customer", "permissions": ["device.list"]},
                "security_group": {"owner": place, "role": "named", "scope": "all"},
                "customer_group": {"owner": place, "customers": [{"customer": place}]},
            }
            document[f"{kind}s"].append({**own, **fields[kind]})
    if "site.list" in lacking:
        for device in document["devices"]:
            if device["key"] in ("south-0", "north-x"):
                device["site"] = f"{name}-site-{device['customer']}"


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Database]:
    database = made(tmp_path / "other.db")
    yield database
    database.close()


def told(world: World) -> list[str]:
    """Everything that previews and forms tell ``ed``."""
    viewer, found = world.viewer("ed"), []

    def state(kind: StateKind, key: str) -> Any:
        opened = world.workspace.session(viewer).open_record(kind, world.id(kind, key))
        found.append(repr((opened.state, opened.names, opened.active, opened.why_not)))
        return opened

    def preview(kind: StateKind, key: str, **fields: Any) -> None:
        opened = state(kind, key)
        after = None if fields.get("gone") else type(opened.state)(**{**_fields(opened.state), **fields})
        edit = Edit(kind, opened.id, opened.state, after, opened.revision)
        found.append(repr(world.workspace.session(viewer).preview([edit])))

    gamma, south = world.id("customer", "gamma"), world.id("customer", "south")
    preview("customer", "south", parent=gamma)
    preview("customer", "south", gone=True)
    preview("customer", "north", gone=True)
    preview("customer", "south", name="Other")
    preview("device", "south-0", customer=gamma)
    preview("device", "north-x", customer=south)
    preview("device", "north-0", gone=True)
    preview("site", "gate", gone=True)
    preview("role", "reader", permissions=frozenset({"customer.list", "device.list", "site.list", "device.delete"}))
    preview("security_group", "readers", customers={south: False})
    preview("customer_group", "prod", active=False)
    preview("user", "rita", active=False)
    preview("user", "rita", gone=True)
    return found


def _fields(state: Any) -> dict[str, Any]:
    return {name: getattr(state, name) for name in type(state).__slots__}


@pytest.mark.parametrize(("lacking", "nested"), TOGETHER)
@pytest.mark.once(3)
def test_not_a_byte_of_a_preview(
    sqlite_database: Database, other: Database, lacking: tuple[str, ...], nested: bool
) -> None:
    worlds = []
    for database, many in ((sqlite_database, False), (other, True)):
        document = seen_by(lacking, nested)
        if many:
            for name in ("second", "third"):
                more(document, lacking, nested, name)
        worlds.append(told(World(database, document)))
    assert worlds[0] == worlds[1]


def test_a_hidden_site_stays_as_it_is(sqlite_database: Database) -> None:
    """It is in no form, and saving leaves the device on it; at another customer, the device stands on none."""
    world = World(sqlite_database, seen_by(("site.list",), nested=True))
    opened = world.session("ed").open_record("device", world.id("device", "north-0"))
    assert opened.state.site is None
    world.save("ed", world.edit("ed", "device", "north-0", name="Other"))
    state: Any = world.state("device", opened.id)[0]
    assert (state.name, state.site) == ("Other", world.id("site", "gate"))
    move = world.edit("ed", "device", "north-0", customer=world.id("customer", "south"))
    assert "site" not in repr(world.session("ed").preview([move]).notes).replace("history", "")
    world.save("ed", move)
    state = world.state("device", opened.id)[0]
    assert state.site is None


# What-if.


def entry(name: str, key: str, **fields: Any) -> dict[str, Any]:
    """A sound new entry of a list."""
    needed: dict[str, dict[str, Any]] = {
        "customers": {},
        "sites": {"customer": "acme"},
        "devices": {"customer": "acme"},
        "roles": {"access_level": "customer", "permissions": []},
        "security_groups": {"role": None, "scope": "selected"},
        "customer_groups": {},
        "users": {"login": f"{key}-login", "home": "acme"},
    }
    return {"key": key, **T, "name": "New", **needed[name], **fields}


REFERENCES: list[tuple[str, str, str, Any]] = [
    ("customers", "parent", "customers", lambda key: key),
    ("sites", "customer", "customers", lambda key: key),
    ("devices", "customer", "customers", lambda key: key),
    ("devices", "site", "sites", lambda key: key),
    ("roles", "owner", "customers", lambda key: key),
    ("security_groups", "owner", "customers", lambda key: key),
    ("security_groups", "role", "roles", lambda key: key),
    ("security_groups", "made_for", "customers", lambda key: key),
    ("security_groups", "customers", "customers", lambda key: [{"customer": key}]),
    ("customer_groups", "owner", "customers", lambda key: key),
    ("customer_groups", "customers", "customers", lambda key: [{"customer": key}]),
    ("users", "home", "customers", lambda key: key),
    ("users", "security_groups", "security_groups", lambda key: [{"group": key}]),
    ("users", "customer_groups", "customer_groups", lambda key: [key]),
    ("users", "sites", "sites", lambda key: [key]),
]
HIDDEN = {
    "customers": "beta",
    "sites": "roof",
    "devices": "beta-0",
    "roles": "beta-role",
    "security_groups": "betas",
    "customer_groups": "beta-only",
    "users": "bert",
}


def ask(database: Database, viewer: Any, **lists: Any) -> str:
    """What is told, or every fault."""
    try:
        said = what_if(database, collect_from({"ringfence": 1, **lists}), lambda _step, _done: None, AT, viewer)
    except InvalidDocument as refused:
        return "\n".join(refused.faults)
    return repr(said)


def test_a_hidden_key_is_a_missing_one(sqlite_database: Database) -> None:
    """In every field that refers to something; and every list has its fields here."""
    world = World(sqlite_database, seen_by((), nested=True))
    viewer = world.viewer("ed")
    for name, field, target, put in REFERENCES:
        hidden, missing = (
            ask(sqlite_database, viewer, **{name: [entry(name, "new", **{field: put(key)})]})
            for key in (HIDDEN[target], "nowhere")
        )
        assert f'there is no {target.removesuffix("s").replace("_", " ")} "nowhere"' in missing
        assert hidden.replace(HIDDEN[target], "nowhere") == missing, (name, field)
    assert 'there is no tenant "u"' in ask(
        sqlite_database, viewer, customers=[{**entry("customers", "n"), "tenant": "u"}]
    )


def test_what_a_hidden_record_has_is_taken(sqlite_database: Database) -> None:
    """Its key, unit id and login, without by what; and so is the key of another tenant."""
    document = seen_by((), nested=True)
    document["devices"].append({"key": "hid", **T, "name": "H", "customer": "beta", "unit_id": "U-1"})
    document["tenants"].append({"key": "u", "name": "U"})
    world = World(sqlite_database, document)
    viewer = world.viewer("ed")
    for name, key in HIDDEN.items():
        assert ask(sqlite_database, viewer, **{name: [entry(name, key)]}) == f'{name}[0] "{key}": key: is taken'
    device = entry("devices", "new", unit_id="U-1")
    assert ask(sqlite_database, viewer, devices=[device]) == 'devices[0] "new": unit_id: is taken'
    for login in ("bert", "BERT"):
        user = entry("users", "new", login=login)
        assert ask(sqlite_database, viewer, users=[user]) == 'users[0] "new": login: is taken'
    assert ask(sqlite_database, viewer, tenants=[{"key": "u", "name": "Mine"}]) == 'tenants[0] "u": key: is taken'
    there = ask(sqlite_database, viewer, users=[entry("users", "new", login="rita")])
    assert there == 'users[0] "new": login: "rita" is another user\'s login'


@pytest.mark.parametrize("nested", [True, False])
def test_not_a_byte_of_what_if(sqlite_database: Database, other: Database, nested: bool) -> None:
    """Nor does it help to give oneself more: what is told is bounded by what is listed now."""
    kinds: tuple[str, ...] = ("device.list",) if nested else ()
    found = []
    for database, many in ((sqlite_database, False), (other, True)):
        document = seen_by(kinds, nested)
        if many:
            for name in ("second", "third"):
                more(document, kinds, nested, name)
        base = seen_by(kinds, nested)
        by_key = {(name, one["key"]): one for name in HIDDEN for one in base[name]}
        empty(database)
        load_document(database, document)
        viewer = World(database).viewer("ed")
        own = by_key["security_groups", "ed"]
        files: list[dict[str, Any]] = [
            {"security_groups": [{**own, "scope": "all", "customers": []}]},
            {"security_groups": [{**own, "customers": [{"customer": None}]}]},
            {"customers": [{**by_key["customers", "south"], "parent": "gamma"}]},
            {"customers": [{**by_key["customers", "south"], "max_devices": 3, "max_users": 0, "max_customers": 1}]},
            {"sites": [{**by_key["sites", "gate"], "customer": "south"}]},
            {"roles": [{**by_key["roles", "reader"], "permissions": ["customer.list", "user.delete"]}]},
            {"roles": [{**by_key["roles", "reader"], "private": True}]},
            {"customers": [entry("customers", "fresh", parent="south")]},
            {"users": [{**by_key["users", "rita"], "security_groups": [], "active": False}]},
        ]
        found.append([ask(database, viewer, **file) for file in files])
    assert found[0] == found[1]
    assert not any("first-" in said or "beta" in said for said in found[0])
