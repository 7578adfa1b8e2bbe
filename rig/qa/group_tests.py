"""Where boards fail more often than chance allows: slots, stations, lots, days, since a day, positions.

Each group is held against the boards it shares its strata with (a slot against other slots on the same days
and lots), so that a weak lot is not put to the slot that tested it. The tail is a binomial one with the mean
of the stratified hypergeometric: exact enough, and never too eager. What explains most is taken first; then
its boards are left out and the rest is looked at again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats as scipy_stats

from rig.qa.select import Category, Firsts
from rig.qa.stats import most_p

LEAST_FAILURES: Final = 5
LEAST_RATIO: Final = 1.5  # observed to expected
LEAST_POINTS: Final = 0.01  # of yield
POSITION_RATIO: Final = 2.0
MOST_ROUNDS: Final = 12
ANY: Final = -1  # any code


class Kind(Enum):
    """What a group of boards has in common."""

    SLOT = "slot"
    STATION = "station"
    LOT = "lot"
    DAY = "day"
    SINCE = "since"
    DOMAIN = "domain"
    CHIP = "chip"


@dataclass(frozen=True, slots=True)
class Grouped:
    """``observed`` failures of ``n`` boards where ``expected`` were due. ``number``: slot, lot, day, domain …

    ``code``: index of a failure code, ANY for all. ``p`` of as many by chance.
    """

    kind: Kind
    number: int
    code: int
    n: int
    observed: int
    expected: float
    p: float

    @property
    def matters(self) -> bool:
        """Whether it is large enough to send a person."""
        if self.observed < LEAST_FAILURES:
            return False
        if self.kind in (Kind.DOMAIN, Kind.CHIP):
            return self.observed >= POSITION_RATIO * self.expected
        added = self.observed - self.expected
        return self.observed >= LEAST_RATIO * self.expected and added >= LEAST_POINTS * self.n


def tests(firsts: Firsts, inside: NDArray[np.bool_], chips: int, domains: int) -> list[Grouped]:
    """Every group looked at among the boards ``inside``."""
    found: list[Grouped] = []
    day = firsts.day - (firsts.day.min() if len(firsts) else 0)
    days = int(day.max()) + 1 if len(firsts) else 0
    station, lot = firsts.station.codes, firsts.lot.codes + 1
    lots, stations = len(firsts.lot.names) + 1, len(firsts.station.names)
    failed = ~firsts.passed
    looks = [
        _Strata.of_boards(kind, group, strata, inside)
        for kind, group, strata in (
            (Kind.SLOT, firsts.slot, day * lots + lot),
            (Kind.STATION, firsts.station, day * lots + lot),
            (Kind.LOT, firsts.lot, day * stations + station),
        )
        if len(group.names) > 1
    ]
    for code in (ANY, *_frequent(firsts, inside)):
        hit = failed & ((firsts.code.codes == code) | (code == ANY))
        for look in looks:
            found += look.tests(hit[inside], code)
        found += _by_day(day[inside], days, hit[inside], code)
    found += _positions(firsts, inside & failed, chips, domains)
    return found


def peeled(firsts: Firsts, chips: int, domains: int, rate: float) -> Iterator[Grouped]:
    """Groups that matter at a false discovery rate, each found without the boards of those before."""
    inside = np.ones(len(firsts), bool)
    for _ in range(MOST_ROUNDS):
        looked = tests(firsts, inside, chips, domains)
        bound = most_p(np.array([one.p for one in looked]), rate)
        these = [one for one in looked if one.p <= bound and one.matters]
        if not these:
            return
        # the smallest p; of groups that say nearly the same, the one with fewer boards is the place
        best = min(these, key=lambda one: (one.p, one.n))
        yield best
        inside &= ~members(firsts, best, chips // domains if domains else 1)


def members(firsts: Firsts, group: Grouped, chips_per_domain: int) -> NDArray[np.bool_]:
    """The boards of a group."""
    day = firsts.day - firsts.day.min()
    found: NDArray[np.bool_] = {
        Kind.SLOT: firsts.slot.codes == group.number,
        Kind.STATION: firsts.station.codes == group.number,
        Kind.LOT: firsts.lot.codes == group.number,
        Kind.DAY: day == group.number,
        Kind.SINCE: (day >= group.number) & ((firsts.code.codes == group.code) | (group.code == ANY)),
        Kind.DOMAIN: ~firsts.passed & (firsts.chip // chips_per_domain == group.number),
        Kind.CHIP: ~firsts.passed & (firsts.chip == group.number),
    }[group.kind]
    return found


def _frequent(firsts: Firsts, inside: NDArray[np.bool_]) -> list[int]:
    codes = firsts.code.codes[inside & ~firsts.passed]
    counts = np.bincount(codes[codes >= 0], minlength=len(firsts.code.names))
    return [int(code) for code in np.flatnonzero(counts >= LEAST_FAILURES)]


@dataclass(frozen=True, slots=True)
class _Strata:
    """Boards in groups and strata; ``of`` is each one's stratum, ``n`` the boards of each stratum."""

    kind: Kind
    group: NDArray[np.int32]
    many: int
    of: NDArray[np.intp]
    n: NDArray[np.intp]

    @classmethod
    def of_boards(
        cls, kind: Kind, group: Category, strata: NDArray[np.int32], inside: NDArray[np.bool_]
    ) -> _Strata:
        names, of = np.unique(strata[inside], return_inverse=True)
        return cls(kind, group.codes[inside], len(group.names), of, np.bincount(of, minlength=len(names)))

    def tests(self, hit: NDArray[np.bool_], code: int) -> list[Grouped]:
        """Every group's failures against those due to it by its strata."""
        rate = np.bincount(self.of, weights=hit, minlength=len(self.n)) / self.n
        known = self.group >= 0
        group, due = self.group[known], rate[self.of][known]
        members = np.bincount(group, minlength=self.many)
        expected = np.bincount(group, weights=due, minlength=self.many)
        observed = np.bincount(group, weights=hit[known], minlength=self.many)
        p = scipy_stats.binom.sf(observed - 1, members, np.clip(expected / np.maximum(members, 1), 0, 1))
        return [
            Grouped(
                self.kind, at, code, int(members[at]), int(observed[at]), float(expected[at]), float(p[at])
            )
            for at in range(self.many)
            if members[at]
        ]


def _by_day(day: NDArray[np.int32], days: int, hit: NDArray[np.bool_], code: int) -> list[Grouped]:
    """Single days against all, and all from a day on against those before it."""
    if days < 2 or not len(day):
        return []
    n = np.bincount(day, minlength=days)
    failed = np.bincount(day, weights=hit, minlength=days)
    rate = failed.sum() / n.sum()
    p = scipy_stats.binom.sf(failed - 1, n, rate)
    found = []
    for one in np.flatnonzero(n).tolist():
        due = float(n[one] * rate)
        found.append(Grouped(Kind.DAY, one, code, int(n[one]), int(failed[one]), due, float(p[one])))
    before_n, before = np.cumsum(n)[:-1], np.cumsum(failed)[:-1]
    usable = np.flatnonzero((before_n > 0) & (before_n < n.sum()))
    if len(usable):
        after_n, after = n.sum() - before_n, failed.sum() - before
        spread = np.sqrt(after_n * before_n * rate * (1 - rate) / n.sum()) + 1e-12
        at = int(usable[np.argmax(((after - after_n * rate) / spread)[usable])])
        worse = scipy_stats.hypergeom.sf(after[at] - 1, n.sum(), int(failed.sum()), after_n[at])
        due = float(after_n[at] * before[at] / before_n[at])
        found.append(Grouped(
            Kind.SINCE, at + 1, code, int(after_n[at]), int(after[at]), due,
            min(1.0, float(worse) * len(usable)),
        ))
    return found


def _positions(firsts: Firsts, failed: NDArray[np.bool_], chips: int, domains: int) -> list[Grouped]:
    """Chips and domains that are blamed more often than others."""
    if not chips or not domains:
        return []
    chip = firsts.chip[failed & (firsts.chip >= 0)]
    total = len(chip)
    found = []
    for kind, number, many in (
        (Kind.DOMAIN, chip // (chips // domains), domains),
        (Kind.CHIP, chip, chips),
    ):
        counts = np.bincount(number, minlength=many)[:many]
        p = scipy_stats.binom.sf(counts - 1, total, 1 / many)
        found += [
            Grouped(kind, at, ANY, total, int(counts[at]), total / many, float(p[at])) for at in range(many)
        ]
    return found
