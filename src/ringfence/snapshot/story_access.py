"""The demo story's grants: roles, groups and the sixteen users, each of whom shows one situation."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ringfence.domain.builtin_roles import BUILTIN_ROLES
from ringfence.domain.permission import CATALOGUE
from ringfence.snapshot.story_data import HARBOR, LINDQVIST

ENDED_YESTERDAY: Final = "2026-11-15T18:00:00+00:00"
STARTS_TOMORROW: Final = "2026-11-17T08:00:00+00:00"
ENDS_IN_THREE_DAYS: Final = "2026-11-19T18:00:00+00:00"


class Role(NamedTuple):
    """What its holders may do, and up to which level."""

    key: str
    name: str
    access_level: str
    permissions: tuple[str, ...] | None
    """Keys of the catalogue; None is all of them."""
    owner: str | None = None
    private: bool = False
    builtin: bool = False


class SecurityGroup(NamedTuple):
    """A role over all customers (no entries at all) or over the selected ones."""

    key: str
    name: str
    role: str
    customers: tuple[tuple[str, bool], ...] | None = None
    """The Accessible customers, each with whether those nested below it come along; None is all customers."""
    owner: str | None = None
    made_for: str | None = None


class CustomerGroup(NamedTuple):
    """A set of customers that filters."""

    key: str
    name: str
    description: str
    customers: tuple[str, ...]
    active: bool = True
    owner: str | None = None


class Membership(NamedTuple):
    """A place in a security group, and its window."""

    group: str
    valid_from: str | None = None
    valid_until: str | None = None


class User(NamedTuple):
    """Somebody who logs in; without a home they are the provider's staff."""

    login: str
    name: str
    shows: str
    groups: tuple[Membership, ...] = ()
    filters: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    home: str | None = None
    active: bool = True
    domain: str = "harbor.example"


def _keys(*resources: str) -> tuple[str, ...]:
    """``"site: list view"`` as ``site.list`` and ``site.view``."""
    return tuple(
        f"{resource}.{action}"
        for resource, _, actions in (entry.partition(": ") for entry in resources)
        for action in actions.split()
    )


_READ: Final = _keys("customer: list view", "device: list view", "site: list view", "alarm: list")


def _copied(builtin: str, key: str, name: str, *, private: bool = False) -> Role:
    """A role of the story's own with the rights of a built-in one."""
    (role,) = (role for role in _BUILTIN if role.key == builtin)
    return role._replace(key=key, name=name, private=private, builtin=False)


_BUILTIN: Final = tuple(
    Role(
        role.key,
        role.name,
        role.access_level,
        None if role.permissions is None else tuple(one.key for one in CATALOGUE if one.key in role.permissions),
        builtin=True,
    )
    for role in BUILTIN_ROLES
)

_DISPATCHER: Final = _READ + _keys(
    "alarm: manage", "device: broadcast edit", "user: list view", "ticket: create edit list view"
)

ROLES: Final = {
    HARBOR: (
        *_BUILTIN,
        Role("viewer", "Read only", "service_provider", (*_READ, "user.list", "user.view")),
        Role("dekker-fitter", "Dekker fitter", "customer", (*_READ, "device.edit", "alarm.manage"), "dekker"),
        _copied("technician", "sint-jans-hospital", "Sint Jans Hospital", private=True),
    ),
    LINDQVIST: (
        _copied("administrator", "administrator", "Administrator"),
        Role("dispatcher", "Dispatcher", "service_provider", _DISPATCHER),
        _copied("technician", "technician", "Technician"),
        _copied("customer-user", "customer-user", "Customer user"),
        _copied("site-guard", "site-guard", "Yard guard"),
    ),
}

SECURITY_GROUPS: Final = {
    HARBOR: (
        SecurityGroup("administrators", "Administrators", "administrator"),
        SecurityGroup("operations", "Operations", "operator"),
        SecurityGroup("technicians", "Technicians", "technician"),
        SecurityGroup("account-administrators", "Account administrators", "account-administrator"),
        SecurityGroup("customer-users", "Customer users", "customer-user"),
        SecurityGroup("site-guards", "Site guards", "site-guard"),
        SecurityGroup(
            "sint-jans-hospital",
            "Sint Jans Hospital",
            "sint-jans-hospital",
            (("sintjans", True),),
            made_for="sintjans",
        ),
        SecurityGroup(
            "field-service-south",
            "Field service south",
            "technician",
            (("polder-south", True), ("north-rotterdam", False), ("veldkamp", True)),
        ),
        SecurityGroup("zuiderpark-cover", "Zuiderpark, holiday cover", "technician", (("zuiderpark", True),)),
        SecurityGroup("northwind-service", "Northwind service managers", "administrator", (("northwind", True),)),
        SecurityGroup("polder-read-only", "Polder Water Board, read only", "viewer", (("polder", True),)),
        SecurityGroup("dekker-fitters", "Dekker fitters", "dekker-fitter", (("dekker", True),), "dekker"),
    ),
    LINDQVIST: (
        SecurityGroup("administrators", "Administrators", "administrator"),
        SecurityGroup("dispatch", "Dispatch", "dispatcher"),
        SecurityGroup("workshop", "Workshop", "technician", (("pilot", True), ("sundbuss", True))),
        SecurityGroup("customer-users", "Customer users", "customer-user"),
    ),
}

CUSTOMER_GROUPS: Final = {
    HARBOR: (
        CustomerGroup(
            "production-only",
            "Production only",
            "Every live billing client. What the control room watches by day and night.",
            (
                *("northwind", "polder", "sintjans", "veldkamp", "zuiderpark", "brandsma", "oharas"),
                *("aonami", "lefevre", "schakel", "archive", "dekker", "schelde"),
            ),
        ),
        CustomerGroup(
            "staging-test",
            "Staging/Test",
            "Our own racks and rehearsals: alarms from here wake nobody.",
            ("internal", "staging", "academy"),
        ),
        CustomerGroup(
            "old-installer-set",
            "Old installer set",
            "Before installers had customers of their own. Switched off in spring.",
            ("dekker", "schelde"),
            active=False,
        ),
        CustomerGroup(
            "dekker-schools",
            "Schools",
            "For the fitters who are cleared to work in schools.",
            ("dekker-linde",),
            owner="dekker",
        ),
    ),
    LINDQVIST: (
        CustomerGroup(
            "cold-chain", "Cold chain", "Whatever has to stay below eight degrees.", ("havsbris", "granhult")
        ),
    ),
}

USERS: Final = {
    HARBOR: (
        User(
            "h.devries",
            "Hanna de Vries",
            "Administrator of Harbor Monitoring: every permission, every customer, nothing of the other provider.",
            (Membership("administrators"),),
        ),
        User(
            "olga",
            "Olga Brandt",
            "Operator whose customer group “Production only” keeps test alarms off her screen.",
            (Membership("operations"),),
            ("production-only",),
        ),
        User(
            "j.peeters",
            "Joris Peeters",
            "Technician whose customer group “Staging/Test” leaves him only the provider's own test sites.",
            (Membership("technicians"),),
            ("staging-test",),
        ),
        User(
            "r.dekker",
            "Ruben Dekker",
            "Account administrator of an installer, with 60 of the 62 devices it may have: sees down, and never up.",
            (Membership("account-administrators"),),
            home="dekker",
            domain="dekker.example",
        ),
        User(
            "m.claes",
            "Maud Claes",
            "Technician of one single customer, through the security group that was made for it and bears its name.",
            (Membership("sint-jans-hospital"),),
        ),
        User(
            "t.okafor",
            "Tobias Okafor",
            "Technician of several selected customers, Rotterdam without those nested in it; a holiday cover ends in"
            " three days.",
            (Membership("field-service-south"), Membership("zuiderpark-cover", None, ENDS_IN_THREE_DAYS)),
        ),
        User(
            "anneke",
            "Anneke Veldkamp",
            "A customer's own user, read-only: her bakeries and nothing beside them.",
            (Membership("customer-users"),),
            home="veldkamp",
            domain="veldkamp.example",
        ),
        User(
            "g.moreau",
            "Gilles Moreau",
            "Guard at two sites: sees what stands on them, and no other device of the same customers.",
            (Membership("site-guards"),),
            sites=("north-maasvlakte-gate", "north-waalhaven-dock"),
            home="northwind",
            domain="northwind.example",
        ),
        User(
            "p.nowak",
            "Paweł Nowak",
            "Operator whose only customer group is inactive: sees nothing, not everything.",
            (Membership("operations"),),
            ("old-installer-set",),
        ),
        User(
            "f.hoekstra",
            "Femke Hoekstra",
            "Operator whose access ended yesterday at six.",
            (Membership("operations", None, ENDED_YESTERDAY),),
            ("production-only",),
        ),
        User(
            "d.ionescu",
            "Daria Ionescu",
            "Technician whose access starts tomorrow morning.",
            (Membership("technicians", STARTS_TOMORROW, None),),
        ),
        User(
            "k.adeyemi",
            "Kemi Adeyemi",
            "Full rights on Northwind Logistics, read-only on Polder Water Board: two groups that never mix.",
            (Membership("northwind-service"), Membership("polder-read-only")),
        ),
        User(
            "b.janssens",
            "Bram Janssens",
            "Left the installer: an inactive user, who cannot log in whatever groups he kept.",
            (Membership("dekker-fitters"),),
            home="dekker",
            active=False,
            domain="dekker.example",
        ),
        User("l.petit", "Lucie Petit", "New this morning: no security group yet, so nothing is visible."),
    ),
    LINDQVIST: (
        User(
            "astrid",
            "Astrid Lindqvist",
            "Administrator of the other provider: all of Lindqvist Fleet Services, nothing of Harbor Monitoring.",
            (Membership("administrators"),),
            domain="lindqvist.example",
        ),
        User(
            "n.eriksen",
            "Nils Eriksen",
            "Dispatcher of the other provider, filtered to the cold chain.",
            (Membership("dispatch"),),
            ("cold-chain",),
            domain="lindqvist.example",
        ),
    ),
}


def access_entries(tenant: str) -> dict[str, list[dict[str, Any]]]:
    """The tenant's roles, groups and users, as a snapshot document lists them."""
    return {
        "roles": [_role(tenant, role) for role in ROLES[tenant]],
        "security_groups": [_security_group(tenant, group) for group in SECURITY_GROUPS[tenant]],
        "customer_groups": [_customer_group(tenant, group) for group in CUSTOMER_GROUPS[tenant]],
        "users": [_user(tenant, user) for user in USERS[tenant]],
    }


def _role(tenant: str, role: Role) -> dict[str, Any]:
    return {
        "key": role.key,
        "tenant": tenant,
        "owner": role.owner,
        "name": role.name,
        "access_level": role.access_level,
        "permissions": "all" if role.permissions is None else list(role.permissions),
        **({"private": True} if role.private else {}),
        **({"builtin": True} if role.builtin else {}),
    }


def _security_group(tenant: str, group: SecurityGroup) -> dict[str, Any]:
    return {
        "key": group.key,
        "tenant": tenant,
        "owner": group.owner,
        "name": group.name,
        "role": group.role,
        "scope": "all" if group.customers is None else "selected",
        "customers": [{"customer": key, "nested": nested} for key, nested in group.customers or ()],
        **({} if group.made_for is None else {"made_for": group.made_for}),
    }


def _customer_group(tenant: str, group: CustomerGroup) -> dict[str, Any]:
    return {
        "key": group.key,
        "tenant": tenant,
        "owner": group.owner,
        "name": group.name,
        "description": group.description,
        "active": group.active,
        "customers": [{"customer": key, "nested": True} for key in group.customers],
    }


def _user(tenant: str, user: User) -> dict[str, Any]:
    return {
        "key": user.login,
        "tenant": tenant,
        "home": user.home,
        "login": user.login,
        "name": user.name,
        "email": f"{user.login}@{user.domain}",
        "active": user.active,
        "security_groups": [membership._asdict() for membership in user.groups],
        "customer_groups": list(user.filters),
        "sites": list(user.sites),
    }
