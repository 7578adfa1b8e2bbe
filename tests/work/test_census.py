"""Counts by sub-core and plain counts of right answers, on a chain in virtual time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from rig.bm13xx.replies import encode_nonces
from rig.bm13xx.sweep import batch_seconds, version_space_seconds
from rig.datafile import load
from rig.recipe import Product
from rig.work.ledger import Ledger
from rig.work.openpack import open_pack, without_answers
from rig.work.pack import Pack

MHZ = 588.24
WHOLE = version_space_seconds(7861) + 0.05
PRODUCT = Path(__file__).resolve().parents[2] / "testplans" / "s21pro" / "product.yaml"


def frames_of(pack: Pack, rows: np.ndarray, job_id: int) -> np.ndarray:
    return encode_nonces(pack.word[rows], job_id, pack.sub_core[rows], pack.version_bits[rows], 0)


@dataclass
class Chain:
    """A chain that answers a job's batches one after the other, and begins anew after the last."""

    pack: Pack
    ledger: Ledger
    now: float = 0.0

    def work(self, job: int, job_id: int, seconds: float, keep: np.ndarray | None = None) -> None:
        self.ledger.issue(job, job_id, self.now)
        rows = np.arange(*self.pack.answers_of(job).indices(len(self.pack)))
        rows = rows if keep is None else rows[keep[rows]]
        when = self.now + (self.pack.batch[rows] + 1) * batch_seconds(7861)
        for now in np.append(np.arange(self.now + 0.05, self.now + seconds, 0.05), self.now + seconds):
            self.ledger.take(frames_of(self.pack, rows[(when > self.now) & (when <= now)], job_id), now)
            self.ledger.tally(now)
            self.now = float(now)


@pytest.fixture
def chain(small_pack: Pack) -> Chain:
    return Chain(small_pack, Ledger(small_pack, small_pack.layout, small_pack.sweep_length, MHZ))


def by_place(pack: Pack, rows: np.ndarray) -> np.ndarray:
    counts = np.zeros((pack.chips, 128, 16), dtype=np.int64)
    np.add.at(counts, (pack.chip_index[rows], pack.core[rows], pack.sub_core[rows]), 1)
    return counts


def test_every_sub_core_is_asked_what_the_pack_has(chain: Chain, small_pack: Pack) -> None:
    for number in range(6):                          # all jobs twice: the same answers ask again
        chain.work(number % 3, number, WHOLE)
    census = chain.ledger.census()
    asked = 2 * by_place(small_pack, np.arange(len(small_pack)))
    np.testing.assert_array_equal(census.trials, asked)
    np.testing.assert_array_equal(census.hits, asked)
    # of the four issues that are closed: the time their versions lasted, and all their answers
    assert census.seconds == pytest.approx(4 * version_space_seconds(7861))
    assert census.genuine.tolist() == [4 * 300] * 4
    assert not census.repeats.any()


def test_a_job_not_worked_to_its_end_asks_less(chain: Chain, small_pack: Pack) -> None:
    chain.work(0, 0, 1.3)
    census = chain.ledger.census()
    assert 0.4 < census.trials.sum() / 1200 < 0.5
    np.testing.assert_array_equal(census.trials, census.hits)
    chain.ledger.issue(1, 1, chain.now)
    chain.ledger.issue(2, 2, chain.now)
    assert chain.ledger.census().trials.sum() == census.trials.sum()


def test_misses_stay_with_their_sub_core(chain: Chain, small_pack: Pack) -> None:
    keep = np.ones(len(small_pack), dtype=np.bool_)
    lost = np.flatnonzero((small_pack.chip_index == 2) & (small_pack.core == 77))
    keep[lost] = False
    for number in range(3):
        chain.work(number, number, WHOLE, keep)
    census = chain.ledger.census()
    np.testing.assert_array_equal(census.trials - census.hits, by_place(small_pack, lost))


def test_an_issue_that_was_replaced_at_once_is_no_time(chain: Chain, small_pack: Pack) -> None:
    for number in range(2):
        chain.ledger.issue(number, number, chain.now)
    chain.work(2, 2, 1.0)
    census = chain.ledger.census()
    assert census.seconds == 0.0
    assert not census.genuine.any()


def test_right_answers_nobody_knew(small_pack: Pack) -> None:
    """Jobs without answers: what is right is counted by chip, once, and is neither trial nor stray."""
    jobs = without_answers(small_pack, 3, MHZ)
    ledger = Ledger(jobs, jobs.layout, jobs.sweep_length, MHZ)
    for number in range(3):
        now = number * 2.4
        ledger.issue(number, number, now)
        rows = np.arange(*small_pack.answers_of(number).indices(len(small_pack)))
        frames = frames_of(small_pack, rows, number)
        ledger.take(frames, now + 1.0)
        again = np.flatnonzero(small_pack.chip_index[rows] == 3)[:10]
        ledger.take(frames[again], now + 1.1)
    tally, census = ledger.tally(7.0), ledger.census()
    assert census.genuine.tolist() == [300] * 4
    assert census.repeats.tolist() == [0, 0, 0, 10]
    assert census.seconds == pytest.approx(2.4)
    assert not tally.trials.any()
    for strays in (tally.wrong, tally.outside, tally.duplicate):
        assert not strays.any()
    assert tally.answers == 3 * 1210


def test_fresh_jobs_follow_from_their_name() -> None:
    s21pro = load(PRODUCT, Product)
    one, other = open_pack(s21pro, "a", 5, 32, 587.5), open_pack(s21pro, "b", 5, 32, 587.5)
    np.testing.assert_array_equal(one.templates, open_pack(s21pro, "a", 5, 32, 587.5).templates)
    assert len({row.tobytes() for row in (*one.templates, *other.templates)}) == 10
    assert (one.jobs, len(one), one.chips, one.required_zero_bits) == (5, 0, 65, 32)
    assert one.window_counts == 375_765
