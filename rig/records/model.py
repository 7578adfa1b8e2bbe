"""The record of a run: what is kept of it for good (docs/records.md)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Final, Literal, Self

from pydantic import AwareDatetime, Field

from rig.datafile import Data
from rig.purpose import Purpose
from rig.recipe.eeprom_layout import BoardIdentity
from rig.recipe.failures import Party, party_of
from rig.recipe.limits import Dimension
from rig.records.plain import number
from rig.verdict.finding import Finding
from rig.verdict.grade import Grade
from rig.verdict.measurement import Measurement, Outcome
from rig.verdict.retest import Action, NextStep
from rig.verdict.severity import Verdict

SCHEMA_VERSION: Final = 3


class MadeBy(Data):
    """What made the record: versions, and every file of the plan by its SHA-256."""

    rig_version: str
    code_hash: str | None = None                # of the rig's own sources
    plan: dict[str, str]                        # file name to SHA-256
    backend: str | None = None                  # which hashing back end checked the answers
    connector_cycles: int | None = None         # boards put into this slot, this one included
    fixture_cycles: int | None = None           # and into all slots of the fixture


class InstrumentRecord(Data):
    role: str                                   # supply, meter, scanner, bridge
    identity: str                               # what it answered
    calibrated: str | None = None               # ISO date
    certificate: str | None = None              # as the bench file names it
    calibration_due: str | None = None          # ISO date, the last day on which it holds
    calibration_overdue: bool = False           # when the run ended


class RunStart(Data):
    """What is known when a run begins: the journal's first line, kind ``start``."""

    schema_version: Literal[1, 2, 3] = SCHEMA_VERSION     # of what wrote it
    run_id: str
    serial: str
    product: str
    slot: str
    station: str
    site: str | None = None                     # where the station stands, as its bench file says
    country: str | None = None
    fixture: str
    operator: str | None = None
    simulated: bool
    purpose: Purpose = Purpose.TEST
    started: AwareDatetime
    made_by: MadeBy


class MeasurementRecord(Data):
    """One attempt at one measurement. A value of null was no number.

    ``failing`` and ``marginal`` index ``values``; ``at_seconds`` counts from the start of the run.
    """

    name: str
    says: str
    unit: str
    over: Dimension
    values: tuple[float | None, ...]
    limit: str | None
    marginal_limit: str | None
    code: str | None
    outcome: Outcome
    failing: tuple[int, ...] = ()
    marginal: tuple[int, ...] = ()
    attempt: int = Field(default=1, ge=1)
    at_seconds: float = 0.0

    @classmethod
    def of(cls, taken: Measurement) -> Self:
        spec = taken.spec
        return cls(
            name=taken.name,
            says=spec.says,
            unit=spec.unit,
            over=spec.over,
            values=tuple(map(number, taken.values)),
            limit=None if spec.limit is None else str(spec.limit),
            marginal_limit=None if spec.marginal is None else str(spec.marginal),
            code=spec.code,
            outcome=taken.outcome,
            failing=taken.judgement.failing,
            marginal=taken.judgement.marginal,
            attempt=taken.attempt,
            at_seconds=taken.at_seconds,
        )


class FindingRecord(Data):
    """One finding, as rig.verdict ranks and words it."""

    code: str
    party: Party
    severity: Verdict
    text: str
    place: str = ""
    causes: tuple[str, ...] = ()
    action: str = ""
    retest: str = ""
    evidence: tuple[str, ...] = ()
    chip: int | None = None
    domain: int | None = None
    sensor: int | None = None
    consequence: bool = False

    @classmethod
    def of(cls, finding: Finding) -> Self:
        return cls(**{name: getattr(finding, name) for name in cls.model_fields})


class Event(Data):
    """Something that happened in the run, for people: a phase, a retry, a trip."""

    at_seconds: float
    kind: str
    text: str = ""


class NextStepRecord(Data):
    """What becomes of the board by the retest policy, from all its runs and repairs."""

    action: Action
    why: str

    @classmethod
    def of(cls, step: NextStep) -> Self:
        return cls(action=step.action, why=step.why)


class EepromRecord(Data):
    """The board's EEPROM at the end of the run, 256 bytes each in hex.

    ``before`` is what a rewrite can go back to; ``read_back``: the board was seen to carry ``after``.
    """

    before: str = Field(pattern=r"^([0-9a-f]{2}){256}$")
    after: str = Field(pattern=r"^([0-9a-f]{2}){256}$")
    read_back: bool = False


class IdentityRecord(Data):
    """What the board's EEPROM says it is (rig.recipe.eeprom_layout)."""

    serial: str
    board_name: str
    factory_job: str                            # the chips' lot
    chip_die: str
    chip_marking: str
    chip_bin: int
    chip_technology: str
    ft_version: str                             # of the chips' final test
    pcb_version: int
    bom_version: int
    sensor_type: int
    pt1_result: int
    pt1_count: int

    @classmethod
    def of(cls, identity: BoardIdentity) -> Self:
        return cls(**asdict(identity))


class RunRecord(RunStart):
    """One run, complete. The serial is the scanned one."""

    ended: AwareDatetime
    seconds: float = Field(ge=0)
    verdict: Verdict
    board_verdict: Verdict | None = None
    grade: str | None = None
    failure_code: str | None = None
    failure_text: str | None = None
    chips_found: int | None = None
    board_rate: float | None = None             # share of the board's known answers that came back
    watts: float | None = None
    joules_per_terahash: float | None = None
    findings: tuple[FindingRecord, ...] = ()
    measurements: tuple[MeasurementRecord, ...] = ()
    not_taken: tuple[str, ...] = ()             # declared and required, but not measured
    events: tuple[Event, ...] = ()
    instruments: tuple[InstrumentRecord, ...] = ()
    identity: IdentityRecord | None = None      # null: not read, or damaged
    eeprom: EepromRecord | None = None          # null: nothing was to be written
    next_step: NextStepRecord | None = None     # unknown for a run whose process died
    slot_suspect: str | None = None             # why the slot may be to blame, and what to do

    @property
    def board_code(self) -> str | None:
        """What the board failed with, whatever the run ended with."""
        if self.board_verdict is not Verdict.FAIL:
            return None
        failed = (one.code for one in self.findings
                  if one.severity is Verdict.FAIL and one.party is Party.BOARD and not one.consequence)
        return next(failed, None) or next(
            (taken.code for taken in self.latest()
             if taken.outcome is Outcome.FAIL and taken.code and party_of(taken.code) is Party.BOARD), None
        )

    @classmethod
    def complete(
        cls,
        start: RunStart,
        grade: Grade,
        *,
        ended: datetime,
        seconds: float,
        measurements: tuple[Measurement, ...] = (),
        not_taken: tuple[str, ...] = (),
        events: tuple[Event, ...] = (),
        instruments: tuple[InstrumentRecord, ...] = (),
        chips_found: int | None = None,
        board_rate: float | None = None,
        watts: float | None = None,
        joules_per_terahash: float | None = None,
        backend: str | None = None,
        identity: BoardIdentity | None = None,
    ) -> Self:
        """The record of a run that began as ``start`` and ended as ``grade`` says."""
        fields = dict(start)
        fields["made_by"] = start.made_by.model_copy(update={"backend": backend or start.made_by.backend})
        return cls(
            **fields,
            ended=ended,
            seconds=seconds,
            verdict=grade.verdict,
            board_verdict=grade.board_verdict,
            grade=grade.grade,
            failure_code=grade.failure_code,
            failure_text=grade.failure_text,
            chips_found=chips_found,
            board_rate=number(board_rate),
            watts=number(watts),
            joules_per_terahash=number(joules_per_terahash),
            findings=tuple(map(FindingRecord.of, grade.findings)),
            measurements=tuple(map(MeasurementRecord.of, measurements)),
            not_taken=not_taken,
            events=events,
            instruments=instruments,
            identity=None if identity is None else IdentityRecord.of(identity),
        )

    def latest(self) -> tuple[MeasurementRecord, ...]:
        """The attempt of each measurement that counts: its last."""
        return tuple({taken.name: taken for taken in self.measurements}.values())
