"""Many devices to another customer: what was typed, what it matches, where sites go, and doing it whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from support.databases import rows
from support.documents import AT, Sizes, make_document
from support.edits import World, provider, with_administrators
from support.oracle import Oracle
from support.tiers import seeds

from ringfence.domain.device import DeviceState
from ringfence.domain.errors import Cancelled, Refused
from ringfence.services.assigning import MOST, Matched, SiteFates, Typed, edits, match, parse, report, said, said_sites
from ringfence.services.editing import Edit
from ringfence.storage.engine import Database

SIZES = Sizes(tenants=1, customers=9, sites=8, devices=30, roles=5, groups=6, filters=3, users=6, exact=True)
ENDS = ["\n", "\r\n", ",", ";", "\t", ", ", "\n\n", " ; ", "\u2028", ",\r\n", "\ufeff\n"]
WORD = st.text(st.characters(codec="utf-8", exclude_categories=("Zs", "Zl", "Zp", "Cc", "Cf"), exclude_characters=",;"))
PIECE = st.lists(WORD.filter(bool), min_size=1, max_size=3).map(" ".join)


class TestTyping:
    @given(st.lists(PIECE, max_size=30), st.randoms(use_true_random=False))
    def test_whatever_parts_them(self, pieces: list[str], chance: Random) -> None:
        whole = "\ufeff" + "".join(chance.choice(["", " ", "\u200b"]) + one + chance.choice(ENDS) for one in pieces)
        typed = parse(whole)
        assert typed.ids == tuple(dict.fromkeys(pieces))
        assert len(typed) == len(pieces)
        assert set(typed.doubled) <= set(typed.ids)

    @given(st.text())
    def test_any_text_at_all(self, anything: str) -> None:
        typed = parse(anything)
        assert len(set(typed.ids)) == len(typed.ids)
        assert all(one == one.strip() != "" and not set(one) & set(",;\n\r\t\ufeff\u200b") for one in typed.ids)
        assert parse("\n".join((*typed.ids, *typed.doubled))) == typed

    @given(st.lists(PIECE, max_size=12), st.lists(PIECE, max_size=12))
    def test_in_two_goes_or_in_one(self, first: list[str], second: list[str]) -> None:
        assert parse("\n".join(second), parse(",".join(first))) == parse("\n".join((*first, *second)))

    def test_no_more_than_so_many(self) -> None:
        most = "\n".join(f"U-{number}" for number in range(MOST))
        assert len(parse(most)) == MOST
        with pytest.raises(Refused, match="100,000 ids at once"):
            parse(most + ",U-1")
        with pytest.raises(Refused, match="100,000 ids at once"):
            parse("U-1", parse(most))
        with pytest.raises(Refused, match="100,000 ids at once"):
            parse("U " * MOST + "U")  # far too long to be one id: as many as it has words

    def test_what_is_too_long_is_as_many_as_it_has_words(self) -> None:
        long = "x" * 401
        assert parse(f"a b,{long} c") == Typed(("a b", long, "c"))


def furnished() -> dict[str, Any]:
    """The provider's, with unit ids: some of them like keys of others, one with spaces."""
    document = provider()
    units = {
        "acme-0": "U-1",
        "north-0": "U-2",
        "north-1": "beta-0",  # the key of one that Acme's own people do not see
        "south-0": "deep-0",  # the key of one that they do
        "south-1": "Gate camera 2",
        "beta-1": "U-3",
        "deep-1": "deep-1",
    }
    for device in document["devices"]:
        device["unit_id"] = units.get(device["key"], "")
    roles = {role["key"]: role for role in document["roles"]}
    roles["delegate"]["permissions"] = [*roles["delegate"]["permissions"], "device.assign"]
    document["sites"] += [
        {"key": "gate-deep", "tenant": "t", "name": "GATE", "customer": "deep"},
        {"key": "roof-acme", "tenant": "t", "name": "Roof", "customer": "acme"},
        {"key": "gate-1", "tenant": "t", "name": "Gate", "customer": "beta"},
        {"key": "gate-2", "tenant": "t", "name": "gate", "customer": "beta"},
    ]
    return document


@pytest.fixture
def world(sqlite_database: Database) -> World:
    return World(sqlite_database, furnished())


@pytest.fixture
def both(database: Database) -> World:
    """The same on either engine."""
    return World(database, furnished())


def keys(world: World, found: tuple[int, ...]) -> list[str | None]:
    names = {own: key for key, own in device_ids(world).items()}
    return [names[one] for one in found]


def device_ids(world: World) -> dict[str, int]:
    with world.database.reading() as connection:
        return {row.key: row.id for row in connection.execute(text("SELECT key, id FROM device"))}


class TestMatching:
    def test_by_unit_id_or_key_exactly(self, both: World) -> None:
        deep = both.id("customer", "deep")
        found = match(both.viewer("dora"), "acme-0\nU-2, north-x;ACME-0\tu-2 deep-3 , U-2", deep)
        assert keys(both, found.move) == ["acme-0", "north-0", "north-x"]
        assert found.named == ("acme-0", "U-2", "north-x")
        assert found.unknown == ("ACME-0", "u-2")
        assert found.there == ("deep-3",)
        assert found.doubled == ("U-2",)
        assert len(found) == 7
        assert said(found) == "7 ids: 3 to move, 1 already there, 2 unknown, 1 doubled"

    def test_two_ids_of_one_device(self, world: World) -> None:
        found = match(world.viewer("dora"), "U-1, acme-0", world.id("customer", "deep"))
        assert (found.named, found.doubled) == (("U-1",), ("acme-0",))

    def test_one_id_of_two_devices(self, world: World) -> None:
        acme = world.id("customer", "acme")
        found = match(world.viewer("dora"), "deep-0, deep-1", acme)
        assert (found.ambiguous, found.named) == (("deep-0",), ("deep-1",))

    def test_not_of_two_where_one_is_hidden(self, both: World) -> None:
        deep = both.id("customer", "deep")
        assert match(both.viewer("boss"), "beta-0", deep).ambiguous == ("beta-0",)
        found = match(both.viewer("dora"), "beta-0", deep)
        assert (found.ambiguous, keys(both, found.move)) == ((), ["north-1"])

    def test_with_spaces_as_a_whole_before_its_words(self, world: World) -> None:
        deep = world.id("customer", "deep")
        found = match(world.viewer("dora"), " Gate camera 2 \nU-1 U-2 nothing\nU-1", deep)
        assert found.named == ("Gate camera 2", "U-1", "U-2")
        assert (found.unknown, found.doubled) == (("nothing",), ("U-1",))
        assert match(world.viewer("dora"), "no such thing, U-3 beta-2", deep).unknown == ("no such thing", "U-3 beta-2")
        again = match(world.viewer("dora"), "U-1 U-2\nU-1 U-2", deep)
        assert (again.named, again.doubled) == (("U-1", "U-2"), ("U-1", "U-2"))
        with pytest.raises(Refused, match="100,000 ids at once"):
            match(world.viewer("dora"), "\n".join(f"a{n} b{n}" for n in range(MOST // 2 + 1)), deep)

    def test_what_is_hidden_is_what_is_not_there(self, world: World) -> None:
        typed = "U-3, beta-2, beta-3 U-3, beta-2, U-1 beta-4"
        for login, customer in (("dora", "deep"), ("rita", "acme"), ("nora", "north"), ("gus", "north")):
            target = world.id("customer", customer)
            hidden = match(world.viewer(login), typed, target)
            missing = match(world.viewer(login), typed.replace("beta", "zeta").replace("U-3", "U-9"), target)
            assert repr(hidden).replace("beta", "zeta").replace("U-3", "U-9") == repr(missing)
            assert hidden.unknown[:3] == ("U-3", "beta-2", "beta-3 U-3")

    def test_a_hidden_customer_is_one_that_is_not_there(self, world: World) -> None:
        viewer = world.viewer("dora")
        said = []
        for customer in (world.id("customer", "beta"), 999_999):
            for ask in (lambda one: match(viewer, "U-1", one), lambda one: edits(viewer, (), one)):
                with pytest.raises(Refused) as refused:
                    ask(customer)
                said.append((str(refused.value), refused.value.field))
        assert set(said) == {("choose a customer that you may see", "customer")}

    def test_what_may_not_be_assigned_is_kept(self, world: World) -> None:
        found = match(world.viewer("rita"), "U-1, deep-3, U-3", world.id("customer", "deep"))
        assert (found.kept, found.there, found.unknown, found.move) == (("U-1",), ("deep-3",), ("U-3",), ())

    def test_whoever_sees_all_and_may_assign_some(self, database: Database) -> None:
        document = furnished()
        groups = {group["key"]: group for group in document["security_groups"]}
        document["security_groups"].append(groups["both"] | {"key": "wide", "customers": [{"customer": None}]})
        user = {"key": "wanda", "tenant": "t", "name": "Wanda", "login": "wanda", "home": None}
        memberships = [{"group": "wide"}, {"group": "delegates"}]
        document["users"].append(user | {"security_groups": memberships})
        world = World(database, document)
        found = match(world.viewer("wanda"), "U-1, U-3, beta-2, deep-3", world.id("customer", "deep"))
        assert (found.named, found.kept, found.there) == (("U-1",), ("U-3", "beta-2"), ("deep-3",))

    def test_what_no_id_can_be(self, both: World) -> None:
        odd = "a\x00b", "\ud800", "x" * 401, "\x1b[31m", "'; DROP TABLE device", '"', "\\u0041", "%", "null"
        found = match(both.viewer("boss"), "\n".join(odd), both.id("customer", "deep"))
        assert found.unknown == ("a\x00b", "\ud800", "x" * 401, "\x1b[31m", "'", "DROP TABLE device", *odd[5:])

    def test_marked_ones(self, both: World) -> None:
        ids = device_ids(both)
        marked = [ids["beta-0"], ids["acme-0"], ids["deep-0"], ids["north-x"]]
        found = match(both.viewer("dora"), marked, both.id("customer", "deep"))
        assert found.named == ("U-1", "north-x")
        assert (found.there, found.unknown) == (("deep-0",), (f"#{ids['beta-0']}",))
        assert match(both.viewer("rita"), marked, both.id("customer", "deep")).kept == ("U-1", "north-x")

    def test_a_guard_of_one_site(self, both: World) -> None:
        """At site level: what stands on the site, and none of the customer's others."""
        found = match(both.viewer("gus"), "U-2, north-x, acme-0", both.id("customer", "north"))
        assert (found.there, found.unknown) == (("U-2",), ("north-x", "acme-0"))

    @pytest.mark.parametrize("seed", seeds(3))
    def test_all_sorts_of_viewers(self, database: Database, seed: int) -> None:
        """What is listed, what may be assigned, and both names of each device, by brute force."""
        chance = Random(seed)
        document = with_administrators(make_document(chance, SIZES), chance)
        for role in document["roles"]:
            if role["permissions"] != "all" and chance.random() < 0.5:
                role["permissions"] = sorted({*role["permissions"], "device.list", "customer.list", "device.assign"})
        devices = document["devices"]
        for one, other in zip(devices[::5], devices[1::5], strict=True):
            one["unit_id"] = other["key"]
        world = World(database, document)
        oracle, ids = Oracle(document, AT), device_ids(world)
        nodes: dict[int, Any] = {own: key for key, own in world.ids("customer").items()}
        names = [name for one in devices for name in (one["key"], one["unit_id"]) if name] + ["zz", "U-zz"]
        for user in document["users"]:
            login = user["login"]
            viewer = world.viewer(login)
            customer = chance.choice(list(nodes))
            if nodes[customer] not in set().union(*oracle.visible_nodes(login, "customer.list")):
                with pytest.raises(Refused):
                    match(viewer, names[0], customer)
                continue
            listed = {one["key"]: one for one in devices if one["key"] in oracle.listed(login, "devices")}
            held = oracle.visible(login, "device.assign", "devices")
            typed = list(dict.fromkeys(chance.sample(names, 25)))
            found = match(viewer, typed_as(typed, chance), customer)
            expected: dict[str, list[str]] = {}
            seen: set[str] = set()
            for name in typed:
                meant = {key for key, one in listed.items() if name in (key, one["unit_id"])}
                key = next(iter(meant), "")
                fate = "ambiguous" if len(meant) > 1 else "unknown" if not meant else "doubled" if key in seen else ""
                if not fate:
                    seen.add(key)
                    at = listed[key]["customer"]
                    fate = "there" if at == nodes[customer] else "named" if key in held else "kept"
                expected.setdefault(fate, []).append(name)
            for fate in ("named", "there", "unknown", "ambiguous", "doubled", "kept"):
                assert list(getattr(found, fate)) == expected.get(fate, []), (login, fate)
            assert {one for one in ids if ids[one] in found.move} <= set(listed)
            marked = match(viewer, list(ids.values()), customer)
            assert set(keys(world, marked.move)) == {
                key for key in listed if key in held and listed[key]["customer"] != nodes[customer]
            }
            assert len(marked.unknown) == len(ids) - len(listed)


def typed_as(names: list[str], chance: Random) -> str:
    return "".join(name + chance.choice([",", "\n", ";", "\t"]) for name in names)


class TestEdits:
    def test_the_site_of_the_same_name(self, both: World) -> None:
        ids = device_ids(both)
        wanted = [ids["beta-0"], ids["north-0"], ids["north-x"], ids["north-1"]]
        made, fates = edits(both.viewer("boss"), wanted, both.id("customer", "deep"))
        gate, roof, target = both.id("site", "gate"), both.id("site", "roof"), both.id("site", "gate-deep")
        places = [(edit.id, _site(edit.before), _site(edit.after)) for edit in made]
        assert places == list(zip(wanted, (roof, gate, None, gate), (None, target, None, target), strict=True))
        assert fates == SiteFates(kept=2, cleared=1, names=("Roof",))
        assert said_sites(fates) == [
            "2 devices onto the site of the same name there", "1 device without the former site: Roof",
        ]  # fmt: skip
        assert all(isinstance(edit.after, DeviceState) and edit.actions == ("assign",) for edit in made)

    def test_not_where_two_have_that_name(self, world: World) -> None:
        made, fates = edits(world.viewer("boss"), [device_ids(world)["north-0"]], world.id("customer", "beta"))
        assert (_site(made[0].after), fates) == (None, SiteFates(cleared=1, names=("Gate",)))

    def test_nor_where_it_is_hidden(self, world: World) -> None:
        """A site's name is nothing to somebody who may not list it, at either end."""
        delegate = world.blind("role", "delegate")
        state: Any = delegate.after
        without = replace(delegate, after=replace(state, permissions=state.permissions - {"site.list"}))
        world.save("boss", without)
        made, fates = edits(world.viewer("dora"), [device_ids(world)["north-0"]], world.id("customer", "deep"))
        assert (_site(made[0].after), fates) == (None, SiteFates())
        with pytest.raises(Refused, match="choose a site of this customer"):
            edits(world.viewer("dora"), (), world.id("customer", "deep"), world.id("site", "gate-deep"))

    def test_one_that_is_chosen_or_none(self, world: World) -> None:
        ids = device_ids(world)
        wanted, deep = [ids["north-0"], ids["north-x"], ids["deep-0"]], world.id("customer", "deep")
        chosen = world.id("site", "gate-deep")
        made, fates = edits(world.viewer("boss"), wanted, deep, chosen)
        assert [_site(edit.after) for edit in made] == [chosen, chosen]
        assert fates == SiteFates(placed=2)
        assert said_sites(fates) == ["2 devices put onto the site"]
        made, fates = edits(world.viewer("boss"), wanted, deep, None)
        assert [_site(edit.after) for edit in made] == [None, None]
        assert fates == SiteFates(cleared=1, names=("Gate",))
        for other in (world.id("site", "gate"), 999_999):
            with pytest.raises(Refused, match="choose a site of this customer"):
                edits(world.viewer("boss"), wanted, deep, other)

    def test_what_has_gone_or_is_hidden_meanwhile(self, world: World) -> None:
        ids, deep = device_ids(world), world.id("customer", "deep")
        for gone in (ids["beta-0"], 999_999):
            with pytest.raises(Refused, match=r"^one of the devices is not there any more$"):
                edits(world.viewer("dora"), [ids["acme-0"], gone], deep)


def _site(state: Any) -> int | None:
    assert isinstance(state, DeviceState)
    return state.site


class TestDoing:
    def test_whole_told_and_taken_back(self, both: World) -> None:
        viewer, deep = both.viewer("dora"), both.id("customer", "deep")
        before = both.dump()
        found = both.workspace.session(viewer).match_devices("U-1, U-2, south-2, beta-1", deep)
        change, fates = both.workspace.session(viewer).assignment(found.move, deep)
        told: list[tuple[str, int, int]] = []
        saved = both.workspace.session(viewer).save(change, lambda *step: told.append(step))
        assert told
        assert all(0 <= done <= total for _, done, total in told)
        devices = {one["key"]: one for one in both.document()["devices"]}
        assert [devices[key]["customer"] for key in ("acme-0", "north-0", "south-2", "beta-1")] == [
            *["deep"] * 3,
            "beta",
        ]
        assert devices["north-0"]["site"] == "gate-deep"
        assert fates == SiteFates(kept=1)
        both.workspace.session(viewer).undo(saved.change)
        assert both.dump() == before

    def test_cancelled_at_any_point_nothing_was_changed(self, both: World) -> None:
        viewer, deep = both.viewer("dora"), both.id("customer", "deep")
        found = both.workspace.session(viewer).match_devices("U-1, U-2, south-2", deep)
        change, _ = both.workspace.session(viewer).assignment(found.move, deep)
        before = rows(both.database)
        for at in count():
            left = at

            def stop(*_: object) -> None:
                nonlocal left
                if not left:
                    raise Cancelled("cancelled")
                left -= 1

            try:
                both.workspace.session(viewer).save(change, stop)
            except Cancelled:
                assert rows(both.database) == before
            else:
                break  # it was told of every point
        assert at > 3
        assert rows(both.database) != before

    def test_to_where_it_may_not_be(self, world: World) -> None:
        """Assigning needs the permission at both ends."""
        viewer, gamma = world.viewer("boss"), world.id("customer", "gamma")
        ids = device_ids(world)
        (edit,), _ = world.workspace.session(viewer).assignment([ids["acme-0"]], gamma)
        assert isinstance(edit, Edit)
        said = world.session("dora").preview([edit]).refusal
        assert said == "choose a customer that you may see"


def test_a_report() -> None:
    found = Matched(1, (4, 5), ("U-1", "Gate camera 2"), ("U-2",), ("x\x1b[1m",), (), ("U-1",))
    when = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    told = report(found, "Acme Deep", "dora", when, 17, SiteFates(kept=1, cleared=1, names=("Roof",)))
    assert told.splitlines() == [
        "Devices assigned to Acme Deep",
        "2026-11-22 09:30:00 UTC by dora, change 17 of the audit",
        "5 ids: 2 moved, 1 already there, 1 unknown, 1 doubled",
        "1 device onto the site of the same name there",
        "1 device without the former site: Roof",
        "",
        "U-1            moved",
        "Gate camera 2  moved",
        "U-2            already there",
        "x?[1m          unknown",
        "U-1            doubled",
    ]
    assert report(found, "Acme", "dora", when, None).splitlines()[0] == "Devices to be assigned to Acme"
