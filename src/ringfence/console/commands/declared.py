"""The commands of a kind of record, as its declaration asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringfence.console.commands.access import WAYS_IN
from ringfence.console.commands.alarms import QUEUE
from ringfence.console.commands.command import Editable
from ringfence.console.commands.exchange import importing
from ringfence.console.commands.holders import ACCESS
from ringfence.console.commands.records import ACTIONS, DETAIL, NEW, OPEN, SHOW, TAKEN
from ringfence.console.commands.why import WHY_OF_ALARMS

if TYPE_CHECKING:
    from ringfence.domain.kind import Kind


def editable(kind: Kind) -> Editable:
    """A kind as its commands need it. Raises KeyError where it is declared to take something that there is not."""
    from ringfence.domain.display import actions
    from ringfence.domain.registry import EDITED  # the first frame waits for no kind

    known = {one.name: one for one in (*TAKEN, *QUEUE, *WAYS_IN, importing(kind.several))}
    taken = [known[name] for name in actions(kind)]
    page = f"{kind.noun} page" if kind.display.page else ""
    opens = SHOW if page else OPEN.but(help="Open and edit the record.") if DETAIL in taken else OPEN
    held = (ACCESS,) if kind.noun in EDITED else ()
    why = (WHY_OF_ALARMS,) if any("w" in one.keys.split(",") for one in taken) else ()
    commands = (ACTIONS, opens, NEW, *taken, *held, *why)
    return Editable(kind.noun, kind.said, kind.several, kind.right, commands, page)
