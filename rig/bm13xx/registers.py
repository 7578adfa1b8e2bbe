"""The register map: names, fields, and the values that bring-up writes.

Names, fields and reset values of the BM1370: GPTechinno/bm13xx-rs ``bm1370/src/lib.rs``; values
written by production firmware: 256foundation/mujina
``mujina-miner/src/asic/bm13xx/REFERENCE.md`` (S21 Pro captures).
"""

from __future__ import annotations

from enum import IntEnum
from types import MappingProxyType

from rig.bm13xx.pll import CRYSTAL_MHZ, dividers_of
from rig.bm13xx.ticket import zero_bits_of


class Register(IntEnum):
    """Registers with a known name. From 0xB8 and at 0x88 ids are not multiples of four."""

    CHIP_ID = 0x00
    HASH_RATE = 0x04
    PLL0_PARAMETER = 0x08
    CHIP_NONCE_OFFSET = 0x0C
    HASH_COUNTING_NUMBER = 0x10
    TICKET_MASK = 0x14
    MISC_CONTROL = 0x18
    I2C_CONTROL = 0x1C
    ORDERED_CLOCK_ENABLE = 0x20
    TOP_PROCESS_MONITOR = 0x24
    UART_BAUD = 0x28
    UART_RELAY = 0x2C
    CORE_NUMBER = 0x30
    TICKET_MASK2 = 0x38
    CORE_MAILBOX = 0x3C
    CORE_VALUE = 0x40
    EXT_TEMP_READ = 0x44
    ERROR_FLAG = 0x48
    NONCE_ERROR_COUNTER = 0x4C
    NONCE_OVERFLOW_COUNTER = 0x50
    ANALOG_MUX = 0x54
    IO_DRIVER_STRENGTH = 0x58
    TIMEOUT = 0x5C
    PLL1_PARAMETER = 0x60
    PLL2_PARAMETER = 0x64
    RING_OSC_PAD_DISABLE = 0x68
    ORDERED_CLOCK_MONITOR = 0x6C
    PLL0_DIVIDER = 0x70
    PLL1_DIVIDER = 0x74
    PLL2_DIVIDER = 0x78
    PLL3_DIVIDER = 0x7C
    CLOCK_ORDER_CONTROL0 = 0x80
    CLOCK_ORDER_CONTROL1 = 0x84
    HASH_COUNTER_DOMAIN0 = 0x88
    HASH_COUNTER_DOMAIN1 = 0x89
    HASH_COUNTER_DOMAIN2 = 0x8A
    HASH_COUNTER_DOMAIN3 = 0x8B
    HASH_COUNTER_TOTAL = 0x8C
    TICKET_NONCE_COUNTER = 0x90
    GOLDEN_NONCE_FOR_SWEEP_RETURN = 0x94
    RETURNED_GROUP_PATTERN_STATUS = 0x98
    NONCE_RETURNED_TIMEOUT = 0x9C
    RETURNED_SINGLE_PATTERN_STATUS = 0xA0
    MIDSTATE_CONFIG = 0xA4
    SOFT_RESET_CONTROL = 0xA8
    ADC_CONFIG = 0xB8
    ADC_CTRL1 = 0xB9
    ADC_CTRL2 = 0xBA
    ADC_CTRL3 = 0xBB
    ADC_RESULT = 0xBD
    FREQUENCY_SWEEP_CONTROL = 0xD0
    SWEEP_NONCE_RET_TIMEOUT = 0xDC


PLLS = frozenset({Register.PLL0_PARAMETER, Register.PLL1_PARAMETER, Register.PLL2_PARAMETER})

# field → (highest bit, lowest bit)
_FIELDS: dict[int, dict[str, tuple[int, int]]] = {
    Register.CHIP_ID: {"chip_id": (31, 16), "core_number": (15, 8), "address": (7, 0)},
    Register.CHIP_NONCE_OFFSET: {"enable": (31, 31), "offset": (15, 0)},
    Register.HASH_COUNTING_NUMBER: {"sweep_length": (31, 0)},
    Register.MISC_CONTROL: {"nonce_report": (31, 28), "unknown": (27, 16), "low_half": (15, 0)},
    Register.UART_BAUD: {"clock_select": (26, 26), "divider": (15, 8)},
    Register.UART_RELAY: {"gap_count": (31, 16), "relay_response": (1, 1), "relay_command": (0, 0)},
    Register.CORE_NUMBER: {"cores": (31, 0)},
    Register.CORE_MAILBOX: {
        "all_cores": (31, 31), "core": (24, 16), "write": (15, 15), "core_register": (12, 8), "value": (7, 0),
    },
    Register.CORE_VALUE: {"core": (24, 16), "found": (15, 8), "value": (7, 0)},
    Register.EXT_TEMP_READ: {
        "local_address": (31, 24), "local_data": (23, 16),
        "external_address": (15, 8), "external_data": (7, 0),
    },
    Register.ANALOG_MUX: {"select": (3, 0)},
    Register.IO_DRIVER_STRENGTH: {
        "rf": (27, 24), "enables": (23, 20), "ro": (19, 16), "clko": (15, 12), "nrsto": (11, 8),
        "bo": (7, 4), "co": (3, 0),
    },
    Register.MIDSTATE_CONFIG: {
        "automatic_midstates": (31, 31), "fixed": (30, 30), "midstates_code": (29, 28),
        "version_mask": (15, 0),
    },
    Register.SOFT_RESET_CONTROL: {
        "keep": (18, 16), "bit_10": (10, 10), "bit_8": (8, 8), "bring_up": (7, 4), "core_reset": (3, 0),
    },
    Register.ADC_RESULT: {"valid": (31, 31), "code": (14, 0)},
}


def name_of(register: int) -> str:
    """The register's name, or UNKNOWN_xx with its number in hex."""
    try:
        return Register(register).name
    except ValueError:
        return f"UNKNOWN_{register:02X}"


def fields(register: int, value: int) -> dict[str, int]:
    """What is known of a value's parts; empty where nothing is.

    PLL dividers are true divisors, ``baud`` is bits a second, ``extra_zero_bits`` the bits a ticket
    mask tests.
    """
    parts = {
        name: value >> low & ((1 << (high - low + 1)) - 1)
        for name, (high, low) in _FIELDS.get(register, {}).items()
    }
    if register in PLLS:
        return _pll_fields(value)
    if register == Register.UART_BAUD:
        parts["baud"] = round(baud_of(value))
    if register == Register.TICKET_MASK:
        parts["extra_zero_bits"] = zero_bits_of(value)
    return parts


def _pll_fields(value: int) -> dict[str, int]:
    found = dividers_of(value)
    return {
        "locked": value >> 31 & 1, "enable": value >> 30 & 1, "high_vco": value >> 28 & 1,
        "fb_div": found.feedback, "ref_div": found.reference,
        "post_div1": found.post1, "post_div2": found.post2,
    }


# ---- values that bring-up writes

SOFT_RESET_ALL = 0x0007_0000
SOFT_RESET_CHIP = 0x0007_01F0
REPORT_ALL_CORES = 0xF000_C100          # MISC_CONTROL: each of bits 31-28 opens a quarter of the cores
DRIVE_STRENGTH_ALL = 0x0001_1111
DRIVE_STRENGTH_DOMAIN_END = 0x0001_F111
RING_OSC_GUARD = 0x5AA5_5AA5
ADC_CTRL1_DIODE = 0x0000_4480
ANALOG_MUX_DIODE = 0x0000_0002


def mailbox_write(core_register: int, value: int, core: int | None = None) -> int:
    """CORE_MAILBOX word that writes one register of every core, or of ``core`` alone.

    Captures hold the first form only; the second is inferred from the field that names a core.
    """
    where = 0x8000_0000 if core is None else core << 16
    return where | 0x8000 | core_register << 8 | value


CORE_ENABLE_REGISTER, CORE_ENABLED, CORE_DISABLED = 0x02, 0xAA, 0x55    # 0x55 is its reset value
CORE_CLOCK_SELECT = mailbox_write(0x0B, 0x00)
CORE_ENABLE = mailbox_write(CORE_ENABLE_REGISTER, CORE_ENABLED)
NONCE_OVERFLOW_CONTROL = mailbox_write(0x0D, 0xEE)


def core_clock_delay(delay: int) -> int:
    """CORE_MAILBOX word for the clock delay of all cores (S21 Pro: 0x0C)."""
    return mailbox_write(0x00, delay)


def version_rolling(mask: int = 0xFFFF) -> int:
    """MIDSTATE_CONFIG: roll the version bits of ``mask`` (bit 0 = header bit 13); 11-byte replies."""
    return 0x9000_0000 | mask


def nonce_offset_word(offset: int) -> int:
    """CHIP_NONCE_OFFSET with its enable bit, for a 16-bit offset of ``ChainLayout``."""
    return 0x8000_0000 | offset


def uart_relay(gap_count: int) -> int:
    """UART_RELAY: relay commands and replies with that gap (its unit is unknown)."""
    return gap_count << 16 | 3


def uart_baud(divider: int) -> int:
    """UART_BAUD for a divider (26 = out of reset, 0 = 3.125 Mbaud), other bits as the S21 Pro's."""
    return 0x0130_0000 | divider << 8


def baud_of(value: int) -> float:
    """Bits a second that a UART_BAUD value selects, from the 25 MHz crystal."""
    return CRYSTAL_MHZ * 1e6 / (8 * ((value >> 8 & 0xFF) + 1))


# BM1370 out of reset; registers not named here read 0
RESET_VALUES = MappingProxyType({
    0x00: 0x1370_0000, 0x08: 0xC054_0165, 0x18: 0x0000_C100, 0x20: 0x0000_0007, 0x24: 0x0010_0000,
    0x28: 0x0130_1A00, 0x2C: 0x000F_0000, 0x30: 0x0000_0080, 0x40: 0x0802_0100, 0x58: 0x0001_2111,
    0x5C: 0x0000_FFFF, 0x60: 0x2050_0174, 0x64: 0x2050_0174, 0x6C: 0x0001_0200, 0x9C: 0x00F7_0073,
    0xA4: 0x0000_FFFF, 0xA8: 0x0007_0000, 0xB8: 0x2000_0000, 0xBC: 0x0000_3313, 0xC0: 0x0000_2000,
    0xC4: 0x0000_B850,
})
