"""Everything that is wrong with the rows of a sheet, and the limits that they would exceed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from support.edits import World
from support.sheets import faults, load, numbers, read

from ringfence.services import importing
from ringfence.services.importing import Import


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
                "line 7: customer: you may not assign a device there (device.assign)",
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
        assert faults(world, *lines) == ["line 3: customer: you may not create a device there (device.create)"]
        world.save("boss", world.blind("role", "delegate", permissions=state.permissions - {"device.assign"}))
        assert faults(world, *lines) == ["line 4: customer: you may not assign a device there (device.assign)"]
        assert faults(world, "key,kind", "acme-0,", "north-0,x", login="rita") == [
            "line 3: customer: you may not edit a device there (device.edit)"
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
        found = importing.read(world.viewer("dora"), source, kind="device")
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
        found = importing.read(world.viewer("dora"), b"name\n" + b"x" * 2**20, kind="device")
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
