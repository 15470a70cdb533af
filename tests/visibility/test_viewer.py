"""A viewer keeps up: with changes of access, with the clock, and with others who change things at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from support.documents import AT, Sizes, make_document
from support.oracle import LISTING, Oracle
from support.tiers import seeds
from support.unwritable import held, stored_scopes

from ringfence.domain.errors import RingfenceError
from ringfence.domain.registry import KINDS, kind_named, kind_of_noun
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.visibility import scopes, viewer
from ringfence.visibility.counting import count
from ringfence.visibility.page import Query, Window, every, page
from ringfence.visibility.viewer import Pair, Viewer

T = {"tenant": "t"}
OTHER = {"key": "v", "login": "v", "name": "V"}


def document(nested: bool = True, **window: datetime | None) -> dict[str, Any]:
    """One user, who is given customer a."""
    role = {"key": "r", **T, "name": "R", "access_level": "service_provider", "permissions": "all"}
    group = {"key": "g", **T, "name": "G", "role": "r", "scope": "selected"}
    member = {"group": "g", **{name: moment and moment.isoformat() for name, moment in window.items()}}
    return {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": "T"}],
        "customers": [{"key": "a", **T, "name": "A"}, {"key": "b", **T, "name": "B"}],
        "roles": [role],
        "security_groups": [{**group, "customers": [{"customer": "a", "nested": nested}]}],
        "users": [{"key": "u", **T, "name": "U", "login": "u", "security_groups": [member]}],
    }


def seen(found: Viewer) -> set[str]:
    with found.look("customer.list") as sight:
        return {row.key for row in every(sight, Query(KINDS["customers"]))}


def test_the_clock_opens_and_closes_a_membership_for_a_viewer_that_stays(database: Database) -> None:
    load_document(database, document(valid_from=AT, valid_until=AT + timedelta(hours=1)))
    found = Viewer.sign_in(database, "u", AT - timedelta(seconds=1))
    assert seen(found) == set()
    for moment, keys in (
        (AT, {"a"}),
        (AT + timedelta(minutes=59), {"a"}),
        (AT + timedelta(hours=1), set()),
        (AT, {"a"}),  # a clock that is set back
        (AT - timedelta(seconds=1), set()),
    ):
        found.at = moment
        assert seen(found) == keys


@pytest.mark.parametrize("nested", [True, False])
def test_a_new_child_is_covered_at_once_where_the_entry_is_nested(database: Database, nested: bool) -> None:
    load_document(database, document(nested))
    found = Viewer.sign_in(database, "u")
    assert seen(found) == {"a"}
    load_document(database, {"ringfence": 1, "customers": [{"key": "c", **T, "name": "C", "parent": "a"}]})
    assert seen(found) == ({"a", "c"} if nested else {"a"})
    load_document(database, {"ringfence": 1, "customers": [{"key": "c", **T, "name": "C", "parent": "b"}]})
    assert seen(found) == {"a"}


def test_stored_scopes_do_not_pile_up(database: Database) -> None:
    for _ in range(5):
        load_document(database, document())
        seen(Viewer.sign_in(database, "u"))
    with database.reading() as connection:
        for table in ("scope", "scope_interval"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 1


def test_many_threads_that_look_while_access_changes(database: Database) -> None:
    """Each look sees the one state or the other, never a mixture, and nobody is refused."""
    documents = [document(), document()]
    documents[1]["customers"][1]["parent"] = "a"
    load_document(database, documents[0])
    found = Viewer.sign_in(database, "u")

    def look(_: int) -> set[str]:
        return seen(found)

    with ThreadPoolExecutor(4) as pool:
        looks = [pool.submit(look, number) for number in range(60)]
        for number in range(8):
            load_document(database, documents[(number + 1) % 2])
        results = [frozenset(future.result()) for future in looks]
    assert set(results) <= {frozenset({"a"}), frozenset({"a", "b"})}
    assert seen(found) == {"a"}


def test_what_is_stored_for_a_version_is_of_that_version(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though a change may land at any moment while it is worked out."""
    documents = [document(), document()]
    documents[1]["customers"][1]["parent"] = "a"
    load_document(database, documents[0])
    work_out = scopes.work_out
    landed: list[bool] = []

    def working(*given: Any) -> Any:
        if not landed:
            landed.append(True)
            load_document(database, documents[1])
        return work_out(*given)

    monkeypatch.setattr(viewer, "work_out", working)
    found = Viewer.sign_in(database, "u")
    assert seen(found) == {"a", "b"}  # what was worked out first was of a version gone by then
    assert landed
    assert seen(found) == {"a", "b"}
    with database.reading() as connection:
        versions = connection.execute(text("SELECT DISTINCT version FROM scope")).scalars().all()
        assert versions == [connection.execute(text("SELECT version FROM tenant")).scalar_one()]


def test_what_another_thread_stores_meanwhile_is_not_taken_for_seen(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scope that is stored while a transaction goes on is not in that transaction, whoever knows of it."""
    load_document(database, document())
    found = Viewer.sign_in(database, "u")
    stand = Viewer.stand
    waiting = [True]

    def standing(self: Viewer, *given: Any) -> Any:
        own = stand(self, *given)
        if waiting:
            waiting.clear()
            with ThreadPoolExecutor(1) as other:
                assert other.submit(seen, found).result() == {"a"}
        return own

    monkeypatch.setattr(Viewer, "stand", standing)
    assert seen(found) == {"a"}


def test_a_look_waits_for_nobody_who_writes(database: Database) -> None:
    """Neither the first look of all, nor the first after a change of access, nor one together with somebody else."""
    load_document(database, {**document(), "users": [*document()["users"], {**document()["users"][0], **OTHER}]})
    found, other = Viewer.sign_in(database, "u"), Viewer.sign_in(database, "v")
    for nested in (True, False):
        with held(database):
            began = stored_scopes(database)
            assert seen(found) == {"a"}
            with Pair(found, other).look("customer.list") as (*_, both):
                assert {row.key for row in every(both, Query(KINDS["customers"]))} == {"a"}
            if not database.postgresql:
                assert stored_scopes(database) == began
        load_document(database, document(nested))
    later = Viewer.sign_in(database, "u")
    assert seen(later) == {"a"}
    assert stored_scopes(database)


@contextmanager
def refused(said: str) -> Iterator[None]:
    with pytest.raises(RingfenceError, match=said) as caught:
        yield
    assert "\n" not in str(caught.value)


def test_what_there_is_none_of(sqlite_database: Database) -> None:
    load_document(sqlite_database, document())
    with refused("nobody has the login"):
        Viewer.sign_in(sqlite_database, "nobody")
    with refused("there is no permission"), Viewer.sign_in(sqlite_database, "u").look("device.fly"):
        pass
    with refused("there is no kind"):
        kind_named("sensors")
    with refused("there is no kind of record"):
        kind_of_noun("sensor")
    with refused("customers sort by name"):
        Query(KINDS["customers"], sort="unit_id")


@pytest.mark.parametrize("search", ["\x00", "a\x1fb", "\ud800", "\x7f", "\x9b"])
def test_what_no_name_holds_is_not_found(database: Database, search: str) -> None:
    load_document(database, document())
    with Viewer.sign_in(database, "u").look("customer.list") as sight:
        query = Query(KINDS["customers"], search=search)
        assert list(every(sight, query)) == []
        assert page(sight, query, Window(from_end=True)) == []
        assert count(sight, query) == 0


@pytest.mark.parametrize("seed", seeds(4))
def test_two_users_together(database: Database, seed: int) -> None:
    """In reach of both together is what either sees."""
    made = make_document(Random(seed), Sizes(tenants=1, customers=12, groups=6, users=5, exact=True))
    load_document(database, made)
    oracle = Oracle(made, AT)
    logins = [user["login"] for user in made["users"]]
    for left in logins[:3]:
        for right in logins[3:]:
            pair = Pair(Viewer.sign_in(database, left, AT), Viewer.sign_in(database, right, AT))
            with pair.look(LISTING["customers"]) as sights:
                found = [{row.key for row in every(sight, Query(KINDS["customers"]))} for sight in sights]
            own = [oracle.listed(login, "customers") for login in (left, right)]
            assert found == [*own, own[0] | own[1]]


def test_two_users_of_two_tenants(sqlite_database: Database) -> None:
    made = make_document(Random(1))
    load_document(sqlite_database, made)
    with refused("different tenants"):
        Pair(Viewer.sign_in(sqlite_database, "login-t0-0"), Viewer.sign_in(sqlite_database, "login-t1-0"))
