"""Where records stand: on a site of their own customer. A device that goes to another one finds its site there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from ringfence.changes.edits import Edit, edits_of
from ringfence.domain.device import DEVICES, DeviceState
from ringfence.domain.errors import Refused
from ringfence.domain.registry import node_of, site_of
from ringfence.domain.site import SITES, SiteState
from ringfence.storage.bulk import any_of
from ringfence.storage.tables import Customer, Site
from ringfence.visibility.reach import Reach


def placed(connection: Connection, edits: Sequence[Edit], own: Reach) -> list[Edit]:
    """The edits with a site for each device that goes to another customer and keeps the one it had: the site of the
    same name there, where the editor sees both and no other of that name; otherwise none."""
    moving = {edit.id: (was, to) for edit, was, to in edits_of(edits, DeviceState) if was and to and _astray(was, to)}
    if not moving:
        return list(edits)
    targets = {to.customer for _, to in moving.values()}
    listed = own.region(SITES.permission)
    query = select(Site.id, Site.customer_id, Site.search_key, Customer.path).join(
        Customer, Customer.id == Site.customer_id
    )
    names: dict[int, str] = {}
    there: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for wanted in (
        any_of(connection, Site.id, {was.site for was, _ in moving.values() if was.site}),
        any_of(connection, Site.customer_id, targets),
    ):
        for site, customer, name, path in connection.execute(query.where(wanted)).all():
            if not listed.reaches(path, site):
                continue  # what the editor may not list decides nothing that they see
            names[site] = name
            if customer in targets and site not in there[customer, name]:
                there[customer, name].append(site)

    def settled(edit: Edit) -> Edit:
        if edit.kind != DEVICES.noun or edit.id not in moving:
            return edit
        _, to = moving[edit.id]
        same = there.get((to.customer, names.get(to.site or 0, "")), [])
        return replace(edit, after=replace(to, site=same[0] if len(same) == 1 else None))

    return [settled(edit) for edit in edits]


def _astray(before: DeviceState, after: DeviceState) -> bool:
    return before.customer != after.customer and before.site is not None and before.site == after.site


def demand_own_places(connection: Connection, edits: Sequence[Edit]) -> None:
    """Raises Refused where a record would stand on another customer's site."""
    standing = [(edit.after, site) for edit in edits if edit.after is not None and (site := site_of(edit.after))]
    if not standing:
        return
    owners = {edit.id: to.customer for edit, was, to in edits_of(edits, SiteState) if was is None and to is not None}
    query = select(Site.id, Site.customer_id).where(any_of(connection, Site.id, {site for _, site in standing}))
    owners.update((site, customer) for site, customer in connection.execute(query))
    for state, site in standing:
        if owners.get(site) != node_of(state):
            raise Refused("this site is another customer's: choose one of this customer, or none", "site")
