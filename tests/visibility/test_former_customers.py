"""Whose the past of a deleted customer is: whoever reaches the place that it left with what is nested there."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from support.edits import World
from support.tiers import seeds

from ringfence.domain.audit import AUDIT
from ringfence.domain.errors import RingfenceError
from ringfence.services import audit, listing
from ringfence.services.records import Listing, Part
from ringfence.snapshot.load import load_document
from ringfence.storage import maintenance
from ringfence.storage.engine import Database
from ringfence.visibility.page import Query, binds_of, owners_of
from ringfence.visibility.sql import Shape, statement

T = {"tenant": "t"}
PARENTS = {"a": None, "b": "a", "c": "b", "d": "c", "e": "b", "f": None, "g": "f"}


def document() -> dict[str, Any]:
    """A small tree; for each node of it somebody who sees the audit there and below it, somebody who sees it there
    alone, and somebody whose home it is."""
    nodes = [None, *PARENTS]
    role = {**T, "access_level": "service_provider"}
    named = [(node, nested) for node in nodes for nested in (True, False)]

    def user(login: str, home: str | None, group: str) -> dict[str, Any]:
        return {"key": login, **T, "name": login, "login": login, "home": home, "security_groups": [{"group": group}]}

    return {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": "Station"}],
        "customers": [{"key": key, **T, "name": f"Node {key}", "parent": above} for key, above in PARENTS.items()],
        "roles": [
            {"key": "all", "name": "All", "permissions": "all", **role},
            {"key": "auditing", "name": "Auditing", "permissions": ["audit.view"], **role},
        ],
        "security_groups": [
            {"key": "staff", "name": "Staff", "role": "all", "scope": "all", **T},
            {"key": "own", "name": "Own", "role": "auditing", "scope": "all", **T},
            *(
                {
                    "key": f"{node or 'top'}-{nested}",
                    "name": f"{node} {nested}",
                    "role": "auditing",
                    **T,
                    "scope": "selected",
                    "customers": [{"customer": node, "nested": nested}],
                }
                for node, nested in named
            ),
        ],
        "users": [
            user("boss", None, "staff"),
            *(user(f"{node or 'top'}-{nested}", None, f"{node or 'top'}-{nested}") for node, nested in named),
            *(user(f"at-{node}", node, "own") for node in PARENTS),
        ],
    }


class Past:
    """What happened, and where each node is or was: the rule said once more, slowly."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.above: dict[int, int | None] = {}
        self.nodes: dict[int, int] = {}
        self.look()

    def look(self) -> None:
        """Takes in where the customers are now: those that are gone stay below what they stood below last."""
        with self.world.database.reading() as connection:
            self.above.update(connection.execute(text("SELECT id, parent_id FROM customer")).all())
            entries = connection.execute(text("SELECT number, node_id FROM audit_entry")).all()
        for number, node in entries:
            assert self.nodes.setdefault(number, node) == node  # an entry never changes

    def _way(self, node: int | None) -> list[int]:
        way = []
        while node is not None:
            way.append(node)
            node = self.above[node]
        return way

    def seen(self, login: str) -> list[int]:
        """The entries that somebody may see."""
        known, ids = self.world.document(), self.world.ids("customer")
        (user,) = [one for one in known["users"] if one["login"] == login]
        given = {member["group"] for member in user["security_groups"]}
        groups = [group for group in known["security_groups"] if group["key"] in given]
        live = set(ids.values())

        def reached(node: int) -> bool:
            way = self._way(node)
            return ids[user.get("home")] in way and any(
                group["scope"] == "all"
                or any(
                    ids[entry["customer"]] in way
                    and (entry["nested"] or (ids[entry["customer"]] == node and node in live))
                    for entry in group["customers"]
                )
                for group in groups
            )

        return sorted(number for number, node in self.nodes.items() if reached(node))


def shown(world: World, login: str, **options: Any) -> list[int]:
    """The numbers of the entries that somebody is shown, every way there is; they must agree."""
    viewer, wanted = world.viewer(login), Listing("audit", **options)
    found: Any = list(world.workspace.session(viewer).rows(wanted, Part(1000)))
    assert world.workspace.session(viewer).count(wanted) == len(found)
    assert list(listing.export(viewer, wanted)) == found
    numbers = [one.number for one in found]
    if not options:
        searched: Any = world.workspace.session(viewer).rows(wanted._replace(search="node"), Part(1000))
        assert [one.number for one in searched] == [one.number for one in found if "Node" in one.name]
        for one in found[:: len(found) // 4 + 1]:
            assert world.workspace.session(viewer).audit_detail(one.id).record.number == one.number
            record = (one.kind, one.key)
            of_record = [other.number for other in found if (other.kind, other.key) == record]
            assert shown(world, login, record=record) == of_record
        with viewer.look(AUDIT.permission) as sight:
            extent, query = sight.scope(AUDIT.permission).records, Query(AUDIT)
            binds = {
                **binds_of(sight, query, extent),
                **owners_of(sight, query),
                **dict.fromkeys(("limit", "window", "budget"), 1000),
                "skip": 0,
            }
            for way in ("walk", "gather"):
                shape = Shape(AUDIT, way, postgresql=sight.postgresql)
                rows = sight.connection.execute(statement(shape), binds).all() if extent.intervals else []
                assert [row.number for row in rows] == numbers
                count = shape._replace(counting=True)
                assert not extent.intervals or sight.connection.execute(statement(count), binds).scalar() == len(rows)
    return numbers


def everybody(world: World, past: Past) -> None:
    past.look()
    known: Any = world.session("boss").rows(Listing("audit"), Part(1000))
    for user in world.document()["users"]:
        login = user["login"]
        expected = past.seen(login)
        assert shown(world, login) == expected, login
        hidden = [one.id for one in known if one.number not in expected]
        for own in hidden[:: len(hidden) // 4 + 1]:
            with pytest.raises(RingfenceError, match="this entry is not there"):
                world.session(login).audit_detail(own)
    assert audit.verify(world.database)[1] == []
    assert maintenance.check(world.database) == []


@pytest.mark.parametrize("seed", seeds(2))
@pytest.mark.once
def test_the_past_is_whose_scope_takes_in_its_place(database: Database, seed: int) -> None:
    """Over changes by chance: renaming, deleting, taking that back, moving by hand and by a load, in any order."""
    chance, world = Random(seed), World(database, document())
    past = Past(world)
    for key in PARENTS:
        world.save("boss", world.edit("boss", "customer", key, email=f"{key}@example.org"))
    taken: list[int] = []
    kinds = ["delete", *chance.choices(["delete", "back", "move", "load", "rename"], k=9), "move"]
    for step, kind in enumerate(kinds):
        there = sorted(key for key in world.ids("customer") if key is not None)
        try:
            if kind == "back":
                if taken:
                    world.session("boss").undo(taken.pop())
            elif there:
                key = chance.choice(there)
                to = chance.choice([None, *there])
                if kind == "rename":
                    world.save("boss", world.edit("boss", "customer", key, name=f"Node {key} {step}"))
                elif kind == "delete":
                    taken.append(world.save("boss", world.delete("customer", key)))
                elif kind == "move":
                    world.save("boss", world.edit("boss", "customer", key, parent=world.id("customer", to)))
                else:
                    moved = {"key": key, **T, "name": f"Node {key}", "parent": to}
                    load_document(world.database, {"ringfence": 1, "customers": [moved]})
        except RingfenceError:
            pass  # below itself, or taken back too late
        past.look()
    everybody(world, past)


def test_only_whoever_sees_what_is_nested(sqlite_database: Database) -> None:
    """Somebody who sees the customer above, but not those nested in it, sees nothing of what was nested, before and
    after it is deleted; and so one level up, when that goes too."""
    world = World(sqlite_database, document())
    world.save("boss", world.edit("boss", "customer", "c", email="c@example.org"))
    change = world.save("boss", world.delete("customer", "c"))
    assert [shown(world, f"b-{nested}") for nested in (True, False)] == [[1, 2, 3, 4, 5], []]
    world.save("boss", world.delete("customer", "b"))
    assert shown(world, "a-False") == []
    assert shown(world, "at-a") == shown(world, "a-True") == shown(world, "boss")
    with pytest.raises(RingfenceError, match="not there any more"):
        world.session("boss").undo(change)


@pytest.mark.once
def test_the_past_moves_with_what_it_stood_below(database: Database) -> None:
    """By hand and by a load: whoever sees the place from then on sees what happened at what is gone from there."""
    world = World(database, document())
    before = Past(world)
    world.save("boss", world.edit("boss", "customer", "d", email="d@example.org"))
    world.save("boss", world.delete("customer", "d"))
    past = shown(world, "c-True")
    assert len(past) == 3  # it was edited, and went with what was given there
    assert [shown(world, f"{node}-True") for node in ("b", "f")] == [past, []]
    world.save("boss", world.edit("boss", "customer", "c", parent=world.id("customer", "f")))
    assert [shown(world, f"{node}-True")[:3] for node in ("b", "c", "f")] == [[], past, past]
    load_document(
        world.database, {"ringfence": 1, "customers": [{"key": "f", **T, "name": "Node f", "parent": "e"}]}, "test"
    )
    assert [shown(world, f"{node}-True")[:3] for node in ("b", "c", "f", "g")] == [past, past, past, []]
    everybody(world, before)
