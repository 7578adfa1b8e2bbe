"""When a wire is too bad to judge a board over, and that a bearable one costs no board its verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from rig.recipe import Decision
from rig.verdict import ChipCall, ChipTracker, SequentialTest, WireCount, WireWatch, less_lost, loss_share

CORRUPT_LIMIT, LOST_LIMIT = 0.0095, 0.0019          # limits.yaml's
CHIPS = 65
TICK = 0.2


def test_shares_of_what_was_sent() -> None:
    assert WireCount().corrupt_share == WireCount().missing_share == 0.0
    assert WireCount(frames=990, corrupt=10).corrupt_share == pytest.approx(0.01 * 32 / 31)
    assert WireCount(corrupt=5).corrupt_share == 1.0
    assert WireCount(received_bytes=998, missing_bytes=2).missing_share == pytest.approx(0.002)


@dataclass
class Line:
    """A full board's replies over a wire with these rates; counts as an ingest has them."""

    corrupt: float = 0.0
    lost: float = 0.0
    seed: int = 1

    def counts(self, seconds: float, begun: WireCount | None = None) -> Iterator[WireCount]:
        rng, now = np.random.default_rng(self.seed), begun or WireCount()
        for _ in range(round(seconds / TICK)):
            sent = round(18_000 * TICK)
            corrupt, lost = int(rng.binomial(sent, self.corrupt)), int(rng.binomial(11 * sent, self.lost))
            noticed = int(rng.binomial(corrupt, 31 / 32))
            now = WireCount(
                now.frames + sent - noticed - lost, now.corrupt + noticed,
                now.received_bytes + 11 * sent - lost, now.missing_bytes + lost,
            )
            yield now


def first_trip(line: Line, seconds: float = 30.0) -> float | None:
    watch = WireWatch()
    for at, count in enumerate(line.counts(seconds), 1):
        watch.update(count)
        if watch.corrupt_share > CORRUPT_LIMIT or watch.missing_share > LOST_LIMIT:
            return at * TICK
    return None


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("line", [(0.012, 0.0), (0.1, 0.0), (1.0, 0.0), (0.0, 0.0023), (0.0, 0.05)])
def test_noise_beyond_the_limit_is_told_within_two_seconds_and_a_bit(
    line: tuple[float, float], seed: int
) -> None:
    assert first_trip(Line(*line, seed=seed), 2.4) is not None


@pytest.mark.parametrize("line", [(0.01, 0.0), (0.0, 0.002)])
def test_noise_at_the_stated_limit_is_never_missed(line: tuple[float, float]) -> None:
    assert all(first_trip(Line(*line, seed=seed)) is not None for seed in range(200))


@pytest.mark.parametrize("line", [(0.0, 0.0), (0.005, 0.0), (0.007, 0.0), (0.0, 0.001), (0.0, 0.0015)])
def test_bearable_noise_never_stops_a_run(line: tuple[float, float]) -> None:
    assert all(first_trip(Line(*line, seed=seed), 60.0) is None for seed in range(100))


def test_noise_after_a_long_quiet_is_not_diluted() -> None:
    watch = WireWatch()
    quiet = list(Line().counts(60.0))
    for count in quiet + list(Line(corrupt=0.05).counts(5.0, quiet[-1])):
        watch.update(count)
    assert watch.corrupt_share > 0.03


def test_a_window_cut_short_counts_once_it_has_seen_enough() -> None:
    few, enough = WireWatch(), WireWatch()
    few.update(WireCount(200, 19, 2_500, 0))
    enough.update(WireCount(200, 20, 2_500, 0))
    assert enough.corrupt_share == 0.0
    few.settle()
    enough.settle()
    assert few.corrupt_share == 0.0
    assert enough.corrupt_share > CORRUPT_LIMIT


def test_lost_replies_are_taken_off_the_trials_of_all_chips_alike() -> None:
    assert loss_share(0, 0, 0) == 0.0
    assert loss_share(989, 10, 1) == pytest.approx(0.001)
    assert less_lost([10_000, 10, 0], 0.001).tolist() == [9_990, 9, 0]
    assert less_lost([10_000], 0.0).tolist() == [10_000]


# ---- both risks of the sequential test on a wire that damages

@dataclass
class Boards:
    """Many boards at once over a noisy wire, as the ledger counts them; arrays are (boards, chips).

    ``damage``: share of the replies that come damaged; ``unnamed``: of these, those that name no
    answer.
    """

    rates: np.ndarray
    damage: float
    unnamed: float
    seed: int = 5

    def looks(self, answers: int, step: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Cumulative trials and hits, and each board's share of replies lost unnamed."""
        rng = np.random.default_rng(self.seed)
        trials, hits, struck, lost = (np.zeros(self.rates.shape, dtype=np.int64) for _ in range(4))
        for _ in range(answers // step):
            sent = rng.binomial(step, self.rates)
            damaged = rng.binomial(sent, self.damage)
            nameless = rng.binomial(damaged, self.unnamed)
            trials += step - (damaged - nameless)
            hits += sent - damaged
            struck += damaged - nameless
            lost += nameless
            yield trials, hits, np.array([
                loss_share(int(h.sum()), int(s.sum()), int(u.sum()))
                for h, s, u in zip(hits, struck, lost, strict=True)
            ])


def calls(boards: Boards, decision: Decision) -> np.ndarray:
    test = SequentialTest.for_board(decision, CHIPS)
    trackers = [ChipTracker(test, CHIPS) for _ in boards.rates]
    for trials, hits, shares in boards.looks(decision.most_answers_per_chip, 50):
        for tracker, one, back, share in zip(trackers, trials, hits, shares, strict=True):
            tracker.update(less_lost(one, share), back)
    return np.array([tracker.settle(trials[0], hits[0]) for tracker in trackers])


# corrupt replies 0.005; lost bytes 0.0018, which damage 2 % of the replies and leave more unnamed
WIRES = [(0.005, 0.01), (0.02, 0.016)]


@pytest.mark.parametrize(("damage", "unnamed"), WIRES)
def test_good_boards_are_not_failed(decision: Decision, damage: float, unnamed: float) -> None:
    at_the_limit = np.full((40, CHIPS), decision.good_hit_rate)
    found = calls(Boards(at_the_limit, damage, unnamed), decision)
    assert (found == ChipCall.GOOD).all(), "2,600 chips at 0.995; 0.004 false calls are allowed"


@pytest.mark.parametrize(("damage", "unnamed"), WIRES)
def test_a_bad_chip_is_still_caught(decision: Decision, damage: float, unnamed: float) -> None:
    rates = np.full((40, CHIPS), 0.9992)
    rates[:, ::2] = decision.bad_hit_rate
    found = calls(Boards(rates, damage, unnamed), decision)
    assert (found[:, ::2] == ChipCall.BAD).all(), "1,320 chips at 0.985; 0.13 missed ones are allowed"
    assert (found[:, 1::2] == ChipCall.GOOD).all()


def test_without_the_correction_the_wire_would_be_put_to_the_chips(decision: Decision) -> None:
    """The check of the check: the same boards, had damaged replies been counted as misses."""
    found = calls(Boards(np.full((4, CHIPS), 0.9992), 0.02, 1.0), decision)
    counted = [
        SequentialTest.for_board(decision, CHIPS).settle(trials[0], hits[0])
        for trials, hits, _ in [list(Boards(np.full((1, CHIPS), 0.9992), 0.02, 1.0).looks(6_850, 50))[-1]]
    ]
    assert (np.array(counted) == ChipCall.BAD).mean() > 0.9
    assert (found != ChipCall.BAD).any()
