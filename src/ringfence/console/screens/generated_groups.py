"""The security groups that a user's form makes: for one customer's users, and for its account administrators."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ringfence.domain.errors import RingfenceError
from ringfence.services.editing import Edit

if TYPE_CHECKING:
    from ringfence.services.workspace import Session

SINGLE: Final = -10
"""Stands for the group that is generated for one customer."""
ADMINISTRATORS: Final = -20
"""Stands for the group of a customer's account administrators."""


class GeneratedGroups:
    """What makes such groups while the draft is in them, and the one that goes when its last user leaves it."""

    def __init__(self) -> None:
        self.leaving: Edit | None = None
        """The generated group that goes when the user leaves it."""
        self._making: dict[int, tuple[Edit, ...]] = {}
        self._goes = False
        """Whether it does: somebody else may have come into it meanwhile."""

    def make(self, group: int, edits: tuple[Edit, ...]) -> None:
        """Remembers what makes a group: nothing for one that is there already."""
        self._making[group] = edits

    def edits(self, own: Sequence[Edit], groups: Collection[int]) -> list[Edit]:
        """The user's own edits, with those of the groups that the draft is in and of the one that it left."""
        making = [edit for group, edits in self._making.items() if group in groups for edit in edits]
        leaving = [self.leaving] if self.leaving is not None and self.leaving.id not in groups else []
        return [*making, *own, *leaving]

    def finished(self, session: Session, edits: Sequence[Edit], login: str) -> list[Edit]:
        """The generated group goes as it is at that moment, and only while nobody but ``login`` is in it; in a
        thread."""
        found = [self.as_it_is(session, edit.id, login) if edit.after is None else edit for edit in edits]
        return [edit for edit in found if edit is not None]

    def as_it_is(self, session: Session, group: int, login: str) -> Edit | None:
        """The deletion of a generated group, read anew in a thread; None where it has to stay, or went already."""
        self._goes = False
        try:
            opened = session.open_record("security_group", group)
            users = session.used_by("security-groups", group)[1]
        except RingfenceError:
            return None
        if opened.why_not or any(one != login for one in users):
            return None
        self._goes = True
        return replace(Edit("security_group", group, None, None), before=opened.state, revision=opened.revision)

    def warnings(self, groups: Collection[int]) -> Sequence[str]:
        """What goes with the user's leaving."""
        leaving = self.leaving
        if self._goes and leaving is not None and leaving.id not in groups and leaving.before is not None:
            return (f"The group “{leaving.before.name}” goes with it: nobody else is in it.",)
        return ()
