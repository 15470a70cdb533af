"""Where records stand: on a site of their own customer. One that goes to another customer leaves it, or finds the site
of the same name there, as a device does; and what was only said where it was stays there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from ringfence.changes.edits import Edit, edits_of
from ringfence.domain.errors import Refused
from ringfence.domain.field import Ref, Text
from ringfence.domain.kind import altered
from ringfence.domain.registry import node_of, site_of
from ringfence.domain.site import SITES, SiteState
from ringfence.storage.bulk import any_of, records_of
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.tables import Customer, Site
from ringfence.visibility.reach import Reach


def placed(connection: Connection, edits: Sequence[Edit], own: Reach) -> list[Edit]:
    """The edits with a site for each record that goes to another customer and keeps the one it had: where its kind
    follows, the site of the same name there, if the editor sees both and no other of that name; otherwise none. So
    nobody is told whether a record stands on a site that they do not see."""
    moving = [edit for edit in edits if edit.of.stands is not None and _astray(edit)]
    if not moving:
        return list(edits)
    there = _same_names(connection, [edit for edit in moving if _follows(edit)], own)
    leaving = {(edit.kind, edit.id) for edit in moving}

    def settled(edit: Edit) -> Edit:
        stands, after = edit.of.stands, edit.after
        if stands is None or after is None or (edit.kind, edit.id) not in leaving:
            return edit
        same = there.get((node_of(after), site_of(after)), []) if _follows(edit) else []
        return replace(edit, after=altered(after, **{stands.name: same[0] if len(same) == 1 else None}))

    return [settled(edit) for edit in edits]


def unburdened(edit: Edit) -> Edit:
    """The edit without what stays behind where the record goes to another node: whatever was said there of it. What the
    same edit newly says goes along."""
    before, after = edit.before, edit.after
    if not edit.of.left or before is None or after is None or node_of(before) == node_of(after):
        return edit
    texts = ((field.name, spec, getattr(after, field.name)) for field, spec in edit.of.left)
    kept = {name: left_behind(spec, getattr(before, name), text) for name, spec, text in texts if text}
    return replace(edit, after=altered(after, **kept)) if kept else edit


def left_behind(spec: Text, before: str, after: str) -> str:
    """What a text says at another node: the lines that it did not have where it was."""
    old, new = ((text if spec.canonical is None else spec.canonical(text)).split("\n") for text in (before, after))
    return "\n".join(line for line in new if line not in old)


def _same_names(
    connection: Connection, edits: Sequence[Edit], own: Reach
) -> Mapping[tuple[int, int | None], list[int]]:
    """By customer and site, the sites of that customer which are called as the site is, as far as the editor lists
    both."""
    if not edits:
        return {}
    wanted = {(node_of(edit.after), site_of(edit.after)) for edit in edits if edit.after is not None}
    targets = {customer for customer, _ in wanted}
    listed = own.region(SITES.permission)
    query = select(Site.id, Site.customer_id, Site.search_key, Customer.path).join(
        Customer, leads_to(Site.customer_id, Customer)
    )
    query = query.where(of_tenant(Site, own.grants.tenant_id))
    names: dict[int | None, str] = {}
    there: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for condition in (
        any_of(connection, Site.id, {site for _, site in wanted if site}),
        any_of(connection, Site.customer_id, targets),
    ):
        for site, customer, name, path in connection.execute(query.where(condition)).all():
            if not listed.reaches(path, site):
                continue  # what the editor may not list decides nothing that they see
            names[site] = name
            if customer in targets and site not in there[customer, name]:
                there[customer, name].append(site)
    return {(customer, site): there.get((customer, names.get(site, "")), []) for customer, site in wanted}


def _follows(edit: Edit) -> bool:
    stands = edit.of.stands
    return stands is not None and isinstance(stands.spec, Ref) and stands.spec.follows


def _astray(edit: Edit) -> bool:
    before, after = edit.before, edit.after
    if before is None or after is None or node_of(before) == node_of(after):
        return False
    return site_of(before) is not None and site_of(before) == site_of(after)


def demand_own_places(connection: Connection, tenant_id: int, edits: Sequence[Edit]) -> None:
    """Raises Refused where a record would stand on another customer's site."""
    standing = [(edit.after, site) for edit in edits if edit.after is not None and (site := site_of(edit.after))]
    if not standing:
        return
    owners = {edit.id: to.customer for edit, was, to in edits_of(edits, SiteState) if was is None and to is not None}
    theirs = records_of(connection, Site, tenant_id, {site for _, site in standing})
    query = select(Site.id, Site.customer_id).where(theirs)
    owners.update((site, customer) for site, customer in connection.execute(query))
    for state, site in standing:
        if owners.get(site) != node_of(state):
            raise Refused("this site is another customer's: choose one of this customer, or none", "site")
