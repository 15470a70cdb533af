"""Where one was, and what one wants to come back to. Places name records by their ids alone: what they are called, and
whether they may be seen, is asked for whoever looks, when it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

_MOST: Final = 100
"""So many places are known behind and ahead."""


class Place(NamedTuple):
    """One of the numbered screens, with the record under the cursor and the filter that stood there."""

    area: str
    record: int | None = None
    search: str = ""

    @property
    def kept(self) -> Place | None:
        """What a bookmark keeps of it: the filter, where there is one; else the record; None where there is neither."""
        if self.search:
            return self._replace(record=None)
        return self if self.record is not None else None


class Trail:
    """The places behind and ahead of where one is."""

    def __init__(self) -> None:
        self._behind: list[Place] = []
        self._ahead: list[Place] = []

    def leave(self, here: Place) -> None:
        """Notes a place that is left for another one: from now on nothing is ahead."""
        self._ahead.clear()
        _note(self._behind, here)

    def step(self, here: Place | None, *, forward: bool) -> Place | None:
        """The next place behind or ahead, which is taken as gone to; None where there is none."""
        source, other = (self._ahead, self._behind) if forward else (self._behind, self._ahead)
        while source and source[-1] == here:
            source.pop()
        if not source:
            return None
        if here is not None:
            _note(other, here)
        return source.pop()


def _note(places: list[Place], place: Place) -> None:
    if not places or places[-1] != place:
        places.append(place)
        del places[:-_MOST]


class Bookmarks:
    """What one user keeps, in the order of its keeping."""

    def __init__(self, places: Iterable[Place] = ()) -> None:
        self._places = dict.fromkeys(places)

    def __iter__(self) -> Iterator[Place]:
        return iter(self._places)

    def toggle(self, place: Place) -> bool:
        """Keeps a place, or forgets it where it is kept; returns whether it is kept now."""
        if place in self._places:
            del self._places[place]
            return False
        self._places[place] = None
        return True
