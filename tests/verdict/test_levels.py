"""Levels in order, and the sweep, played on chips whose limits are known."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.recipe import ClockSweep, Level
from rig.verdict.levels import (
    LevelSearch,
    Move,
    Standard,
    Stop,
    Sweep,
    SweepLook,
    SweepRules,
    moves,
    standard_of,
)

LEVELS = tuple(Level(level=name, volts=13.6, mhz=mhz) for name, mhz in (("1", 490), ("4", 460), ("7", 430)))
RULES = SweepRules()
START, END = 445.0, 530.0


# ---- levels in order

@given(st.lists(st.sampled_from(Standard), min_size=3, max_size=3))
def test_the_first_strict_level_wins_and_a_loose_one_only_when_there_is_none(found: list[Standard]) -> None:
    search, tried = LevelSearch(LEVELS), 0
    while search.next is not None:
        assert search.next is LEVELS[tried]
        assert search.graded is None
        search, tried = search.tried(found[tried]), tried + 1
    if Standard.STRICT in found:
        assert tried == found.index(Standard.STRICT) + 1
        assert search.graded == (LEVELS[tried - 1], Standard.STRICT)
    else:
        assert tried == 3
        loose = found.index(Standard.LOOSE) if Standard.LOOSE in found else None
        assert search.graded == (None if loose is None else (LEVELS[loose], Standard.LOOSE))
    with pytest.raises(ValueError, match="search that is over"):
        search.tried(Standard.STRICT)


@pytest.mark.parametrize(("bad", "rate", "standard"), [
    (0, 0.995, Standard.STRICT), (1, 0.999, Standard.LOOSE), (0, 0.9949, Standard.NONE),
    (5, 0.98, Standard.NONE), (0, math.nan, Standard.NONE),
])
def test_standards(bad: int, rate: float, standard: Standard) -> None:
    assert standard_of(bad_chips=bad, board_rate=rate, least_board_rate=0.995) is standard


@pytest.mark.parametrize(("volts", "mhz", "expected"), [
    (13.6, 460, ()), (13.7, 460, (Move.VOLTS,)), (13.6, 490, (Move.CLOCK,)),
    (13.8, 490, (Move.VOLTS, Move.CLOCK)), (13.4, 430, (Move.CLOCK, Move.VOLTS)),
])
def test_a_clock_never_runs_on_volts_too_low_for_it(
    volts: float, mhz: float, expected: tuple[Move, ...]
) -> None:
    assert moves(LEVELS[1], Level(level="x", volts=volts, mhz=mhz)) == expected


# ---- sweep

def play(
    limits: list[float], *, spoilt: Callable[[int], SweepLook | None] = lambda _: None
) -> list[Sweep]:
    """All states of a sweep over chips that are good up to their limit; ``spoilt`` may replace a look."""
    states = [Sweep.begin(LEVELS, len(limits), RULES)]
    while states[-1].stop is None:
        good = tuple(mhz <= limit for mhz, limit in zip(states[-1].mhz, limits, strict=True))
        look = spoilt(len(states) - 1) or SweepLook(good, 0.999, True, 57.0)
        states.append(states[-1].seen(look))
        assert len(states) < 60
    return states


chips = st.lists(st.floats(430, 560), min_size=1, max_size=8)


@given(chips)
def test_every_chip_ends_at_the_last_clock_it_was_good_at(limits: list[float]) -> None:
    states = play(limits)
    last = states[-1]
    for index, limit in enumerate(limits):
        best = last.best[index]
        if limit < START:
            assert math.isnan(best)
            continue
        assert START <= best <= min(limit, END)
        assert (best - START) % RULES.step_mhz == 0
        if not any(other < START for other in limits):
            assert best + RULES.step_mhz > min(limit, END)
    assert last.stop in (Stop.RANGE_END, Stop.ALL_FROZEN)
    assert (last.stop is Stop.ALL_FROZEN) == all(last.frozen)
    assert not any(state.power_cycle for state in states)


@given(chips)
def test_a_frozen_chip_is_never_raised_and_no_chip_beyond_the_range(limits: list[float]) -> None:
    states = play(limits)
    for before, after in pairwise(states):
        for index, froze in enumerate(before.frozen):
            assert after.frozen[index] >= froze
            assert not froze or after.mhz[index] <= before.mhz[index]
            assert after.mhz[index] - before.mhz[index] <= RULES.step_mhz
        assert max(after.mhz) <= END


@given(chips, st.floats(0, 40))
def test_better_chips_never_end_lower(limits: list[float], more: float) -> None:
    worse, better = play(limits)[-1], play([limit + more for limit in limits])[-1]
    assert all(
        math.isnan(old) or new >= old for old, new in zip(worse.best, better.best, strict=True)
    )
    order = [*LEVELS, None]
    assert order.index(better.level(LEVELS)) <= order.index(worse.level(LEVELS))


@given(chips)
def test_what_is_stored_lies_the_guard_band_below_and_within_the_float(limits: list[float]) -> None:
    last = play(limits)[-1]
    stored = [mhz for mhz in last.clocks if not math.isnan(mhz)]
    for mhz, best in zip(last.clocks, last.best, strict=True):
        assert math.isnan(mhz) == math.isnan(best)
        assert math.isnan(mhz) or mhz <= best - RULES.flex_mhz
    if stored:
        slowest = min(stored) + RULES.flex_mhz
        assert max(stored) + RULES.flex_mhz <= slowest * 1.25 + 1e-9
    level = last.level(LEVELS)
    if level is not None:
        assert level.mhz <= math.fsum(last.clocks) / len(limits)


def test_no_chip_runs_far_above_a_slow_one() -> None:
    tight = replace(RULES, float_share=0.02)
    sweep = replace(Sweep.begin(LEVELS, 2, tight), end_mhz=END)
    while sweep.stop is None:
        good = (sweep.mhz[0] <= 446, True)
        sweep = sweep.seen(SweepLook(good, 0.999, True, 57.0))
    assert sweep.best == (445.0, 451.25)
    assert sweep.stop is Stop.RANGE_END


@pytest.mark.parametrize(("look", "stop"), [
    (SweepLook((True, True), 0.9949, True, 57.0), Stop.BOARD_RATE),
    (SweepLook((True, True), math.nan, True, 57.0), Stop.BOARD_RATE),
    (SweepLook((True, True), 0.999, False, 57.0), Stop.BALANCE),
    (SweepLook((True, True), 0.999, True, 62.0), Stop.HEAT),
    (SweepLook((True, True), 0.999, True, math.nan), Stop.HEAT),
])
def test_the_first_stop_is_tried_again_cold_at_the_same_clocks_and_the_second_is_final(
    look: SweepLook, stop: Stop
) -> None:
    once = play([600, 600], spoilt=lambda at: look if at == 4 else None)
    again = once[5]
    assert (again.power_cycle, again.mhz, again.stop) == (True, once[4].mhz, None)
    assert not once[6].power_cycle
    assert once[-1].best == play([600, 600])[-1].best
    for second in (5, 9):
        twice = play([600, 600], spoilt=lambda at, late=second: look if at in (4, late) else None)
        assert twice[-1].stop is stop
        assert len(twice) == second + 2
        assert twice[-1].best[0] == twice[-1].mhz[0] - RULES.step_mhz, "the clocks of the stop do not count"


@pytest.mark.parametrize(("limits", "level"), [
    ([600] * 4, "1"), ([486.0] * 4, "4"), ([470.0] * 4, "7"), ([440.0] * 4, None), ([600, 440], None),
])
def test_the_level_is_the_first_that_the_average_carries(limits: list[float], level: str | None) -> None:
    found = play(limits)[-1].level(LEVELS)
    assert (found.level if found else None) == level


def test_below_the_accepted_rate_there_is_no_level() -> None:
    last = play([600])[-1]
    assert last.level(LEVELS) is not None
    assert replace(last, board_rate=0.979).level(LEVELS) is None
    assert replace(last, board_rate=math.nan).level(LEVELS) is None
    assert Sweep.begin(LEVELS, 1, RULES).level(LEVELS) is None


def test_looks_that_do_not_fit_are_refused() -> None:
    states = play([600])
    with pytest.raises(ValueError, match="found a look at 1 chips"):
        states[-1].seen(SweepLook((True,), 0.999, True, 57.0))
    with pytest.raises(ValueError, match="found a look at 2 chips, expected one at 1"):
        states[0].seen(SweepLook((True, True), 0.999, True, 57.0))


def test_a_recipe_s_rules_and_the_chips_that_were_good_nowhere() -> None:
    rules = SweepRules.of(ClockSweep(flex_mhz=10, above_mhz=0, hottest_celsius=58))
    assert (rules.step_mhz, rules.flex_mhz, rules.above_mhz, rules.hottest_celsius) == (6.25, 10.0, 0.0, 58.0)
    last = play([600, 440, 470])[-1]
    assert last.failed == (1,)
    spoilt = play([600], spoilt=lambda _: SweepLook((True,), 0.9, True, 57.0))[-1]
    assert (spoilt.failed, spoilt.level(LEVELS)) == ((), None), "stopped before any look counted"


@given(chips)
def test_out_of_time_what_was_proved_by_then_counts(limits: list[float]) -> None:
    states = play(limits)
    for state in states[1:-1]:
        ended = state.out_of_time()
        assert ended.stop is Stop.TIME
        assert ended.clocks == pytest.approx(state.clocks, nan_ok=True)


@given(chips)
def test_there_are_never_more_looks_than_foretold(limits: list[float]) -> None:
    low = SweepLook((True,) * len(limits), 0.9, True, 57.0)
    for late in (99, 2):
        states = play(limits, spoilt=lambda at, late=late: low if at == late else None)
        assert len(states) - 1 <= states[0].most_rounds
