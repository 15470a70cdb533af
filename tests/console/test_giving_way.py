"""A count gives way to rows that somebody waits for, but not for ever."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ringfence.console import questions
from ringfence.domain.errors import Cancelled


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The worker that the count is run by."""
    found = SimpleNamespace(is_cancelled=False)
    monkeypatch.setattr(questions, "get_current_worker", lambda: found)
    return found


def test_a_count_gives_way_until_the_rows_are_there(worker: SimpleNamespace) -> None:
    left = iter([True, True, False])
    asked: list[bool] = []

    def busy() -> bool:
        asked.append(next(left))
        return asked[-1]

    questions.counting(lambda _: None, busy)(1)
    assert asked == [True, True, False]


def test_it_goes_on_where_they_do_not_come(worker: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "_GIVES_WAY_SECONDS", 0.02)
    questions.counting(lambda _: None, lambda: True)(1)


def test_it_ends_meanwhile_where_nobody_waits_for_it_any_more(worker: SimpleNamespace) -> None:
    def busy() -> bool:
        worker.is_cancelled = True
        return True

    with pytest.raises(Cancelled):
        questions.counting(lambda _: None, busy)(1)
