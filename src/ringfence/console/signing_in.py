"""Who somebody is: asked at first, and again where nobody has typed for a while; and leaving."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from ringfence.console.questions import Asks
from ringfence.console.rights import DEMO
from ringfence.domain.errors import RingfenceError

if TYPE_CHECKING:
    from textual.timer import Timer

    from ringfence.services.records import Profile
    from ringfence.services.workspace import Session, SignedIn, Workspace

_SEEN_SECONDS: Final = 60.0
"""So often at most it is written down that somebody is there."""


class SigningIn(Asks):
    """The part of the application that asks who somebody is. A session that somebody signed in for is locked once no
    key was pressed for as long as their roles say (``idle``, in seconds): nothing of it is on screen then, nothing
    comes up, and it all goes on where it was, once its user has proved again who they are."""

    workspace: Workspace | None
    session: Session | None
    real: Session | None
    profile: Profile | None
    demo: bool
    opening: Any
    open: Callable[..., Any]
    exit: Callable[..., Any]
    choose_user: Callable[[], None]
    show_view: Callable[..., None]
    give_up: Callable[[str], None]
    _whose: str
    end_session: Callable[[str], None]
    clear_notifications: Callable[[], None]

    locked = False
    idle: float | None = None
    _typed_at = _seen_at = 0.0
    _watching: Timer | None = None
    _held: tuple[Callable[[], object], ...] = ()

    def ask_who(self, reason: str = "") -> None:
        """Asks who somebody is, of whom a ``reason`` is told why the session before has ended. Whoever was proven to be
        somebody before the console came up, and is not any more, is nobody."""
        if self.workspace is None or self.demo:
            self.choose_user()
        elif self.workspace.proven is not None:
            self.give_up(reason)
        else:
            from ringfence.console.proving import Steps

            self.open("credentials", Steps(self.workspace).sign_in(), stays=True, told=reason, then=self._proven)
            self.opening.over()

    def _proven(self, found: SignedIn | None) -> None:
        if found is None:
            return
        last = f"You signed in last at {found.last}." if found.last else "You are signed in for the first time."
        self.show_recovery(found.recovery, lambda: self.show_view(lambda: found.session, last))

    def show_recovery(self, codes: tuple[str, ...], then: Callable[[], object] = lambda: None) -> None:
        """Shows new recovery codes, this once, until they have been taken; goes on at once where there are none."""
        if not codes:
            then()
            return
        from ringfence.console.proving import recovery_dialog

        def answered(answer: str | None) -> None:
            if answer == "copy":
                self.app.copy_to_clipboard("\n".join(codes))
            if answer == "kept":
                then()
            else:
                self.show_recovery(codes, then)

        self.open("dialog", *recovery_dialog(codes), then=answered)

    # Being there, and locked.

    def typed(self) -> None:
        """Somebody is there."""
        self._typed_at = now = monotonic()
        session = self.session
        if self.idle is None or self.locked or session is None or now - self._seen_at < _SEEN_SECONDS:
            return
        self._seen_at = now
        self.in_thread("seen", session.see, lambda _: None, lambda _: None)

    def lock_after(self, idle: float | None) -> None:
        """Locks the console once no key was pressed for so many seconds."""
        if idle == self.idle and self._watching is not None:
            return
        self.idle = idle
        if self._watching is not None:
            self._watching.stop()
            self._watching = None
        if idle is not None:
            # Whoever came with a key has typed nothing yet.
            self._typed_at = max(self._typed_at, monotonic() - idle) if self._typed_at else monotonic()
            self._watch_on()

    def _watch_on(self) -> None:
        self._watching = None
        if self.idle is None or self.session is None or self.locked:
            return
        left = self._typed_at + self.idle - monotonic()
        if left <= 0:
            self.lock()
        else:
            self._watching = self.set_timer(left, self._watch_on)

    def why_not_lock(self) -> str:
        """Why the console cannot be locked, and nobody be signed out of it; empty where that can be."""
        if self.demo:
            return DEMO
        return "" if self.session is not None and self.session.sign_in is not None else "you did not sign in here"

    def lock(self) -> None:
        """Locks it now."""
        own = self.real or self.session
        if self.locked or self.workspace is None or own is None or own.sign_in is None:
            return
        from ringfence.console.proving import Steps

        self.locked = True
        steps = Steps(self.workspace).unlock(self._whose, own)
        self.open("lock", steps, own, then=self._unlocked)

    def _unlocked(self, found: SignedIn | None) -> None:
        if found is None or not self.locked:
            return
        self.locked = False
        held, self._held = self._held, ()
        self._typed_at = monotonic()
        self._watch_on()
        for do in held:
            do()

    def when_unlocked(self, do: Callable[[], object]) -> None:
        """Has something done once the console is not locked any more; never, where the session ends meanwhile."""
        self._held = (*self._held, do)

    def unlock_for_nobody(self) -> None:
        """The session has ended: there is nothing to unlock."""
        self.locked, self._held = False, ()
        self.lock_after(None)

    def action_sign_out(self) -> None:
        """Ends the session of whoever signed in, and asks who comes next."""
        own = self.real or self.session
        if own is not None:
            self.in_thread("leave", own.leave, lambda _: None, lambda _: None)
            self.end_session("you have signed out")

    def leave_session(self) -> None:
        """Ends it as the console is left, unless that takes waiting: it ends by itself then."""
        own = self.real or self.session
        if own is not None:
            with suppress(RingfenceError):
                own.leave()
