"""The chips of one chain as their host sees them: addresses, registers, clocks, jobs.

State is kept in arrays over all chips, so a broadcast is one assignment. What a chip demands before
it hashes: 256foundation/mujina ``mujina-miner/src/asic/bm13xx/REFERENCE.md`` (in part inferred).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rig.bm13xx.commands import (
    ChainInactive,
    Command,
    ReadRegister,
    SendJob,
    SetAddress,
    WriteRegister,
)
from rig.bm13xx.jobs import Job
from rig.bm13xx.models import ChipModel
from rig.bm13xx.pll import mhz_of
from rig.bm13xx.registers import RESET_VALUES, Register, baud_of
from rig.bm13xx.replies import LONG, SHORT, encode_register
from rig.sim import adc
from rig.sim.arrays import Flags, Floats, Index, Words
from rig.sim.cores import Cores
from rig.sim.effects import Effects
from rig.sim.hashcounters import COUNTERS, QUARTERS, HashCounters, pace_of

LOCKED, PLL_ENABLE, ROLLING = 1 << 31, 1 << 30, 1 << 31
NONCE_REPORT_SHIFT = 28
_FOUND_DEPENDS_ON = frozenset({
    Register.PLL0_PARAMETER, Register.CHIP_NONCE_OFFSET, Register.HASH_COUNTING_NUMBER, Register.TICKET_MASK,
    Register.MISC_CONTROL, Register.UART_BAUD, Register.CORE_MAILBOX, Register.MIDSTATE_CONFIG,
})
_ALWAYS_ZERO = 0xB4                # a temperature register on relatives


@dataclass(frozen=True, slots=True)
class Held:
    """The job a chip works on, and since when (seconds)."""

    job: Job
    since: float


class Chips:
    """``count`` chips in chain order; a command acts on the first ``reach`` of them.

    ``mhz`` (count,) hash clocks; ``baud`` (count,) their UART rates; ``held`` the job of each;
    ``volts`` (count,) across each; ``counters`` of their hashes. ``revision`` moves whenever
    something changed that what the chips find depends on.
    """

    def __init__(self, model: ChipModel, count: int) -> None:
        self.model = model
        self.count = count
        self.revision = 0
        self._reset_row: Words = np.zeros(256, dtype=np.uint32)
        for register, value in RESET_VALUES.items():
            self._reset_row[register] = value
        self.registers: Words = np.tile(self._reset_row, (count, 1))
        self.cores = Cores(count, model.cores)
        self.addressed: Flags = np.zeros(count, dtype=np.bool_)
        self.address = np.zeros(count, dtype=np.uint8)
        self.mhz: Floats = np.zeros(count)
        self.baud: Floats = np.zeros(count)
        self.counters = HashCounters(count)
        self.errors: Floats = np.zeros(count)
        self.volts: Floats = np.zeros(count)
        self.ids: Words = np.full(count, model.chip_id, dtype=np.uint32)
        self.dead_cores: Flags = np.zeros((count, model.cores), dtype=np.bool_)
        self.held: list[Held | None] = [None] * count
        self._stale: Flags = np.zeros(count, dtype=np.bool_)
        self._same_address: Flags = np.zeros(count, dtype=np.bool_)
        self._converted_at: Floats = np.full(count, np.inf)
        self._known_at = -1
        self._known: tuple[Flags, Flags] = (self.addressed, self.addressed)
        self._pace_known_at = -1
        self.reset(np.ones(count, dtype=np.bool_))

    def reset(self, which: Flags) -> None:
        """Reset pin or power-up of the chips in ``which`` (count,)."""
        self.revision += 1
        self.registers[which] = self._reset_row
        self.cores.reset(which)
        self.addressed[which] = False
        self.address[which] = 0
        self.mhz[which] = mhz_of(int(self._reset_row[Register.PLL0_PARAMETER]))
        self.baud[which] = baud_of(int(self._reset_row[Register.UART_BAUD]))
        self.counters.reset(which)
        self.errors[which] = 0
        self._converted_at[which] = np.inf
        for chip in np.flatnonzero(which):
            self.held[chip] = None

    def suffer(self, effects: Effects) -> None:
        """What faults make of the chips from now on."""
        self.revision += 1
        self.ids, self.dead_cores, self._stale = effects.chip_ids, effects.dead_cores, effects.stale
        self._same_address = effects.same_address
        for chip in np.flatnonzero(self._same_address & self.addressed):
            self.address[chip] = self.address[chip - 1]

    # ---- commands

    def execute(self, command: Command, reach: int, now: float) -> Index:
        """Act on a command; returns the chips that answer it, in the order of their replies."""
        match command:
            case ReadRegister():
                return self._named(command.address, reach)
            case WriteRegister(register, value, address):
                self._write(register, value, self._named(address, reach), now)
            case ChainInactive():
                self.addressed[:reach] = False
                self.address[:reach] = 0
            case SetAddress(address):
                waiting = np.flatnonzero(~self.addressed[:reach])
                if len(waiting):
                    chip = waiting[0]
                    self.addressed[chip] = True
                    self.address[chip] = self.address[chip - 1] if self._same_address[chip] else address
            case SendJob(job):
                kept = {int(chip): self.held[chip] for chip in np.flatnonzero(self._stale & self.hashing)}
                self.held[:reach] = [Held(job, now)] * reach
                for stuck, held in kept.items():
                    self.held[stuck] = held
                self.revision += 1
        return np.empty(0, dtype=np.intp)

    def reply(self, chip: int, register: int, now: float) -> bytes:
        """What one chip sends for a register, in its present length of reply."""
        size = LONG if self.registers[chip, Register.MIDSTATE_CONFIG] & ROLLING else SHORT
        address = int(self.address[chip])
        return encode_register(self._read(chip, register, now), address, register, size=size)

    def _named(self, address: int | None, reach: int) -> Index:
        if address is None:
            return np.arange(reach)
        return np.flatnonzero(self.address[:reach] == address)

    def _read(self, chip: int, register: int, now: float) -> int:
        match register:
            case Register.CHIP_ID:
                return int(self.ids[chip]) << 16 | int(self.address[chip])
            case Register.NONCE_ERROR_COUNTER:
                return int(self.errors[chip]) & 0xFFFF_FFFF
            case _ if register in COUNTERS:
                return self.counters.read(chip, register)
            case Register.ADC_RESULT if now >= self._converted_at[chip]:
                config = int(self.registers[chip, Register.ADC_CONFIG])
                return adc.result(config, float(self.volts[chip]))
        return int(self.registers[chip, register])

    def _write(self, register: int, value: int, chips: Index, now: float) -> None:
        if register in (Register.CHIP_ID, Register.ADC_RESULT, _ALWAYS_ZERO) or not len(chips):
            return
        working = self.willing
        before = self.registers[chips, register]
        self.registers[chips, register] = value
        self.revision += register in _FOUND_DEPENDS_ON
        match register:
            case Register.PLL0_PARAMETER:
                mhz = mhz_of(value) if value & PLL_ENABLE else 0.0
                self.mhz[chips] = np.nan_to_num(mhz)
                if self.mhz[chips[0]] > 0:
                    self.registers[chips, register] |= np.uint32(LOCKED)
            case Register.UART_BAUD:
                self.baud[chips] = baud_of(value)
            case Register.CORE_MAILBOX:
                found = self.cores.obey(value, chips)
                if found is not None:
                    self.registers[chips, Register.CORE_VALUE] = found
            case Register.ADC_CONFIG:
                self._convert(chips[(before & adc.START == 0) & bool(value & adc.START)], now)
            case Register.NONCE_ERROR_COUNTER:
                self.errors[chips] = value
            case _ if register in COUNTERS:
                self.counters.write(chips, register, value)
        if self.willing is working:
            return
        for chip in np.flatnonzero(self.willing & ~working):
            held = self.held[chip]
            if held is not None:
                self.held[chip] = Held(held.job, now)     # the sweep starts when nothing is lacking

    def _convert(self, chips: Index, now: float) -> None:
        """Start the ADC of those among ``chips`` whose control words are right."""
        right = [
            all(self.registers[chip, register] == word for register, word in adc.CONTROL.items())
            for chip in chips
        ]
        self._converted_at[chips] = np.where(right, now + adc.CONVERSION_SECONDS, np.inf)

    # ---- what they find

    @property
    def enabled_cores(self) -> Flags:
        """(count, cores)"""
        return self.cores.enabled

    @property
    def reporting_cores(self) -> Flags:
        """(count, cores) those enabled whose quarter may report; the others hash in silence."""
        quarters = self.registers[:, Register.MISC_CONTROL, None] >> np.arange(
            NONCE_REPORT_SHIFT, NONCE_REPORT_SHIFT + QUARTERS, dtype=np.uint32
        )
        gates = np.repeat((quarters & 1).astype(np.bool_), self.model.cores // QUARTERS, axis=1)
        reporting: Flags = self.enabled_cores & gates
        return reporting

    @property
    def willing(self) -> Flags:
        """(count,) chips that lack nothing but a job to hash."""
        return self._working[0]

    @property
    def hashing(self) -> Flags:
        """(count,) chips that hash, if they are alive."""
        return self._working[1]

    @property
    def _working(self) -> tuple[Flags, Flags]:
        """Willing chips and hashing chips."""
        if self._known_at != self.revision:
            willing: Flags = (
                (self.mhz > 0)
                & (self.registers[:, Register.HASH_COUNTING_NUMBER] != 0)
                & self.enabled_cores.any(axis=1)
            )
            self._known = willing, willing & np.array([held is not None for held in self.held])
            self._known_at = self.revision
        return self._known

    def count_hashes(self, working: Flags, seconds: float) -> None:
        """Let the hash counters of the chips that work run."""
        if not working.any():
            return
        if self._pace_known_at != self.revision:
            self._pace_known_at = self.revision
            cores = self.enabled_cores & ~self.dead_cores
            self.counters.pace = pace_of(self.mhz, cores, self.model.positions)
        self.counters.run(working, seconds)
