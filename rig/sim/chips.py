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
from rig.sim.arrays import Flags, Floats, Index, Words

LOCKED, PLL_ENABLE, ROLLING, OFFSET_ENABLE = 1 << 31, 1 << 30, 1 << 31, 1 << 31
CORE_ENABLE_REGISTER, CORE_ENABLED = 0x02, 0xAA
ALL_CORES, MAILBOX_WRITE = 1 << 31, 1 << 15
NONCE_REPORT_SHIFT, QUARTERS = 28, 4
HASHES_PER_COUNT = 2.0**32
_CORE_REGISTERS = 32
_CORE_RESETS = {0x00: 0x52, 0x02: 0x55, 0x06: 0x08}
_COUNTERS = frozenset({
    Register.NONCE_ERROR_COUNTER, Register.HASH_COUNTER_TOTAL, Register.HASH_COUNTER_DOMAIN0,
    Register.HASH_COUNTER_DOMAIN1, Register.HASH_COUNTER_DOMAIN2, Register.HASH_COUNTER_DOMAIN3,
})


@dataclass(frozen=True, slots=True)
class Held:
    """The job a chip works on, and since when (seconds)."""

    job: Job
    since: float


class Chips:
    """``count`` chips in chain order; a command acts on the first ``reach`` of them.

    ``mhz`` (count,) hash clocks; ``baud`` (count,) their UART rates; ``held`` the job of each.
    ``revision`` moves whenever something changed that what the chips find depends on.
    """

    def __init__(self, model: ChipModel, count: int) -> None:
        self.model = model
        self.count = count
        self.revision = 0
        self._reset_row: Words = np.zeros(256, dtype=np.uint32)
        for register, value in RESET_VALUES.items():
            self._reset_row[register] = value
        self.registers: Words = np.tile(self._reset_row, (count, 1))
        self.cores = np.zeros((count, _CORE_REGISTERS, model.cores), dtype=np.uint8)
        self.addressed: Flags = np.zeros(count, dtype=np.bool_)
        self.address = np.zeros(count, dtype=np.uint8)
        self.mhz: Floats = np.zeros(count)
        self.baud: Floats = np.zeros(count)
        self.hashes: Floats = np.zeros(count)
        self.errors: Floats = np.zeros(count)
        self.ids: Words = np.full(count, model.chip_id, dtype=np.uint32)
        self.held: list[Held | None] = [None] * count
        self._known_at = -1
        self._known: tuple[Flags, Flags] = (self.addressed, self.addressed)
        self.reset(np.ones(count, dtype=np.bool_))

    def reset(self, which: Flags) -> None:
        """Reset pin or power-up of the chips in ``which`` (count,)."""
        self.revision += 1
        self.registers[which] = self._reset_row
        self.cores[which] = 0
        for register, value in _CORE_RESETS.items():
            self.cores[which, register] = value
        self.addressed[which] = False
        self.address[which] = 0
        self.mhz[which] = mhz_of(int(self._reset_row[Register.PLL0_PARAMETER]))
        self.baud[which] = baud_of(int(self._reset_row[Register.UART_BAUD]))
        self.hashes[which] = self.errors[which] = 0
        for chip in np.flatnonzero(which):
            self.held[chip] = None

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
                    self.addressed[waiting[0]] = True
                    self.address[waiting[0]] = address
            case SendJob(job):
                self.held[:reach] = [Held(job, now)] * reach
                self.revision += 1
        return np.empty(0, dtype=np.intp)

    def reply(self, chip: int, register: int) -> bytes:
        """What one chip sends for a register, in its present length of reply."""
        size = LONG if self.registers[chip, Register.MIDSTATE_CONFIG] & ROLLING else SHORT
        address = int(self.address[chip])
        return encode_register(self._read(chip, register), address, register, size=size)

    def _named(self, address: int | None, reach: int) -> Index:
        if address is None:
            return np.arange(reach)
        return np.flatnonzero(self.address[:reach] == address)

    def _read(self, chip: int, register: int) -> int:
        quarter_hashes = self.hashes[chip] / HASHES_PER_COUNT / QUARTERS
        match register:
            case Register.CHIP_ID:
                return int(self.ids[chip]) << 16 | int(self.address[chip])
            case Register.HASH_COUNTER_TOTAL:
                return int(quarter_hashes * QUARTERS) & 0xFFFF_FFFF
            case _ if Register.HASH_COUNTER_DOMAIN0 <= register <= Register.HASH_COUNTER_DOMAIN3:
                return int(quarter_hashes) & 0xFFFF_FFFF
            case Register.NONCE_ERROR_COUNTER:
                return int(self.errors[chip]) & 0xFFFF_FFFF
        return int(self.registers[chip, register])

    def _write(self, register: int, value: int, chips: Index, now: float) -> None:
        if register == Register.CHIP_ID or not len(chips):
            return
        working = self.willing
        self.registers[chips, register] = value
        self.revision += 1
        match register:
            case Register.PLL0_PARAMETER:
                mhz = mhz_of(value) if value & PLL_ENABLE else 0.0
                self.mhz[chips] = np.nan_to_num(mhz)
                if self.mhz[chips[0]] > 0:
                    self.registers[chips, register] |= np.uint32(LOCKED)
            case Register.UART_BAUD:
                self.baud[chips] = baud_of(value)
            case Register.CORE_MAILBOX:
                self._mailbox(value, chips)
            case _ if register in _COUNTERS:
                (self.errors if register == Register.NONCE_ERROR_COUNTER else self.hashes)[chips] = 0
        for chip in np.flatnonzero(self.willing & ~working):
            held = self.held[chip]
            if held is not None:
                self.held[chip] = Held(held.job, now)     # the sweep starts when nothing is lacking

    def _mailbox(self, word: int, chips: Index) -> None:
        register, value = word >> 8 & 0x1F, word & 0xFF
        core = (word >> 16 & 0x1FF) % self.model.cores
        where = slice(None) if word & ALL_CORES else core
        if word & MAILBOX_WRITE:
            self.cores[chips, register, where] = value
        else:
            found = self.cores[chips, register, core].astype(np.uint32)
            self.registers[chips, Register.CORE_VALUE] = np.uint32(core << 16 | 1 << 8) | found

    # ---- what they find

    @property
    def enabled_cores(self) -> Flags:
        """(count, cores)"""
        enabled: Flags = self.cores[:, CORE_ENABLE_REGISTER] == CORE_ENABLED
        return enabled

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
        if self._known_at != self.revision:
            willing: Flags = (
                (self.mhz > 0)
                & (self.registers[:, Register.HASH_COUNTING_NUMBER] != 0)
                & self.enabled_cores.any(axis=1)
            )
            self._known = willing, willing & np.array([held is not None for held in self.held])
            self._known_at = self.revision
        return self._known

    def count_hashes(self, alive: Flags, seconds: float) -> None:
        """Let the hash counters of the working chips run."""
        working = self.hashing & alive
        self.hashes += np.where(working, self.mhz * 1e6 * self.model.positions * seconds, 0.0)
