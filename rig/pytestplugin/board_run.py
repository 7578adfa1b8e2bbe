"""What a test plan sees: measure, drive a procedure, power on. One object a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import Protocol, TypeVar

from rig.board import BringUp, WarmthKeeper, WorkStream
from rig.errors import GuardTrip
from rig.guard.envelope import Cause
from rig.pytestplugin.chain_watch import ChainWatch
from rig.pytestplugin.judge import WorkJudge
from rig.pytestplugin.log import RunLog
from rig.pytestplugin.loss import after_current_drop, after_domain_rose, fell_silent
from rig.pytestplugin.powered_run import PoweredRun, volts_of
from rig.pytestplugin.progress import Progress, Status
from rig.pytestplugin.recording import Recorder
from rig.pytestplugin.retry import retry
from rig.pytestplugin.setup import RunSetup
from rig.pytestplugin.warmth import WarmthLog
from rig.pytestplugin.wire import WireMeter
from rig.recipe import Level, Limits
from rig.slot import Phase, SlotProvider
from rig.work.issue import Issue
from rig.work.ledger import Ledger


class Tick(Protocol):
    """The least a long procedure's tick says."""

    @property
    def seconds(self) -> float: ...


T = TypeVar("T", bound=Tick)

# A hashing board is never silent for so long, and the ledger counts no miss before: so silence is
# looked into before any chip is blamed for it.
SILENT_SECONDS = 0.9

# The measurement whose limit no domain may pass at any scan; a product without it has none.
HIGHEST_DOMAIN = "highest_domain_volts"
# What the domains under work are held against: the same before the clock ran.
BEFORE_CLOCK = "pre_open_deviation_volts"


class Run(PoweredRun):
    """One board's run through a plan.

    Public facts: serial, slot, product, recipe, level, model, pack, sampler, supply_entry (of the
    fixture file), set_volts (of the supply's output). Everything measured,
    seen and sampled goes to the journal as it comes.
    """

    def __init__(self, setup: RunSetup, slot: SlotProvider, log: RunLog, progress: Progress) -> None:
        super().__init__(setup, slot, log)
        self._setup, self._facts, self._rule = setup, setup.facts, setup.new_rule()
        self._progress = progress
        self._bring_up: BringUp | None = None
        self._work: WorkStream | None = None
        self._keeper: WarmthKeeper | None = None
        self._longest_silence = 0.0
        self._wire = WireMeter(self.measure)
        self._warmth = WarmthLog(self.recipe.cooling)
        self._status = Status(chips=self.product.chips)
        self.chain = ChainWatch(self)

    def phase(self, name: str) -> None:
        """Name what is being done now, for journal and progress."""
        self.log.mark(name)
        self._show(phase=name, seconds_left=None)

    def saw_chips(self, bring_up: BringUp) -> None:
        """Keep what the enumerations found."""
        self._bring_up = bring_up
        self.log.bring_up = bring_up
        self.log.note(
            "bring-up", counts=list(bring_up.counts), foreign=len(bring_up.foreign_ids),
            register_writes=bring_up.register_writes, seconds=round(bring_up.seconds, 3),
        )
        self.chain.saw(bring_up)

    def show_chips(self, found: int) -> None:
        """Tell whoever looks on how many chips answered."""
        self._show(chips_found=found)

    @property
    def hottest(self) -> float:
        """The board's hottest sensor at the last tick of a drive, celsius; NaN before."""
        return self._warmth.present

    @property
    def bring_up(self) -> BringUp:
        """What the bring-up found. Raises RuntimeError before ``saw_chips``."""
        if self._bring_up is None:
            raise RuntimeError("found no bring-up, expected saw_chips() first")
        return self._bring_up

    def open_work(self) -> WorkStream:
        """Set the chips hashing on the pack's jobs."""
        self.phase("opening work")
        self._work = WorkStream(
            self.slot, self.product, self.recipe, self.pack, self.model, job_seconds=self._rule.job_seconds
        )
        self._keeper = WarmthKeeper(self.slot, self.product, self.recipe, self._work)
        self._work.open()
        self.chain.begin_work(self._work)
        return self._work

    def end_work(self) -> None:
        """The chips hash no more: nobody listens for their answers."""
        self._work = self._keeper = None

    def close_work(self) -> None:
        """A last look at the chips at work, then they hash no more."""
        work = self.work
        self.chain.end_work(work)
        work.close()
        self.end_work()
        self._wire = WireMeter(self.measure)

    def stand_at(self, level: Level) -> None:
        """Clock and volts are ``level``'s now: it is what the board is judged at and graded to."""
        self.level, self.log.level = level, level.level
        self._setup = self._setup.at_level(level)
        self._judge_by(self._setup.plan.limits)

    @property
    def work(self) -> WorkStream:
        """The open work stream. Raises RuntimeError before ``open_work``."""
        if self._work is None:
            raise RuntimeError("found no work stream, expected open_work() first")
        return self._work

    @property
    def keeper(self) -> WarmthKeeper:
        """What holds the soak temperature. Raises RuntimeError before ``open_work``."""
        if self._keeper is None:
            raise RuntimeError("found no work stream, expected open_work() first")
        return self._keeper

    def ledger(self, closed: Callable[[Issue], None] | None = None) -> Ledger:
        """A fresh book of answers for the pack at this level's clock; ``closed`` is told of issues."""
        return Ledger(
            self.pack, self.pack.layout, self.product.sweep_length, self.level.mhz,
            ticket_zero_bits=self.recipe.ticket_zero_bits, closed=closed,
        )

    @property
    def recorder(self) -> Recorder:
        """What `rig pack record` keeps answers in. Raises RuntimeError in any other run."""
        if not isinstance(self._rule, Recorder):
            raise RuntimeError("found a run that judges, expected one of `rig pack record`")
        return self._rule

    def retry(self, group: Callable[[], object], *, attempts: int = 2, power_cycle: bool = False) -> bool:
        """Do ``group`` again while a limit fails in it: see rig.pytestplugin.retry."""
        return retry(self, group, attempts=attempts, power_cycle=power_cycle)

    def _judge_by(self, limits: Limits) -> None:
        super()._judge_by(limits)
        self._setup = setup = self._setup.judging_by(limits)
        self._facts, self._rule = setup.facts, setup.new_rule()

    def judge(self, ledger: Ledger) -> WorkJudge:
        """What judges a burn-in that is booked in ``ledger``, by the recipe's mode."""
        return WorkJudge(self._facts, self._rule, ledger)

    def drive(
        self,
        name: str,
        phase: Phase,
        deadline_seconds: float,
        ticks: Iterator[T],
        *,
        expected_seconds: float | None = None,
        watch: Callable[[T], bool] | None = None,
    ) -> T:
        """Consume a long procedure: announce it to the guard, sample, show, stop when ``watch`` says.

        Returns the last tick. Raises what the procedure and the instruments raise.
        """
        self.phase(name)
        self.slot.supply.enter(phase, deadline_seconds)
        self.log.note("drive", name=name, deadline_seconds=deadline_seconds)
        self.sampler.begin()
        self._warmth.begin()
        last: T | None = None
        try:
            for tick in ticks:
                last = tick
                self._look(tick, expected_seconds)
                if watch is not None and watch(tick):
                    break
        except GuardTrip as trip:
            if trip.code == Cause.CURRENT_DROP and self._work is not None:
                after_current_drop(self, self._work, trip)
            raise
        if isinstance(ticks, Generator):
            ticks.close()
        self._show(mhz=getattr(last, "mhz", self._status.mhz))
        if last is None:
            raise RuntimeError(f"{name}: found a procedure without a tick, expected at least one")
        return last

    def measure_power(self) -> None:
        """Power at the level: means since the drive began, volts of the domains."""
        volts = self.saw_domains()
        watts, amps = self._board_watts(), self.sampler.mean_amps()
        mean = math.fsum(volts) / len(volts)
        self.measure("board_watts", watts)
        self.measure("board_amps", amps)
        self.measure("terminal_volts", self.log.terminal_volts)
        self.measure("domain_volts", *volts)
        deviations = [value - mean for value in volts]
        self.measure("domain_deviation_volts", *deviations)
        before = self.log.values_of(BEFORE_CLOCK) or (math.nan,) * len(deviations)
        shifts = [now - then for now, then in zip(deviations, before, strict=True)]
        self.measure("domain_shift_volts", *shifts)
        self.measure("energy_watt_hours", self.sampler.settled_power().watt_hours.value)
        self.measure("hottest_celsius", self._warmth.hottest)
        self.measure("cooling_ratio", self._warmth.cooling_ratio(watts, self.log.celsius))
        self.measure("kelvin_per_kilowatt", self._warmth.kelvin_per_kilowatt(watts, self.log.celsius))
        self.measure_sensors()

    def measure_sensors(self) -> None:
        """Whether every sensor moved with the board in the last drive."""
        self.measure("sensor_follow_share", *self._warmth.follow_shares())

    def measure_answers(self, judge: WorkJudge) -> None:
        """What the work says of each chip, its cores and the board: by our figures and the incumbent's."""
        figures = judge.figures()
        self.log.answers = figures.answers
        self.measure("longest_silence_seconds", self._longest_silence)
        self._wire.close(figures.answers.tally)
        for name, values in figures.measurements():
            self.measure(name, *values)
        self.measure("joules_per_terahash", self._board_watts() / figures.answers.terahash_per_second)

    def _board_watts(self) -> float:
        """Mean power at the board's pads: the meter's, less what the contacts before them take."""
        lost_volts = self.sampler.mean_volts() - self.log.terminal_volts
        return self.sampler.mean_watts() - self.sampler.mean_amps() * lost_volts

    def _look(self, tick: Tick, expected_seconds: float | None) -> None:
        self._listen()
        self._warmth.feel(tick)
        sample = self.sampler.step()
        if sample is None:
            return
        if sample.scan is not None:
            volts = volts_of(sample.scan)
            self._hold_domains(max(volts))
            self.log.saw_scan(volts, sample.scan.terminals.value)
        self.log.sampled(sample, tick)
        left = None if expected_seconds is None else max(0.0, expected_seconds - tick.seconds)
        tally = getattr(tick, "tally", None)
        self._show(
            mhz=getattr(tick, "mhz", self._status.mhz),
            answers_per_second=tally.answers / tick.seconds if tally and tick.seconds > 1 else None,
            watts=sample.meter.watts.value,
            celsius=self._warmth.present,
            seconds_left=left,
            volts=sample.supply.volts.value,
            domain_volts=self.log.domain_volts,
            sensors=getattr(tick, "celsius", self._status.sensors),
            tally=tally or self._status.tally,
        )

    def _hold_domains(self, highest: float) -> None:
        """A domain above its limit: off is ordered before a word is written about it."""
        spec = self._judge.limits.measurements.get(HIGHEST_DOMAIN)
        if spec is None or spec.limit is None or spec.limit.holds(highest):
            return
        self.slot.supply.off()
        if self._work is not None:
            after_domain_rose(self, self._work, highest)
        self.measure(HIGHEST_DOMAIN, highest)

    def _listen(self) -> None:
        """Silence is the link's fault if it does not echo, else the chain's; damage is the wire's."""
        if self._work is None:
            return
        wire = self._work.wire
        self._longest_silence = max(self._longest_silence, wire.silent_seconds)
        if wire.silent_seconds > SILENT_SECONDS:
            self.check_link()
            fell_silent(self, wire.silent_seconds)
        self._wire.look(wire)
        self.chain.listen(self._work)

    def _show(self, **changes: object) -> None:
        self._status = replace(self._status, **changes)  # type: ignore[arg-type]
        self._progress.show(self._status)
