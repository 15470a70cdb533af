"""Subtrees that are moved, one after the other and several at once: paths, counts and everybody's lists stay right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from support.databases import dumped, empty, made
from support.documents import AT
from support.edits import World
from support.oracle import Oracle
from support.tree_edits import placed

from ringfence.domain import limits
from ringfence.domain.customer import CustomerState
from ringfence.domain.errors import Refused
from ringfence.services import audit, listing
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.snapshot.load import load_document
from ringfence.storage import maintenance
from ringfence.storage.engine import Database

T = {"tenant": "t"}
COUNT = 9
NODES = [f"n{number}" for number in range(COUNT)]
Above = dict[str, str | None]
moves = st.lists(
    st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from([None, *NODES])), min_size=1, max_size=3),
    min_size=1,
    max_size=6,
)


@pytest.fixture
def anew(tmp_path: Path) -> Iterator[Database]:
    """A second database, into which what is dumped is loaded."""
    database = made(tmp_path / "anew.db")
    yield database
    database.close()


def forest(above: list[int]) -> dict[str, Any]:
    """Nine customers, each below the root or an earlier one, a device and a site at each; whoever looks sees the whole,
    a subtree, single customers, or what a filter leaves of them."""
    parents = [NODES[(place - 1) % number] if place and number else None for number, place in enumerate(above)]

    def named(*entries: tuple[str, bool]) -> list[dict[str, Any]]:
        return [{"customer": key, "nested": nested} for key, nested in entries]

    def group(key: str, *entries: tuple[str, bool], role: str = "all") -> dict[str, Any]:
        scope = "selected" if entries else "all"
        return {"key": key, **T, "name": key, "role": role, "scope": scope, "customers": named(*entries)}

    def user(key: str, group: str, home: str | None = None, **more: Any) -> dict[str, Any]:
        return {"key": key, **T, "name": key, "login": key, "home": home, "security_groups": [{"group": group}], **more}

    role = {"key": "all", **T, "name": "All", "access_level": "service_provider", "permissions": "all"}
    return {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": "Tenant"}],
        "customers": [
            {"key": key, **T, "name": key, "parent": parent} for key, parent in zip(NODES, parents, strict=True)
        ],
        "sites": [{"key": f"s-{key}", **T, "name": "Gate", "customer": key} for key in NODES],
        "devices": [{"key": f"d-{key}", **T, "name": "D", "customer": key, "site": f"s-{key}"} for key in NODES],
        "roles": [role, {**role, "key": "guard", "access_level": "site", "permissions": ["device.list"]}],
        "security_groups": [
            group("everything"),
            group("some", (NODES[1], True), (NODES[4], False)),
            group("guards", role="guard"),
        ],
        "customer_groups": [
            {"key": "filter", **T, "name": "F", "customers": named((NODES[2], True), (NODES[3], False))}
        ],
        "users": [
            user("boss", "everything"),
            user("below", "everything", NODES[0]),
            user("some", "some"),
            user("filtered", "everything", customer_groups=["filter"]),
            user("guard", "guards", NODES[1], sites=[f"s-{NODES[1]}", f"s-{NODES[5]}"]),
        ],
    }


def after(above: Above, moved: list[tuple[str, str | None]]) -> Above | None:
    """Where everything is once these have moved; None where something would be below itself."""
    found = {**above, **dict(moved)}
    for node in found:
        steps: list[str | None] = [node]
        while steps[-1] is not None:
            steps.append(found[steps[-1]])
            if steps[-1] in steps[:-1]:
                return None
    return found


@settings(max_examples=8)
@given(above=st.lists(st.integers(0, COUNT), min_size=COUNT, max_size=COUNT), changes=moves)
def test_moves(sqlite_database: Database, anew: Database, above: list[int], changes: list[Any]) -> None:
    """Whatever goes where, in one change or several: out of each other, to the root and back, one past the other."""
    empty(sqlite_database)
    world = World(sqlite_database, forest(above))
    ids = world.ids("customer")
    now: Above = {entry["key"]: entry["parent"] for entry in world.document()["customers"]}
    for change in changes:
        moved = list({node: (node, parent) for node, parent in change}.values())
        then = after(now, moved)
        edits = [world.blind("customer", node, parent=ids[parent]) for node, parent in moved]
        if then is None:
            with pytest.raises(Refused, match="cannot be put below itself"):
                world.save("boss", *edits)
        elif then == now:
            with pytest.raises(Refused, match="nothing was changed"):
                world.save("boss", *edits)
        else:
            world.save("boss", *edits)
            now = then
        check(world, anew, now)
    assert audit.verify(world.database)[1] == []


def check(world: World, anew: Database, above: Above) -> None:
    """The tree is as it should be, and as it would be had it been loaded so; nobody sees more or less."""
    document = world.document()
    assert {entry["key"]: entry["parent"] for entry in document["customers"]} == above
    empty(anew)
    load_document(anew, document)
    assert placed(world.database) == placed(anew)
    assert dumped(anew) == world.dump()
    assert maintenance.check(world.database) == []
    oracle = Oracle(document, AT)
    for user in document["users"]:
        viewer = world.viewer(user["login"])
        for kind in ("customers", "devices"):
            assert set(listing.keys(viewer, Listing(kind))) == oracle.listed(user["login"], kind), user["login"]


@pytest.mark.postgres
def test_moves_on_postgresql(postgres_database: Database, anew: Database) -> None:
    """A chain, turned over; two that change places; a subtree to the root and back."""
    world = World(postgres_database, forest([0, 1, 2, 3, 4, 5, 6, 7, 8]))
    ids = world.ids("customer")
    now: Above = {entry["key"]: entry["parent"] for entry in world.document()["customers"]}
    for moved in (
        [("n1", None), ("n0", "n8")],
        [("n5", "n2"), ("n3", "n5")],
        [("n4", None)],
        [("n4", "n0"), ("n0", "n1")],
        [("n3", "n2"), ("n5", "n4")],
    ):
        then = after(now, moved)  # type: ignore[arg-type]
        assert then is not None
        world.save("boss", *(world.blind("customer", node, parent=ids[parent]) for node, parent in moved))
        now = then
        check(world, anew, now)
    with pytest.raises(Refused, match="cannot be put below itself"):
        world.save("boss", world.blind("customer", "n0", parent=ids["n5"]))
    check(world, anew, now)


def test_new_ones_below_moved_ones_and_moved_ones_below_new_ones(sqlite_database: Database, anew: Database) -> None:
    """In one change, in whatever order; and none of it when new ones stand below each other and nowhere else."""
    world = World(sqlite_database, forest([0] * COUNT))
    ids = world.ids("customer")
    before = world.dump()
    change = world.save(
        "boss",
        Edit("customer", -1, None, CustomerState(-2, "inner")),
        world.blind("customer", "n1", parent=-1),
        world.blind("customer", "n0", parent=ids["n1"]),
        Edit("customer", -2, None, CustomerState(ids["n3"], "outer")),
        world.blind("customer", "n3", parent=ids["n2"]),
        Edit("customer", -3, None, CustomerState(ids["n0"], "innermost")),
    )
    now: Above = dict.fromkeys(NODES) | {"inner": "outer", "outer": "n3", "n3": "n2", "n1": "inner", "n0": "n1"}
    check(world, anew, {**now, "innermost": "n0"})
    for edits in (
        [Edit("customer", -1, None, CustomerState(-1, "A"))],
        [Edit("customer", -1, None, CustomerState(-2, "A")), Edit("customer", -2, None, CustomerState(-1, "B"))],
        [
            Edit("customer", -1, None, CustomerState(ids["n0"], "A")),
            Edit("customer", -2, None, CustomerState(-3, "B")),
            Edit("customer", -3, None, CustomerState(-2, "C")),
        ],
        [world.blind("customer", "n2", parent=-1), Edit("customer", -1, None, CustomerState(ids["n2"], "A"))],
    ):
        with pytest.raises(Refused, match="cannot be put below itself"):
            world.save("boss", *edits)
    world.session("boss").undo(change)
    assert world.dump() == before


def test_nested_no_deeper_than_paths_may_be(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is the innermost of all that moves, not the one that is named."""
    monkeypatch.setitem(limits.PATH, "sqlite", len("/1/2/3/4/5/6/7/"))
    world = World(sqlite_database, forest([0, 1, 2, 3, 0, 5, 6, 0, 0]))  # n0 > n1 > n2 > n3 and n4 > n5 > n6
    ids = world.ids("customer")
    before = world.dump()
    for moved in ("n4", "n5", "n6", "n0"):
        target = ids["n6"] if moved == "n0" else ids["n3"]
        edit = world.blind("customer", moved, parent=target)
        if moved in ("n4", "n0"):
            with pytest.raises(Refused, match="nested no deeper than this"):
                world.save("boss", edit)
        else:
            world.session("boss").undo(world.save("boss", edit))
        assert world.dump() == before


@pytest.mark.slow
def test_ten_thousand_at_once(sqlite_database: Database) -> None:
    """A subtree of ten thousand customers moves in one change, whoever looks sees it there at once, and back again."""
    document = forest([0] * COUNT)
    rows = [("n1", f"b{number}") for number in range(100)]
    rows += [(f"b{number % 100}", f"c{number}") for number in range(9_900)]
    document["customers"] += [{"key": key, **T, "name": key, "parent": parent} for parent, key in rows]
    document["devices"] += [{"key": f"x{n}", **T, "name": "X", "customer": f"c{n}"} for n in range(0, 9_900, 99)]
    world = World(sqlite_database, document)
    session = world.session("below")
    seen = (
        session.count(Listing("customers")),
        session.count(Listing("devices")),
    )
    assert seen == (1, 1)
    before, where = world.dump(), placed(world.database)
    change = world.save("boss", world.blind("customer", "n1", parent=world.id("customer", "n0")))
    seen = (
        session.count(Listing("customers")),
        session.count(Listing("devices")),
    )
    assert seen == (10_002, 102)
    assert len(world.session("boss").rows(Listing("audit"), Part(100))) == world.entries() == change == 1
    moved = placed(world.database)
    assert sum(way[:3] == (None, "n0", "n1") for way, *_ in moved.values()) == 10_001
    assert maintenance.check(world.database) == []
    world.session("boss").undo(change)
    assert world.dump() == before
    assert placed(world.database) == where
    with world.database.reading() as connection:
        assert connection.execute(text("SELECT count(DISTINCT change) FROM audit_entry")).scalar_one() == 2
