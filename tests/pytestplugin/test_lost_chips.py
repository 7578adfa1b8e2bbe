"""Whole runs of the plan on boards whose chain is not whole: each comes out with its own code, alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rig.records import RunRecord
from rig.testkit import VirtualBench
from rig.verdict import Verdict

FIXTURE = Path(__file__).parents[2] / "fixtures" / "sim.yaml"
LENGTH = {"CHAIN-SHORT", "CHAIN-NONE"}              # what a failed count says as well, as a consequence


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> VirtualBench:
    return VirtualBench("s21pro", fixture=FIXTURE, results=tmp_path_factory.mktemp("results"))


def causes(record: RunRecord) -> list[tuple[str, int | None]]:
    return [(one.code, one.chip) for one in record.findings if not one.consequence]


def counts_of(record: RunRecord) -> list[str]:
    return [event.text for event in record.events if event.kind == "count"]


COLD = [
    ({"kind": "dead_chip", "chip": 32}, ("CHAIN-SHORT", 32)),
    ({"kind": "dead_chip", "chip": 64}, ("CHAIN-SHORT", 64)),
    ({"kind": "dead_chip", "chip": 0}, ("CHAIN-NONE", None)),
    ({"kind": "broken_response", "chip": 32}, ("CHAIN-RESPONSE", 32)),
    ({"kind": "stuck_busy", "chip": 40}, ("CHAIN-RESPONSE", 41)),
    ({"kind": "intermittent_joint", "chip": 20, "probability": 0.6}, ("CHAIN-WANDERS", 20)),
    ({"kind": "dead_domain", "domain": 6, "how": "silent"}, ("DOMAIN-LOST", None)),
    ({"kind": "no_clock"}, ("CHAIN-NONE", None)),
    ({"kind": "volt_drop", "chip": 30, "below_volts": 1.09}, ("CHIP-VOLTS", 30)),
    ({"kind": "duplicate_address", "chip": 20}, ("CHIP-ADDRESS", 20)),
]
AT_WORK = [
    ({"kind": "heat_drop", "chip": 30, "above_celsius": 40}, ("CHIP-HEAT", 30)),
    ({"kind": "heat_drop", "chip": 63, "above_celsius": 50}, ("CHIP-HEAT", 63)),
    ({"kind": "dead_chip", "chip": 32, "at_seconds": 45}, ("CHAIN-SHORT", 32)),
    ({"kind": "dead_chip", "chip": 63, "at_seconds": 45}, ("CHAIN-SHORT", 63)),
    ({"kind": "broken_response", "chip": 62, "at_seconds": 45}, ("CHAIN-RESPONSE", 62)),
    ({"kind": "dead_domain", "domain": 6, "how": "silent", "at_seconds": 45}, ("DOMAIN-LOST", None)),
    ({"kind": "no_clock", "at_seconds": 45}, ("CHAIN-NONE", None)),
]


@pytest.mark.parametrize(("fault", "cause"), COLD)
def test_before_any_work(bench: VirtualBench, fault: dict[str, Any], cause: tuple[str, int | None]) -> None:
    record = bench.run([fault], seed=7)
    assert causes(record) == [cause]
    assert record.failure_code == cause[0]
    assert {one.code for one in record.findings if one.consequence} <= LENGTH
    assert not any("hashing" in count for count in counts_of(record))


@pytest.mark.parametrize(("fault", "cause"), AT_WORK)
def test_at_work(bench: VirtualBench, fault: dict[str, Any], cause: tuple[str, int | None]) -> None:
    record = bench.run([fault], seed=7, time_scale=10)
    assert causes(record) == [cause]
    assert record.board_verdict is Verdict.FAIL
    assert record.seconds < 120


def test_a_good_board_is_counted_often_and_each_count_is_kept(bench: VirtualBench) -> None:
    record = bench.run([], seed=7, time_scale=10)
    assert causes(record) == []
    counts = counts_of(record)
    assert len(counts) >= 14
    assert all(": 65 of 65 chips at " in count for count in counts)
    assert sum("115200 baud" in count for count in counts) >= 4
    assert sum("hashing" in count for count in counts) >= 3
    assert sum("at 13.60 V" in count for count in counts if count.startswith("hot")) == 2
    values = {one.name: one.values for one in record.measurements}
    assert values["counts_made"] == (len(counts),)
    assert set(values["register_faults"]) == {0.0}
    assert all(1.19 < rate < 1.21 for rate in values["chip_terahash_per_second"])


def test_chips_that_say_nothing_and_answer_to_their_name_are_no_broken_chain(bench: VirtualBench) -> None:
    record = bench.run([{"kind": "bad_cores", "chip": 64, "cores": 128}], seed=7, time_scale=10)
    assert record.failure_code in ("CHIP-WEAK", "CHIP-CORES")
    assert any("chips from 64 on fell silent: 65 of 65" in count for count in counts_of(record))


def test_a_chip_on_a_job_from_before_the_burn_in_is_stale(bench: VirtualBench) -> None:
    assert bench.run([{"kind": "stale_jobs", "chip": 9}], seed=7, time_scale=10).failure_code == "CHIP-STALE"


@pytest.mark.parametrize("at_seconds", [11.533, 12.9])
def test_a_port_that_dies_after_the_bring_up_is_no_chain_without_chips(
    bench: VirtualBench, at_seconds: float
) -> None:
    """It had answered in full before: the silence is only the chain's if the port echoes."""
    record = bench.run([{"kind": "uart_gone", "at_seconds": at_seconds}], seed=2015936614)

    assert (record.verdict, record.failure_code) == (Verdict.STATION_FAULT, "STN-LINK")


@pytest.mark.parametrize("kind", ["lid_open", "estop"])
def test_a_guard_that_switches_off_during_a_count_leaves_no_chip_missing(
    bench: VirtualBench, kind: str
) -> None:
    """The count of the chips at work fell into the moment: nobody answers who has no power."""
    record = bench.run([{"kind": kind, "at_seconds": 26.541}], seed=2093764997)

    assert record.verdict in (Verdict.STATION_FAULT, Verdict.ABORTED)
    assert record.failure_code in ("STN-LID", "STN-ESTOP")
    assert record.board_verdict is None
    assert "CHAIN-SHORT" not in [one.code for one in record.findings]
