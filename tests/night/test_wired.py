"""What a process of the night and a guard say, as the night takes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import rig
from rig.night.child import answer_of
from rig.night.orders import Answer, Order, Task
from rig.night.processes import Finished
from rig.night.wired import power_of, ran_of
from rig.pytestplugin.stops import MADE_WAY, YIELD
from rig.records import Event, RunRecord
from rig.verdict.severity import Verdict

ROOT = Path(rig.__file__).parents[1]
ORDER = Order(
    task=Task.RUN, fixture=Path("sim.yaml"), slot="slot1", place="a-sim-slot1", product="s21pro",
    serial="S21PROGOLDEN00001", plans=Path("plans"), results=Path("results"), operator="nightly",
)
ANSWER = Answer(says="PASS L1", verdict=Verdict.PASS, run_id="run-1", measured={"board_watts": 1040.0})


@pytest.fixture(scope="module")
def record() -> RunRecord:
    text = (ROOT / "tests" / "data" / "golden" / "record_pass.json").read_text()
    return RunRecord.model_validate_json(text)


def test_the_last_line_is_the_answer() -> None:
    done = Finished(0, f"some library's word\n\n{ANSWER.model_dump_json()}\n", "", late=False)

    found = ran_of(done, ORDER, stopped=False)

    assert (found.verdict, found.run_id, found.measured) == (Verdict.PASS, "run-1", {"board_watts": 1040.0})


def test_a_process_that_died_is_told_with_its_last_words() -> None:
    found = ran_of(Finished(-9, "", "Killed\n", late=False), ORDER, stopped=False)

    assert found.verdict is None
    assert "ended with -9: Killed" in found.says


def test_one_that_production_ended_before_its_run_began_made_way() -> None:
    assert ran_of(Finished(-YIELD, "", "", late=False), ORDER, stopped=False).made_way


@pytest.mark.parametrize(("stopped", "says"), [(True, "the night was stopped"), (False, "its time was over")])
def test_one_that_was_ended_says_why(stopped: bool, says: str) -> None:
    done = Finished(0, ANSWER.model_dump_json(), "", late=True)

    assert says in ran_of(done, ORDER, stopped=stopped).says


def test_a_record_becomes_an_answer(record: RunRecord) -> None:
    found = answer_of(record)

    assert (found.verdict, found.made_way) == (Verdict.PASS, False)
    assert found.measured["board_watts"] > 0


def test_a_run_that_made_way_for_production_is_known_by_its_record(record: RunRecord) -> None:
    event = Event(kind="fault", text=f"OPR-STOP: {MADE_WAY}", at_seconds=3.0)
    stopped = record.model_copy(update={"verdict": Verdict.ABORTED, "events": (event,)})

    assert answer_of(stopped).made_way
    assert not answer_of(stopped.model_copy(update={"events": ()})).made_way


def slot(state: str, volts: float | None = 0.0, **changes: Any) -> dict[str, Any]:
    supply = None if volts is None else {"volts": {"value": volts}}
    return {"state": state, "supply": supply, "supply_fault": None, "lease": None, "loan": None} | changes


@pytest.mark.parametrize(("told", "on"), [
    (slot("off"), False),
    (slot("hot"), False),
    (slot("hot", 3.2), True),
    (slot("hot", None, supply_fault="supply: no answer"), True),
    (slot("live", 13.6), True),
    (slot("discharging", 0.4), True),
    (slot("live", 13.6, lease={"pid": 7}), False),
], ids=["off", "warm", "charged", "not heard", "live", "discharging", "production's"])
def test_a_board_is_off_when_the_guard_has_read_it_so(told: dict[str, Any], on: bool) -> None:
    assert power_of(told).on is on


def test_a_board_that_is_off_and_warm_is_told_apart_from_one_that_is_not_proved_off() -> None:
    assert power_of(slot("hot")).says == "off, hands off yet, 0.00 V at the supply"
    assert power_of(slot("hot", 3.2)).says == "hot, 3.20 V at the supply"
