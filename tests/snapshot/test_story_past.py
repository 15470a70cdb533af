"""The demo story's past: six weeks that lead to the story as it is told, made by its own people."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from support.clock import stopped_at
from support.databases import rows

from ringfence.domain import clock
from ringfence.domain.errors import Refused
from ringfence.services import listing
from ringfence.services.records import AuditDetail, Listing, Part
from ringfence.services.rows import AuditRecord
from ringfence.services.workspace import Session, Workspace
from ringfence.snapshot.demo import build, shift_to, shipped
from ringfence.snapshot.past import Moment
from ringfence.snapshot.story import STORY_DAY
from ringfence.storage.engine import Database, open_database
from ringfence.storage.maintenance import check
from ringfence.visibility.viewer import Viewer

NOON = datetime.combine(STORY_DAY, time(12), UTC)
TODAY = datetime(2031, 2, 3, 0, 5, tzinfo=UTC)


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Database]:
    """The demo database as it is shipped."""
    path = tmp_path / "copy.db"
    shutil.copyfile(shipped(), path)
    database = open_database(str(path))
    yield database
    database.close()


def session_of(database: Database, login: str = "h.devries") -> Session:
    return Workspace(database).sign_in(login)


def audit(database: Database, login: str = "h.devries", record: tuple[str, str] | None = None) -> list[AuditRecord]:
    """What a user's audit lists, oldest first."""
    found = listing.export(Viewer.sign_in(database, login), Listing("audit", record=record))
    return [entry for entry in found if isinstance(entry, AuditRecord)]


def when(entry: AuditRecord) -> datetime:
    return datetime.fromisoformat(entry.at)


def test_the_shipped_database_is_what_its_past_makes(copy: Database, tmp_path: Path) -> None:
    """Row for row, whoever builds it and when."""
    build(tmp_path / "built.db")
    built = open_database(str(tmp_path / "built.db"))
    assert rows(copy) == rows(built)
    built.close()


def test_it_is_thirty_changes_over_six_weeks(copy: Database) -> None:
    entries = audit(copy)
    assert len({entry.change for entry in entries}) >= 30
    moments = [when(entry) for entry in entries]
    assert moments == sorted(moments)
    assert timedelta(weeks=5, days=5) <= moments[-1] - moments[0] <= timedelta(weeks=6)
    quiet = max(later - earlier for earlier, later in pairwise(moments))
    assert quiet < timedelta(days=5), "something is done every week"


def test_its_people_did_it_from_where_they_work(copy: Database) -> None:
    entries = audit(copy)
    assert {entry.actor for entry in entries} == {
        *("h.devries", "m.claes", "r.dekker", "k.adeyemi", "anneke", "t.okafor")
    }
    assert {entry.actor for entry in audit(copy, "astrid")} == {"astrid", "n.eriksen"}
    assert {entry.os_user for entry in entries} == {""}, "nobody's account but those of the story"
    origins = {entry.origin.partition(" from ")[0] for entry in entries}
    assert origins == {"console", "console over ssh", "command line"}


def test_it_tells_of_much(copy: Database) -> None:
    entries = audit(copy)
    done = Counter((entry.action, entry.kind) for entry in entries)
    for what in (
        *(("create", "user"), ("create", "customer"), ("create", "security_group"), ("create", "role")),
        *(("move", "customer"), ("assign", "device"), ("hand over", "customer"), ("delete", "site")),
        *(("edit", "role"), ("edit", "user"), ("edit", "device"), ("edit", "customer_group")),
    ):
        assert done[what], what
    assert len([entry for entry in entries if entry.undone]) == 2
    assert len([entry for entry in entries if entry.undoes is not None]) == 2


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("customer", "north-rotterdam"),
        ("user", "t.okafor"),
        ("security_group", "field-service-south"),
        ("device", "north-waalhaven-tunnel-smoke-50-100-m"),
    ],
)
def test_some_records_have_a_history(copy: Database, kind: str, key: str) -> None:
    assert len(audit(copy, record=(kind, key))) >= 3


def test_every_entry_says_what_differs(copy: Database) -> None:
    """An entry of something that came, went or was changed has a line a field, and names what it refers to."""
    session = session_of(copy)
    for entry in audit(copy):
        opened: AuditDetail = session.audit_detail(entry.id)
        assert opened.lines, entry
        assert any(before or after for _, before, after in opened.lines), entry


# -- on whatever day it is opened ------------------------------------------------------------------------------------


@pytest.mark.parametrize("today", [TODAY, datetime(2026, 11, 16, 23, 59, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)])
def test_it_moves_to_the_day_and_stays_whole(copy: Database, today: datetime) -> None:
    before = audit(copy)
    shift_to(copy, today)
    assert check(copy) == []
    after = audit(copy)
    days = timedelta(days=(today.date() - STORY_DAY).days)
    assert [when(entry) + days for entry in before] == [when(entry) for entry in after]
    assert timedelta(0) < today - when(after[-1]) < timedelta(days=2), "it was yesterday, and is not still to come"


def test_what_its_entries_say_of_windows_moves_along(copy: Database) -> None:
    shift_to(copy, TODAY)
    ends = TODAY.date() + timedelta(days=3)
    (joined,) = [one for one in audit(copy, record=("user", "t.okafor")) if when(one).date() == _day(date(2026, 11, 3))]
    (line,) = session_of(copy).audit_detail(joined.id).lines
    assert f"Zuiderpark, holiday cover until {ends}T18:00" in line[2]


def _day(told: date) -> date:
    return told + (TODAY.date() - STORY_DAY)


def test_the_last_change_can_be_undone(copy: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    shift_to(copy, TODAY)
    stopped_at(monkeypatch, TODAY)
    session = session_of(copy)
    number, said, shown = session.preview_undo()
    assert (said, shown.refusal) == ("create user “Lucie Petit”", "")
    session.undo(number)
    assert "l.petit" not in {one.login for one in session.subjects("", Part(100))}


def test_a_window_can_be_taken_back_too(copy: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    shift_to(copy, TODAY)
    stopped_at(monkeypatch, TODAY)
    session = session_of(copy)
    (cover,) = [one for one in audit(copy, record=("user", "t.okafor")) if when(one).date() == _day(date(2026, 11, 3))]
    _, _, shown = session.preview_undo(cover.change)
    assert shown.refusal == ""
    assert [one.login for one in shown.users] == ["t.okafor"]


# -- how it is told --------------------------------------------------------------------------------------------------


def test_nobody_does_in_it_what_they_may_not(copy: Database) -> None:
    olga = Moment(copy, "olga", NOON, "console")
    with pytest.raises(Refused):
        olga.edit("customer", "northwind", name="Southwind")
    with pytest.raises(Refused):
        olga.undo()
    assert len(audit(copy, record=("customer", "northwind"))) == 0


def test_a_change_has_the_moment_and_the_origin_that_are_told(copy: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped_at(monkeypatch, NOON)
    at = datetime(2026, 11, 16, 8, 30, tzinfo=UTC)
    Moment(copy, "h.devries", at, "command line").edit("customer", "northwind", name="Southwind")
    (entry,) = audit(copy, record=("customer", "northwind"))
    assert (when(entry), entry.origin, entry.actor) == (at, "command line", "h.devries")
    assert clock.now() == NOON != at, "the clock stands where it stood"
