"""Pages hold what was chosen, stand alone, say plainly what is missing, and escape what is hostile."""

from __future__ import annotations

import base64
import csv
import io
import re
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rig.errors import UsageError
from rig.qa.board import board_page
from rig.qa.history_keep import History
from rig.qa.lake import Lake, refresh
from rig.qa.line import Line, line_page
from rig.qa.page import demand_place, publish
from rig.qa.select import Asked, Chosen
from rig.qa.source import KeptRun
from rig.qa.station import station_page
from tests.qa.conftest import make_record
from tests.qa.test_lake import TODAY, Shelf

MADE = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
HOSTILE = "<script>alert('x')</script>"


def page_of(
    tmp_path: Path, *runs: dict[str, Any], asked: Asked | None = None, spec: str | None = None
) -> str:
    chosen = Chosen(refresh(Shelf(list(runs)), tmp_path, TODAY), asked or Asked())
    return line_page(Line.of(chosen, spec), (), MADE)


def boards(many: int, **changes: Any) -> list[dict[str, Any]]:
    return [
        make_record(
            f"202611{1 + at % 20:02d}T08{at // 60:02d}{at % 60:02d}-{at:06x}", serial=f"B{at}",
            values={"board_watts": [1000.0 + at % 7], "domain_volts": [1.04 + at % 5 / 1000, 1.05]},
            **changes,
        )
        for at in range(many)
    ]


def csv_of(page: str, name: str) -> list[list[str]]:
    found = re.search(rf'download="{name}\.csv" href="data:text/csv;base64,([^"]+)"', page)
    assert found is not None, f"no {name}.csv on the page"
    return list(csv.reader(io.StringIO(base64.b64decode(found[1]).decode(), newline="")))


@pytest.fixture(scope="module")
def planted_page(planted_lake: Lake) -> str:
    return line_page(Line.of(Chosen(planted_lake, Asked(simulated=True))), (), MADE)


def test_a_page_stands_alone(planted_page: str) -> None:
    assert not re.search(r'(?:src|href)\s*=\s*(?!["\']?data:)', planted_page)
    assert "<script" not in planted_page
    assert not re.search(r"@import|url\(", planted_page)


def test_every_chart_has_its_data(planted_page: str) -> None:
    for name in ("yield-by-day", "yields", "yield-by-slot", "yield-by-lot", "first-run-codes", "chips-blamed",
                 "capability", "control", "ways", "grades", "cycle-time"):
        assert len(csv_of(planted_page, name)) > 1


def test_single_values_stand_over_their_moving_ranges(planted_page: str) -> None:
    rows = csv_of(planted_page, "control")[1:]
    first = [row for row in rows if row[0] == rows[0][0]]

    drawn = [planted_page.count(f'aria-label="{one}"') for one in ("control chart", "moving ranges")]
    assert drawn == [6, 6]
    assert first[0][3] == ""
    assert [float(row[3]) for row in first[1:]] == pytest.approx(
        [abs(float(after[2]) - float(before[2])) for before, after in pairwise(first)]
    )


def test_data_add_up(planted_page: str, planted: History) -> None:
    days = csv_of(planted_page, "yield-by-day")[1:]
    codes = csv_of(planted_page, "first-run-codes")[1:]

    assert sum(int(row[1]) for row in days) == planted.happened.line.boards
    assert sum(int(row[1]) - int(row[2]) for row in days) == sum(int(row[1]) for row in codes)


def test_each_plant_leaves_its_trace(planted_page: str, planted: History) -> None:
    line = planted.happened.line
    slot = " ".join(line.places[line.plants.place or 0])
    lowest = {name: min(csv_of(planted_page, f"yield-by-{name}")[1:], key=lambda row: float(row[3]))[0]
              for name in ("slot", "lot")}
    blamed = {int(chip): int(many) for chip, many in csv_of(planted_page, "chips-blamed")[1:]}
    domains = [sum(blamed.get(chip, 0) for chip in range(5 * at, 5 * at + 5)) for at in range(13)]

    assert lowest == {"slot": slot, "lot": planted.lot_name(line.plants.lot or 0)}
    assert domains.index(max(domains)) == line.plants.domain
    moved = {row[0] for row in csv_of(planted_page, "control")}
    assert f"domain_deviation_volts[{line.plants.domain}]" in moved


def test_simulated_runs_are_shown_only_when_asked_for(planted_lake: Lake, planted_page: str) -> None:
    without = line_page(Line.of(Chosen(planted_lake, Asked())), (), MADE)

    assert "Simulated runs only" in planted_page
    assert "there is nothing to tell" in without
    assert "Simulated runs only" not in without


def test_an_empty_period_is_said(tmp_path: Path) -> None:
    page = page_of(tmp_path, *boards(3), asked=Asked(since=TODAY))

    assert "No board had its first run in this period" in page
    assert "needs a person" not in page


def test_one_board_is_said_to_be_few(tmp_path: Path) -> None:
    page = page_of(tmp_path, make_record())

    assert "Only 1 board:" in page
    assert "fewer than 25 boards" in page
    assert "Nothing needs a person" in page


def test_constant_values_have_no_capability(tmp_path: Path) -> None:
    runs = boards(40)
    for run in runs:
        run["measurements"][0]["values"] = [1000.0]

    page = page_of(tmp_path, *runs)

    assert "all values are the same" in page


def test_older_records_are_said_to_lack_their_lot(tmp_path: Path) -> None:
    runs = boards(3, schema_version=1)
    for run in runs:
        del run["purpose"], run["made_by"]

    page = page_of(tmp_path, *runs)

    assert "3 of 3 boards have no lot, FT version and bin in their records (schema version 1)" in page


def test_versions_are_never_pooled_silently(tmp_path: Path) -> None:
    other = {"rig_version": "0.1.0", "plan": {"recipe.yaml": "c" * 64, "limits.yaml": "b" * 64}}
    runs = [*boards(30), *(one | {"serial": f"C{at}", "run_id": f"x{at}", "made_by": other}
                           for at, one in enumerate(boards(10)))]

    page = page_of(tmp_path, *runs)
    rows = csv_of(page, "capability")

    assert "2 versions of recipe and limits were in use" in page
    assert {row[4] for row in rows[1:]} == {"30"}


def test_a_version_that_no_board_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--spec"):
        page_of(tmp_path, make_record(), spec="nosuch")


def test_records_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    broken = make_record("20261101T090000-000002")
    del broken["serial"]

    assert "1 record could not be read" in page_of(tmp_path, make_record(), broken)


def test_hostile_names_are_escaped(tmp_path: Path) -> None:
    runs = boards(30)
    for run in runs:
        run |= {"serial": HOSTILE + run["serial"], "slot": HOSTILE, "identity": {
            "factory_job": HOSTILE, "ft_version": HOSTILE, "chip_bin": 1}, "verdict": "FAIL",
            "board_verdict": "FAIL", "failure_code": HOSTILE}
        run["measurements"][0]["name"] = HOSTILE

    page = page_of(tmp_path, *runs)

    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_formulas_are_disarmed_in_data(tmp_path: Path) -> None:
    page = page_of(tmp_path, make_record(
        serial="=1+1", station="=cmd|' /C calc'!A0", verdict="FAIL", board_verdict="FAIL",
        failure_code="@SUM(A1)",
    ))

    assert csv_of(page, "first-run-codes")[1][0] == "'@SUM(A1)"
    assert csv_of(page, "yield-by-station")[1][0].startswith("'=cmd")


def test_station_page_tells_golden_boards_and_slots(planted_lake: Lake, planted: History) -> None:
    line = planted.happened.line
    station, slot = line.places[line.plants.place or 0]

    chosen = Chosen(planted_lake, Asked(station=station, simulated=True))
    page = station_page(Line.of(chosen), (), (), MADE)

    places = {f"{station} slot{number}" for number in range(1, 5)}
    assert {row[0] for row in csv_of(page, "golden")[1:]} == places
    biased = {tuple(row[:2]) for row in csv_of(page, "slot-bias")[1:]}
    assert (f"{station} {slot}", "contact_ohms") in biased
    assert "STN-" in csv_of(page, "stops")[1][0]


def test_overdue_calibration_needs_a_person(tmp_path: Path) -> None:
    run = make_record(instruments=[{"role": "meter", "identity": "M1", "calibration_due": "2026-11-20"}])
    chosen = Chosen(refresh(Shelf([run]), tmp_path, TODAY), Asked(station="A1"))

    page = station_page(Line.of(chosen), (), (), MADE)

    assert "its calibration ended on 2026-11-20" in page


def test_board_page_frames_the_chip_to_blame() -> None:
    rates = [0.999] * 65
    rates[17] = 0.9
    record = make_record(
        verdict="FAIL", board_verdict="FAIL", failure_code="CHIP-WEAK", failure_text=HOSTILE,
        findings=[{"code": "CHIP-WEAK", "party": "board", "chip": 17, "text": HOSTILE}],
    )
    record["measurements"] += [
        {"name": "chip_hit_rate", "over": "chip", "values": rates, "limit": None, "outcome": "RECORDED"},
        {"name": "domain_deviation_volts", "over": "domain", "values": [0.01] * 12 + [0.06], "unit": "V",
         "limit": ">= -0.045 and <= 0.045", "outcome": "FAIL"},
    ]

    page = board_page(KeptRun(record), None, "none", MADE)

    assert "<script" not in page
    assert "1000" in page
    assert "domain_deviation_volts[12]" in page
    last = csv_of(page, f"{record['run_id']}-measurements")[-1]
    assert last[:3] == ["domain_deviation_volts", "12", "0.06"]


@pytest.mark.parametrize("change", [
    {"measurements": []}, {"schema_version": 1, "made_by": {}}, {"seconds": 0},
])
def test_board_page_of_a_poor_record(change: dict[str, Any]) -> None:
    assert "PASS" in board_page(KeptRun(make_record(**change)), None, "none", MADE)


def test_a_page_is_written_whole_and_only_where_it_can_be(tmp_path: Path) -> None:
    assert publish("<html>", tmp_path / "a.html", pdf=False) == [tmp_path / "a.html"]
    with pytest.raises(UsageError, match="no folder"):
        demand_place(tmp_path / "no" / "a.html", pdf=False)
