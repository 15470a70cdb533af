"""While something is only looked at, others save: every preview is held at its end, and the very same is saved then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event
from support.databases import rows
from support.documents import AT
from support.edits import World, provider

from ringfence.domain.kind import StateKind, altered
from ringfence.services.editing import Edit
from ringfence.snapshot.collect import collect_from
from ringfence.snapshot.load import load_document
from ringfence.snapshot.what_if import what_if
from ringfence.storage.engine import Database
from ringfence.storage.rehearsal import rehearsed

KINDS: dict[StateKind, str] = {
    "customer": "south",
    "site": "gate",
    "device": "south-0",
    "role": "reader",
    "customer_group": "prod",
    "security_group": "readers",
    "user": "rita",
}
SHEET = b"unit_id,name,customer\nU-77,New one,acme\n"


class Editor:
    """Somebody who may do everything, on a connection of their own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.world = World(database)
        self.asks = self.world.session("boss")

    def opened(self, kind: StateKind, **fields: Any) -> list[Edit]:
        edit = self.world.edit("boss", kind, KINDS[kind], **fields)
        return [replace(edit, after=None)] if fields == {} else [edit]


Act = Callable[[Editor], Any]


def previewed(edits: Callable[[Editor], list[Edit]]) -> tuple[Act, Act]:
    return (
        lambda s: s.asks.preview(edits(s)),
        lambda s: s.asks.save(edits(s)),
    )


def moved(editor: Editor) -> list[Edit]:
    return editor.opened("customer", parent=editor.world.id("customer", "beta"))


def assigned(editor: Editor) -> list[Edit]:
    devices = [editor.world.id("device", f"south-{number}") for number in range(3)]
    return list(editor.asks.assignment(devices, editor.world.id("customer", "beta"))[0])


def made(editor: Editor) -> list[Edit]:
    one = editor.opened("user", name="x")[0]
    assert one.before is not None
    return [Edit("user", -1, None, altered(one.before, key="", login="fresh"))]


def prospected(editor: Editor) -> Any:
    edits = editor.opened("user", name="Another name")
    return editor.asks.prospect(edits, edits[0].id)


def another(document: dict[str, Any]) -> dict[str, Any]:
    roles = [{**role, "name": role["name"] + "!"} for role in document["roles"]]
    return {**document, "roles": roles}


WAYS: dict[str, tuple[Act, Act]] = {
    **{f"edit {kind}": previewed(lambda s, k=kind: s.opened(k, name="Another name")) for kind in KINDS},  # type: ignore[misc]
    **{f"delete {kind}": previewed(lambda s, k=kind: s.opened(k)) for kind in KINDS if kind != "role"},  # type: ignore[misc]
    "move": previewed(moved),
    "assign": previewed(assigned),
    "create": previewed(made),
    "prospect": (prospected, lambda s: s.asks.save(s.opened("user", name="Another name"))),
    "undo": (
        lambda s: s.asks.preview_undo(),
        lambda s: s.asks.undo(s.asks.preview_undo()[0]),
    ),
    "import": (
        lambda s: s.asks.read_import(SHEET, kind="device"),
        lambda s: s.asks.save(s.asks.read_import(SHEET, kind="device").edits),
    ),
    "what-if": (
        lambda s: what_if(s.database, collect_from(another(provider())), lambda *_: None, AT),
        lambda s: load_document(s.database, another(provider())),
    ),
}
"""What can be looked at before it is done, and how it is done."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.once(10)
def test_the_same_is_saved_while_it_is_looked_at(database: Database, way: str) -> None:
    """At the end of a look, with everything written that it writes, another process does the same for good: it waits
    for nobody (a tenth of a second would be too long), and who looks is told what they would have been anyway."""
    look, do = WAYS[way]
    world = World(database, provider())
    world.save("boss", world.edit("boss", "user", "nora", name="To be taken back"))
    look(Editor(database))  # what is worked out once, and kept, is worked out
    before = rows(database)
    alone = look(Editor(database))
    assert rows(database) == before, "looking left a trace"
    other = Database(database.url, busy_seconds=0.1)
    state = {"looking": False, "done": False}

    def held(connection: Connection) -> None:
        if state["looking"] and rehearsed(connection):
            state["looking"] = False
            do(Editor(other))
            state["done"] = True

    event.listen(Engine, "rollback", held)
    try:
        state["looking"] = True
        assert look(Editor(database)) == alone
    finally:
        event.remove(Engine, "rollback", held)
        other.close()
    assert state["done"], "nothing was held"
    assert rows(database) != before
