"""Latest values from before a device had one row of them, brought to this revision."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from support.databases import copied, made
from support.documents import Sizes, make_document

from ringfence.domain.errors import RingfenceError
from ringfence.signals.latest import latest_of
from ringfence.snapshot.load import load_document
from ringfence.storage import maintenance
from ringfence.storage.engine import locate, open_database
from ringfence.storage.structure import differences

SIZES = Sizes(tenants=2, devices=30, exact=True)
SAID: tuple[Any, ...] = (1.5, -0.0, 1e300, "", "open", 'é \x1b[31m "', True, False)


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_every_value_is_there_with_its_moment(tmp_path: Path, engine: str, request: pytest.FixtureRequest) -> None:
    url = str(tmp_path / "old.db") if engine == "sqlite" else request.getfixturevalue("postgres_url")
    chance, source = Random(7), made(tmp_path / "source.db")
    load_document(source, make_document(chance, SIZES))
    copied(source, url, "0016")
    source.close()
    said: dict[int, dict[str, tuple[int, Any]]] = {}
    old = create_engine(locate(url))
    with old.begin() as connection:
        devices = connection.execute(text("SELECT id, tenant_id FROM device ORDER BY id")).all()
        for device, tenant in devices[2:]:
            names = chance.sample(["temperature", "door", "battery", "a", "z"], chance.randint(1, 5))
            moment = chance.randrange(10**12, 2 * 10**12)
            of = said[device] = {name: (moment - chance.choice((0, 0, 0, 5)), chance.choice(SAID)) for name in names}
            for name, (at, value) in of.items():
                number = value if type(value) is float else None
                kept = None if type(value) is float else json.dumps(value)
                row = {"t": tenant, "d": device, "n": name, "at": at, "number": number, "said": kept}
                columns = "tenant_id, device_id, name, at, number, said"
                connection.execute(
                    text(f"INSERT INTO series ({columns}) VALUES (:t, :d, :n, :at, :number, :said)"), row
                )
        ids = {(row[0], row[1]): row[2] for row in connection.execute(text("SELECT device_id, name, id FROM series"))}
    old.dispose()
    maintenance.upgrade(url)
    database = open_database(url)
    with database.reading() as connection:
        for device, tenant in devices:
            found = latest_of(connection, tenant, device)
            assert {one.name: (one.at, one.value) for one in found} == said.get(device, {})
            assert all(type(one.value) is type(said[device][one.name][1]) for one in found)
            assert all(one.series == ids[device, one.name] for one in found)
    with database.engine.connect() as connection:
        assert differences(connection) == []
    assert maintenance.check(database) == []
    database.close()


def test_what_is_no_value_is_told_and_everything_stays_as_it_was(tmp_path: Path) -> None:
    url, source = str(tmp_path / "old.db"), made(tmp_path / "source.db")
    load_document(source, make_document(Random(7), SIZES))
    copied(source, url, "0016")
    source.close()
    old = create_engine(locate(url))
    with old.begin() as connection:
        connection.execute(
            text("INSERT INTO series SELECT 5, min(tenant_id), min(id), 'door', 1, NULL, '' FROM device")
        )
    for kept in ("gone", "[1]", "null", "NaN", "1e999", '"\\ud800"', None):
        with old.begin() as connection:
            connection.execute(text("UPDATE series SET said = :kept"), {"kept": kept})
        with pytest.raises(RingfenceError, match="the latest value of the series 5 is none: the database is damaged"):
            maintenance.upgrade(url)
        with old.connect() as connection:
            found = connection.execute(text("SELECT name, said FROM series")).all()
            assert [tuple(row) for row in found] == [("door", kept)]
    old.dispose()
