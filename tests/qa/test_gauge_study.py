"""A study's way: planned in random order, walked through, taken up again, told."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from rig.errors import UsageError
from rig.qa.gauge_gather import gather
from rig.qa.gauge_plan import GaugePlan, Step, Study
from rig.qa.gauge_report import gauge_page, results_of
from rig.qa.gauge_result import keep, studies_of
from rig.qa.gauge_run import Ran, walk
from rig.qa.source import KeptRun
from tests.qa.conftest import make_record

MADE = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def drawn(boards: int = 4, slots: int = 3, trials: int = 3, seed: int = 1) -> GaugePlan:
    return GaugePlan.drawn("g1", "s21pro", Path("fixtures/sim.yaml"), [f"B{at}" for at in range(boards)],
                           [f"slot{at}" for at in range(slots)], trials, seed, {"board_watts": 1034.0})


class Bench:
    """Measures watts: boards differ by 10 W, slots by 1 W, repeats by 0.5 W."""

    def __init__(self) -> None:
        self.rng, self.runs = np.random.default_rng(3), dict[str, KeptRun]()
        self.fails = 0

    def __call__(self, step: Step) -> Ran:
        if self.fails:
            self.fails -= 1
            return Ran("x", "STATION_FAULT")
        run_id = f"20261101T08{len(self.runs) // 60:02d}{len(self.runs) % 60:02d}-{len(self.runs):06x}"
        watts = 1000 + 10 * int(step.board[1:]) + int(step.slot[4:]) + self.rng.normal(0, 0.5)
        self.runs[run_id] = KeptRun(make_record(
            run_id, serial=step.board, slot=step.slot, purpose="gauge",
            values={"board_watts": [float(watts)], "domain_volts": [1.05, 1.06]},
        ))
        return Ran(run_id, "PASS")


def always(step: Step, number: int, of: int) -> bool:
    return True


def quiet(words: str) -> None:
    pass


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.at(tmp_path, "g1")


def test_every_board_meets_every_slot_as_often_in_an_order_that_the_seed_gives() -> None:
    plan = drawn()

    assert set(Counter((step.board, step.slot) for step in plan.steps).values()) == {3}
    assert plan.steps == drawn().steps
    assert plan.steps != drawn(seed=2).steps
    assert plan.steps != tuple(sorted(plan.steps, key=lambda step: (step.trial, step.board, step.slot)))


@pytest.mark.parametrize(("boards", "slots", "trials"), [(1, 2, 3), (2, 1, 3), (2, 2, 1), (50, 50, 50)])
def test_what_is_no_study_is_refused(boards: int, slots: int, trials: int) -> None:
    with pytest.raises(UsageError):
        drawn(boards, slots, trials)


@pytest.mark.parametrize("name", ["../x", "", "a b", "a/b"])
def test_a_name_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        Study.at(tmp_path, name)


def test_a_study_is_taken_up_where_it_was_left(study: Study) -> None:
    plan, bench = drawn(), Bench()
    study.begin(plan)

    left = walk(study, plan, lambda step, number, of: number <= 10, bench, quiet)
    with (study.folder / "trials.jsonl").open("a") as file:
        file.write('{"board": "B0", "slo')            # the process died while it wrote
    left_after = walk(study, plan, always, bench, quiet)

    assert (left, left_after) == (26, 0)
    assert len(bench.runs) == 36


def test_a_run_that_measured_no_board_is_asked_for_again(study: Study) -> None:
    plan, bench = drawn(), Bench()
    bench.fails = 2
    study.begin(plan)

    assert walk(study, plan, always, bench, quiet) == 2
    assert walk(study, plan, always, bench, quiet) == 0


def test_a_study_is_begun_once(study: Study) -> None:
    study.begin(drawn())

    with pytest.raises(UsageError, match="already"):
        study.begin(drawn())


def test_a_study_with_trials_missing_is_not_told(study: Study) -> None:
    plan = drawn()

    with pytest.raises(UsageError, match="0 of 36 trials are there"):
        gather(plan, {}, lambda run_id: None)


def test_crossed_study_on_its_page_and_for_the_station(study: Study, tmp_path: Path) -> None:
    plan, bench = drawn(), Bench()
    study.begin(plan)
    walk(study, plan, always, bench, quiet)

    found, records = gather(plan, study.done(), bench.runs.get)
    page = gauge_page(plan, found, records, MADE)
    keep(study.folder, results_of(plan, found, records, MADE))

    (watts,) = found
    assert watts.crossed is not None
    assert watts.crossed.ev == pytest.approx(0.5, rel=0.4)
    assert watts.crossed.pv == pytest.approx(np.std([0, 10, 20, 30], ddof=1), rel=0.1)
    assert "Repeatability and reproducibility" in page
    assert [(one.measurement, one.says()) for one in studies_of(tmp_path, "A1", simulated=False)] == [
        ("board_watts", "good" if watts.crossed.grr_percent < 10 else "conditional")
    ]
    assert studies_of(tmp_path, "A1", simulated=True) == []


def test_type_1_study_on_its_page(study: Study) -> None:
    plan, bench = drawn(1, 1, 30), Bench()
    study.begin(plan)
    walk(study, plan, always, bench, quiet)

    found, records = gather(plan, study.done(), bench.runs.get)

    assert found[0].type_one is not None
    assert found[0].type_one.bias == pytest.approx(-34, abs=0.5)
    assert "Type-1 study" in gauge_page(plan, found, records, MADE)
