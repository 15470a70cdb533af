"""Attacks on signing in by chance: nobody comes in, one line is told, and nothing of what was typed is kept."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from support.databases import rows
from support.documents import AT
from support.edits import World, provider
from support.sign_in_attacks import GOOD, attack, guarded
from support.tiers import seeds

from ringfence.identity import attempts
from ringfence.services import signing_in
from ringfence.storage.engine import Database


@pytest.mark.parametrize("seed", seeds(6))
@pytest.mark.once
def test_nobody_comes_in_and_nothing_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seed: int
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(signing_in, "_STEP_SECONDS", 1e-9)
    world = guarded(World(database, provider()), AT)
    told = attack(world, Random(seed), 20, AT)
    assert sum(told.values()) == 20
    assert len(told) <= 3, told  # of who has no password right, of a code, and of a ticket that goes no further
    kept = rows(database)
    assert kept["sign_in"] == []
    everything = json.dumps(kept)
    assert not any(text in everything for text in (*GOOD.values(), *world.shown, *world.recovery, "OR '1'"))


def test_what_is_counted_is_bounded_and_names_nobody(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "MOST", 50)
    with sqlite_database.writing() as connection:
        for number in range(200):
            attempts.count(connection, [attempts.Key("login", f"login {number}")], AT)
    kept = rows(sqlite_database)["attempt"]
    assert len(kept) <= 51
    assert "login" not in repr(kept)
    guessed = sha256(b"login login 199").hexdigest()
    assert guessed not in repr(kept), "who has these rows alone has nothing to compare a guess to"
