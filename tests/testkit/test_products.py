"""The products beside the S21 Pro, which are data alone: a good board passes, three faults are told."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rig.pytestplugin.plan_check import problems
from rig.records import RunRecord
from rig.testkit import VirtualBench
from rig.verdict.severity import Verdict

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", params=["s21", "t21"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> VirtualBench:
    product = request.param
    return VirtualBench(
        product, fixture=ROOT / "fixtures" / f"sim-{product}.yaml",
        results=tmp_path_factory.mktemp(product), plans=ROOT / "testplans",
    )


def play(bench: VirtualBench, *faults: dict[str, Any]) -> RunRecord:
    return bench.run(faults, seed=7, time_scale=20)


def value(record: RunRecord, name: str) -> float:
    (found,) = next(taken.values for taken in record.measurements if taken.name == name)
    return found


def test_its_files_are_right_on_its_bench(bench: VirtualBench) -> None:
    setup = bench.setup

    assert list(problems(setup.plan, setup.options.fixture, date(2026, 11, 28))) == []


def test_a_good_board_passes_at_the_rate_its_clock_gives(bench: VirtualBench) -> None:
    record = play(bench)

    mhz = bench.setup.plan.recipe.levels[0].mhz
    assert (record.verdict, record.failure_code) == (Verdict.PASS, None)
    assert value(record, "chips_found") == 108
    assert value(record, "joules_per_terahash") == pytest.approx(
        value(record, "board_watts") / (108 * 1280 * mhz * 1e-6), rel=0.01
    )
    assert record.made_by.plan["test_3_chain.py"]


@pytest.mark.parametrize(("fault", "code", "place"), [
    ({"kind": "dead_chip", "chip": 60}, "CHAIN-SHORT", {"chip": 60}),
    ({"kind": "weak_chip", "chip": 101, "rate": 0.96}, "CHIP-WEAK", {"chip": 101}),
    ({"kind": "dead_domain", "domain": 5, "how": "silent"}, "DOMAIN-LOST", {"domain": 5}),
], ids=["dead-chip", "weak-chip", "dead-domain"])
def test_a_fault_is_told_and_placed(
    bench: VirtualBench, fault: dict[str, Any], code: str, place: dict[str, int]
) -> None:
    record = play(bench, fault)

    first = record.findings[0]
    assert (record.verdict, record.failure_code, first.code) == (Verdict.FAIL, code, code)
    assert {name: getattr(first, name) for name in place} == place
