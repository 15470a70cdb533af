"""A user: somebody who logs in, at home on one node of the tree."""

from dataclasses import dataclass
from typing import Annotated, Final

from ringfence.domain import limits
from ringfence.domain.contact import email_fault
from ringfence.domain.errors import Refused
from ringfence.domain.field import Flag, Ref, Text, Ties, Window, referred_by
from ringfence.domain.kind import Kind, State
from ringfence.domain.login import login_fault
from ringfence.domain.shown import Area, Display, Shown


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class UserState(State):
    """Somebody who logs in. ``home`` is the tenant's root (staff) or a customer (that customer's own people);
    ``security_groups`` holds a group with each of its windows. A login is unique in the tenant, without regard to
    case. The alarms that they have (``assigned``), ``acknowledged`` and ``cleared``, and the test modes that they
    ``started``, are filled in only where the user is deleted or brought back."""

    home: Annotated[int, Ref("customer", node=True, about="Where they belong.")]
    login: Annotated[
        str,
        Text(
            limits.SHORT_TEXT,
            filled=True,
            searched=True,
            folded="login_key",
            unique=True,
            fault=login_fault,
            about="What they sign in with.",
            takes="LOGIN",
        ),
    ]
    name: Annotated[str, Text(limits.NAME, filled=True, searched=True, about="Their name.")]
    email: Annotated[
        str, Text(limits.SHORT_TEXT, searched=True, fault=email_fault, about="Their e-mail address.", takes="ADDRESS")
    ] = ""
    active: Annotated[bool, Flag("inactive", "sees nothing", about="Whether they may sign in, and see anything.")] = (
        True
    )
    security_groups: Annotated[
        frozenset[tuple[int, Window]],
        Ties(
            *("membership", "user_id", "group_id", "security_group"),
            one="group",
            about="What lets them see and do anything.",
        ),
    ] = frozenset()
    customer_groups: Annotated[
        frozenset[int],
        Ties(
            "user_customer_group",
            "user_id",
            "group_id",
            "customer_group",
            one="filter",
            about="What filters the customers that they see.",
        ),
    ] = frozenset()
    sites: Annotated[
        frozenset[int], Ties("user_site", "user_id", "site_id", "site", about="What roles of site level reach.")
    ] = frozenset()
    key: Annotated[str, Text(limits.KEY, exact=True)] = ""
    assigned: Annotated[frozenset[int], referred_by("alarm", "assignee_id")] = frozenset()
    acknowledged: Annotated[frozenset[int], referred_by("alarm", "acked_by_id")] = frozenset()
    cleared: Annotated[frozenset[int], referred_by("alarm", "cleared_by_id")] = frozenset()
    started: Annotated[frozenset[int], referred_by("test_mode", "started_by_id")] = frozenset()


USERS: Final = Kind(
    UserState,
    "user",
    "users",
    document="Somebody who logs in; without a home they are the tenant's staff.",
    table="user_account",
    keyed="login",
    grants=True,
    exported=("key", "home", "login", "name", "email", "active"),
    display=Display(
        Area(key="3"),
        tab=True,
        columns=(
            Shown("name", 16, grow=2, key="n"),
            Shown("login", 12, grow=1),
            Shown("email", 16, grow=2, hide_below=62, style="quiet"),
            Shown("home", 14, grow=2, hide_below=44, style="quiet"),
            Shown("active", 8, hide_below=36, title="State", yes="active", no="inactive"),
        ),
        actions=("activate", "invite", "sign_ins", "lost_factor", "history", "delete"),
    ),
)


@USERS.checks(typed=True)
def _demand_windows(before: UserState | None, after: UserState) -> None:
    for _, (since, until) in after.security_groups - (frozenset() if before is None else before.security_groups):
        if since is not None and until is not None and until <= since:
            raise Refused("a validity window ends before it begins", "security_groups")
