"""What a terminal gets to see of hostile data is drawn and never obeyed, whatever command prints it; a pipe gets it
exactly. On a real terminal device, and with data that no way in of today would take: older ones took it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sqlite3
import sys
import threading
import tty
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Call, Save, small

from ringfence.cli.commands import _program
from ringfence.cli.main import run
from ringfence.domain.registry import EDITED, KINDS, LISTED

pytestmark = pytest.mark.always

NASTY = "\x1b]0;owned\x07\x7f\x9b31m\x85\u202e\u2066\u200f\u061c\u200b\u2028"
"""Control characters of both sets, bidirectional ones, and others that are not seen."""
ADA = ("--as", f"ada{NASTY}")
TEXTS = (
    "key",
    "name",
    "email",
    "phone",
    "address",
    "notes",
    "attributes",
    "kind",
    "unit_id",
    "description",
    "login",
    "text",
    "alarm",
)
TABLES = ("tenant", *(kind.table for kind in EDITED.values()))
PLAIN = {("tenant", "key"), ("role", "key")}
"""What the file names of which something is taken away."""
BAR = re.compile(r"\x1b\[\??[0-9;]*[A-Za-z]|\r")
"""What a progress bar says to a terminal."""


def key(plain: str) -> str:
    """A key as it stands in the hostile database."""
    return f"{plain}{NASTY}"


def dry(*words: str) -> list[list[str]]:
    """A change that is not made, as text and as JSON."""
    return [[*words, *ADA, "--dry-run", *form] for form in ([], ["--format", "json"])]


COMMANDS: list[list[str]] = [
    *([*("list", kind), *ADA, "--format", form] for kind in LISTED for form in ("table", "json", "csv", "keys")),
    *([*("count", kind), *ADA] for kind in LISTED),
    *([kind, "list", *ADA] for kind in LISTED),
    *([kind, "count", *ADA] for kind in LISTED),
    ["help", "devices"],
    ["help", f"nothing{NASTY}"],
    ["can", ADA[1], "device.list", f"device:{key('d')}"],
    *(
        [*words, *by]
        for words in (
            ["why", ADA[1], "device.list", f"device:{key('d')}"],
            ["why", f"bob{NASTY}", f"device.{NASTY}", f"device:{key('nix')}"],
            ["why", ADA[1], "device.list", f"device:{key('d')}", "--format", "json"],
            *(
                ["who", "device.list", f"device:{key('d')}", "--format", form]
                for form in ("table", "json", "csv", "keys")
            ),
            ["rights", ADA[1], f"customer:{key('c')}"],
        )
        for by in ((), ADA)
    ),
    ["coverage", "alarm.manage", "--at-least", "9", *ADA],
    ["now", *ADA],
    ["db", "roles", "--tenant", f"t{NASTY}"],
    ["sign-ins", "list", *ADA],
    ["sign-ins", "list", "--login", f"ada{NASTY}", *ADA],
    ["sign-ins", "end", "1", *ADA],
    ["tokens", "list", *ADA],
    ["tokens", "list", "--login", f"ada{NASTY}", *ADA],
    ["tokens", "create", f"nix{NASTY}", *ADA],
    ["tokens", "revoke", f"nix{NASTY}", *ADA],
    ["init", "--tenant", f"T{NASTY}", "--login", f"ada{NASTY}", "--password-file", f"nothing{NASTY}"],
    ["users", "invite", f"ada{NASTY}"],
    ["users", "invite", f"ada{NASTY}", "--revoke", *ADA],
    ["users", "reset-second-factor", f"ada{NASTY}"],
    ["profile", "settings", *ADA],
    ["keys", "add", f"nothing{NASTY}", *ADA],
    ["keys", "list", *ADA],
    ["keys", "list", "--login", f"ada{NASTY}", *ADA],
    ["keys", "remove", f"nothing{NASTY}", *ADA],
    ["ssh", "authorized-keys", f"ada{NASTY}", "ssh-ed25519", "x"],
    ["ssh", "session", f"SHA256:{NASTY}"],
    ["ssh", "setup"],
    ["ssh", "check", "--account", "nobody-here"],
    ["can", ADA[1], "device.list", f"device:{key('nix')}"],
    ["dump"],
    ["dump", *ADA],
    ["schema"],
    ["config", "check"],
    ["config", "edit"],
    ["demo"],
    *(["what-if", "file.json", *form] for form in ([], ["--format", "json"], ADA, [*ADA, "--format", "json"])),
    ["what-if", "bad.json"],
    ["load", "bad.json"],
    *dry("customers", "create", "New", "--under", key("c")),
    *dry("customers", "edit", key("c"), "--name", "New"),
    *dry("customers", "move", key("c"), "--to", key("e")),
    *dry("customers", "move", key("c"), "--to", key("nix")),
    *dry("customers", "delete", key("c")),
    *dry("sites", "create", "New", "--customer", key("c")),
    *dry("sites", "edit", key("s"), "--name", "New"),
    *dry("sites", "delete", key("s")),
    *dry("devices", "create", "New", "--customer", key("c")),
    *dry("devices", "edit", key("d"), "--kind", "New"),
    *dry("devices", "delete", key("d")),
    *dry("devices", "delete", key("nix")),
    *dry("edges", "create", "New", "--customer", key("c")),
    *dry("edges", "edit", key("g"), "--inactive"),
    *dry("edges", "delete", key("g")),
    ["edges", "status", key("g"), *ADA],
    ["alarm-rules", "test", "level > 8", "--device", key("d"), *ADA],
    ["alarm-rules", "test", f"level{NASTY}", *ADA],
    ["ingest", f"nothing{NASTY}", "--edge", key("g")],
    ["listen", "dc09", "--port", "0", "--edge", key("nix")],
    *(["telemetry", verb, key("d"), *ADA] for verb in ("latest", "events")),
    ["telemetry", "history", key("d"), "level", *ADA],
    *(
        one
        for name, kind in KINDS.items()
        if kind.imported and name != "audit"
        for one in dry(name, "import", "sheet.csv")
    ),
    *dry("alarm-rules", "create", "New", "--customer", key("c"), "--when", "level > 8"),
    *dry("alarm-rules", "create", "New", "--customer", key("c"), "--when", f"level{NASTY}"),
    *dry("alarm-rules", "edit", key("r"), "--inactive"),
    *dry("alarm-rules", "delete", key("r")),
    *dry("alarms", "create", "New", "--customer", key("c")),
    *dry("alarms", "edit", key("a"), "--name", "New"),
    *dry("alarms", "delete", key("a")),
    *dry("alarms", "ack", key("a")),
    *dry("alarms", "own", key("a")),
    *dry("alarms", "own", key("nix")),
    *dry("alarms", "note", key("a"), NASTY),
    *dry("alarms", "clear", key("a")),
    *dry("test-mode", "start", f"customer:{key('c')}", "--for", "1h", "--reason", "New"),
    *dry("test-mode", "start", f"nothing{NASTY}", "--for", f"1h{NASTY}", "--reason", NASTY),
    *dry("test-mode", "end", key("t")),
    *([*("attributes", "list", f"device:{key('d')}"), *ADA, *form] for form in ([], ["--format", "json"])),
    *dry("attributes", "set", f"customer:{key('c')}", "max_temperature=8"),
    *dry("attributes", "set", f"device:nothing{NASTY}", f"x{NASTY}={NASTY}"),
    *dry("test-modes", "create", "New", "--customer", key("c"), "--until", "2099-01-01T00:00:00Z"),
    *dry("test-modes", "edit", key("t"), "--name", "New"),
    *dry("test-modes", "delete", key("t")),
    ["worker", "--once"],
    *dry("users", "import", "sheet.json"),
    *dry("import", "customers", "sheet.csv", "--skip-bad"),
    *dry("devices", "assign", "ids.txt", "--to", key("e"), "--no-site", "--skip-unknown"),
    *dry("devices", "assign", "ids.txt", "--to", key("e"), "--no-site"),
    *dry("users", "create", "new", "--name", "New", "--home", key("c")),
    *dry("users", "edit", key("bob"), "--name", "New"),
    *dry("users", "activate", key("bob")),
    *dry("users", "deactivate", key("bob")),
    *dry("users", "delete", key("bob")),
    *dry("security-groups", "create", "New", "--role", key("all"), "--customer", key("c"), "--member", key("bob")),
    *dry("security-groups", "edit", key("everywhere"), "--name", "New"),
    *dry("security-groups", "delete", key("everywhere")),
    *dry("customer-groups", "create", "New", "--customer-only", key("c"), "--owner", key("e")),
    *dry("customer-groups", "edit", key("f"), "--inactive", "--no-customer", key("e")),
    *dry("customer-groups", "delete", key("f")),
    *dry("roles", "create", "New", "--permission", f"nothing{NASTY}"),
    *dry("roles", "edit", "all", "--no-permission", f"nothing{NASTY}"),
    *dry("roles", "delete", "all"),
    *dry("profile", "edit", "--name", "New"),
    ["profile", "show", *ADA],
    ["profile", "show", *ADA, "--format", "json"],
    ["undo", *ADA, "--dry-run"],
    ["audit", "verify"],
    ["db", "check"],
    ["db", "upgrade"],
    ["db", "backup", "x\u202ey.backup"],
    ["--db", "none\u202e.db", "db", "check"],
    ["list", f"nothing{NASTY}", *ADA],
    [f"nothing{NASTY}"],
    ["list", "customers", "--as", f"nobody{NASTY}"],
]
"""Every command that there is, and each way in which it prints data."""


@pytest.fixture
def hostile(call: Call, save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database in which every text that is shown is hostile, and files that name what is in it."""
    document = small(
        customers=[{"key": "e", "tenant": "t", "name": "Elsewhere"}],
        sites=[{"key": "s", "tenant": "t", "customer": "c", "name": "Site"}],
        edges=[{"key": "g", "tenant": "t", "customer": "c", "name": "Edge"}],
        alarm_rules=[{"key": "r", "tenant": "t", "customer": "c", "name": "Rule", "raise_when": "level > 8"}],
        test_modes=[{"key": "t", "tenant": "t", "customer": "c", "name": "Mode", "until": "2099-01-01T00:00:00Z"}],
        alarms=[{"key": "a", "tenant": "t", "customer": "c", "name": "Alarm", "text": "Said", "notes": "Noted"}],
        users=[{"key": "bob", "tenant": "t", "home": "c", "login": "bob", "name": "Bob"}],
        customer_groups=[{"key": "f", "tenant": "t", "name": "Filter", "customers": [{"customer": "c"}]}],
    )
    document["devices"][0]["site"] = "s"
    path = tmp_path / "hostile.db"
    monkeypatch.setenv("RINGFENCE_DB", str(path))
    monkeypatch.chdir(tmp_path)
    assert call("load", save(document)).status == 0
    assert call("customers", "edit", "c", "--as", "ada", "--address", "There").status == 0
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in TABLES:
            for (column,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall():
                if column in TEXTS and (table, column) not in PLAIN:
                    connection.execute(f"UPDATE {table} SET {column} = {column} || ? WHERE {column} <> ''", (NASTY,))
        connection.execute(
            "INSERT INTO event (tenant_id, device_id, at, kind, name, severity, text) "
            "SELECT tenant_id, id, 0, 'on', ?, ?, ? FROM device",
            (NASTY, NASTY, NASTY),
        )
        connection.execute("UPDATE user_account SET login_key = login")
        connection.execute("UPDATE audit_entry SET name = name || ?, actor_login = actor_login || ?", (NASTY, NASTY))
    role = {"key": "all", "tenant": "t", "name": "All", "access_level": "service_provider", "permissions": []}
    lost = {"ringfence": 1, "roles": [role]}
    bad = {"ringfence": 1, "sites": [{"key": "x\u202e", "tenant": "t", "customer": key("nix"), "name": "X", NASTY: 1}]}
    (tmp_path / "file.json").write_text(json.dumps(lost))
    (tmp_path / "bad.json").write_text(json.dumps(bad))
    (tmp_path / "ids.txt").write_text(f"{key('d')}\n{key('nix')}\n", encoding="utf-8")
    rows = [["key", "name"], [key("d"), "New"], [key("nix"), "New"]]
    with (tmp_path / "sheet.csv").open("w", encoding="utf-8", newline="") as sheet:
        csv.writer(sheet).writerows(rows)
    faults = [{"login": f"x{NASTY}", "name": NASTY}, {f"field{NASTY}": 1}, {"key": key("nix")}, {"home": key("nix")}]
    settings = tmp_path / "config/ringfence/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"theme = {json.dumps(NASTY)}\n[keys]\n{json.dumps(NASTY)} = {json.dumps(NASTY)}\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "true")
    (tmp_path / "sheet.json").write_text(json.dumps(faults, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[list[str]], str]]:
    """Runs a command line with standard output and error on a real terminal, and tells all that arrives there."""
    beyond, device = os.openpty()
    tty.setraw(device)
    arrived = bytearray()

    def listen() -> None:
        try:
            while data := os.read(beyond, 65536):
                arrived.extend(data)
        except OSError:  # nobody has the device open any more
            return

    listener = threading.Thread(target=listen)
    listener.start()
    with open(device, "w", encoding="utf-8", newline="\n") as out:

        def running(words: list[str]) -> str:
            arrived.clear()
            with monkeypatch.context() as patch:
                patch.setattr(sys, "stdout", out)
                patch.setattr(sys, "stderr", out)
                patch.setattr(sys, "stdin", io.StringIO())
                run(words)
            end = "\N{BLACK SQUARE}"  # behind all that was written
            out.write(end)
            out.flush()
            while not arrived.endswith(end.encode()):
                pass
            return BAR.sub("", arrived.decode().removesuffix(end))

        yield running
    listener.join()
    os.close(beyond)


def test_every_command_is_here() -> None:
    """One that comes later is told of: it prints data too."""
    named = {" ".join(words[:2]) for words in COMMANDS} | {words[0] for words in COMMANDS}
    assert set(_leaves(_program(), "")) - named == set()


def _leaves(command: Any, name: str) -> Iterator[str]:
    if not hasattr(command, "list_commands"):
        yield name
        return
    for one in command.list_commands(None):
        yield from _leaves(command.get_command(None, one), f"{name} {one}".strip())


def test_nothing_on_a_terminal_is_obeyed(hostile: Path, terminal: Callable[[list[str]], str]) -> None:
    shown = 0
    for words in COMMANDS:
        said = terminal(words)
        wrong = {c for c in said if c != "\n" and (unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp"))}
        assert not wrong, (words, said)
        assert "Traceback" not in said, (words, said)
        shown += "⟨RLO⟩" in said
    assert shown > len(KINDS) * 4 - 3  # they do show it


def test_a_pipe_gets_what_there_is(hostile: Path, call: Call) -> None:
    for kind in set(KINDS) - {"roles", "audit"}:
        keys = call("list", kind, *ADA, "--format", "keys").out
        listed = call("list", kind, *ADA, "--format", "json").out
        sheet = call("list", kind, *ADA, "--format", "csv").out
        exact = [one["key"] for one in json.loads(listed)]
        assert all(one.endswith(NASTY) for one in exact)
        assert sorted(keys.removesuffix("\n").split("\n")) == sorted(exact)
        read = list(csv.DictReader(io.StringIO(sheet.removeprefix("\ufeff"), newline="")))
        assert [one["key"] for one in read] == exact


def test_json_holds_no_control_character(hostile: Path, call: Call) -> None:
    for words in COMMANDS:
        if words[0] != "dump" and "json" not in words:
            continue
        out = call(*words).out
        assert not [c for c in out if unicodedata.category(c) == "Cc" and c != "\n"], words
        if out:
            json.loads(out)
