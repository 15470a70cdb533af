"""A big snapshot file: 100,000 customers up to eight deep, a million devices, and six users who see parts of them."""

from __future__ import annotations

import json
import random
from pathlib import Path

DATA = Path(__file__).parent / "data"
USERS = ("all", "leaf3", "sel5k", "sub1k", "none", "half")

_WORDS = [
    "north",
    "south",
    "east",
    "west",
    "acme",
    "globex",
    "initech",
    "umbrella",
    "hooli",
    "stark",
    "wayne",
    "tyrell",
    "cyber",
    "aperture",
    "mesa",
    "vault",
]
_DEPTH = 8


def make_big(path: Path, customers: int = 100_000, devices: int = 1_000_000) -> None:
    """Writes the file. The same numbers give the same file; names of devices say nothing about where they stand."""
    chance = random.Random(7)
    parents, depths, sizes = _tree(chance, customers)
    with path.open("w", encoding="utf-8") as out:
        out.write('{"ringfence": 1,\n"tenants": [{"key": "big", "name": "Big"}],\n"customers": [\n')
        _lines(out, (_customer(chance, number, parents[number]) for number in range(customers)))
        out.write('],\n"devices": [\n')
        _lines(out, (_device(chance, number, customers) for number in range(devices)))
        out.write('],\n"roles": [\n')
        role = {"key": "all", "tenant": "big", "name": "All", "access_level": "service_provider", "permissions": "all"}
        _lines(out, [role])
        out.write('],\n"security_groups": [\n')
        _lines(out, _groups(chance, customers, sizes, depths))
        out.write('],\n"users": [\n')
        _lines(out, (_user(name) for name in USERS))
        out.write("]}\n")


def _tree(chance: random.Random, customers: int) -> tuple[list[int | None], list[int], list[int]]:
    """Parents, depths and sizes of subtrees; the first two customers share all others between them."""
    parents: list[int | None] = [None, None]
    depths = [1, 1]
    pools: list[list[int]] = [[0], [1]]
    for number in range(2, customers):
        pool = pools[number % 2]
        parent = chance.choice(pool)
        while depths[parent] >= _DEPTH:
            parent = chance.choice(pool)
        parents.append(parent)
        depths.append(depths[parent] + 1)
        pool.append(number)
    sizes = [1] * customers
    for number in range(customers - 1, 1, -1):
        above = parents[number]
        assert above is not None
        sizes[above] += sizes[number]
    return parents, depths, sizes


def _lines(out, entries) -> None:  # type: ignore[no-untyped-def]
    separator = ""
    for entry in entries:
        out.write(separator + json.dumps(entry))
        separator = ",\n"


def _customer(chance: random.Random, number: int, parent: int | None) -> dict[str, object]:
    name = f"{chance.choice(_WORDS)} {chance.choice(_WORDS)} {number:06d}"
    return {"key": f"c{number}", "tenant": "big", "parent": None if parent is None else f"c{parent}", "name": name}


def _device(chance: random.Random, number: int, customers: int) -> dict[str, object]:
    return {
        "key": f"d{number}",
        "tenant": "big",
        "customer": f"c{chance.randrange(customers)}",
        "name": f"{chance.choice(_WORDS)}-{chance.getrandbits(32):08x}",
        "unit_id": f"U-{number:07d}",
        "kind": "camera",
    }


def _groups(chance: random.Random, customers: int, sizes: list[int], depths: list[int]) -> list[dict[str, object]]:
    leaves = [number for number in range(customers) if sizes[number] == 1]
    small = [number for number in range(customers) if sizes[number] <= 20]
    wanted = customers // 100
    nearest = min(range(2, customers), key=lambda number: abs(sizes[number] - wanted))
    chosen = {
        "all": None,
        "leaf3": chance.sample(leaves, 3),
        "sel5k": chance.sample(small, customers // 20),
        "sub1k": [nearest],
        "none": [],
        "half": [1],
    }
    return [
        {
            "key": name,
            "tenant": "big",
            "name": name,
            "role": "all",
            "scope": "all" if numbers is None else "selected",
            "customers": [{"customer": f"c{number}", "nested": True} for number in numbers or []],
        }
        for name, numbers in chosen.items()
    ]


def _user(name: str) -> dict[str, object]:
    return {"key": name, "tenant": "big", "name": name, "login": name, "security_groups": [{"group": name}]}
