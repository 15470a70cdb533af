"""Sessions: how long they last, who sees and ends them, and that whoever is in one is out at the next question."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from sqlalchemy import Connection
from support.clock import stopped_at
from support.documents import AT
from support.edits import World, provider

from ringfence.domain.errors import Refused, RingfenceError, SessionEnded
from ringfence.identity import sessions
from ringfence.services import listing, sign_ins
from ringfence.services.records import Listing
from ringfence.services.workspace import Session
from ringfence.storage.engine import Database


def signed_in(of: World, login: str, how: str = "password", origin: str = "console") -> Session:
    """The session of somebody who has just proved who they are."""
    viewer = of.viewer(login)
    with of.database.writing() as connection:
        own = sessions.begin(connection, viewer.tenant_id, viewer.user_id, how=how, origin=origin)
    return of.workspace.session(viewer, own)


def test_a_session_is_seen_and_ended_by_its_user_and_by_whoever_may_edit_them(database: Database) -> None:
    of = World(database, provider())
    boss, dora, nora, bert = (of.session(login) for login in ("boss", "dora", "nora", "bert"))
    first, second = signed_in(of, "nora"), signed_in(of, "nora", "key", "console over ssh from 192.0.2.1")
    elsewhere = signed_in(of, "bert")
    assert [one.id for one in nora.own_sign_ins()] == [second.sign_in, first.sign_in]
    assert [one.how for one in boss.sign_ins_of(nora.viewer.user_id)] == ["key", "password"]
    assert {one.login for one in sign_ins.all_of(boss.viewer)} == {"nora", "bert"}
    assert {one.login for one in sign_ins.all_of(dora.viewer)} == {"nora"}, "of Acme's people alone"
    assert {one.login for one in sign_ins.all_of(bert.viewer)} == {"bert"}
    missing: list[str] = []
    hidden: list[str] = []
    for ids, said in (([10**6], missing), ([elsewhere.sign_in or 0], hidden)):
        with pytest.raises(Refused) as refused:
            dora.end_sign_ins(ids)
        said.append(str(refused.value).replace(str(ids[0]), "N"))
    assert missing == hidden
    with pytest.raises(RingfenceError, match="you may not edit them"):
        dora.sign_ins_of(bert.viewer.user_id)
    with pytest.raises(Refused):
        dora.end_sign_ins([first.sign_in or 0, elsewhere.sign_in or 0])
    first.check()
    dora.end_sign_ins([first.sign_in or 0])
    for asked in (first.check, first.stamp, first.own_record):
        with pytest.raises(SessionEnded, match="has been ended: sign in again"):
            asked()
    second.check()
    nora.end_sign_ins([second.sign_in or 0])
    with pytest.raises(SessionEnded):
        second.check()
    elsewhere.check()
    entries = [one.fields() for one in listing.export(boss.viewer, Listing("audit"))]
    told = [(one["actor"], one["action"], one["name"]) for one in entries if one["action"] == "end session"]
    assert sorted(told) == [("dora", "end session", "User nora"), ("nora", "end session", "User nora")]
    with pytest.raises(Refused, match="there is nothing of yours to undo"):
        nora.preview_undo(None)


def test_who_may_end_it_is_judged_as_it_is_ended(sqlite_database: Database) -> None:
    """Of whoever loses that right between the question and the change, nothing is changed."""
    of = World(sqlite_database, provider())
    session, dora = signed_in(of, "nora"), of.session("dora")
    dora.check()
    writing, patch = Database.writing, pytest.MonkeyPatch()

    def meanwhile(database: Database) -> AbstractContextManager[Connection]:
        patch.undo()
        of.save("boss", of.edit("boss", "user", "dora", security_groups=frozenset()))
        return writing(database)

    patch.setattr(Database, "writing", meanwhile)
    with pytest.raises(Refused, match="there is no session"):
        dora.end_sign_ins([session.sign_in or 0])
    session.check()


def test_it_lasts_twelve_hours_at_most_whatever_is_done_in_it(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = World(sqlite_database, provider())
    session = signed_in(of, "nora")
    stopped_at(monkeypatch, AT + sessions.LONGEST - timedelta(seconds=1))
    session.see()
    session.check()
    (own,) = session.own_sign_ins()
    assert own.seen - own.began == sessions.LONGEST - timedelta(seconds=1)
    stopped_at(monkeypatch, AT + sessions.LONGEST)
    for asked in (session.check, session.stamp):
        with pytest.raises(SessionEnded, match="lasts 12 hours at most: sign in again"):
            asked()
    assert of.session("nora").own_sign_ins() == ()
    stopped_at(monkeypatch, AT + timedelta(days=91))
    signed_in(of, "nora")
    with of.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sign_in").scalar() == 1, "what was long ago is gone"


def test_that_somebody_is_there_is_written_down_once_a_minute_and_never_waited_for(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = World(sqlite_database, provider())
    session = signed_in(of, "nora")
    for seconds, seen in ((59, 0), (60, 60), (119, 60), (121, 121)):
        stopped_at(monkeypatch, AT + timedelta(seconds=seconds))
        session.see()
        assert session.own_sign_ins()[0].seen == AT + timedelta(seconds=seen)
    with of.database.writing(), pytest.raises(RingfenceError):
        session.see()


def test_a_deactivated_and_a_deleted_user_are_out_and_nothing_of_theirs_is_left(sqlite_database: Database) -> None:
    of = World(sqlite_database, provider())
    session, gone = signed_in(of, "nora"), signed_in(of, "rita")
    of.save("boss", of.edit("boss", "user", "nora", active=False))
    with pytest.raises(SessionEnded, match="deactivated"):
        session.check()
    of.save("boss", of.delete("user", "rita"))
    with pytest.raises(SessionEnded):
        gone.check()
    with of.database.reading() as connection:
        left = connection.exec_driver_sql("SELECT count(*) FROM sign_in WHERE ended_at IS NULL").scalar()
    assert left == 1


def test_whoever_looks_through_anothers_eyes_is_out_with_their_own_session(sqlite_database: Database) -> None:
    of = World(sqlite_database, provider())
    boss = signed_in(of, "boss")
    view = boss.see_as("nora")
    view.check()
    of.session("boss").end_sign_ins([boss.sign_in or 0])
    with pytest.raises(SessionEnded):
        view.check()
