"""Sheets of users, customers and sites by chance, brought by everybody: what is told to be good is saved, gives nobody
more than who brought it has, and is taken back; what is bad changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from support.campaign import given
from support.documents import AT, make_document
from support.edits import World, with_administrators
from support.oracle import Oracle
from support.raising import raises
from support.sheets import SIZES
from support.tree_edits import overfull

from ringfence.services import importing

KEEPING = tuple(f"{kind}.{action}" for kind in ("customer", "site", "user") for action in ("list", "create", "edit"))
ROWS = 7


def rows(chance: Random, kind: str, made: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows of a kind, most of which mean something."""
    customers = [one["key"] for one in made["customers"]]
    known = [one["key"] for one in made[f"{kind}s"] if one["key"] != "full"]
    new = [f"new-{number}" for number in range(ROWS)]
    nodes = ["", "", *customers, chance.choice(made["customers"])["name"], "none such"]
    for number in range(ROWS):
        row: dict[str, Any] = {"key": chance.choice(["", "", chance.choice(known), chance.choice(known), new[number]])}
        row["name"] = chance.choice([f"Name {number}", f"Name {number}", f"Name {number}", "", "x" * 500])
        match kind:
            case "user":
                logins = [one["login"] for one in made["users"]]
                row |= {"login": chance.choice([*logins, *[f"login-{number}"] * len(logins)])}
                row |= {"home": chance.choice(nodes), "active": chance.choice([True, False, None])}
            case "customer":
                row |= {"parent": chance.choice([*nodes, *new, *new]), "email": chance.choice(["", "a@b.example", "a"])}
            case _:
                row |= {"customer": chance.choice(nodes)}
        yield row if chance.random() < 0.9 else {"key": row["key"], "name": row["name"]}


@pytest.mark.parametrize(
    ("engine", "seed"),
    [
        *(("sqlite_database", seed) for seed in range(3)),
        pytest.param("postgres_database", 3, marks=pytest.mark.postgres),
    ],
)
@pytest.mark.once
def test_what_is_good_is_saved_and_gives_nobody_more(request: pytest.FixtureRequest, engine: str, seed: int) -> None:
    chance = Random(seed)
    made = with_administrators(make_document(chance, SIZES), chance)
    for one in made["roles"]:
        if one["permissions"] != "all" and chance.random() < 0.8:
            one["permissions"] = sorted({*one["permissions"], *KEEPING, "customer.move"})
    for one in made["customers"]:
        below = Oracle(made, AT).subtree("t", one["key"])
        there = {f"max_{of}s": sum(each[at] in below for each in made[f"{of}s"]) for of, at in (
            ("user", "home"), ("device", "customer"), ("customer", "parent"))}  # fmt: skip
        one |= {name: count + 1 for name, count in there.items() if chance.random() < 0.3}
    world = World(request.getfixturevalue(engine), made)
    saved = refused = 0
    for user in made["users"]:
        if not user.get("active", True):
            continue
        viewer = world.viewer(user["login"])
        for kind in ("user", "customer", "site", "customer", "user"):
            before = world.document()
            source = json.dumps(list(rows(chance, kind, before))).encode()
            found = importing.read(viewer, source, kind=kind)
            assert len(found.edits) == found.new + found.changed
            assert found.good + found.bad == ROWS
            refused += found.bad
            if not found.edits:
                continue
            change = world.workspace.session(viewer).save(found.edits).change
            saved += found.new + found.changed
            after = world.document()
            assert raises(user["login"], before, after) == given(user["login"], before, after) == []
            assert overfull(after) == []
            world.session("full").undo(change)  # who may do one need not be able to do the other
            assert world.document() == before
    assert saved > 10
    assert refused > 20
