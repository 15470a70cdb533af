"""The lock: nothing of a session is on screen, until its user has proved again who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType

from ringfence.console.screens.credentials import Asked, Credentials

if TYPE_CHECKING:
    from ringfence.services.workspace import Session

_LOOK_SECONDS: Final = 2.0
_NO_PASSWORD: Final = "nobody typed anything for a while, and you have no password to go on by: you are signed out"  # noqa: S105


class Lock(Credentials):
    """Over whatever somebody was at, which stays as it is. It looks now and then whether their session goes on at all;
    whoever has no password is signed out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "app.sign_out", "Sign out", show=False, priority=True),
    ]

    def __init__(self, first: Asked, own: Session) -> None:
        super().__init__(first, stays=True)
        self._own = own

    @property
    def leaves(self) -> str:
        """How it is left, in a few words."""
        return "^o signs out · ^q leaves"

    def on_mount(self) -> None:
        """Looks from now on."""
        super().on_mount()
        self._look()
        self.set_interval(_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        def look() -> bool:
            self._own.check()
            return self._own.has_password()

        def looked(has: bool) -> None:
            if not has:
                self.ringfence.end_session(_NO_PASSWORD)

        if not self.deciding:
            self.in_thread("lock", look, looked, lambda _: None)
