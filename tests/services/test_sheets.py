"""CSV for spreadsheets: nothing in it is run, what was written is read back, and every fault is told with its line."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ringfence.services import sheets
from ringfence.services.sheets import Sheet, defused, fused, mangled, read_rows, write_rows

KNOWN = ("key", "customer", "unit_id", "notes")
LISTED = "the columns are key, customer, unit_id, notes"
RUN = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20) | st.text(
    st.sampled_from(" '\"=+-@＝\t\r\n,;5x"), max_size=8
)


def _written(*rows: Sequence[object], header: tuple[str, ...] = KNOWN) -> str:
    out = io.StringIO()
    write_rows(out, header, rows)
    return out.getvalue()


def _read(source: bytes | str, required: tuple[str, ...] = ("key",)) -> Sheet:
    return read_rows(source, KNOWN, required)


def _cells(source: bytes | str) -> list[dict[str, str]]:
    sheet = _read(source)
    assert sheet.faults == ()
    return [cells for _, cells in sheet.rows]


NOTHING = "there is nothing under the header: a sheet has a row for each record"
NEVER_CLOSED = "a quote opens a cell and is never closed: close it, or write two for one that belongs to the text"


class TestDefused:
    @pytest.mark.parametrize("sign", RUN)
    @pytest.mark.parametrize("before", ["", " ", "\t", "\r\n", "\xa0", "\x01", "\u200b", "\ufeff", " \u2003\x0b "])
    def test_what_a_spreadsheet_would_run(self, sign: str, before: str) -> None:
        cell = f"{before}{sign}cmd|' /C calc'!A0"
        assert defused(cell) == f"'{cell}"
        assert fused(defused(cell)) == cell

    @pytest.mark.parametrize(
        "cell", ["\ttext", "\rtext", "\ntext", "\t", "-5+cmd|x", "+31 10 x5", "-1e5", "-5,3", "=1"]
    )
    def test_what_looks_harmless_and_is_not_known_to_be(self, cell: str) -> None:
        assert defused(cell) == f"'{cell}"

    @pytest.mark.parametrize(
        "cell",
        [
            "",
            " ",
            "text",
            "-5",
            "-5.25",
            " -5",
            "-",
            "+31 10 1234567",
            "+31 (0)10-123.4567",
            "a=b",
            "5-3",
            "a@b.example",
            "'s-Hertogenbosch",
            "'",
            "'text'",
            "#1",
            "|x",
            "\\=1",
        ],
    )
    def test_what_stays_as_it_is(self, cell: str) -> None:
        assert defused(cell) == cell
        assert fused(cell) == cell

    def test_an_apostrophe_of_one_s_own_is_kept(self) -> None:
        assert [defused("'=1"), defused("''=1"), defused("'-5")] == ["''=1", "'''=1", "''-5"]

    def test_a_number_that_another_program_defused(self) -> None:
        assert [fused("'-5"), fused("'+31 10 1234567")] == ["-5", "+31 10 1234567"]

    @given(TEXT)
    def test_gives_back_what_there_was(self, cell: str) -> None:
        assert fused(defused(cell)) == cell
        assert len(defused(cell)) - len(cell) in (0, 1)

    def test_long_cells_at_once(self) -> None:
        began = time.perf_counter()
        for cell in (" " * 1_000_000, "'" * 1_000_000, "-" + "5" * 1_000_000 + "x", "' " * 500_000):
            assert fused(defused(cell)) == cell
        assert time.perf_counter() - began < 5


class TestWriting:
    def test_values(self) -> None:
        assert _written(["k", None, True, False], [-5, 1.5, "=1", 'a,"b"\nc']) == (
            'key,customer,unit_id,notes\nk,,yes,no\n-5,1.5,\'=1,"a,""b""\nc"\n'
        )

    def test_nothing_but_a_header(self) -> None:
        assert _written() == "key,customer,unit_id,notes\n"

    def test_rows_are_written_as_they_come(self) -> None:
        out = io.StringIO()

        def rows() -> Iterator[list[str]]:
            yield ["a"]
            assert out.getvalue() == "key\na\n"
            yield ["b"]

        write_rows(out, ["key"], rows())
        assert out.getvalue() == "key\na\nb\n"

    def test_any_reader_splits_it_alike(self) -> None:
        cells = ["a\rb", "\r", "a\r\nb", '"', "x"]
        read = list(csv.reader(io.StringIO(_written(cells, header=tuple("abcde")), newline="")))
        assert [fused(cell) for cell in read[1]] == cells

    @given(st.lists(st.lists(TEXT, min_size=4, max_size=4), max_size=6), st.booleans())
    @example([["a", " '=", "' '=", " ' '-x"]], False)
    def test_what_was_written_is_read_back(self, rows: list[list[str]], as_bytes: bool) -> None:
        text = _written(*rows)
        sheet = _read(text.encode() if as_bytes else text)
        stripped = [[cell.strip() for cell in row] for row in rows]
        wanted = [row for row in stripped if any(row)]
        assert sheet.faults == (() if wanted else (f"line 1: {NOTHING}",))
        assert [list(cells.values()) for _, cells in sheet.rows] == wanted

    @given(st.lists(TEXT, max_size=6))
    def test_one_column_alone(self, cells: list[str]) -> None:
        text = _written(*([cell] for cell in cells), header=("key",))
        wanted = [cell.strip() for cell in cells if cell.strip()]
        sheet = _read(text)
        assert sheet.faults == (() if wanted else (f"line 1: {NOTHING}",))
        assert [row["key"] for _, row in sheet.rows] == wanted

    def test_a_byte_order_mark_comes_first_and_is_read(self) -> None:
        out = io.StringIO()
        write_rows(out, KNOWN, [["a", "", "", ""]], mark=True)
        assert out.getvalue().startswith("\ufeffkey,")
        assert [row["key"] for row in _cells(out.getvalue().encode())] == ["a"]


class TestHeader:
    @pytest.mark.parametrize(
        "name", ["unit_id", "Unit id", "UNIT-ID", " unit  id ", "unit - id", '"Unit_Id"', "\ufeffunit id"]
    )
    def test_names_are_known_however_they_are_written(self, name: str) -> None:
        assert read_rows(f"{name},key\n1,2\n", KNOWN, KNOWN[:1]).rows == ((2, {"unit_id": "1", "key": "2"}),)

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_decides_what_separates(self, delimiter: str) -> None:
        other = ";" if delimiter == "," else ","
        text = f'key{delimiter}unit id{delimiter}notes\na{delimiter}1{delimiter}"x{other}y"\n'
        assert _cells(text) == [{"key": "a", "unit_id": "1", "notes": f"x{other}y"}]

    def test_may_hold_the_other_separators_in_quotes(self) -> None:
        assert read_rows('key;"one, two, three"\n1;2\n', ("key", "one, two, three"), ()).rows[0][0] == 2

    @pytest.mark.parametrize("one", [";", ",", "\t", "|", ":"])
    @pytest.mark.parametrize("said", ["sep={}", "SEP={}", '"sep={}"', "sep={},,", "sep={} "])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("mark", ["", "\ufeff"])
    def test_a_line_may_say_what_separates(self, one: str, said: str, end: str, mark: str) -> None:
        text = mark + end.join([said.format(one), f"key{one}notes", f'"a,;b"{one}c', f'd{one}"e"f', ""])
        sheet = _read(text)
        assert sheet.rows == ((3, {"key": "a,;b", "notes": "c"}),)
        assert [fault.partition(":")[0] for fault in sheet.faults] == ["line 4"]

    def test_columns_without_a_name_at_the_end_are_not_there(self) -> None:
        assert _cells("key,notes,,\na,b,,\n") == [{"key": "a", "notes": "b"}]

    @pytest.mark.parametrize(
        ("text", "faults"),
        [
            ("", [f"line 1: the sheet is empty: its first line names the columns; {LISTED}"]),
            ("\n , \n\n", [f"line 1: the sheet is empty: its first line names the columns; {LISTED}"]),
            ("notes\nx\n", [f"line 1: the column key is missing; {LISTED}"]),
            ("key,colour\n", [f"line 1: there is no column “colour”; {LISTED}"]),
            ("key,a,b,c,d,e,f,g\n", [f"line 1: there is no column “a”, “b”, “c”, “d”, “e” and 2 more; {LISTED}"]),
            ("key,,notes\n", [f"line 1: column 2 has no name; {LISTED}"]),
            ("key,Unit id,unit-id\n", ["line 1: the column unit_id is there twice"]),
            (
                "\n\nname;Notes;notes\n",
                [
                    f"line 3: there is no column “name”; {LISTED}",
                    "line 3: the column notes is there twice",
                    f"line 3: the column key is missing; {LISTED}",
                ],
            ),
            ('"key,notes\na,b\n', [f"line 1: {NEVER_CLOSED}"]),
            ("key\n", [f"line 1: {NOTHING}"]),
            ("\n\nkey,notes\n,\n\n", [f"line 3: {NOTHING}"]),
            ("sep=;\nkey\n", [f"line 2: {NOTHING}"]),
            (
                "sep=;\nkey,notes\na,b\n",
                [f"line 2: there is no column “key,notes”; {LISTED}", f"line 2: the column key is missing; {LISTED}"],
            ),
        ],
    )
    def test_faults(self, text: str, faults: list[str]) -> None:
        assert _read(text) == Sheet((), tuple(faults))

    def test_a_hostile_name_is_shown_in_a_line(self) -> None:
        (fault, _) = _read('\x1b[31m\u202e""' + "x" * 5000 + "\na\n").faults
        assert fault.isprintable()
        assert len(fault) < 200


class TestRows:
    def test_know_the_line_they_begin_on(self) -> None:
        text = 'key,notes\na,1\n\n"b","two\nlines"\r\n , \rc,"\r\n\r\n"\nd,4'
        assert [(line, cells["key"]) for line, cells in _read(text).rows] == [(2, "a"), (4, "b"), (7, "c"), (10, "d")]
        assert _read(text).faults == ()

    def test_other_breaks_of_a_line_are_text(self) -> None:
        assert _cells("key,notes\na,x\x0by\u2028z\x85w\n") == [{"key": "a", "notes": "x\x0by\u2028z\x85w"}]

    def test_are_stripped_and_fused(self) -> None:
        assert _cells("key, notes\n a ,' =1\n b, \"'-x\"\n") == [
            {"key": "a", "notes": "=1"},
            {"key": "b", "notes": "-x"},
        ]

    def test_short_ones(self) -> None:
        sheet = read_rows("notes,key,unit id,customer\na\nb,k\n,,u\n", KNOWN, ("key",))
        blank = {"notes": "", "key": "", "unit_id": "", "customer": ""}
        assert sheet.rows == ((3, {**blank, "notes": "b", "key": "k"}), (4, {**blank, "unit_id": "u"}))
        assert sheet.faults == ("line 2: the row ends before the column key",)

    def test_long_ones(self) -> None:
        sheet = _read("key,notes\na,b,,\na,b,c\nd,e\n")
        assert [line for line, _ in sheet.rows] == [2, 4]
        assert sheet.faults == (
            "line 3: there are 3 cells, and the header has 2: quote a cell that holds the separator",
        )

    def test_long_cells(self) -> None:
        sheet = _read(f"key,notes\na,{'x' * 4000}\nb,{'x' * 4001}\nc,{'x' * 200_000}\nd,\n")
        assert [cells["key"] for _, cells in sheet.rows] == ["a", "d"]
        assert sheet.faults == (
            "line 3: notes is 4,001 characters long, and may have 4,000",
            "line 4: a cell is longer than 4,000 characters, or a quote that opens it is never closed",
        )

    def test_too_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sheets, "MOST_ROWS", 2)
        assert _read("key\na\n\nb\n\n").faults == ()
        sheet = _read("key\na\n\nb\nc\nd\n")
        assert [line for line, _ in sheet.rows] == [2, 4]
        assert sheet.faults == ("line 5: a sheet may have 2 rows: put what follows into another one",)


class TestQuotes:
    def test_never_closed(self) -> None:
        sheet = _read('key,notes\na,b\nc,"d\ne,f\n')
        assert [line for line, _ in sheet.rows] == [2]
        assert sheet.faults == (f"line 3: {NEVER_CLOSED}",)
        assert sheet.unread == 1

    @pytest.mark.parametrize("quote", ['c,"d\n', 'c,"d\n"e', '"c,d\n', f'c,"{"d" * 5000}\n'])
    @pytest.mark.parametrize("above", range(3))
    @pytest.mark.parametrize("behind", [0, 1, 7])
    @pytest.mark.parametrize("directive", ["", "sep=,\n"])
    def test_every_row_is_counted(self, quote: str, above: int, behind: int, directive: str) -> None:
        text = directive + "key,notes\n" + "a,b\n" * above + quote.rstrip("\n") + "\n" + "e,f\n\n" * behind
        sheet = _read(text)
        line = bool(directive) + above + 2
        told = [int(fault.split()[1].rstrip(":")) for fault in sheet.faults]
        if told != [line]:
            assert told == []  # of a last line the quote may close with the text
        assert len(sheet.rows) == above
        assert sheet.unread == behind

    def test_never_closed_in_a_long_sheet(self) -> None:
        sheet = _read('key,notes\nc,"d\n' + "e,f\n" * 100_000)
        assert sheet.faults == (
            "line 2: a cell is longer than 4,000 characters, or a quote that opens it is never closed",
        )

    def test_closed_inside_a_cell(self) -> None:
        sheet = _read('key,notes\na,"b"c\nd,12" pipe\ne,"x\n"y\nf,g\n')
        said = "there is something behind the quote that closes a cell: write two for one that belongs to the text"
        assert sheet.rows == ((3, {"key": "d", "notes": '12" pipe'}),)
        assert sheet.faults == (f"line 2: {said}", f"line 4: {said}")


class TestBytes:
    def test_utf_8_with_and_without_a_mark(self) -> None:
        for source in ("key\nカ\n".encode(), "key\nカ\n".encode("utf-8-sig"), "\ufeffkey\nカ\n"):
            assert _cells(source) == [{"key": "カ"}]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_another_encoding(self, end: str) -> None:
        source = f"key,notes{end}a,b{end}c,café{end}".encode("latin-1")
        assert _read(source) == Sheet((), ("line 3: this is not UTF-8 text: save the sheet as “CSV UTF-8”",))

    def test_utf_16(self) -> None:
        assert _read("key\na\n".encode("utf-16")).faults[0].startswith("line 1: this is not UTF-8 text")
        assert _read("key\na\n".encode("utf-16-le")).faults[0].startswith("line 1: there is a NUL character")

    def test_nul(self) -> None:
        said = "line 3: there is a NUL character, which no text has: save the sheet as “CSV UTF-8”"
        assert _read("key\na\nb\0\n") == Sheet((), (said,))
        assert _read(b"key\na\nb\0\n") == Sheet((), (said,))

    @given(st.binary(max_size=60) | st.text(st.sampled_from("key,;\t\"'\r\n =x"), max_size=40))
    def test_anything_is_answered_in_lines(self, source: bytes | str) -> None:
        sheet = _read(source)
        assert all(fault.isprintable() and fault.startswith("line ") for fault in sheet.faults)
        assert sheet.faults or all("key" in cells for _, cells in sheet.rows)

    @pytest.mark.parametrize(
        "source",
        [
            "key" + "," * 100_000,
            "key" + ",x" * 100_000,
            "\r" * 100_000,
            "x" * 1_000_000,
            '"' * 100_001,
            '"' + "x\n" * 100_000,
        ],
        ids=("commas", "columns", "blank lines", "one line", "quotes", "never closed"),
    )
    def test_an_odd_one_is_answered_at_once(self, source: str) -> None:
        began = time.perf_counter()
        _read(source)
        _read(f"key\n{source}")
        assert time.perf_counter() - began < 10

    def test_a_large_sheet(self) -> None:
        began = time.perf_counter()
        sheet = _read("key,unit id,notes\n" + "a,'=b,c\n" * 100_000)
        assert time.perf_counter() - began < 10
        assert len(sheet.rows) == 100_000


class TestMangled:
    @pytest.mark.parametrize(
        ("cell", "what"),
        [
            *((cell, "shortened") for cell in ("8.93901E+18", "8,93901E+18", "9E+15", "1.2e+09", "-1.5E+20")),
            *((cell, "15 digits") for cell in ("893901000012345000", "1234567890123450")),
            *(
                (cell, "made a day")
                for cell in (
                    "1-Mar",
                    "01-mar",
                    "1-Mar-26",
                    "Mar-01",
                    "mrt-26",
                    "3-okt",
                    "1/Dec",
                    "12-May-2026",
                    "1-mei",
                )
            ),
        ],
    )
    def test_what_a_spreadsheet_makes_of_an_id(self, cell: str, what: str) -> None:
        assert what in mangled(cell)

    @pytest.mark.parametrize(
        "cell",
        ["", "U-00664", "8939010000123456789", "123456", "100000000000000", "E+18", "8.93901", "1-A", "Mars-01", "1-32",
         "north-marina", "1e", "0xE+1", "2026-03-01", "12-Mark", "march"],
    )  # fmt: skip
    def test_what_is_none_of_them(self, cell: str) -> None:
        assert mangled(cell) == ""
