"""``ringfence alarms``, ``ringfence test-mode``: what people do about alarms, and as far as their rights reach."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Call, Said, Save, done, made, record, small

ADA, MIA, LU = (("--as", login) for login in ("ada", "mia", "lu"))
USUAL = [f"{noun}.{verb}" for noun in ("customer", "site", "device") for verb in ("list", "view")]
USUAL += ["audit.view", "alarm.list"]
RIGHTS = {
    "mia": ["alarm.manage", "alarm.suppress", "user.list"],
    "lu": [],
}
"""What two hold over a customer and what is nested in it: ``mia`` deals with alarms there, ``lu`` lists them."""


def entry(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "tenant": "t", "name": key.capitalize(), **more}


@pytest.fixture(autouse=True)
def _world(call: Call, save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = small(
        customers=[entry("inner", parent="c"), entry("east")],
        sites=[entry("hall", customer="inner")],
        devices=[entry("probe", customer="inner", site="hall", unit_id="U-2"), entry("other", customer="east")],
        alarms=[
            entry("warm", customer="inner", device="probe", site="hall", kind="warm", severity="critical"),
            entry("door", customer="c", severity="minor"),
            entry("past", customer="c", severity="critical", outcome="real", cleared_at="2026-11-01T00:00:00Z"),
            entry("far", customer="east", device="other", kind="warm", severity="critical"),
        ],
    )
    for login, rights in RIGHTS.items():
        held = entry(login, role=login, scope="selected", customers=[{"customer": "c"}])
        document["roles"].append(entry(login, access_level="service_provider", permissions=[*USUAL, *rights]))
        document["security_groups"].append(held)
        document["users"].append(entry(login, login=login, security_groups=[{"group": login}]))
    monkeypatch.setenv("RINGFENCE_DB", str(tmp_path / "world.db"))
    assert call("load", save(document)).status == 0


def refusal(said: Said, key: str) -> str:
    """The words of a refusal, whatever the key that was named."""
    return said.refused().replace(key, "KEY")


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        (["ack", "warm"], {"acked_by": "mia"}),
        (["own", "warm"], {"assignee": "mia"}),
        (["clear", "warm", "--outcome", "false"], {"outcome": "false", "cleared_by": "mia"}),
        (["clear", "warm"], {"outcome": "real", "cleared_by": "mia"}),
    ],
    ids=lambda given: given[0] if isinstance(given, list) else "",
)
def test_done_with_who_did_it_and_when_and_taken_back(call: Call, words: list[str], changed: dict[str, Any]) -> None:
    before = record(call, "alarms", "warm")
    began = now()
    done(call("alarms", *words, *MIA))
    after = record(call, "alarms", "warm")
    assert {name: after[name] for name in changed} == changed
    at = {"ack": "acked_at", "own": "assigned_at", "clear": "cleared_at"}[words[0]]
    assert began <= datetime.fromisoformat(after[at]) <= now()
    assert {name for name in after if after[name] != before.get(name)} == {*changed, at}
    assert call("undo", *MIA).status == 0
    assert record(call, "alarms", "warm") == before


def test_several_at_once_are_one_change(call: Call) -> None:
    before = call("dump").out
    done(call("alarms", "ack", "warm", "door", "warm", *MIA))
    assert all(record(call, "alarms", key)["acked_by"] == "mia" for key in ("warm", "door"))
    assert call("undo", *MIA).status == 0
    assert call("dump").out == before


def test_what_is_done_already_is_refused(call: Call) -> None:
    done(call("alarms", "ack", "warm", *MIA))
    assert call("alarms", "ack", "warm", *ADA).refused() == "warm is acknowledged already"
    done(call("alarms", "clear", "warm", "--outcome", "duplicate", *MIA))
    assert call("alarms", "clear", "warm", *MIA).refused() == "warm is cleared already"
    assert call("alarms", "clear", "past", "door", *MIA).refused() == "past is cleared already"
    assert record(call, "alarms", "door")["outcome"] == "open"


def test_nobody_takes_one_from_another_without_saying_so(call: Call) -> None:
    done(call("alarms", "own", "warm", *ADA))
    assert call("alarms", "own", "warm", *ADA).refused() == "you have warm already"
    assert call("alarms", "own", "warm", *MIA).refused() == (  # she may not list ada, and is told no more
        "somebody else has warm: say --take-over to take it from them"
    )
    done(call("alarms", "own", "warm", "--take-over", *MIA))
    assert record(call, "alarms", "warm")["assignee"] == "mia"
    done(call("alarms", "own", "warm", "--take-over", *ADA))
    assert record(call, "alarms", "warm")["assignee"] == "ada"
    assert call("undo", *ADA).status == 0
    assert record(call, "alarms", "warm")["assignee"] == "mia"


def test_notes_say_who_noted_them_one_below_the_other(call: Call) -> None:
    done(call("alarms", "note", "warm", "Called the site", *MIA))
    done(call("alarms", "note", "warm", "  They look ", *ADA))
    first, second = record(call, "alarms", "warm")["notes"].split("\n")
    assert (first[16:], second[16:]) == (" mia: Called the site", " ada: They look")
    assert call("alarms", "note", "warm", " ", *MIA).refused() == "say what there is to note"
    assert "no more fits" in call("alarms", "note", "warm", "x" * 4000, *MIA).refused()


@pytest.mark.parametrize("words", [["ack"], ["own"], ["own", "--take-over"], ["clear"], ["note"]], ids=" ".join)
def test_hidden_is_answered_like_missing_and_so_is_what_one_may_not_do(call: Call, words: list[str]) -> None:
    whole = call("dump").out
    more = ["Said"] if words[0] == "note" else []
    said = {refusal(call("alarms", words[0], key, *more, *words[1:], *MIA), key) for key in ("far", "nix")}
    assert len(said) == 1
    for key in ("warm", "nix"):
        assert call("alarms", words[0], key, *more, *words[1:], *LU).status == 1
    assert call("dump").out == whole


def test_an_outcome_is_one_of_four(call: Call) -> None:
    assert "'handed_over'" in call("alarms", "clear", "warm", "--outcome", "handed_over", *MIA).refused(2)


@pytest.mark.parametrize("either", [("list", "alarms"), ("alarms", "list")], ids=" ".join)
def test_listed_and_counted_alike(call: Call, either: tuple[str, str]) -> None:
    count = tuple("count" if word == "list" else word for word in either)
    for words, keys in (
        ([], ["door", "warm"]),
        (["--state", "active"], ["door", "warm"]),
        (["--state", "all"], ["door", "past", "warm"]),
        (["--severity", "critical"], ["warm"]),
        (["--state", "all", "--severity=critical"], ["past", "warm"]),
        (["--under", "inner"], ["warm"]),
        (["--under", "inner", "--severity", "minor"], []),
        (["--search", "door", "--state", "all"], ["door"]),
        (["--search", "door", "--severity", "critical"], []),
        (["--search", '"door'], ["door"]),
        (["--search", '"past'], []),
    ):
        assert call(*either, *words, *MIA, "--format", "keys").lines == keys, words
        assert call(*either, *words, *LU, "--format", "keys").lines == keys, words
        assert call(*count, *words, *MIA).out == f"{len(keys)}\n", words
        listed = json.loads(call(*either, *words, *MIA, "--format", "json").out)
        assert sorted(one["key"] for one in listed) == keys, words
    assert call("list", "devices", "--state", "all", *MIA).refused(2) == (
        "--state is for alarms: it means nothing to devices"
    )
    assert call("devices", "count", "--severity", "minor", *MIA).refused(2) == (
        "--severity is for alarms: it means nothing to devices"
    )


@pytest.mark.parametrize(
    ("where", "stands"),
    [
        ("customer:c", {"customer": "c", "site": None, "device": None}),
        ("site:hall", {"customer": "inner", "site": "hall", "device": None}),
        ("device:probe", {"customer": "inner", "site": None, "device": "probe"}),
    ],
)
def test_a_test_mode_begins_ends_and_is_taken_back(call: Call, where: str, stands: dict[str, Any]) -> None:
    began = now()
    key = made(call("test-mode", "start", where, "--for", "2h", "--reason", "Trying out", *MIA))
    mode = record(call, "test_modes", key)
    assert {name: mode[name] for name in stands} == stands
    assert (mode["name"], mode["started_by"], mode["alarms"]) == ("Trying out", "mia", "")
    assert began <= datetime.fromisoformat(mode["since"]) <= now()
    assert began + timedelta(hours=2) <= datetime.fromisoformat(mode["until"]) <= now() + timedelta(hours=2)
    (told,) = json.loads(call("list", "test-modes", *MIA, "--format", "json").out)
    assert datetime.fromisoformat(told["until"]) == datetime.fromisoformat(mode["until"])
    done(call("test-mode", "end", key, *MIA))
    assert datetime.fromisoformat(record(call, "test_modes", key)["until"]) <= now()
    assert call("test-mode", "end", key, *MIA).refused() == f"{key} has ended already"
    assert call("undo", *MIA).status == 0
    assert record(call, "test_modes", key) == mode


def test_how_long_a_test_mode_may_last(call: Call) -> None:
    start = ("test-mode", "start", "customer:c", "--reason", "Trying out", *MIA)
    assert "'--for'" in call(*start).refused(2)
    assert call(*start, "--for", "25h").refused() == (
        "a test mode is at most 24 hours long; what is out of service may be for 90 days"
    )
    made(call(*start, "--for", "23h"))
    made(call(*start, "--for", "80d", "--out-of-service"))
    assert call(*start, "--for", "91d", "--out-of-service").status != 0
    assert call("count", "test-modes", *MIA).out == "2\n"


def test_only_the_alarms_that_are_named(call: Call) -> None:
    start = ("test-mode", "start", "customer:c", "--for", "1h", "--reason", "Trying out", *MIA)
    key = made(call(*start, "--alarm", "fire", "--alarm", "too_warm"))
    assert record(call, "test_modes", key)["alarms"] == "fire, too_warm"
    assert "is no kind of alarm" in call(*start, "--alarm", "Too warm").refused()


def test_no_test_mode_where_nothing_is_seen_or_may_be_done(call: Call) -> None:
    whole = call("dump").out
    start = ("--for", "1h", "--reason", "Trying out")
    for noun, hidden in (("customer", "east"), ("device", "other")):
        said = {refusal(call("test-mode", "start", f"{noun}:{key}", *start, *MIA), key) for key in (hidden, "nowhere")}
        assert len(said) == 1
    for where in ("c", "customer:", "role:mia"):
        assert "names no place" in call("test-mode", "start", where, *start, *MIA).refused(2)
    assert "may not" in call("test-mode", "start", "customer:c", *start, *LU).refused()
    assert call("dump").out == whole
    key = made(call("test-mode", "start", "customer:c", *start, *MIA))
    assert "may not" in call("test-mode", "end", key, *LU).refused()
    assert len({refusal(call("test-mode", "end", one, *LU), one) for one in ("nix", "nowhere")}) == 1
