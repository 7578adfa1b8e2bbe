"""From reset to a configured chain at its fast baud, clock still idle: the factory's order.

Order, values and frames: 256foundation/mujina mujina-miner/src/asic/bm13xx/REFERENCE.md (captures of
S21 Pro production firmware). Pauses that it does not give are those of GPTechinno/bm13xx-rs and
bitaxeorg/ESP-Miner. Step numbers in comments count as in that order; the clock ramp (15) is
rig.board.ramp's, the first job and the nonce offsets (16 to 19) are rig.board.work_stream's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from rig.bm13xx import registers
from rig.bm13xx.chain import ChainLayout
from rig.bm13xx.commands import ChainInactive, SetAddress, WriteRegister
from rig.bm13xx.models import ChipModel
from rig.bm13xx.registers import Register
from rig.bm13xx.ticket import ticket_mask
from rig.board.commanding import Commander
from rig.board.discovery import Discovery, Enumeration, enumerate_chain
from rig.board.reset import reset_chain
from rig.recipe import Product, Recipe
from rig.slot import Slot

WRITE_SECONDS = 0.01            # between writes
RESET_STATE_SECONDS = 0.1
INACTIVE_SECONDS = 0.03
ADDRESSED_SECONDS = 0.1
RELAYED_SECONDS = 0.2
BAUD_SECONDS = 0.06             # the chips' rate changes at once; the write must have left the wire
HOST_BAUD_SECONDS = 0.05
CHIPS_SET_SECONDS = 0.1
BOOT_SILENCE_SECONDS = 1.0      # as ESP-Miner: no byte for so long ends the count
FAST_SILENCE_SECONDS = 0.5
ADDRESSES = 0x100               # all that fit are handed out; those beyond the last chip vanish
RELAY_GAP_BASE = 14


@dataclass(frozen=True, slots=True)
class BringUp:
    """What a bring-up found and did. ``fast`` is None when the boot count ended it.

    ``complete``: every sound count full, every id the model's, every address answered once. Only
    such a board may leave its idle clock.
    """

    boot: Discovery
    fast: Discovery | None
    clashing_addresses: tuple[int, ...]     # answered by more than one chip
    missing_addresses: tuple[int, ...]      # answered by none, at the fast baud
    complete: bool
    register_writes: int
    seconds: float

    @property
    def counts(self) -> tuple[int, ...]:
        """Chips found by each sound enumeration, in order, the one at the fast baud last."""
        return self.boot.counts + (self.fast.counts if self.fast else ())

    @property
    def chip_ids(self) -> tuple[int, ...]:
        """Ids of the last sound enumeration, in order of arrival."""
        return (self.fast or self.boot).chip_ids

    @property
    def foreign_ids(self) -> dict[int, int]:
        """Position in the chain → id, of chips that are another model."""
        return (self.fast or self.boot).foreign_ids

    @property
    def tries(self) -> tuple[Enumeration, ...]:
        """Every enumeration made, damaged ones among them."""
        return self.boot.tries + (self.fast.tries if self.fast else ())

    @property
    def damaged_bytes(self) -> int:
        """Bytes received that belonged to no whole reply: the wire's, not the board's."""
        return sum(one.damaged_bytes for one in self.tries)


def bring_up(slot: Slot, product: Product, recipe: Recipe, model: ChipModel) -> BringUp:
    """Reset, count, and configure when the count is full. Raises LinkError and what ``side`` raises.

    Needs the board at its pre-open volts. A short count is a measurement: the chain is then left
    as it answered, unaddressed, on its idle clock.
    """
    started = slot.clock.now()
    commander = Commander(slot)
    boot = discover(slot, commander, product, model)
    fast = configure(slot, commander, product, recipe, model) if boot.complete else None
    found = Counter(fast.sound[-1].addresses if fast else ())
    layout = ChainLayout(product.chips, product.address_interval)
    given = [layout.address(chip) for chip in range(product.chips)] if fast else []
    missing = tuple(address for address in given if not found[address])
    clashing = tuple(sorted(address for address, chips in found.items() if chips > 1))
    complete = fast is not None and fast.complete and not missing and not clashing
    if complete:
        _set_chips(commander, product, layout)
        _set_analog(commander)
    return BringUp(
        boot=boot,
        fast=fast,
        clashing_addresses=clashing,
        missing_addresses=missing,
        complete=complete,
        register_writes=commander.register_writes,
        seconds=slot.clock.now() - started,
    )


def discover(
    slot: Slot, commander: Commander, product: Product, model: ChipModel, *, expected: int | None = None
) -> Discovery:
    """Reset and count at the boot baud (steps 1, 2); once more when the count is not full.

    Tries whose replies came damaged are repeated too, up to a bound; all are kept. ``expected`` as
    in ``enumerate_chain``. Raises LinkError.
    """
    slot.link.set_baud(product.boot_baud)
    discovery = Discovery(product.chips, model.chip_id, ())
    while not discovery.settled():
        reset_chain(slot)
        for _ in range(3):                                                              # 1
            commander.send(version_mask(), pause=WRITE_SECONDS)
        discovery = discovery.plus(                                                     # 2
            enumerate_chain(
                slot, commander, model, baud=product.boot_baud, silence_seconds=BOOT_SILENCE_SECONDS,
                expected=expected,
            )
        )
    return discovery


def configure(
    slot: Slot, commander: Commander, product: Product, recipe: Recipe, model: ChipModel
) -> Discovery:
    """Addresses, clocks, signal strengths, baud (steps 3 to 12), then a count at the fast baud.

    The boot count must have been full. Raises LinkError.
    """
    layout = ChainLayout(product.chips, product.address_interval)
    write = _Writer(commander)
    write(Register.SOFT_RESET_CONTROL, registers.SOFT_RESET_ALL)                        # 3
    write(Register.MISC_CONTROL, registers.REPORT_ALL_CORES, pause=RESET_STATE_SECONDS)
    _give_addresses(slot, commander, product)                                           # 4, 5
    write(Register.CORE_MAILBOX, registers.CORE_CLOCK_SELECT)                           # 6
    write(Register.CORE_MAILBOX, registers.core_clock_delay(product.core_clock_delay))
    write(Register.TICKET_MASK, ticket_mask(recipe.ticket_zero_bits))                   # 7
    write(Register.IO_DRIVER_STRENGTH, registers.DRIVE_STRENGTH_ALL)                    # 8
    _set_borders(slot, write, product, layout)                                          # 9, 10, 11
    write(Register.UART_BAUD, baud_word(product), pause=BAUD_SECONDS)                  # 12
    slot.link.set_baud(product.chain_baud)
    slot.clock.sleep(HOST_BAUD_SECONDS)
    discovery = Discovery(product.chips, model.chip_id, ())
    while not discovery.settled():
        discovery = discovery.plus(
            enumerate_chain(
                slot, commander, model, baud=product.chain_baud, silence_seconds=FAST_SILENCE_SECONDS
            )
        )
    return discovery


def version_mask() -> WriteRegister:
    """Version rolling over all sixteen bits, for every chip; replies are 11 bytes from then on."""
    return WriteRegister(Register.MIDSTATE_CONFIG, registers.version_rolling())


def relay_gap(product: Product, domain: int) -> int:
    """Gap count of a domain's UART relays: larger the nearer to the host."""
    return product.chips_per_domain * (product.domains - domain) + RELAY_GAP_BASE


class _Writer:
    """Register writes 10 ms apart, as the factory's."""

    def __init__(self, commander: Commander) -> None:
        self._commander = commander

    def __call__(
        self, register: Register, value: int, address: int | None = None, *, pause: float = WRITE_SECONDS
    ) -> None:
        self._commander.send(WriteRegister(register, value, address), pause=pause)


def _give_addresses(slot: Slot, commander: Commander, product: Product) -> None:
    commander.send(ChainInactive(), pause=INACTIVE_SECONDS)
    for address in range(0, ADDRESSES, product.address_interval):
        commander.send(SetAddress(address), pause=WRITE_SECONDS)
    slot.clock.sleep(ADDRESSED_SECONDS)


def _set_borders(slot: Slot, write: _Writer, product: Product, layout: ChainLayout) -> None:
    """Drive strength and relays where signals cross from domain to domain, far domain first."""
    size = product.chips_per_domain
    ends = [
        (domain, layout.address(domain * size), layout.address(domain * size + size - 1))
        for domain in reversed(range(product.domains))
    ]
    for _, _, last in ends:
        write(Register.IO_DRIVER_STRENGTH, registers.DRIVE_STRENGTH_DOMAIN_END, last)
    write(Register.RING_OSC_PAD_DISABLE, registers.RING_OSC_GUARD)
    for domain, first, last in ends:
        for address in dict.fromkeys((first, last)):        # one chip a domain: it is both
            write(Register.UART_RELAY, registers.uart_relay(relay_gap(product, domain)), address)
    slot.clock.sleep(RELAYED_SECONDS)


def _set_chips(commander: Commander, product: Product, layout: ChainLayout) -> None:    # 13
    write = _Writer(commander)
    for chip in range(product.chips):
        address = layout.address(chip)
        write(Register.SOFT_RESET_CONTROL, registers.SOFT_RESET_CHIP, address)
        write(Register.MISC_CONTROL, registers.REPORT_ALL_CORES, address)
        write(Register.CORE_MAILBOX, registers.CORE_CLOCK_SELECT, address)
        write(Register.CORE_MAILBOX, registers.core_clock_delay(product.core_clock_delay), address)
        write(Register.CORE_MAILBOX, registers.CORE_ENABLE, address)


def _set_analog(commander: Commander) -> None:                                          # 14
    write = _Writer(commander)
    write(Register.ADC_CTRL1, registers.ADC_CTRL1_DIODE)
    write(Register.ANALOG_MUX, registers.ANALOG_MUX_DIODE)
    write(Register.ADC_CTRL1, registers.ADC_CTRL1_DIODE)
    write(Register.CORE_MAILBOX, registers.NONCE_OVERFLOW_CONTROL)


def baud_word(product: Product) -> int:
    """UART_BAUD for the product's fast baud."""
    fastest = registers.baud_of(registers.uart_baud(0))
    return registers.uart_baud(round(fastest / product.chain_baud) - 1)
