"""What forms choose from: customers in their tree, groups, roles, sites, and the catalogue of permissions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from ringfence.changes.edits import Edit
from ringfence.domain import clock
from ringfence.domain.builtin_roles import BUILTIN_ROLES
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.customer_group import CUSTOMER_GROUPS
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import RingfenceError
from ringfence.domain.permission import CATALOGUE, EVERYWHERE, PERMISSIONS, POLICY_EDIT
from ringfence.domain.registry import kind_named
from ringfence.domain.role import ROLES, RoleState
from ringfence.domain.security_group import ALL, SECURITY_GROUPS, SecurityGroupState
from ringfence.services import listing
from ringfence.services.records import Listing
from ringfence.services.rows import Record
from ringfence.storage.columns import of_tenant
from ringfence.storage.tables import Customer, SecurityGroup, User, is_root
from ringfence.visibility import overview
from ringfence.visibility.intervals import Interval, contains, nested
from ringfence.visibility.point import among
from ringfence.visibility.tree import roots
from ringfence.visibility.viewer import Viewer


@dataclass(frozen=True, slots=True)
class CustomerChoices:
    """Every customer that the viewer sees, as parallel lists in the order of names. ``parents`` are ranks in the same
    lists, -1 at the top; ``own`` and ``below`` count devices there, and there and below."""

    ids: list[int]
    names: list[str]
    folded: list[str]
    parents: list[int]
    own: list[int]
    below: list[int]


@dataclass(frozen=True, slots=True)
class RecordChoices:
    """Records of a kind, by name, as its lists show them."""

    records: tuple[Record, ...]

    @property
    def ids(self) -> list[int]:
        """Their ids."""
        return [one.id for one in self.records]

    @property
    def names(self) -> list[str]:
        """Their names."""
        return [one.name for one in self.records]


@dataclass(frozen=True, slots=True)
class PermissionChoice:
    """A permission of the catalogue. ``blocked`` says why it cannot be given here, and is empty where it can."""

    key: str
    section: str
    label: str
    administration: bool
    blocked: str
    note: str


@dataclass(frozen=True, slots=True)
class RoleTemplate:
    """A role that comes with Ringfence, to be copied. ``permissions`` None is all of them."""

    key: str
    name: str
    access_level: str
    permissions: frozenset[str] | None
    about: str


def customers(viewer: Viewer, include: Sequence[int] = ()) -> CustomerChoices:
    """Every customer that the viewer sees. The tenant's root is among them only where ``include`` holds its id.

    They are read once for a version of the tenant: a hundred thousand take a noticeable moment.
    """
    with viewer.reading, viewer.look(CUSTOMERS.permission, DEVICES.permission) as sight:
        root = overview.root_of(sight)
        with_root = root in set(include)
        found = sight.memo.get(("choices", with_root))
        if not isinstance(found, CustomerChoices):
            rows = overview.whole_tree(sight)
            devices = overview.record_nodes(sight, DEVICES.permission)
            whole = sight.scope(DEVICES.permission).records.whole
            found = sight.memo["choices", with_root] = _choices(
                rows, None if whole else devices, overview.devices_at_sites(sight), None if with_root else root
            )
    return found


def _choices(
    rows: Sequence[Row[Any]], devices: list[Interval] | None, at_sites: Mapping[int, int], root: int | None
) -> CustomerChoices:
    """``rows`` by name; ``devices`` where their own are counted (None: everywhere), ``at_sites`` those of other
    customers; ``root`` to be left out.
    """
    rows = [row for row in rows if row[0] != root]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], [], [], []]
    ids, names, folded, paths, own, above = columns
    if devices is not None:
        places = zip(ids, own, paths, strict=True)
        own = [count if contains(devices, path) else at_sites.get(one, 0) for one, count, path in places]
    rank = {customer: place for place, customer in enumerate(ids)}
    parents = [rank.get(parent, -1) for parent in above]
    below = list(own)
    for place in sorted(range(len(ids)), key=[-path.count("/") for path in paths].__getitem__):
        if parents[place] >= 0:
            below[parents[place]] += below[place]
    return CustomerChoices(ids, names, folded, parents, own, below)


def records(viewer: Viewer, kind: str) -> RecordChoices:
    """Every record of a kind that the viewer may list."""
    return RecordChoices(tuple(listing.export(viewer, Listing(kind))))


def permissions(viewer: Viewer, *, everywhere: bool, made_for: bool = False) -> tuple[PermissionChoice, ...]:
    """The catalogue, with why the viewer cannot give each: they do not hold it, or it needs all customers.

    ``everywhere`` says that it is for all customers; ``made_for`` that the group was made for one customer.
    """
    with viewer.look() as sight:
        own = viewer.regions(sight.connection, clock.now())
    found = []
    for one in CATALOGUE:
        blocked = ""
        if made_for and one.key == POLICY_EDIT:
            blocked = "never in a group made for one customer"
        elif one.key in EVERYWHERE and not everywhere:
            blocked = one.everywhere
        elif not own.region(one.key).customers:
            blocked = "you do not hold it yourself"
        found.append(PermissionChoice(one.key, one.section, one.label, one.administration, blocked, one.everywhere))
    return tuple(found)


def permission_labels() -> dict[str, tuple[str, str]]:
    """Section and label of every permission, by key, in the catalogue's order."""
    return {one.key: (one.section, one.label) for one in CATALOGUE}


def templates() -> tuple[RoleTemplate, ...]:
    """The roles that come with Ringfence."""
    return tuple(RoleTemplate(r.key, r.name, r.access_level, r.permissions, r.about) for r in BUILTIN_ROLES)


def home_of_new(viewer: Viewer, permission: str) -> tuple[int, str] | None:
    """The topmost node at which the viewer may create something, by the permission to create it; None for nowhere."""
    with viewer.look(CUSTOMERS.permission, permission) as sight:
        nodes = overview.record_nodes(sight, permission)
        tops = [row for row in roots(sight) if contains(nodes, row.path)]
        if tops:
            first = min(tops, key=lambda row: (row.parent_id is not None, row.search_key))
            return first.id, first.name
        for low, _ in nodes:
            found = [row for row in overview.whole_tree(sight) if row.path == low]
            if found:
                return found[0].id, found[0].name
    return None


def group_for_customer(viewer: Viewer, customer: int, temporary: int = -1) -> tuple[int, str, tuple[Edit, ...]]:
    """The security group for the single-customer users of a customer: its id, its name, and the edits that make it.

    A group that was made for the customer before is taken, where the viewer may list it: then there are no edits.
    The new one has the customer's name, the customer with all that is nested in it, and a private role like the
    built-in customer user's, as far as the viewer holds it; ``temporary`` and the id below it stand for the two.
    """
    free = {one.key for one in permissions(viewer, everywhere=False, made_for=True) if not one.blocked}
    with viewer.look(
        CUSTOMERS.permission, SECURITY_GROUPS.permission, ROLES.permission, "security_group.create"
    ) as sight:
        named = overview.names(sight, CUSTOMERS, [customer])
        if customer not in named:
            raise RingfenceError("this customer is not there any more")
        made = select(SecurityGroup.id).where(
            SecurityGroup.made_for_id == customer, of_tenant(SecurityGroup, viewer.tenant_id)
        )
        ids = list(sight.connection.execute(made).scalars())
        known = among(sight, SECURITY_GROUPS.permission, SECURITY_GROUPS, ids)
        if known:
            return known[0].id, known[0].name, ()
        root = select(Customer.id, Customer.path).where(is_root(viewer.tenant_id))
        top = sight.connection.execute(root).one()
        own = viewer.reach(sight.connection)
        path = overview.path_of(sight, customer)
        held = {one for one in free if own.covers(one, [nested(path)])}
        owner = top.id if contains(overview.record_nodes(sight, "security_group.create"), top.path) else customer
    template = next(role for role in BUILTIN_ROLES if role.key == "customer-user")
    name = named[customer]
    role = RoleState(owner, name, "service_provider", (template.permissions or PERMISSIONS) & held, private=True)
    group = SecurityGroupState(owner, name, temporary - 1, "selected", {customer: True}, customer)
    edits = (Edit("role", temporary - 1, None, role), Edit("security_group", temporary, None, group))
    return temporary, name, edits


def administrators_of(viewer: Viewer, customer: int, temporary: int = -1) -> tuple[int, str, tuple[Edit, ...]] | None:
    """The security group whose members administrate a customer's account: its devices and its own people, those of
    everything nested in it too, and nothing above. Its id, its name, and the edits that make it; None for the
    provider's root, whose people are staff.

    A group of the customer's that gives just that is taken: then there are no edits. The new one belongs to the
    customer, with a private role like the built-in account administrator's, as far as the viewer holds it.
    """
    template = next(role for role in BUILTIN_ROLES if role.key == "account-administrator")
    usual = template.permissions or PERMISSIONS
    with viewer.look(CUSTOMERS.permission, SECURITY_GROUPS.permission) as sight:
        name = overview.names(sight, CUSTOMERS, [customer]).get(customer)
        if name is None:
            raise RingfenceError("this customer is not there any more")
        if customer == overview.root_of(sight):
            return None
        own = viewer.reach(sight.connection)
        path = overview.path_of(sight, customer)
        held = frozenset(one for one in usual if own.covers(one, [nested(path)]))
        for group, known, permissions in overview.groups_of_own(sight, customer, template.access_level):
            if held <= permissions <= usual:
                return group, known, ()
    role = RoleState(customer, f"{template.name}, {name}", template.access_level, held, private=True)
    group_state = SecurityGroupState(customer, f"{template.name}s, {name}", temporary - 1, ALL)
    edits = (Edit("role", temporary - 1, None, role), Edit("security_group", temporary, None, group_state))
    return temporary, group_state.name, edits


def groups_naming(viewer: Viewer, kind: str, customer: int) -> dict[int, bool]:
    """The security or customer groups that name a customer, with whether those nested in it come along."""
    with viewer.look(*overview.LISTING) as sight:
        return overview.groups_naming(sight, kind_named(kind), customer)


def used_by(viewer: Viewer, kind: str, record: int) -> tuple[list[str], list[str]]:
    """Names of the security groups that use a role (none for a group), and logins of its users, as far as the viewer
    may list them."""
    listed = kind_named(kind)
    with viewer.look(*overview.LISTING) as sight:
        groups = overview.groups_of(sight, [record]).get(record, []) if listed is ROLES else []
        users = overview.users_of(sight, listed, [record]).get(record, [])
        query = select(User.login).where(User.id.in_(users), of_tenant(User, sight.tenant_id)).order_by(User.login_key)
        logins = list(sight.connection.execute(query).scalars())
        return sorted(overview.names(sight, SECURITY_GROUPS, groups).values()), logins


@dataclass(frozen=True, slots=True)
class GroupMembers:
    """Whom a group is about: names of the customers that it names, and logins of its users, each by name."""

    customers: tuple[str, ...]
    logins: tuple[str, ...]


def group_members(viewer: Viewer, kind: str, group: int) -> GroupMembers:
    """The customers and the users of a security or customer group, as far as the viewer may list each; nobody where
    they may not list the group."""
    listed = kind_named(kind)
    with viewer.look(*overview.LISTING) as sight:
        customers = overview.customers_named(sight, listed, group)
        users = overview.users_of(sight, listed, [group]) if overview.listed(sight, listed, [group]) else {}
        theirs = User.id.in_(users.get(group, [])), of_tenant(User, sight.tenant_id)
        query = select(User.login).where(*theirs).order_by(User.login_key)
        logins = tuple(sight.connection.execute(query).scalars())
    return GroupMembers(tuple(sorted(customers.values(), key=str.casefold)), logins)


@dataclass(frozen=True, slots=True)
class GroupNote:
    """A group in a few words. ``made_for`` says that a security group was made for one customer's users; ``role`` is
    the name of its role, empty where there is none or it is hidden."""

    name: str
    note: str
    made_for: bool = False
    active: bool = True
    role: str = ""


def group_notes(viewer: Viewer, kind: str, ids: Sequence[int]) -> dict[int, GroupNote]:
    """Words on each of these security or customer groups, of those that the viewer may list."""
    listed = kind_named(kind)
    with viewer.look(*overview.LISTING) as sight:
        names = overview.names(sight, listed, ids)
        wanted = sorted(names)
        counts = overview.customers_of(sight, listed, wanted)
        if listed is CUSTOMER_GROUPS:
            active = overview.active_of(sight, wanted)
            return {group: GroupNote(names[group], _many(counts[group]), active=active[group]) for group in wanted}
        if listed is not SECURITY_GROUPS:
            raise TypeError(f"{listed} is no kind of group")
        query = select(SecurityGroup.id, SecurityGroup.scope, SecurityGroup.made_for_id, SecurityGroup.role_id)
        query = query.where(SecurityGroup.id.in_(wanted), of_tenant(SecurityGroup, sight.tenant_id))
        rows = sight.connection.execute(query).all()
        roles = overview.names(sight, ROLES, {row.role_id for row in rows} - {None})
    return {
        row.id: GroupNote(
            names[row.id],
            "all customers" if row.scope == ALL else _many(counts[row.id]),
            row.made_for_id is not None,
            role=roles.get(row.role_id, ""),
        )
        for row in rows
    }


def _many(count: int) -> str:
    return f"{count:,} customer{'' if count == 1 else 's'}"
