"""A queue of alarms in the demo's data, for whoever looks at it or works on it."""

from __future__ import annotations

from support.console import NOON
from support.signals import edge, send

from ringfence.domain.alarm import AlarmState
from ringfence.domain.clock import milliseconds
from ringfence.domain.edge import EdgeState
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Workspace
from ringfence.signals.intake import Source
from ringfence.storage.engine import Database

BEGAN = milliseconds(NOON)


def feed(database: Database) -> Source:
    """An edge that speaks for the devices of Veldkamp Bakeries, and of its bakery in Breda; of the alarms and
    test modes that the demo's data have, none is left."""
    boss = Workspace(database, at=NOON).sign_in("h.devries")
    for listed, kind in (("alarms", "alarm"), ("test-modes", "test_mode")):
        told = [one.id for one in boss.rows(Listing(listed), Part(1000))]
        if gone := [Edit(kind, one.id, one.state, None, one.revision) for one in boss.open_records(kind, told)]:
            boss.save(gone)
    (bakeries,) = boss.rows(Listing("customers", '"Veldkamp Bakeries"'), Part(1))
    boss.save([Edit("edge", -1, None, EdgeState(bakeries.id, "Feed of the queue"))])
    return edge(database, "feed-of-the-queue")


def fill(database: Database) -> Source:
    """Three alarms at Veldkamp: an open door of three hours, warmth of four minutes, and three signals of an intrusion
    within twelve seconds, of which the last one came at the moment that this gives back an edge."""
    source = feed(database)
    for before, unit, alarm, severity in (
        (10_800, "U-00767", "door_open", "warning"),
        (240, "U-00755", "too_warm", "major"),
        (12, "U-00752", "intrusion", "critical"),
        (6, "U-00752", "intrusion", "critical"),
        (0, "U-00752", "intrusion", "critical"),
    ):
        line = {"unit": unit, "alarm": alarm, "severity": severity, "text": f"said by {unit}"}
        send(database, source, line, now=BEGAN - before * 1000)
    return source


def alarms(database: Database, login: str = "h.devries") -> dict[str, AlarmState]:
    """The alarms that somebody sees, cleared ones too, by what they are."""
    session = Workspace(database, at=NOON).sign_in(login)
    ids = [one.id for one in session.rows(Listing("alarms"), Part(50))]
    return {one.state.name: one.state for one in session.open_records("alarm", ids)}
