"""An audit from before customers left their places behind, brought to this revision."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from support.databases import copied, made
from support.edits import World, provider

from ringfence.changes.chain import HASHED, digest, faults
from ringfence.domain.errors import Refused
from ringfence.services import audit
from ringfence.services.records import Listing, Part
from ringfence.storage import maintenance
from ringfence.storage.engine import Database, locate, open_database
from ringfence.storage.tables import AuditEntry, FormerCustomer


def document() -> dict[str, Any]:
    """A provider, and somebody who sees the audit of one customer without what is nested in it."""
    made = provider()
    t = {"tenant": "t"}
    role = {"key": "auditing", **t, "name": "Auditing", "owner": None, "access_level": "service_provider"}
    made["roles"].append({**role, "permissions": ["audit.view"]})
    named = [{"customer": "acme", "nested": False}]
    group = {"key": "alone", **t, "name": "Alone", "role": "auditing", "scope": "selected", "customers": named}
    made["security_groups"].append(group)
    user = {"key": "alma", **t, "name": "Alma", "login": "alma", "home": None}
    made["users"].append({**user, "security_groups": [{"group": "alone"}]})
    return made


def numbers(world: World, login: str) -> list[int]:
    """The entries that somebody sees."""
    found: Any = world.session(login).rows(Listing("audit"), Part(100))
    return [one.number for one in found]


def of_before(rows: list[dict[str, Any]], kept_by: Mapping[int, int]) -> list[dict[str, Any]]:
    """Entries as they were kept: hashes of the first formula, and what belonged to customers that are gone with the one
    above them, as ``kept_by`` has it."""
    end = ""
    for row in rows:
        del row["id"]  # the engine gives them, as it did then
        row["previous"] = end
        row["hash"] = end = digest([row[name] if name != "at" else row[name].isoformat() for name in HASHED[1]])
        row["owner_id"], row["node_id"] = row["node_id"], kept_by.get(row["node_id"], row["node_id"])
    return rows


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_it_is_sealed_and_seen_from_where_it_was(tmp_path: Path, engine: str, request: pytest.FixtureRequest) -> None:
    """What the customer above kept of those that are gone is no more its own; hashes stay, and a seal covers what they
    left out."""
    source = World(made(tmp_path / "source.db"), document())
    acme, beta = source.id("customer", "acme"), source.id("customer", "beta")
    gone = [source.id("customer", key) for key in ("south", "deep")]
    for key in ("south", "deep", "acme", "beta"):
        source.save("boss", source.edit("boss", "customer", key, email=f"{key}@example.org"))
    source.save("boss", source.delete("customer", "south"))
    seen = {login: numbers(source, login) for login in ("boss", "dora", "alma", "rita")}
    assert [len(seen[login]) for login in ("alma", "rita")] == [1, 0]
    url = str(tmp_path / "old.db") if engine == "sqlite" else request.getfixturevalue("postgres_url")
    old: list[dict[str, Any]] = []

    def before(rows: Any) -> list[dict[str, Any]]:
        old.extend(of_before(rows, dict.fromkeys(gone, acme)))
        return old

    copied(source.database, url, "0004", before)
    source.database.close()
    with Database(locate(url)).engine.connect().execution_options(ringfence_writing=True) as connection:
        connection.execute(text("UPDATE tenant SET audit_hash = :end"), {"end": old[-1]["hash"]})
        connection.commit()
    maintenance.upgrade(url)
    world = World(open_database(url))
    assert maintenance.check(world.database) == []
    ((_, count, _),), wrong = audit.verify(world.database)
    assert (count, wrong) == (len(old) + 1, [])
    with world.database.reading() as connection:
        hashes = connection.execute(select(AuditEntry.hash).order_by(AuditEntry.number)).scalars().all()
        assert list(hashes)[:-1] == [row["hash"] for row in old]
        assert sorted(connection.execute(select(FormerCustomer.id)).scalars()) == sorted(gone)
    seen["boss"].append(count)
    assert {login: numbers(world, login) for login in seen} == seen
    with pytest.raises(Refused, match="an upgrade of the database is not taken back"):
        world.session("boss").undo(count)
    world.save("boss", world.edit("boss", "customer", "beta", email=""))
    assert audit.verify(world.database)[1] == []
    for number in range(1, count + 2):
        for name, value in (("node_id", beta + 1), ("os_user", "somebody"), ("formula", 3)):
            with world.database.engine.connect() as connection:
                changed = text(f"UPDATE audit_entry SET {name} = :value WHERE number = :number")
                connection.execute(changed, {"value": value, "number": number})
                assert faults(connection, 1)[1], (number, name)
                connection.rollback()
    world.database.close()
