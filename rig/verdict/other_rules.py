"""Findings from the side channel, from the limits, and from what was not taken."""

from __future__ import annotations

from collections.abc import Iterator

from rig.recipe.limits import Dimension
from rig.verdict.codes import Code
from rig.verdict.evidence import EepromState, Evidence, SensorState
from rig.verdict.finding import Draft
from rig.verdict.measurement import Measurement, Outcome, latest, not_taken
from rig.verdict.sequential import ChipCall
from rig.verdict.severity import Verdict


def side_rules(evidence: Evidence) -> Iterator[Draft]:
    """EEPROM and sensors. All of them silent is the fixture's side channel, not the board."""
    silent = [index for index, state in enumerate(evidence.sensors) if state is SensorState.SILENT]
    if evidence.eeprom is EepromState.SILENT and len(silent) == len(evidence.sensors):
        yield Draft(Code.STN_BRIDGE, ("neither the EEPROM nor any sensor acknowledged",))
        return
    if evidence.eeprom is EepromState.SILENT:
        yield Draft(Code.EEPROM_NONE, ("the EEPROM did not acknowledge while sensors did",))
    elif evidence.eeprom is EepromState.CORRUPT:
        yield Draft(Code.EEPROM_DATA, ("the EEPROM's content has a bad checksum or layout",))
    elif evidence.eeprom is EepromState.WRONG_SERIAL:
        found = evidence.eeprom_serial or "none"
        yield Draft(
            Code.EEPROM_SERIAL,
            (f"the EEPROM carries serial {found}, scanned was {evidence.serial}",),
            {"found": found},
        )
    for index in silent:
        yield Draft(Code.SENSOR_NONE, (f"sensor {index} did not acknowledge",), sensor=index)
    for index, state in enumerate(evidence.sensors):
        if state is SensorState.STUCK:
            yield Draft(Code.SENSOR_STUCK, (f"sensor {index} does not follow the board",), sensor=index)


def limit_rules(evidence: Evidence) -> Iterator[Draft]:
    """One finding for each measurement outside its limit, at its worst element."""
    for taken in latest(evidence.measurements):
        if taken.spec.code is None:
            continue
        if taken.outcome is Outcome.MARGINAL:
            yield _outside(taken, evidence, Verdict.MARGINAL)
        elif taken.outcome is Outcome.FAIL and taken.proves_failure:
            yield _outside(taken, evidence, None)


def _outside(taken: Measurement, evidence: Evidence, severity: Verdict | None) -> Draft:
    index = taken.worst_index()
    value = taken.values[index or 0]
    over = taken.spec.over
    where = "" if index is None else f" of {over.value} {index}"
    chip = index if over is Dimension.CHIP else None
    domain = index if over is Dimension.DOMAIN else None
    if chip is not None:
        domain = chip // evidence.chips_per_domain
    unit = f" {taken.spec.unit}" if taken.spec.unit else ""
    return Draft(
        taken.spec.code or "",
        (f"{taken.spec.says}{where}: {value:.6g}{unit}, limit {taken.spec.limit}",),
        {"value": f"{value:.6g}", "unit": taken.spec.unit, "limit": str(taken.spec.limit)},
        chip=chip,
        domain=domain,
        sensor=index if over is Dimension.SENSOR else None,
        severity=severity,
        of_limit=True,
    )


def missing_rules(evidence: Evidence) -> Iterator[Draft]:
    """What should be known and is not: a partial plan, a number that is none, an open decision."""
    counted = latest(evidence.measurements)
    missing = [f"{name}: not taken" for name in not_taken(evidence.limits, counted)]
    missing += [
        f"{measurement.name}: not a number" for measurement in counted
        if measurement.outcome is Outcome.FAIL and not measurement.proves_failure
    ]
    if evidence.burn_in is not None:
        undecided = int((evidence.burn_in.calls == ChipCall.CONTINUE).sum())
        if undecided:
            missing.append(f"{undecided} chips not decided")
    if missing:
        yield Draft(Code.STN_SOFTWARE, tuple(missing))
