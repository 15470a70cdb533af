"""The manual page is that of the commands there are."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from docs.man import _escaped, page

PAGE = Path(__file__).parents[2] / "docs/ringfence.1"


def test_it_is_up_to_date() -> None:
    assert page() == PAGE.read_text(encoding="utf-8"), "run 'make man'"


@pytest.mark.parametrize("width", ["40", "300"])
def test_it_is_the_same_on_every_terminal(monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    before = page()
    monkeypatch.setenv("COLUMNS", width)
    assert page() == before


@pytest.mark.skipif(shutil.which("groff") is None, reason="there is no groff here")
def test_nothing_in_it_is_obeyed_or_wrong() -> None:
    def printed(text: str) -> subprocess.CompletedProcess[str]:
        words = ["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-P-c"]
        return subprocess.run(words, input=text, capture_output=True, text=True, check=False)

    said = printed(PAGE.read_text(encoding="utf-8"))
    assert (said.returncode, said.stderr) == (0, "")
    for hostile in (".so /etc/passwd", "'br", "a\\fBb\\n(yr", "--no-member LOGIN"):
        assert hostile in printed(f".TH X 1\n.PP\n{_escaped(hostile)}\n").stdout
