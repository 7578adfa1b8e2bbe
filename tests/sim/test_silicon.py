"""The lottery of a good board, and its margin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.recipe import Product
from rig.sim.silicon import NOMINAL_DOMAIN_VOLTS, draw, hit_rate


def test_a_seed_is_a_board(product: Product) -> None:
    one, same, other = draw(product, 7), draw(product, 7), draw(product, 8)
    assert (one.hit_rate == same.hit_rate).all()
    assert (one.watts == same.watts).all()
    assert one.thermal == same.thermal
    assert (one.hit_rate != other.hit_rate).any()


@given(st.integers(0, 2**40))
def test_good_boards_stay_good(product: Product, seed: int) -> None:
    board = draw(product, seed)
    assert ((board.hit_rate >= 0.9975) & (board.hit_rate <= 1)).all()
    assert board.domain_offsets.sum() == pytest.approx(0, abs=1e-12)
    assert np.abs(board.domain_offsets).max() < 0.045
    volts = np.repeat(13.33 / 13 + board.domain_offsets, 5)
    rates = hit_rate(board.hit_rate, board.fast_mhz, volts, np.full(65, 587.5), 58.0)
    assert rates.min() > 0.996


def test_spread_of_many_boards(product: Product) -> None:
    boards = [draw(product, seed) for seed in range(200)]
    assert np.mean([board.hit_rate.mean() for board in boards]) == pytest.approx(0.9992, abs=5e-5)
    assert np.std(np.concatenate([board.watts for board in boards])) == pytest.approx(0.02, abs=0.002)
    assert np.std([board.thermal for board in boards]) == pytest.approx(0.05, abs=0.01)


def test_a_starved_hot_or_overclocked_chip_misses_more(product: Product) -> None:
    board = draw(product, 1)

    def mean(mhz: float = 587.5, volts: float = NOMINAL_DOMAIN_VOLTS, celsius: float = 56.0) -> float:
        rates = hit_rate(board.hit_rate, board.fast_mhz, np.full(65, volts), np.full(65, mhz), celsius)
        return float(rates.mean())

    assert mean() > 0.998
    assert mean(mhz=660.0) < 0.6
    assert mean(volts=0.95) < 0.3
    assert mean(celsius=130.0) < 0.9
