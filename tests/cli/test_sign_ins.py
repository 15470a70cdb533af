"""``sign-ins``: sessions listed and ended by whoever may edit their user."""

from __future__ import annotations

import json
from pathlib import Path

from support.command_line import HANNA, Call

from ringfence.identity import sessions
from ringfence.services.accounts import sign_in
from ringfence.storage.engine import open_database


def begin(path: Path, *logins: str) -> list[int]:
    """Sessions of users, begun over SSH."""
    database, found = open_database(str(path)), []
    for login in logins:
        viewer = sign_in(database, login)
        with database.writing() as connection:
            more = {"how": "key", "origin": "console over ssh from 192.0.2.7", "fingerprint": "SHA256:abc"}
            found.append(sessions.begin(connection, viewer.tenant_id, viewer.user_id, **more))
    database.close()
    return found


def test_sessions_are_listed_and_ended(call: Call, own_db: Path) -> None:
    assert call("sign-ins", "list", *HANNA).out == ""
    olga, kemi = begin(own_db, "olga", "k.adeyemi")
    heading, first, second = call("sign-ins", "list", *HANNA).lines
    assert heading.split() == ["id", "login", "name", "how", "from", "began", "seen"]
    assert first.split()[:2] == [str(kemi), "k.adeyemi"]
    assert "console over ssh from 192.0.2.7" in second
    (own,) = json.loads(call("sign-ins", "list", "--as", "olga", "--format", "json").out)
    assert (own["id"], own["login"], own["how"], own["fingerprint"]) == (olga, "olga", "key", "SHA256:abc")
    assert call("sign-ins", "list", "--login", "OLGA", "--format", "json", *HANNA).out.count('"id"') == 1
    assert "there is no session" in call("sign-ins", "end", str(kemi), "--as", "olga").refused()
    assert call("sign-ins", "end", str(olga), str(kemi), *HANNA).out == "ended 2 sessions\n"
    assert call("sign-ins", "list", *HANNA).out == ""
    assert "there is no session" in call("sign-ins", "end", str(olga), *HANNA).refused()
    assert "there is no session" in call("sign-ins", "end", "9" * 30, *HANNA).refused()
    for word in ("x", "-1", "1.5", "٣"):
        call("sign-ins", "end", "--", word, *HANNA[:0]).refused(2)
