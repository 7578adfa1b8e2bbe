"""From what a run has seen to its verdict, its record and the words for people."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

import rig
from rig.pytestplugin.calibration import instrument_records
from rig.pytestplugin.log import RunLog
from rig.pytestplugin.next_step import purpose_of, with_next_step
from rig.pytestplugin.progress import Ending
from rig.pytestplugin.setup import RunSetup
from rig.records import (
    STORE_FILE,
    CycleBook,
    EepromRecord,
    MadeBy,
    RunFolder,
    RunRecord,
    RunStart,
    file_run,
)
from rig.slot import InstrumentNote
from rig.verdict import (
    BurnIn,
    EepromState,
    Evidence,
    ExitCode,
    Fault,
    ForeignChip,
    Grade,
    SensorState,
    combine,
    diagnose,
    not_taken,
)
from rig.work.backend import best_backend, describe

CONTACT = "contact_ohms"        # the measurement that is kept as the slot's trend


@dataclass(frozen=True)
class Conclusion:
    """The end of a run."""

    grade: Grade
    record: RunRecord
    exit_code: ExitCode

    def advised(self, setup: RunSetup) -> Conclusion:
        """With what becomes of the board, by all its runs and repairs. Raises StationFault."""
        return replace(self, record=with_next_step(setup, self.record))

    def with_eeprom(self, eeprom: EepromRecord) -> Conclusion:
        """With what stands in the board's EEPROM, or should."""
        return replace(self, record=self.record.model_copy(update={"eeprom": eeprom}))

    def write(self, folder: RunFolder, results: Path) -> Path:
        """JUnit, the rows in the store, the record last; returns its path. Raises StationFault."""
        for taken in self.record.latest():
            if taken.name == CONTACT and taken.values and taken.values[0] is not None:
                book = CycleBook(results / STORE_FILE, self.record.fixture, self.record.slot)
                book.keep_contact(taken.values[0])
        return file_run(results, folder, self.record)

    def ending(self, record: Path | None, hands_off: str) -> Ending:
        """What a technician needs to know; ``hands_off``: why the board may not be taken out yet."""
        first, then = self.grade.first, self.record.next_step
        return Ending(
            serial=self.record.serial,
            slot=self.record.slot,
            verdict=self.grade.verdict.value,
            grade=self.grade.grade,
            failure_code=self.grade.failure_code,
            failure_text=self.grade.failure_text,
            place=first.place if first else None,
            action=first.action if first else None,
            simulated=self.record.simulated,
            record=str(record) if record else None,
            hands_off=hands_off,
            then=f"{then.action.value} - {then.why}" if then else "",
            slot_suspect=self.record.slot_suspect or "",
        )


def begin(setup: RunSetup, started: datetime) -> RunStart:
    """What is known when a run begins: the journal's first line. Counts the slot's cycle.

    Raises StationFault when the store cannot be used.
    """
    book = CycleBook(setup.options.results / STORE_FILE, setup.fixture.fixture, setup.options.slot)
    cycles = book.count()
    return RunStart(
        run_id=setup.run_id,
        serial=setup.options.serial,
        product=setup.plan.product.product,
        slot=setup.options.slot,
        station=setup.fixture.station,
        site=setup.fixture.site,
        country=setup.fixture.country,
        fixture=setup.fixture.fixture,
        operator=setup.options.operator or None,
        simulated=setup.simulated,
        purpose=purpose_of(setup),
        started=started,
        made_by=MadeBy(
            rig_version=rig.__version__, code_hash=code_hash(), plan=dict(setup.hashes),
            backend=describe(best_backend()), connector_cycles=cycles.connector,
            fixture_cycles=cycles.fixture,
        ),
    )


def conclude(
    setup: RunSetup,
    start: RunStart,
    log: RunLog,
    faults: Sequence[Fault],
    instruments: Sequence[InstrumentNote],
    ended: datetime,
) -> Conclusion:
    """Diagnose, grade and sum up. Pure but for the hash of the code."""
    evidence = gather(setup, log, faults)
    findings = diagnose(evidence, setup.plan.failures)
    judged = log.answers is not None
    level = log.level or setup.plan.recipe.levels[0].level
    grade = combine(findings, level=level if judged else None)
    answers = log.answers
    record = RunRecord.complete(
        start,
        grade,
        ended=ended,
        seconds=log.seconds(),
        measurements=tuple(log.measurements),
        not_taken=not_taken(setup.plan.limits, log.measurements),
        events=tuple(log.events),
        instruments=instrument_records(setup.entry, instruments, ended.date()),
        chips_found=log.counts[-1].count if log.counts else None,
        board_rate=answers.board_rate if answers else None,
        watts=log.value_of("board_watts"),
        joules_per_terahash=log.value_of("joules_per_terahash"),
        identity=log.identity,
    )
    return Conclusion(grade, record, grade.exit_code(ship_marginal=setup.plan.recipe.ship_marginal))


def gather(setup: RunSetup, log: RunLog, faults: Sequence[Fault]) -> Evidence:
    """All that is known of the board, as diagnosis takes it."""
    product = setup.plan.product
    found = log.bring_up
    return Evidence(
        slot=setup.options.slot,
        serial=setup.options.serial,
        limits=setup.plan.limits,
        chips=product.chips,
        chips_per_domain=product.chips_per_domain,
        measurements=tuple(log.measurements),
        counts=tuple(log.counts),
        link_echoes=log.link_echoes,
        domain_volts=log.idle_domain_volts,
        response=log.response,
        clashing_chips=_chips_at(setup, found.clashing_addresses) if found else (),
        missing_chips=_chips_at(setup, found.missing_addresses) if found else (),
        foreign_chips=tuple(ForeignChip(chip, chip_id) for chip, chip_id in found.foreign_ids.items())
        if found else (),
        eeprom=_eeprom_state(setup, log),
        eeprom_serial=log.eeprom.identity.serial if log.eeprom and log.eeprom.identity else None,
        sensors=tuple(
            SensorState.SILENT if value is None else SensorState.GOOD for value in log.celsius
        ),
        burn_in=_burn_in(setup, log),
        faults=tuple(faults),
    )


def _chips_at(setup: RunSetup, addresses: Sequence[int]) -> tuple[int, ...]:
    """The places in the chain that were given these addresses."""
    return tuple(address // setup.plan.product.address_interval for address in addresses)


def _eeprom_state(setup: RunSetup, log: RunLog) -> EepromState:
    if log.eeprom is None:
        return EepromState.NOT_READ
    if log.eeprom.image is None:
        return EepromState.SILENT
    if log.eeprom.identity is None:
        return EepromState.CORRUPT
    same = log.eeprom.identity.serial == setup.options.serial
    return EepromState.GOOD if same else EepromState.WRONG_SERIAL


def _burn_in(setup: RunSetup, log: RunLog) -> BurnIn | None:
    answers = log.answers
    if answers is None:
        return None
    tally = answers.tally
    return BurnIn(
        decision=setup.plan.recipe.decision,
        calls=answers.calls,
        alarmed=answers.alarmed,
        trials=tally.trials,
        hits=tally.hits,
        core_trials=tally.core_trials,
        core_hits=tally.core_hits,
        wrong=tally.wrong,
        stale=tally.stale,
        duplicate=tally.duplicate,
        gaps=answers.gaps,
    )


@cache
def code_hash() -> str:
    """SHA-256 over the rig's own sources, names included: what made a record, to the byte."""
    digest = hashlib.sha256()
    package = Path(rig.__file__).parent
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()
