"""The chain through a whole run: counted again and again, and listened to while it works."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rig.board import (
    BringUp,
    Discovery,
    HashCounters,
    StreamCount,
    WorkStream,
    bring_up_words,
    check_registers,
    clock_words,
    count_after_reset,
    count_again,
    count_at_work,
    hottest_of,
    read_sensors,
)
from rig.board.counting import STREAM_SECONDS
from rig.board.read_back import Written
from rig.errors import WireError
from rig.pytestplugin.loss import broke_at_work, counts_were_short
from rig.pytestplugin.silence import SilenceWatch, broken_before
from rig.verdict.evidence import Count

if TYPE_CHECKING:
    from rig.pytestplugin.board_run import Run

CENSUS_SECONDS = 10.0           # between counts of a chain at work
DOUBT_SECONDS = 0.25            # a full chain at work answers in a few milliseconds
QUIET_SECONDS = 5.0             # chips that fell silent and answer to their name: no joint, but cores
SETTLE_SECONDS = 0.3            # after a step of volts


class ChainWatch:
    """Keeps every count in the run's log. ``BoardStopped`` comes from the measurements of ``Run``."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._silence = SilenceWatch(run.product.chips)
        self._counters = HashCounters(run.product, run.slot.clock)
        self._census_at = self._quiet_until = -math.inf
        self._celsius = math.nan

    # ---- counts that the plan asks for

    def count_after_reset(self, volts: float, where: str) -> int:
        """Move the output to ``volts``, reset, and count at the boot baud; the chips have forgotten all.

        Returns the least count.
        """
        run = self._run
        self._step(volts)
        conditions = self._conditions()
        found = count_after_reset(run.slot, run.product, run.model)
        return self._keep(where, found, *conditions)

    def count(self, where: str) -> int:
        """Count a configured chain at its fast baud while it does not hash. Returns the least count."""
        run = self._run
        conditions = self._conditions()
        return self._keep(where, count_again(run.slot, run.product, run.model), *conditions)

    def count_at(self, volts: float, where: str) -> int:
        """Move the output to ``volts``, let it settle, and count as ``count`` does."""
        self._step(volts)
        return self.count(where)

    def saw(self, bring_up: BringUp) -> None:
        """Keep the counts of a bring-up."""
        conditions = self._conditions()
        self._keep("bring-up, after reset", bring_up.boot, *conditions)
        if bring_up.fast is not None:
            self._keep("bring-up, addressed, at the fast baud", bring_up.fast, *conditions)

    @property
    def least(self) -> int:
        """The shortest count so far; 0 before any."""
        return min((one.count for one in self._run.log.counts), default=0)

    def look_into(self) -> None:
        """Find out why, if any count of this run was short. The chain ends up unaddressed then.

        Raises what the slot's parts raise.
        """
        if self.least < self._run.product.chips:
            counts_were_short(self._run)

    def judge(self, name: str) -> None:
        """Look into what is short, and take the least count of the run as measurement ``name``."""
        self.look_into()
        self._run.measure(name, float(self.least))

    def check_registers(self, *written: Written) -> None:
        """Read registers back from every chip; what differs is written again and told, the rest measured."""
        run = self._run
        back = check_registers(run.slot, run.product, run.model, written)
        for attempt in back.attempts:
            for difference in attempt:
                run.log.happened("register", str(difference))
        wrong = np.zeros(run.product.chips)
        np.add.at(wrong, [one.chip for one in back.differences], 1)
        run.measure("register_faults", *wrong)

    def check_bring_up(self) -> None:
        """What the bring-up wrote."""
        self.check_registers(*bring_up_words(self._run.product, self._run.recipe))

    def check_clocks(self, mhz: float) -> None:
        """The hash clock of every chip."""
        self.check_registers(clock_words([mhz] * self._run.product.chips))

    # ---- the chain at work

    def listen(self, stream: WorkStream) -> None:
        """To be called at every tick: who fell silent, and from time to time who answers to its name.

        A chain that broke is looked into at once and stops the board.
        """
        now = self._run.slot.clock.now()
        self._silence.update(stream.heard, now)
        if self._silence.lost_from is not None and now >= self._quiet_until:
            self._doubt(stream, self._silence.lost_from)
        if now - self._census_at >= CENSUS_SECONDS:
            self._census(stream)

    def begin_work(self, stream: WorkStream) -> None:
        """The chips have just been set to work."""
        self._silence.restart(stream.heard, self._run.slot.clock.now())
        self._census_at = -math.inf

    def end_work(self, stream: WorkStream) -> None:
        """A last look at counters and count, before the work ends."""
        self._census(stream)
        self._run.measure("chip_terahash_per_second", *self._counters.terahash_per_second)
        self._run.measure("chip_error_counter", *self._counters.errors)

    def broken_before(self, stream: WorkStream) -> int | None:
        """The chip before which a board that was just switched off broke, as far as its answers tell."""
        stream.catch_up()
        return broken_before(stream.heard_last)

    def keep_at_work(self, where: str, count: int) -> None:
        """Keep a count that was made at work; 0 where nobody can say who is left."""
        log, product = self._run.log, self._run.product
        hottest = self._run.hottest
        celsius = hottest if math.isfinite(hottest) else self._celsius
        log.counted(
            Count(where, count, log.terminal_volts, celsius, product.chain_baud, at_work=True), product.chips
        )

    def _doubt(self, stream: WorkStream, lost_from: int) -> None:
        """A whole tail fell silent: is it still there?"""
        run = self._run
        found = self._at_work(stream, DOUBT_SECONDS)
        self._quiet_until = run.slot.clock.now() + QUIET_SECONDS
        self._silence.restart(stream.heard, run.slot.clock.now())
        self.keep_at_work(f"chips from {lost_from} on fell silent", found.count)
        if found.count < run.product.chips:
            broke_at_work(run, f"chips {found.count} to {run.product.chips - 1} fell silent under work")

    def _census(self, stream: WorkStream) -> None:
        run = self._run
        self._census_at = run.slot.clock.now()
        found = self._at_work(stream, STREAM_SECONDS)
        self._counters.look(stream)
        self.keep_at_work("at work", found.count)
        if found.count < run.product.chips:
            broke_at_work(run, f"only {found.count} chips answered to their name under work")

    def _at_work(self, stream: WorkStream, seconds: float) -> StreamCount:
        """A count of chips that have power: who is off because of a trip is not missing."""
        run = self._run
        found = count_at_work(stream, run.product, seconds=seconds)
        if found.count < run.product.chips:
            run.slot.supply.read()          # raises the trip, if the guard has switched off meanwhile
        return found

    # ---- inside

    def _step(self, volts: float) -> None:
        if volts != self._run.set_volts:
            self._run.step_volts(volts)
            self._run.slot.clock.sleep(SETTLE_SECONDS)

    def _conditions(self) -> tuple[float, float]:
        """Volts across the board and celsius of its hottest sensor, now."""
        run = self._run
        celsius = hottest_of(read_sensors(run.slot, run.product))
        self._celsius = math.nan if celsius is None else celsius
        return run.slot.supply.read().volts.value, self._celsius

    def _keep(self, where: str, found: Discovery, volts: float, celsius: float) -> int:
        """A board that cools was hotter when chips were missing, and cooler when they were back.

        Raises WireError when no try came whole: what such counts say of the board would be the wire's.
        """
        log, chips = self._run.log, self._run.product.chips
        if found.damaged_tries:
            raise WireError(
                f"{where}: found damaged replies in each of {found.damaged_tries} counts of the chips, "
                "expected a whole one; check the chain's cable, the level shifter, and what lies beside them"
            )
        both = celsius, self._conditions()[1]
        for one in found.sound:
            then = max(both) if one.count < chips else min(both)
            log.counted(Count(where, one.count, volts, then, one.baud), chips)
        self._run.show_chips(found.counts[-1])
        return min(found.counts)
