"""Devices into sheets, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.edits import World
from support.sheets import load

from ringfence.domain.errors import Cancelled, RingfenceError
from ringfence.services import exporting, importing
from ringfence.services.records import Listing


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
        assert lines[0] == "\ufeffkey,customer,site,name,unit_id,kind,notes,attributes"
        assert "acme-0,acme,,acme 0,U-1,,'=1+1," in lines
        assert count == len(lines) - 1 == 11
        assert told[0] == ("Writing", 0, 11)
        assert importing.read(viewer, path.read_bytes(), kind="device").unchanged == 11

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
