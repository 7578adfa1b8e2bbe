"""Golden boards, the shift's checks and who is admitted: on a store that tests fill."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

import rig
from rig.errors import UsageError
from rig.fixturefile import FixtureFile, load_fixture
from rig.purpose import Purpose
from rig.recipe import find_plans, load_plan
from rig.records import STORE_FILE, RunRecord, Store
from rig.station.admission import Admissions
from rig.station.golden import (
    FEWEST_RUNS,
    MOST_LOOKED_AT,
    checks_so_far,
    enrol,
    last_check,
    last_of_all,
    load_book,
)
from rig.station.roles import Role
from rig.station.shift import ShiftBook, next_calibration
from rig.station.view import Due
from rig.station.words import say
from rig.verdict import Verdict

ROOT = Path(rig.__file__).parents[1]
BEGAN = datetime(2026, 11, 20, 6, tzinfo=UTC)
SERIAL = "S21PROGOLDEN00001"
PLAN = load_plan(find_plans(ROOT / "testplans"), "s21pro")


class Past:
    """A store with runs made of one real record, at times and with figures of the test's choice."""

    def __init__(self, results: Path) -> None:
        results.mkdir(exist_ok=True)
        self.results, self._store = results, Store(results / STORE_FILE)
        text = (ROOT / "tests" / "data" / "golden" / "record_pass.json").read_text()
        self._like = RunRecord.model_validate_json(text)
        self._count = 0
        self.random = random.Random(5)

    def run(self, serial: str = SERIAL, *, hours: float = 0.0, watts: float | None = None,
            **changes: Any) -> RunRecord:
        self._count += 1
        started = BEGAN + timedelta(hours=hours, seconds=self._count)
        measured = tuple(
            taken.model_copy(update={"values": (watts or self.random.gauss(1040, 3),)})
            if taken.name == "board_watts" else taken for taken in self._like.measurements
        )
        record = self._like.model_copy(update={
            "run_id": f"run-{self._count}", "serial": serial, "started": started,
            "ended": started + timedelta(seconds=100), "measurements": measured,
            "purpose": Purpose.TEST, "simulated": True, "fixture": "sim", **changes,
        })
        self._store.put(record)
        return record

    def failed(self, serial: str, code: str = "CHIP-WEAK", **changes: Any) -> RunRecord:
        finding = {"code": code, "party": "board", "severity": "FAIL", "text": "weak"}
        record = RunRecord.model_validate({**self._like.model_dump(), "findings": [finding]})
        return self.run(
            serial, verdict=Verdict.FAIL, board_verdict=Verdict.FAIL, failure_code=code,
            findings=record.findings, **changes,
        )


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return Past(tmp_path / "results")


def fixture(folder: Path, **changes: Any) -> FixtureFile:
    values = yaml.safe_load((ROOT / "fixtures" / "sim.yaml").read_text())
    file = folder / "bench.yaml"
    file.write_text(yaml.safe_dump(values | changes))
    return load_fixture(file)


def enrolled(past: Past) -> None:
    for hour in range(FEWEST_RUNS):
        past.run(hours=hour)
    enrol(past.results, SERIAL, "Ada", BEGAN + timedelta(hours=20), simulated=True)


def test_limits_are_made_of_the_boards_own_history(past: Past) -> None:
    enrolled(past)

    board = load_book(past.results).boards[SERIAL]

    assert board.past["board_watts"].mean == pytest.approx(1040, abs=4)
    assert board.past["board_watts"].n == FEWEST_RUNS
    assert all(one.sigma > 0 for one in board.past.values())


def test_too_few_runs_make_no_golden_board(past: Past) -> None:
    past.run()

    with pytest.raises(UsageError, match="1 good runs"):
        enrol(past.results, SERIAL, "Ada", BEGAN, simulated=True)


def test_a_golden_run_like_those_before_is_good(past: Past) -> None:
    enrolled(past)
    past.run(hours=21, purpose=Purpose.GOLDEN, watts=1041.0)

    check = last_check(past.results, load_book(past.results).boards[SERIAL])

    assert check is not None
    assert check.problems == ()


@pytest.mark.parametrize(("changes", "problem"), [
    ({"watts": 1080.0}, "board_watts is 1080"),
    ({"verdict": Verdict.FAIL, "failure_code": "CHIP-WEAK"}, "it ended FAIL CHIP-WEAK"),
])
def test_a_golden_run_that_differs_says_in_what(past: Past, changes: dict[str, Any], problem: str) -> None:
    enrolled(past)
    past.run(hours=21, purpose=Purpose.GOLDEN, **changes)

    check = last_check(past.results, load_book(past.results).boards[SERIAL])

    assert check is not None
    assert problem in "; ".join(check.problems)


def test_a_drift_within_three_sigmas_is_found_by_its_pattern(past: Past) -> None:
    enrolled(past)
    found = load_book(past.results).boards[SERIAL]
    shifted = found.past["board_watts"].mean + 1.5 * found.past["board_watts"].sigma
    for hour in range(6):
        past.run(hours=21 + hour, purpose=Purpose.GOLDEN, watts=shifted)

    last = last_check(past.results, found)

    assert last is not None
    assert any("4 of 5 beyond 1 sigma" in problem for problem in last.problems)


def test_a_board_measured_the_same_for_weeks_is_no_drift(past: Past) -> None:
    enrolled(past)
    found = load_book(past.results).boards[SERIAL]
    near = found.past["board_watts"].mean + 0.1 * found.past["board_watts"].sigma
    for day in range(16):
        wobble = 0.05 * found.past["board_watts"].sigma * (1, -2, 3, -4, -1)[day % 5]
        past.run(hours=21 + 24 * day, purpose=Purpose.GOLDEN, watts=near + wobble * (-1) ** (day // 2))

    last = last_check(past.results, found)

    assert last is not None
    assert last.problems == ()


def test_a_golden_run_that_was_stopped_for_production_is_no_check(past: Past) -> None:
    enrolled(past)
    found = load_book(past.results).boards[SERIAL]
    past.run(hours=21, purpose=Purpose.GOLDEN, watts=1040.0)
    past.run(hours=22, purpose=Purpose.GOLDEN, verdict=Verdict.ABORTED, failure_code="OPR-STOP")

    check = last_check(past.results, found)

    assert check is not None
    assert check.problems == ()


def test_a_check_reads_the_last_runs_and_not_a_year_of_them(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A station looks every few seconds; the rules look at fifteen good runs, bad ones between or not."""
    enrolled(past)
    found = load_book(past.results).boards[SERIAL]
    mean, sigma = found.past["board_watts"].mean, found.past["board_watts"].sigma
    for day in range(3 * MOST_LOOKED_AT):
        past.run(hours=21 + 24 * day, purpose=Purpose.GOLDEN, watts=mean + (0.3 + day % 2) * sigma)
    for day in range(2 * MOST_LOOKED_AT):
        past.run(hours=2000 + day, purpose=Purpose.GOLDEN, verdict=Verdict.FAIL, failure_code="CHIP-WEAK")
    past.run(hours=3000, purpose=Purpose.GOLDEN, watts=mean + 0.3 * sigma)
    read: list[RunRecord] = []
    real = RunRecord.model_validate_json

    def counted(text: str) -> RunRecord:
        read.append(real(text))
        return read[-1]

    monkeypatch.setattr(RunRecord, "model_validate_json", counted)

    check = last_check(past.results, found)

    assert check is not None
    assert any("9 in a row on one side" in problem for problem in check.problems)
    assert len(read) == MOST_LOOKED_AT + 1
    assert checks_so_far(past.results, found) == 5 * MOST_LOOKED_AT + 1


def test_of_several_golden_boards_the_last_checked_speaks(past: Past) -> None:
    enrolled(past)
    for hour in range(FEWEST_RUNS):
        past.run("S21PROGOLDEN00002", hours=hour)
    enrol(past.results, "S21PROGOLDEN00002", "Ada", BEGAN + timedelta(hours=20), simulated=True)
    boards = load_book(past.results).boards
    assert last_of_all(past.results, boards.values()) is None
    past.run(hours=21, purpose=Purpose.GOLDEN, watts=1200.0)
    past.run("S21PROGOLDEN00002", hours=22, purpose=Purpose.GOLDEN, watts=1040.0)

    last = last_of_all(past.results, boards.values())

    assert last is not None
    assert (last.serial, last.problems) == ("S21PROGOLDEN00002", ())


def production(folder: Path) -> FixtureFile:
    return fixture(folder, production=True, retest_policy="enforced", panel={"golden_hours": 12})


def book_of(past: Past, made: FixtureFile) -> ShiftBook:
    return ShiftBook(past.results, made, ship_marginal=True)


def test_production_is_locked_until_a_golden_board_is_good_and_in_date(past: Past, tmp_path: Path) -> None:
    shifts = book_of(past, production(tmp_path))
    enrolled(past)
    never, lock = shifts.golden(BEGAN + timedelta(hours=20))
    past.run(hours=21, purpose=Purpose.GOLDEN, watts=1040.0)
    good, unlocked = shifts.golden(BEGAN + timedelta(hours=22))
    old, locked = shifts.golden(BEGAN + timedelta(hours=40))
    past.run(hours=41, purpose=Purpose.GOLDEN, watts=1200.0)
    bad, again = shifts.golden(BEGAN + timedelta(hours=42))

    assert [check.state for check in (never, good, old, bad)] == [Due.DUE, Due.GOOD, Due.DUE, Due.FAILED]
    assert lock is not None
    assert lock.code == "STN-GOLDEN"
    assert unlocked is None
    assert locked is not None
    assert again is not None
    assert "1200" in again.words.text


def test_the_self_test_locks_first(past: Past, tmp_path: Path) -> None:
    shifts = book_of(past, production(tmp_path))
    shifts.begin("0417", BEGAN)

    due = shifts.lock_of(None)
    shifts.tested("slot1: no answer", BEGAN)
    failed = shifts.lock_of(None)
    shifts.tested(None, BEGAN)

    assert due is not None
    assert failed is not None
    assert "slot1: no answer" in failed.words.text
    assert shifts.lock_of(None) is None


def test_a_bench_that_is_not_for_production_is_never_locked(past: Past, tmp_path: Path) -> None:
    shifts = book_of(past, fixture(tmp_path))

    check, lock = shifts.golden(BEGAN)

    assert (check.state, lock, shifts.lock_of(lock)) == (Due.NOT_NEEDED, None, None)


def test_a_shift_outlives_its_station(past: Past, tmp_path: Path) -> None:
    made = production(tmp_path)
    book_of(past, made).begin("0417", BEGAN)

    again = book_of(past, made)

    assert (again.shift.started, again.shift.by) == (BEGAN, "0417")


def test_first_pass_yield_counts_boards_by_their_first_judged_run(past: Past, tmp_path: Path) -> None:
    shifts = book_of(past, fixture(tmp_path))
    past.run("S21PROBEFORE00001", hours=-2)                         # known from before the shift
    shifts.begin("0417", BEGAN)
    past.run("S21PROBEFORE00001", hours=1)
    past.run("S21PROGOOD0000001", hours=1)
    past.failed("S21PROWEAK0000001", hours=1)
    past.run("S21PROWEAK0000001", hours=2)                          # passed, but not first
    past.run("S21PROENGINEER001", hours=1, purpose=Purpose.ENGINEERING)
    past.run("S21PROSTOPPED0001", hours=1, verdict=Verdict.ABORTED, board_verdict=None)

    view = shifts.view(BEGAN + timedelta(hours=3), outbox_depth=0)

    assert (view.boards, view.first_pass.passed, view.first_pass.n) == (3, 1, 2)
    assert (view.top_code, view.top_code_count) == ("CHIP-WEAK", 1)
    assert view.first_pass.low is not None
    assert view.first_pass.low < 0.5


def test_the_next_calibration_is_named(tmp_path: Path) -> None:
    values = yaml.safe_load((ROOT / "fixtures" / "sim.yaml").read_text())
    values["slots"]["slot2"]["meter"]["calibration_due"] = "2026-12-01"
    file = tmp_path / "bench.yaml"
    file.write_text(yaml.safe_dump(values))

    which, days = next_calibration(load_fixture(file), datetime(2026, 11, 28, tzinfo=UTC).date())

    assert which is not None
    assert (which.text, days) == ("meter of slot2", 3)


def admissions(past: Past, folder: Path) -> Admissions:
    return Admissions(past.results, production(folder), PLAN)


def test_a_board_is_admitted_by_its_past(past: Past, tmp_path: Path) -> None:
    past.run("S21PROGOOD0000001")
    past.failed("S21PROWEAK0000001")
    asked = admissions(past, tmp_path)

    keys = [
        None if found.refusal is None else found.refusal.key
        for found in (asked.of(serial, Role.OPERATOR, None) for serial in (
            "S21PRONEW00000001", "S21PROGOOD0000001", "S21PROWEAK0000001"))
    ]

    assert keys == [None, "refused.passed", "refused.repair"]


def test_a_joint_that_wanders_is_tried_in_another_slot(past: Past, tmp_path: Path) -> None:
    past.failed("S21PROWANDER00001", "CHAIN-WANDERS", slot="slot2")

    found = admissions(past, tmp_path).of("S21PROWANDER00001", Role.OPERATOR, None)

    assert (found.refusal, found.not_in) == (None, "slot2")


def test_a_lock_holds_operators_but_neither_golden_boards_nor_engineers(past: Past, tmp_path: Path) -> None:
    enrolled(past)
    asked, lock = admissions(past, tmp_path), say("refused.locked", code="STN-GOLDEN", why="never checked")

    operator = asked.of("S21PRONEW00000001", Role.OPERATOR, lock)
    golden = asked.of(SERIAL, Role.OPERATOR, lock)
    engineer = asked.of("S21PRONEW00000001", Role.ENGINEER, lock)

    assert operator.refusal == lock
    assert (golden.refusal, golden.purpose) == (None, Purpose.GOLDEN)
    assert (engineer.refusal, engineer.purpose) == (None, Purpose.ENGINEERING)
