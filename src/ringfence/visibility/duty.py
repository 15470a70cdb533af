"""How many people hold a permission over each of many customers, at a moment and whenever that may change."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

from ringfence.visibility.reach import Reach, read_reaches
from ringfence.visibility.strict import let_go
from ringfence.visibility.viewer import Sight


class Held(NamedTuple):
    """From a moment on: by how many of the people a permission is held over each of the customers, in their order."""

    since: datetime
    numbers: Sequence[int]


def held(
    sight: Sight, permission: str, users: Collection[int], paths: Sequence[str], at: datetime, until: datetime
) -> Iterator[Held]:
    """By how many of these users a permission is held over each of these customers, with all that is there: at a
    moment, and from each one on, up to another, at which a membership of theirs begins or ends. ``paths`` are those of
    the customers, sorted. Whoever reaches a customer only for sites of it counts for none."""
    let_go(sight)
    reaches = read_reaches(sight.connection, sight.tenant_id, users, at)
    windows = (group for reach in reaches.values() for group in reach.grants.groups)
    edges = {moment for group in windows for moment in (group.valid_from, group.valid_until) if moment is not None}
    for moment in (at, *sorted(edge for edge in edges if at < edge <= until)):
        steps = [0] * (len(paths) + 1)
        for reach in reaches.values():
            for low, high in Reach(reach.grants, moment, reach.grounds).region(permission).customers:
                steps[bisect_left(paths, low)] += 1
                steps[bisect_left(paths, high)] -= 1
        yield Held(moment, list(accumulate(steps[:-1])))
