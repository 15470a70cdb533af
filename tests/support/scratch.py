"""A kind of record that is declared here and nowhere else: what a plain new one takes, and that it is scoped as any."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Final

from support.wall import put_up_again

from ringfence.domain import limits
from ringfence.domain.field import Choice, Ref, Text
from ringfence.domain.kind import Kind, State
from ringfence.domain.registry import EDITED, KINDS
from ringfence.domain.shown import GAP, Area, Display, Shown
from ringfence.snapshot.document import ENTRIES, entry_of
from ringfence.storage import tables
from ringfence.storage.columns import metadata
from ringfence.storage.engine import Database
from ringfence.storage.shapes import on_postgresql


@dataclass(frozen=True, slots=True)
class OrderState(State):
    """Something that is to be done at a customer, on one of their sites, by somebody."""

    customer: Annotated[int, Ref("customer", node=True)]
    name: Annotated[str, Text(limits.NAME, filled=True, searched=True)]
    urgency: Annotated[str, Choice(("low", "high"), "choose low or high")] = "low"
    site: Annotated[int | None, Ref("site", stands=True)] = None
    worker: Annotated[int | None, Ref("user")] = None
    notes: Annotated[str, Text(limits.LONG_TEXT, lines=True)] = ""
    key: Annotated[str, Text(limits.KEY, exact=True)] = ""


ORDERS: Final = Kind(
    OrderState,
    "work_order",
    "work_orders",
    resource="ticket",
    display=Display(
        Area("Orders"),
        tab=True,
        columns=(
            Shown("name", 16, grow=3, key="n"),
            Shown("urgency", 8, style={"high": "attention"}),
            Shown("site", 12, grow=1, hide_below=40, style="quiet"),
            Shown("worker", 12, grow=1, hide_below=50, style="quiet", none="nobody"),
            Shown("customer", 12, grow=1, hide_below=60, style="quiet"),
        ),
        form=("name", "urgency", GAP, "customer", "site", "worker", GAP, "notes"),
    ),
)


@contextmanager
def declared(database: Database, kind: Kind = ORDERS) -> Iterator[None]:
    """While it lasts, there is that kind, and a table of it in the database."""
    EDITED[kind.noun] = KINDS[kind.name] = kind
    ENTRIES[kind.plural] = entry_of(kind)
    table = tables.table_of(kind).__table__
    made = on_postgresql().tables[table.name] if database.postgresql else table
    made.create(database.engine)
    put_up_again(database)
    try:
        yield
    finally:
        with database.engine.begin() as connection:
            connection.exec_driver_sql(f'DROP TABLE "{table.name}"')
        metadata.remove(table)
        del EDITED[kind.noun], KINDS[kind.name], tables._TABLES[kind.noun], ENTRIES[kind.plural]
