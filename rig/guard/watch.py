"""What the guard sees of a live slot, judged: a trip or nothing. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from rig.fixturefile import RISE_KELVIN_PER_SECOND
from rig.guard import envelope as limits
from rig.guard.envelope import Cause, Envelope
from rig.slot import Mode, SupplyReading


@dataclass(frozen=True, slots=True)
class Trip:
    """Why the guard switched off by itself."""

    code: Cause
    reason: str


@dataclass(frozen=True, slots=True)
class PinLevels:
    """The fixture's safety inputs; true is the safe state."""

    estop_closed: bool
    lid_closed: bool
    seated: bool

    def problem(self) -> Trip | None:
        """The gravest input that is not as it must be."""
        if not self.estop_closed:
            return Trip(Cause.ESTOP, "the e-stop loop is open; close it by hand when the cause is gone")
        if not self.lid_closed:
            return Trip(Cause.LID, "the lid is open; close it")
        if not self.seated:
            return Trip(Cause.UNPLUG, "no board is seated in the fixture")
        return None


def supply_problem(reading: SupplyReading, allowed: Envelope, *, powered: bool) -> Trip | None:
    """What a reading of a live supply says. ``powered``: the output was confirmed on before it."""
    if powered and reading.mode is Mode.TRIPPED:
        return Trip(Cause.SUPPLY, "the supply's own protection tripped")
    if powered and reading.mode is Mode.OFF:
        return Trip(Cause.SUPPLY, "the supply's output went off without an order")
    if not reading.amps.ok or not reading.volts.ok:
        return Trip(Cause.SUPPLY, f"the supply reads {reading.amps.status.value} instead of amps and volts")
    if reading.amps.value > limits.most_amps_read(allowed):
        return Trip(
            allowed.code,
            f"found {reading.amps.value:.1f} A, expected at most {allowed.most_amps:g} A in this phase",
        )
    return None


@dataclass(slots=True)
class Thermometers:
    """Board sensors over one lease. A sensor that never answered is not missed.

    ``kelvin_per_second``: the rise of one sensor that is taken for a fire, and no board's own.
    """

    kelvin_per_second: float = RISE_KELVIN_PER_SECOND
    seen: set[int] = field(default_factory=set)
    misses: dict[int, int] = field(default_factory=dict)
    hottest: float | None = None
    _tracks: dict[int, deque[tuple[float, float]]] = field(default_factory=dict)

    def take(self, celsius: Sequence[float | None], now: float) -> Trip | None:
        """Judge one round; None stands for a sensor that did not acknowledge."""
        rises = [self._rise(sensor, value, now) for sensor, value in enumerate(celsius) if value is not None]
        for sensor, value in enumerate(celsius):
            if value is not None:
                self.seen.add(sensor)
                self.misses[sensor] = 0
            elif sensor in self.seen:
                self.misses[sensor] = self.misses.get(sensor, 0) + 1
        known = [value for value in celsius if value is not None]
        self.hottest = max(known) if known else None
        if self.hottest is not None and self.hottest >= limits.MOST_CELSIUS:
            return Trip(
                Cause.TEMP_HIGH,
                f"found {self.hottest:.1f} °C on the board, expected below {limits.MOST_CELSIUS:g} °C",
            )
        steepest = max(rises, default=0.0)
        if steepest > self.kelvin_per_second:
            return Trip(
                Cause.TEMP_HIGH,
                f"a board sensor rises by {steepest:.1f} K/s, "
                f"expected at most {self.kelvin_per_second:g} K/s",
            )
        lost = [sensor for sensor, count in self.misses.items() if count >= limits.SENSOR_MISSES]
        if lost:
            return Trip(Cause.SENSOR_NONE, f"board sensor {lost[0]} stopped answering")
        return None

    def _rise(self, sensor: int, celsius: float, now: float) -> float:
        """Kelvin a second over the last seconds; 0 until they are enough for a rate."""
        track = self._tracks.setdefault(sensor, deque())
        track.append((now, celsius))
        while len(track) > 1 and now - track[1][0] >= limits.RISE_SECONDS:
            track.popleft()
        since, before = track[0]
        return (celsius - before) / (now - since) if now - since >= limits.RISE_SECONDS else 0.0


@dataclass(slots=True)
class Fans:
    """Fan speeds against the commanded PWM. ``share`` None: nothing was commanded yet."""

    share: float | None = None
    slow_since: float | None = None

    def command(self, share: float) -> None:
        """A new PWM; fans get the full time again to follow it upwards."""
        if self.share is None or share > self.share:
            self.slow_since = None
        self.share = share

    def take(self, rpm: Sequence[float] | None, now: float) -> Trip | None:
        """Judge one round; None stands for a controller that did not answer."""
        if self.share is None:
            return None
        least = limits.FAN_SHARE * limits.fan_rpm_expected(self.share)
        slow = "the fan controller does not answer" if rpm is None else _slowest(rpm, least)
        if slow is None:
            self.slow_since = None
            return None
        if self.slow_since is None:
            self.slow_since = now
        if now - self.slow_since < limits.FAN_SECONDS:
            return None
        return Trip(Cause.FAN, slow)


def _slowest(rpm: Sequence[float], least: float) -> str | None:
    for fan, value in enumerate(rpm):
        if value < least:
            return f"fan {fan}: found {value:.0f} rpm, expected at least {least:.0f}"
    return None
