"""Devices from sheets: what rows mean, everything that is wrong with them, and that the good ones can be saved."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, text
from support.documents import AT, Sizes, make_document
from support.edits import ADMINISTRATION, World, provider, with_administrators
from support.oracle import Oracle

from ringfence.domain.errors import Cancelled, Conflict, Refused, RingfenceError
from ringfence.services import exporting, importing
from ringfence.services.importing import COLUMNS, Import, Share
from ringfence.services.records import Listing
from ringfence.services.sheets import defused
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import open_database
from ringfence.visibility.viewer import Viewer

SIZES = Sizes(tenants=1, customers=9, sites=8, devices=30, roles=5, groups=6, filters=3, users=6, exact=True)
MANAGING = ("device.view", "device.create", "device.edit", "device.assign", "device.delete")


def document() -> dict[str, Any]:
    """The provider's, with somebody who manages Acme's devices, one who only edits them, and unit ids."""
    made = provider()
    roles = {role["key"]: role for role in made["roles"]}
    roles["delegate"]["permissions"] = [*ADMINISTRATION, *MANAGING]
    roles["guard"]["permissions"] = [*roles["guard"]["permissions"], "device.edit", "device.create"]
    for device in made["devices"]:
        device["unit_id"] = {"acme-0": "U-1", "north-0": "U-2", "beta-0": "U-9", "deep-0": "U-4"}.get(device["key"], "")
    made["sites"] += [
        {"key": "gate-deep", "tenant": "t", "name": "Gate", "customer": "deep"},
        {"key": "dock-1", "tenant": "t", "name": "Dock", "customer": "deep"},
        {"key": "dock-2", "tenant": "t", "name": "DOCK", "customer": "deep"},
    ]
    made["customers"] += [
        {"key": "twin-1", "tenant": "t", "name": "Twin", "parent": "acme"},
        {"key": "twin-2", "tenant": "t", "name": "TWIN", "parent": "acme"},
        {"key": "twin-3", "tenant": "t", "name": "Acme", "parent": "beta"},
    ]
    return made


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the document in it, to be copied."""
    path = tmp_path_factory.mktemp("loaded") / "ringfence.db"
    database = open_database(str(path), create=True)
    World(database, document())
    database.close()
    return path


@pytest.fixture
def world(loaded: Path, tmp_path: Path) -> Iterator[World]:
    path = tmp_path / "ringfence.db"
    shutil.copyfile(loaded, path)
    copied = World.__new__(World)
    copied.database = open_database(str(path))
    copied.workspace = Workspace(copied.database, AT, "test")
    yield copied
    copied.database.close()


def sheet(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def read(world: World, *lines: str, login: str = "dora", customer: str | None = None) -> Import:
    own = None if customer is None else world.id("customer", customer)
    return importing.read(world.viewer(login), sheet(*lines), own)


def faults(world: World, *lines: str, login: str = "dora") -> list[str]:
    return list(read(world, *lines, login=login).faults)


def load(world: World, *lines: str, login: str = "dora", customer: str | None = None) -> dict[str, dict[str, Any]]:
    """What the good rows come to, as a document has it."""
    found = read(world, *lines, login=login, customer=customer)
    world.save(login, *found.edits)
    return devices(world)


def devices(world: World) -> dict[str, dict[str, Any]]:
    return {one["key"]: one for one in world.document()["devices"]}


def exported(viewer: Viewer) -> bytes:
    from ringfence.services import listing

    out = io.StringIO()
    exporting.write(out, listing.export(viewer, Listing("devices")), "csv")
    return out.getvalue().encode()


def numbers(found: Import) -> tuple[int, int, int, int]:
    return found.new, found.changed, found.unchanged, found.bad


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
        assert importing.read(world.viewer("dora"), exported(world.viewer("dora"))).edits == ()

    def test_said_what_becomes_of_it_and_done_in_one_change(self, world: World) -> None:
        before, entries = world.dump(), world.entries()
        told: list[tuple[str, int, int]] = []
        session = world.session("dora")
        source = sheet("key,name,customer", "acme-0,new name,", ",made,deep", "north-0,,south")
        found = session.read_import(source, None, lambda *step: told.append(step))
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
        assert numbers(importing.read(world.viewer("dora"), source)) == (0, 0, source.count(b"\n") - 1, 0)
        now = load(world, "key,site,kind", "north-0,,camera")
        assert (now["north-0"]["site"], now["north-0"]["kind"]) == ("gate", "camera")


class TestFaults:
    def test_every_row_and_all_that_is_wrong_with_it(self, world: World) -> None:
        lines = (
            "key,name,unit_id,kind,customer,site,notes",
            ",ok,U-50,,,,",
            f",,{'u' * 201},{'k' * 201},nowhere,gate,bell\x07",
            "nokey,x,,,,,",
            f",{'n' * 401},U-51,,deep,nosite,",
            ",too,many,cells,here,for,a,row",
            ",x,U-1,reader,north,gate,",
        )
        assert (
            faults(world, *lines)
            == [
                "line 3: customer: there is no customer 'nowhere'",
                "line 3: name: this must not be empty",
                "line 3: unit_id: this is longer than 200 characters",
                "line 3: kind: this is longer than 200 characters",
                "line 3: notes: this holds a control character",
                "line 4: key: there is no device 'nokey'",
                "line 5: site: there is no site 'nosite' at this customer",
                "line 5: name: this is longer than 400 characters",
                "line 6: there are 8 cells, and the header has 7: quote a cell that holds the separator",
                "line 7: customer: you may not assign a device there",
            ][:-1]
        )
        assert numbers(read(world, *lines)) == (1, 1, 0, 4)

    def test_two_rows_of_one_device_or_one_unit_id(self, world: World) -> None:
        assert faults(
            world, "key,unit_id,name", "acme-0,U-1,x", ",U-1,y", ",U-50,a", ",U-50,b", ",U-50,c", ",U-51,d"
        ) == [
            "line 2: line 3 is about the same device",
            "line 3: line 2 is about the same device",
            "line 4: unit_id: line 5 has the unit id 'U-50' too",
            "line 5: unit_id: line 4 has the unit id 'U-50' too",
            "line 6: unit_id: line 4 has the unit id 'U-50' too",
        ]

    def test_unit_ids_that_change_hands(self, world: World) -> None:
        lines = ("key,unit_id,name", "acme-0,U-2,x", "north-0,U-1,y", ",U-60,z")
        assert faults(world, *lines) == []
        now = load(world, *lines)
        assert (now["acme-0"]["unit_id"], now["north-0"]["unit_id"]) == ("U-2", "U-1")
        # Where one of them stays where it is, whoever waits for it waits in vain, and so does whoever waits for that.
        said = "line {}: unit_id: another device has the unit id {!r}"
        chain = ("key,unit_id,name", "south-0,U-2,x", "acme-0,U-4,x", "deep-0,U-70,", "south-1,U-61,y")
        assert faults(world, *chain) == [
            said.format(2, "U-2"),
            said.format(3, "U-4"),
            "line 4: name: this must not be empty",
        ]
        assert faults(world, "unit_id,kind,name", "U-1,x,y", ",,U-1") == []

    def test_what_the_viewer_may_not_do(self, world: World) -> None:
        state: Any = world.blind("role", "delegate").after
        world.save("boss", world.blind("role", "delegate", permissions=state.permissions - {"device.create"}))
        lines = ("key,name,customer", "acme-0,x,", ",new,deep", "north-0,north 0,deep")
        assert faults(world, *lines) == ["line 3: customer: you may not create a device there"]
        world.save("boss", world.blind("role", "delegate", permissions=state.permissions - {"device.assign"}))
        assert faults(world, *lines) == ["line 4: customer: you may not assign a device there"]
        assert faults(world, "key,kind", "acme-0,", "north-0,x", login="rita") == [
            "line 3: customer: you may not edit a device there"
        ]

    def test_who_reaches_only_a_site(self, world: World) -> None:
        lines = (
            "key,name,customer,site",
            "north-0,x,,gate",
            ",y,north,gate",
            ",z,north,",
            "north-1,a,,",
            "north-x,b,,",
        )
        assert faults(world, *lines, login="gus") == [
            "line 4: customer: choose a customer that you may see",
            "line 5: customer: choose a customer that you may see",
            "line 6: key: there is no device 'north-x'",
        ]
        now = load(world, *lines, login="gus")
        assert (now["north-0"]["name"], now["y"]["site"]) == ("x", "gate")

    def test_which_devices_are_meant(self, world: World) -> None:
        assert faults(world, "customer,notes", "acme,x") == [
            "the header names none of key, unit_id, name: say which devices are meant"
        ]
        assert faults(world, "unit_id,notes", "U-1,x", ",y") == ["line 3: unit_id: say which device is meant"]

    @pytest.mark.parametrize(
        ("source", "said"),
        [
            (b"", "line 1: the sheet is empty"),
            (b"name\nGate\xe9\n", "line 2: this is not UTF-8 text"),
            ("name\nGate\n".encode("utf-16"), "line 1: this is not UTF-8 text"),
            (b"name\na\0b\n", "line 2: there is a NUL character"),
            (b"name,colour\na,red\n", "line 1: there is no column"),
            (b"name,name\na,b\n", "line 1: the column name is there twice"),
        ],
    )
    def test_what_is_no_sheet(self, world: World, source: bytes, said: str) -> None:
        found = importing.read(world.viewer("dora"), source)
        assert found.faults[0].startswith(said)
        assert (found.edits, found.new) == ((), 0)

    def test_a_sheet_that_is_cut_gives_nothing(self, world: World) -> None:
        lines = ("name,unit_id", "a,U-50", 'b,"U-51', "c,U-52", "d,U-53")
        found = read(world, *lines)
        assert found.edits == ()
        assert [fault[:40] for fault in found.faults] == [
            "line 3: a quote opens a cell and is neve",
            "line 3: behind this nothing was read, so",
        ]
        # What is wrong with the last row alone keeps nobody from the others.
        assert numbers(read(world, "name,unit_id", "a,U-50", 'b,"U-51" x', "c,U-52")) == (2, 0, 0, 1)
        assert numbers(read(world, "name,unit_id", "a,U-50", "b,U-51,x,y", "")) == (1, 0, 0, 1)

    def test_huge_cells(self, world: World) -> None:
        huge = "x" * 10_000
        said = faults(world, "name,kind,customer,site,key", f"{huge},,,,", f"a,,{huge[:3000]},,", f"b,,,,{huge[:3000]}")
        assert [len(fault) < 120 for fault in said] == [True] * 3
        assert said[1] == f"line 3: customer: there is no customer '{'x' * 60}…'"

    def test_too_large(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(importing, "MOST_BYTES", 2**20)
        found = importing.read(world.viewer("dora"), b"name\n" + b"x" * 2**20)
        assert found == Import(faults=("the sheet is larger than 1 MB: cut it into several",))


class TestLimits:
    def limit(self, world: World, **limits: int) -> None:
        for key, most in limits.items():
            with world.database.writing() as connection:
                query = text("UPDATE customer SET max_devices = :most WHERE key = :key")
                connection.execute(query, {"most": most, "key": key})

    def test_as_far_as_there_is_room_in_the_order_of_the_sheet(self, world: World) -> None:
        self.limit(world, south=9, deep=5)
        lines = ["name,customer", *(f"d{n},deep" for n in range(3)), *(f"s{n},south" for n in range(3)), "a,acme"]
        assert faults(world, *lines) == [
            self.full(3, "Acme Deep", 5),
            self.full(4, "Acme Deep", 5),
            self.full(6, "Acme South", 9),
            self.full(7, "Acme South", 9),
        ]
        assert {"d0", "s0", "a"} <= set(load(world, *lines))

    def full(self, line: int, name: str, most: int) -> str:
        room = f"“{name}” may have at most {most} devices, with those nested in it"
        return f"line {line}: customer: there is no room for it: {room}"

    def test_one_that_is_hidden_is_not_told_of(self, world: World) -> None:
        with world.database.writing() as connection:
            connection.execute(text("UPDATE customer SET max_devices = 17 WHERE parent_id IS NULL"))
        assert faults(world, "name", "a", "b") == [
            "line 3: customer: there is no room for more devices here: a limit above allows no more"
        ]

    def test_what_goes_makes_room_unless_it_cannot(self, world: World) -> None:
        self.limit(world, north=3, deep=4)
        assert faults(world, "key,customer", "north-0,deep", "deep-0,north") == []
        assert faults(world, "key,customer", "north-0,deep", "deep-0,nowhere") == [
            self.full(2, "Acme Deep", 4),
            "line 3: customer: there is no customer 'nowhere'",
        ]
        # One that cannot come does not go: then there is no room for the other either.
        self.limit(world, south=7)
        assert faults(world, "key,customer", "acme-0,deep", "deep-0,north", "deep-1,north") == [
            self.full(2, "Acme South", 7),
            self.full(3, "Acme North", 3),
            self.full(4, "Acme North", 3),
        ]
        # Within what is limited nothing comes.
        self.limit(world, acme=11)
        assert faults(world, "key,customer", "south-0,acme", "north-x,acme") == []

    def test_a_unit_id_is_not_free_where_there_is_no_room(self, world: World) -> None:
        self.limit(world, deep=4)
        assert faults(world, "key,unit_id,customer", "acme-0,U-80,deep", "south-0,U-1,") == [
            self.full(2, "Acme Deep", 4),
            "line 3: unit_id: another device has the unit id 'U-1'",
        ]


class TestTrying:
    """What nobody thought of is found by trying."""

    def refusing(self, monkeypatch: pytest.MonkeyPatch, names: set[str], together: int = 0) -> list[int]:
        from ringfence.services.records import Preview

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
                importing.read(world.viewer("dora"), sheet("name", "a"), None, stop)
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
        found = importing.read(viewer, source)
        count = len(list(csv.DictReader(io.StringIO(source.decode()))))
        if count:
            assert (found.edits, found.faults, found.unchanged) == ((), (), count), user["login"]
        for _ in range(3):
            chosen = chance.sample(COLUMNS, chance.randint(3, 7))
            out = io.StringIO()
            writer = csv.DictWriter(out, chosen, extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            for row in cells(chance, made, 12):
                writer.writerow({name: defused(value) for name, value in row.items()})
            found = importing.read(viewer, out.getvalue().encode())
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


class TestExport:
    def test_a_file_that_is_its_owners_alone(self, world: World, tmp_path: Path) -> None:
        viewer, path = world.viewer("dora"), tmp_path / "devices.csv"
        told: list[Any] = []
        load(world, "key,notes", "acme-0,=1+1")
        count = world.workspace.session(viewer).export(
            Listing("devices"), path, "csv", progress=lambda *one: told.append(one)
        )
        assert path.stat().st_mode & 0o777 == 0o600
        assert list(tmp_path.glob(".*.part")) == []
        lines = path.read_text().splitlines()
        assert lines[0] == "\ufeffkey,customer,site,name,unit_id,kind,notes"
        assert "acme-0,acme,,acme 0,U-1,,'=1+1" in lines
        assert count == len(lines) - 1 == 11
        assert told[0] == ("Writing", 0, 11)
        assert importing.read(viewer, path.read_bytes()).unchanged == 11

    def test_filter_and_order_apply(self, world: World, tmp_path: Path) -> None:
        viewer, path = world.viewer("dora"), tmp_path / "x.json"
        wanted = Listing("devices", "south", descending=True)
        assert world.workspace.session(viewer).export(wanted, path, "json") == 3
        found = json.loads(path.read_text())
        assert [one["key"] for one in found] == ["south-2", "south-1", "south-0"]
        assert world.workspace.session(viewer).export(Listing("devices", "none such"), path, "json", replace=True) == 0
        assert json.loads(path.read_text()) == []

    def test_what_is_there_is_left_alone(self, world: World, tmp_path: Path) -> None:
        viewer, path = world.viewer("dora"), tmp_path / "x.csv"
        path.write_text("mine")
        link = tmp_path / "link.csv"
        link.symlink_to(tmp_path / "nowhere")
        for taken in (path, link):
            with pytest.raises(exporting.FileExists, match="is there already"):
                world.workspace.session(viewer).export(Listing("devices"), taken, "csv")
        assert path.read_text() == "mine"
        assert world.workspace.session(viewer).export(Listing("devices"), path, "csv", replace=True) == 11
        assert path.stat().st_mode & 0o777 == 0o600

    def test_nor_what_comes_meanwhile(self, world: World, tmp_path: Path) -> None:
        path = tmp_path / "x.csv"

        def meanwhile(*_: object) -> None:
            path.write_text("theirs")

        with pytest.raises(exporting.FileExists):
            world.session("dora").export(Listing("devices"), path, "csv", progress=meanwhile)
        assert path.read_text() == "theirs"
        assert [one.name for one in tmp_path.iterdir() if one.suffix == ".part"] == []

    def test_where_nothing_can_be_written(self, world: World, tmp_path: Path) -> None:
        session = world.session("dora")
        for path in (tmp_path / "nowhere" / "x.csv", tmp_path / ("x" * 300), Path("/proc/x.csv")):
            with pytest.raises(RingfenceError, match="cannot be written"):
                session.export(Listing("devices"), path, "csv")
        with pytest.raises(RingfenceError, match="cannot be written: this is a folder"):
            session.export(Listing("devices"), tmp_path, "csv", replace=True)

    def test_cancelled_nothing_is_left(self, world: World, tmp_path: Path) -> None:
        def stop(*_: object) -> None:
            raise Cancelled("cancelled")

        there = set(tmp_path.iterdir())
        with pytest.raises(Cancelled):
            world.session("dora").export(Listing("devices"), tmp_path / "x.csv", "csv", progress=stop)
        assert set(tmp_path.iterdir()) == there
