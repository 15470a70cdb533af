"""Where notices stand: in the row of the breadcrumbs, as far as counts and the filter, and never more than one."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from ringfence.console.widgets.bars import Breadcrumbs


def take_notice_away(screen: Screen[Any]) -> None:
    """Takes away the notice that is on a screen. Textual itself does so only once the screen comes up again, and leaves
    an empty line in its place."""
    for notice in screen.query("ToastHolder"):
        notice.display = False
        notice.remove()


def keep_counts_free(screen: Screen[Any]) -> None:
    """Lets a notice take the row of the breadcrumbs as far as the counts and the filter."""
    for crumbs in screen.query(Breadcrumbs):
        for rack in screen.query("ToastRack"):
            rack.styles.margin = (crumbs.region.y, 0, 0, 0)
            kept = crumbs.kept_free
            rack.styles.width = max(1, crumbs.size.width - kept) if kept else "1fr"


def let_notice_give_way(screen: Screen[Any]) -> None:
    """Lets the notice that is up, if any is, leave free what is there now."""
    if screen.query("Toast"):
        keep_counts_free(screen)
