"""The journal's bench, with a bound that holds on a busy machine; alone it takes a quarter of it."""

from __future__ import annotations

from benches.journal import measure


def test_a_measurement_costs_the_loop_little() -> None:
    assert max(measure().values()) < 200.0
