"""The failure codes, in the order in which causes are believed, and what follows from what."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """Every code the rig books. The order of the definitions is the rank of the causes:

    the station's, then the people's, then the board's own in the order of the plan, where of two
    that come from one measurement the more exact stands first.
    """

    STN_ESTOP = "STN-ESTOP"
    STN_LID = "STN-LID"
    STN_BRIDGE = "STN-BRIDGE"
    STN_SUPPLY = "STN-SUPPLY"
    STN_CONTACT = "STN-CONTACT"
    STN_METER = "STN-METER"
    STN_SCANNER = "STN-SCANNER"
    STN_LINK = "STN-LINK"
    STN_WIRE = "STN-WIRE"
    STN_AMBIENT = "STN-AMBIENT"
    STN_FAN = "STN-FAN"
    STN_WARM = "STN-WARM"
    STN_GUARD = "STN-GUARD"
    STN_RECIPE = "STN-RECIPE"
    STN_CAL = "STN-CAL"
    STN_GOLDEN = "STN-GOLDEN"
    STN_MES = "STN-MES"
    STN_SOFTWARE = "STN-SOFTWARE"
    OPR_UNPLUG = "OPR-UNPLUG"
    OPR_STOP = "OPR-STOP"
    POWER_SHORT = "POWER-SHORT"
    EEPROM_NONE = "EEPROM-NONE"
    EEPROM_DATA = "EEPROM-DATA"
    EEPROM_SERIAL = "EEPROM-SERIAL"
    SENSOR_NONE = "SENSOR-NONE"
    SENSOR_STUCK = "SENSOR-STUCK"
    POWER_OPEN = "POWER-OPEN"
    DOMAIN_LOST = "DOMAIN-LOST"
    CHIP_ID = "CHIP-ID"
    CHIP_ADDRESS = "CHIP-ADDRESS"
    CHAIN_WANDERS = "CHAIN-WANDERS"
    CHIP_VOLTS = "CHIP-VOLTS"
    CHIP_HEAT = "CHIP-HEAT"
    CHIP_BUSY = "CHIP-BUSY"
    CHAIN_RESPONSE = "CHAIN-RESPONSE"
    CHAIN_NONE = "CHAIN-NONE"
    CHAIN_SHORT = "CHAIN-SHORT"
    TEMP_HIGH = "TEMP-HIGH"
    DOMAIN_VOLTS = "DOMAIN-VOLTS"
    POWER_LEAK = "POWER-LEAK"
    CHIP_STALE = "CHIP-STALE"
    CHIP_REPEATS = "CHIP-REPEATS"
    CHIP_ERRORS = "CHIP-ERRORS"
    CHIP_CORES = "CHIP-CORES"
    CHIP_WEAK = "CHIP-WEAK"
    BOARD_RATE = "BOARD-RATE"
    POWER_HIGH = "POWER-HIGH"


CHAIN_LENGTH = frozenset({Code.CHAIN_SHORT, Code.CHAIN_NONE})

# A cause on the left makes a limit fail whose own code is on the right: that one is a consequence.
EXPLAINS: dict[Code, frozenset[Code]] = {
    Code.STN_LINK: CHAIN_LENGTH,
    Code.STN_CONTACT: CHAIN_LENGTH | {Code.POWER_OPEN},
    Code.STN_RECIPE: CHAIN_LENGTH,
    Code.STN_BRIDGE: frozenset({Code.EEPROM_NONE, Code.SENSOR_NONE}),
    Code.STN_WIRE: frozenset({Code.CHIP_ERRORS, Code.CHIP_WEAK, Code.BOARD_RATE}),
    Code.CHAIN_SHORT: frozenset({
        Code.CHIP_WEAK, Code.CHIP_CORES, Code.BOARD_RATE, Code.DOMAIN_VOLTS, Code.POWER_HIGH,
    }),
    Code.POWER_OPEN: CHAIN_LENGTH,
    Code.DOMAIN_LOST: CHAIN_LENGTH | {Code.DOMAIN_VOLTS, Code.POWER_LEAK},
    Code.CHAIN_NONE: CHAIN_LENGTH,
    Code.CHIP_ID: CHAIN_LENGTH,
    Code.CHIP_ADDRESS: CHAIN_LENGTH,
    Code.CHAIN_WANDERS: CHAIN_LENGTH,
    Code.CHIP_VOLTS: CHAIN_LENGTH,
    Code.CHIP_HEAT: CHAIN_LENGTH,
    Code.CHIP_BUSY: CHAIN_LENGTH,
    Code.CHAIN_RESPONSE: CHAIN_LENGTH,
    Code.CHIP_STALE: frozenset({Code.CHIP_ERRORS, Code.CHIP_WEAK, Code.CHIP_CORES, Code.BOARD_RATE}),
    Code.CHIP_ERRORS: frozenset({Code.CHIP_WEAK, Code.BOARD_RATE}),
    Code.CHIP_CORES: frozenset({Code.CHIP_WEAK, Code.BOARD_RATE}),
    Code.CHIP_WEAK: frozenset({Code.BOARD_RATE}),
    Code.BOARD_RATE: frozenset({Code.CHIP_WEAK}),
}

# Whole-board signs that a fault of the station or a stopped run gives as well as the board would.
BOARD_WIDE = frozenset({Code.BOARD_RATE, Code.CHAIN_NONE, Code.POWER_OPEN})

# Codes (or their beginnings) whose evidence came through the part of the station that failed.
TAINTS: dict[Code, tuple[str, ...]] = {
    Code.STN_LINK: ("CHAIN-", "CHIP-", "DOMAIN-LOST"),
    Code.STN_WIRE: ("CHAIN-", "CHIP-", "DOMAIN-LOST"),
    Code.STN_SUPPLY: ("POWER-",),
    Code.STN_CONTACT: ("POWER-", "DOMAIN-", "CHAIN-", "CHIP-"),
    Code.STN_METER: ("POWER-HIGH", "POWER-LEAK"),
    Code.STN_SCANNER: ("DOMAIN-",),
    Code.STN_BRIDGE: ("EEPROM-", "SENSOR-"),
    Code.STN_FAN: ("TEMP-", "CHIP-HEAT"),
    Code.STN_AMBIENT: ("TEMP-", "CHIP-HEAT"),
    Code.STN_RECIPE: ("",),
}


def known(code: str) -> Code | None:
    """The Code of this spelling; None for one that only a product's own files know."""
    return Code(code) if code in Code._value2member_map_ else None


def rank(code: str) -> int:
    """Place in the order of causes, 0 first; a code of a product's own comes after all of ours."""
    found = known(code)
    order = tuple(Code)
    return len(order) if found is None else order.index(found)


def explains(cause: str, code: str) -> bool:
    """Whether a finding of ``cause`` makes a failed limit of ``code`` its consequence."""
    found = known(cause)
    return found is not None and code in EXPLAINS.get(found, frozenset())


def is_sound(code: str, ended_by: str) -> bool:
    """Whether a board's failure ``code`` still stands when the run ended with ``ended_by``.

    ``ended_by`` is a code of the station or the people.
    """
    if code in BOARD_WIDE:
        return False
    cause = known(ended_by)
    tainted = TAINTS.get(cause, ()) if cause is not None else ()
    return not code.startswith(tainted)
