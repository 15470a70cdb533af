"""``make attacks`` for a few seconds: at signing in, at keys, at command lines over SSH, and at tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
from attacks import Failed, attacks
from support.door_attacks import Doors

from ringfence.services import signing_in


def test_a_few_attacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_in, "_STEP_SECONDS", 1e-9)
    total = attacks(tmp_path, seconds=2, seed=14, told=print, least=20)
    assert len(total) == 4
    assert min(total.values()) >= 20


def test_whoever_comes_in_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A door that lets a removed key in is found, and how to find it again is said."""
    monkeypatch.setattr(signing_in, "_STEP_SECONDS", 1e-9)
    monkeypatch.setattr("ringfence.identity.door.known", lambda *_: True)
    monkeypatch.setattr(Doors, "_add_wrong", lambda _: "left out")
    with pytest.raises(Failed, match="keys, of seed 14, after"):
        attacks(tmp_path, seconds=0, seed=14, told=print, least=1)
