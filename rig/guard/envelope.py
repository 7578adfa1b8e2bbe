"""All limits the guard holds a live slot to, in one place. A client can narrow them, never widen.

Idle and working currents are those of the board's model (6 A idle at 25 °C, 11.9 A at 56 °C, 78 A
at 600 MHz): derived and assumed figures, docs/products.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rig.errors import GuardError
from rig.fixturefile import RISE_KELVIN_PER_SECOND, FixtureFile, UnloadEntry
from rig.slot import Phase, Protection


class Cause(StrEnum):
    """Failure codes a trip can carry."""

    POWER_SHORT = "POWER-SHORT"
    POWER_LEAK = "POWER-LEAK"
    POWER_HIGH = "POWER-HIGH"
    CURRENT_DROP = "CHAIN-SHORT"                # until the run knows better: docs/safety.md
    CURRENT_GONE = "STN-CONTACT"                # contacts, cable or the board's own input: the retest tells
    TEMP_HIGH = "TEMP-HIGH"
    SENSOR_NONE = "SENSOR-NONE"
    SUPPLY = "STN-SUPPLY"
    BRIDGE = "STN-BRIDGE"
    FAN = "STN-FAN"
    ESTOP = "STN-ESTOP"
    LID = "STN-LID"
    GUARD = "STN-GUARD"
    UNPLUG = "OPR-UNPLUG"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a phase may draw and how long it may be announced for."""

    most_volts: float | None                    # None: only the supply's rating and protection
    most_limit_amps: float                      # highest current limit to be set in the supply
    most_amps: float                            # beyond it the guard switches off
    code: Cause                                 # what too much current means in this phase
    most_seconds: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the fixture file may set of the guard's limits."""

    unload: UnloadEntry = field(default_factory=UnloadEntry)
    kelvin_per_second: float = RISE_KELVIN_PER_SECOND

    @classmethod
    def of(cls, fixture: FixtureFile) -> Bounds:
        return cls(fixture.unload, fixture.kelvin_per_second)


@dataclass(frozen=True, slots=True)
class Demand:
    """What a worker asks the supply for."""

    volts: float
    limit_amps: float
    protection: Protection


ENVELOPES: Mapping[Phase, Envelope] = {
    Phase.COLD: Envelope(2.0, 2.0, 2.0, Cause.POWER_SHORT, 120.0),
    Phase.PRE_OPEN: Envelope(None, 95.0, 14.0, Cause.POWER_LEAK, 600.0),
    Phase.RAMPING: Envelope(None, 95.0, 95.0, Cause.POWER_HIGH, 600.0),
    Phase.HASHING: Envelope(None, 95.0, 95.0, Cause.POWER_HIGH, 3600.0),
}

# A reading counts as beyond the envelope when the instrument's own error cannot explain it.
AMPS_MARGIN = 0.1
AMPS_MARGIN_SHARE = 0.005

# After a step to a narrower phase the current needs this long to follow.
SETTLE_SECONDS = 0.3

# Settled work: a fall by this share of what was usual over the last seconds is no drift. After an
# ordered step the lower bound waits; below so many amps a share says nothing.
DROP_SHARE = 0.2
USUAL_SECONDS = 2.0
STEP_SECONDS = 0.5
LEAST_WATCHED_AMPS = 5.0
GONE_AMPS = 1.0                                 # a broken chain goes on drawing; less is no way to the board

# A supply whose mains came back needs so long to answer; until then its silence is no disobedience.
BOOT_SECONDS = 12.0

# A supply lent for a check: the board's place is empty, and 20 ohms of discharge lie across it.
LENT_VOLTS = 1.0
LENT_AMPS = 0.1
LENT_SECONDS = 300.0

# Watchdogs in the mains are fed only while the guard's mind was at work so lately.
AWAKE_SECONDS = 1.0

# Slots behind one breaker go on one after another; one that waits longer is refused.
TURN_SECONDS = 20.0

# A cause that another one may stand behind (a contactor that opened) waits so long for the pins.
DOUBT_SECONDS = 0.5
DOUBT_LOOKS = 2

# The lease: a beat at least this often, and no input older than this while live.
BEAT_SECONDS = 1.0
PINS_SECONDS = 1.5
SUPPLY_SECONDS = 5.0
TEMPERATURES_SECONDS = 6.0

# Board temperature: hard stop on the hottest sensor.
MOST_CELSIUS = 65.0
SENSOR_MISSES = 2                               # in a row, of a sensor that has answered before

RISE_SECONDS = 2.5                              # a rate is taken over at least so long, against noise

# Cooling: a fan below this share of the rpm its PWM should give, for this long.
FAN_SHARE = 0.6
FAN_SECONDS = 3.0
FAN_FLOOR = 0.2                                 # least PWM while an output is on

# Off: proved by read-back below these; HOT when it takes longer than that.
SAFE_VOLTS = 1.0
SAFE_AMPS = 1.0
DISCHARGE_AFTER_SECONDS = 0.3                   # the relay does not wait longer for the supply
HOT_AFTER_SECONDS = 5.0


def fan_rpm_expected(share: float) -> float:
    """Rpm of a sound fan at ``share`` of full PWM: fitted to an S21's log, 6,650 at full, 2,220 at 30 %."""
    return 320.0 + 6330.0 * share


def most_amps_read(envelope: Envelope) -> float:
    """The highest reading that may still be the envelope's limit."""
    return envelope.most_amps * (1 + AMPS_MARGIN_SHARE) + AMPS_MARGIN


def check_demand(demand: Demand, phase: Phase) -> None:
    """Raises GuardError for volts or a current limit beyond the phase's envelope."""
    allowed = ENVELOPES.get(phase)
    if allowed is None:
        raise GuardError(f"phase {phase.value}: nothing may be switched on; announce another with enter()")
    over = demand.protection.over_volts
    most = over if allowed.most_volts is None else min(over, allowed.most_volts)
    if not 0 <= demand.volts <= most:
        raise GuardError(f"phase {phase.value}: found {demand.volts:g} V, expected 0 to {most:g} V")
    if not 0 < demand.limit_amps <= allowed.most_limit_amps:
        raise GuardError(
            f"phase {phase.value}: found a current limit of {demand.limit_amps:g} A, "
            f"expected at most {allowed.most_limit_amps:g} A"
        )
