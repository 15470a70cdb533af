"""Asking the database without making the screen wait: the question in a thread, the answer as a message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, cast

from textual.message import Message
from textual.message_pump import MessagePump
from textual.timer import Timer
from textual.worker import get_current_worker

from ringfence.console.application import Application
from ringfence.domain.errors import Cancelled, RingfenceError, SessionEnded, Unavailable, debugging, unexpected

if TYPE_CHECKING:
    from textual.app import App

    from ringfence.services.workspace import Session

Answer = TypeVar("Answer")
_AT_LEAST_SECONDS: Final = 0.05
"""What is not counted by then is told to be at least so many."""
_GIVES_WAY_SECONDS: Final = 1.0
"""So long a count gives way to rows at most, before it goes on with its next part."""
_LOOK_SECONDS: Final = 0.005


def going(app: App[Any]) -> bool:
    """Whether a console is being left: no timer and no answer acts on it any more."""
    return app._exit or not app._running


def locked(app: App[Any]) -> bool:
    """Whether a console is locked: what comes meanwhile is taken once it is not."""
    return bool(getattr(app, "locked", False))


class Answered(Message):
    """Posted by a worker's thread to whoever asked: the answer, and what to do with it there."""

    def __init__(self, take: Callable[[], object]) -> None:
        super().__init__()
        self.take = take


def while_wanted(told: Callable[[str, int, int], object] | None = None) -> Callable[[str, int, int], None]:
    """What long work in a question's thread tells how far it is, and ``told`` besides. It ends the work, by raising
    Cancelled, once its answer is not wanted any more: another was asked instead, or whoever asked has gone."""
    worker = get_current_worker()

    def progress(what: str, done: int, of: int) -> None:
        if worker.is_cancelled:
            raise Cancelled("cancelled: nothing was changed")
        if told is not None:
            told(what, done, of)

    return progress


def counting(told: Callable[[int], object], busy: Callable[[], bool]) -> Callable[[int], None]:
    """What a count in a question's thread tells so far: ``told``, in that thread, once it has taken a while. It ends
    the count as ``while_wanted`` does, and gives way while what somebody waits for is read: while ``busy``."""
    wanted = while_wanted()
    due = monotonic() + _AT_LEAST_SECONDS

    def so_far(found: int) -> None:
        wanted("counting", found, found)
        if monotonic() >= due:
            told(found)
        until = monotonic() + _GIVES_WAY_SECONDS
        while busy() and monotonic() < until:
            sleep(_LOOK_SECONDS)
            wanted("counting", found, found)

    return so_far


class Asks(MessagePump):
    """A screen or widget that asks. A later question of the same group takes the place of an earlier one."""

    WAITS: ClassVar[bool] = True
    """Whether its timers and answers wait while the console is locked: all do, but for what unlocks it."""

    _questions: Counter[str]
    """How many questions of each group there were."""

    @property
    def ringfence(self) -> Application:
        """The application."""
        return cast(Application, self.app)

    def ask(
        self,
        group: str,
        question: Callable[[Session], Answer],
        take: Callable[[Answer], object],
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """Asks something of the present session, as ``in_thread`` runs work; nothing where there is no session."""
        session = self.ringfence.session
        if session is not None:
            self.in_thread(group, lambda: question(session), take, failed)

    def in_thread(
        self,
        group: str,
        work: Callable[[], Answer],
        take: Callable[[Answer], object],
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """Runs ``work`` in a thread, then ``take`` with its answer here, or ``failed`` with a line for people.

        Without ``failed``, the line is shown as a notice. A session that has ended goes to the application. What was
        asked under one user is dropped once another looks, or nobody does.
        """
        if going(self.app):
            return
        asked_by = self.ringfence.session
        number = self._next_question(group)

        def answered(then: Callable[[], object], *, always: bool = False) -> None:
            def if_wanted() -> None:
                wanted = always or self._questions[group] == number
                if wanted and (asked_by is None or self.ringfence.session is asked_by):
                    then()

            self.post_message(Answered(if_wanted))

        def run() -> None:
            worker = get_current_worker()

            def told(said: str) -> None:
                if not worker.is_cancelled:
                    answered(lambda: (failed or self.ringfence.tell_failure)(said))

            try:
                answer = work()
            except SessionEnded as error:
                reason = str(error)
                answered(lambda: self.ringfence.end_session(reason), always=True)
            except Unavailable as error:
                why = str(error)
                answered(lambda: self.ringfence.say_unavailable(why), always=True)
                told(why)
            except RingfenceError as error:
                told(str(error))
            except Exception as error:
                if debugging():
                    raise
                told(unexpected(error))
            else:
                if not worker.is_cancelled:
                    answered(lambda: take(answer))

        cast(Any, self).run_worker(run, thread=True, group=group, exclusive=True, exit_on_error=True)

    def set_timer(self, delay: float, callback: Any = None, **options: Any) -> Timer:
        """A timer that does not act on a console that is being left."""
        return super().set_timer(delay, self._while_there(callback, once=True), **options)

    def set_interval(self, interval: float, callback: Any = None, **options: Any) -> Timer:
        """Likewise, again and again."""
        return super().set_interval(interval, self._while_there(callback), **options)

    def _while_there(self, callback: Callable[[], Any] | None, *, once: bool = False) -> Callable[[], Any] | None:
        app = self.app

        def act() -> Any:
            if going(app):
                return None
            if self.WAITS and locked(app):
                return self.ringfence.when_unlocked(act) if once else None
            return callback() if callback is not None else None

        return None if callback is None else act

    def drop(self, group: str) -> None:
        """What was asked in the group is not wanted any more, even where the answer is on its way."""
        self._next_question(group)
        cast(Any, self).workers.cancel_group(self, group)

    def _next_question(self, group: str) -> int:
        if not hasattr(self, "_questions"):
            self._questions = Counter()
        self._questions[group] += 1
        return self._questions[group]

    def on_answered(self, message: Answered) -> None:
        """Takes an answer."""
        message.stop()
        if going(self.app) or not getattr(self, "is_attached", True):
            return
        if self.WAITS and locked(self.app):
            self.ringfence.when_unlocked(lambda: self.on_answered(message))
        else:
            message.take()
