"""All that is known of a board at the end of a run: what diagnosis looks at."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from rig.recipe.failures import Party, party_of
from rig.recipe.limits import Limits
from rig.recipe.recipe import Decision
from rig.verdict.gaps import Gaps
from rig.verdict.measurement import Measurement


@dataclass(frozen=True, slots=True)
class Fault:
    """What ended the run early: the code and message of a StationFault, GuardTrip or RunStopped.

    ``trip`` marks the guard's own switching off; its code may be a board's.
    """

    code: str
    reason: str
    trip: bool = False


class EepromState(Enum):
    NOT_READ = "not read"
    GOOD = "good"
    SILENT = "silent"              # no acknowledge
    CORRUPT = "corrupt"
    WRONG_SERIAL = "wrong serial"  # not the scanned one, or one already tested


class SensorState(Enum):
    NOT_READ = "not read"
    GOOD = "good"
    SILENT = "silent"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class ForeignChip:
    """A chip that answered with another model's id."""

    chip: int
    chip_id: int


@dataclass(frozen=True, slots=True)
class Count:
    """One count of the chips, and under what conditions it was made.

    ``volts`` across the board and ``celsius`` of its hottest sensor are NaN where nobody looked.
    ``at_work``: the chips hashed meanwhile, so that a chain which has just broken starves the rest.
    """

    where: str
    count: int
    volts: float = math.nan
    celsius: float = math.nan
    baud: int = 0
    at_work: bool = False


@dataclass(frozen=True, slots=True)
class ResponseLook:
    """What the rail said when all chips were told to work though not all are heard.

    Amps of the board idle and at work; ``shift_volts`` (domains,): how far each domain moved against
    the mean of all meanwhile.
    """

    idle_amps: float
    work_amps: float
    shift_volts: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class BurnIn:
    """Counts of the known-answer work when it ended.

    Shapes: (chips,) all but ``core_trials`` and ``core_hits``, (chips, cores). ``calls`` are
    ChipCall values; ``alarmed`` comes from the watch. ``wrong``, ``stale`` and ``duplicate`` are
    returns below the target, of retired jobs, and second returns; ``gaps`` are of all chips at once.
    """

    decision: Decision
    calls: NDArray[np.int8]
    alarmed: NDArray[np.bool_]
    trials: NDArray[np.int64]
    hits: NDArray[np.int64]
    core_trials: NDArray[np.int32]
    core_hits: NDArray[np.int32]
    wrong: NDArray[np.int64]
    stale: NDArray[np.int64]
    duplicate: NDArray[np.int64]
    gaps: Gaps


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """Everything diagnosis may use; what was not looked at keeps its default.

    ``counts``: every sound count of the chips, in order. ``link_echoes``: whether the fixture's
    loop-back gave back what was sent; None when it was not tried. ``domain_volts``: one per domain, host
    side first, idle, while the count was short. ``response``: made while it was short, if it stayed so.
    ``clashing_chips`` answered at an address together with another, ``missing_chips`` at none.
    """

    slot: str
    serial: str
    limits: Limits
    chips: int
    chips_per_domain: int
    measurements: tuple[Measurement, ...] = ()
    counts: tuple[Count, ...] = ()
    link_echoes: bool | None = None
    domain_volts: tuple[float, ...] = ()
    response: ResponseLook | None = None
    clashing_chips: tuple[int, ...] = ()
    missing_chips: tuple[int, ...] = ()
    foreign_chips: tuple[ForeignChip, ...] = ()
    eeprom: EepromState = EepromState.NOT_READ
    eeprom_serial: str | None = None
    sensors: tuple[SensorState, ...] = ()
    burn_in: BurnIn | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def tripped(self) -> bool:
        return any(fault.trip for fault in self.faults)

    @property
    def stopped(self) -> bool:
        """Whether people ended the run."""
        return any(party_of(fault.code) is Party.OPERATOR for fault in self.faults)

    @property
    def ending(self) -> Fault | None:
        """The fault that ended the run: a safety trip before any other, then the first."""
        trips = [fault for fault in self.faults if fault.trip]
        return next(iter([*trips, *self.faults]), None)
