"""A kind of record that no room names is listed, counted, found, opened, created, edited, deleted and undone as the
rule says: compared with the oracle, on both engines, by editors who hold some rights over some customers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from support.campaign import with_editors
from support.databases import dumped
from support.documents import AT
from support.edits import TABLES, World
from support.oracle import Node, Oracle
from support.scratch import ORDERS, OrderState, declared

from ringfence.domain import clock
from ringfence.domain.customer import CustomerState
from ringfence.domain.errors import Conflict, InvalidDocument, Refused, RingfenceError
from ringfence.domain.kind import altered
from ringfence.services import access, audit, editing, exporting, listing, previewing
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database

KIND = ORDERS.name
COUNT = 9


class Orders:
    """A world with some of them, each known by its key: where it belongs, where it stands, what it is called."""

    def __init__(self, database: Database, seed: int) -> None:
        chance = self.chance = Random(seed)
        self.world = World(database, with_editors(chance))
        self.oracle = Oracle(self.world.document(), AT)
        self.nodes = self.world.ids("customer")
        sites = self.world.ids("site")
        owners = {one["key"]: one["customer"] for one in self.oracle.document["sites"]}
        self.known: dict[str, tuple[Node, str | None, str]] = {}
        edits = []
        for number in range(COUNT):
            node = chance.choice(list(self.nodes)) if number else next(iter(owners.values()))
            here = [site for site, owner in owners.items() if owner == node]
            site = chance.choice([None, *here]) if number else here[0]
            name = f"{chance.choice(['Mend', 'Paint', 'Look at'])} no. {number}"
            self.known[f"o{number}"] = (node, site, name)
            state = OrderState(self.nodes[node], name, site=sites[site] if site else None, notes="One\nTwo")
            edits.append(Edit(ORDERS.noun, -number - 1, None, state))
        made = editing.save(self.world.viewer("full"), edits, "test").created
        self.ids = {f"o{number}": made[-number - 1] for number in range(COUNT)}
        with database.writing() as connection:
            for key, own in self.ids.items():
                connection.exec_driver_sql(f"UPDATE {ORDERS.table} SET key = '{key}' WHERE id = {own}")

    @property
    def logins(self) -> list[str]:
        return [one["login"] for one in self.oracle.document["users"]]

    def held(self, login: str, permission: str) -> set[str]:
        """What a permission reaches, by the rule as the oracle states it."""
        wide, narrow = self.oracle.visible_nodes(login, permission)
        sites = self.oracle.site_keys(login)
        return {
            key for key, (node, site, _) in self.known.items() if node in wide or (node in narrow and site in sites)
        }

    def rows(self) -> list[Any]:
        """All of them as they are kept, but for their revisions."""
        columns = "key, customer_id, name, urgency, site_id, worker_id, notes, search_key"
        with self.world.database.reading() as connection:
            return list(connection.exec_driver_sql(f"SELECT {columns} FROM {ORDERS.table} ORDER BY key"))


@pytest.fixture(params=[1, 3])
def orders(request: pytest.FixtureRequest, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Orders]:
    monkeypatch.setattr(clock, "now", lambda: AT)
    monkeypatch.setitem(TABLES, ORDERS.noun, ORDERS.table)
    with declared(database):
        yield Orders(database, request.param)


def test_it_is_listed_counted_found_and_asked_about(orders: Orders) -> None:
    told = 0
    for login in orders.logins:
        viewer = orders.world.viewer(login)
        wanted = orders.held(login, "ticket.list")
        told += len(wanted)
        found = listing.rows(viewer, Listing(KIND), Part(100))
        assert {one.key for one in found} == wanted, login
        assert [one.name for one in found] == sorted((one.name for one in found), key=str.casefold)
        assert listing.count(viewer, Listing(KIND)) == len(wanted)
        assert {one.key for one in listing.export(viewer, Listing(KIND))} == wanted
        for searched in ("mend", "NO. 1", "at no"):
            some = {key for key in wanted if searched.casefold() in orders.known[key][2].casefold()}
            assert set(listing.keys(viewer, Listing(KIND, f'name:"{searched}"'))) == some
        for permission in ("ticket.list", "ticket.view", "ticket.edit", "ticket.delete"):
            held = orders.held(login, permission)
            assert {key for key in orders.known if access.can(viewer, permission, f"work_order:{key}")} == held
        customers = orders.oracle.listed(login, "customers")
        sites = orders.oracle.listed(login, "sites")
        for one in found:
            node, site, _ = orders.known[one.key]
            assert one.owner_key == (node if node in customers else None), "a hidden owner has no name"
            assert one.fields()["site"] == (site if site in sites else None)
    assert told


def test_it_is_opened_by_those_who_may_view_it(orders: Orders) -> None:
    for login in orders.logins:
        viewer = orders.world.viewer(login)
        for key, own in orders.ids.items():
            if key in orders.held(login, "ticket.view"):
                opened = editing.open_record(viewer, ORDERS.noun, own)
                site = orders.known[key][1]
                seen = site in orders.oracle.listed(login, "sites")
                assert (opened.state.site is not None) is (site is not None and seen)
                assert (opened.why_not == "") is (key in orders.held(login, "ticket.edit"))
            else:
                with pytest.raises(RingfenceError, match="this work order is not there any more"):
                    editing.open_record(viewer, ORDERS.noun, own)


@pytest.mark.once
def test_it_is_edited_and_deleted_and_undone_by_the_rule(orders: Orders) -> None:
    world, before = orders.world, orders.rows()
    done = 0
    for login in orders.logins:
        viewer = world.viewer(login)
        listed, edited = orders.held(login, "ticket.list"), orders.held(login, "ticket.edit")
        deleted, viewed = orders.held(login, "ticket.delete"), orders.held(login, "ticket.view")
        for key, own in orders.ids.items():
            for verb, held in (("edit", edited), ("delete", deleted)):
                state, revision = world.state(ORDERS.noun, own)
                after = replace(state, name="Other", urgency="high") if verb == "edit" else None  # type: ignore[type-var]
                edit = Edit(ORDERS.noun, own, state, after, revision)
                if key in held:
                    assert previewing.preview(viewer, [edit]).refusal == ""
                    change = editing.save(viewer, [edit], "test").change
                    assert orders.rows() != before
                    own = orders.ids[key] = (
                        _undone(world, viewer, change, key) if verb == "delete" else _taken_back(viewer, change, own)
                    )
                    done += 1
                else:
                    shown = key in listed | viewed or key in (edited | deleted) & held
                    expected = Refused if shown else (Refused, Conflict)
                    with pytest.raises(expected) as refused:
                        editing.save(viewer, [edit], "test")
                    if not shown:
                        active = orders.oracle.user(login).get("active", True)
                        assert ("not there any more" if active else "deactivated") in str(refused.value)
                assert orders.rows() == before, (login, key, verb)
    assert done


def _taken_back(viewer: Any, change: int, own: int) -> int:
    audit.undo(viewer, change, "test")
    return own


def _undone(world: World, viewer: Any, change: int, key: str) -> int:
    """Somebody who may delete may not always create: whoever may do everything takes it back then."""
    try:
        audit.undo(viewer, change, "test")
    except Refused:
        audit.undo(world.viewer("full"), change, "test")
    return world.ids(ORDERS.noun)[key]


@pytest.mark.once
def test_it_is_created_where_one_may_and_refers_to_what_one_sees(orders: Orders) -> None:
    world = orders.world
    users = world.ids("user")
    for login in orders.logins:
        viewer = world.viewer(login)
        wide, _ = orders.oracle.visible_nodes(login, "ticket.create")
        people = orders.oracle.listed(login, "users") | {orders.oracle.user(login)["key"]}  # who know themselves
        for node, own in orders.nodes.items():
            worker = orders.chance.choice(list(users))
            state = OrderState(own, "New", worker=users[worker], notes="a\nb")
            edits = [Edit(ORDERS.noun, -1, None, state)]
            if node in wide and worker in people:
                saved = editing.save(viewer, edits, "test")
                audit.undo(world.viewer("full"), saved.change, "test")
            else:
                with pytest.raises(Refused) as refused:
                    editing.save(viewer, edits, "test")
                if node in wide:
                    assert str(refused.value) == "one of the users is not there any more"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", " ", "this must not be empty"),
        ("name", "a\u202eb", "U+202E"),
        ("name", "a\nb", "control character"),
        ("urgency", "none", "choose low or high"),
        ("notes", "a\x07b", "control character"),
        ("notes", "x" * 4001, "longer than 4000"),
        ("site", 10**6, "one of the sites is not there any more"),
    ],
)
def test_what_its_fields_may_hold(orders: Orders, field: str, value: Any, said: str) -> None:
    viewer = orders.world.viewer("full")
    state = replace(OrderState(orders.nodes[None], "New"), **{field: value})
    with pytest.raises(Refused) as refused:
        editing.save(viewer, [Edit(ORDERS.noun, -1, None, state)], "test")
    assert said in str(refused.value)
    assert refused.value.field == field


def test_it_goes_with_its_customer_and_comes_back(orders: Orders) -> None:
    world = orders.world
    viewer = world.viewer("full")
    depot = CustomerState(orders.nodes[None], "Depot")
    inside = [Edit(ORDERS.noun, -number, None, OrderState(-1, f"Inside {number}")) for number in (2, 3)]
    made = editing.save(viewer, [Edit("customer", -1, None, depot), *inside], "test").created
    before = orders.rows()
    assert len(before) == COUNT + 2
    state, revision = world.state("customer", made[-1])
    deletion = Edit("customer", made[-1], state, None, revision)
    preview = previewing.preview(viewer, [deletion])
    assert (preview.refusal, dict(preview.along)) == ("", {ORDERS.noun: 2})
    change = editing.save(viewer, [deletion], "test").change
    assert len(orders.rows()) == COUNT
    audit.undo(viewer, change, "test")
    assert orders.rows() == before


def test_it_stands_where_it_belongs_and_is_not_left_behind(orders: Orders) -> None:
    """On its own customer's sites alone; and what it refers to does not go while it does."""
    world, before = orders.world, orders.rows()
    viewer, sites = world.viewer("full"), world.ids("site")
    owners = {one["key"]: one["customer"] for one in orders.oracle.document["sites"]}
    own = orders.ids["o0"]
    state, revision = world.state(ORDERS.noun, own)
    node, site, _ = orders.known["o0"]
    worker = world.id("user", "e0")
    for other in (key for key, owner in owners.items() if owner != node):
        with pytest.raises(Refused, match="this site is another customer's"):
            editing.save(
                viewer, [Edit(ORDERS.noun, orders.ids["o0"], state, altered(state, site=sites[other]), revision)], "t"
            )
    edit = Edit(ORDERS.noun, own, state, altered(state, worker=worker), revision)
    change = editing.save(viewer, [edit], "test").change
    for kind, record in (("user", worker), ("site", sites[site])):
        gone, at = world.state(kind, record)
        with pytest.raises(Refused, match="work orders refer to it: change those first"):
            editing.save(viewer, [Edit(kind, record, gone, None, at)], "test")
    audit.undo(viewer, change, "test")
    assert orders.rows() == before


def test_the_audit_tells_of_it(orders: Orders) -> None:
    world = orders.world
    key, own = next((key, own) for key, own in orders.ids.items() if orders.known[key][1] is not None)
    state, revision = world.state(ORDERS.noun, own)
    after = replace(state, site=None, notes="Done")  # type: ignore[type-var]
    editing.save(world.viewer("full"), [Edit(ORDERS.noun, own, state, after, revision)], "test")
    (entry,) = listing.rows(world.viewer("full"), Listing("audit", record=(ORDERS.noun, key)), Part(1))
    lines = {field: (was, now) for field, was, now in audit.detail(world.viewer("full"), entry.id).lines}
    site = next(one["name"] for one in orders.oracle.document["sites"] if one["key"] == orders.known[key][1])
    assert lines["Site"] == (site, "none")
    assert lines["Notes"] == ("One\nTwo", "Done")
    assert audit.verify(world.database)[1] == []


def test_it_is_exported(orders: Orders, tmp_path: Any) -> None:
    viewer = orders.world.viewer("full")
    for form in ("csv", "json"):
        path = tmp_path / f"orders.{form}"
        assert exporting.export(viewer, Listing(KIND), path, form) == COUNT
        assert "urgency" in path.read_text(encoding="utf-8")


@pytest.mark.once
def test_it_is_dumped_as_seen_and_loaded(orders: Orders) -> None:
    world, before = orders.world, orders.rows()
    document = world.document()
    entries = {one["key"]: one for one in document[ORDERS.plural]}
    assert entries.keys() == orders.known.keys()
    for key, (node, site, name) in orders.known.items():
        assert (entries[key]["customer"], entries[key]["site"], entries[key]["name"]) == (node, site, name)
    for login in orders.logins:
        part = json.loads(dumped(world.database, world.viewer(login)))
        assert {one["key"] for one in part[ORDERS.plural]} == orders.held(login, "ticket.list")
    load_document(world.database, document, "test")
    assert orders.rows() == before
    document[ORDERS.plural][0] |= {"notes": "Loaded", "urgency": "high"}
    document[ORDERS.plural].append({**entries["o1"], "key": "new", "name": "New"})
    load_document(world.database, document, "test")
    assert world.document()[ORDERS.plural] == sorted(document[ORDERS.plural], key=lambda one: one["key"])
    told = [
        one for one in listing.export(world.viewer("full"), Listing("audit")) if one.fields()["kind"] == ORDERS.noun
    ]
    assert {one.fields()["action"] for one in told} == {"create", "edit"}
    for changes, said in (
        ({"site": "nowhere"}, 'site: there is no site "nowhere"'),
        ({"worker": "nobody"}, 'worker: there is no user "nobody"'),
        ({"urgency": "none"}, "urgency: must be 'low' or 'high'"),
        ({"customer": "nowhere"}, 'customer: there is no customer "nowhere"'),
        ({"colour": "red"}, "colour: unknown field"),
    ):
        broken = {**document, ORDERS.plural: [{**entries["o1"], **changes}]}
        with pytest.raises(InvalidDocument) as refused:
            load_document(world.database, broken, "test")
        assert said in str(refused.value)
