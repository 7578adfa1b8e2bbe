"""Clocks: real time that passes, virtual time that passes only for whoever sleeps."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.clock import Clock, SystemClock, VirtualClock


@pytest.mark.parametrize("clock", [SystemClock(), VirtualClock()], ids=["system", "virtual"])
def test_time_never_runs_backwards_and_a_sleep_lasts(clock: Clock) -> None:
    before = clock.now()
    clock.sleep(0.002)
    assert clock.now() - before >= 0.002
    for nothing in (0.0, -3600.0):
        earlier = time.monotonic()
        clock.sleep(nothing)
        assert time.monotonic() - earlier < 1.0
    assert clock.now() >= before


@pytest.mark.parametrize("clock", [SystemClock(), VirtualClock()], ids=["system", "virtual"])
def test_the_time_of_day_is_aware_and_in_utc(clock: Clock) -> None:
    assert clock.utc().utcoffset() == timedelta(0)


def test_the_system_clock_is_the_machines() -> None:
    assert abs(SystemClock().utc() - datetime.now(UTC)) < timedelta(seconds=60)
    assert abs(SystemClock().now() - time.monotonic()) < 60


@given(st.lists(st.floats(min_value=-10, max_value=1e5, allow_nan=False), max_size=20))
def test_virtual_time_is_the_sum_of_the_sleeps(sleeps: list[float]) -> None:
    start = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    clock = VirtualClock(start)

    for seconds in sleeps:
        clock.sleep(seconds)

    total = sum(max(0.0, seconds) for seconds in sleeps)
    assert clock.now() == pytest.approx(total)
    assert (clock.utc() - start).total_seconds() == pytest.approx(total, abs=1e-5)


def test_hours_pass_at_once_on_a_virtual_clock() -> None:
    clock, began = VirtualClock(), time.monotonic()
    clock.sleep(48 * 3600)
    assert clock.now() == 48 * 3600
    assert time.monotonic() - began < 1.0
