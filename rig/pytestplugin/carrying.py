"""The board carries its result: what is written into its EEPROM at the end, and whether it stayed.

The board is off by then; its EEPROM lives on the side channel's own supply. An enciphered one is written
only under keys that gave the scanned serial, which no wrong key does.
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
from rig.recipe.eeprom.results import CarriedResults, SweptClocks
from rig.recipe.eeprom_result import MOST_COUNT, WorkResult
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
    run, image = found.record, _image(setup, log)
    if run.purpose is not Purpose.TEST or run.verdict not in TOLD or log.answers is None or image is None:
        return None
    carried = CarriedResults(image, setup.eeprom_keys)
    after = carried.with_result(
        _result(setup, log, found, carried.times_tested() + 1), _swept(setup, log, found)
    )
    return EepromRecord(before=image.hex(), after=after.hex())


def _image(setup: RunSetup, log: RunLog) -> bytes | None:
    """What stands in the EEPROM of the board that was scanned, if the recipe wants a result in it."""
    eeprom = log.eeprom
    if not setup.plan.recipe.write_eeprom or eeprom is None or eeprom.identity is None:
        return None
    return eeprom.image if eeprom.identity.serial == setup.options.serial else None


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
    _tell_of_torn(setup, log)
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


def _tell_of_torn(setup: RunSetup, log: RunLog) -> None:
    image = _image(setup, log)
    if image is not None and CarriedResults(image, setup.eeprom_keys).is_torn:
        log.happened("eeprom", "found a result that was not written whole; it is written anew")


def _swept(setup: RunSetup, log: RunLog, found: Conclusion) -> SweptClocks | None:
    """The chips' clocks, where the recipe swept them: at the volts of its first level."""
    clocks = log.values_of("swept_mhz")
    if not clocks:
        return None
    return SweptClocks(clocks, setup.plan.recipe.levels[0].volts, found.exit_code is ExitCode.SHIPPABLE)


def _result(setup: RunSetup, log: RunLog, found: Conclusion, count: int) -> WorkResult:
    level = _level(setup, log)
    cold = [value for value in log.celsius if value is not None] or [0.0]
    hottest = number(log.value_of("hottest_celsius"))
    return WorkResult(
        volts=level.volts,
        mhz=level.mhz,
        answer_share=found.record.board_rate or 0.0,
        celsius=(round(min(cold)), round(max(cold) if hottest is None else hottest)),
        passed=found.exit_code is ExitCode.SHIPPABLE,
        count=min(MOST_COUNT, count),
    )


def _level(setup: RunSetup, log: RunLog) -> Level:
    levels = setup.plan.recipe.levels
    return next((level for level in levels if level.level == log.level), levels[0])
