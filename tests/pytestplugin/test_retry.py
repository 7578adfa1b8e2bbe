"""A group retry on a virtual slot: all attempts are in the record, and no error is hidden."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

import rig
from rig.records import RunRecord
from rig.testkit import VirtualBench
from rig.verdict import Outcome

ROOT = Path(rig.__file__).parents[1]
HEAD = """
import pytest
from rig.errors import LinkError
from rig.pytestplugin import Run

pytestmark = pytest.mark.plan

def test_group(run: Run) -> None:
    run.power_on()
    volts = []

    def group() -> None:
        run.slot.clock.sleep(0.5)
        volts.append(run.slot.supply.read().volts.value)
        run.log.note("seen", volts=volts[-1])
        run.step_volts(run.recipe.cold_volts)
        run.slot.clock.sleep(1.0)
"""

Play = Callable[[str], RunRecord]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """play(body): the record of a plan with one step that begins with HEAD."""
    def play(body: str) -> RunRecord:
        plans = tmp_path / "testplans"
        shutil.copytree(ROOT / "testplans", plans, ignore=shutil.ignore_patterns("test_*.py"))
        # pytest keeps modules by name within one process
        (plans / "s21pro" / f"test_{zlib.crc32(body.encode()):x}.py").write_text(HEAD + body)
        bench = VirtualBench(
            "s21pro", fixture=ROOT / "fixtures" / "sim.yaml", results=tmp_path / "results", plans=plans
        )
        return bench.run(seed=3, time_scale=20)

    return play


def taken(record: RunRecord, name: str) -> list[tuple[int, Outcome]]:
    return [(one.attempt, one.outcome) for one in record.measurements if one.name == name]


def retries(record: RunRecord) -> list[str]:
    return [event.text for event in record.events if event.kind == "retry"]


def test_the_second_attempt_begins_at_the_first_volts_and_both_are_kept(play: Play) -> None:
    record = play("""
        run.measure("charge_seconds", 9.0 if len(volts) == 1 else 0.1)

    assert run.retry(group, attempts=3, power_cycle=True)
    assert len(volts) == 2
    assert volts == pytest.approx([run.recipe.sense_volts] * 2, abs=0.1)
""")
    assert taken(record, "charge_seconds") == [(1, Outcome.FAIL), (2, Outcome.PASS)]
    assert retries(record) == ["attempt 1 of 3 failed: charge_seconds"]
    assert [finding.text for finding in record.findings if "AssertionError" in finding.text] == []


def test_without_a_power_cycle_the_volts_stay(play: Play) -> None:
    record = play("""
        run.measure("charge_seconds", 9.0 if len(volts) == 1 else 0.1)

    assert run.retry(group)
    assert volts == pytest.approx([run.recipe.sense_volts, run.recipe.cold_volts], abs=0.1)
""")
    assert taken(record, "charge_seconds") == [(1, Outcome.FAIL), (2, Outcome.PASS)]
    assert [finding.text for finding in record.findings if "AssertionError" in finding.text] == []


def test_a_board_that_fails_every_time_fails(play: Play) -> None:
    record = play("""
        run.measure("charge_seconds", 9.0)

    assert not run.retry(group)
""")
    assert taken(record, "charge_seconds") == [(1, Outcome.FAIL), (2, Outcome.FAIL)]
    assert "POWER-SHORT" in [finding.code for finding in record.findings]


def test_a_critical_failure_is_tried_again_and_stops_the_board_at_last(play: Play) -> None:
    record = play("""
        run.measure("rail_ohms", 0.01)

    run.retry(group, attempts=2)
    run.measure("cold_amps", 0.0)
""")
    assert taken(record, "rail_ohms") == [(1, Outcome.FAIL), (2, Outcome.FAIL)]
    assert taken(record, "cold_amps") == []
    assert (record.failure_code, record.board_verdict) == ("POWER-SHORT", record.verdict)


def test_an_error_is_never_tried_again(play: Play) -> None:
    record = play("""
        raise LinkError("the chain's port did not hear its own echo")

    run.retry(group, attempts=5)
""")
    assert retries(record) == []
    assert record.failure_code == "STN-LINK"


def test_no_attempt_at_all_is_the_plans_mistake(play: Play) -> None:
    record = play("""
        pass

    run.retry(group, attempts=0)
""")
    assert record.failure_code == "STN-SOFTWARE"
