"""Registers read back from every chip and held against what was written; what differs is written again.

One broadcast read a register: 65 replies take 2.5 ms at the fast baud. Mailbox words are left out,
as the mailbox gives back nothing of the cores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rig.bm13xx import pll, registers
from rig.bm13xx.chain import ChainLayout
from rig.bm13xx.commands import ReadRegister, WriteRegister
from rig.bm13xx.models import ChipModel
from rig.bm13xx.registers import Register
from rig.bm13xx.replies import ReplyDecoder, ReplyForm
from rig.bm13xx.ticket import ticket_mask
from rig.board.bring_up import WRITE_SECONDS, baud_word, relay_gap
from rig.board.commanding import Commander
from rig.recipe import Product, Recipe
from rig.slot import Slot

ANSWER_SECONDS = 0.3            # silence that ends a read of which some replies are missing
READS = 6                       # of one register, while the wire spoils replies
ATTEMPTS = 3                    # of writing what was not kept
ALL_BITS = 0xFFFF_FFFF
LOCKED = 1 << 31                # PLL0_PARAMETER: the chip sets it


@dataclass(frozen=True, slots=True)
class Written:
    """What every chip's register should hold, (chips,); only the bits of ``mask`` are compared."""

    register: Register
    values: tuple[int, ...]
    mask: int = ALL_BITS


@dataclass(frozen=True, slots=True)
class Difference:
    """A chip's register that holds something else than was written."""

    chip: int
    register: Register
    found: int
    expected: int

    def __str__(self) -> str:
        return f"chip {self.chip} {self.register.name} 0x{self.found:08X} for 0x{self.expected:08X}"


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Every attempt's differences, in order; a good chain's only attempt is empty.

    ``silent``: chips that gave no value of some register in the last attempt.
    """

    attempts: tuple[tuple[Difference, ...], ...]
    silent: tuple[int, ...]

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What remained after the last attempt."""
        return self.attempts[-1]


def bring_up_words(product: Product, recipe: Recipe) -> tuple[Written, ...]:
    """What a complete bring-up has left in the chips' registers."""
    chips, size = product.chips, product.chips_per_domain
    first = [chip for chip in range(chips) if chip % size == 0]
    last = [chip for chip in range(chips) if chip % size == size - 1]
    strength = [registers.DRIVE_STRENGTH_ALL] * chips
    relay = [registers.RESET_VALUES[Register.UART_RELAY]] * chips
    for chip in last:
        strength[chip] = registers.DRIVE_STRENGTH_DOMAIN_END
    for chip in (*first, *last):
        relay[chip] = registers.uart_relay(relay_gap(product, product.domain_of(chip)))
    everywhere = {
        Register.TICKET_MASK: ticket_mask(recipe.ticket_zero_bits),
        Register.MISC_CONTROL: registers.REPORT_ALL_CORES,
        Register.RING_OSC_PAD_DISABLE: registers.RING_OSC_GUARD,
        Register.UART_BAUD: baud_word(product),
        Register.ANALOG_MUX: registers.ANALOG_MUX_DIODE,
        Register.MIDSTATE_CONFIG: registers.version_rolling(),
    }
    return (
        *(Written(register, (value,) * chips) for register, value in everywhere.items()),
        Written(Register.IO_DRIVER_STRENGTH, tuple(strength)),
        Written(Register.UART_RELAY, tuple(relay)),
    )


def clock_words(mhz: Sequence[float]) -> Written:
    """PLL0_PARAMETER of chips at these clocks, (chips,)."""
    return Written(Register.PLL0_PARAMETER, tuple(map(pll.encode, mhz)), ALL_BITS & ~LOCKED)


def check_registers(
    slot: Slot, product: Product, model: ChipModel, written: Sequence[Written]
) -> ReadBack:
    """Read ``written`` back from all chips of a configured chain that does not hash.

    What differs is written once more, chip by chip, and read again; every attempt is kept. Raises
    LinkError.
    """
    commander = Commander(slot)
    layout = ChainLayout(product.chips, product.address_interval)
    attempts: list[tuple[Difference, ...]] = []
    while True:
        found = {one.register: read_all(slot, product, model, one.register) for one in written}
        differences = tuple(
            difference for one in written
            if (seen := _differences(one, found[one.register], layout))
            for difference in _again(seen, read_all(slot, product, model, one.register), one, layout)
        )
        attempts.append(differences)
        if not differences or len(attempts) >= ATTEMPTS:
            silent = {
                chip for values in found.values() for chip in range(product.chips)
                if layout.address(chip) not in values
            }
            return ReadBack(tuple(attempts), tuple(sorted(silent)))
        for one in differences:
            commander.send(
                WriteRegister(one.register, one.expected, layout.address(one.chip)), pause=WRITE_SECONDS
            )


def read_all(slot: Slot, product: Product, model: ChipModel, register: Register) -> dict[int, int]:
    """Every chip's value of a register by its address, at the fast baud; who is silent is missing.

    Raises LinkError.
    """
    commander, values = Commander(slot), dict[int, int]()
    for _ in range(READS):
        decoder = ReplyDecoder(model, ReplyForm.LONG)
        slot.link.flush_input()
        commander.send(ReadRegister(register))
        damaged = False
        while len(values) < product.chips and (data := slot.link.read(ANSWER_SECONDS)):
            block = decoder.feed(data)
            values |= {one.address: one.value for one in block.registers if one.register == register}
            damaged = damaged or bool(block.skipped)
        if len(values) >= product.chips or not damaged:
            break
    return values


def _again(
    seen: Sequence[Difference], found: Mapping[int, int], written: Written, layout: ChainLayout
) -> list[Difference]:
    """What was seen and is read once more the same: a turned reply in 32 has a right checksum."""
    return [one for one in _differences(written, found, layout) if one in seen]


def _differences(
    written: Written, found: Mapping[int, int], layout: ChainLayout
) -> list[Difference]:
    pairs = ((chip, found.get(layout.address(chip)), value) for chip, value in enumerate(written.values))
    return [
        Difference(chip, written.register, now, value)
        for chip, now, value in pairs
        if now is not None and (now ^ value) & written.mask
    ]
