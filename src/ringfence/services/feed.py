"""Active alarms as they come and change, for whatever tells people of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ringfence.domain.alarm import ALARMS
from ringfence.domain.errors import SessionEnded
from ringfence.services import listing
from ringfence.services.records import Listing
from ringfence.services.rows import Record
from ringfence.visibility.column_values import permissions
from ringfence.visibility.viewer import Viewer

_ASKED: Final = permissions(ALARMS)


class Feed:
    """The alarms of a list that a viewer sees, with what was told of each. ``under`` is the key of the customer to stay
    below (None: none)."""

    def __init__(self, viewer: Viewer, wanted: Listing, under: str | None = None) -> None:
        self._viewer, self._wanted, self._under = viewer, wanted, under
        self._stamp: object = None
        self._told: dict[int, Mapping[str, Any]] = {}

    def news(self) -> list[Record]:
        """What the list shows and was not told of yet, or not as it is now, in its order; then those that it showed and
        does not any more, as far as they are still in sight and have changed. What is hidden by now is not told of.

        Asks for no more than a few numbers where neither alarms nor the viewer's rights have changed. Raises
        SessionEnded once the user is deactivated or gone, and RingfenceError alike for a customer that is hidden and
        one that is not there.
        """
        with self._viewer.look(*_ASKED) as sight:
            if not sight.active:
                raise SessionEnded("this user has been deactivated: nothing is told to them any more")
            stamp = sight.stamp(signals=True), sight.scopes
        if stamp == self._stamp:
            return []
        under = None if self._under is None else listing.customer_id(self._viewer, self._under)
        found = list(listing.export(self._viewer, self._wanted._replace(under=under)))
        listed = {one.id for one in found}
        left = listing.told(self._viewer, ALARMS.name, [own for own in self._told if own not in listed])
        now = {one.id: one.fields() for one in (*found, *left)}
        news = [one for one in (*found, *left) if self._told.get(one.id) != now[one.id]]
        self._told = {own: now[own] for own in listed}
        self._stamp = stamp
        return news
