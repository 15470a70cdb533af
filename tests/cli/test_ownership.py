"""Who owns a database says --as, and works without it; nobody else does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from support.command_line import Call
from support.edits import provider

from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database

FOR_OWNERS = (
    ["list", "devices", "--as", "h.devries"],
    ["customers", "edit", "x", "--name", "X", "--as", "h.devries"],
    ["users", "invite", "h.devries"],
    ["dump"],
    ["worker", "--once"],
    ["audit", "verify"],
    ["db", "check"],
)


@pytest.mark.parametrize("arguments", FOR_OWNERS, ids=" ".join)
def test_on_a_file_the_owner_alone_is_anybody(
    call: Call, demo_db: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: demo_db.stat().st_uid + 1)
    assert f"{demo_db} is not yours" in call(*arguments).refused()


def test_on_a_file_its_owner_and_root_are(call: Call, demo_db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for user in (demo_db.stat().st_uid, 0):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        assert call("count", "devices", "--as", "h.devries").status == 0


@pytest.mark.postgres
def test_on_a_server_the_role_that_owns_the_tables_is(call: Call, postgres_database: Database) -> None:
    load_document(postgres_database, provider())
    with postgres_database.writing() as connection:
        connection.execute(text("DROP ROLE IF EXISTS desk"))
        connection.execute(text("CREATE ROLE desk LOGIN PASSWORD 'desk'"))
        connection.execute(text("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO desk"))
    url = make_url(postgres_database.url)
    own, desk = (one.render_as_string(hide_password=False) for one in (url, url.set(username="desk", password="desk")))
    try:
        assert call("--db", own, "count", "users", "--as", "boss").status == 0
        assert "is not yours" in call("--db", desk, "count", "users", "--as", "boss").refused()
        assert "is not yours" in call("--db", desk, "users", "invite", "boss").refused()
    finally:
        with postgres_database.writing() as connection:
            connection.execute(text("DROP OWNED BY desk"))
            connection.execute(text("DROP ROLE desk"))
