"""Registers, counters and the ADC of the simulated chips, asked for over the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rig.bm13xx import pll, registers
from rig.bm13xx.registers import Register, mailbox_write
from rig.sim.hashcounters import HASHES_PER_COUNT

MakeHost = Callable[..., Any]
# The BM1370 out of reset, as GPTechinno/bm13xx-rs bm1370/src/lib.rs lists it; * seen in captures.
OUT_OF_RESET = {
    0x00: 0x1370_0000,                                                       # *
    0x04: 0, 0x08: 0xC054_0165, 0x0C: 0, 0x10: 0, 0x14: 0,
    0x18: 0x0000_C100,                                                       # *
    0x1C: 0, 0x20: 0x0000_0007, 0x24: 0x0010_0000,
    0x28: 0x0130_1A00,                                                       # *
    0x2C: 0x000F_0000, 0x30: 0x0000_0080, 0x34: 0, 0x38: 0, 0x3C: 0, 0x40: 0x0802_0100, 0x44: 0, 0x48: 0,
    0x4C: 0, 0x50: 0, 0x54: 0, 0x58: 0x0001_2111, 0x5C: 0x0000_FFFF, 0x60: 0x2050_0174, 0x64: 0x2050_0174,
    0x68: 0, 0x6C: 0x0001_0200, 0x70: 0, 0x7C: 0, 0x80: 0, 0x84: 0, 0x88: 0, 0x89: 0, 0x8A: 0, 0x8B: 0,
    0x8C: 0, 0x90: 0, 0x94: 0, 0x98: 0, 0x9C: 0x00F7_0073, 0xA0: 0, 0xA4: 0x0000_FFFF,
    0xA8: 0x0007_0000,                                                       # *
    0xAC: 0, 0xB0: 0, 0xB4: 0, 0xB8: 0x2000_0000, 0xBC: 0x0000_3313, 0xC0: 0x0000_2000, 0xC4: 0x0000_B850,
}
QUARTERS = (Register.HASH_COUNTER_DOMAIN0, Register.HASH_COUNTER_DOMAIN1, Register.HASH_COUNTER_DOMAIN2,
            Register.HASH_COUNTER_DOMAIN3)


@pytest.fixture
def ready(host: MakeHost) -> Any:
    one = host()
    one.bring_up()
    return one


def value_of(host: Any, register: int, chip: int = 3) -> int:
    found = host.read(register, 2 * chip, 0.02)
    assert len(found) == 1
    return int(found[0].value)


# ---- registers

def test_every_register_out_of_reset(host: MakeHost) -> None:
    one = host()
    one.power()
    one.release()
    one.write(Register.MIDSTATE_CONFIG, registers.version_rolling())
    seen = {}
    for register in OUT_OF_RESET:
        found = one.read(register)
        assert len(found) == 65
        assert len({reply.value for reply in found}) == 1
        seen[register] = found[0].value
    assert seen == OUT_OF_RESET | {Register.MIDSTATE_CONFIG: registers.version_rolling()}


def test_the_midstate_register_out_of_reset_is_read_in_nine_bytes(host: MakeHost) -> None:
    one = host()
    one.power()
    one.release()
    assert {reply.value for reply in one.read(Register.MIDSTATE_CONFIG)} == {0x0000_FFFF}
    assert len(one.raw) == 65 * 9


def test_the_relatives_temperature_register_stays_zero(ready: Any) -> None:
    ready.write(0xB4, 0xFFFF_FFFF)
    assert value_of(ready, 0xB4) == 0


def test_a_pll_that_is_off_does_not_lock(ready: Any) -> None:
    ready.write(Register.PLL0_PARAMETER, pll.encode(400.0) & ~(1 << 30))
    assert value_of(ready, Register.PLL0_PARAMETER) >> 31 == 0
    assert (ready.board.chain.chips.mhz == 0).all()


def test_one_core_of_all_chips_through_the_mailbox(ready: Any) -> None:
    ready.write(Register.CORE_MAILBOX, mailbox_write(0x05, 0x11))
    ready.write(Register.CORE_MAILBOX, 77 << 16 | 1 << 15 | 0x05 << 8 | 0x22)
    for core, value in ((76, 0x11), (77, 0x22)):
        ready.write(Register.CORE_MAILBOX, core << 16 | 0x05 << 8)
        assert {reply.value for reply in ready.read(Register.CORE_VALUE)} == {core << 16 | 1 << 8 | value}


@pytest.mark.parametrize(("register", "value"), [(0x00, 0x52), (0x02, 0x55), (0x06, 0x08), (0x0B, 0x00)])
def test_core_registers_out_of_reset(host: MakeHost, register: int, value: int) -> None:
    one = host()
    one.count()
    one.write(Register.CORE_MAILBOX, 5 << 16 | register << 8)
    assert {reply.value & 0xFF for reply in one.read(Register.CORE_VALUE)} == {value}


# ---- hash counters

def test_the_rate_of_the_counters_is_the_rate_of_the_chip(ready: Any) -> None:
    ready.job()
    ready.wait(0.2)
    before = value_of(ready, Register.HASH_COUNTER_TOTAL)
    ready.wait(1.98)
    rate = (value_of(ready, Register.HASH_COUNTER_TOTAL) - before) / 2.0
    assert rate == pytest.approx(587.5e6 * 2040 / HASHES_PER_COUNT, rel=0.05)


def test_a_quarter_is_a_quarter_of_the_whole(ready: Any) -> None:
    ready.hash_job(seconds=2.0)
    ready.write(Register.HASH_COUNTING_NUMBER, 0)          # stop, so that all are read at one time
    ready.wait(0.05)
    quarters = [value_of(ready, register) for register in QUARTERS]
    assert len(set(quarters)) == 1
    assert sum(quarters) == pytest.approx(value_of(ready, Register.HASH_COUNTER_TOTAL), abs=4)


def test_a_broadcast_zero_clears_one_counter_of_every_chip(ready: Any) -> None:
    ready.hash_job(seconds=1.0)
    ready.write(Register.HASH_COUNTING_NUMBER, 0)
    ready.wait(0.05)
    ready.write(Register.HASH_COUNTER_DOMAIN1, 0)
    assert {reply.value for reply in ready.read(Register.HASH_COUNTER_DOMAIN1)} == {0}
    assert min(reply.value for reply in ready.read(Register.HASH_COUNTER_DOMAIN2)) > 30
    ready.write(Register.HASH_COUNTER_TOTAL, 0, 6)
    totals = [reply.value for reply in ready.read(Register.HASH_COUNTER_TOTAL)]
    assert totals[3] == 0
    assert min(totals[:3] + totals[4:]) > 120


def test_counters_wrap_at_thirty_two_bits(ready: Any) -> None:
    ready.write(Register.HASH_COUNTER_TOTAL, 0xFFFF_FFF0)
    ready.hash_job(seconds=1.0)
    assert value_of(ready, Register.HASH_COUNTER_TOTAL) < 400


def test_dead_cores_and_a_slow_clock_count_less(host: MakeHost) -> None:
    one = host({"kind": "bad_cores", "chip": 3, "cores": list(range(32))})
    one.bring_up()
    one.write(Register.PLL0_PARAMETER, pll.encode(587.5 / 2), 8)
    one.hash_job(seconds=2.0)
    counts = np.array([reply.value for reply in one.read(Register.HASH_COUNTER_TOTAL)])
    assert counts[3] / counts[2] == pytest.approx(0.75, abs=0.02)
    assert counts[4] / counts[2] == pytest.approx(0.5, abs=0.02)
    assert value_of(one, QUARTERS[0]) == 0


def test_masked_quarters_hash_and_count_in_silence(ready: Any) -> None:
    ready.write(Register.MISC_CONTROL, 0x0000_C100)
    assert len(ready.hash_job(seconds=1.0).word) == 0
    assert value_of(ready, Register.HASH_COUNTER_TOTAL) > 200


def test_the_error_counter_clears(host: MakeHost) -> None:
    one = host({"kind": "hardware_errors", "chip": 3, "rate": 0.5})
    one.bring_up()
    one.hash_job(seconds=1.0)
    one.write(Register.HASH_COUNTING_NUMBER, 0)
    assert value_of(one, Register.NONCE_ERROR_COUNTER) > 10
    one.write(Register.NONCE_ERROR_COUNTER, 0)
    assert value_of(one, Register.NONCE_ERROR_COUNTER) == 0


def test_polling_the_counters_takes_nothing_from_the_stream(host: MakeHost) -> None:
    found = []
    for polling in (False, True):
        one = host(seed=9)
        one.bring_up()
        one.frames = one.frames[:0]
        one.job()
        for _ in range(8):
            if polling:
                for register in (Register.HASH_COUNTER_TOTAL, Register.NONCE_ERROR_COUNTER):
                    assert len(one.read(register, seconds=0.05)) == 65
            one.wait(0.2 if polling else 0.3)
        found.append(one.frames.tobytes())
    assert found[0] == found[1]


# ---- the ADC

def convert(host: Any, config: int = 0x230C_030D, *, wait: float = 0.06) -> int:
    host.write(Register.ADC_CONFIG, config)
    for register, word in ((Register.ADC_CTRL1, 0x3F01_4381), (Register.ADC_CTRL2, 0x0004_0010),
                           (Register.ADC_CTRL3, 0x0334_0E80)):
        host.write(register, word)
    host.write(Register.ADC_CONFIG, config | 0x0020_0000)
    host.wait(wait)
    return value_of(host, Register.ADC_RESULT)


def test_the_adc_reads_half_the_chips_volts_at_its_usual_input(ready: Any) -> None:
    found = convert(ready)
    assert found >> 31 == 1
    volts = (found & 0x7FFF) / 16384 - 1
    assert volts == pytest.approx(ready.domain_volts()[0] / 2, abs=0.003)


@pytest.mark.parametrize(("selected", "units"), [(1, 2), (2, 2), (3, 4), (4, 1), (5, 1)])
def test_units_of_the_adcs_inputs(ready: Any, selected: int, units: int) -> None:
    code = convert(ready, 0x2300_030D | selected << 18) & 0x7FFF
    assert code / 16384 - 1 == pytest.approx(units * ready.domain_volts()[0] / 8, abs=0.003)


def test_the_adc_is_not_valid_before_its_time_nor_without_its_control_words(ready: Any) -> None:
    assert value_of(ready, Register.ADC_RESULT) == 0
    assert convert(ready, wait=0.0) >> 31 == 0
    ready.wait(0.06)
    assert value_of(ready, Register.ADC_RESULT) >> 31 == 1
    ready.write(Register.ADC_CTRL1, registers.ADC_CTRL1_DIODE)
    ready.write(Register.ADC_CONFIG, 0x230C_030D)
    ready.write(Register.ADC_CONFIG, 0x232C_030D)
    ready.wait(0.1)
    assert value_of(ready, Register.ADC_RESULT) >> 31 == 0
