"""The audit: every change and nothing else, scoped, and a chain that tells of whoever touches it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from support.databases import dumped
from support.documents import AT
from support.edits import ADMINISTRATION, OPEN, World, provider

from ringfence.changes import applying as core
from ringfence.changes.audit import os_user
from ringfence.changes.chain import HASHED, digest, faults
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.domain.role import RoleState
from ringfence.services import audit
from ringfence.services.editing import Edit
from ringfence.services.records import AuditDetail, Listing, Part
from ringfence.services.rows import AuditRecord
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.storage.tables import AuditEntry


@pytest.fixture
def world(database: Database) -> World:
    return World(database, provider())


@pytest.fixture
def busy(sqlite_database: Database) -> World:
    """A world in which five things have happened, on a file."""
    world = World(sqlite_database, provider())
    world.save("dora", world.edit("dora", "user", "rita", name="R 1"))
    world.save("boss", world.edit("boss", "user", "bert", name="B 1"))
    world.save("boss", world.edit("boss", "role", "beta-role", name="Secret role"))
    world.save("dora", world.edit("dora", "user", "nora", name="N 1"), world.edit("dora", "user", "gus", name="G 1"))
    return world


def entries(world: World, login: str, search: str = "") -> list[AuditRecord]:
    found = world.session(login).rows(Listing("audit", search, descending=True), Part(100))
    assert all(isinstance(one, AuditRecord) for one in found)
    return list(found)  # type: ignore[arg-type]


def details(world: World, login: str) -> list[AuditDetail]:
    return [world.session(login).audit_detail(one.id) for one in entries(world, login)]


def said(world: World, login: str) -> str:
    """Everything that the audit shows somebody, as text."""
    return repr([entries(world, login), details(world, login)])


def test_an_entry_says_who_when_from_where_and_what(world: World) -> None:
    acme = world.id("customer", "acme")
    role = RoleState(acme, "New", permissions=frozenset({"device.list", "customer.list"}))
    world.save("dora", Edit("role", -1, None, role))
    world.save("dora", world.edit("dora", "role", "new", name="Newer", permissions=frozenset({"device.list"})))
    window = (AT, None)
    given = frozenset({(world.id("security_group", "readers"), window)})
    world.save("dora", world.edit("dora", "user", "rita", security_groups=given, customer_groups=frozenset()))
    third, second, first = entries(world, "dora")
    assert [one.number for one in (first, second, third)] == [1, 2, 3]
    assert (first.actor, first.origin, first.action, first.kind, first.key) == ("dora", "test", "create", "role", "new")
    assert (second.name, second.action, third.kind) == ("Newer", "edit", "user")
    lines = {line[0]: line[1:] for line in world.session("dora").audit_detail(second.id).lines}
    assert lines == {"Name": ("New", "Newer"), "Permissions": ("−Customers: List and search", "")}
    lines = {line[0]: line[1:] for line in world.session("dora").audit_detail(third.id).lines}
    assert lines == {"Security groups": ("−Group readers", "+Group readers from 2026-11-22T12:00")}
    assert audit.verify(world.database) == ([("t", 3, _end(world))], [])


def _end(world: World) -> str:
    with world.database.reading() as connection:
        return str(connection.execute(text("SELECT audit_hash FROM tenant WHERE key = 't'")).scalar_one())


def test_nothing_is_kept_of_what_was_refused(world: World) -> None:
    with pytest.raises(Refused):
        world.save("dora", world.blind("security_group", "both", name="Mine"))
    world.session("dora").preview([world.edit("dora", "user", "rita", name="R")])
    world.session("dora").prospect([world.edit("dora", "user", "rita", name="R")], world.id("user", "rita"))
    assert world.entries() == 0
    assert audit.verify(world.database) == ([("t", 0, "")], [])


def test_change_and_entry_stand_and_fall_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever breaks in between, before or after the entry, leaves neither."""
    before = world.dump()

    def broken(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    edit = world.edit("dora", "user", "rita", name="Changed")
    append = core.append  # type: ignore[attr-defined]  # where it is called
    with monkeypatch.context() as patch:
        patch.setattr(core, "append", broken)
        with pytest.raises(KeyboardInterrupt):
            world.save("dora", edit)
    assert (world.dump(), world.entries()) == (before, 0)

    def appended_and_broken(*arguments: object, **more: object) -> None:
        append(*arguments, **more)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(core, "append", appended_and_broken)
        with pytest.raises(KeyboardInterrupt):
            world.save("dora", edit)
    assert (world.dump(), world.entries()) == (before, 0)
    assert audit.verify(world.database) == ([("t", 0, "")], [])
    world.save("dora", edit)
    assert (world.dump() != before, world.entries()) == (True, 1)


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        (["UPDATE audit_entry SET name = 'X' WHERE number = 2"], ["entry 2 was changed"]),
        (["UPDATE audit_entry SET actor_login = 'dora' WHERE number = 2"], ["entry 2 was changed"]),
        (["UPDATE audit_entry SET detail = '{\"edited\": {}}' WHERE number = 5"], ["entry 5 was changed"]),
        (["UPDATE audit_entry SET at = '2020-01-01 00:00:00.000000' WHERE number = 1"], ["entry 1 was changed"]),
        (["UPDATE audit_entry SET undoes = 1 WHERE number = 3"], ["entry 3 was changed"]),
        (["UPDATE audit_entry SET node_id = node_id + 1 WHERE number = 3"], ["entry 3 was changed"]),
        (["DELETE FROM audit_entry WHERE number = 1"], ["entry 1 missing"]),
        (["DELETE FROM audit_entry WHERE number = 3"], ["entry 3 missing"]),
        (["DELETE FROM audit_entry WHERE number IN (2, 3)"], ["entries 2 to 3 missing"]),
        (["DELETE FROM audit_entry WHERE number = 5"], ["it ends at entry 4 and should at 5"]),
        (["DELETE FROM audit_entry"], ["it ends at entry 0 and should at 5"]),
        (
            [
                "DELETE FROM audit_entry WHERE number = 5",
                "UPDATE tenant SET audit_count = 4",
            ],
            ["its end is not what was written last"],
        ),
        (
            [
                "DELETE FROM audit_entry WHERE number = 2",
                "UPDATE audit_entry SET number = number - 1 WHERE number > 2",
                "UPDATE tenant SET audit_count = 4",
            ],
            ["entry 2 does not follow", "entry 2 was changed", "entry 3 was changed", "entry 4 was changed"],
        ),
        (
            [
                "UPDATE audit_entry SET number = 99 WHERE number = 2",
                "UPDATE audit_entry SET number = 2 WHERE number = 3",
                "UPDATE audit_entry SET number = 3 WHERE number = 99",
            ],
            [
                "entry 2 does not follow",
                "entry 2 was changed",
                "entry 3 does not follow",
                "entry 3 was changed",
                "entry 4",
            ],
        ),
        (
            ["UPDATE audit_entry SET name = 'X', hash = 'f' WHERE number = 5"],
            ["entry 5 was changed", "its end is not what was written last"],
        ),
    ],
)
def test_the_chain_tells(busy: World, tampering: list[str], found: list[str]) -> None:
    assert audit.verify(busy.database)[1] == []
    with busy.database.writing() as connection:
        for statement in tampering:
            connection.exec_driver_sql(statement)
    wrong = audit.verify(busy.database)[1]
    assert len(wrong) == len(found), wrong
    for fault, start in zip(wrong, found, strict=True):
        assert fault.startswith(f"t: {start}")


def test_every_column_of_every_entry_is_covered(busy: World) -> None:
    """But the id, by which nothing is decided: a value that is changed, of whatever column, is found."""
    assert set(HASHED[max(HASHED)]) == {column.name for column in AuditEntry.__table__.c} - {"id", "hash"}
    load_document(busy.database, {"ringfence": 1, "tenants": [{"key": "u", "name": "Other"}]})
    busy.session("dora").undo(4)
    with busy.database.engine.connect() as connection:
        tenant, other = connection.execute(text("SELECT id FROM tenant ORDER BY id")).scalars()
        rows = connection.execute(select(AuditEntry.__table__)).mappings().all()
    assert len(rows) == 7
    for row in rows:
        for column in AuditEntry.__table__.c:
            if column.name == "id":
                continue
            value = row[column.name]
            changes: list[Any] = [other] if column.name == "tenant_id" else [_other(value)]
            if column.nullable and value is not None:
                changes.append(None)
            for changed in changes:
                with busy.database.engine.connect() as connection:
                    query = update(AuditEntry).where(AuditEntry.id == row["id"])
                    connection.execute(query.values({column.name: changed}))
                    wrong = [fault for one in (tenant, other) for fault in faults(connection, one)[1]]
                    connection.rollback()
                assert wrong, (row["number"], column.name, changed)
    for name in ("audit_count", "audit_hash"):
        with busy.database.engine.connect() as connection:
            value = "'x'" if name == "audit_hash" else f"{name} + 1"
            connection.execute(text(f"UPDATE tenant SET {name} = {value} WHERE id = {tenant}"))
            assert faults(connection, tenant)[1], name
            connection.rollback()
    assert audit.verify(busy.database)[1] == []


def _other(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    return value + 100 if isinstance(value, int) else "" if value else 100 if value is None else "x"


def test_a_forger_who_makes_the_hash_anew_breaks_the_next(busy: World) -> None:
    """As far as a chain can tell: the hash of the end, written down elsewhere, tells of the rest."""
    with busy.database.writing() as connection:
        connection.execute(text("UPDATE audit_entry SET name = 'X' WHERE number = 3"))
        row = connection.execute(select(AuditEntry.__table__).where(AuditEntry.number == 3)).one()
        values = [row._mapping[name] if name != "at" else row.at.isoformat() for name in HASHED[row.formula]]
        connection.execute(text("UPDATE audit_entry SET hash = :h WHERE number = 3"), {"h": digest(values)})
    assert audit.verify(busy.database)[1] == ["t: entry 4 does not follow the one before it"]


def test_the_chain_goes_on_after_a_backup_and_a_reopening(busy: World) -> None:
    busy.save("boss", busy.edit("boss", "user", "staff", name="S"))
    assert audit.verify(busy.database)[1] == []
    assert busy.entries() == 6


def test_everybody_sees_the_entries_of_their_own_nodes(busy: World) -> None:
    assert [one.number for one in entries(busy, "boss")] == [5, 4, 3, 2, 1]
    assert [one.number for one in entries(busy, "dora")] == [5, 4, 1]
    assert entries(busy, "rita") == []
    own = {one.id for one in entries(busy, "dora")}
    for one in entries(busy, "boss"):
        if one.id not in own:
            with pytest.raises(RingfenceError) as hidden:
                busy.session("dora").audit_detail(one.id)
            with pytest.raises(RingfenceError) as missing:
                busy.session("dora").audit_detail(10**6)
            assert str(hidden.value) == str(missing.value)


def test_entries_tell_nothing_of_what_is_hidden(busy: World) -> None:
    """Changes by hidden people, of visible records that refer to hidden ones, together with hidden records."""
    world = busy
    acme, beta = world.id("customer", "acme"), world.id("customer", "beta")
    hidden_things = {
        "security_groups": frozenset({(world.id("security_group", "betas"), OPEN)}),
        "customer_groups": frozenset({world.id("customer_group", "beta-only")}),
        "sites": frozenset({world.id("site", "roof")}),
    }
    world.save(
        "boss",
        world.edit("boss", "security_group", "readers", customers={beta: True, acme: True}),
        world.edit("boss", "user", "rita", **hidden_things),
        world.edit("boss", "user", "bert", name="Bertram"),
    )
    world.save("boss", world.edit("boss", "security_group", "guards", role=world.id("role", "beta-role")))
    world.save("boss", world.edit("boss", "user", "bert", home=world.id("customer", "acme")))
    mine = said(world, "dora")
    for hidden in ("boss", "Beta", "beta", "Roof", "roof", "Secret", "Bertram B"):
        assert hidden not in mine.replace("User bert", ""), hidden
    assert "boss" in said(world, "boss2")
    together = next(one for one in details(world, "dora") if one.record.key == "rita" and one.record.number > 5)
    assert together.entries == 2  # not the one of bert, who was hidden then
    for search in ("boss", "beta", "roof", "secret"):
        assert entries(world, "dora", search) == []
    assert [one.key for one in entries(world, "dora", "group readers")] == ["readers"]


def test_a_look_at_the_audit_is_no_change(busy: World) -> None:
    before = dumped(busy.database)
    said(busy, "boss")
    assert dumped(busy.database) == before
    assert "audit" not in json.loads(before)


def test_who_holds_audit_view_only(sqlite_database: Database) -> None:
    """The names beside the entries follow the permission to list what they name."""
    document = provider()
    document["roles"][1]["permissions"] = [*ADMINISTRATION]
    auditor = {"key": "auditor", "tenant": "t", "name": "Auditor", "owner": "acme", "access_level": "service_provider"}
    document["roles"].append({**auditor, "permissions": ["audit.view"]})
    group = {"key": "auditors", "tenant": "t", "name": "Auditors", "owner": "acme", "role": "auditor", "scope": "all"}
    document["security_groups"].append(group)
    user = {"key": "audrey", "tenant": "t", "name": "Audrey", "login": "audrey", "home": "acme"}
    document["users"].append({**user, "security_groups": [{"group": "auditors"}]})
    world = World(sqlite_database, document)
    world.save("dora", world.edit("dora", "user", "rita", security_groups=frozenset()))
    (found,) = details(world, "audrey")
    assert (found.record.actor, found.record.os_user) == ("", "")
    assert [one.os_user for one in entries(world, "audrey")] == [""]
    assert [one.os_user for one in entries(world, "boss")] == [os_user()]
    assert [one.record.os_user for one in details(world, "boss")] == [os_user()]
    assert found.lines == (("Security groups", "", ""),)
