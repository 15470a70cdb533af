"""Names that follow the tree: whoever sees one end of it finds theirs at one end of the order, on every page, whatever
is sought, and whatever has changed since the beginning of it was found."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from support.edits import World
from support.wall import MODE

from ringfence.domain.device import DEVICES
from ringfence.services.records import Listing, Part
from ringfence.storage.engine import Database
from ringfence.visibility import plans, starts, substrings
from ringfence.visibility.column_values import permissions
from ringfence.visibility.page import Query, Window, page

T = {"tenant": "t"}
LOGINS = ("last", "middle", "two", "everything")
KINDS = ("camera", "door")
OF_EACH = 12


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """So little is gone along as a million would be."""
    monkeypatch.setattr(plans, "tiny", lambda *_: False)
    monkeypatch.setattr("ringfence.visibility.page.tiny", lambda *_: False)
    monkeypatch.setattr("ringfence.visibility.page.at_hand", lambda *_: False)
    monkeypatch.setattr("ringfence.visibility.page.little", lambda *_: False)
    monkeypatch.setattr(plans, "next_rows", lambda *_: 3)
    monkeypatch.setattr("ringfence.visibility.page.next_rows", lambda *_: 3)
    monkeypatch.setattr(plans, "_LEAST", 1)
    monkeypatch.setattr(plans, "_SPREAD", 0.1)
    every_way = plans.ways

    def ways(*given: Any) -> Any:
        return ((price if way == "walk" else price + 1e9, way) for price, way in every_way(*given))

    monkeypatch.setattr(plans, "ways", ways)


@pytest.fixture(params=["of their owners", "along"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How a beginning is found."""
    free = {"of their owners": 0.0, "along": 1e9}[request.param]
    for engine in ("SQLITE", "POSTGRESQL"):
        monkeypatch.setattr(plans, engine, getattr(plans, engine)._replace(first=free))


@pytest.fixture(params=[8_000, 5], ids=["few", "many"])
def _found(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether what a word finds is gone through, or what begins with it by ranges of the order."""
    monkeypatch.setattr(substrings, "FEW", dict.fromkeys((False, True), request.param))
    monkeypatch.setattr(plans, "FEW", dict.fromkeys((False, True), request.param))
    for engine in ("SQLITE", "POSTGRESQL"):
        monkeypatch.setattr(plans, engine, getattr(plans, engine)._replace(few=request.param))


def document() -> dict[str, Any]:
    customers = [{**T, "key": f"c{n:02}", "parent": None if n < 6 else f"c{n // 2 - 3:02}"} for n in range(30)]
    role = {**T, "key": "r", "name": "r", "access_level": "service_provider", "permissions": "all"}
    seen = {"last": ["c05"], "middle": ["c02"], "two": ["c01", "c20"], "everything": []}
    return {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": "t"}],
        "customers": [{**one, "name": one["key"]} for one in customers],
        "devices": [
            {
                **T,
                "key": f"{one['key']}-{n}",
                "customer": one["key"],
                "name": f"Site {one['key']} {'gate' if n % 3 else 'q'} {n:02}",
                "kind": KINDS[n % 2],
                "unit_id": f"U-{n:02}{one['key']}",
            }
            for one in customers
            for n in range(OF_EACH)
        ],
        "roles": [role],
        "security_groups": [
            {
                **T,
                "key": login,
                "name": login,
                "role": "r",
                "scope": "selected" if own else "all",
                "customers": [{"customer": key, "nested": False} for key in own],
            }
            for login, own in seen.items()
        ],
        "users": [{**T, "key": one, "name": one, "login": one, "security_groups": [{"group": one}]} for one in seen],
    }


def wanted(world: World, login: str, sort: str, search: str) -> list[str]:
    """What a list shows, by the document."""
    found = world.document()
    (group,) = (one for one in found["security_groups"] if one["key"] == login)
    own = {one["customer"] for one in group["customers"]}
    rows = [
        (one["kind"] if sort == "kind" else "", one["name"].lower(), one["key"])
        for one in found["devices"]
        if (not own or one["customer"] in own) and search in f"{one['name']} {one['unit_id']}".lower()
    ]
    return [key for _, _, key in sorted(rows)]


def agree(world: World, login: str, chance: Random) -> None:
    session = world.session(login)
    for sort in ("name", "kind", "site"):
        for search in ("", "gate", *chance.sample(("q", "te", "11c05", "zz", "site c0", "site c1"), 2)):
            keys = wanted(world, login, sort, search)
            for descending in (False, True):
                expected = keys[::-1] if descending else keys
                for _ in range(2):  # before its beginning is known, and after
                    shown = Listing("devices", search=search, sort=sort, descending=descending)
                    rows = session.rows(shown, Part(5))
                    assert [row.key for row in rows] == expected[:5], (login, shown)
                    assert [row.key for row in session.rows(shown, Part(50))] == expected[:50]


@pytest.mark.usefixtures("_way", "_found")
@pytest.mark.once
def test_every_page(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    split: list[Any] = []
    whether = plans.splits

    def splits(*given: Any) -> Any:
        split.append(whether(*given))
        return split[-1]

    monkeypatch.setattr("ringfence.visibility.page.splits", splits)
    world = World(database, document())
    chance = Random(repr(plans.SQLITE))
    for login in LOGINS:
        agree(world, login, chance)
    if plans.SQLITE.few == 5:
        assert {one[0] for one in split if one} == {"", "kind_key"}


@pytest.mark.usefixtures("_way")
@pytest.mark.once
def test_a_beginning_is_found_once_and_kept_until_something_changes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(database, document())
    viewer = world.viewer("last")
    looked: list[Any] = []
    find = starts.found

    def found(*given: Any) -> Any:
        looked.append(given)
        return find(*given)

    monkeypatch.setattr(starts, "found", found)

    def first() -> str:
        with viewer.look(*permissions(DEVICES)) as sight:
            return str(page(sight, Query(DEVICES), Window(limit=5))[0].key)

    assert [first(), first()] == ["c05-1", "c05-1"]
    begins = MODE == "strict" and database.postgresql  # there is nothing in the order then but what is in sight
    assert len(looked) == (0 if begins else 1)
    # Another's device comes to stand before all that there was, then one of the last comes back behind it.
    world.save("everything", world.edit("everything", "device", "c00-3", customer=world.id("customer", "c05")))
    assert first() == "c00-3"
    world.save("everything", world.edit("everything", "device", "c05-7", name="Aa"))
    assert first() == "c05-7"
    world.save("everything", world.edit("everything", "device", "c05-7", name="Zz"))
    assert first() == "c00-3"
    assert len(looked) == (0 if begins else 4)
    agree(world, "last", Random(1))


def test_names_of_few_customers_are_read_once_and_again_once_one_is_another(database: Database) -> None:
    world = World(database, document())
    viewer = world.viewer("two")

    def named(word: str) -> set[str]:
        with viewer.look(*permissions(DEVICES)) as sight:
            return {str(row.key)[:3] for row in page(sight, Query(DEVICES, f"customer:{word}"), Window(limit=50))}

    assert (named("c20"), named("harbor"), named("c05")) == ({"c20"}, set(), set())
    world.save("everything", world.edit("everything", "customer", "c20", name="Harbor"))
    assert (named("c20"), named("harbor"), named("^har"), named("^arb")) == (set(), {"c20"}, {"c20"}, set())
    world.save("everything", world.edit("everything", "customer", "c05", name="Harbor, too"))  # out of sight
    assert named("harbor") == {"c20"}
