"""Every list is sorted by any column that it shows, by what that shows to whoever looks, and by nothing else."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from support.documents import AT, SEARCHES, WORDS, Sizes, make_document
from support.edits import World, provider
from support.oracle import Oracle
from support.sorting import Sorted, agree
from support.tiers import seeds

from ringfence.domain import display
from ringfence.domain.audit import AUDIT
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED, KINDS
from ringfence.domain.text import search_key
from ringfence.services import listing
from ringfence.services.records import Listing, Part
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.visibility import grouping, members, plans
from ringfence.visibility.viewer import Viewer

SIZES = Sizes(tenants=1, customers=10, sites=8, devices=14, roles=2, groups=3, filters=3, users=3, exact=True)
LISTED = [kind for kind in KINDS.values() if kind is not AUDIT]
GOING = {"gathered": (0.0, 1.0, 1.0), "along": (2.0, 1.0, 1.0), "given up": (1.0, 0.05, 2.0)}
"""What makes devices come by their customers and sites in each of the ways that there are."""


@pytest.fixture(params=GOING)
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "_prices", lambda *_: GOING[request.param])
    monkeypatch.setattr(grouping, "_LEAST", 1)


COLUMNS = 5


def varied(seed: int) -> dict[str, Any]:
    """A document in which many columns hold many things, and the same ones."""
    chance = Random(seed)
    document = make_document(chance, SIZES)
    document["users"] = [*document["users"][:1], *partial(document, chance)]
    people = [one["key"] for one in document["users"]]
    for alarm in document["alarms"]:
        alarm |= {"assignee": chance.choice([None, *people]), "acked_by": None}
    for device in document["devices"]:
        device["kind"] = chance.choice(("", "Door", "door", "camera", "ÉTOILE", "e\u0301toile"))
    for customer in document["customers"]:
        customer |= {"email": chance.choice(("", "a@b.example", "B@b.example")), "phone": chance.choice(("", "+31 1"))}
        customer["address"] = chance.choice(("", "One street", "one\nstreet", "Two"))
    for group in document["customer_groups"]:
        group["description"] = chance.choice(("", *WORDS))
    for listed in ("customers", "sites"):
        # Some bear the same name, at the same customer and elsewhere.
        for entry in document[listed]:
            entry["name"] = chance.choice((entry["name"], "Gate", "gate", "Hall"))
    return document


def partial(document: dict[str, Any], chance: Random) -> list[dict[str, Any]]:
    """Users who list records of which they do not list what these refer to: none of it, some, and by single sites."""
    t = document["tenants"][0]["key"]
    nodes = [None, *(one["key"] for one in document["customers"])]

    def given(key: str, permissions: list[str], level: str = "service_provider", most: int = 0) -> dict[str, Any]:
        role = {"key": f"p-{key}", "tenant": t, "name": f"P {key}", "owner": None}
        document["roles"].append(role | {"access_level": level, "permissions": permissions})
        named = [{"customer": one, "nested": bool(chance.randint(0, 1))} for one in chance.sample(nodes, most)]
        scope = "selected" if most else "all"
        group = {"key": f"p-{key}", "tenant": t, "name": f"G {key}", "owner": chance.choice(nodes), "scope": scope}
        document["security_groups"].append(group | {"role": role["key"], "customers": named})
        return {"group": group["key"]}

    everything = [kind.permission for kind in LISTED]
    records = [one for one in everything if one not in ("customer.list", "site.list", "role.list")]
    wide = given("wide", records)
    some = [given(f"some-{one}", [one], most=3) for one in ("customer.list", "site.list", "role.list", "user.list")]
    few = given("few", everything, most=3)
    at_sites = given("sites", ["customer.list", "site.list", "device.list"], "site")
    sites = [one["key"] for one in document["sites"]]
    users: list[tuple[str, list[dict[str, Any]], list[str]]] = [
        ("all", [given("all", everything)], []),
        ("wide", [wide], []),
        ("some", [wide, *some], []),
        ("few", [few, some[1]], []),
        ("sites", [at_sites, some[1]], chance.sample(sites, 3)),
        ("both", [at_sites, some[0], given("devices", ["device.list"], most=2)], chance.sample(sites, 3)),
    ]
    return [
        {"key": f"p-{name}", "tenant": t, "login": f"p-{name}", "name": name, "security_groups": groups, "sites": own}
        for name, groups, own in users
    ]


def loaded(database: Database, seed: int) -> dict[str, Any]:
    document = varied(seed)
    load_document(database, document)
    return document


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("seed", range(1))
@pytest.mark.once
def test_every_column_of_every_list(database: Database, seed: int) -> None:
    document, chance = loaded(database, seed), Random(seed)
    for user in some(database, document, chance):
        viewer = Viewer.sign_in(database, user["login"], AT)
        for kind in LISTED:
            known = Sorted(viewer, Listing(kind.name), kind)
            # Of very many columns some, by chance: each user of each way gets others.
            for sort in chance.sample(kind.sorts, min(len(kind.sorts), COLUMNS)):
                for descending in (False, True):
                    wanted = Listing(kind.name, sort=sort, descending=descending)
                    agree(viewer, wanted, known.ids(sort, descending=descending), chance)


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("seed", seeds(1, 3))
@pytest.mark.once
def test_a_search_below_a_customer_keeps_the_order(database: Database, seed: int) -> None:
    document, chance = loaded(database, seed), Random(seed)
    for user in some(database, document, chance):
        viewer = Viewer.sign_in(database, user["login"], AT)
        tops = [record.id for record in listing.export(viewer, Listing("customers"))]
        for kind in LISTED:
            known = Sorted(viewer, Listing(kind.name), kind)
            for sort in kind.sorts:
                search = chance.choice((*SEARCHES, "", "a", "gate", "<"))
                under = chance.choice(tops) if tops and chance.randint(0, 1) else None
                wanted = Listing(kind.name, search, sort, bool(chance.randint(0, 1)), under)
                found = [one.id for one in listing.export(viewer, wanted._replace(sort="", descending=False))]
                agree(viewer, wanted, known.ids(sort, descending=wanted.descending, among=found), chance)


@pytest.mark.postgres
def test_what_was_found_comes_by_the_names_of_its_owners(
    postgres_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many hits those customers alone are gone along that own one."""
    for name in ("tiny", "little", "at_hand"):
        monkeypatch.setattr(f"ringfence.visibility.page.{name}", lambda *_: False)
    monkeypatch.setattr("ringfence.visibility.page.index_asked", lambda *_: True)
    every_way = plans.ways

    def ways(*given: Any) -> Any:
        return ((-1.0 if way == "hits" else price, way) for price, way in every_way(*given))

    monkeypatch.setattr(plans, "ways", ways)
    monkeypatch.setattr(grouping, "_along_owners", lambda *_: -1e9)
    taken: list[Any] = []
    pack = members.packed

    def packed(owners: Any, **given: Any) -> bytes:
        taken.append(owners)
        return pack(owners, **given)

    monkeypatch.setattr(grouping, "packed", packed)
    document, chance = loaded(postgres_database, 7), Random(7)
    for user in some(postgres_database, document, chance):
        viewer = Viewer.sign_in(postgres_database, user["login"], AT)
        tops = [record.id for record in listing.export(viewer, Listing("customers"))]
        known = Sorted(viewer, Listing("devices"), KINDS["devices"])
        for search in ("a", "gate", "e", "t0", "camera"):
            for descending, under in ((False, None), (True, None), (False, chance.choice(tops) if tops else None)):
                wanted = Listing("devices", search, "customer", descending, under)
                found = [one.id for one in listing.export(viewer, wanted._replace(sort="", descending=False))]
                agree(viewer, wanted, known.ids("customer", descending=descending, among=found), chance)
    assert taken


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("seed", seeds(3, 5))
@pytest.mark.once
def test_what_is_hidden_decides_no_place(database: Database, seed: int) -> None:
    """Whatever somebody may not list is called otherwise: to them every list stays as it is, in every order."""
    document, chance = loaded(database, seed), Random(seed)
    oracle = Oracle(document, AT)
    seen = {
        (user["login"], kind.noun): {one.id for one in listing.export(viewer, Listing(kind.name))}
        for user in document["users"]
        for viewer in [Viewer.sign_in(database, user["login"], AT)]
        for kind in LISTED
    }
    for user in some(database, document, chance):
        before = everything(database, user["login"])
        with database.engine.begin() as connection:
            for kind in EDITED.values():
                rows = connection.execute(text(f"SELECT * FROM {kind.table}")).all()
                for row in rows:
                    root = row.key is None and None in oracle.forest(user["login"])
                    if not root and row.id not in seen[user["login"], kind.noun]:
                        rename(connection, kind, row, chance)
        assert everything(database, user["login"]) == before


def some(database: Database, document: dict[str, Any], chance: Random) -> list[dict[str, Any]]:
    """Everybody; where asking takes its time, a few."""
    users: list[dict[str, Any]] = document["users"]
    return chance.sample(users, 3) if database.postgresql else users


def rename(connection: Any, kind: Kind, row: Any, chance: Random) -> None:
    name = chance.choice(("", "\u0001", "aaa", "ZZZ")) + row.name[::-1] + "!"
    searched = search_key(*(name if one == "name" else getattr(row, one) for one in kind.searched))
    told = f"UPDATE {kind.table} SET name = :name, search_key = :searched WHERE id = :id"
    connection.execute(text(told), {"name": name.replace("\u0001", "0"), "searched": searched, "id": row.id})


def everything(database: Database, login: str) -> dict[tuple[str, str], list[str]]:
    viewer = Viewer.sign_in(database, login, AT)
    return {
        (kind.noun, sort): [one.key for one in listing.export(viewer, Listing(kind.name, sort=sort))]
        for kind in LISTED
        for sort in kind.sorts
    }


def test_every_column_is_a_sort() -> None:
    for kind in KINDS.values():
        assert {one.field for one in display.columns(kind)} <= set(kind.sorts)
        assert kind.sort in kind.sorts
        assert set(kind.indexed_orders) <= set(kind.sorts)


@pytest.mark.once
def test_an_order_follows_what_is_changed(database: Database) -> None:
    """What was put into order before a change is not shown after it, whoever made it."""
    world = World(database, provider())
    session, chance = world.session("boss"), Random(1)

    def first(kind: str, sort: str) -> str:
        return session.rows(Listing(kind, sort=sort, descending=True), Part(1))[0].key

    assert first("users", "email") == "staff"
    world.save("boss2", world.edit("boss2", "user", "dora", email="z@z.example"))
    assert first("users", "email") == "dora"
    assert first("devices", "site") == "beta-4"
    world.save("boss2", world.edit("boss2", "site", "gate", name="Zoo"))
    assert first("devices", "site") == "north-1"
    assert first("sites", "key") == "roof"
    entries = len(session.rows(Listing("audit", sort="kind"), Part(50)))
    world.save("boss2", world.edit("boss2", "device", "acme-0", kind="Zeppelin"))
    assert first("devices", "kind") == "acme-0"
    assert len(session.rows(Listing("audit", sort="kind"), Part(50))) == entries + 1
    session.see_as("dora")  # which is audited, and changes nothing else
    assert len(session.rows(Listing("audit", sort="kind"), Part(50))) == entries + 2
    for kind in LISTED:
        known = Sorted(session.viewer, Listing(kind.name), kind)
        for sort in kind.sorts:
            agree(session.viewer, Listing(kind.name, sort=sort), known.ids(sort, descending=False), chance)


@pytest.mark.once
def test_the_audit_in_every_order(database: Database) -> None:
    world = World(database, provider())
    world.save("dora", world.edit("dora", "user", "rita", name="R 1"))
    world.save("boss", world.edit("boss", "user", "bert", name="B 1"))
    number = world.save("boss", world.edit("boss", "role", "beta-role", name="Secret role"))
    world.save("dora", world.edit("dora", "user", "nora", name="N 1"), world.edit("dora", "user", "gus", name="G 1"))
    world.save("boss", world.edit("boss", "user", "rita", name="R 2"))
    world.session("boss").undo(number)
    chance = Random(2)
    for login in ("boss", "dora", "rita"):
        viewer = world.viewer(login)
        for record in (None, ("user", "rita")):
            whole = Listing("audit", record=record)
            known = Sorted(viewer, whole, AUDIT)
            assert bool(known.records) is (login != "rita")
            for sort in AUDIT.sorts:
                for descending in (False, True):
                    ordered = whole._replace(sort=sort, descending=descending)
                    agree(viewer, ordered, known.ids(sort, descending=descending), chance)
