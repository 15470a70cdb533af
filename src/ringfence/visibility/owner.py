"""Whoever owns the database, and may know all of a tenant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from ringfence.storage.engine import Database
from ringfence.storage.tables import Customer, is_root
from ringfence.visibility.intervals import nested
from ringfence.visibility.reach import Regions
from ringfence.visibility.rule import Region
from ringfence.visibility.scopes import Extent, Scope
from ringfence.visibility.viewer import Sight, Viewer

_WHOLE: Final = Extent(0, True, 1, 0, 0)
_EVERYTHING: Final = Scope(_WHOLE, _WHOLE, False)


class _Everywhere:
    def __init__(self, root: str) -> None:
        self._region = Region([nested(root)], ())

    def region(self, permission: str) -> Region:
        del permission
        return self._region


class Owner(Viewer):
    """Looks at a tenant by nobody's rights: every permission reaches all of it. What asks for one record, or for
    records by their ids, can be asked through it; nothing is changed through it, since nobody is behind it."""

    read_only = "this is looked at by nobody's rights: say whose with --as LOGIN"

    def __init__(self, database: Database, tenant_id: int, at: datetime | None = None) -> None:
        super().__init__(database, 0, tenant_id, at)
        self._memo: tuple[int, dict[object, object]] = -1, {}

    @contextmanager
    def look(self, *permissions: str) -> Iterator[Sight]:
        """A transaction in which all of the tenant is in sight."""
        with self.database.reading() as connection:
            scopes = dict.fromkeys(permissions, _EVERYTHING)
            version = self.version(connection)
            if self._memo[0] != version:
                self._memo = version, {}
            yield Sight(connection, self.tenant_id, self.database.postgresql, scopes, self._memo[1], True)

    def regions(self, connection: Connection, at: datetime) -> Regions:
        """All of the tenant, by each permission."""
        del at
        return _Everywhere(connection.execute(select(Customer.path).where(is_root(self.tenant_id))).scalar_one())
