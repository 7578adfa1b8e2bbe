"""A board's page on paper: one sheet, whatever the run was."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

import rig
from rig.qa.board import board_page, folder_of
from rig.qa.sheet import LEAST, MOST, Sheet, sheet
from rig.qa.source import KeptRun
from rig.testkit import VirtualBench
from tests.qa.conftest import make_record

ROOT = Path(rig.__file__).parents[1]
MADE = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
PAPERS = ("A4", "Letter")
FRAME = 'fill="#1d2329" fill-opacity="1.00"'
A_PAGE = re.compile(rb"/Type\s*/Page[^s]")
Sheets = Callable[[str], list[int]]


@pytest.fixture
def sheets(browser: Browser) -> Sheets:
    """How many sheets of each paper a page takes."""

    def sheets(html: str) -> list[int]:
        page = browser.new_page()
        page.set_content(html)
        printed = [page.pdf(format=paper, print_background=True) for paper in PAPERS]
        page.close()
        return [len(A_PAGE.findall(one)) for one in printed]

    return sheets


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> VirtualBench:
    return VirtualBench(
        "s21pro", fixture=ROOT / "fixtures" / "sim.yaml", results=tmp_path_factory.mktemp("results"),
        plans=ROOT / "testplans", telemetry=True,
    )


@pytest.mark.parametrize(("faults", "framed"), [
    ([], 0), ([{"kind": "weak_chip", "chip": 17, "rate": 0.8}], 1),
], ids=["passed", "a weak chip"])
def test_a_real_run_takes_one_sheet_and_marks_its_place(
    bench: VirtualBench, sheets: Sheets, faults: list[dict[str, Any]], framed: int
) -> None:
    kept = KeptRun(bench.run(faults, seed=7, time_scale=20).model_dump(mode="json"))
    folder = folder_of(bench.setup.options.results, kept)

    page = board_page(kept, folder, "none", MADE)

    for heading in ("Answers lost", "Volts of the domains", "Power", "Temperature", "Recorded"):
        assert f"<h2><span>{heading}" in page
    assert page.count(FRAME) == framed
    assert sheets(page) == [1, 1]


def test_a_chain_that_ends_early_is_drawn_up_to_there() -> None:
    record = make_record(
        verdict="FAIL", failure_code="CHAIN-SHORT", chips_found=32,
        findings=[{"code": "CHAIN-SHORT", "party": "board", "chip": 32, "domain": 6, "text": "short"}],
        values={"idle_domain_volts": [1.15] * 13},
    )
    record["measurements"].append(
        {"name": "chips_found", "over": "board", "values": [32], "limit": "= 65", "outcome": "FAIL"}
    )

    page = board_page(KeptRun(record), None, "none", MADE)

    assert "Chips that answered: 32 of 65" in page
    assert page.count(FRAME) == 1
    assert page.count("did not answer</title>") == 33
    assert 'fill="#b3261e" fill-opacity="0.80"><title>domain' not in page     # its volts are not to blame


def test_a_long_record_takes_one_sheet_and_says_what_is_not_on_it(sheets: Sheets) -> None:
    record = make_record(values={f"measurement_of_something_{at}": [at * 1.0] for at in range(300)})
    for at, one in enumerate(record["measurements"]):
        one |= {"limit": None if at % 4 == 0 else "<= 1000", "outcome": "FAIL" if at == 299 else "PASS"}
    words = "Chip 17 loses too many answers, spread over its cores, which is a long sentence. " * 2
    record["findings"] = [
        {"code": "CHIP-WEAK", "party": "board", "chip": 17, "text": words, "place": "Chip 17 in domain 3.",
         "action": words} for _ in range(5)
    ]

    page = board_page(KeptRun(record), None, "none", MADE)

    first = page[page.index('<div class="two">'):].split("</tr>")[0]
    assert "measurement_of_something_299" in first
    assert re.search(r"\d+ more had no room on this sheet", page)
    assert sheets(page) == [1, 1]


def test_type_shrinks_before_rows_are_left_out() -> None:
    told: dict[str, Any] = {"recorded": 700, "facts": 14, "verdict": 200, "findings": [(150, 20, 90)],
                            "warnings": [], "pictures": 6, "instruments": 3}
    few, more, many = (sheet(rows=rows, **told) for rows in (40, 58, 200))

    assert few == Sheet(MOST, 40)
    assert LEAST < more.pixels < MOST
    assert more.rows == 58
    assert many.pixels == LEAST
    assert 58 < many.rows < 100
