"""A fall of current that nobody ordered switches off; drift and ordered steps do not."""

from __future__ import annotations

import pytest

from rig.guard.current import CurrentFloor
from rig.guard.watch import Trip


class Board:
    """Readings of a hashing board every 50 ms."""

    def __init__(self) -> None:
        self.now = 10.0
        self.floor = CurrentFloor()

    def draw(self, amps: float, seconds: float, then: float | None = None) -> Trip | None:
        """``amps``, going over to ``then``, for so long; the first trip."""
        steps = round(seconds / 0.05)
        for step in range(steps):
            self.now += 0.05
            drawn = amps if then is None else amps + (then - amps) * step / steps
            trip = self.floor.take(drawn, self.now)
            if trip is not None:
                return trip
        return None


@pytest.fixture
def board() -> Board:
    made = Board()
    made.floor.step_ordered(made.now)
    assert made.draw(78.0, 5.0) is None
    return made


@pytest.mark.parametrize(("amps", "trips"), [(62.0, True), (0.0, True), (63.0, False), (90.0, False)])
def test_a_sudden_fall_by_a_fifth_is_seen_at_once(board: Board, amps: float, trips: bool) -> None:
    began = board.now
    trip = board.draw(amps, 0.3)

    assert (trip is not None) is trips
    if trip is not None:
        assert trip.code == ("STN-CONTACT" if amps < 1 else "CHAIN-SHORT")
        assert f"from 78.0 A to {amps:.1f} A" in trip.reason
        assert board.now - began == pytest.approx(0.05)


def test_what_cools_down_draws_less_by_and_by(board: Board) -> None:
    assert board.draw(78.0, 20.0, then=40.0) is None


def test_an_ordered_step_has_half_a_second(board: Board) -> None:
    board.floor.step_ordered(board.now)
    assert board.draw(78.0, 0.4, then=30.0) is None
    assert board.draw(30.0, 1.0) is None
    assert board.draw(20.0, 0.1) is not None


def test_a_share_of_next_to_nothing_says_nothing() -> None:
    board = Board()
    assert board.draw(4.0, 1.0) is None
    assert board.draw(0.0, 1.0) is None
