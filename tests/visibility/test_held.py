"""What is held in memory of the little in sight: a search finds by it what it finds without it, whatever is sought, in
every order, and whatever has changed since; and it holds nothing that is out of sight."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from support.asker import MORE, Asker
from support.databases import empty
from support.documents import AT, make_document
from support.edits import World, provider
from support.filters import phrase, some_filter
from support.oracle import LISTING, SHOWN, Oracle
from support.sorting import Sorted, agree
from support.tiers import seeds

from ringfence.domain.device import DEVICES
from ringfence.domain.user import UserState
from ringfence.services import listing
from ringfence.services.records import Listing, Part
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database, open_database
from ringfence.visibility import held, keeping, naming, page
from ringfence.visibility.column_values import permissions
from ringfence.visibility.viewer import Viewer


@pytest.fixture(autouse=True)
def _little_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is so little that it is only gone through."""
    for module in (page, held):
        monkeypatch.setattr(module, "tiny", lambda *_: False)
    for name in ("little", "often"):
        monkeypatch.setattr(page, name, lambda *_: False)


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read by whoever searches first."""
    for module in (held, naming):
        monkeypatch.setattr(module, "kept_for_the_next", keeping.kept)


def counted(monkeypatch: pytest.MonkeyPatch, name: str) -> list[Any]:
    """What a function of the module returns from now on, each time that it is called."""
    answers: list[Any] = []
    function = getattr(held, name)

    def counting(*given: Any, **more: Any) -> Any:
        answers.append(function(*given, **more))
        return answers[-1]

    monkeypatch.setattr(held, name, counting)
    return answers


@pytest.mark.usefixtures("_at_once")
@pytest.mark.parametrize("seed", seeds(30, 34))
@pytest.mark.once
def test_every_question(database: Database, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    ordered = counted(monkeypatch, "ordered")
    document = make_document(Random(seed), MORE)
    load_document(database, document)
    asker = Asker(database, document, Random(seed))
    for user in document["users"]:
        asker.user(user["login"])
    assert ordered


def many(chance: Random) -> dict[str, Any]:
    """More devices of which those of ``acme`` are a part, many of them alike."""
    document = provider()
    owners = {one["customer"]: one.get("site") for one in document["devices"]}
    document["devices"] += [
        {
            "key": f"more-{number}",
            "tenant": "t",
            "customer": owner,
            "site": chance.choice((None, owners[owner])),
            "name": chance.choice(("Gate", "gate", "Hall", "Nordtor ÉTOILE", "acme door", "door gate")),
            "unit_id": chance.choice(("", "", f"U-{number}", f"u-{number}", f"Gate{number}")),
            "kind": chance.choice(("", "Door", "door", "camera", "Étoile")),
        }
        for number in range(50)
        for owner in [chance.choice(list(owners))]
    ]
    return document


@pytest.mark.usefixtures("_at_once")
@pytest.mark.parametrize("further", [1, 4])
@pytest.mark.once
def test_every_order(database: Database, monkeypatch: pytest.MonkeyPatch, further: int) -> None:
    """Pages are cut out of it from both ends and at any place, also where not all fit of those that may."""
    monkeypatch.setattr(page, "_FURTHER", further)
    ordered, early, chance = counted(monkeypatch, "ordered"), counted(monkeypatch, "first"), Random(further)
    world = World(database, many(chance))
    texts = ("gate", "door", "acme", "o", "étoile", "north", "U-1", "roof", "hall", "camera")
    for login in ("rita", "bert", "nora", "gus"):
        viewer = world.viewer(login)
        records = Sorted(viewer, Listing("devices"), DEVICES)
        shown = {own: {name: said[name] for name in SHOWN["devices"]} for own, said in records.values.items()}
        for sort in DEVICES.sorts:
            filters = (phrase(chance.choice(texts)), *(some_filter(chance, SHOWN["devices"], texts) for _ in range(3)))
            for wanted in filters:
                down = bool(chance.randint(0, 1))
                ids = [own for own in records.ids(sort, descending=down) if wanted.fits(shown[own])]
                agree(viewer, Listing("devices", wanted.typed, sort, down), ids, chance)
    assert sum(map(bool, [*ordered, *early])) > 50
    assert any(ordered)
    assert any(early)


def known(viewer: Viewer) -> held.Held | None:
    """What is held of the devices in sight, once somebody asks."""
    with viewer.look(*permissions(DEVICES)) as sight:
        return held.known(sight, DEVICES, page.extent_of(sight, DEVICES))


@pytest.mark.usefixtures("_at_once")
def test_what_is_held_is_what_is_in_sight(database: Database) -> None:
    some = 0
    for seed in range(50, 54):
        empty(database)
        document = make_document(Random(seed), MORE)
        load_document(database, document)
        oracle = Oracle(document, AT)
        with database.reading() as connection:
            query = text(
                "SELECT k.id, k.key, k.search_key, k.customer_id, t.key AS tenant FROM device k "
                "JOIN tenant t ON t.id = k.tenant_id"
            )
            there = {row.id: row for row in connection.execute(query)}
        for user in document["users"]:
            kept = known(Viewer.sign_in(database, user["login"], AT))
            if kept is None:
                continue
            rows = [there[own] for own in kept.ids]
            assert {row.key for row in rows} <= oracle.visible(user["login"], LISTING["devices"], "devices")
            assert {row.tenant for row in rows} <= {user["tenant"]}
            assert list(kept.keys) == [row.search_key for row in rows]
            assert list(kept.owners) == [row.customer_id for row in rows]
            some += len(rows)
    assert some


# What changes between two searches.

SORTS = ("unit_id", "kind", "site", "customer")
SEARCHES = ("north", "south", "acme", "zulu", "gate", "quay", "harbour", "u-9", "camera", "-gate", 'kind:""', "^south")


def in_sight(world: World) -> dict[int, dict[str, str]]:
    """By id what a list shows of the devices at or below ``acme``, by the document: all that Rita sees."""
    document, ids = world.document(), world.ids("device")
    customers = {one["key"]: one for one in document["customers"]}
    sites = {one["key"]: one["name"] for one in document["sites"]}

    def inside(key: str | None) -> bool:
        return key is not None and (key == "acme" or inside(customers[key].get("parent")))

    return {
        ids[one["key"]]: {
            "name": one["name"],
            "unit_id": one.get("unit_id", ""),
            "kind": one.get("kind", ""),
            "site": sites[one["site"]] if one.get("site") else "",
            "customer": customers[one["customer"]]["name"],
        }
        for one in document["devices"]
        if inside(one["customer"])
    }


def search(viewer: Viewer, shown: dict[int, dict[str, str]]) -> None:
    """Every search, three times: with nothing held, as it is read, and by what is held."""
    for number, typed in enumerate(SEARCHES):
        term = typed.lstrip("-")
        for sort in ("name", SORTS[number % len(SORTS)]):
            ids = sorted(own for own, said in shown.items() if fits(said, term) != typed.startswith("-"))
            for _ in range(3):
                wanted = Listing("devices", typed, sort, descending=typed == "acme")
                rows = list(listing.rows(viewer, wanted, Part(50)))
                assert sorted(row.id for row in rows) == ids, wanted
                if sort == "name":
                    names = [row.name.lower() for row in rows]
                    assert names == sorted(names, reverse=wanted.descending)
            assert listing.count(viewer, Listing("devices", typed)) == len(ids)


def fits(said: dict[str, str], term: str) -> bool:
    if term == 'kind:""':
        return not said["kind"]
    texts = [one.lower() for one in said.values()]
    return any(one.startswith(term[1:]) if term.startswith("^") else term in one for one in texts)


@pytest.mark.once
def test_whatever_changes_between_two_searches(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(database, provider())
    ordered = counted(monkeypatch, "ordered")
    rita = world.viewer("rita")
    elsewhere = open_database(database.engine.url.render_as_string(hide_password=False))  # as another process has it
    other = World(elsewhere)
    customer = {key: world.id("customer", key) for key in ("beta", "north")}
    changes: list[Callable[[], Any]] = [
        lambda: None,
        lambda: other.save("boss", other.edit("boss", "device", "north-0", name="Zulu")),
        lambda: other.save("boss", other.edit("boss", "device", "south-0", unit_id="U-9")),
        lambda: world.save("boss", world.edit("boss", "device", "deep-1", kind="Camera")),
        lambda: other.save("boss", other.edit("boss", "device", "deep-0", customer=customer["beta"])),
        lambda: other.save("boss", other.edit("boss", "device", "beta-0", customer=customer["north"], site=None)),
        lambda: world.save("boss", world.edit("boss", "customer", "north", name="Harbour")),
        lambda: other.save("boss", other.edit("boss", "site", "gate", name="Quay")),
        lambda: other.save("boss", other.delete("device", "south-1")),
        lambda: other.save("boss", other.edit("boss", "customer", "south", parent=customer["beta"])),
    ]
    for change in changes:
        change()
        del ordered[:]
        search(rita, in_sight(world))
        assert any(ordered)
    state, _ = world.state("user", world.id("user", "rita"))
    assert isinstance(state, UserState)
    other.save("boss", other.edit("boss", "user", "rita", security_groups=frozenset()))
    search(rita, {})
    other.save("boss", other.edit("boss", "user", "rita", security_groups=state.security_groups))
    search(rita, in_sight(world))
    elsewhere.close()


def test_it_is_read_for_who_searches_again_before_anything_changes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(database, provider())
    rita, reads = world.viewer("rita"), counted(monkeypatch, "_read")

    def search(typed: str) -> int:
        listing.rows(rita, Listing("devices", typed), Part(5))
        return len(reads)

    assert [search("south"), search("acme"), search("deep")] == [0, 1, 1]
    world.save("boss", world.edit("boss", "device", "north-0", name="Zulu"))
    assert [search("zulu"), search("south"), search("zulu")] == [1, 2, 2]
    with database.engine.begin() as connection:  # whatever else is told of by the audit alone
        connection.execute(text("UPDATE tenant SET audit_count = audit_count + 1"))
    assert [search("zulu"), search("zulu")] == [2, 3]


def test_of_very_many_nothing_is_held(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where that is known before, nor where it turns out as they are read."""
    world = World(database, provider())
    reads = counted(monkeypatch, "_read")
    monkeypatch.setattr(held, "MOST", 3)
    search(world.viewer("rita"), in_sight(world))
    assert not reads
    monkeypatch.setattr(held, "_worthwhile", lambda *_: True)
    search(world.viewer("rita"), in_sight(world))
    assert reads == [None]


def test_what_is_hidden_decides_nothing(database: Database) -> None:
    """Sites and devices elsewhere that are called as what is sought neither come nor keep others away."""
    world = World(database, provider())
    rita = world.viewer("rita")
    search(rita, in_sight(world))
    for number in range(5):
        world.save("boss", world.edit("boss", "device", f"beta-{number}", name=f"north south {number}"))
    world.save("boss", world.edit("boss", "site", "roof", name="Gate acme"))
    search(rita, in_sight(world))
    kept = known(rita)
    assert kept is not None
    assert not [key for key in kept.keys if "north south" in key]
