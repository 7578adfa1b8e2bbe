"""Lines of a sequential test that spend both stated risks, exactly, and no more.

Wald's bounds hold a risk but leave a third of it unused: misses come whole, and jump across a line.
Here the gaps are brought in until the exact chance of a wrong call is the stated one, looked at after
every answer, which finds most crossings. The last look may fall anywhere from ``most`` on; it is taken
where it is worst.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rig.verdict.binomial import lower_tails, upper_tails
from rig.verdict.crossing import Lines, Walk, turning_looks

MOST_LATE_SHARE = 0.9   # of either risk that the fixed rule may spend; the rest is for deciding early
PRECISION = 4e-3        # misses, of a gap: as many thousandths of the risk
STRIDE = 1.0            # misses; what is gained is seldom more
SWEEPS = 2              # each gap is hardly moved by the other's


@dataclass(frozen=True, slots=True)
class Aim:
    """A chip at ``good_rate`` may be called BAD with ``good_risk``, one at ``bad_rate`` GOOD with
    ``bad_risk``."""

    good_rate: float
    bad_rate: float
    good_risk: float
    bad_risk: float

    @property
    def slope(self) -> float:
        """Misses an answer of the line on which neither rate is likelier."""
        return self._hit / (self._hit + self._miss)

    def safe_gaps(self, late_good: float, late_bad: float) -> tuple[float, float]:
        """Gaps in misses, GOOD's and BAD's, that hold both risks for certain by Wald's bound.

        ``late_good`` and ``late_bad``: shares of the good and the bad chips' risk spent otherwise.
        """
        whole = self._hit + self._miss
        return (
            -math.log(self.bad_risk * (1.0 - late_bad)) / whole,
            -math.log(self.good_risk * (1.0 - late_good)) / whole,
        )

    @property
    def _hit(self) -> float:
        return math.log(self.good_rate / self.bad_rate)

    @property
    def _miss(self) -> float:
        return math.log((1.0 - self.bad_rate) / (1.0 - self.good_rate))


def calibrated(aim: Aim, most: int) -> Lines | None:
    """Lines that decide by ``most`` answers; None when so few cannot hold both risks."""
    slope = aim.slope
    half_step = math.ceil(0.5 / slope)      # answers until the last word allows one miss more
    late_good, late_bad = _late_shares(aim, most, half_step)
    misses = int(np.argmax(late_good <= MOST_LATE_SHARE))   # few, so that good chips are decided soon
    if late_bad[misses] > MOST_LATE_SHARE:
        return None
    safe = aim.safe_gaps(float(late_good[misses]), float(late_bad[misses]))
    lines = Lines(slope, *safe, most, misses + 0.5 - slope * most)
    endings = (most, most + half_step - 1, most + half_step)
    for _ in range(SWEEPS):
        lines = _bad_brought_in(lines, aim, endings, safe[1])
        lines = _good_brought_in(lines, aim, endings, safe[0])
    return lines


def _bad_brought_in(lines: Lines, aim: Aim, endings: tuple[int, ...], safe: float) -> Lines:
    def risk_at(gap: float) -> float:
        return _wrong(replace(lines, bad_gap=gap), aim.good_rate, endings)[1]

    return replace(lines, bad_gap=_brought_in(risk_at, aim.good_risk, safe))


def _good_brought_in(lines: Lines, aim: Aim, endings: tuple[int, ...], safe: float) -> Lines:
    def risk_at(gap: float) -> float:
        return _wrong(replace(lines, good_gap=gap), aim.bad_rate, endings)[0]

    return replace(lines, good_gap=_brought_in(risk_at, aim.bad_risk, safe))


def _late_shares(aim: Aim, most: int, half_step: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares of the good and the bad chips' risk that the fixed rule alone spends when it allows k misses.

    It is a line half a miss above k at ``most``, which reaches k + 1 after ``half_step`` answers more:
    each risk is taken where it is largest. So the risks hold even if nobody looked before.
    """
    good = upper_tails(most + half_step, 1.0 - aim.good_rate)[:most]
    at_end = lower_tails(most, 1.0 - aim.bad_rate)[:most]
    later = lower_tails(most + half_step, 1.0 - aim.bad_rate)[1:most + 1]
    return good / aim.good_risk, np.maximum(at_end, later) / aim.bad_risk


def _wrong(lines: Lines, hit_rate: float, endings: tuple[int, ...]) -> tuple[float, float]:
    """Chances of GOOD and of BAD, each with the last look at the worst of ``endings``."""
    looks = turning_looks(lines)
    limits = lines.most_good(looks).tolist(), lines.least_bad(looks).tolist()
    walk = Walk(1.0 - hit_rate)
    good = bad = 0.0
    for at, most_good, least_bad in zip(looks.tolist(), *limits, strict=True):
        more_good, more_bad = walk.look(at, most_good, least_bad)
        good, bad = good + more_good, bad + more_bad
    last = [walk.peek(at, int(lines.most_good(at)), int(lines.least_bad(at))) for at in endings]
    return good + max(each[0] for each in last), bad + max(each[1] for each in last)


def _brought_in(risk_at: Callable[[float], float], risk: float, safe: float) -> float:
    """The least gap, to PRECISION, at which the risk, which falls as the gap grows, is held."""
    low = safe - STRIDE
    while low > 0 and risk_at(low) <= risk:
        low, safe = low - STRIDE, low
    while safe - low > PRECISION:
        middle = 0.5 * (low + safe)
        low, safe = (low, middle) if risk_at(middle) <= risk else (middle, safe)
    return safe
