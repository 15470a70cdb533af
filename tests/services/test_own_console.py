"""What is a user's own in the console over SSH: kept for each, told to nobody else, and gone with them."""

from __future__ import annotations

import pytest
from support.edits import World, provider
from support.tokens import stand_in, token_of
from support.wall import walled

from ringfence.domain.errors import Refused
from ringfence.services import own_console
from ringfence.storage.engine import Database


@walled
def test_each_has_their_own_and_nobody_anothers(database: Database) -> None:
    of = World(database, provider())
    boss, nora = of.session("boss"), of.session("nora")
    for said in ("first", "second"):
        nora.keep_layout(said)
        own_console.take_settings(nora.viewer, f"# {said}")
    boss.keep_layout("x" * (own_console.LONGEST + 1))
    seen = boss.see_as("nora")
    seen.keep_layout("mine")
    assert (nora.layout(), own_console.settings(nora.viewer)) == ("second", "# second")
    assert (boss.layout(), seen.layout(), own_console.settings(seen.viewer)) == ("", "", "")
    for viewer in (seen.viewer, stand_in(of.database, token_of(of.database, "nora", {"device.list"}))):
        with pytest.raises(Refused):
            own_console.take_settings(viewer, "mouse = true")
    of.save("boss", of.delete("user", "nora"))
    with of.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM own_console").scalar() == 0
