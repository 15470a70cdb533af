"""What leaves the services where something is changed, or would be: frozen, as the records of lists are. The first data
wait for none of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ringfence.changes.difference import Difference, Later, Rights
from ringfence.domain.errors import Lacking

if TYPE_CHECKING:
    from ringfence.services.explained import Why

__all__ = ["Difference", "Later", "Rights"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A record opened in a form: its state as the viewer sees it, at a revision. ``names`` gives what it refers to, by
    field (``owner``, ``role``, ``customers``, ``security_groups``…) and id; ``active`` which customer groups are.

    ``why_not`` says why the viewer may not change it; it is empty when they may try.
    """

    kind: str
    id: int
    state: Any
    revision: int
    names: dict[str, dict[int, str]]
    active: dict[int, bool]
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class UserDifference:
    """What a change does to one user: ``now``, and from ``later`` moments on."""

    user_id: int
    login: str
    name: str
    now: Difference
    later: Later = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do, to the users whom the viewer may list. ``refusal`` says why it would not be made, and
    ``field`` which field of the form that is about; both are empty when it would. ``along`` counts what goes with a
    customer that is deleted or moved, by kind (``customer``, ``user``, ``device``…), as far as the viewer may list it,
    and ``hidden`` says that something else goes too; ``notes`` are sentences on what becomes of sites and of the
    history. ``lacking`` is what it would take, where one permission is lacking."""

    users: tuple[UserDifference, ...]
    refusal: str = ""
    field: str = ""
    along: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    hidden: bool = False
    lacking: Lacking | None = None


@dataclass(frozen=True, slots=True)
class CustomerShare:
    """A customer that a user sees, at the top of what they see: the devices there and below, the customers below, and
    what they may do there (keys of permissions)."""

    id: int
    name: str
    customers: int
    devices: int
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a user's settings come to: ``tops`` are the first of ``top_count`` customers at the top of what they see.

    ``later`` tells of the next moment at which a membership begins or ends: when, and the customers and devices then.
    ``warnings`` are sentences for people; ``nothing`` says why they see no customer, where that is so.
    """

    customers: int
    devices: int
    levels: tuple[str, ...]
    tops: tuple[CustomerShare, ...]
    top_count: int
    warnings: tuple[str, ...]
    later: tuple[str, int, int] | None = None
    preview: Preview = Preview(())
    nothing: Why | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """A change that was made: its number in the audit, and the ids of what it created by the (negative) ids that stood
    for them."""

    change: int
    created: dict[int, int]
