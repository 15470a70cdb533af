"""What the benchmarks say of their targets: one that is exceeded is missed, in its own table and in the last one."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks.report import Report, summary


def _report() -> Report:
    report = Report(["  a table"])
    report.judge("a key", 331, 350, "bytes")
    report.judge("a page", 1.204, 1.2, "times")
    return report


def test_a_target_is_met_up_to_its_very_limit() -> None:
    report = Report()
    report.judge("a key", 350, 350, "bytes")
    report.judge("a key", 350.1, 350, "bytes")
    assert [one.met for one in report.targets] == [True, False]


def test_the_last_table_tells_of_every_target() -> None:
    said = summary({"line": _report(), "idle": Report(["  nothing to be met"])})
    assert [line.split() for line in said[1:]] == [
        ["line", "a", "key", "350", "331", "bytes", "met"],
        ["line", "a", "page", "1.200", "1.204", "times", "MISSED"],
        ["1", "of", "2", "met,", "1", "MISSED"],
    ]


def test_one_that_fails_says_so_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> Report:
        raise TimeoutError("nothing showed")

    monkeypatch.setitem(sys.modules, "benchmarks.startup", SimpleNamespace(run=fails))
    monkeypatch.setitem(sys.modules, "benchmarks.line", SimpleNamespace(run=_report))
    assert benchmarks.main(["startup", "line"]) == 1
    said = capsys.readouterr().out
    assert "startup failed: TimeoutError: nothing showed" in said
    assert "1 of 2 met, 1 MISSED" in said.splitlines()[-1]


def test_where_all_are_run_signing_in_tries_less_often_than_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, ...]] = []

    def run(*many: int) -> Report:
        told.append(many)
        return _report()

    monkeypatch.setitem(sys.modules, "benchmarks.sign_in", SimpleNamespace(run=run))
    monkeypatch.setattr(benchmarks, "BENCHMARKS", {"sign_in": "whether the time of an answer tells"})
    assert [benchmarks.main([]), benchmarks.main(["sign_in"])] == [0, 0]
    assert told == [(50,), ()]
