"""Every kind of record, in the one order in which the others go by it: what others refer to comes before them."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Iterator
from types import MappingProxyType
from typing import Final

from ringfence.domain.alarm import ALARMS
from ringfence.domain.alarm_rule import ALARM_RULES
from ringfence.domain.audit import AUDIT
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.customer_group import CUSTOMER_GROUPS
from ringfence.domain.device import DEVICES
from ringfence.domain.edge import EDGES
from ringfence.domain.errors import RingfenceError
from ringfence.domain.event import EVENTS
from ringfence.domain.field import Field
from ringfence.domain.ids import ids_in
from ringfence.domain.kind import Kind, State, StateKind, kind_of
from ringfence.domain.role import ROLES
from ringfence.domain.security_group import SECURITY_GROUPS
from ringfence.domain.site import SITES
from ringfence.domain.test_mode import TEST_MODES
from ringfence.domain.user import USERS

EDITED: Final[dict[str, Kind]] = {
    kind.noun: kind
    for kind in (
        *(CUSTOMERS, SITES, DEVICES, EDGES, ROLES, SECURITY_GROUPS, CUSTOMER_GROUPS, USERS),
        *(ALARM_RULES, TEST_MODES, ALARMS),
    )
}
"""The kinds that people edit, by noun."""
KINDS: Final[dict[str, Kind]] = {
    kind.name: kind
    for kind in (
        *(CUSTOMERS, SITES, DEVICES, USERS, SECURITY_GROUPS, CUSTOMER_GROUPS, ROLES, ALARMS, ALARM_RULES, TEST_MODES),
        *(EDGES, AUDIT),
    )
}
"""The kinds of record that are listed, by what the command line calls a list."""
PARTS: Final[dict[str, Kind]] = {EVENTS.name: EVENTS}
"""What is listed besides: parts of records, which are reached through these or not at all."""
LISTED: Final = MappingProxyType(ChainMap(PARTS, KINDS))
"""All that is listed."""

PLACE: Final = next(kind for kind in EDITED.values() if kind.is_site)
"""The kind that is a place of a customer, on which others stand."""


def kind_named(name: str) -> Kind:
    """The kind of a name as the command line spells it. Raises RingfenceError for any other."""
    try:
        return LISTED[name]
    except KeyError:
        raise RingfenceError(f"there is no kind {name!r}: choose one of {', '.join(LISTED)}") from None


def kind_of_noun(noun: str) -> Kind:
    """The kind of a record named as in ``device:KEY``. Raises RingfenceError for any other."""
    for kind in KINDS.values():
        if kind.noun == noun:
            return kind
    nouns = ", ".join(f"{kind.noun}:KEY" for kind in KINDS.values())
    raise RingfenceError(f"there is no kind of record {noun!r}: name one as {nouns}")


def naming(noun: str) -> list[Kind]:
    """The kinds whose records gather those of a kind: what they name is theirs to say."""
    return [
        kind for kind in EDITED.values() if any(one.kind == noun and not one.whole for _, one in kind.ties.values())
    ]


def node_of(state: State) -> int:
    """The node that a record belongs to; of a customer, the one above it."""
    return kind_of(state).node_of(state)


def site_of(state: State) -> int | None:
    """The site that a record stands on, if any."""
    return kind_of(state).site_of(state)


def standing_on(kind: Kind) -> dict[str, StateKind]:
    """The fields of a kind that hold the records standing on one of it, and of which kind these are."""
    found = {}
    for name, (_, ties) in kind.ties.items():
        stands = EDITED[ties.kind].stands if ties.back else None
        if stands is not None and stands.column == ties.own:
            found[name] = ties.kind
    return found


def references(state: State | None) -> Iterator[tuple[str, Collection[int]]]:
    """What a record refers to, by kind, but for what is filled in only for one that comes or goes."""
    if state is not None:
        for name, kind in kind_of(state).refs.items():
            yield kind, ids_in(getattr(state, name))


def referring(name: str) -> Field | None:
    """A field that refers to records, by its name, which means the same in whatever kind has it."""
    return next((kind.fields[name] for kind in EDITED.values() if name in kind.all_refs), None)
