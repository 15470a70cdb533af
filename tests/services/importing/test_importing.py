"""Devices from sheets: what rows mean, and that the good ones can be saved."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import event
from support.documents import AT, make_document
from support.edits import World, with_administrators
from support.oracle import Oracle
from support.sheets import MANAGING, SIZES, devices, exported, faults, load, numbers, read, sheet

from ringfence.domain.device import DEVICES
from ringfence.domain.errors import Cancelled, Conflict, Refused
from ringfence.services import importing
from ringfence.services.importing import Share
from ringfence.services.sheets import defused
from ringfence.visibility.viewer import Viewer


class TestMeaning:
    def test_new_ones_changed_ones_and_those_that_stay(self, world: World) -> None:
        lines = (
            "Key;Name;Unit ID;Kind;Customer;Site;Notes",
            "acme-0;Acme door;U-1;reader;;;",
            ";Deep door;U-7;reader;deep;gate-deep;mind the step",
            ";north 0;U-2;;ACME NORTH;gate;",
            "south-0;south 0;;;south;;",
        )
        found = read(world, *lines)
        assert found.faults == ()
        assert numbers(found) == (1, 1, 2, 0)
        assert found.customers == (Share("Acme", 0, 1), Share("Acme Deep", 1, 0))
        now = load(world, *lines)
        assert now["acme-0"]["name"] == "Acme door"
        made = now["u-7"]
        assert (made["customer"], made["site"], made["notes"]) == ("deep", "gate-deep", "mind the step")
        assert (made["name"], made["unit_id"], made["kind"]) == ("Deep door", "U-7", "reader")

    def test_only_the_columns_that_are_there_change(self, world: World) -> None:
        load(world, "key,kind,notes", "north-0,camera,by the gate")
        now = load(world, "unit id,notes", "U-2,")
        assert (now["north-0"]["kind"], now["north-0"].get("notes", "")) == ("camera", "")
        assert (now["north-0"]["name"], now["north-0"]["site"]) == ("north 0", "gate")

    def test_an_empty_cell_empties_all_but_the_name_and_whose_it_is(self, world: World) -> None:
        now = load(world, "key,unit_id,site,customer", "north-0,,,")
        assert (now["north-0"]["unit_id"], now["north-0"]["site"], now["north-0"]["customer"]) == ("", None, "north")
        assert faults(world, "key,name,kind", "north-0,,camera") == ["line 2: name: this must not be empty"]

    def test_by_key_before_unit_id(self, world: World) -> None:
        now = load(world, "key,unit_id", "north-0,U-22")
        assert now["north-0"]["unit_id"] == "U-22"
        assert numbers(read(world, "key,unit_id,kind", ",U-1,x")) == (0, 1, 0, 0)

    def test_where_new_ones_go(self, world: World) -> None:
        assert load(world, "name", "one")["one"]["customer"] == "acme"
        assert load(world, "name,customer", "two,", customer="deep")["two"]["customer"] == "deep"
        assert load(world, "name,customer", "three,south", customer="deep")["three"]["customer"] == "south"
        assert load(world, "name", "four", login="boss")["four"]["customer"] is None
        assert load(world, "name,customer", "five,tenant", login="boss")["five"]["customer"] is None
        assert faults(world, "name", "six", login="rita") == [
            "line 2: customer: say whose it is: nowhere else may you make devices"
        ]
        for hidden in ("beta", "gamma"):
            with pytest.raises(Refused, match="choose a customer that you may see"):
                read(world, "name", "seven", customer=hidden)

    def test_names_only_one_has(self, world: World) -> None:
        said = "line 2: customer: there is more than one customer 'twin': give the key"
        assert faults(world, "name,customer", "x,twin") == [said]
        assert load(world, "name,customer", "x,twin-2")["x"]["customer"] == "twin-2"
        assert numbers(read(world, "key,customer", "x,twin")) == (0, 0, 1, 0), "which it is one of already"
        # The other Acme is nothing to dora; to boss there are two.
        assert load(world, "name,customer", "y,aCME")["y"]["customer"] == "acme"
        assert faults(world, "name,customer", "x,aCME", login="boss") == [said.replace("twin", "aCME")]

    def test_sites_are_the_customers_own(self, world: World) -> None:
        said = "line 2: site: there is no site '{}' at this customer"
        assert faults(world, "name,customer,site", "x,north,gate-deep") == [said.format("gate-deep")]
        assert faults(world, "name,customer,site", "x,deep,roof") == [said.format("roof")]
        assert faults(world, "name,customer,site", "x,deep,dock") == [
            "line 2: site: there is more than one site 'dock' at this customer: give the key"
        ]
        now = load(world, "name,customer,site", "a,deep,dock-2", "b,deep,gAtE", "c,deep,")
        assert [now[key]["site"] for key in "abc"] == ["dock-2", "gate-deep", None]

    def test_to_another_customer(self, world: World) -> None:
        now = load(world, "key,customer", "north-0,deep", "north-1,south")
        assert [now[key]["site"] for key in ("north-0", "north-1")] == ["gate-deep", None], "the one of the same name"
        now = load(world, "key,customer,site", "north-x,deep,dock-1", "north-0,north,")
        assert [now[key]["site"] for key in ("north-x", "north-0")] == ["dock-1", None]

    def test_line_breaks_of_any_kind(self, world: World) -> None:
        now = load(world, "key,notes", 'acme-0,"one\r\ntwo\rthree\nfour"')
        assert now["acme-0"]["notes"] == "one\ntwo\nthree\nfour"

    def test_formulas_are_text_like_any_other(self, world: World) -> None:
        name, notes = "=cmd|' /C calc'!A0", "@SUM(1+1)*cmd"
        now = load(world, "name,notes", f"'{name},'{notes}", f"{name}2,-5")
        assert [(one["name"], one["notes"]) for key, one in sorted(now.items()) if key.startswith("cmd")] == [
            (name, notes),
            (f"{name}2", "-5"),
        ]
        assert importing.read(world.viewer("dora"), exported(world.viewer("dora")), kind="device").edits == ()

    def test_said_what_becomes_of_it_and_done_in_one_change(self, world: World) -> None:
        before, entries = world.dump(), world.entries()
        told: list[tuple[str, int, int]] = []
        session = world.session("dora")
        source = sheet("key,name,customer", "acme-0,new name,", ",made,deep", "north-0,,south")
        found = session.read_import(source, None, lambda *step: told.append(step), kind="device")
        assert world.dump() == before
        assert {"Reading the sheet", "Looking for the devices", "Checking"} <= {step for step, _, _ in told}
        assert found.faults == ("line 4: name: this must not be empty",)
        saved = session.save(found.edits)
        assert (found.new, found.changed, found.bad) == (1, 1, 1)
        assert world.entries() == entries + 2
        session.undo(saved.change)
        assert world.dump() == before

    def test_what_changed_meanwhile_is_not_written_over(self, world: World) -> None:
        found = read(world, "key,notes", "acme-0,mine")
        load(world, "key,notes", "acme-0,theirs")
        with pytest.raises(Conflict):
            world.save("dora", *found.edits)
        assert devices(world)["acme-0"]["notes"] == "theirs"


class TestHidden:
    def test_is_told_as_what_is_not_there(self, world: World) -> None:
        for column, hidden, missing in (
            ("customer", "beta", "zeta"),
            ("customer", "Beta", "Zeta"),
            ("customer", "gamma", "delta"),
            ("key", "beta-1", "zeta-1"),
            ("site", "roof", "rook"),
            ("site", "Roof", "Rook"),
        ):
            said = [faults(world, f"name,{column}", f"x,{one}") for one in (hidden, missing)]
            assert len(said[0]) == 1
            assert said[0] == [said[1][0].replace(missing, hidden)]
        assert faults(world, "unit_id,kind", "U-9,x") == ["line 2: unit_id: there is no device 'U-9'"]
        assert faults(world, "unit_id,kind", "U-8,x") == ["line 2: unit_id: there is no device 'U-8'"]

    def test_a_unit_id_is_taken_whoever_has_it(self, world: World) -> None:
        said = "line 2: unit_id: another device has the unit id '{}'"
        assert faults(world, "name,unit_id", "x,U-9") == [said.format("U-9")]
        assert faults(world, "key,unit_id", "north-0,U-1") == [said.format("U-1")]

    def test_a_site_that_is_hidden_stays(self, world: World) -> None:
        delegate = world.blind("role", "delegate")
        state: Any = delegate.after
        permissions = state.permissions - {"site.list"}
        world.save("boss", world.blind("role", "delegate", permissions=permissions))
        source = exported(world.viewer("dora"))
        assert b"gate" not in source.lower()
        assert numbers(importing.read(world.viewer("dora"), source, kind="device")) == (
            0,
            0,
            source.count(b"\n") - 1,
            0,
        )
        now = load(world, "key,site,kind", "north-0,,camera")
        assert (now["north-0"]["site"], now["north-0"]["kind"]) == ("gate", "camera")


class TestTrying:
    """What nobody thought of is found by trying."""

    def refusing(self, monkeypatch: pytest.MonkeyPatch, names: set[str], together: int = 0) -> list[int]:
        from ringfence.services.edited import Preview

        asked: list[int] = []

        def preview(_: Viewer, edits: Any, *__: Any) -> Preview:
            asked.append(len(edits))
            bad = [edit for edit in edits if edit.after.name in names]
            if bad or (together and len(edits) >= together):
                return Preview((), "it is not liked", "name")
            return Preview(())

        monkeypatch.setattr("ringfence.services.importing.previewing.preview", preview)
        return asked

    def test_who_is_to_blame(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = self.refusing(monkeypatch, {"n3", "n40"})
        said = faults(world, "name", *(f"n{n}" for n in range(50)))
        assert said == ["line 5: name: it is not liked", "line 42: name: it is not liked"]
        assert len(asked) < 30

    def test_where_nobody_is(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.refusing(monkeypatch, {"n3"}, together=5)
        found = read(world, "name", *(f"n{n}" for n in range(10)))
        assert (len(found.faults), found.edits) == (10, ())

    def test_no_more_often_than_that_makes_sense(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = self.refusing(monkeypatch, {f"n{n}" for n in range(400)})
        found = read(world, "name", *(f"n{n}" for n in range(400)))
        assert (len(found.faults), found.edits) == (400, ())
        assert len(asked) <= 65
        said = [fault.partition(": ")[2] for fault in found.faults]
        tried = said.count("name: it is not liked")
        assert said == ["name: it is not liked"] * tried + [
            "too many rows are refused to try this one too: put those right first"
        ] * (400 - tried)
        assert 20 < tried < 65

    def test_not_where_it_would_take_too_long(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = self.refusing(monkeypatch, set())
        monkeypatch.setattr(importing, "TRIED", 3)
        assert numbers(read(world, "name", *"abcd")) == (4, 0, 0, 0)
        assert asked == []

    def test_cancelled(self, world: World) -> None:
        before = world.dump()
        for at in range(8):
            left = at

            def stop(*_: object) -> None:
                nonlocal left
                if not left:
                    raise Cancelled("cancelled")
                left -= 1

            with pytest.raises(Cancelled):
                importing.read(world.viewer("dora"), sheet("name", "a"), None, stop, kind="device")
        assert world.dump() == before


def cells(chance: Random, made: dict[str, Any], count: int) -> Iterator[dict[str, str]]:
    """Rows by chance, most of which mean something."""
    known = {name: [one["key"] for one in made[name]] for name in ("devices", "customers", "sites")}
    names = {name: [one["name"] for one in made[name]] for name in ("customers", "sites")}
    units = [one["unit_id"] for one in made["devices"]] + [f"N-{n}" for n in range(count)]
    for number in range(count):
        yield {
            "key": chance.choice(["", chance.choice(known["devices"]), f"no{number}"][: chance.choice([1, 2, 2, 3])]),
            "unit_id": chance.choice(["", *units]),
            "name": chance.choice(["", "x" * 500, *[f"Name {number}"] * 9]),
            "kind": chance.choice(["", "camera", "reader", "k" * 300]),
            "customer": chance.choice(["", "", *known["customers"], *names["customers"], "none such"]),
            "site": chance.choice(["", "", "", *known["sites"], *names["sites"]]),
            "notes": chance.choice(["", "seen", "two\nlines", "a\x08"]),
        }


@pytest.mark.parametrize(
    ("engine", "seed"),
    [
        ("sqlite_database", 0),
        ("sqlite_database", 1),
        pytest.param("postgres_database", 2, marks=pytest.mark.postgres),
    ],
)
def test_good_rows_can_be_saved_whoever_brings_them(
    request: pytest.FixtureRequest, engine: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without trying them first: what is checked knows of every refusal, and an export is no change to anybody."""
    monkeypatch.setattr(importing, "TRIED", 0)
    chance = Random(seed)
    made = with_administrators(make_document(chance, SIZES), chance)
    for one in made["roles"]:
        if one["permissions"] != "all" and chance.random() < 0.7:
            one["permissions"] = sorted({*one["permissions"], "customer.list", "device.list", *MANAGING})
    for one in made["customers"]:
        below = Oracle(made, AT).subtree("t", one["key"])
        one["max_devices"] = chance.choice([None, sum(d["customer"] in below for d in made["devices"]) + 2])
    for one in made["devices"]:
        one["notes"] = chance.choice(["", "=1+1", " spaced\n", "'quoted", "-5", "two\nlines"])
    world = World(request.getfixturevalue(engine), made)
    saved = 0
    for user in made["users"]:
        if not user.get("active", True):
            continue
        viewer = world.viewer(user["login"])
        source = exported(viewer)
        found = importing.read(viewer, source, kind="device")
        count = len(list(csv.DictReader(io.StringIO(source.decode()))))
        if count:
            assert (found.edits, found.faults, found.unchanged) == ((), (), count), user["login"]
        for _ in range(3):
            chosen = chance.sample(DEVICES.exported, chance.randint(3, 7))
            out = io.StringIO()
            writer = csv.DictWriter(out, chosen, extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            for row in cells(chance, made, 12):
                writer.writerow({name: defused(value) for name, value in row.items()})
            found = importing.read(viewer, out.getvalue().encode(), kind="device")
            assert len(found.edits) == found.new + found.changed
            if found.edits:
                before = world.dump()
                change = world.workspace.session(viewer).save(found.edits).change
                saved += 1
                world.session("full").undo(change)  # who may do one need not be able to do the other
                assert world.dump() == before
    assert saved


def test_how_often_it_asks_does_not_depend_on_how_much_there_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "TRIED", 0)
    asked = 0

    def count(*_: object) -> None:
        nonlocal asked
        asked += 1

    event.listen(world.database.engine, "before_cursor_execute", count)
    found = []
    for size in (20, 2000):
        lines = [f"{n % 3 and 'dock-1'},D{n},V-{n}{chr(7) if n % 5 == 4 else ''},deep" for n in range(size)]
        read(world, "site,name,unit_id,customer", *lines)
        asked = 0
        assert read(world, "site,name,unit_id,customer", *lines).bad
        found.append(asked)
    assert found[0] == found[1] < 40
