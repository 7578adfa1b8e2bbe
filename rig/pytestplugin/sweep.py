"""Each chip's clock raised step by step until it fails, to find the board's level; then warm to it.

The rules are ``rig.verdict.levels``'s, what a look asks is the recipe's (docs/plans.md). The board
sweeps at its first level's volts, at work and at its soak temperature.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rig.bm13xx import pll
from rig.board import BurnInTick, Warmth, bring_up, burn_in, ramp, soak, walk_clocks
from rig.pytestplugin.answers import lost_share
from rig.pytestplugin.levels import MOVE_SECONDS, go_to
from rig.pytestplugin.log import number
from rig.pytestplugin.loss import open_idle
from rig.recipe import ClockSweep, Level
from rig.slot import Phase
from rig.verdict.fixed import FixedTest
from rig.verdict.levels import Sweep, SweepLook, SweepRules
from rig.verdict.pattern import domain_balance
from rig.verdict.wire import less_lost
from rig.work.ledger import Ledger, Tally

if TYPE_CHECKING:
    from rig.pytestplugin.board_run import Run

OFF_SECONDS = 10.0              # between a stop and the second try, as the incumbent's
GRACE_SECONDS = 20.0            # of the phase, beyond the recipe's time
LEAST_BALANCE = 0.5             # of the mean: a core stack of a domain below it stops the sweep


@dataclass(frozen=True, slots=True)
class SweepTick:
    """One round; ``mhz`` is the mean of the chips' clocks, ``seconds`` since the sweep began.

    ``celsius`` of each sensor and ``hottest`` are None where none answered.
    """

    seconds: float
    mhz: float
    celsius: tuple[float | None, ...]
    hottest: float | None
    fan_share: float


def sweep_to_level(run: Run) -> None:
    """Find the board's level and stand at it, warm; does nothing where the recipe has no ``sweep``.

    Needs the board at work at its first level. Without a level it stands at the lowest: a failed limit
    says so, and the work there what its chips are worth. Raises what a drive raises.
    """
    recipe = run.recipe.sweep
    if recipe is None:
        return
    climb = _Climb(run, recipe, Sweep.begin(run.recipe.levels, run.product.chips, SweepRules.of(recipe)))
    climb.drive()
    if climb.state.power_cycle:
        run.log.happened("sweep", f"stopped at {_span(climb.mhz)}; the same clocks again after a cold start")
        _start_again(run)
        climb = _Climb(run, recipe, climb.state)
        climb.drive()
    found = climb.state.level(run.recipe.levels)
    _tell(run, climb.state, found)
    climb.return_to_level()
    go_to(run, found or min(run.recipe.levels, key=lambda level: level.mhz))


class _Climb:
    """One way up, from the level's clock to a stop of any kind.

    ``state`` is where the sweep stands, ``mhz`` what the chips have now; (chips,).
    """

    def __init__(self, run: Run, recipe: ClockSweep, state: Sweep) -> None:
        self._run, self._recipe = run, recipe
        self._test = FixedTest.of(recipe.good_hit_rate, recipe.bad_hit_rate, recipe.risk)
        self._started = run.slot.clock.now()
        self.state = state
        self.mhz = (run.level.mhz,) * run.product.chips

    def drive(self) -> None:
        """All of it, as one phase."""
        longest = self._recipe.most_seconds
        self._run.drive(
            "clock sweep", Phase.HASHING, longest + GRACE_SECONDS, self._rounds(), expected_seconds=longest
        )

    def return_to_level(self) -> None:
        """Back to the clock that the run's level has, step by step."""
        level = (self._run.level.mhz,) * len(self.mhz)
        if self.mhz != level:
            self._run.drive("clocks back", Phase.HASHING, MOVE_SECONDS, self._walk(level))

    def _rounds(self) -> Iterator[SweepTick]:
        while self.state.stop is None:
            yield from self._walk(self.state.mhz)
            self._run.work.pass_time(self._recipe.settle_seconds)
            ledger = self._ledger()
            for tick in burn_in(self._run.slot, self._run.work, ledger, self._run.keeper):
                yield self._tick(tick)
                if self._due(tick.tally).min() >= self._test.answers:
                    break
            look = self._look(tick)
            self.state = self.state.seen(look)
            self._note(look)
            if self.state.power_cycle:
                return
            if self.state.stop is None and self._seconds() >= self._recipe.most_seconds:
                self.state = self.state.out_of_time()

    def _walk(self, then: tuple[float, ...]) -> Iterator[SweepTick]:
        run = self._run
        for _ in walk_clocks(run.slot, run.product, run.recipe, run.work, self.mhz, then):
            yield self._tick(run.keeper.hold())
        self.mhz = then

    def _ledger(self) -> Ledger:
        """A fresh book for the chips' present clocks, as the PLL gives them."""
        run = self._run
        return Ledger(
            run.pack, run.pack.layout, run.product.sweep_length,
            [pll.mhz_of(pll.encode(mhz)) for mhz in self.mhz],
            ticket_zero_bits=run.recipe.ticket_zero_bits,
        )

    def _due(self, tally: Tally) -> NDArray[np.int64]:
        return less_lost(tally.trials, lost_share(tally))

    def _look(self, tick: BurnInTick) -> SweepLook:
        tally, due = tick.tally, self._due(tick.tally)
        balance = domain_balance(
            tally.core_trials[:, :, None], tally.core_hits[:, :, None], self._run.product.chips_per_domain
        )
        return SweepLook(
            good=tuple(self._test.good(due, tally.hits).tolist()),
            board_rate=float(np.minimum(due, tally.hits).sum() / due.sum()),
            balanced=bool((balance >= LEAST_BALANCE).all()),
            hottest_celsius=math.nan if tick.hottest is None else tick.hottest,
        )

    def _tick(self, seen: BurnInTick | Warmth) -> SweepTick:
        mean = math.fsum(self.mhz) / len(self.mhz)
        return SweepTick(self._seconds(), mean, seen.celsius, seen.hottest, seen.fan_share)

    def _seconds(self) -> float:
        return self._run.slot.clock.now() - self._started

    def _note(self, look: SweepLook) -> None:
        self._run.log.note(
            "sweep", mhz=[round(mhz, 3) for mhz in self.mhz], board_rate=number(look.board_rate),
            failed=[chip for chip, good in enumerate(look.good) if not good], balanced=look.balanced,
            hottest=number(look.hottest_celsius),
        )


def _tell(run: Run, state: Sweep, found: Level | None) -> None:
    """The sweep as measurements, and in a sentence."""
    levels, clocks = run.recipe.levels, state.clocks
    kept = [mhz for mhz in clocks if not math.isnan(mhz)]
    run.log.happened(
        "sweep", f"{state.stop.value if state.stop else 'no end'}; {len(kept)} of {len(clocks)} chips keep "
        f"{_span(kept)}; " + (f"level {found.level}" if found else "no level"),
    )
    run.measure("swept_mhz", *clocks)
    run.measure("swept_average_mhz", math.fsum(clocks) / len(clocks))
    run.measure("swept_board_rate", state.board_rate)
    run.measure("unswept_chips", float(len(state.failed)))
    run.measure("swept_levels", float(len(levels) - levels.index(found) if found else 0))


def _span(mhz: Sequence[float]) -> str:
    return f"{min(mhz):g} to {max(mhz):g} MHz" if mhz else "no clock"


def _start_again(run: Run) -> None:
    """Off, then from a cold start to work at the first level and at the soak temperature."""
    run.close_work()
    run.phase("off, before the sweep goes on")
    run.slot.supply.off()
    run.slot.clock.sleep(OFF_SECONDS)
    run.cycle_power()
    open_idle(run, run.recipe.pre_open_amps)
    found = bring_up(run.slot, run.product, run.recipe, run.model)
    run.saw_chips(found)
    run.chain.judge("chips_found")
    run.measure("address_faults", float(len(found.clashing_addresses) + len(found.missing_addresses)))
    run.open_power(Phase.RAMPING, MOVE_SECONDS)
    run.drive(
        "clock ramp", Phase.RAMPING, MOVE_SECONDS,
        ramp(run.slot, run.product, run.recipe, run.level, run.bring_up),
    )
    run.open_work()
    run.set_level_volts()
    longest = run.recipe.soak.timeout_seconds
    run.drive("warming up", Phase.HASHING, longest + GRACE_SECONDS, soak(run.slot, run.recipe, run.keeper))
