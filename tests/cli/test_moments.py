"""Moments and numbers of a record: kept alike however they come, and never what nobody can read again."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Final

import pytest
from support.command_line import Call, small
from support.scratch import declared

from ringfence.cli.commands import _program
from ringfence.domain import clock, limits
from ringfence.domain.errors import Refused
from ringfence.domain.field import Moment, Number, Ref, Text
from ringfence.domain.kind import Kind, State
from ringfence.services import exporting, importing, listing
from ringfence.services.editing import Edit
from ringfence.services.records import Listing
from ringfence.services.workspace import Session, Workspace
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database


@dataclass(frozen=True, slots=True)
class VisitState(State):
    """Somebody comes to a customer: so often, and then, or nobody knows when."""

    customer: Annotated[int, Ref("customer", node=True)]
    name: Annotated[str, Text(limits.NAME, filled=True, searched=True)]
    due: Annotated[datetime | None, Moment()] = None
    times: Annotated[int, Number()] = 1
    key: Annotated[str, Text(limits.KEY, exact=True)] = ""


VISITS: Final = Kind(VisitState, "visit", "visits", resource="ticket")
NO_TIMES = ("rubbish", "2026-11-22", "2026-11-22T08:00:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def visits(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    load_document(database, small())
    monkeypatch.setenv("RINGFENCE_DB", database.url.render_as_string(hide_password=False))
    _program.cache_clear()
    with declared(database, VISITS):
        yield Workspace(database).sign_in("ada")
    _program.cache_clear()


def kept(session: Session) -> dict[str, Any]:
    """What the table itself holds, by name."""
    with session.viewer.database.reading() as connection:
        return dict(connection.exec_driver_sql("SELECT name, due FROM visit").all())


def exported(session: Session, form: exporting.Format = "json") -> str:
    out = io.StringIO()
    exporting.write(out, listing.export(session.viewer, Listing(VISITS.name)), form)
    return out.getvalue()


def test_a_moment_is_kept_alike_however_it_comes(visits: Session) -> None:
    node = listing.customer_id(visits.viewer, "c")
    east = NOON.astimezone(timezone(timedelta(hours=9)))
    visits.save([Edit(VISITS.noun, -1, None, VisitState(node, "Made", east))])
    sheet = [
        {"name": "Brought", "due": "2026-11-22T21:00:00+09:00"},
        {"name": "Brought too", "due": "2026-11-22T12:00Z"},
    ]
    found = importing.read(visits.viewer, json.dumps(sheet).encode(), node, kind=VISITS.noun)
    visits.save(found.edits)
    visits.save([Edit(VISITS.noun, -1, None, VisitState(node, "Changed"))])
    own = next(one.id for one in listing.export(visits.viewer, Listing(VISITS.name, "changed")))
    opened: Any = visits.open_record(VISITS.noun, own)
    visits.save(
        [Edit(VISITS.noun, own, opened.state, VisitState(node, "Changed", east, 1, "changed"), opened.revision)]
    )
    assert len(kept(visits)) == 4
    assert len(set(kept(visits).values())) == 1
    assert {one["due"] for one in json.loads(exported(visits))} == {"2026-11-22T12:00:00+00:00"}
    for form in exporting.FORMATS:
        again = importing.read(visits.viewer, exported(visits, form).encode(), kind=VISITS.noun)
        assert (again.unchanged, again.faults) == (4, ())


@pytest.mark.parametrize("text", NO_TIMES)
def test_what_is_no_moment_gets_in_nowhere(visits: Session, call: Call, text: str) -> None:
    assert clock.moment(text) is None
    found = importing.read(visits.viewer, f"name,due\nX,{text}".encode(), kind=VISITS.noun)
    assert found.faults == ("line 2: due: say a time such as 2026-11-22T08:00:00+00:00",)
    said = call("visits", "create", "X", "--due", text, "--as", "ada").refused(2)
    assert said.startswith(f"--due takes a time such as 2026-11-22T08:00:00+00:00 or none, not {text!r}")
    assert call("list", "visits", "--as", "ada").out == ""


def test_a_command_says_a_moment_and_takes_it_away(visits: Session, call: Call) -> None:
    assert call("visits", "create", "X", "--due", "2026-11-22T13:00:00+01:00", "--as", "ada").status == 0
    assert json.loads(exported(visits))[0]["due"] == "2026-11-22T12:00:00+00:00"
    assert call("visits", "edit", "x", "--due", "none", "--as", "ada").status == 0
    assert json.loads(exported(visits))[0]["due"] is None


def test_a_number_that_must_be_there_is_asked_for(visits: Session, call: Call) -> None:
    assert (
        call("visits", "create", "X", "--times", "none", "--as", "ada").refused(2).startswith("--times takes a number,")
    )
    node = listing.customer_id(visits.viewer, "c")
    state = VisitState(node, "X", times=None)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="this must not be empty") as refused:
        visits.save([Edit(VISITS.noun, -1, None, state)])
    assert refused.value.field == "times"
    with pytest.raises(Refused, match="this is a number from 0 up"):
        visits.save([Edit(VISITS.noun, -1, None, VisitState(node, "X", times=-1))])
