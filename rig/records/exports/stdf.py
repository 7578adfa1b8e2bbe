"""Runs to STDF V4: one file a lot, a PTR a value.

A lot is what was tested alike: product, station, recipe, limits, real or simulated, and purpose.
A PTR holds one value with its own flags, so a value that is no number is said to be none; an MPR has
no flag for one value of many.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from rig.purpose import Purpose
from rig.recipe.limits import Dimension
from rig.records.exports.bins import bins_of
from rig.records.exports.bounds import Bounds
from rig.records.exports.stdf_layouts import PIR, PRR, PTR, fits
from rig.records.exports.stdf_lot import HEAD, Executions, Lot
from rig.records.exports.values import Taken, values_of
from rig.records.model import RunRecord
from rig.verdict.measurement import Outcome
from rig.verdict.severity import Verdict

_UNITS = {"celsius": "degC", "1": ""}
_BASE = {"V", "A", "W", "Wh", "Hz", "H/s", "s", "ohm", "F", "J"}
_PREFIX = {"p": 12, "n": 9, "u": 6, "µ": 6, "m": 3, "k": -3, "M": -6, "G": -9, "T": -12}

# TEST_FLG
_NO_NUMBER, _NOT_EXECUTED, _NOT_JUDGED, _FAILED = 0x02, 0x10, 0x40, 0x80
# PARM_FLG
_HIGH, _LOW, _MARGINAL, _LIMITS_PASS = 0x08, 0x10, 0x20, 0xC0
# OPT_FLAG: no specification limits, the reserved bit; no low limit, no high limit
_OPTIONS, _NO_LOW, _NO_HIGH = 0x0E, 0x40, 0x80
# PART_FLG
_SUPERSEDES, _ENDED_EARLY, _PART_FAILED, _PART_NOT_JUDGED = 0x01, 0x04, 0x08, 0x10


def write_stdf(records: Iterable[RunRecord], folder: Path) -> list[Path]:
    """The lots' files in ``folder``, in the order in which the lots began."""
    lots: dict[tuple[str, ...], _Writer] = {}
    for record in records:
        key = lot_key(record)
        if key not in lots:
            lots[key] = _Writer(Lot(lot_name(record), record))
        writer = lots[key]
        with writer.lot.body(folder).open("ab") as body:
            writer.run(record, body)
    return [writer.lot.close(folder) for writer in lots.values()]


def lot_key(record: RunRecord) -> tuple[str, ...]:
    """What must be the same in one file."""
    plan = record.made_by.plan
    return (
        record.product, record.station, plan.get("recipe.yaml", "unknown"),
        plan.get("limits.yaml", "unknown"), str(record.simulated), record.purpose.value,
    )


def lot_name(record: RunRecord) -> str:
    """The lot's id, and its file's name: eight hex digits stand for the whole key."""
    marks = [record.product, record.station]
    marks += ["simulated"] if record.simulated else []
    marks += [record.purpose.value] if record.purpose is not Purpose.TEST else []
    digits = sha256("\0".join(lot_key(record)).encode("utf-8", "backslashreplace")).hexdigest()[:8]
    return re.sub(r"[^A-Za-z0-9._-]", "_", "-".join([*marks, digits]))


def scaled(unit: str) -> tuple[str, int]:
    """The unit without its prefix, and the exponent of ten that shows a value in ``unit`` again."""
    unit = _UNITS.get(unit, unit)
    if unit not in _BASE and unit[1:] in _BASE and unit[0] in _PREFIX:
        return unit[1:], _PREFIX[unit[0]]
    return unit, 0


@dataclass(frozen=True, slots=True)
class _Test:
    """What of a test stays the same from part to part: the defaults its first PTR sets."""

    name: str
    unit: str = ""
    exponent: int = 0
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, taken: Taken) -> _Test:
        one, bounds = taken.measurement, Bounds.of(taken.measurement.limit)
        unit, exponent = scaled(one.unit)
        name = one.name if one.over is Dimension.BOARD else f"{one.name} {one.over.value} {taken.index}"
        return cls(name, unit, exponent, _in_base(bounds.low, exponent), _in_base(bounds.high, exponent))

    def facts(self) -> dict[str, object]:
        low, high = fits(self.low), fits(self.high)
        return {
            "OPT_FLAG": _OPTIONS | (0 if low else _NO_LOW) | (0 if high else _NO_HIGH),
            "RES_SCAL": self.exponent, "LLM_SCAL": self.exponent, "HLM_SCAL": self.exponent,
            "LO_LIMIT": self.low if low else 0.0, "HI_LIMIT": self.high if high else 0.0,
            "UNITS": self.unit,
        }


class _Writer:
    """Writes runs of one lot as parts, one after the other."""

    def __init__(self, lot: Lot) -> None:
        self.lot = lot
        self._defaults: dict[int, _Test] = {}

    def run(self, record: RunRecord, body: BinaryIO) -> None:
        site, executed = self.lot.site(record), 0
        body.write(PIR.encode(HEAD_NUM=HEAD, SITE_NUM=site))
        for taken in values_of(record):
            number = self.lot.numbers.of(taken.measurement.name, taken.index)
            test = _Test.of(taken)
            value = _in_base(taken.value, test.exponent)
            value = value if fits(value) else None
            count = self.lot.tests.setdefault(number, Executions(test.name))
            count.add(value, failed=taken.outcome is Outcome.FAIL)
            body.write(self._value(number, site, test, value, taken.outcome))
            executed += 1
        for name in record.not_taken:
            number = self.lot.numbers.of(name, 0)
            self.lot.tests.setdefault(number, Executions(name))
            flags = _NO_NUMBER | _NOT_EXECUTED | _NOT_JUDGED
            body.write(self._record(number, site, _Test(name), flags, 0, None))
        body.write(self._part(record, site, executed))

    def _value(
        self, number: int, site: int, test: _Test, value: float | None, outcome: Outcome
    ) -> bytes:
        flags = {Outcome.RECORDED: _NOT_JUDGED, Outcome.FAIL: _FAILED}.get(outcome, 0)
        flags |= _NO_NUMBER if value is None else 0
        seen = _LIMITS_PASS | (_MARGINAL if outcome is Outcome.MARGINAL else 0)
        if value is not None:
            seen |= _HIGH if test.high is not None and value > test.high else 0
            seen |= _LOW if test.low is not None and value < test.low else 0
        return self._record(number, site, test, flags, seen, value)

    def _record(
        self, number: int, site: int, test: _Test, flags: int, seen: int, value: float | None
    ) -> bytes:
        first = number not in self._defaults
        told = self._defaults.setdefault(number, test)
        through = None if first or not (told == test or flags & _NOT_EXECUTED) else "ALARM_ID"
        return PTR.encode(
            through, TEST_NUM=number, HEAD_NUM=HEAD, SITE_NUM=site, TEST_FLG=flags, PARM_FLG=seen,
            RESULT=0.0 if value is None else value, TEST_TXT=test.name, **test.facts(),
        )

    def _part(self, record: RunRecord, site: int, executed: int) -> bytes:
        bins = bins_of(record)
        again = self.lot.add(record, bins)
        flags = _SUPERSEDES if again and record.board_verdict is not None else 0
        flags |= _ENDED_EARLY if record.verdict > Verdict.FAIL else 0
        flags |= {True: 0, False: _PART_FAILED, None: _PART_NOT_JUDGED}[bins.hard.passes]
        told = [f"run {record.run_id}", *(["simulated"] if record.simulated else [])]
        told += [record.purpose.value] if record.purpose is not Purpose.TEST else []
        told += [record.failure_code] if record.failure_code else []
        return PRR.encode(
            HEAD_NUM=HEAD, SITE_NUM=site, PART_FLG=flags, NUM_TEST=executed, HARD_BIN=bins.hard.number,
            SOFT_BIN=bins.soft.number, TEST_T=round(record.seconds * 1000), PART_ID=record.serial,
            PART_TXT=", ".join(told),
        )


def _in_base(value: float | None, exponent: int) -> float | None:
    return value if value is None or exponent == 0 else value * 10.0 ** -exponent
