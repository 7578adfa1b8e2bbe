"""The whole way from damaged bytes to the judge: noise is no chip's fault, and hides no weak chip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rig.bm13xx.replies import encode_nonces
from rig.bm13xx.sweep import batch_seconds
from rig.board import BurnInTick
from rig.datafile import load
from rig.pytestplugin.answers import AnswerFigures, AnswerJudge, answer_figures, lost_share
from rig.recipe import Product, Recipe
from rig.sim.wire import Noise
from rig.verdict import ChipCall
from rig.work.ingest import Ingest
from rig.work.ledger import Ledger
from rig.work.pack import Pack, load_pack

PLAN = Path(__file__).resolve().parents[2] / "testplans" / "s21pro"
RECIPE = load(PLAN / "recipe.yaml", Recipe)
PRODUCT = load(PLAN / "product.yaml", Product)
BLOCK_SECONDS, JOB_SECONDS = 0.05, 2.4
WEAK = 17


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(PLAN / PRODUCT.simulated_silicon.pack)


@pytest.fixture(scope="module")
def judged(pack: Pack) -> Callable[..., tuple[AnswerJudge, AnswerFigures]]:
    """judged(seed, corrupt, lost): a board at 0.9992 with chip 17 at 0.985, through all jobs of the pack."""

    def judged(seed: int, corrupt: float, lost: float) -> tuple[AnswerJudge, AnswerFigures]:
        rng, noise = np.random.default_rng(seed), Noise(seed)
        rates = np.full(PRODUCT.chips, 0.9992)
        rates[WEAK] = 0.985
        ledger = Ledger(pack, pack.layout, pack.sweep_length, 588.24)
        ingest, judge = Ingest(pack.model, 0.0, ledger), AnswerJudge(PRODUCT, RECIPE)
        now = 0.0
        for job in range(pack.jobs):
            ledger.issue(job, job, now)
            rows = np.arange(*pack.answers_of(job).indices(len(pack)))
            rows = rows[rng.random(len(rows)) < rates[pack.chip_index[rows]]]
            batch = pack.batch[rows]
            for block in range(round(JOB_SECONDS / BLOCK_SECONDS)):
                now += BLOCK_SECONDS
                swept = np.array([block, block + 1]) * BLOCK_SECONDS / batch_seconds(pack.sweep_length)
                first, end = np.searchsorted(batch, swept)
                due = rows[first:end]
                columns = pack.word[due], job, pack.sub_core[due], pack.version_bits[due], 0
                ingest.feed(noise.damaged(encode_nonces(*columns).tobytes(), corrupt, lost), now)
                if block % 4 == 3:
                    tick = BurnInTick(now, ledger.tally(now), ingest.wire(now), (), None, 0.5)
                    if judge.done(tick):
                        return judge, answer_figures(judge, PRODUCT, 587.5, 2040)
        return judge, answer_figures(judge, PRODUCT, 587.5, 2040)

    return judged


@pytest.mark.parametrize(("corrupt", "lost"), [(0.005, 0.0), (0.0, 0.0015), (0.009, 0.0015)])
def test_noise_blames_no_chip_and_hides_none(
    judged: Callable[..., tuple[AnswerJudge, AnswerFigures]], corrupt: float, lost: float
) -> None:
    judge, figures = judged(3, corrupt, lost)
    called = judge.calls.copy()
    assert called[WEAK] == ChipCall.BAD
    assert np.flatnonzero(figures.weak).tolist() == [WEAK]
    assert not figures.dead.any()
    assert not figures.error_chips.any()
    assert figures.tally.wrong.sum() < 5
    assert figures.tally.excused > 500
    assert lost_share(figures.tally) < 0.001
    assert figures.board_rate > 0.998
