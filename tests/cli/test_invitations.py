"""Inviting users by the command line: by the owner of the database, and by whoever may edit them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import Call, Said


@pytest.mark.usefixtures("own_db")
def test_an_invitation_is_printed_once_and_taken_back(call: Call) -> None:
    owner = call("users", "invite", "h.devries")
    assert owner.status == 0
    assert owner.out.startswith("rfi_")
    assert len(owner.out.strip()) == 47
    assert "h.devries's password until 20" in owner.err
    theirs = call("users", "invite", "k.adeyemi", "--as", "h.devries")
    assert theirs.out.startswith("rfi_")
    assert theirs.out != owner.out
    assert call("users", "invite", "k.adeyemi", "--revoke", "--as", "h.devries") == Said(0, "", "")
    again = call("users", "invite", "k.adeyemi", "--revoke")
    assert (again.status, again.err.count("\n")) == (1, 1)
    for nobody in ("nobody", "no\nbody", ""):
        said = call("users", "invite", nobody)
        assert (said.status, said.out, said.err.count("\n")) == (1 if nobody else 2, "", 1)
    assert "rfi_" not in call("list", "audit", "--as", "h.devries", "--format", "json").out


def test_nobody_invites_themselves(call: Call, own_db: Path) -> None:
    del own_db
    said = call("users", "invite", "h.devries", "--as", "h.devries")
    assert (said.status, said.out) == (1, "")
    assert "your password and your second factor are in your profile" in said.err
