"""Capability, and above all where it is not defined."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rig.qa.capability import Capability, capabilities, spreads
from rig.qa.lake import refresh
from rig.qa.numbers import Numbers, collect
from rig.qa.select import Asked, Chosen
from tests.qa.conftest import make_record
from tests.qa.test_lake import TODAY, Shelf


def numbers_of(
    tmp_path: Path, watts: list[float], volts: list[list[float]] | None = None
) -> Numbers:
    rows = volts or [[1.05, 1.06]] * len(watts)
    runs: list[dict[str, Any]] = [
        make_record(f"20261101T08{at // 60:02d}{at % 60:02d}-{at:06x}", serial=f"B{at}",
                    values={"board_watts": [one], "domain_volts": pair})
        for at, (one, pair) in enumerate(zip(watts, rows, strict=True))
    ]
    chosen = Chosen(refresh(Shelf(runs), tmp_path, TODAY), Asked())
    firsts = chosen.firsts()
    return collect(chosen.lake, firsts, firsts.spec.names[0])


def of(numbers: Numbers, label: str) -> Capability:
    return next(one for one in capabilities(numbers) if one.element.label == label)


def test_figures_of_normal_values(tmp_path: Path) -> None:
    watts = np.random.default_rng(1).normal(1035, 10, 400)

    found = of(numbers_of(tmp_path, watts.tolist()), "board_watts")

    within = np.abs(np.diff(watts)).mean() / 1.128
    assert (found.n, found.mean) == (400, pytest.approx(watts.mean()))
    assert found.sigma == pytest.approx(watts.std(ddof=1))
    assert found.ppk == pytest.approx((1085 - watts.mean()) / (3 * watts.std(ddof=1)))
    assert found.cpk == pytest.approx((1085 - watts.mean()) / (3 * within))
    assert (found.cp, found.pp, found.by_percentiles) == (None, None, False)


def test_two_sided_limits_have_cp_and_pp(tmp_path: Path) -> None:
    volts = np.random.default_rng(2).normal(1.05, 0.01, (60, 2))

    found = of(numbers_of(tmp_path, [1000.0] * 60, volts.tolist()), "domain_volts[1]")

    assert found.pp == pytest.approx(0.1 / (6 * volts[:, 1].std(ddof=1)))
    assert found.cp is not None


def test_percentiles_where_clearly_not_normal(tmp_path: Path) -> None:
    watts = 1000 + np.random.default_rng(3).exponential(10, 500)

    found = of(numbers_of(tmp_path, watts.tolist()), "board_watts")

    middle, high = np.quantile(watts, [0.5, 0.99865])
    assert found.by_percentiles
    assert found.ppk == pytest.approx((1085 - middle) / (high - middle))
    assert found.cpk is None


@pytest.mark.parametrize(("watts", "why"), [
    ([1000.0] * 40, "all values are the same"), ([1000.0 + at for at in range(24)], "fewer than 25 boards"),
    ([1000.0] * 60 + [999.0, 998.0] * 10, "more than half of the values are the same"),
])
def test_not_defined_is_said_with_its_reason(tmp_path: Path, watts: list[float], why: str) -> None:
    found = of(numbers_of(tmp_path, watts), "board_watts")

    assert (found.ppk, found.why) == (None, why)


def test_channels_of_a_board_are_no_samples(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    boards, channels = rng.normal(0, 0.03, (200, 1)), rng.normal(0, 0.01, (200, 2))

    numbers = numbers_of(tmp_path, [1000.0] * 200, (1.05 + boards + channels).tolist())
    (spread,) = spreads(numbers)

    assert spread.within_board == pytest.approx(0.01, rel=0.15)
    assert spread.between_boards == pytest.approx(0.031, rel=0.15)
    assert of(numbers, "domain_volts[0]").n == 200
