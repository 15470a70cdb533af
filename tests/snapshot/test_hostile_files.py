"""Files that are no snapshot, by every way in: one whole sentence each, whatever they nest, repeat or hold."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from support.command_line import small
from support.databases import rows
from support.programs import Program

from ringfence.cli.main import run
from ringfence.domain.errors import InvalidDocument
from ringfence.snapshot.load import load_document, load_file
from ringfence.snapshot.read_yaml import DEEPEST
from ringfence.storage.engine import Database

DEEP = 50_000
SHAPES = {
    "lists": "[" * DEEP,
    "objects": "{a: " * DEEP,
    "items": "- " * DEEP,
    "keys": "? " * DEEP,
    "fields": "\n".join(" " * depth + "a:" for depth in range(2000)),
    "json lists": '{"ringfence": 1, "sites": ' + "[" * DEEP,
    "json objects": '{"ringfence": 1, "sites": [' + '{"customer": ' * DEEP,
    "json values": '{"ringfence": ' + "[" * DEEP,
    "chained": "a0: &a0 [x]\n" + "\n".join(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 2000)),
    "closed": "a: " + "[" * 900 + "]" * 900,
}
"""What nests more deeply than a reader that calls itself can follow."""


def each_way(file: str, database: str) -> None:
    """Loads the file, and asks what that would change, by every suffix and from the standard input."""
    for suffix in (".yaml", ".json", "-"):
        for command in ("load", "what-if"):
            name = "-"
            if suffix == "-":
                sys.stdin = io.TextIOWrapper(io.BytesIO(Path(file).read_bytes()))
            else:
                name = file + suffix
                Path(name).write_bytes(Path(file).read_bytes())
            sys.stdout.write(f"{run(['--db', database, command, name])}\n")


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_nothing_nests_so_deeply_that_the_program_dies(text: str, tmp_path: Path, sqlite_database: Database) -> None:
    """In a process of its own: what the C library does at the end of its stack no test survives."""
    load_document(sqlite_database, small())
    (tmp_path / "deep").write_text(text)
    done = Program([str(tmp_path / "deep"), sqlite_database.name], folder=tmp_path, work=each_way).end()
    assert (done.status, done.lines) == (0, ["1"] * 6), done.err
    assert done.err.count("ringfence: error: ") == done.err.count("\n")
    assert "Traceback" not in done.err
    assert done.err.count("too deeply") + done.err.count("Expecting value") >= 6


def test_what_nests_as_a_snapshot_does_is_read(sqlite_database: Database) -> None:
    source = "ringfence: " + "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1)
    with pytest.raises(InvalidDocument, match="this program reads format 1"):
        load_file(sqlite_database, io.BytesIO(source.encode()))


ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "cp1252", "cp037")
TEXTS = {"json": '{"ringfence": 1,\n "tenants": [{"key": "é", "name": "é"}]}', "yaml": "ringfence: 1\ntenants:\n- é\n"}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", TEXTS)
@pytest.mark.parametrize("suffix", ["json", "yaml", ""])
def test_another_encoding(sqlite_database: Database, tmp_path: Path, encoding: str, form: str, suffix: str) -> None:
    path = tmp_path / f"snapshot.{suffix}"
    path.write_bytes(TEXTS[form].encode(encoding))
    said = _refused(sqlite_database, path if suffix else io.BytesIO(path.read_bytes()))
    if encoding == "cp1252":
        assert said == f"line {2 if form == 'json' else 3}: the file is not UTF-8 text: save it as UTF-8"
    else:
        assert "UTF-8" in said or "YAML" in said


def test_the_line_of_a_byte_that_is_no_text_far_into_a_file(sqlite_database: Database) -> None:
    """Behind several readings of the file, and behind entries that were read already."""
    devices = b"".join(b'{"key": "d%d", "tenant": "t", "name": "D"},\n' % number for number in range(60_000))
    source = b'{"ringfence": 1, "devices": [\n' + devices + b'"\xff"]}'
    assert len(source) > 2 << 20
    assert _refused(sqlite_database, io.BytesIO(source)).startswith("line 60002: the file is not UTF-8")


YAML = [
    ("? [a]\n: b", "line 1, column 3: a field's name is text"),
    ("? {a: b}\n: c", "line 1, column 3: a field's name is text"),
    ("a:\n  5: 6", "line 2, column 3: a field's name is text"),
    ("null: 1", "line 1, column 1: a field's name is text"),
    ("true: 1", "line 1, column 1: a field's name is text"),
    ("ringfence: 1\n---\nringfence: 1\n", "line 2, column 1: a second document begins here: a snapshot is one"),
    ("ringfence: 1\n...\n---\n{}\n", "line 3, column 1: a second document begins here: a snapshot is one"),
    ("a: *b", "line 1, column 4: there is nothing of that name to repeat"),
    ("a: &a [*a]", "line 1, column 8: this would hold itself"),
    ("a: &a {b: [*a]}", "line 1, column 12: this would hold itself"),
    ("!!set {a}", "line 1, column 1: a snapshot has no values with such a tag"),
    ("a: !!binary YQ==", "line 1, column 4: a snapshot has no values with such a tag"),
    ("!!python/object:os.system {}", "line 1, column 1: a snapshot has no values with such a tag"),
    ("!!merge <<: {a: b}", "line 1, column 1: a snapshot has no values with such a tag"),
    ("a: !!map [b]", "line 1, column 4: this value does not fit its type"),
    ("a: !!bool b", "line 1, column 4: this value does not fit its type"),
    ("ringfence: " + "9" * 5000, "line 1, column 12: this value does not fit its type"),
    ("ringfence: 1\na: \x07", "line 2: there is a character that YAML has not: U+0007"),
    ("ringfence: 1\n\n\0", "line 3: there is a character that YAML has not: U+0000"),
    ("\0", "line 1: there is a NUL character, which no text has: save the file as UTF-8"),
    ("ringfence: 1\na: [", "line 3, column 1: this is no YAML: did not find expected node content while parsing a"
     " flow node"),
    ("ringfence: 1\nringfence: 1", 'line 2, column 1: "ringfence" is there twice'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), YAML, ids=[str(number) for number in range(len(YAML))])
def test_yaml_that_is_no_snapshot(sqlite_database: Database, text: str, said: str) -> None:
    assert _refused(sqlite_database, io.BytesIO(text.encode())) == said


def test_what_grows_out_of_little_is_not_built(sqlite_database: Database) -> None:
    """Nine lines that come to a million values, and what is merged a million times."""
    lines = ["a0: &a0 [x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 7)]
    said = "this repeats other parts of the file too often to be a snapshot"
    assert _refused(sqlite_database, io.BytesIO("\n".join(lines).encode())).endswith(said)


def test_what_is_repeated_within_reason_is_read(sqlite_database: Database) -> None:
    roles = "".join(
        f"- {{key: r{n}, tenant: t, name: R, access_level: site, permissions: *all}}\n" for n in range(1, 2000)
    )
    first = "- {key: r0, tenant: t, name: R, access_level: site, permissions: &all [device.list, device.view]}\n"
    source = f"\ufeffringfence: 1\ntenants: [{{key: t, name: T}}]\nroles:\n{first}{roles}"
    assert load_file(sqlite_database, io.BytesIO(source.encode()))["roles"] == 2000


def test_a_file_of_yaml_has_a_size(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.snapshot.read_yaml.MOST_BYTES", 3 << 20)
    source = b"ringfence: 1\n" + b"#" * (3 << 20)
    assert _refused(sqlite_database, io.BytesIO(source)) == "this is larger than 3 MB: write it as JSON"


def _refused(database: Database, source: Path | io.BytesIO) -> str:
    """The one line that loading it comes to."""
    before = rows(database)
    with pytest.raises(InvalidDocument) as caught:
        load_file(database, source)
    assert rows(database) == before
    said = str(caught.value)
    assert "\n" not in said
    assert said.isprintable()
    return said
