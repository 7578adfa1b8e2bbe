"""Sweeps against the true pack: every frame proves itself, at the full rate of the wire."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rig.recipe import Product
from rig.sim.answers import AnswerBook
from rig.work.pack import Pack, load_pack
from rig.work.verify import Outcome, verify_batch

PACK = Path(__file__).parents[2] / "testplans" / "s21pro" / "s21pro-sim.kap"


@pytest.fixture(scope="module")
def true_pack() -> Pack:
    return load_pack(PACK)


def test_a_board_at_full_rate_answers_with_true_hashes(
    true_pack: Pack, product: Product, entry: Any, host: Callable[..., Any]
) -> None:
    book = AnswerBook(true_pack)
    one = type(host())(product, book, true_pack, entry, (), 7, {})
    one.bring_up()
    nonces = one.hash_job(number=3, job_id=5, seconds=2.5)
    templates = np.zeros((16, 80), np.uint8)
    templates[5] = true_pack.templates[3]
    verified = verify_batch(one.frames, templates, 1 << 5, true_pack.required_zero_bits)
    assert len(nonces.word) == pytest.approx(18_200 * 2.5, rel=0.01)
    wrong = verified.outcome == Outcome.WRONG
    assert (verified.outcome[~wrong] == Outcome.GENUINE).all()
    assert 0 < wrong.mean() < 0.0006           # a tenth of the misses
    assert one.board.chain.bytes_dropped == 0
