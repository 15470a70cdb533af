"""Tokens for tests: made past all questions of who may, and the oracle of what one of them sees."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from random import Random
from typing import Any

from sqlalchemy import text
from support.documents import AT
from support.oracle import Node, Oracle

from ringfence.domain.permission import KEYS
from ringfence.identity import tokens
from ringfence.storage.engine import Database
from ringfence.visibility.standing_in import StandIn


def token_of(
    database: Database,
    login: str,
    permissions: Collection[str] | None = None,
    under: str | None = None,
    *,
    by: str | None = None,
    name: str = "one",
    expires: datetime | None = None,
) -> str:
    """The text of a new token of a user, for some permissions below a customer, made by somebody else perhaps."""
    with database.writing() as connection:
        found = {
            row.login: row
            for row in connection.execute(text("SELECT id, tenant_id, login FROM user_account WHERE login IN (:a, :b)"),
                                          {"a": login, "b": by or login})
        }  # fmt: skip
        own, maker = found[login], found[by or login]
        customer = None
        if under is not None:
            query = text("SELECT id FROM customer WHERE tenant_id = :tenant AND key = :key")
            customer = connection.execute(query, {"tenant": own.tenant_id, "key": under}).scalar_one()
        return tokens.make(
            connection,
            own.tenant_id,
            own.id,
            by=maker.id,
            name=name,
            permissions=permissions,
            customer=customer,
            expires=expires,
        )


def stand_in(database: Database, secret: str, at: datetime = AT) -> StandIn:
    """Whoever has a token."""
    with database.reading() as connection:
        found = tokens.bearer(connection, secret)
    assert found is not None
    return StandIn(database, found.user_id, found.tenant_id, found.token, narrowed=found.narrowed, at=at)


class Narrowed(Oracle):
    """What a user sees by a token for some permissions, or all of theirs, below a customer, or anywhere; of all others
    what they see."""

    def __init__(
        self, document: dict[str, Any], at: datetime, login: str, permissions: Collection[str] | None, under: Node
    ) -> None:
        super().__init__(document, at)
        self.bearer, self.permissions, self.under = login, permissions, under

    def reached_nodes(self, login: str, permission: str) -> tuple[set[Node], set[Node]]:
        wide, narrow = super().reached_nodes(login, permission)
        if login == self.bearer and self.permissions is not None and permission not in self.permissions:
            return set(), set()
        if login == self.bearer and self.under is not None:
            below = self.subtree(self.user(login)["tenant"], self.under)
            return wide & below, narrow & below
        return wide, narrow

    def reaches_all(self, login: str, permission: str) -> bool:
        if login == self.bearer:
            left = self.permissions is None or permission in self.permissions
            if not left or self.under is not None:
                return False
        return super().reaches_all(login, permission)


def some_narrowing(chance: Random, keys: list[str]) -> tuple[Collection[str] | None, str | None]:
    """Permissions and a customer for a token, by chance: often neither, often both, and much or little of them."""
    some = chance.choice([None, len(KEYS) // 2, len(KEYS) - 3])
    permissions = None if some is None else set(chance.sample(KEYS, some))
    return permissions, chance.choice([None, *(chance.choice(keys) for _ in range(2))]) if keys else None
