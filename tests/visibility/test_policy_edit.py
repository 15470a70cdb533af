"""Editing policies takes every other permission over all customers besides: one that is missing, or held over fewer,
and it is not held at all."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.domain.permission import PERMISSIONS, POLICY_EDIT
from ringfence.services import access
from ringfence.snapshot.load import load_document
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

T = {"tenant": "t"}
OTHERS = sorted(PERMISSIONS - {POLICY_EDIT})
HALF = OTHERS[: len(OTHERS) // 2]
REST = [one for one in OTHERS if one not in HALF]
EVERYWHERE = "all"


def holds(database: Database, *groups: tuple[Any, Any], home: str | None = None) -> bool:
    """Whether somebody at ``home`` may edit policies who is in groups of (permissions, scope)."""
    scoped = [
        {"scope": "all", "customers": []} if scope == EVERYWHERE else {"scope": "selected", "customers": scope}
        for _, scope in groups
    ]
    keys = [f"g{number}" for number in range(len(groups))]
    user = {"key": "u", **T, "name": "U", "login": "u", "home": home}
    level = {"access_level": "service_provider"}
    document = {
        "ringfence": 1,
        "tenants": [{"key": "t", "name": "T"}],
        "customers": [{"key": key, **T, "name": key} for key in ("a", "b")],
        "roles": [
            {"key": key, **T, "name": key, "permissions": held, **level}
            for key, (held, _) in zip(keys, groups, strict=True)
        ],
        "security_groups": [
            {"key": key, **T, "name": key, "role": key, **scope} for key, scope in zip(keys, scoped, strict=True)
        ],
        "users": [{**user, "security_groups": [{"group": key} for key in keys]}],
    }
    load_document(database, document)
    return access.can(Viewer.sign_in(database, "u"), POLICY_EDIT)


def test_with_every_other_permission(database: Database) -> None:
    assert holds(database, ("all", EVERYWHERE))


def test_with_each_of_them_by_name_in_several_groups(sqlite_database: Database) -> None:
    root = [{"customer": None, "nested": True}]
    assert holds(sqlite_database, ([POLICY_EDIT, *HALF], EVERYWHERE), (REST, root))


@pytest.mark.parametrize("missing", OTHERS)
@pytest.mark.once(20)
def test_not_without_one_of_them(sqlite_database: Database, missing: str) -> None:
    held = [POLICY_EDIT, *(one for one in OTHERS if one != missing)]
    assert not holds(sqlite_database, (held, EVERYWHERE))
    assert not holds(sqlite_database, (held, EVERYWHERE), ([missing], [{"customer": "a"}, {"customer": "b"}]))
    assert holds(sqlite_database, (held, EVERYWHERE), ([missing], EVERYWHERE))


def test_not_of_a_customers_own(sqlite_database: Database) -> None:
    assert not holds(sqlite_database, ("all", EVERYWHERE), home="a")
