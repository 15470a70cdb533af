"""What a user proves who they are by, used and set up by themselves; as the role of their provider, too."""

from __future__ import annotations

import base64
from datetime import datetime

import pytest
from pyotp import TOTP
from support.clock import stopped_at
from support.documents import AT
from support.edits import World, provider
from support.wall import own_side, walled

from ringfence.domain.errors import RingfenceError
from ringfence.services import api_tokens, now, own_credentials, ssh_keys
from ringfence.services.bearers import bearer
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer


def _used(viewer: Viewer) -> list[datetime | None]:
    """When their tokens and their keys were used last."""
    return [*(one.used for one in api_tokens.of_user(viewer)), *(one.used for one in ssh_keys.keys_of(viewer))]


@walled
def test_by_a_key_and_by_a_token_they_come_in_and_that_is_known(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_at(monkeypatch, AT)
    world = World(database, provider())
    rita = world.viewer("rita")
    there = own_side(database, rita.tenant_id)
    secret = api_tokens.make(rita, "report", "test")
    parts = b"ssh-ed25519", bytes(32)
    blob = base64.b64encode(b"".join(len(part).to_bytes(4) + part for part in parts)).decode()
    fingerprint = ssh_keys.add(rita, f"ssh-ed25519 {blob} mine\n".encode(), "test")
    assert _used(rita) == [None, None]
    assert bearer(there, secret).login == ssh_keys.enter(there, fingerprint, "ssh").login == "rita"
    assert _used(rita) == [AT, AT]
    ssh_keys.remove(rita, fingerprint, "test")
    with pytest.raises(RingfenceError, match="lets nobody in any more"):
        ssh_keys.enter(there, fingerprint, "ssh")


@walled
def test_their_second_factor_is_set_up_and_turned_off(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped_at(monkeypatch, AT)
    rita = World(database, provider()).viewer("rita")
    secret, _ = own_credentials.begin_second_factor(rita)
    first = own_credentials.set_up_second_factor(rita, secret, TOTP(secret).at(AT), "test")
    second = own_credentials.new_recovery_codes(rita, first[0], "test")
    assert len({*first, *second}) == 20
    own_credentials.turn_off_second_factor(rita, second[0], "test")
    assert own_credentials.begin_second_factor(rita)[0] != secret


@walled
def test_whether_a_worker_was_heard_is_told(database: Database) -> None:
    assert now.now(World(database, provider()).viewer("boss")).worker is False
