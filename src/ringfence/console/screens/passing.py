"""A screen of one record with tabs, which is passed through: the console never reopens there."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from ringfence.console.places import Place
from ringfence.console.screens.area import AreaScreen
from ringfence.console.widgets.tab_bar import TabBar

if TYPE_CHECKING:
    from ringfence.preferences.layout import Spot


class PassingScreen(AreaScreen):
    """What is shown is not kept as a place."""

    PASSING = True

    @property
    @abstractmethod
    def table(self) -> Any:
        """The list that is shown; None where what is shown is none."""

    @abstractmethod
    def go_to_tab(self, tab: str) -> None:
        """Shows a tab."""

    def on_tab_bar_picked(self, message: TabBar.Picked) -> None:
        """Goes to a tab that was clicked."""
        self.go_to_tab(message.tab_id)

    def back(self) -> None:
        """Clears the marks, then the filter, then goes back."""
        table = self.table
        if table is not None and table.marks:
            table.clear_marks()
        elif self.filter_line.value:
            super().back()
        else:
            self.app.pop_screen()

    @property
    def record_here(self) -> int | None:
        return None

    def show_place(self, place: Place) -> None:
        """No place is on it."""

    def spot(self) -> Spot:
        from ringfence.preferences.layout import Spot

        return Spot()

    def come_back(self, spot: Spot) -> None:
        """Nothing stands as it did."""
