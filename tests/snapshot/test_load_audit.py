"""What the audit says of a load: the same as of edits by hand, record by record; of devices, how many became what."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from support.databases import made, rows
from support.documents import AT
from support.edits import OPEN, World, provider

from ringfence.domain.customer import CustomerState
from ringfence.domain.customer_group import CustomerGroupState
from ringfence.domain.errors import Refused
from ringfence.domain.role import RoleState
from ringfence.domain.security_group import SecurityGroupState
from ringfence.domain.site import SiteState
from ringfence.domain.user import UserState
from ringfence.services import audit
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database


def entries(world: World, login: str, listing: Listing) -> Sequence[Any]:
    """The audit as somebody reads it."""
    return world.session(login).rows(listing, Part(100))


def changes(world: World) -> Iterator[tuple[str, list[Edit]]]:
    """A record of each kind that comes, and one that is edited; what refers to others, and what moves."""

    def at(key: str | None) -> int:
        return world.id("customer", key)

    def edit(kind: Any, key: str, **fields: Any) -> list[Edit]:
        return [world.blind(kind, key, **fields)]

    def new(kind: Any, state: Any) -> list[Edit]:
        return [Edit(kind, -1, None, state)]

    window = (AT, None)
    yield "customer", new("customer", CustomerState(at("acme"), "Acme East", email="e@example.org", max_users=9))
    yield "customer", edit("customer", "north", name="Northern", phone="+31 20 123 4567", max_devices=50)
    yield "customer", edit("customer", "deep", parent=at("north"))
    yield "site", new("site", SiteState(at("south"), "Shed"))
    yield "site", edit("site", "gate", name="Main gate")
    yield "role", new("role", RoleState(at("acme"), "Look", permissions=frozenset({"device.list"})))
    yield "role", edit("role", "reader", permissions=None)
    yield "role", edit("role", "reader", permissions=frozenset({"site.list", "device.list"}), access_level="customer")
    filtering = CustomerGroupState(at(None), "All of them", "", True, {at("beta"): False})
    yield "customer_group", new("customer_group", filtering)
    yield "customer_group", edit("customer_group", "prod", active=False, customers={at("south"): True})
    role = world.id("role", "reader")
    group = SecurityGroupState(
        at("acme"), "Fresh", role, "selected", {at("north"): True, at("south"): False}, at("north")
    )
    yield "security_group", new("security_group", group)
    yield "security_group", edit("security_group", "readers", role=None, customers={at("south"): False})
    groups, filters = world.ids("security_group"), world.ids("customer_group")
    given = frozenset({(groups["local"], window), (groups["local"], OPEN)})
    yield "user", new("user", UserState(at("north"), "nils", "Nils", security_groups=given))
    yield "user", edit("user", "rita", security_groups=given, customer_groups=frozenset({filters["prod"]}))
    yield "user", edit("user", "rita", active=False, home=at("north"), sites=frozenset({world.id("site", "gate")}))


def said(world: World, since: int) -> list[Any]:
    """Kind, key, action, name, words and whose it is, of the entries after a number; the load's own left out."""
    query = (
        "SELECT e.action, e.kind, e.key, e.name, e.detail, c.key AS node FROM audit_entry e "
        "JOIN customer c ON c.id = e.node_id WHERE e.number > :since AND e.action <> 'load' ORDER BY e.kind, e.key"
    )
    with world.database.reading() as connection:
        found = connection.execute(text(query), {"since": since}).all()
    return [(*row[:4], json.loads(row.detail), row.node) for row in found]


def test_a_load_says_what_edits_say(sqlite_database: Database, tmp_path: Path) -> None:
    """For every kind: the same change by hand and by a load is told alike, and told to the same people."""
    by_hand = World(sqlite_database, provider())
    by_load = World(made(tmp_path / "other.db"), provider())
    kinds = set()
    count = sum(1 for _ in changes(by_hand))
    for place in range(count):
        kind, edits = list(changes(by_hand))[place]
        kinds.add(kind)
        since = by_hand.entries(), by_load.entries()
        by_hand.save("boss", *edits)
        load_document(by_load.database, by_hand.document(), "test")
        expected = said(by_hand, since[0])
        assert len(expected) == 1
        assert said(by_load, since[1]) == expected
        loaded = by_load.entries() - since[1]
        assert loaded == 2  # and that it was loaded
        for login in ("boss", "dora"):
            of_record = Listing("audit", record=(expected[0][1], expected[0][2]))
            seen = [
                [
                    (one.action, world.session(login).audit_detail(one.id).lines)
                    for one in entries(world, login, of_record)
                ]
                for world in (by_hand, by_load)
            ]
            assert seen[0] == seen[1]
    assert kinds == {"customer", "site", "role", "customer_group", "security_group", "user"}
    assert audit.verify(by_load.database)[1] == []
    by_load.database.close()


def test_devices_are_told_as_numbers(database: Database) -> None:
    """New, moved to another customer and changed otherwise, to whoever sees the root; what stays as it was is none."""
    world = World(database, provider())
    document = world.document()
    devices = {one["key"]: one for one in document["devices"]}
    devices["south-0"]["customer"] = "beta"
    devices["south-1"].update(customer="acme", name="Moved and renamed")
    devices["south-2"]["notes"] = "Under the stairs"
    devices["deep-0"]["unit_id"], devices["deep-1"]["unit_id"] = "U-2", "U-1"
    fresh = [{"key": f"new-{n}", "tenant": "t", "name": "New", "customer": "deep"} for n in range(4)]
    load_document(database, {"ringfence": 1, "devices": [*devices.values(), *fresh]}, "test")
    told = [one for one in entries(world, "boss", Listing("audit")) if one.kind == "devices"]
    assert [one.action for one in told] == ["load"]
    assert set(world.session("boss").audit_detail(told[0].id).lines) == {
        ("Devices new", "", "4"),
        ("Devices moved", "", "2"),
        ("Devices changed", "", "3"),
    }
    assert world.entries() == 2
    assert world.session("dora").count(Listing("audit")) == 0
    load_document(database, world.document(), "test")
    assert world.entries() == 3  # nothing has changed since
    assert audit.verify(database)[1] == []


def test_it_is_not_taken_back_and_leaves_nothing_when_refused(sqlite_database: Database) -> None:
    """However much of it somebody sees."""
    world = World(sqlite_database, provider())
    document = world.document()
    document["users"] = [one | {"name": f"{one['name']} too"} for one in document["users"]]
    load_document(sqlite_database, document, "test")
    assert world.entries() == 1 + len(document["users"])
    with pytest.raises(Refused, match="a load is not taken back: load what was before"):
        world.session("boss").undo(1)
    with pytest.raises(Refused, match="this entry is not there"):
        world.session("dora").undo(1)
    before = rows(sqlite_database)
    document["users"].append(document["users"][0] | {"key": "somebody-else"})
    with pytest.raises(Exception, match="login"):
        load_document(sqlite_database, document, "test")
    assert rows(sqlite_database) == before
