from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.bm13xx import registers
from rig.bm13xx.registers import RESET_VALUES, Register, fields, name_of


@pytest.mark.parametrize(("built", "written"), [
    (registers.CORE_CLOCK_SELECT, 0x8000_8B00),
    (registers.core_clock_delay(0x0C), 0x8000_800C),
    (registers.CORE_ENABLE, 0x8000_82AA),
    (registers.NONCE_OVERFLOW_CONTROL, 0x8000_8DEE),
    (registers.version_rolling(), 0x9000_FFFF),
    (registers.uart_relay(0x4F), 0x004F_0003),
    (registers.uart_baud(0), 0x0130_0000),
    (registers.uart_baud(26), RESET_VALUES[Register.UART_BAUD]),
    (registers.nonce_offset_word(0x3F1), 0x8000_03F1),
])
def test_built_values_are_the_captured_ones(built: int, written: int) -> None:
    assert built == written


@pytest.mark.parametrize(("value", "baud"), [
    (0x0130_1A00, 115_740.7), (0x1130_0200, 1_041_666.7), (0x0130_0000, 3_125_000.0),
])
def test_baud(value: int, baud: float) -> None:
    assert registers.baud_of(value) == pytest.approx(baud, abs=0.05)
    assert fields(Register.UART_BAUD, value)["baud"] == round(baud)


def test_fields_of_captured_values() -> None:
    assert fields(Register.UART_RELAY, 0x0013_0003) == {
        "gap_count": 0x13, "relay_response": 1, "relay_command": 1,
    }
    assert fields(Register.CORE_MAILBOX, 0x8000_82AA) == {
        "all_cores": 1, "core": 0, "write": 1, "core_register": 2, "value": 0xAA,
    }
    assert fields(Register.CHIP_ID, 0x1370_0004) == {"chip_id": 0x1370, "core_number": 0, "address": 4}
    assert fields(Register.TICKET_MASK, 0x0000_80FF)["extra_zero_bits"] == 9
    assert fields(Register.PLL0_PARAMETER, 0xC054_0165)["locked"] == 1
    assert fields(Register.IO_DRIVER_STRENGTH, registers.DRIVE_STRENGTH_DOMAIN_END)["clko"] == 0xF


def test_unknown_registers_have_a_name_and_no_fields() -> None:
    assert name_of(0x34) == "UNKNOWN_34"
    assert name_of(0xA8) == "SOFT_RESET_CONTROL"
    assert fields(0x34, 0xFFFF_FFFF) == {}


@given(st.integers(0, 255), st.integers(0, 0xFFFF_FFFF))
def test_any_value_of_any_register_can_be_explained(register: int, value: int) -> None:
    assert name_of(register)
    assert all(part >= 0 for part in fields(register, value).values())


@given(st.sampled_from(list(registers._FIELDS)))
def test_fields_do_not_overlap(register: int) -> None:
    places = [set(range(low, high + 1)) for high, low in registers._FIELDS[register].values()]
    assert sum(map(len, places)) == len(set().union(*places)) <= 32
