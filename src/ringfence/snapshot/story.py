"""The demo story: one document of two providers, their customers and sixteen users, each showing one situation.

``python -m ringfence.snapshot.story PATH`` writes it: the document itself to a path that ends in ``.json``, else the
demo database.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any, Final

from ringfence.domain.registry import EDITED
from ringfence.snapshot.demo import STORY_DAY
from ringfence.snapshot.story_access import USERS, access_entries
from ringfence.snapshot.story_alarms import alarm_entries
from ringfence.snapshot.story_data import (
    ATTRIBUTES,
    BATCHES,
    CUSTOMERS,
    LIMITS,
    NOTES,
    SINGLE_DEVICES,
    SITES,
    TENANTS,
    TRADES,
    UNIT_IDS,
    Batch,
)

__all__ = ["STORY_DAY", "WHO_SHOWS_WHAT", "main", "story", "write"]

WHO_SHOWS_WHAT: Final[tuple[tuple[str, str], ...]] = tuple(
    (user.login, user.shows) for tenant, _ in TENANTS for user in USERS[tenant]
)
"""Every login of the story with the situation that it shows, in the order in which to tell it."""

_LISTS: Final = ("tenants", *(kind.plural for kind in EDITED.values()))


def story() -> dict[str, Any]:
    """The story as a snapshot document, each list sorted by tenant and key; the same at every call."""
    lists: dict[str, list[dict[str, Any]]] = {name: [] for name in _LISTS}
    for tenant, name in TENANTS:
        lists["tenants"].append({"key": tenant, "name": name})
        lists["customers"] += _customers(tenant)
        lists["sites"] += _sites(tenant)
        devices = [*_devices(tenant)]
        lists["devices"] += devices
        for kind, entries in (access_entries(tenant) | alarm_entries(tenant, devices)).items():
            lists[kind] += entries
    for entries in lists.values():
        entries.sort(key=lambda entry: (entry.get("tenant", ""), entry["key"]))
    return {"ringfence": 1, **lists}


def _customers(tenant: str) -> Iterator[dict[str, Any]]:
    for customer in CUSTOMERS[tenant]:
        yield {
            "key": customer.key,
            "tenant": tenant,
            "parent": customer.parent,
            "name": customer.name,
            "email": customer.email,
            "phone": customer.phone,
            "address": customer.address,
            "attributes": ATTRIBUTES.get(customer.key, ""),
            **LIMITS.get(customer.key, {}),
        }


def _sites(tenant: str) -> Iterator[dict[str, Any]]:
    for site in SITES[tenant]:
        yield {"key": site.key, "tenant": tenant, "customer": site.customer, "name": site.name}


def _devices(tenant: str) -> Iterator[dict[str, Any]]:
    """The tenant's devices, numbered place by place; a customer never has two of one name."""
    prefix, number = UNIT_IDS[tenant]
    taken: set[tuple[str | None, str]] = set()
    own = {customer.key for customer in CUSTOMERS[tenant]}
    places = [*(_batch(batch, taken) for batch in BATCHES[tenant])]
    places += [[single] for single in SINGLE_DEVICES if single[0] in own]
    for place in places:
        for customer, site, kind, name in place:
            unit_id = f"{prefix}{number:05}"
            key = _device_key(customer or tenant, name, unit_id)
            yield {
                "key": key,
                "tenant": tenant,
                "customer": customer,
                "site": site,
                "name": name,
                "unit_id": unit_id,
                "kind": kind,
                **({"notes": NOTES[key]} if key in NOTES else {}),
            }
            number += 1
        number += 3  # a few numbers stay free for the place to grow


def _batch(batch: Batch, taken: set[tuple[str | None, str]]) -> list[tuple[str | None, str | None, str, str]]:
    devices = []
    for kind, name in islice(_free_names(batch, taken), batch.size):
        taken.add((batch.customer, name))
        devices.append((batch.customer, batch.site, kind, name))
    return devices


def _free_names(batch: Batch, taken: set[tuple[str | None, str]]) -> Iterator[tuple[str, str]]:
    for round_ in count(1):
        for kind, pattern in TRADES[batch.trade]:
            if round_ > 1 and "#" not in pattern:
                continue
            name = pattern.replace("#", str(round_))
            if (batch.customer, name) not in taken:
                yield kind, name


def _device_key(owner: str, name: str, unit_id: str) -> str:
    """A key of plain letters from the owner's and the device's name; from the unit id where the name has none."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain) or [unit_id.lower()]
    return "-".join([owner, *words])


def write(path: Path) -> None:
    """Writes the story to ``path``: as a document when it ends in ``.json``, else as the demo database."""
    if path.suffix == ".json":
        path.write_text(json.dumps(story(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return
    from ringfence.snapshot.demo import build

    build(path)


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the story to the one path given. Returns the exit status: 0, or 2 for wrong usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m ringfence.snapshot.story PATH.db|PATH.json\n")
        return 2
    write(Path(arguments[0]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
