"""The line: pace, order, bounds, and what a wrong rate reads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.sim.wire import FIFO_BYTES, Incoming, Noise, Outgoing, garbled, rates_agree


def test_rates_that_agree() -> None:
    assert rates_agree(115_200, 115_740.7)
    assert rates_agree(1_000_000, 1_041_666.7)
    assert rates_agree(3_125_000, 3_125_000)
    assert not rates_agree(115_200, 3_125_000)
    assert not rates_agree(921_600, 1_041_666.7)


def test_a_job_takes_its_time_on_the_line() -> None:
    line = Incoming()
    line.put(bytes(88), 10.0, 115_200)
    assert line.next_due == pytest.approx(10.00764, abs=1e-4)
    assert sum(len(part) for _, _, part in line.take(10.004)) == 46
    assert sum(len(part) for _, _, part in line.take(10.008)) == 42
    assert line.next_due is None


@given(st.lists(st.tuples(st.floats(0, 0.05), st.binary(max_size=60)), max_size=20), st.floats(1e4, 4e6))
def test_bytes_arrive_in_order_and_never_early(bursts: list[tuple[float, bytes]], baud: float) -> None:
    line, now, sent, got = Incoming(), 0.0, b"", b""
    first = None
    for gap, data in bursts:
        now += gap
        line.put(data, now, baud)
        first = now if first is None and data else first
        sent += data
        got += b"".join(part for _, _, part in line.take(now))
        if first is not None:
            assert len(got) <= (now - first) * baud / 10 + 1e-3
    got += b"".join(part for _, _, part in line.take(now + 1e6))
    assert got == sent


def test_replies_leave_at_the_pace_of_the_line() -> None:
    line = Outgoing()
    line.put(bytes(65 * 11), 5.0)
    assert line.take(5.0, 115_740.7) == b""
    assert len(line.take(5.030, 115_740.7)) == 347
    assert len(line.take(5.062, 115_740.7)) == 65 * 11 - 347
    line.put(b"x", 9.0)
    assert line.next_due(1000.0) == pytest.approx(9.01)
    assert line.take(9.005, 1000.0) == b""
    assert line.take(9.011, 1000.0) == b"x"


def test_the_buffer_is_bounded_and_counts_what_it_drops() -> None:
    line = Outgoing()
    for _ in range(FIFO_BYTES // 1100 + 2):
        line.put(bytes(1100), 0.0)
    assert len(line) <= FIFO_BYTES
    assert line.dropped > 0
    assert len(line) + line.dropped == (FIFO_BYTES // 1100 + 2) * 1100


def test_garbage_has_no_preamble_and_about_the_right_length() -> None:
    rng = np.random.default_rng(1)
    fast = garbled(bytes(1000), 115_740, 3_125_000, rng)
    slow = garbled(bytes(1000), 3_125_000, 115_200, rng)
    assert (len(fast), len(slow)) == (1000, 37)
    assert b"\xaa" not in fast + slow


def test_noise_turns_the_stated_share_of_replies() -> None:
    quiet = bytes(11 * 40_000)
    for share in (0.005, 0.05, 0.5, 1.0):
        heard = np.frombuffer(Noise(3).damaged(quiet, share, 0.0), np.uint8).reshape(-1, 11)
        assert heard.any(axis=1).mean() == pytest.approx(share, rel=0.1)


def test_noise_loses_the_stated_share_of_bytes() -> None:
    assert len(Noise(3).damaged(bytes(1_000_000), 0.0, 0.002)) == pytest.approx(998_000, abs=200)
    assert Noise(3).damaged(b"abc", 0.0, 1.0) == b""


def test_a_quiet_wire_passes_everything_and_a_seed_repeats() -> None:
    data = bytes(range(256))
    assert Noise(1).damaged(data, 0.0, 0.0) is data
    assert Noise(1).damaged(data, 0.3, 0.1) == Noise(1).damaged(data, 0.3, 0.1)
    assert Noise(1).damaged(data, 0.3, 0.1) != Noise(2).damaged(data, 0.3, 0.1)
