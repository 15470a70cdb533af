"""What the audit says of one record, newest first."""

from __future__ import annotations

from typing import Any

from ringfence.console.screens.audit import AuditList, AuditScreen


class HistoryList(AuditList):
    """The entries of one record."""

    def __init__(self, record: tuple[str, str], **options: Any) -> None:
        super().__init__(**options)
        self.about = record

    def nothing(self) -> str:
        if "audit.view" not in self.ringfence.rights:
            return super().nothing()
        return "The audit says nothing of it, as far as you may see."


class HistoryScreen(AuditScreen):
    """The audit, of one record alone. ``record`` is its kind (``device``) and its key."""

    AREA = ""
    PASSING = True

    def __init__(self, record: tuple[str, str], name: str) -> None:
        super().__init__()
        self.record = record
        self.record_name = name
        self._opened_in = self.ringfence.view

    def make_list(self) -> AuditList:
        return HistoryList(self.record, on_total=self._say_found)

    def viewer_changed(self) -> None:
        if self.ringfence.view != self._opened_in:  # the next user may not even know of the record
            self.clear()
            self.app.pop_screen()
            return
        super().viewer_changed()
        self.show_path([self.TITLE_HERE, self.record_name])

    def on_unmount(self) -> None:
        """Is no screen of the console any more."""
        self.ringfence.areas.remove(self)

    def back(self) -> None:
        """Clears the filter, then goes back to the record."""
        listing = self.records.listing
        if self.records.marks or (listing is not None and listing.search):
            super().back()
        else:
            self.app.pop_screen()
