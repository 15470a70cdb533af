"""Signing in: step by step to a session, and one answer to whoever fails."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pyotp import TOTP
from support.clock import stopped_at
from support.documents import AT
from support.edits import World, provider
from support.wall import walled

from ringfence.domain import clock
from ringfence.domain.errors import Refused, RingfenceError, SessionEnded
from ringfence.identity import attempts, codes, credentials, invitations
from ringfence.services import audit, listing, second_factors, signing_in
from ringfence.services.invitations import invite, invite_as_owner, revoke
from ringfence.services.records import Listing
from ringfence.services.signing_in import ChangeWanted, CodeToSetUp, CodeWanted, NotProven, Proven, Step
from ringfence.storage.engine import Database

GOOD = "seven green bicycles"
OTHER = "a lamp under nine stairs"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """How late answers come is measured elsewhere; nobody waits for whoever runs other tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(signing_in, "_STEP_SECONDS", 1e-9)


def invited(of: World, login: str, at: datetime = AT) -> str:
    """The invitation of somebody."""
    own = of.viewer(login)
    with of.database.writing() as connection:
        return invitations.make(connection, own.tenant_id, own.user_id, at)[0]


def begin(of: World, login: str, password: str, **given: Any) -> Step:
    return signing_in.begin(of.database, login, password, **{"origin": "console", **given})


def with_password(of: World, login: str, password: str = GOOD) -> None:
    """Has somebody sign in for the first time, and choose a password."""
    step = begin(of, login, invited(of, login))
    assert isinstance(step, ChangeWanted)
    assert isinstance(signing_in.with_new_password(of.database, step.ticket, password), Proven)


@walled
def test_an_invitation_is_the_first_way_in_and_a_password_of_their_own_the_next(database: Database) -> None:
    of = World(database, provider())
    shown = invited(of, "nora")
    step = begin(of, "NORA", shown)
    assert isinstance(step, ChangeWanted)
    for bad in ("short", "nora" * 4, "password1234", "two\x00of them together", "x" * 10**6):
        with pytest.raises(Refused) as refused:
            signing_in.with_new_password(database, step.ticket, bad)
        assert refused.value.field == "password"
        assert "\n" not in str(refused.value)
    first = signing_in.with_new_password(database, step.ticket, GOOD)
    assert isinstance(first, Proven)
    assert (first.last, first.viewer.user_id) == ("", of.id("user", "nora"))
    with pytest.raises(NotProven):
        begin(of, "nora", shown)
    with pytest.raises(NotProven):
        signing_in.with_new_password(database, step.ticket, OTHER)
    again = begin(of, "nora", GOOD, origin="console over ssh from 192.0.2.1")
    assert isinstance(again, Proven)
    assert again.last == "2026-11-22 12:00 UTC, console"
    assert again.sign_in != first.sign_in
    told = [one.fields() for one in listing.export(of.viewer("boss"), Listing("audit"))]
    said = [(one["actor"], one["action"]) for one in told if one["action"] != "load"]
    first_way = [("nora", "accept invitation"), ("nora", "change password"), ("nora", "sign in")]
    assert sorted(said) == sorted([*first_way, ("", "fail to sign in"), ("nora", "sign in")])
    assert not any(secret in repr(told) for secret in (shown, GOOD, OTHER))


def test_whoever_fails_is_told_one_line_and_waits_longer_each_time_but_never_for_good(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = World(database, provider())
    with_password(of, "nora")
    now = AT
    told: dict[str, list[tuple[str, float]]] = {}
    for login in ("nora", "nobody", "gus"):  # who has a password, who is not there, and who has no way in
        for _ in range(5):
            with pytest.raises(NotProven) as failed:
                begin(of, login, OTHER, origin="elsewhere", account=login)
            told.setdefault(login, []).append((str(failed.value), failed.value.wait))
            if failed.value.wait:
                with pytest.raises(NotProven) as early:
                    begin(of, login, GOOD, origin="elsewhere", account=login)
                told[login].append((str(early.value), early.value.wait))
            now += timedelta(seconds=failed.value.wait)
            stopped_at(monkeypatch, now)
    assert told["nora"] == told["nobody"] == told["gus"]
    assert [wait for said, wait in told["nora"]] == [0, 0, 0, 1, 1, 2, 2]
    assert isinstance(begin(of, "nora", GOOD, origin="elsewhere", account="nora"), Proven)


def test_no_login_waits_longer_than_five_minutes_and_many_at_once_are_as_many(sqlite_database: Database) -> None:
    key, at, most = attempts.Key("login", "nora"), AT, 0.0
    with sqlite_database.writing() as connection:
        for _ in range(40):
            at += timedelta(seconds=attempts.wait(connection, [key], at))
            most = max(most, attempts.count(connection, [key], at)[key].wait)
        assert most == 300
        assert attempts.wait(connection, [key], at - timedelta(days=400)) == 300, "a clock that was put back"
        assert attempts.wait(connection, [key], at + timedelta(days=1)) == 0


def test_delays_do_not_tell_from_two_places_whether_there_is_a_login_and_keep_nobody_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor whether its user comes and goes meanwhile: who guesses elsewhere is not in their way, nor they in theirs."""
    of = World(database, provider())
    with_password(of, "nora")
    told: dict[str, list[tuple[str, float]]] = {"nora": [], "nobody": []}
    for login, said in told.items():
        now = AT
        for place in ("there", "where nora was last"):
            for _ in range(6):
                stopped_at(monkeypatch, now)
                if login == "nora":
                    assert isinstance(begin(of, "nora", GOOD), Proven)
                with pytest.raises(NotProven) as failed:
                    begin(of, login, OTHER, account=f"{place} {login}", address=f"2001:db8::{len(said)}")
                said.append((str(failed.value), failed.value.wait))
                now += timedelta(seconds=failed.value.wait)
    assert told["nora"] == told["nobody"]
    # At the second place the failures at the first one count too, once as many were there.
    assert [wait for _, wait in told["nora"]] == [0, 0, 0, 1, 2, 4, 0, 0, 0, 64, 128, 256]


def test_failures_with_a_login_that_nobody_has_are_audited_by_the_hour_and_without_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = World(database, provider())
    with_password(of, "nora")
    for number in range(5):
        stopped_at(monkeypatch, AT + timedelta(minutes=20 * number))
        with pytest.raises(NotProven):
            begin(of, f"my password {number}", OTHER, account=f"{number}")
    entries = list(listing.export(of.viewer("boss"), Listing("audit", "fail")))
    told = [of.session("boss").audit_detail(one.id) for one in entries]
    assert [one.name for one in entries] == ["(nobody's login)"] * 2
    assert sorted(after for one in told for _, _, after in one.lines) == ["1", "4"]
    assert "my password" not in repr(told)


def test_a_database_to_which_nobody_has_a_way_in_says_what_to_do(sqlite_database: Database) -> None:
    of = World(sqlite_database, provider())
    with pytest.raises(RingfenceError, match="ringfence users invite LOGIN"):
        begin(of, "nora", GOOD)
    invited(of, "gus")
    with pytest.raises(NotProven):
        begin(of, "nora", GOOD)


def code_of(uri: str, at: datetime) -> str:
    return TOTP(parse_qs(urlsplit(uri).query)["secret"][0]).at(at)


def test_a_second_factor_takes_each_code_once_and_a_recovery_code_in_its_place(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = World(database, provider())
    with_password(of, "nora")
    own = of.viewer("nora")
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    with database.writing() as connection:
        credentials.set_code_secret(connection, own.tenant_id, own.user_id, secret)
        recovery = codes.renew_recovery(connection, own.tenant_id, own.user_id)
    given = TOTP(secret)
    step = begin(of, "nora", GOOD)
    assert isinstance(step, CodeWanted)
    with pytest.raises(NotProven):
        signing_in.with_new_password(database, step.ticket, OTHER)
    for wrong in (given.at(AT + timedelta(minutes=5)), given.at(AT - timedelta(minutes=5)), ""):
        with pytest.raises(NotProven, match="12:00:00 UTC here"):
            signing_in.with_code(database, step.ticket, wrong)
    late = given.at(AT - timedelta(seconds=20))
    assert isinstance(signing_in.with_code(database, step.ticket, f" {late[:3]} {late[3:]}"), Proven)
    step = begin(of, "nora", GOOD)
    assert isinstance(step, CodeWanted)
    with pytest.raises(NotProven):
        signing_in.with_code(database, step.ticket, late)
    assert isinstance(signing_in.with_code(database, step.ticket, given.at(AT)), Proven)
    for _ in range(2):
        step = begin(of, "nora", GOOD)
        assert isinstance(step, CodeWanted)
        if _ == 0:
            assert isinstance(signing_in.with_code(database, step.ticket, recovery[3].upper()), Proven)
        else:
            with pytest.raises(NotProven):
                signing_in.with_code(database, step.ticket, recovery[3])
    stopped_at(monkeypatch, AT + timedelta(minutes=10))
    with pytest.raises(NotProven, match="begin anew"):
        signing_in.with_code(database, step.ticket, given.at(AT + timedelta(minutes=10)))


def test_a_role_can_demand_a_second_factor_which_is_set_up_before_anything_else(sqlite_database: Database) -> None:
    of = World(sqlite_database, provider())
    with_password(of, "bert")
    role = next(one for group in of.document()["security_groups"] for one in [group["role"]] if one == "beta-role")
    assert isinstance(begin(of, "bert", GOOD), Proven)
    of.save("boss", of.edit("boss", "role", role, second_factor=True, idle_minutes=5))
    step = begin(of, "bert", GOOD)
    assert isinstance(step, CodeToSetUp)
    with pytest.raises(NotProven):
        signing_in.with_code(sqlite_database, step.ticket, "000000")
    proven = signing_in.with_code(sqlite_database, step.ticket, code_of(step.uri, AT))
    assert isinstance(proven, Proven)
    assert len(set(proven.recovery)) == 10
    with pytest.raises(NotProven):  # it is set up by now
        signing_in.with_code(sqlite_database, step.ticket, code_of(step.uri, AT + timedelta(seconds=30)))
    again = begin(of, "bert", GOOD)
    assert isinstance(again, CodeWanted)
    assert isinstance(signing_in.with_code(sqlite_database, again.ticket, proven.recovery[0]), Proven)
    for minutes in (0, 721):
        with pytest.raises(Refused, match="from 1 to 720"):
            of.save("boss", of.edit("boss", "role", role, idle_minutes=minutes))


def test_whoever_may_invite_somebody_resets_the_second_factor_that_they_lost(database: Database) -> None:
    of = World(database, provider())
    with_password(of, "nora")
    dora, nora, bert = (of.viewer(login) for login in ("dora", "nora", "bert"))
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    with database.writing() as connection:
        credentials.set_code_secret(connection, nora.tenant_id, nora.user_id, secret)
        recovery = codes.renew_recovery(connection, nora.tenant_id, nora.user_id)
    asked = begin(of, "nora", GOOD)
    assert isinstance(asked, CodeWanted)
    proven = signing_in.with_code(database, asked.ticket, recovery[0])
    assert isinstance(proven, Proven)
    session = of.workspace.session(proven.viewer, proven.sign_in)
    halfway = begin(of, "nora", GOOD)
    assert isinstance(halfway, CodeWanted)
    told = []
    for hidden in (bert.user_id, 10**6):
        with pytest.raises(RingfenceError) as refused:
            second_factors.reset(dora, hidden, "test")
        told.append(str(refused.value))
    assert told[0] == told[1]
    with pytest.raises(Refused, match="this is you"):
        second_factors.reset(nora, nora.user_id, "test")
    session.check()
    second_factors.reset(dora, nora.user_id, "test")
    with pytest.raises(SessionEnded):
        session.check()
    with pytest.raises(NotProven, match="begin anew"):
        signing_in.with_code(database, halfway.ticket, recovery[1])
    assert isinstance(begin(of, "nora", GOOD), Proven)
    with pytest.raises(Refused, match="no second factor"):
        second_factors.reset_as_owner(database, "NORA", "test")
    (entry,) = listing.export(of.viewer("boss"), Listing("audit", "reset second factor"))
    assert (entry.fields()["actor"], entry.name) == ("dora", "User nora")


def test_only_who_may_edit_somebody_and_holds_all_that_they_hold_invites_them(database: Database) -> None:
    of = World(database, provider())
    boss, dora, nora, bert = (of.viewer(login) for login in ("boss", "dora", "nora", "bert"))
    shown = invite(dora, nora.user_id, "test").text
    renewed = invite(boss, nora.user_id, "test").text
    for used in (shown, renewed[:-1], invited(of, "gus")):  # replaced, cut off, and somebody else's
        with pytest.raises(NotProven):
            begin(of, "nora", used)
    told = []
    for hidden in (bert.user_id, 10**6):
        with pytest.raises(RingfenceError) as refused:
            invite(dora, hidden, "test")
        told.append(str(refused.value))
    assert told[0] == told[1]
    for viewer, user in ((nora, dora.user_id), (dora, boss.user_id), (dora, dora.user_id)):
        with pytest.raises(RingfenceError):
            invite(viewer, user, "test")
    revoke(dora, nora.user_id, "test")
    with pytest.raises(Refused, match="there is no invitation"):
        revoke(dora, nora.user_id, "test")
    with pytest.raises(NotProven):
        begin(of, "nora", renewed)
    late = invite_as_owner(database, "NORA", "test").text
    with clock.stopped(AT + timedelta(days=7)), pytest.raises(NotProven):
        begin(of, "nora", late)
    assert isinstance(begin(of, "nora", late), ChangeWanted)


def test_nothing_of_how_people_sign_in_is_dumped_exported_undone_or_compared(sqlite_database: Database) -> None:
    of = World(sqlite_database, provider())
    document, before = of.dump(), of.document()
    with_password(of, "nora")
    assert of.dump() == document
    for action in ("change password", "sign in"):
        (entry,) = listing.export(of.viewer("boss"), Listing("audit", f"{action}"))
        with pytest.raises(Refused, match="nothing to take back"):
            of.session("boss").undo(entry.fields()["change"])
    with pytest.raises(Refused, match="nothing of yours to undo"):
        audit.undo_edits(of.viewer("nora"))
    of.save("boss", of.delete("user", "nora"))
    of.session("boss").undo(audit.undo_edits(of.viewer("boss"))[0])
    assert of.document() == before
    with pytest.raises(RingfenceError, match="nobody can sign in"):
        begin(of, "nora", GOOD)
