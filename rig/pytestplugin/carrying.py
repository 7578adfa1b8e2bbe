"""The board carries its result: what is written into its EEPROM at the end, and whether it stayed.

The board is off by then; its EEPROM lives on the side channel's own supply.
"""

from __future__ import annotations

from collections.abc import Callable

from rig.board import write_image
from rig.errors import RigError
from rig.purpose import Purpose
from rig.pytestplugin.conclude import Conclusion
from rig.pytestplugin.log import RunLog
from rig.pytestplugin.setup import RunSetup
from rig.recipe import Level
from rig.recipe.eeprom_result import MOST_COUNT, WorkResult, times_tested, with_result
from rig.records import STORE_FILE, EepromRecord, Journal, Kind, RunRecord, State, Store
from rig.records.plain import number
from rig.slot import Slot
from rig.verdict import ExitCode, Verdict

TOLD = (Verdict.PASS, Verdict.MARGINAL, Verdict.FAIL)     # the others say nothing of the board


def image_to_write(setup: RunSetup, log: RunLog, found: Conclusion) -> EepromRecord | None:
    """The EEPROM before and after, where the recipe wants the result in it.

    None too for a board that was not judged under work, and for one whose EEPROM is damaged or
    another board's: nothing may be written over that.
    """
    eeprom, run = log.eeprom, found.record
    if not setup.plan.recipe.write_eeprom or run.purpose is not Purpose.TEST or run.verdict not in TOLD:
        return None
    if log.answers is None or eeprom is None or eeprom.image is None or eeprom.identity is None:
        return None
    if eeprom.identity.serial != run.serial:
        return None
    after = with_result(eeprom.image, _result(setup, log, found, eeprom.image))
    return EepromRecord(before=eeprom.image.hex(), after=after.hex())


def carry(
    slot: Slot, setup: RunSetup, log: RunLog, journal: Journal, pending: RunRecord
) -> EepromRecord | None:
    """Store the run as pending, write its EEPROM and read it back; None when it does not hold.

    ``log.eeprom`` is then what was read. Raises StationFault, BridgeError.
    """
    eeprom = pending.eeprom
    if eeprom is None:
        raise ValueError("expected a record with an EEPROM to write")
    Store(setup.options.results / STORE_FILE).put(pending, State.PENDING)
    journal.keep(Kind.EEPROM, eeprom)
    journal.settle()                    # what stood there must outlive a power cut in the write
    before, after = bytes.fromhex(eeprom.before), bytes.fromhex(eeprom.after)
    log.eeprom = write_image(slot, setup.plan.product, before, after)
    if log.eeprom.damage is not None:
        log.happened("eeprom", f"the result was not kept: {log.eeprom.damage}")
        return None
    carried = eeprom.model_copy(update={"read_back": True})
    journal.keep(Kind.EEPROM, carried)
    return carried


def concluded_and_carried(
    slot: Slot,
    setup: RunSetup,
    log: RunLog,
    journal: Journal,
    conclude: Callable[[], Conclusion],
    absorb: Callable[[BaseException], None],
) -> Conclusion:
    """The run's conclusion, with its EEPROM written where the recipe says so.

    Where that failed, by the board or by the station (``absorb``), the run is concluded anew.
    """
    found = conclude()
    eeprom = image_to_write(setup, log, found)
    if eeprom is None:
        return found
    try:
        carried = carry(slot, setup, log, journal, found.with_eeprom(eeprom).record)
    except RigError as error:
        absorb(error)
        carried = None
    return found.with_eeprom(carried) if carried else conclude().with_eeprom(eeprom)


def _result(setup: RunSetup, log: RunLog, found: Conclusion, image: bytes) -> WorkResult:
    level = _level(setup, log)
    cold = [value for value in log.celsius if value is not None] or [0.0]
    hottest = number(log.value_of("hottest_celsius"))
    return WorkResult(
        volts=level.volts,
        mhz=level.mhz,
        answer_share=found.record.board_rate or 0.0,
        celsius=(round(min(cold)), round(max(cold) if hottest is None else hottest)),
        passed=found.exit_code is ExitCode.SHIPPABLE,
        count=min(MOST_COUNT, times_tested(image) + 1),
    )


def _level(setup: RunSetup, log: RunLog) -> Level:
    levels = setup.plan.recipe.levels
    return next((level for level in levels if level.level == log.level), levels[0])
