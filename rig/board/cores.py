"""Which cores of a chip work: to ask a subset alone, or to leave out those that are known to be dead."""

from __future__ import annotations

from collections.abc import Collection

from rig.bm13xx import registers
from rig.bm13xx.chain import ChainLayout
from rig.bm13xx.commands import WriteRegister
from rig.bm13xx.models import ChipModel
from rig.bm13xx.registers import Register
from rig.board.commanding import Commander
from rig.errors import RecipeError
from rig.recipe import Product
from rig.slot import Slot

CORE_SECONDS = 0.002


def set_cores(slot: Slot, product: Product, model: ChipModel, chip: int, cores: Collection[int]) -> int:
    """Let only ``cores`` of one chip work; returns the register writes sent.

    The chip's load changes with them. Raises RecipeError for a place that the chip or the board has
    not got (nothing is sent), LinkError.
    """
    if not 0 <= chip < product.chips:
        raise RecipeError(f"core mask: found chip {chip}, expected 0 to {product.chips - 1}")
    strange = sorted(core for core in cores if not 0 <= core < model.cores)
    if strange:
        raise RecipeError(f"core mask: found core {strange[0]}, expected 0 to {model.cores - 1}")
    address = ChainLayout(product.chips, product.address_interval).address(chip)
    commander = Commander(slot)
    for word in _words(model, sorted(set(cores))):
        commander.send(WriteRegister(Register.CORE_MAILBOX, word, address), pause=CORE_SECONDS)
    return commander.register_writes


def _words(model: ChipModel, cores: list[int]) -> list[int]:
    if len(cores) == model.cores:
        return [registers.CORE_ENABLE]
    none = registers.mailbox_write(registers.CORE_ENABLE_REGISTER, registers.CORE_DISABLED)
    one = [
        registers.mailbox_write(registers.CORE_ENABLE_REGISTER, registers.CORE_ENABLED, core)
        for core in cores
    ]
    return [none, *one]
