"""``make attacks`` for a few seconds: at signing in, at keys, at command lines over SSH, and at tokens."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from attacks import attacks
from support.door_attacks import Doors

from ringfence.services import signing_in


def test_a_few_attacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_in, "_STEP_SECONDS", 1e-9)
    total = attacks(tmp_path, seconds=2, seed=14, told=print, least=8)
    assert len(total) == 4
    assert min(total.values()) >= 8


def test_a_door_that_lets_in_whoever_comes_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    doors = Doors(tmp_path, Random(14))
    monkeypatch.setattr("ringfence.identity.door.known", lambda *_: True)
    with pytest.raises(AssertionError, match="restrict,pty"):
        Counter(doors.ask() for _ in range(50))
    doors.close()
