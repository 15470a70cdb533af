"""Coverage: compared with the oracle, person by person; and what is hidden changes nothing in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from support.documents import AT, Sizes, make_document
from support.edits import World, provider
from support.oracle import Oracle
from support.tiers import first

from ringfence.domain.errors import RingfenceError
from ringfence.services.coverage import AHEAD, gaps
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

SIZES = Sizes(customers=9, sites=4, roles=4, groups=6, users=7, exact=True)
PERMISSIONS = ("alarm.manage", "alarm.list", "device.list", "policy.edit")
T = {"tenant": "t"}


def expected(document: dict[str, Any], login: str, permission: str, least: int) -> list[tuple[datetime, set[str]]]:
    """The same, by the oracle: each person asked at each moment at which a membership of anybody begins or ends."""
    oracle = Oracle(document, AT)
    tenant = oracle.user(login)["tenant"]
    customers = [key for key in oracle.visible_nodes(login, "customer.list")[0] if key is not None]
    people = oracle.visible(login, "user.view", "users") & oracle.listed(login, "users")
    logins = [one["login"] for one in document["users"] if one["tenant"] == tenant and one["key"] in people]
    edges = {
        datetime.fromisoformat(moment)
        for one in document["users"]
        for member in one.get("security_groups", [])
        for moment in (member.get("valid_from"), member.get("valid_until"))
        if moment is not None
    }
    found: list[tuple[datetime, set[str]]] = []
    known: set[str] = set()
    for moment in (AT, *sorted(edge for edge in edges if AT < edge <= AT + AHEAD)):
        then = Oracle(document, moment)
        reached = [then.visible_nodes(one, permission)[0] for one in logins]
        few = {key for key in customers if sum(key in nodes for nodes in reached) < least}
        if few != known:
            found.append((moment, few))
        known = few
    return found


@pytest.mark.parametrize("seed", first([0, 1, 2, 3, 4, 6]))
def test_it_is_what_the_oracle_counts(database: Database, seed: int) -> None:
    document = make_document(Random(seed), SIZES)
    load_document(database, document)
    told = 0
    for user in document["users"]:
        viewer = Viewer.sign_in(database, user["login"], AT)
        for permission in PERMISSIONS:
            for least in (1, 2):
                found = [(since, {one.key for one in few}) for since, few in gaps(viewer, permission, least)]
                assert found == expected(document, user["login"], permission, least), (user["login"], permission)
                told += len(found)
    assert told


def windowed() -> dict[str, Any]:
    """The small provider, of which nobody but one, and that one from tomorrow on, manages alarms of beta."""
    made = provider()
    made["roles"].append({"key": "desk", **T, "name": "Desk", "permissions": ["alarm.manage"]} | LEVEL)
    group = {"key": "desks", **T, "name": "Desks", "role": "desk", "scope": "selected"}
    made["security_groups"].append(group | {"customers": [{"customer": "beta"}]})
    begins = (AT + timedelta(days=1)).isoformat()
    staff = next(one for one in made["users"] if one["key"] == "staff")
    staff["security_groups"] = [{"group": "desks", "valid_from": begins}]
    made["users"] = [one for one in made["users"] if one["key"] not in ("boss2",)]
    return made


LEVEL = {"owner": None, "access_level": "service_provider"}


def test_people_and_customers_that_are_hidden_change_nothing(sqlite_database: Database) -> None:
    """Dora opens nobody outside of acme: that others manage its alarms, or none does, is the same to her."""
    found = []
    for others in (True, False):
        document = windowed()
        document["roles"][1]["permissions"] = ["customer.list", "user.list", "user.view"]
        if not others:
            document["users"] = [one for one in document["users"] if one["key"] not in ("staff", "bert")]
            document["customers"] = [one for one in document["customers"] if one["key"] != "gamma"]
        with sqlite_database.writing() as connection:
            for table in ("membership", "user_site", "user_customer_group", "user_account"):
                connection.exec_driver_sql(f"DELETE FROM {table}")
        world = World(sqlite_database, document)
        found.append(list(gaps(world.viewer("dora"), "alarm.manage")))
        with pytest.raises(RingfenceError) as hidden:
            list(gaps(world.viewer("dora"), "alarm.manage", under="beta"))
        with pytest.raises(RingfenceError) as missing:
            list(gaps(world.viewer("dora"), "alarm.manage", under="btea"))
        assert str(hidden.value).replace("beta", "btea") == str(missing.value)
    assert found[0] == found[1]
    assert {one.key for one in found[0][0].customers} == {"acme", "north", "south", "deep"}
