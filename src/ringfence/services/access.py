"""Questions about one permission on one record."""

from __future__ import annotations

from ringfence.domain.errors import RingfenceError
from ringfence.domain.registry import kind_of_noun
from ringfence.visibility.point import can as can_reach
from ringfence.visibility.viewer import Viewer


def can(viewer: Viewer, permission: str, record: str | None = None) -> bool:
    """Whether the user holds the permission, on a record named as in ``device:KEY`` or, without one, anywhere.

    A record that is hidden and one that does not exist get the same answer. Raises RingfenceError for an unknown
    permission or kind of record.
    """
    if record is None:
        with viewer.look(permission) as sight:
            return not sight.scope(permission).empty
    noun, separator, key = record.partition(":")
    if not separator:
        raise RingfenceError(f"name the record as KIND:KEY, such as customer:KEY or device:KEY, not {record!r}")
    kind = kind_of_noun(noun)
    with viewer.look(permission) as sight:
        return can_reach(sight, permission, kind, key)
