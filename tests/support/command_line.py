"""What a command line came to, and small documents to load."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AT = "2026-11-16T12:00:00+00:00"
"""The day on which the demo's story is told."""
PROGRAM = Path(sys.executable).with_name("ringfence")


@dataclass(frozen=True)
class Said:
    """What a command line came to."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    def refused(self, status: int = 1) -> str:
        """The one line of its error, which it must have been."""
        assert self.status == status, self
        assert self.out == ""
        assert self.err.startswith("ringfence: error: ")
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1
        assert "Traceback" not in self.err
        return self.err.removeprefix("ringfence: error: ").rstrip("\n")


Call = Callable[..., Said]
Save = Callable[[dict[str, Any]], str]


def small(**lists: list[dict[str, Any]]) -> dict[str, Any]:
    """A document of one tenant, one customer, one device and ada, who sees everything; lists given are added."""
    document: dict[str, Any] = {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": "Tenant"}],
        "customers": [{"key": "c", "tenant": "t", "name": "Customer"}],
        "devices": [{"key": "d", "tenant": "t", "customer": "c", "name": "Device", "unit_id": "U-1"}],
        "roles": [
            {"key": "all", "tenant": "t", "name": "All", "access_level": "service_provider", "permissions": "all"}
        ],
        "security_groups": [{"key": "everywhere", "tenant": "t", "name": "Everywhere", "role": "all", "scope": "all"}],
        "users": [
            {"key": "ada", "tenant": "t", "login": "ada", "name": "Ada", "security_groups": [{"group": "everywhere"}]}
        ],
    }
    for name, entries in lists.items():
        document[name] = [*document.get(name, []), *entries]
    return document


HANNA = ("--as", "h.devries")
UNDO = re.compile(r"change (\d+): undo it with '(ringfence undo --as \S+ \1)'\n$")
DOORS = ("north-coldstore-airlock-door-1", "north-coldstore-airlock-door-2")


def made(said: Said) -> str:
    """The new key, of a creation that went well."""
    assert said.status == 0, said
    assert UNDO.match(said.err), said.err
    (key,) = said.lines
    return key


def done(said: Said) -> list[str]:
    """What was said of a change that went well."""
    assert said.status == 0, said
    assert UNDO.search(said.err), said.err
    return said.lines


def record(call: Call, kind: str, key: str) -> dict[str, Any]:
    """A record as the snapshot has it."""
    document = json.loads(call("dump").out)
    (found,) = (one for one in document[kind.replace("-", "_")] if one["key"] == key)
    return dict(found)
