"""Bins: where a board goes by its run's verdict (docs/exports.md). A released number is never reused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rig.records.model import RunRecord
from rig.verdict.codes import Code
from rig.verdict.severity import Verdict


@dataclass(frozen=True, slots=True)
class Bin:
    """``passes``: None where the board was not judged, so it neither passed nor failed."""

    number: int
    name: str
    passes: bool | None


@dataclass(frozen=True, slots=True)
class Bins:
    """The hardware bin, by verdict, and the software bin, by grade or code."""

    hard: Bin
    soft: Bin


HARD: Final = {
    Verdict.PASS: Bin(1, "PASS", True),
    Verdict.MARGINAL: Bin(2, "MARGINAL", True),
    Verdict.FAIL: Bin(5, "FAIL", False),
    Verdict.ABORTED: Bin(8, "ABORTED", None),
    Verdict.STATION_FAULT: Bin(9, "STATION_FAULT", None),
}
OTHER: Final = {Verdict.FAIL: 199, Verdict.ABORTED: 899, Verdict.STATION_FAULT: 999}

# Software bins of the codes: 1xx the board's, 8xx people's, 9xx the station's. New codes get new numbers.
SOFT: Final = {
    Code.POWER_SHORT: 101, Code.EEPROM_NONE: 102, Code.EEPROM_DATA: 103, Code.EEPROM_SERIAL: 104,
    Code.SENSOR_NONE: 105, Code.SENSOR_STUCK: 106, Code.POWER_OPEN: 107, Code.DOMAIN_LOST: 108,
    Code.CHIP_ID: 109, Code.CHIP_ADDRESS: 110, Code.CHAIN_WANDERS: 111, Code.CHIP_VOLTS: 112,
    Code.CHIP_HEAT: 113, Code.CHIP_BUSY: 114, Code.CHAIN_RESPONSE: 115, Code.CHAIN_NONE: 116,
    Code.CHAIN_SHORT: 117, Code.TEMP_HIGH: 118, Code.DOMAIN_VOLTS: 119, Code.POWER_LEAK: 120,
    Code.CHIP_STALE: 121, Code.CHIP_REPEATS: 122, Code.CHIP_ERRORS: 123, Code.CHIP_CORES: 124,
    Code.CHIP_WEAK: 125, Code.BOARD_RATE: 126, Code.POWER_HIGH: 127,
    Code.OPR_UNPLUG: 801, Code.OPR_STOP: 802,
    Code.STN_ESTOP: 901, Code.STN_LID: 902, Code.STN_BRIDGE: 903, Code.STN_SUPPLY: 904,
    Code.STN_CONTACT: 905, Code.STN_METER: 906, Code.STN_SCANNER: 907, Code.STN_LINK: 908,
    Code.STN_WIRE: 909, Code.STN_AMBIENT: 910, Code.STN_FAN: 911, Code.STN_WARM: 912,
    Code.STN_GUARD: 913, Code.STN_RECIPE: 914, Code.STN_CAL: 915, Code.STN_GOLDEN: 916,
    Code.STN_MES: 917, Code.STN_SOFTWARE: 918,
}


def bins_of(record: RunRecord) -> Bins:
    """A failure that stays with the board is in its bin even if the run ended worse; no other run
    that the station or a person ended is a board's failure."""
    failed = record.board_verdict is Verdict.FAIL
    verdict = Verdict.FAIL if failed else record.verdict
    hard = HARD[verdict]
    if verdict < Verdict.FAIL:
        level = f" {record.grade}" if record.grade else ""
        return Bins(hard, Bin(hard.number, f"{hard.name}{level}", passes=True))
    code = record.board_code if failed else record.failure_code
    number = SOFT.get(Code(code), OTHER[verdict]) if code in set(Code) else OTHER[verdict]
    return Bins(hard, Bin(number, code or "without a code", hard.passes))
