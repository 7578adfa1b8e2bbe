"""Registers read back from all chips: what was written is there, what is not is written again."""

from __future__ import annotations

from typing import Any

import pytest

from rig.bm13xx import pll, registers
from rig.bm13xx.commands import WriteRegister
from rig.bm13xx.models import ChipModel
from rig.bm13xx.registers import Register
from rig.board import bring_up_words, check_registers, clock_words
from rig.board.commanding import Commander
from rig.board.read_back import Difference, Written, read_all
from rig.recipe import Product


def write(slot: Any, register: Register, value: int, address: int | None = None) -> None:
    Commander(slot).send(WriteRegister(register, value, address), pause=0.02)


@pytest.fixture
def slot(configured: Any) -> Any:
    return configured()


def test_a_good_bring_up_left_what_it_wrote(slot: Any, virtual_bench: Any, model: ChipModel) -> None:
    plan = virtual_bench.setup.plan
    began = slot.clock.now()
    words = bring_up_words(plan.product, plan.recipe)
    back = check_registers(slot, plan.product, model, words)
    assert back.attempts == ((),)
    assert back.silent == ()
    assert len(words) == 8
    assert slot.clock.now() - began < 0.5


def test_what_differs_is_told_written_again_and_both_attempts_are_kept(
    slot: Any, virtual_bench: Any, model: ChipModel
) -> None:
    plan = virtual_bench.setup.plan
    write(slot, Register.IO_DRIVER_STRENGTH, 0x0001_2111, address=34)
    back = check_registers(slot, plan.product, model, bring_up_words(plan.product, plan.recipe))
    assert back.attempts == (
        (Difference(17, Register.IO_DRIVER_STRENGTH, 0x0001_2111, registers.DRIVE_STRENGTH_ALL),), (),
    )
    assert str(back.attempts[0][0]) == "chip 17 IO_DRIVER_STRENGTH 0x00012111 for 0x00011111"


def test_a_register_that_keeps_nothing_stays_a_difference(
    slot: Any, product: Product, model: ChipModel
) -> None:
    never = Written(Register.CHIP_ID, (0x1371_0000,) * 65, 0xFFFF_0000)
    back = check_registers(slot, product, model, [never])
    assert [len(attempt) for attempt in back.attempts] == [65, 65, 65]
    assert len(back.differences) == 65


def test_clocks_are_compared_without_the_lock_bit(slot: Any, product: Product, model: ChipModel) -> None:
    out_of_reset = check_registers(slot, product, model, [clock_words([50.0] * 65)])
    assert [len(attempt) for attempt in out_of_reset.attempts] == [65, 0]   # the same clock by other dividers
    write(slot, Register.PLL0_PARAMETER, pll.encode(56.25))
    assert check_registers(slot, product, model, [clock_words([56.25] * 65)]).attempts == ((),)


def test_who_does_not_answer_is_silent_and_no_difference(
    configured: Any, product: Product, model: ChipModel
) -> None:
    slot = configured({"kind": "broken_response", "chip": 60, "at_seconds": 11})
    slot.clock.sleep(3.0)
    back = check_registers(slot, product, model, [clock_words([50.0] * 65)])
    assert back.silent == (60, 61, 62, 63, 64)


def test_a_wire_that_damages_is_asked_again(configured: Any, product: Product, model: ChipModel) -> None:
    slot = configured({"kind": "corrupt_replies", "rate": 0.008})
    assert len(read_all(slot, product, model, Register.TICKET_MASK)) == 65
