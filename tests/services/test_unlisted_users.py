"""Whoever may edit users, and manage their tokens, where they may not list them, is told of none of them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial

import pytest
from support.edits import World, provider

from ringfence.domain.errors import RingfenceError
from ringfence.identity import sessions
from ringfence.services import api_tokens, invitations, sign_ins, ssh_keys
from ringfence.storage.engine import Database

TYPE = b"ssh-ed25519"
BLOB = base64.b64encode(len(TYPE).to_bytes(4) + TYPE + (32).to_bytes(4) + bytes(32))


@pytest.mark.parametrize("lists", [True, False])
def test_who_may_not_be_listed_is_not_there(database: Database, lists: bool) -> None:
    document = provider()
    for role in document["roles"]:
        if role["key"] == "delegate":
            kept = {*role["permissions"], "api_token.manage", "user.edit", "user.list"}
            role["permissions"] = sorted(kept if lists else kept - {"user.list"})
    of = World(database, document)
    dora, nora = of.viewer("dora"), of.viewer("nora")
    with database.writing() as connection:
        own = nora.tenant_id, nora.user_id
        session = sessions.begin(connection, *own, how="password", origin="console")
    asked: list[tuple[Callable[..., object], object, object]] = [
        (partial(ssh_keys.keys_of, dora), "nora", "zelda"),
        (lambda login: ssh_keys.add(dora, TYPE + b" " + BLOB, "test", login), "nora", "zelda"),
        (partial(api_tokens.of_user, dora), "nora", "zelda"),
        (lambda login: api_tokens.make(dora, "x", "test", login=login), "nora", "zelda"),
        (lambda login: api_tokens.revoke(dora, ["x"], "test", login=login), "nora", "zelda"),
        (lambda user: invitations.invite(dora, user, "test"), nora.user_id, 10**6),
        (lambda user: invitations.revoke(dora, user, "test"), nora.user_id, 10**6),
        (partial(sign_ins.of_user, dora), nora.user_id, 10**6),
        (lambda one: sign_ins.end(dora, [one], "test"), session, 10**6),
    ]
    assert [one.login for one in sign_ins.all_of(dora)] == (["nora"] if lists else [])
    for ask, hidden, missing in asked:
        if lists:
            ask(hidden)
            continue
        said = []
        for whom in (hidden, missing):
            with pytest.raises(RingfenceError) as refused:
                ask(whom)
            said.append(str(refused.value).replace(str(whom), "X"))
        assert said[0] == said[1]
