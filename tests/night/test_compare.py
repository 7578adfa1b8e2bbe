"""A night against those before it: what is told, and what fails."""

from __future__ import annotations

import random

import pytest

from rig.night.compare import compare, series_of
from rig.night.summary import NightCode
from tests.night.conftest import night

DRAWN = random.Random(7)
BEFORE = [night(number, watts=DRAWN.gauss(1040, 3), seconds=DRAWN.gauss(60, 1)) for number in range(30)]


def test_a_night_like_the_others_is_calm() -> None:
    assert compare(night(30, watts=1041.0), BEFORE) == ()


def test_a_board_far_from_its_past_fails_the_night() -> None:
    tonight = night(30, watts=1075.0)

    (hit,) = compare(tonight, BEFORE)

    assert hit.grave
    assert (hit.about, hit.n) == ("board_watts", 30)
    assert "sigma" in hit.says
    assert "a point beyond 3 sigma" in hit.says
    assert tonight.with_hits((hit,), 30).code is NightCode.FAILED


def test_a_slow_drift_is_told_by_its_rule_and_fails_nothing() -> None:
    shifted = [night(30 + number, watts=1044.5) for number in range(5)]

    (hit,) = compare(night(35, watts=1044.5), [*BEFORE[5:], *shifted])

    assert not hit.grave
    assert "same side" in hit.says


def test_too_few_nights_say_nothing() -> None:
    assert compare(night(30, watts=2000.0), BEFORE[:9]) == ()


def test_a_spread_below_what_an_instrument_can_tell_is_luck() -> None:
    same = [night(number, watts=1040.0 + 0.001 * (number % 2)) for number in range(30)]

    assert compare(night(30, watts=1040.2), same) == ()


def test_a_slow_run_is_told() -> None:
    (hit,) = compare(night(30, seconds=80), BEFORE)

    assert (hit.about, hit.grave) == ("seconds of the golden run", False)


def test_a_bad_night_is_told_by_its_share_of_failures() -> None:
    hits = compare(night(30, bad=5), BEFORE)

    assert [(hit.about, hit.grave) for hit in hits] == [("failures", False)]
    assert "5 of 10 pieces of work failed" in hits[0].says


def test_another_board_or_a_real_one_is_another_series() -> None:
    tonight = night(30, watts=1075.0)
    (slot,) = tonight.slots
    other = tonight.model_copy(update={"slots": (slot.model_copy(update={"serial": "S21PROGOLDEN00002"}),)})
    real = tonight.model_copy(update={"slots": (slot.model_copy(update={"simulated": False}),)})

    assert compare(other, BEFORE) == ()
    assert compare(real, BEFORE) == ()


@pytest.mark.parametrize("stopped", [False, True])
def test_a_stopped_nights_length_says_nothing(stopped: bool) -> None:
    found = series_of(night(30, stopped=stopped), [*BEFORE, night(31, stopped=True)])

    lengths = [one for one in found if one.about == "seconds of the night"]
    assert [len(one.values) for one in lengths] == ([] if stopped else [31])
