"""All that is known of a board at the end of a run: what diagnosis looks at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from rig.recipe.failures import Party, party_of
from rig.recipe.limits import Limits
from rig.recipe.recipe import Decision
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


@dataclass(frozen=True, slots=True, eq=False)
class BurnIn:
    """Counts of the known-answer work when it ended.

    Shapes: (chips,) all but ``core_trials`` and ``core_hits``, (chips, cores). ``calls`` are
    ChipCall values; ``alarmed`` comes from the watch. ``wrong``, ``stale`` and ``duplicate`` are
    returns below the target, of retired jobs, and second returns. ``silent``: chips that gave nothing
    at the end while others went on.
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
    silent: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """Everything diagnosis may use; what was not looked at keeps its default.

    ``enumerations``: chips found at each try, in order, under like conditions. ``link_echoes``:
    whether the fixture's loop-back gave back what was sent; None when it was not tried.
    ``damaged_counts``: enumerations whose replies came damaged, when none of them came whole.
    ``domain_volts``: one per domain, host side first, taken while the count was short.
    """

    slot: str
    serial: str
    limits: Limits
    chips: int
    chips_per_domain: int
    measurements: tuple[Measurement, ...] = ()
    enumerations: tuple[int, ...] = ()
    link_echoes: bool | None = None
    domain_volts: tuple[float, ...] = ()
    foreign_chips: tuple[ForeignChip, ...] = ()
    eeprom: EepromState = EepromState.NOT_READ
    eeprom_serial: str | None = None
    sensors: tuple[SensorState, ...] = ()
    burn_in: BurnIn | None = None
    damaged_counts: int = 0
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
