"""What goes into the services and leaves them but the rows of lists: plain tuples, without a session behind them.
Imports nothing but the standard library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ringfence.services.rows import AuditRecord

SortKey = tuple[str, int]
"""Where a record stands in the order it was listed in."""


class Part(NamedTuple):
    """A part of a long list: after or before a record, or from its end; ``skip`` leaves out the nearest ones."""

    limit: int = 50
    after: SortKey | None = None
    before: SortKey | None = None
    from_end: bool = False
    skip: int = 0


class Listing(NamedTuple):
    """What is listed: a kind (``devices``), a text to look for, the column to sort by (empty: the kind's own order),
    and the customer to stay below (its id). ``only`` is a filter as well, which narrows what is looked through.

    ``record`` is a record's kind (``device``) and key: of the audit, only what it says of that one; of all else, what
    refers to it.
    """

    kind: str
    search: str = ""
    sort: str = ""
    descending: bool = False
    under: int | None = None
    record: tuple[str, str] | None = None
    only: str = ""


class TreeCustomer(NamedTuple):
    """A node of the tree as its viewer sees it; ``parent`` is None where the parent is hidden or there is none."""

    id: int
    parent: int | None
    key: str
    name: str
    has_children: bool


class CustomerDetail(NamedTuple):
    """A customer opened. ``trail`` holds the visible ancestors' names, topmost first, and its own. ``customers`` counts
    those nested in it; ``counts`` what there is at it and below it, of each kind that is a tab of it (as the command
    line spells it), None where the viewer may not list that kind at all. ``limits`` say how many ``customers``,
    ``devices`` and ``users`` there may be, where that is limited."""

    id: int
    key: str
    name: str
    email: str
    phone: str
    address: str
    trail: tuple[str, ...]
    customers: int
    counts: Mapping[str, int | None]
    limits: tuple[tuple[str, int], ...] = ()


class Account(NamedTuple):
    """A user who can be signed in as, by the login that ``means`` nobody else. ``standing`` says in a few words by what
    they see what they see."""

    id: int
    login: str
    name: str
    tenant: str
    standing: str
    active: bool
    sort_key: SortKey
    means: str


class Profile(NamedTuple):
    """Who is looking, and how much of what there is they see.

    ``place`` is the tenant's name for whoever sees its root, else the name of their home where they see that.
    The totals are the tenant's, and 0 where they were not asked for. ``seen_by`` is the login of whoever looks through
    their eyes; empty where they do so themselves.
    """

    user_id: int
    login: str
    name: str
    place: str
    standing: str
    active: bool
    customers: int
    devices: int
    total_customers: int = 0
    total_devices: int = 0
    reason: str = ""
    seen_by: str = ""


class ComparedCustomer(NamedTuple):
    """A node of the tree of two users together: the devices that each sees there and below, None for one who does
    not see the customer."""

    id: int
    left: int | None
    right: int | None


class AuditDetail(NamedTuple):
    """An entry of the audit opened: lines of (field, before, after) as far as the viewer sees what they refer to."""

    record: AuditRecord
    lines: tuple[tuple[str, str, str], ...]
    entries: int
    undone: bool
