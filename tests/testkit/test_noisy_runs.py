"""Whole runs over a noisy wire: the station's fault when it is too noisy, else nobody's."""

from __future__ import annotations

from pathlib import Path

import pytest

import rig
from rig.records import RunRecord
from rig.testkit import VirtualBench
from rig.verdict import Verdict

ROOT = Path(rig.__file__).parents[1]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> VirtualBench:
    results = tmp_path_factory.mktemp("results")
    return VirtualBench(
        "s21pro", fixture=ROOT / "fixtures" / "sim.yaml", results=results, plans=ROOT / "testplans"
    )


def value_of(record: RunRecord, name: str) -> float:
    (found,) = [one.values[0] for one in record.latest() if one.name == name]
    assert found is not None
    return found


@pytest.mark.parametrize(("kind", "rate"), [
    ("corrupt_replies", 0.012), ("corrupt_replies", 0.3), ("lost_bytes", 0.0025),
])
def test_a_wire_too_bad_to_judge_over_is_the_stations(bench: VirtualBench, kind: str, rate: float) -> None:
    record = bench.run([{"kind": kind, "rate": rate}], seed=7, time_scale=20)
    assert (record.verdict, record.failure_code) == (Verdict.STATION_FAULT, "STN-WIRE")
    assert record.board_verdict is None


def test_noise_that_begins_under_work_is_told_within_seconds(bench: VirtualBench) -> None:
    noise = {"kind": "corrupt_replies", "rate": 0.02, "at_seconds": 40}
    record = bench.run([noise], seed=7, time_scale=20)
    assert (record.verdict, record.failure_code) == (Verdict.STATION_FAULT, "STN-WIRE")
    assert record.board_verdict is None
    assert record.seconds < 50


def test_a_board_is_judged_over_a_wire_that_is_bearable(bench: VirtualBench) -> None:
    record = bench.run(
        [{"kind": "corrupt_replies", "rate": 0.005}, {"kind": "lost_bytes", "rate": 0.0005},
         {"kind": "weak_chip", "chip": 40, "rate": 0.97}], seed=7, time_scale=20,
    )
    assert (record.verdict, record.failure_code) == (Verdict.FAIL, "CHIP-WEAK")
    assert [finding.chip for finding in record.findings if finding.code == "CHIP-WEAK"] == [40]


def test_a_good_board_passes_over_a_wire_that_is_bearable(bench: VirtualBench) -> None:
    record = bench.run(
        [{"kind": "corrupt_replies", "rate": 0.006}, {"kind": "lost_bytes", "rate": 0.001}],
        seed=7, time_scale=20,
    )
    assert record.verdict is Verdict.PASS
    assert 0.003 < value_of(record, "corrupt_frame_share") < 0.0095
    assert 0.0005 < value_of(record, "lost_byte_share") < 0.0019


def test_a_turned_reply_with_a_right_checksum_is_no_register_fault(bench: VirtualBench) -> None:
    """Read back over such a wire, one register of a sound chip once came out wrong, and the board failed."""
    noise = {"kind": "corrupt_replies", "rate": 0.017900353588512097}
    record = bench.run([noise], seed=1372101364, time_scale=10)
    assert (record.verdict, record.failure_code) == (Verdict.STATION_FAULT, "STN-WIRE")
    assert record.board_verdict is None
