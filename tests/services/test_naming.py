"""What keys and logins begin with: as far as somebody sees them, in their order, compared with the oracle."""

from __future__ import annotations

from random import Random

import pytest
from support.documents import AT, Sizes, make_document
from support.edits import World, with_administrators
from support.oracle import Oracle
from support.tiers import seeds

from ringfence.services import naming
from ringfence.storage.engine import Database

SIZES = Sizes(tenants=2, customers=12, sites=10, devices=60, roles=4, groups=6, filters=4, users=8, exact=True)
KINDS = ("customers", "sites", "devices", "edges", "security-groups", "customer-groups", "roles")


@pytest.mark.parametrize("seed", seeds(3))
def test_keys_that_begin_so_are_those_in_sight(database: Database, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    chance = Random(seed)
    world = World(database, with_administrators(make_document(chance, SIZES), chance))
    oracle = Oracle(world.document(), AT)
    if seed:  # in several parts, of which some hold nothing that is in sight
        monkeypatch.setattr(naming, "_BEGUN", seed)
        monkeypatch.setattr(naming, "_PARTS", 1000)
    told = 0
    for user in oracle.document["users"]:
        viewer = world.viewer(user["login"])
        for kind in KINDS:
            seen = sorted(oracle.listed(user["login"], kind))
            for begun in ("", *{key[:1] for key in seen}, *{key[:2] for key in seen}, "\U0010ffff", "%", "_"):
                wanted = [key for key in seen if key.startswith(begun)]
                assert naming.beginning(viewer, kind, begun, 50) == wanted[:50], (user["login"], kind, begun)
                assert naming.beginning(viewer, kind, begun, 2) == wanted[:2]
            told += len(seen)
        own = [one for one in oracle.document["users"] if one["tenant"] == user["tenant"]]
        logins = {one["key"]: one["login"] for one in own}
        seen = sorted((logins[key] for key in oracle.listed(user["login"], "users")), key=str.casefold)
        assert naming.beginning(viewer, "users", "", 50) == seen
        for login in seen:
            assert login in naming.beginning(viewer, "users", login.upper(), 50)
    assert told
