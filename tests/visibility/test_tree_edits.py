"""Customers, sites and devices changed by chance: what is shown, kept, given and taken back is what the oracle says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.databases import dumped, empty, made, rows
from support.documents import AT, Sizes, documents, make_document
from support.edits import World, provider
from support.open_alarms import agree
from support.oracle import OWNERS, Oracle
from support.tiers import seeds
from support.told import numbers, said, told
from support.tree_attempts import TreeAttempts
from support.tree_edits import ALL_KEEPING, KEEPERS, overfull, placed, trespasses, with_keepers

from ringfence.domain.alarm import ALARMS
from ringfence.domain.customer import CustomerState
from ringfence.domain.device import DeviceState
from ringfence.domain.errors import Conflict, Refused
from ringfence.domain.site import SiteState
from ringfence.services import audit, listing
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.snapshot.load import load_document
from ringfence.storage import maintenance
from ringfence.storage.engine import Database

SIZES = Sizes(tenants=1, customers=8, sites=5, devices=10, roles=2, groups=4, filters=2, users=4)
EXACT = replace(SIZES, exact=True)


@pytest.fixture
def anew(tmp_path: Path) -> Iterator[Database]:
    """A second database, into which what is dumped is loaded."""
    database = made(tmp_path / "anew.db")
    yield database
    database.close()


class Trial:
    """Changes by chance, one upon the other, each looked at from all sides."""

    def __init__(self, database: Database, anew: Database, document: dict[str, Any], chance: Random) -> None:
        empty(database)
        self.world = World(database, with_keepers(document, chance))
        self.anew = anew
        self.chance = chance
        self.attempts = TreeAttempts(self.world, chance)
        self.text, self.old = self.world.dump(), self.world.document()
        self.made = self.refused = 0

    def run(self, tries: int) -> None:
        for _ in range(tries):
            editor = self.chance.choice(KEEPERS)
            if not any(user["login"] == editor and user["active"] for user in self.old["users"]):
                editor = "full"
            self.try_one(editor, self.attempts.next(editor, self.old))
        assert audit.verify(self.world.database)[1] == []
        assert maintenance.check(self.world.database) == []

    def try_one(self, editor: str, edits: list[Edit]) -> None:
        world = self.world
        session = world.session(editor)
        before, count = kept(world.database), world.entries()
        preview = None
        with suppress(Conflict):
            preview = session.preview(edits)
        assert kept(world.database) == before, "a preview changed something"
        if preview is None or preview.refusal:
            with pytest.raises((Refused, Conflict)) as caught:
                session.save(edits)
            assert kept(world.database) == before, (editor, edits)
            if preview is not None:
                assert (str(caught.value), getattr(caught.value, "field", "")) == (preview.refusal, preview.field)
                assert preview.users == ()
            self.refused += 1
            return
        change = session.save(edits).change
        assert world.entries() > count
        self.made += 1
        text, new = world.dump(), world.document()
        assert said(preview.users) == told(self.old, new, editor), (editor, edits)
        assert trespasses(editor, self.old, new) == [], (editor, edits)
        if len(edits) == 1 and edits[0].kind == "customer" and edits[0].action in ("delete", "move"):
            along = dict(preview.along), preview.hidden
            assert along == carried(editor, self.old, new, edits[0]), (editor, edits)
        self.look(new, text)
        self.back(editor, change, text, new)

    def back(self, editor: str, change: int, text: str, new: dict[str, Any]) -> None:
        """Undone, by whoever did it or by who may do everything, it is as if nothing had been; and once more undone,
        as if it had not been undone."""
        world = self.world
        if editor != "full":
            try:
                world.session(editor).undo(change)
            except (Refused, Conflict):
                assert world.dump() == text
            else:
                self.text_is(self.text)
                if self.chance.random() < 0.7:
                    return
                change = self.last()
                world.session("full").undo(change)
                self.text_is(text)
                self.text, self.old = text, new
                return
        preview = world.session("full").preview_undo(change)[2]
        assert preview.refusal == ""
        assert said(preview.users) == told(new, self.old, "full")
        change = world.session("full").undo(change).change
        self.text_is(self.text)
        if self.chance.random() < 0.7:
            world.session("full").undo(change)
            self.text_is(text)
            self.text, self.old = text, new

    def last(self) -> int:
        with self.world.database.reading() as connection:
            return int(connection.exec_driver_sql("SELECT max(change) FROM audit_entry").scalar_one())

    def text_is(self, text: str) -> None:
        assert self.world.dump() == text
        assert overfull(json.loads(text)) == []

    def look(self, document: dict[str, Any], text: str) -> None:
        """It is as if it had been loaded: where everything is, what it counts, what everybody lists, what holds."""
        world = self.world
        empty(self.anew)
        load_document(self.anew, document)
        assert dumped(self.anew) == text
        assert placed(world.database) == placed(self.anew)
        assert maintenance.check(world.database) == maintenance.check(self.anew) == []
        assert overfull(document) == []
        assert audit.verify(world.database)[1] == []
        oracle = Oracle(document, AT)
        active = [user["login"] for user in document["users"] if user["active"]]
        for login in self.chance.sample(active, min(3, len(active))):
            for kind in self.chance.sample(sorted(set(OWNERS) - {"audit"}), 4):
                wanted = oracle.listed(login, kind)
                viewer = world.viewer(login)
                assert set(listing.keys(viewer, Listing(kind))) == wanted, (login, kind)
                assert world.workspace.session(viewer).count(Listing(kind)) == len(wanted)
            with world.viewer(login).look(ALARMS.permission) as sight:
                agree(sight)


def kept(database: Database) -> dict[str, list[Any]]:
    """All there is, but for what is worked out of it anew whenever somebody looks."""
    return {name: found for name, found in rows(database).items() if not name.startswith("scope")}


def carried(editor: str, old: dict[str, Any], new: dict[str, Any], edit: Edit) -> tuple[dict[str, int], bool]:
    """How much goes with a customer, of what its editor listed before, and whether anything else does."""
    assert edit.before is not None
    found, hidden = {}, False
    was, now = Oracle(old, AT), Oracle(new, AT)
    below = was.subtree("t", edit.before.key)
    for kind in sorted(set(OWNERS) - {"audit"}):
        records = was.records("t", kind)
        goes = {key for key, record in records.items() if record.get(OWNERS[kind]) in below}
        if edit.after is None:
            goes = records.keys() - now.records("t", kind).keys()
        goes -= {edit.before.key} if kind == "customers" else set()
        listed = was.listed(editor, kind)
        found[kind.removesuffix("s").replace("-", "_")] = len(goes & listed)
        hidden = hidden or bool(goes - listed)
    return {kind: count for kind, count in found.items() if count}, hidden


@pytest.mark.parametrize("seed", seeds(3))
def test_changes_from_a_seed(sqlite_database: Database, anew: Database, seed: int) -> None:
    chance = Random(seed)
    trial = Trial(sqlite_database, anew, make_document(chance, EXACT), chance)
    trial.run(24)
    assert trial.made > 3
    assert trial.refused > 1


@settings(max_examples=3)
@given(document=documents(SIZES), chance=st.randoms(use_true_random=False))
def test_changes_by_chance(sqlite_database: Database, anew: Database, document: dict[str, Any], chance: Random) -> None:
    Trial(sqlite_database, anew, document, chance).run(4)


@pytest.mark.postgres
def test_changes_on_postgresql(postgres_database: Database, anew: Database) -> None:
    chance = Random(2)
    trial = Trial(postgres_database, anew, make_document(chance, EXACT), chance)
    trial.run(8)
    assert trial.made > 1


@pytest.mark.parametrize("login", ["boss", "dora"])
def test_sites_that_go_are_counted_once(sqlite_database: Database, login: str) -> None:
    """What stands on a site that goes is lost to its guard once, be it that some of it goes elsewhere, or its customer
    does; and so it is when all of it comes back."""
    document = provider()
    document["roles"][1]["permissions"] = ALL_KEEPING
    world = World(sqlite_database, document)
    north, south = world.id("customer", "north"), world.id("customer", "south")
    for edits in (
        [world.blind("device", "north-0", customer=south)],
        [world.blind("device", "north-0", name="Other")],
        [world.blind("device", "north-0", site=None), world.delete("device", "north-1")],
        [world.blind("customer", "north", parent=south), world.blind("device", "north-1", customer=south)],
        [world.blind("customer", "south", parent=north), world.delete("user", "gus")],
    ):
        fresh = [replace(one, id=world.id(one.kind, one.before.key), revision=0) for one in edits if one.before]
        edits = [*fresh, replace(world.delete("site", "gate"), revision=0)]
        old = world.document()
        preview = world.session(login).preview(edits)
        change = world.save(login, *edits)
        new = world.document()
        assert said(preview.users) == told(old, new, login)
        preview = world.session(login).preview_undo(change)[2]
        assert said(preview.users) == told(new, old, login)
        world.session(login).undo(change)
        assert world.document() == old


def test_a_site_that_comes_back_finds_fewer(sqlite_database: Database) -> None:
    """What stands elsewhere by now stays there: it is no gain of the guard's, and the audit does not say so."""
    world = World(sqlite_database, provider())
    change = world.save("boss", world.delete("site", "gate"))
    yard = Edit("site", -1, None, SiteState(world.id("customer", "north"), "Yard"))
    world.save("boss", yard, world.blind("device", "north-0", site=-1))
    old = world.document()
    preview = world.session("boss").preview_undo(change)[2]
    world.session("boss").undo(change)
    assert said(preview.users) == told(old, world.document(), "boss")
    assert {one.login: numbers(one.now) for one in preview.users} == {"gus": (1, 0, 1, 0)}
    session = world.session("boss")
    (entry,) = session.rows(Listing("audit", descending=True), Part(1))
    lines = {line[0]: line[2] for line in session.audit_detail(entry.id).lines}
    assert (lines["Devices"], lines["Users"]) == ("north 1", "User gus")


def test_what_comes_to_where_others_are_shut_out(sqlite_database: Database) -> None:
    """A new customer, a device and a subtree come to a place that a group names no more by the same change: nobody
    loses what they never had."""
    world = World(sqlite_database, provider())
    south, north = world.id("customer", "south"), world.id("customer", "north")
    old = world.document()
    edits = [
        Edit("customer", -1, None, CustomerState(south, "New")),
        Edit("device", -2, None, DeviceState(-1, "New")),
        world.blind("customer", "beta", parent=south),
        world.blind("device", "north-x", customer=south),
        world.blind("security_group", "readers", customers={north: True}),
    ]
    preview = world.session("boss").preview(edits)
    change = world.save("boss", *edits)
    new = world.document()
    assert said(preview.users) == told(old, new, "boss")
    assert {one.login: numbers(one.now) for one in preview.users}["rita"] == (0, 3, 0, 9)
    preview = world.session("boss").preview_undo(change)[2]
    assert said(preview.users) == told(new, old, "boss")
