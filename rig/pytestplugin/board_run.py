"""What a test plan sees: measure, drive a procedure, power on. One object a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import Protocol, TypeVar

from rig.board import BringUp, EepromReading, WarmthKeeper, WorkStream, link_echoes
from rig.errors import LinkError
from rig.pytestplugin.answers import AnswerJudge, answer_figures
from rig.pytestplugin.log import RunLog
from rig.pytestplugin.progress import Progress, Status
from rig.pytestplugin.sampler import Sampler
from rig.pytestplugin.setup import RunSetup
from rig.pytestplugin.warmth import WarmthLog
from rig.pytestplugin.wire import WireMeter
from rig.recipe import Dimension
from rig.slot import Phase, Protection, ScanReading, Slot, SlotProvider
from rig.verdict.measurement import Judge, Measurement, Outcome
from rig.work.ledger import Ledger


class Tick(Protocol):
    """The least a long procedure's tick says."""

    @property
    def seconds(self) -> float: ...


T = TypeVar("T", bound=Tick)

# A hashing board is never silent for so long, and the ledger counts no miss before: so silence is
# looked into before any chip is blamed for it.
SILENT_SECONDS = 0.9

# How near the pads are brought to the level's volts, and how much the way to them may take.
TRIMMED_VOLTS = 0.01
MOST_DROP_VOLTS = 0.4
TRIM_STEPS = 3


class BoardStopped(Exception):
    """A critical measurement failed: the board goes no further. Its measurement says why."""


class Run:
    """One board's run through a plan.

    Public facts: serial, slot, product, recipe, level, model, pack, sampler. Everything measured,
    seen and sampled goes to the journal as it comes.
    """

    def __init__(self, setup: RunSetup, slot: SlotProvider, log: RunLog, progress: Progress) -> None:
        self.serial = setup.options.serial
        self.product, self.recipe = setup.plan.product, setup.plan.recipe
        self.level = self.recipe.levels[0]
        self.model, self.pack = setup.model, setup.pack
        self.slot: Slot = slot
        self.sampler = Sampler(slot)
        self.log = log
        self._provider, self._progress = slot, progress
        self._judge = Judge(
            setup.plan.limits,
            {
                Dimension.CHIP: self.product.chips,
                Dimension.DOMAIN: self.product.domains,
                Dimension.SENSOR: self.product.sensors,
            },
        )
        self._bring_up: BringUp | None = None
        self._work: WorkStream | None = None
        self._keeper: WarmthKeeper | None = None
        self._longest_silence = 0.0
        self._wire = WireMeter(self.measure)
        self._warmth = WarmthLog(self.recipe.cooling)
        self._set_volts = self.recipe.cold_volts
        self._status = Status(chips=self.product.chips)

    def measure(self, name: str, *values: float) -> bool:
        """Take one declared measurement; one value, or one per element of its dimension.

        Returns whether it holds. A failed limit does not raise, unless the measurement is declared
        critical: then the board is stopped. Raises RecipeError for an undeclared name.
        """
        attempt = self.log.attempts(name) + 1
        taken = self._judge.take(name, values, attempt=attempt, at_seconds=self.log.seconds())
        self.log.took(taken)
        failed = taken.outcome is Outcome.FAIL
        if failed and taken.spec.critical:
            raise BoardStopped(_sentence(taken))
        return not failed

    def saw_side(self, celsius: tuple[float | None, ...], eeprom: EepromReading) -> None:
        """Keep what sensors and EEPROM gave: presence, identity, chips' lot.

        The first temperatures are the cold board's; a later look only tells who still answers.
        """
        before = self.log.celsius or celsius
        self.log.celsius = tuple(
            first if now is not None else None for first, now in zip(before, celsius, strict=True)
        )
        self.log.eeprom = eeprom

    def phase(self, name: str) -> None:
        """Name what is being done now, for journal and progress."""
        self.log.mark(name)
        self._show(phase=name, seconds_left=None)

    def power_on(self) -> None:
        """Reset held low, protection set and read back, then the recipe's cold volts."""
        self.phase("cold check")
        self._provider.power_on()
        self.slot.meter.start_energy()

    def step_volts(self, volts: float) -> None:
        """Move the set point of the live output."""
        self.slot.supply.set_volts(volts)
        self._set_volts = volts

    def open_power(self, phase: Phase, seconds: float) -> None:
        """Announce ``phase`` and give the live output its volts and current limit, read back."""
        hashing = phase is Phase.HASHING
        volts = self.level.volts if hashing else self.recipe.pre_open_volts
        amps = self.recipe.limit_amps if hashing else self.recipe.pre_open_amps
        self.slot.supply.enter(phase, seconds)
        self.slot.supply.on(volts, Protection(self.recipe.over_volts, self.recipe.over_amps), amps)
        self._set_volts = volts

    def set_level_volts(self) -> None:
        """Move the set point until the board's pads, not the supply, have the level's volts.

        Cable and contact take a quarter of a volt at working current. More than that is the
        station's contact, and is left for the limits to find.
        """
        for _ in range(TRIM_STEPS):
            self.saw_domains()
            missing = self.level.volts - self.log.terminal_volts
            if abs(missing) <= TRIMMED_VOLTS:
                return
            wanted = min(max(self._set_volts + missing, self.level.volts), self.level.volts + MOST_DROP_VOLTS)
            self.step_volts(wanted)
            self.log.note("trim", set_volts=wanted, terminal_volts=self.log.terminal_volts)

    def check_link(self) -> None:
        """Send through the fixture's loop-back and listen. Raises LinkError when nothing comes back."""
        self.log.link_echoes = link_echoes(self.slot)
        self.log.note("loop-back", echoes=self.log.link_echoes)
        if not self.log.link_echoes:
            raise LinkError(
                "the chain's port did not hear its own echo through the fixture's loop-back; "
                "check the UART cable and the fixture's level shifter"
            )

    def saw_chips(self, bring_up: BringUp) -> None:
        """Keep what the enumerations found."""
        self._bring_up = bring_up
        self.log.bring_up = bring_up
        self.log.note(
            "bring-up", counts=list(bring_up.counts), foreign=len(bring_up.foreign_ids),
            register_writes=bring_up.register_writes, seconds=round(bring_up.seconds, 3),
        )
        self._show(chips_found=bring_up.counts[-1] if bring_up.counts else 0)

    @property
    def bring_up(self) -> BringUp:
        """What the bring-up found. Raises RuntimeError before ``saw_chips``."""
        if self._bring_up is None:
            raise RuntimeError("found no bring-up, expected saw_chips() first")
        return self._bring_up

    def saw_domains(self) -> tuple[float, ...]:
        """Scan the domains now; volts of each, host side first."""
        scan = self.sampler.scan()
        volts = _volts(scan)
        self.log.saw_scan(volts, scan.terminals.value)
        return volts

    def saw_idle_domains(self) -> tuple[float, ...]:
        """As ``saw_domains``, with the clock idle: what a lost domain is told by."""
        self.log.idle_domain_volts = self.saw_domains()
        return self.log.idle_domain_volts

    def open_work(self) -> WorkStream:
        """Set the chips hashing on the pack's jobs."""
        self.phase("opening work")
        self._work = WorkStream(self.slot, self.product, self.recipe, self.pack, self.model)
        self._keeper = WarmthKeeper(self.slot, self.product, self.recipe, self._work)
        self._work.open()
        return self._work

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

    def ledger(self) -> Ledger:
        """A fresh book of answers for the pack at this level's clock."""
        return Ledger(
            self.pack, self.pack.layout, self.product.sweep_length, self.level.mhz,
            ticket_zero_bits=self.recipe.ticket_zero_bits,
        )

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
        self.sampler.begin()
        self._warmth.begin()
        last: T | None = None
        for tick in ticks:
            last = tick
            self._look(tick, expected_seconds)
            if watch is not None and watch(tick):
                break
        if isinstance(ticks, Generator):
            ticks.close()
        self._show(mhz=getattr(last, "mhz", self._status.mhz))
        if last is None:
            raise RuntimeError(f"{name}: found a procedure without a tick, expected at least one")
        return last

    def measure_power(self) -> None:
        """Power at the level: means since the drive began, volts of the domains."""
        watts, amps = self.sampler.mean_watts(), self.sampler.mean_amps()
        volts = self.saw_domains()
        mean = math.fsum(volts) / len(volts)
        self.measure("board_watts", watts)
        self.measure("board_amps", amps)
        self.measure("terminal_volts", self.log.terminal_volts)
        self.measure("domain_volts", *volts)
        self.measure("domain_deviation_volts", *(value - mean for value in volts))
        self.measure("energy_watt_hours", self.sampler.settled_power().watt_hours.value)
        self.measure("hottest_celsius", self._warmth.hottest)
        self.measure("cooling_ratio", self._warmth.cooling_ratio(watts, self.log.celsius))

    def measure_answers(self, judge: AnswerJudge) -> None:
        """What the known answers say of each chip, its cores and the board."""
        figures = answer_figures(judge, self.product, self.level.mhz, self.model.positions)
        self.log.answers = figures
        watts = self.sampler.mean_watts()
        self.measure("longest_silence_seconds", self._longest_silence)
        self._wire.close(figures.tally)
        for name, values in figures.measurements():
            self.measure(name, *values)
        self.measure("joules_per_terahash", watts / figures.terahash_per_second)

    def _look(self, tick: Tick, expected_seconds: float | None) -> None:
        self._listen()
        self._warmth.feel(tick)
        sample = self.sampler.step()
        if sample is None:
            return
        if sample.scan is not None:
            self.log.saw_scan(_volts(sample.scan), sample.scan.terminals.value)
        self.log.sampled(sample, tick)
        left = None if expected_seconds is None else max(0.0, expected_seconds - tick.seconds)
        tally = getattr(tick, "tally", None)
        self._show(
            mhz=getattr(tick, "mhz", self._status.mhz),
            answers_per_second=tally.answers / tick.seconds if tally and tick.seconds > 1 else None,
            watts=sample.meter.watts.value,
            celsius=self._warmth.present,
            seconds_left=left,
        )

    def _listen(self) -> None:
        """Silence is the link's fault if it does not echo, else the chain's; damage is the wire's."""
        if self._work is None:
            return
        wire = self._work.wire
        self._longest_silence = max(self._longest_silence, wire.silent_seconds)
        if wire.silent_seconds > SILENT_SECONDS:
            self.check_link()
            self.measure("longest_silence_seconds", wire.silent_seconds)
        self._wire.look(wire)

    def _show(self, **changes: object) -> None:
        self._status = replace(self._status, **changes)  # type: ignore[arg-type]
        self._progress.show(self._status)


def _volts(scan: ScanReading) -> tuple[float, ...]:
    return tuple(reading.value for reading in scan.domains)


def _sentence(taken: Measurement) -> str:
    found = ", ".join(f"{value:g}" for value in taken.values) or "nothing"
    return f"{taken.name}: found {found} {taken.spec.unit}, expected {taken.spec.limit}".replace("  ", " ")
