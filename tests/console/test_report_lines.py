"""What a report says, line by line, however long a line is."""

from __future__ import annotations

from support.console import console_on, opened

from ringfence.console.screens.report import ReportScreen
from ringfence.storage.engine import Database


async def test_a_line_of_a_report_that_is_cut_stands_whole_below(demo: Database) -> None:
    line = "Row 17: the northern store beside the second harbour basin, and the one behind it on the quay"
    async with opened(console_on(demo, "h.devries"), (80, 24)) as console:
        console.app.push_screen(ReportScreen("customers", ["Import"], f"Loaded\n{line}\nshort", 1))
        await console.press("up")

        def border() -> str:
            return next(one for one in console.lines[::-1] if one.startswith("╰"))

        assert "1–3 of 3" in border()
        await console.press("down")
        assert line[:40] in border()
        await console.press("down")
        assert "1–3 of 3" in border()
