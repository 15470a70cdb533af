"""Limits of customers: counted over the tree as the document has it, and told only to those who see the customer."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from support.documents import AT, Sizes, make_document
from support.oracle import Oracle
from support.tiers import seeds

from ringfence.changes.quota import Overfull, demand_room, overfull
from ringfence.domain.customer import LIMITS, child_path
from ringfence.domain.errors import Refused
from ringfence.snapshot.load import load_document
from ringfence.storage import maintenance
from ringfence.storage.engine import Database

T = {"tenant": "t"}


def demand_told(database: Database) -> None:
    """The look for damage names limits, and nothing else, as exceeded."""
    faults = maintenance.check(database)
    assert faults
    assert all(re.search(r"max_\w+(: and \d+ more$| is \d+, and there are \d+$)", line) for line in faults), faults


def limit(database: Database, key: str | None, **limits: int | None) -> None:
    """Sets limits of a customer (of every root for None) as no edit or load would."""
    values = ", ".join(f"{field} = :{field}" for field in limits)
    which = "parent_id IS NULL" if key is None else "key = :key"
    with database.writing() as connection:
        connection.execute(text(f"UPDATE customer SET {values} WHERE {which}"), {"key": key, **limits})


def found(database: Database, tenant_id: int | None = None, *arguments: Any) -> list[Overfull]:
    """Of a tenant, or of all."""
    with database.reading() as connection:
        every = connection.execute(text("SELECT id FROM tenant")).scalars().all()
        return overfull(connection, every if tenant_id is None else [tenant_id], *arguments)


def nodes(database: Database) -> dict[tuple[str, str | None], Any]:
    query = "SELECT t.key AS tenant, c.key, c.id, c.tenant_id, c.name, c.path FROM customer c JOIN tenant t "
    with database.reading() as connection:
        rows = connection.execute(text(f"{query} ON t.id = c.tenant_id")).all()
    return {(row.tenant, row.key): row for row in rows}


def counts(oracle: Oracle, tenant: str, node: str | None) -> dict[str, int]:
    """What each limit of a node counts, entry by entry of the document."""
    below = oracle.subtree(tenant, node)
    return {
        "max_users": sum(user.get("home") in below for user in oracle.records(tenant, "users").values()),
        "max_devices": sum(device["customer"] in below for device in oracle.records(tenant, "devices").values()),
        "max_customers": len(below) - 1,
    }


@pytest.mark.parametrize("seed", seeds(2))
def test_every_limit_is_counted_over_the_tree(database: Database, seed: int) -> None:
    document = make_document(Random(seed), Sizes(customers=60, devices=50, users=20, exact=True))
    load_document(database, document)
    oracle, chance = Oracle(document, AT), Random(seed)
    assert found(database) == []
    wanted: list[Overfull] = []
    with database.writing() as connection:
        for (tenant, key), row in nodes(database).items():
            for field, count in counts(oracle, tenant, key).items():
                most = chance.choice([None, max(0, count - 1), count, count + 1])
                connection.execute(
                    text(f"UPDATE customer SET {field} = :most WHERE id = :id"), {"most": most, "id": row.id}
                )
                if most is not None and most < count:
                    wanted.append(Overfull(row.id, row.tenant_id, key, row.name, row.path, field, most, count))
    wanted.sort(key=lambda one: (one.path, one.field))
    assert len(wanted) > 20
    assert {one.field for one in wanted} == set(LIMITS)
    assert found(database) == wanted
    every = [row.id for row in nodes(database).values()]
    for tenant_id in {row.tenant_id for row in nodes(database).values()}:
        assert found(database, tenant_id) == [one for one in wanted if one.tenant_id == tenant_id]
        some = set(chance.sample(every, 40))
        among = [one for one in wanted if one.customer_id in some]
        assert found(database, None, some) == among
        assert found(database, tenant_id, iter(some)) == [one for one in among if one.tenant_id == tenant_id]
    assert found(database, None, []) == []
    demand_told(database)


def tree() -> dict[str, Any]:
    """north > rotterdam > dock with a device each and two users at the dock, and west beside it."""
    parents = {"north": None, "rotterdam": "north", "dock": "rotterdam", "west": None}
    customers = [{"key": key, **T, "name": key.title(), "parent": parent} for key, parent in parents.items()]
    devices = [{"key": f"d-{key}", **T, "name": "D", "customer": key} for key in parents]
    users = [{"key": key, **T, "name": key, "login": key, "home": "dock"} for key in ("u", "v")]
    tenant = {"key": "t", "name": "Tenant"}
    return {"ringfence": 1, "tenants": [tenant], "customers": customers, "devices": devices, "users": users}


def refusal(database: Database, *keys: str, seen: bool = True) -> str:
    """What is said when records come to these customers; empty when there is room."""
    known = nodes(database)
    with database.reading() as connection:
        try:
            demand_room(
                connection,
                known["t", None].tenant_id,
                [known["t", key].path for key in keys],
                lambda *_: seen,
            )
        except Refused as error:
            return f"{error.field}{error}"
    return ""


def test_who_is_full_is_told(database: Database) -> None:
    load_document(database, tree())
    limit(database, "north", max_devices=3, max_users=2, max_customers=2)
    assert refusal(database, "north", "rotterdam", "dock", "west") == ""
    for limits, said in (
        ({"max_devices": 2}, "“North” may have at most 2 devices, with those nested in it: this would make 3"),
        ({"max_devices": 1}, "“North” may have at most 1 device, with those nested in it: this would make 3"),
        ({"max_users": 0}, "“North” may have at most 0 users, with those nested in it: this would make 2"),
        ({"max_customers": 1}, "“North” may have at most 1 nested customer: this would make 2"),
    ):
        limit(database, "north", **{**dict.fromkeys(LIMITS), **limits})
        for key in ("north", "rotterdam", "dock"):
            assert refusal(database, key) == said
            assert refusal(database, "west", key) == said
        assert refusal(database, "west") == refusal(database) == ""
        demand_told(database)


def test_who_is_full_and_not_seen_is_not_named(database: Database) -> None:
    load_document(database, tree())
    for field, noun in (("max_devices", "devices"), ("max_users", "users"), ("max_customers", "customers")):
        limit(database, "north", **{**dict.fromkeys(LIMITS), field: 0})
        said = refusal(database, "dock", seen=False)
        assert said == f"there is no room for more {noun} here: a limit above allows no more"


def test_of_several_one_that_is_seen_is_named(database: Database) -> None:
    load_document(database, tree())
    for key in (None, "north", "dock"):
        limit(database, key, max_devices=0)
    known = nodes(database)
    own = known["t", "rotterdam"].path
    with database.reading() as connection, pytest.raises(Refused, match="“Dock” may have at most 0 devices"):
        demand_room(connection, known["t", None].tenant_id, [known["t", "dock"].path], lambda _, path: path > own)
    assert refusal(database, "west").startswith("“Tenant” may have at most 0 devices")


def test_a_limit_of_another_tenant_is_none_of_ours(database: Database) -> None:
    load_document(database, tree())
    load_document(database, {"ringfence": 1, "tenants": [{"key": "other", "name": "Other"}]})
    limit(database, "north", max_devices=0)
    known = nodes(database)
    with database.reading() as connection:
        demand_room(connection, known["other", None].tenant_id, [known["t", "dock"].path], lambda *_: True)


def test_many_places_at_once(database: Database) -> None:
    """More of them than a statement may have variables."""
    load_document(database, tree())
    limit(database, "north", max_devices=2)
    known = nodes(database)
    root = known["t", None]
    paths = [child_path(root.path, number) for number in range(100_000, 120_000)]
    with database.reading() as connection:
        demand_room(connection, root.tenant_id, paths, lambda *_: True)
        with pytest.raises(Refused, match="“North” may have at most 2 devices"):
            demand_room(connection, root.tenant_id, [*paths, known["t", "dock"].path], lambda *_: True)
