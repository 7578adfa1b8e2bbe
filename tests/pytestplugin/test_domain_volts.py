"""Domains that stand off: good boards at the edge of their lottery pass, faults of 60 mV do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.records import RunRecord
from rig.testkit import VirtualBench
from rig.verdict import Verdict

FIXTURE = Path(__file__).parents[2] / "fixtures" / "sim.yaml"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> VirtualBench:
    return VirtualBench("s21pro", fixture=FIXTURE, results=tmp_path_factory.mktemp("results"))


def furthest(record: RunRecord, name: str) -> float:
    return max(abs(value or 0.0) for one in record.measurements if one.name == name for value in one.values)


@pytest.mark.parametrize("seed", [738433687, 1030618397])
def test_a_good_board_with_domains_far_apart_passes(bench: VirtualBench, seed: int) -> None:
    """Boards of a study: one in some three thousand has a domain 45 mV off at work."""
    record = bench.run(seed=seed, time_scale=20)

    assert record.verdict is Verdict.PASS, record.failure_text
    assert furthest(record, "domain_deviation_volts") > 0.045
    assert furthest(record, "domain_shift_volts") < 0.025


def test_a_domain_that_goes_off_at_work_is_told_by_its_shift(bench: VirtualBench) -> None:
    """On a board whose own spread hides most of it: 8 mV low before, 60 mV up later."""
    late = {"kind": "domain_voltage", "domain": 7, "offset_volts": 0.06, "at_seconds": 45}

    record = bench.run([late], seed=755925309)

    assert (record.verdict, record.failure_code) == (Verdict.FAIL, "DOMAIN-VOLTS")
    assert furthest(record, "domain_deviation_volts") < 0.055
    assert record.findings[0].domain == 7
