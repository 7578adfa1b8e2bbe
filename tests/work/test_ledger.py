from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.bm13xx.crc import reply_tail_rows
from rig.bm13xx.replies import encode_nonces
from rig.bm13xx.sweep import batch_seconds
from rig.work.ledger import Ledger, Tally
from rig.work.pack import Pack

MHZ = 588.24
BATCH = batch_seconds(7861)


def frames_of(pack: Pack, rows: np.ndarray, job_id: int) -> np.ndarray:
    return encode_nonces(pack.word[rows], job_id, pack.sub_core[rows], pack.version_bits[rows], 0)


def ledger_for(pack: Pack, mhz: float = MHZ, ticket_zero_bits: int = 0) -> Ledger:
    return Ledger(pack, pack.layout, pack.sweep_length, mhz, ticket_zero_bits=ticket_zero_bits)


@dataclass
class Chain:
    """A chain in virtual time: every known answer is sent when its batch is swept."""

    pack: Pack
    ledger: Ledger
    now: float = 0.0
    line: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)    # when, frames

    def issue(self, job: int, job_id: int, keep: np.ndarray | None = None) -> None:
        """The host writes a job; chips drop what they had not yet found of the one before."""
        self.line = [(when[when <= self.now], frames[when <= self.now]) for when, frames in self.line]
        self.ledger.issue(job, job_id, self.now)
        rows = np.arange(*self.pack.answers_of(job).indices(len(self.pack)))
        rows = rows if keep is None else rows[keep[rows]]
        counts = self.pack.layout.position(self.pack.counter[rows])
        when = self.now + self.pack.batch[rows] * BATCH + counts / (MHZ * 1e6)
        order = np.argsort(when, kind="stable")
        self.line.append((when[order], frames_of(self.pack, rows, job_id)[order]))

    def run(self, seconds: float, tick: float = 0.05, lag: float = 0.0) -> Tally:
        """Time passes; the host reads what came until ``lag`` ago."""
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now = min(self.now + tick, end)
            ready = [(when, frames, when <= self.now - lag) for when, frames in self.line]
            for _, frames, come in ready:
                if come.any():
                    self.ledger.take(frames[come], self.now)
            self.line = [(when[~come], frames[~come]) for when, frames, come in ready]
        return self.ledger.tally(self.now)


@pytest.fixture
def chain(small_pack: Pack) -> Chain:
    return Chain(small_pack, ledger_for(small_pack))


def nothing_odd(tally: Tally) -> bool:
    counts = (tally.wrong, tally.stale, tally.duplicate, tally.outside)
    return not any(count.any() for count in counts) and tally.unknown == tally.corrupt == 0


def test_a_perfect_board_hits_every_trial(chain: Chain) -> None:
    for number in range(3):
        chain.issue(number, number)
        tally = chain.run(2.5)
    np.testing.assert_array_equal(tally.trials, tally.hits)
    np.testing.assert_array_equal(tally.core_trials, tally.core_hits)
    assert nothing_odd(tally)
    # 2.5 s of a job's 2.62 s, less the 16 batches of guard: 94.9 % of 300 answers, three times
    assert np.all(np.abs(tally.trials - 0.949 * 900) < 15)
    assert tally.core_trials.shape == (4, 128)
    assert tally.answers >= tally.hits.sum()


def test_hits_keep_up_with_trials_at_every_look(chain: Chain) -> None:
    chain.issue(0, 0)
    for _ in range(50):
        tally = chain.run(0.05)
        np.testing.assert_array_equal(tally.trials, tally.hits)
    assert tally.trials.min() > 250


def test_a_chip_at_80_percent_shows_it(small_pack: Pack, chain: Chain, rng: np.random.Generator) -> None:
    keep = (small_pack.chip_index != 2) | (rng.random(len(small_pack)) < 0.8)
    for number in range(3):
        chain.issue(number, number, keep)
        tally = chain.run(2.5)
    share = tally.hits / tally.trials
    assert share[[0, 1, 3]].tolist() == [1, 1, 1]
    rows = small_pack.chip_index == 2
    assert share[2] == pytest.approx(keep[rows].mean(), abs=0.02)
    assert 0.72 < share[2] < 0.88


def test_a_dead_core_misses_all_its_trials(small_pack: Pack, chain: Chain) -> None:
    keep = (small_pack.chip_index != 1) | (small_pack.core != 77)
    chain.issue(0, 0, keep)
    tally = chain.run(2.5)
    assert tally.core_trials[1, 77] > 0
    assert tally.core_hits[1, 77] == 0
    assert tally.hits.sum() == tally.trials.sum() - tally.core_trials[1, 77]


def test_a_silent_board_is_charged_by_time_alone(small_pack: Pack, chain: Chain) -> None:
    chain.issue(0, 0, np.zeros(len(small_pack), dtype=bool))
    assert chain.run(0.95).trials.sum() == 0
    tally = chain.run(1.05)                       # 2.0 s since the issue, 1.0 s of them charged
    expected = int((small_pack.batch[small_pack.answers_of(0)] <= 1.0 / BATCH - 1).sum())
    assert tally.trials.sum() == pytest.approx(expected, abs=2)
    assert tally.hits.sum() == 0


def test_a_board_that_falls_silent_is_charged_from_a_second_later(small_pack: Pack, chain: Chain) -> None:
    chain.issue(0, 0, small_pack.batch * BATCH < 1.0)
    heard = chain.run(1.5)
    np.testing.assert_array_equal(heard.trials, heard.hits)
    after = chain.run(0.9)                        # 1.4 s of silence, charged up to 1.4 s after the issue
    assert after.hits.sum() == pytest.approx(1200 / 2.62, rel=0.05)
    assert after.trials.sum() == pytest.approx(1200 * 1.4 / 2.62, rel=0.05)


@pytest.mark.parametrize("lag", [0.02, 0.4])
def test_a_host_that_reads_late_makes_no_false_misses(chain: Chain, lag: float) -> None:
    for number in range(3):
        chain.issue(number, number)
        tally = chain.run(2.5, lag=lag)
        np.testing.assert_array_equal(tally.trials, tally.hits)
    assert nothing_odd(tally)
    assert tally.trials.min() > 3 * 200


def test_one_read_04_seconds_late_makes_no_false_misses(chain: Chain) -> None:
    chain.issue(0, 0)
    chain.run(0.8)
    tally = chain.run(0.4, tick=0.4)
    np.testing.assert_array_equal(tally.trials, tally.hits)
    tally = chain.run(1.0)
    np.testing.assert_array_equal(tally.trials, tally.hits)


def test_late_frames_over_a_job_change(chain: Chain) -> None:
    chain.issue(0, 0)
    chain.run(1.0, lag=0.3)
    before = chain.ledger.tally(chain.now)
    chain.issue(1, 1)
    tally = chain.run(0.3, lag=0.3)               # only answers to job 0 arrive in this time
    assert tally.answers > before.answers
    np.testing.assert_array_equal(tally.trials, before.trials)
    np.testing.assert_array_equal(tally.hits, before.trials)
    assert nothing_odd(tally)


def test_a_late_answer_that_was_charged_still_hits(small_pack: Pack) -> None:
    ledger = ledger_for(small_pack)
    rows = np.arange(1200)
    ledger.issue(0, 0, 0.0)
    ledger.take(frames_of(small_pack, np.delete(rows, 10), 0), 2.62)
    missed = ledger.tally(2.62)
    assert missed.trials.sum() - missed.hits.sum() == 1
    ledger.issue(1, 1, 2.62)
    ledger.take(frames_of(small_pack, rows[10:11], 0), 3.0)
    tally = ledger.tally(3.0)
    np.testing.assert_array_equal(tally.hits, missed.trials)
    np.testing.assert_array_equal(tally.trials, missed.trials)


def test_what_a_late_host_finds_waiting_is_not_stale(small_pack: Pack) -> None:
    """It stood still from writing the new job on: what the chips sent before that job lay in the buffer."""
    ledger = ledger_for(small_pack)
    ledger.issue(0, 0, 0.0)
    ledger.take(frames_of(small_pack, np.arange(10), 0), 0.95)
    ledger.issue(1, 1, 1.0)

    ledger.take(frames_of(small_pack, np.arange(10, 20), 0), 3.0)
    assert ledger.tally(3.0).stale.sum() == 0

    ledger.take(frames_of(small_pack, np.arange(20, 40), 0), 3.05)
    assert ledger.tally(3.05).stale.sum() == 20


def test_answers_to_a_replaced_job_go_stale_after_half_a_second(small_pack: Pack) -> None:
    ledger = ledger_for(small_pack)
    ledger.issue(0, 0, 0.0)
    ledger.issue(1, 1, 1.0)
    chips = small_pack.chip_index[:40]
    ledger.take(frames_of(small_pack, np.arange(20), 0), 1.4)
    assert ledger.tally(1.4).stale.sum() == 0
    ledger.take(frames_of(small_pack, np.arange(0), 0), 1.55)
    ledger.take(frames_of(small_pack, np.arange(20, 40), 0), 1.6)
    tally = ledger.tally(1.6)
    assert tally.stale.tolist() == np.bincount(chips[20:], minlength=4).tolist()
    assert tally.answers == 20


def test_an_old_job_under_a_used_id_is_stale_and_anything_else_wrong(small_pack: Pack) -> None:
    ledger = ledger_for(small_pack)
    for job in (0, 1, 2):                         # all under one id: a chip may stay on either old one
        ledger.issue(job, 5, float(job))
    for job in (0, 1):
        rows = np.arange(*small_pack.answers_of(job).indices(len(small_pack)))
        ledger.take(frames_of(small_pack, rows[small_pack.chip_index[rows] == 3][:10], 5), 3.0)
    tally = ledger.tally(3.0)
    assert tally.stale.tolist() == [0, 0, 0, 20]
    assert not tally.wrong.any()


def spoiled(pack: Pack, rows: np.ndarray, job_id: int) -> np.ndarray:
    """Replies whose nonces are turned in low bits: same chip and core, another hash."""
    return encode_nonces(pack.word[rows] ^ 0x155, job_id, pack.sub_core[rows], pack.version_bits[rows], 0)


def test_wrong_answers_are_booked_to_their_chip(small_pack: Pack) -> None:
    ledger = ledger_for(small_pack)
    ledger.issue(0, 0, 0.0)
    rows = np.flatnonzero(small_pack.chip_index[:1200] == 1)
    ledger.take(spoiled(small_pack, rows, 0), 1.0)
    tally = ledger.tally(1.0)
    # with eight zero bits, one answer in 256 is right by chance: it is outside
    assert tally.wrong[1] + tally.outside[1] == len(rows)
    assert tally.wrong[1] > 0.95 * len(rows)
    assert tally.wrong.sum() == tally.wrong[1]
    assert tally.answers == 0


def test_right_by_chance_is_outside(small_pack: Pack) -> None:
    ledger = ledger_for(small_pack)
    ledger.issue(0, 0, 0.0)
    words = small_pack.layout.slice_start(2) + np.arange(4096)
    ledger.take(encode_nonces(words, 0, 0, 0, 0), 1.0)
    tally = ledger.tally(1.0)
    assert tally.outside[2] + tally.wrong[2] == 4096
    assert 4 <= tally.outside[2] <= 40            # 16 by expectation
    assert tally.trials.sum() == 0                # they say nothing of how far the sweep got


def test_repeats_unknown_and_corrupt(small_pack: Pack) -> None:
    ledger = ledger_for(small_pack)
    ledger.issue(0, 0, 0.0)
    frames = frames_of(small_pack, np.arange(50), 0)
    ledger.take(np.concatenate((frames, frames[:5])), 1.0)
    ledger.take(frames[40:], 1.01)
    ledger.take(frames_of(small_pack, np.arange(7), 9), 1.02)
    broken = frames_of(small_pack, np.arange(60, 63), 0)
    broken[:, 4] ^= 0x40
    ledger.take(broken, 1.03)
    ledger.take(frames[:0], 1.04)
    tally = ledger.tally(1.05)
    twice = small_pack.chip_index[np.r_[0:5, 40:50]]
    assert tally.duplicate.tolist() == np.bincount(twice, minlength=4).tolist()
    assert (tally.unknown, tally.corrupt, tally.answers) == (7, 3, 50)


def test_a_repeated_job_makes_no_new_trial_but_is_watched(small_pack: Pack, chain: Chain) -> None:
    chain.issue(0, 0)
    first = chain.run(2.0)
    chain.issue(1, 1)
    second = chain.run(2.5)
    chain.issue(0, 2, small_pack.chip_index != 3)         # again, with chip 3 silent now
    third = chain.run(2.5)
    extra = third.trials - second.trials                  # only what the first pass did not reach
    assert np.all(extra < 70)
    np.testing.assert_array_equal(third.hits[:3], third.trials[:3])
    assert third.hits[3] == second.hits[3]
    assert not third.duplicate.any()
    np.testing.assert_array_equal(first.passed, first.trials)
    watched = third.passed - second.passed
    assert np.all(watched > 270)
    assert (third.returned - second.returned).tolist() == [*watched[:3].tolist(), 0]


def test_a_second_chance_does_not_mend_a_miss(small_pack: Pack, chain: Chain) -> None:
    chain.issue(0, 0, small_pack.chip_index != 0)
    first = chain.run(2.5)
    chain.issue(0, 1)
    again = chain.run(2.4)
    assert first.hits[0] == again.hits[0] == 0
    np.testing.assert_array_equal(again.trials, first.trials)


def test_a_slower_clock_makes_the_far_answers_unreachable(small_pack: Pack) -> None:
    """At 300 MHz the sweep reaches 191,880 counts of the pack's 360,000."""
    ledger = ledger_for(small_pack, mhz=300.0)
    ledger.issue(0, 0, 0.0)
    rows = np.arange(1200)
    near = small_pack.layout.position(small_pack.counter[rows]) < 191_880
    ledger.take(frames_of(small_pack, rows[near], 0), 2.6)
    tally = ledger.tally(2.6)
    np.testing.assert_array_equal(tally.trials, tally.hits)
    assert tally.trials.sum() == pytest.approx(near.sum(), abs=20)
    ledger.take(frames_of(small_pack, rows[~near], 0), 2.61)
    assert ledger.tally(2.61).outside.sum() == (~near).sum()


def test_a_higher_ticket_expects_only_the_strong(small_pack: Pack) -> None:
    ledger = ledger_for(small_pack, ticket_zero_bits=2)
    ledger.issue(0, 0, 0.0)
    rows = np.flatnonzero(small_pack.zero_bits[:1200] >= 10)
    ledger.take(frames_of(small_pack, rows, 0), 2.6)
    tally = ledger.tally(2.6)
    np.testing.assert_array_equal(tally.trials, tally.hits)
    assert tally.trials.sum() == pytest.approx(len(rows), abs=8)


def test_one_answer_from_the_future_charges_nobody(small_pack: Pack) -> None:
    """A known answer of a batch the chips cannot have reached says nothing of the others."""
    ledger = ledger_for(small_pack)
    ledger.issue(0, 0, 0.0)
    ledger.take(frames_of(small_pack, np.array([1199]), 0), 0.5)
    assert ledger.tally(0.5).trials.sum() <= int((small_pack.batch[:1200] < 0.5 / BATCH).sum())


def test_a_job_id_beyond_four_bits_is_a_bug_of_the_caller(small_pack: Pack) -> None:
    with pytest.raises(ValueError, match="job id 16"):
        ledger_for(small_pack).issue(0, 16, 0.0)


def test_a_tally_before_any_work(small_pack: Pack) -> None:
    tally = ledger_for(small_pack).tally(12.0)
    assert tally.trials.tolist() == [0, 0, 0, 0]
    assert nothing_odd(tally)


COUNTS = ("core_trials", "core_hits", "passed", "returned", "wrong", "stale", "duplicate", "outside")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("issue", "answers", "spoiled", "noise", "wait")),
        st.integers(0, 2), st.integers(0, 15), st.integers(0, 1199), st.integers(1, 400),
        st.floats(0, 1.5),
    ),
    max_size=25,
)


@given(steps=STEPS)
def test_hits_never_exceed_trials_and_nothing_is_taken_back(small_pack: Pack, steps: list) -> None:
    ledger = ledger_for(small_pack)
    now, before = 0.0, ledger.tally(0.0)
    sent = 0
    for what, job, job_id, first, count, seconds in steps:
        now += seconds
        rows = small_pack.answers_of(job).start + np.arange(first, min(1200, first + count))
        match what:
            case "issue":
                ledger.issue(job, job_id, now)
            case "answers":
                ledger.take(frames_of(small_pack, rows, job_id), now)
                sent += len(rows)
            case "spoiled":
                ledger.take(spoiled(small_pack, rows, job_id), now)
                sent += len(rows)
            case "noise":
                noise = frames_of(small_pack, rows, job_id)
                noise[:, 2 + job] ^= np.uint8(job_id + 1)
                if first % 2:
                    noise[:, 10] = reply_tail_rows(noise[:, 2:10], 4)
                ledger.take(noise, now)
                sent += len(rows)
        tally = ledger.tally(now)
        assert np.all(tally.core_hits <= tally.core_trials)
        assert np.all(tally.returned <= tally.passed)
        assert np.all(tally.trials <= tally.passed)
        for name in COUNTS:
            assert np.all(getattr(tally, name) >= getattr(before, name)), name
        assert tally.trials.sum() <= len(small_pack)
        odd = tally.wrong + tally.stale + tally.duplicate + tally.outside
        assert odd.sum() + tally.unknown + tally.corrupt + tally.answers == sent
        before = tally



def test_a_job_renewed_late_makes_no_repeats(small_pack: Pack) -> None:
    """Past the version space the chip begins anew: that the host was late is no fault of the chip."""
    ledger = ledger_for(small_pack)
    ledger.issue(0, 0, 0.0)
    frames = frames_of(small_pack, np.arange(50), 0)
    ledger.take(frames, 1.0)
    ledger.take(frames[:10], 2.7)
    assert not ledger.tally(2.7).duplicate.any()
    ledger.issue(1, 1, 2.8)
    ledger.take(frames_of(small_pack, small_pack.first_rows[1] + np.arange(3), 1), 2.9)
    ledger.take(frames_of(small_pack, small_pack.first_rows[1] + np.arange(3), 1), 3.0)
    assert ledger.tally(3.0).duplicate.sum() == 3
