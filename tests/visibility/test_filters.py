"""Filters: what is hidden decides nothing of what they find; and the audit is found by what it shows."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import pytest
from support.asker import MORE, TEXTS
from support.databases import empty
from support.documents import AT, make_document
from support.edits import World
from support.filters import some_filter
from support.oracle import LISTING, SHOWN, Oracle
from support.tiers import seeds

from ringfence.console.widgets.choices import COLUMNS, Choices
from ringfence.domain import account
from ringfence.domain.audit import note, what
from ringfence.domain.errors import WrongFilter
from ringfence.domain.filter import narrows, terms
from ringfence.domain.registry import KINDS
from ringfence.services import accounts, choices, customers, listing
from ringfence.services.records import Listing, Part
from ringfence.services.rows import AuditRecord
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.visibility import tree
from ringfence.visibility.counting import count, place
from ringfence.visibility.page import Query, every
from ringfence.visibility.viewer import Viewer

LEAK = "Leak Étoile"
KEPT = {"customers": "customers", "sites": "sites", "roles": "roles", "users": "users"}


@pytest.fixture(params=["little", "much"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether so little is there that it is gone through, or what is named is looked up first."""
    if request.param == "much":
        monkeypatch.setattr("ringfence.visibility.page.tiny", lambda *_: False)
        monkeypatch.setattr("ringfence.visibility.page.little", lambda *_: False)
        monkeypatch.setattr("ringfence.visibility.page.at_hand", lambda *_: False)
        monkeypatch.setattr("ringfence.visibility.naming._NEAR", 0)
        monkeypatch.setattr("ringfence.visibility.naming._SHORT", 1)
    return str(request.param)


def renamed(document: dict[str, Any], oracle: Oracle, login: str) -> dict[str, Any]:
    """The document with other names for whatever the user may not list."""
    other = copy.deepcopy(document)
    tenant = oracle.user(login)["tenant"]
    forest = oracle.forest(login)
    for listed, kind in KEPT.items():
        seen = oracle.visible(login, LISTING[kind], kind)
        for entry in other[listed]:
            if entry["tenant"] != tenant or entry["key"] not in seen:
                entry["name"] = f"{LEAK} {entry['key']}"
    for entry in other["tenants"]:
        if entry["key"] != tenant or None not in forest:
            entry["name"] = LEAK
    return other


def answers(database: Database, login: str, kind: str, filters: list[str]) -> list[Any]:
    found: list[Any] = []
    with Viewer.sign_in(database, login, AT).look(*LISTING.values()) as sight:
        for typed in filters:
            query = Query(KINDS[kind], typed)
            rows = list(every(sight, query, size=2))
            found.append((typed, [row.key for row in rows], count(sight, query)))
            found.append([place(sight, query, row.id) for row in rows[:2]])
        if kind == "customers":
            for typed in filters:
                found.append(sorted(str(row.key) for row in tree.matching(sight, typed, 1000)[0]))
    return found


@pytest.mark.parametrize("seed", seeds(200, 204))
@pytest.mark.usefixtures("size")
@pytest.mark.once
def test_hidden_names_decide_nothing(database: Database, seed: int) -> None:
    """Whatever is called otherwise that somebody may not list, every filter finds the same for them."""
    document = make_document(Random(seed), MORE)
    oracle, chance = Oracle(document, AT), Random(seed)
    for user in document["users"]:
        login = user["login"]
        asked = {}
        for kind in (*KEPT.values(), "devices", "edges", "security-groups", "customer-groups"):
            some = [some_filter(chance, SHOWN[kind], TEXTS).typed for _ in range(4)]
            named = [f"{one}:leak" for one in SHOWN[kind]] + [f'{one}:""' for one in SHOWN[kind]]
            asked[kind] = [*some, "leak", "-leak", "^leak", *chance.sample(named, min(3, len(named)))]
        found = []
        for one in (document, renamed(document, oracle, login)):
            empty(database)
            load_document(database, one)
            found.append({kind: answers(database, login, kind, filters) for kind, filters in asked.items()})
        assert found[0] == found[1], login


# Where a filter is asked of other things than lists.


@pytest.mark.once
def test_a_picker_finds_what_the_database_finds(database: Database) -> None:
    """Customers are chosen from in memory: every filter finds those that the tree finds, also when one types on."""
    some = 0
    for seed in range(300, 304):
        document, chance = make_document(Random(seed), MORE), Random(seed)
        empty(database)
        load_document(database, document)
        for user in document["users"]:
            viewer = Viewer.sign_in(database, user["login"], AT)
            found = choices.customers(viewer)
            given = Choices(found.ids, found.names, found.folded, found.parents, found.own, found.below)
            for _ in range(12):
                some += _finds_alike(viewer, given, chance)
    assert some


def _finds_alike(viewer: Viewer, given: Choices, chance: Random) -> bool:
    """Whether a filter that is made by chance finds some and not all."""
    typed = some_filter(chance, ("name",), TEXTS).typed
    wanted = terms(COLUMNS, typed)
    ranks = list(given.matching(wanted))
    with viewer.look(*LISTING.values()) as sight:
        root = {row.id for row in tree.roots(sight) if row.parent_id is None}
        assert {given.ids[rank] for rank in ranks} == set(tree.matching(sight, typed, 1000)[1]) - root, typed
    assert [rank for rank in range(len(given)) if given.fits(wanted, rank)] == ranks, typed
    before = terms(COLUMNS, typed[: chance.randint(0, len(typed))])
    if narrows(wanted, before):
        assert list(given.matching(wanted, given.matching(before))) == ranks, typed
    return 0 < len(ranks) < len(given)


@pytest.mark.parametrize("seed", seeds(300, 303))
def test_those_who_can_sign_in_are_found_by_what_is_said_of_them(database: Database, seed: int) -> None:
    document, chance = make_document(Random(seed), MORE), Random(seed)
    empty(database)
    load_document(database, document)
    providers = {one["key"]: one["name"] for one in document["tenants"]}
    homes = {(one["tenant"], one["key"]): one["name"] for one in document["customers"]}
    said = {
        user["login"]: {
            "login": user["login"],
            "name": user["name"],
            "email": user.get("email", ""),
            "home": homes[user["tenant"], user["home"]] if user.get("home") else account.STAFF,
            "active": "active" if user.get("active", True) else "inactive",
            "provider": providers[user["tenant"]],
        }
        for user in document["users"]
    }
    texts = [*TEXTS, "staff", "active", "inactive", *said, *providers.values(), *homes.values()]
    some = 0
    for _ in range(150):
        wanted = some_filter(chance, [*next(iter(said.values()))], texts)
        expected = {login for login, shown in said.items() if wanted.fits(shown)}
        got = accounts.accounts(database, wanted.typed, Part(1000))
        assert {one.login for one in got} == expected, wanted
        assert accounts.account_count(database, wanted.typed) == len(expected), wanted
        some += 0 < len(expected) < len(said)
    assert some
    for wrong in ("colour:red", " ".join(map(str, range(100, 120)))):
        with pytest.raises(WrongFilter):
            accounts.accounts(database, wrong, Part(10))
    assert not accounts.accounts(database, "\x00", Part(10))
    assert accounts.account_count(database, "-\x00") == len(said)


# The audit.

T = {"tenant": "t"}


def audited() -> dict[str, Any]:
    """Somebody who sees all, and somebody who lists the audit and users of one customer alone."""
    role = {**T, "access_level": "service_provider"}
    listing_all = [*LISTING.values(), "device.edit", "device.view", "site.view"]
    group = {**T, "scope": "all", "customers": []}

    def user(login: str, home: str | None, of: str) -> dict[str, Any]:
        return {"key": login, **T, "name": login, "login": login, "home": home, "security_groups": [{"group": of}]}

    return {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": "Station"}],
        "customers": [{"key": key, **T, "name": key.title()} for key in ("alpha", "bravo")],
        "devices": [
            {"key": f"{key}-{n}", **T, "name": f"Pump {n}", "customer": key}
            for key in ("alpha", "bravo")
            for n in range(3)
        ],
        "roles": [
            {"key": "all", "name": "All", "permissions": "all", **role},
            {"key": "some", "name": "Some", "permissions": listing_all, "owner": "alpha", **role},
        ],
        "security_groups": [
            {"key": "staff", "name": "Staff", "role": "all", **group},
            {"key": "alphas", "name": "Alphas", "role": "some", "owner": "alpha", **group},
        ],
        "users": [user("Björn-ÖST", None, "staff"), user("anna", "alpha", "alphas")],
    }  # fmt: skip


@pytest.fixture
def world(database: Database) -> World:
    """Changes by both of them, one of them taken back."""
    found = World(database, audited())
    found.save("anna", found.edit("anna", "device", "alpha-0", name="Pump Éins"))
    found.save("Björn-ÖST", found.edit("Björn-ÖST", "device", "alpha-1", name="Undone pump"))
    change = found.save("Björn-ÖST", found.blind("device", "alpha-2", customer=found.id("customer", "bravo")))
    found.session("Björn-ÖST").undo(change)
    found.save("Björn-ÖST", found.edit("Björn-ÖST", "device", "bravo-0", name="Gate"))
    return found


def shown(entry: AuditRecord) -> dict[str, str]:
    said = note(undone=entry.undone, undoes=entry.undoes)
    what_was = what(entry.action, entry.kind, entry.name)
    return {"who": entry.actor, "what": what_was, "note": said, "origin": entry.origin}


WORDS = (*("Björn-ÖST", "björn", "anna", "assigned device “Pump 2”", "edited", "handed over", "undone", "an undo"),
         *("test", "Pump Éins", "gate", "customer", "no such"))  # fmt: skip


@pytest.mark.parametrize("record", [None, ("device", "alpha-2"), ("device", "alpha-0")])
@pytest.mark.parametrize("login", ["Björn-ÖST", "anna"])
@pytest.mark.once(3)
def test_the_audit_is_found_by_what_it_shows(world: World, login: str, record: tuple[str, str] | None) -> None:
    viewer = world.viewer(login)
    entries: Any = list(listing.rows(viewer, Listing("audit", record=record), Part(100)))
    assert entries
    chance, found = Random(len(login)), 0
    for _ in range(60):
        wanted = some_filter(chance, SHOWN["audit"], WORDS)
        asked = Listing("audit", wanted.typed, record=record)
        keys = {one.number for one in entries if wanted.fits(shown(one))}
        got: Any = listing.rows(viewer, asked, Part(100))
        assert {one.number for one in got} == keys, wanted
        assert listing.count(viewer, asked) == len(keys), wanted
        exported: Any = listing.export(viewer, asked)
        assert {one.number for one in exported} == keys
        found += 0 < len(keys) < len(entries)
    assert found or len(entries) == 1


def test_an_actor_who_is_hidden_is_not_sought(world: World) -> None:
    """Anna sees what Björn did to her devices, and not that it was him."""
    anna = world.viewer("anna")
    for typed in ("björn", "who:björn", "^björn", "öst"):
        assert listing.count(anna, Listing("audit", typed)) == 0
        assert listing.count(world.viewer("Björn-ÖST"), Listing("audit", typed)) > 0
    everything = listing.count(anna, Listing("audit"))
    assert listing.count(anna, Listing("audit", "-björn")) == everything
    assert listing.count(anna, Listing("audit", 'who:""')) == everything - 1


def test_a_filter_that_cannot_be_understood_is_refused_wherever_it_is_asked(world: World) -> None:
    viewer, wrong = world.viewer("anna"), Listing("devices", "colour:red")
    for ask in (
        lambda: listing.rows(viewer, wrong, Part()),
        lambda: listing.count(viewer, wrong),
        lambda: list(listing.export(viewer, wrong)),
        lambda: listing.place(viewer, wrong, 1),
        lambda: listing.rows(viewer, Listing("audit", "x:y", record=("device", "alpha-0")), Part()),
        lambda: customers.matching(viewer, "x:y"),
    ):
        with pytest.raises(WrongFilter):
            ask()
