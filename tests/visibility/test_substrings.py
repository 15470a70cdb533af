"""What the indexes of substrings say: who holds a word, who holds it elsewhere than first, and whose those are."""

from __future__ import annotations

from typing import Any

import pytest
from support.wall import MODE

from ringfence.domain.device import DEVICES
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.visibility.column_values import permissions
from ringfence.visibility.members import inside, members
from ringfence.visibility.page import extent_of
from ringfence.visibility.substrings import elsewhere, hits, unbound
from ringfence.visibility.viewer import Viewer

pytestmark = pytest.mark.always

T = {"tenant": "t"}
NAMES = ("gate", "gate gate", "a gate", "ga", "Gatehouse", "east gate", "at", "q")
NEEDLES = ("gate", "ate", "gat", "ga", "e g", "q", "zzz", "house")


def document() -> dict[str, Any]:
    customers = [{**T, "key": f"c{n}", "name": f"c{n}", "parent": None} for n in range(20)]
    group = {**T, "key": "g", "name": "g", "role": "r", "scope": "selected"}
    return {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": "t"}],
        "customers": customers,
        "devices": [
            {**T, "key": f"{name}-{n}", "name": name, "customer": f"c{n}", "kind": "k", "unit_id": f"u{n:02}{at}"}
            for n in range(20)
            for at, name in enumerate(NAMES)
        ],
        "roles": [{**T, "key": "r", "name": "r", "access_level": "service_provider", "permissions": "all"}],
        "security_groups": [{**group, "customers": [{"customer": f"c{n}", "nested": True} for n in (3, 8, 11, 19)]}],
        "users": [{**T, "key": "some", "name": "s", "login": "some", "security_groups": [{"group": "g"}]}],
    }


@pytest.fixture(name="rows")
def _rows(database: Database) -> dict[int, tuple[str, int]]:
    """The search key and the owner of each device, by its id."""
    load_document(database, document())
    with database.reading() as connection:
        found = connection.exec_driver_sql("SELECT id, search_key, customer_id FROM device").all()
    return {row.id: (row.search_key, row.customer_id) for row in found}


@pytest.mark.parametrize("needle", NEEDLES)
def test_who_holds_a_word(database: Database, rows: dict[int, tuple[str, int]], needle: str) -> None:
    there = {own for own, (key, _) in rows.items() if needle in key}
    first = {own for own in there if rows[own][0].startswith(needle)}
    with Viewer.sign_in(database, "some").look(*permissions(DEVICES)) as sight:
        found = hits(sight, DEVICES, needle, 1000)
        assert found is not None
        if MODE == "strict" and database.postgresql:  # what begins with a word, the server tells of what is in sight
            own = {row for row in there if rows[row][1] in seen(rows)}
            assert own <= set(unbound(found.ids)) <= there
            return
        assert (found.count, sorted(unbound(found.ids))) == (len(there), sorted(there))
        if len(needle) > 2:
            others = elsewhere(sight, DEVICES, needle, 1000)
            rest = there - first if database.postgresql else {own for own in there if needle in rows[own][0][1:]}
            assert (others.count, set(unbound(others.ids))) == (len(rest), rest)
        for most in range(len(there)):  # of too many nothing is said, lest some be taken for all
            few = hits(sight, DEVICES, needle, most)
            assert few is not None
            assert (few.count > most, few.ids) == (True, None)
        assert found.begins == (len(first) if len(needle) > 2 or not database.postgresql else 0)
        if database.postgresql:
            own = {row for row in there if rows[row][1] in seen(rows)}
            kept = inside(found, members(sight, DEVICES, extent_of(sight, DEVICES)))
            assert (kept.count, set(kept.ids)) == (len(own), own)


def seen(rows: dict[int, tuple[str, int]]) -> set[int]:
    """The customers in sight: the fourth, ninth, twelfth and last of them."""
    ids = sorted({owner for _, owner in rows.values()})
    return {ids[n] for n in (3, 8, 11, 19)}
