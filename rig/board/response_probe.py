"""Do the chips that are not heard still work? Asked of the rail, not of the chips.

A break in the command line and a break in the way back give the same count. So all chips are told
to hash, by broadcast and without a report, at a low clock and the lowest rail: where the current
rises as a whole board's does and no domain moves against the others, the unheard ones work.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rig.bm13xx import pll, registers
from rig.bm13xx.commands import Command, SendJob, WriteRegister
from rig.bm13xx.jobs import Job
from rig.bm13xx.registers import Register
from rig.board.bring_up import WRITE_SECONDS, version_mask
from rig.board.commanding import Commander
from rig.board.reset import reset_chain
from rig.recipe import Product
from rig.slot import ScanReading, Slot
from rig.work.pack import Pack

PROBE_MHZ = 100.0               # 14 A of a whole board; half a board at it does the rest no harm
PROBE_STEP_MHZ, PROBE_STEP_SECONDS = 25.0, 0.05
SETTLE_SECONDS = 0.2            # of the rail, and for a reading of the supply that is not from before
NO_REPORT = 0x0000_C100         # MISC_CONTROL as out of reset: masked cores hash, and say nothing


@dataclass(frozen=True, slots=True)
class ResponseProbe:
    """What the rail said. Amps at the supply; ``shift_volts`` (domains,): how far each domain moved
    against the mean of all between idle and work. ``seconds`` the chips were told to work."""

    idle_amps: float
    work_amps: float
    shift_volts: tuple[float, ...]
    seconds: float


def probe_response(slot: Slot, product: Product, pack: Pack) -> ResponseProbe:
    """Let every chip that hears the host hash for less than two seconds, and look at the rail.

    Needs the lowest rail and a current limit above 20 A; leaves the chain held in reset. Raises what
    ``side``, ``supply`` and ``scanner`` raise, and LinkError.
    """
    slot.link.set_baud(product.boot_baud)
    reset_chain(slot)
    slot.clock.sleep(SETTLE_SECONDS)
    idle = slot.scanner.read()
    slot.clock.sleep(SETTLE_SECONDS)
    idle_amps = slot.supply.read().amps.value
    commander = Commander(slot)
    for command in _setting_up(product):
        commander.send(command, pause=WRITE_SECONDS)
    started = slot.clock.now()
    try:
        for command in _setting_to_work(product, pack):
            commander.send(command, pause=PROBE_STEP_SECONDS)
        slot.clock.sleep(SETTLE_SECONDS)
        work = slot.scanner.read()
        slot.clock.sleep(SETTLE_SECONDS)
        work_amps = slot.supply.read().amps.value
    finally:
        slot.side.hold_reset()
    return ResponseProbe(idle_amps, work_amps, _shift(idle, work), slot.clock.now() - started)


def _setting_up(product: Product) -> tuple[Command, ...]:
    words = (
        (Register.SOFT_RESET_CONTROL, registers.SOFT_RESET_CHIP),
        (Register.MISC_CONTROL, NO_REPORT),
        (Register.CORE_MAILBOX, registers.CORE_CLOCK_SELECT),
        (Register.CORE_MAILBOX, registers.core_clock_delay(product.core_clock_delay)),
        (Register.CORE_MAILBOX, registers.CORE_ENABLE),
    )
    return (version_mask(), *(WriteRegister(register, value) for register, value in words))


def _setting_to_work(product: Product, pack: Pack) -> list[Command]:
    job = Job.from_header(0, pack.templates[0].tobytes())
    steps = math.ceil((PROBE_MHZ - product.idle_mhz) / PROBE_STEP_MHZ)
    clocks = [min(PROBE_MHZ, product.idle_mhz + PROBE_STEP_MHZ * step) for step in range(1, steps + 1)]
    return [
        SendJob(job),
        WriteRegister(Register.HASH_COUNTING_NUMBER, product.sweep_length),
        *(WriteRegister(Register.PLL0_PARAMETER, pll.encode(mhz)) for mhz in clocks),
    ]


def _shift(idle: ScanReading, work: ScanReading) -> tuple[float, ...]:
    """How far each domain moved against the mean; volts. NaN where a channel gave no number."""
    moved = [after.value - before.value for before, after in zip(idle.domains, work.domains, strict=True)]
    mean = math.fsum(moved) / len(moved)
    return tuple(one - mean for one in moved)
