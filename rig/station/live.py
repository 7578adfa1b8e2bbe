"""What is known of a run that is on: from what it says, or, after a restart, from its journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rig.recipe import Product
from rig.records import Entry, Kind
from rig.station.view import BoardMap


@dataclass(slots=True)
class Live:
    """The running board in figures. ``heard_at``: when it last said something, monotonic seconds."""

    began_at: float
    heard_at: float
    phase: str = "starting"
    phase_at: float = 0.0
    told_left: float | None = None          # what the run itself says is left of its phase
    chips_found: int | None = None
    mhz: float | None = None
    answers_per_second: float | None = None
    watts: float | None = None
    celsius: float | None = None
    volts: float | None = None
    hit_shares: Sequence[float | None] = ()
    bad_cores: Sequence[int | None] = ()
    domain_volts: Sequence[float | None] = ()
    sensor_celsius: Sequence[float | None] = ()
    _answers: tuple[float, int] | None = field(default=None)

    def took_status(self, facts: Mapping[str, Any], now: float) -> None:
        """What the run's own process says (rig.station.reporter)."""
        self.heard_at = now
        self._enter(str(facts["phase"]), now)
        self.told_left = facts.get("seconds_left")
        for name in ("chips_found", "mhz", "answers_per_second", "watts", "celsius", "volts",
                     "hit_shares", "bad_cores", "domain_volts", "sensor_celsius"):
            value = facts.get(name)
            if value is not None:
                setattr(self, name, value)

    def took_entry(self, entry: Entry, now: float) -> None:
        """A line of its journal; the figures are fewer there."""
        self.heard_at = now
        data = entry.data
        if entry.kind == Kind.EVENT and data.get("kind") == "phase":
            self._enter(str(data.get("text")), self.began_at + entry.seconds)
            self.told_left = None
        elif entry.kind == "count":
            self.chips_found = data.get("count")
        elif entry.kind == "scan":
            self.domain_volts = data.get("domain_volts") or ()
        elif entry.kind == "sample":
            self._sampled(entry.seconds, data)

    def board(self, product: Product) -> BoardMap | None:
        """The map of the board; None while nothing is known of it."""
        if self.chips_found is None and not self.domain_volts:
            return None
        return BoardMap(
            domains=product.domains, chips_per_domain=product.chips_per_domain,
            chips_found=self.chips_found, hit_shares=tuple(self.hit_shares), bad_cores=tuple(self.bad_cores),
            domain_volts=tuple(self.domain_volts), sensor_celsius=tuple(self.sensor_celsius),
        )

    def _enter(self, phase: str, at: float) -> None:
        if phase != self.phase:
            self.phase, self.phase_at = phase, at

    def _sampled(self, seconds: float, data: Mapping[str, Any]) -> None:
        for name, found in (("watts", "watts"), ("volts", "supply_volts"), ("mhz", "mhz"),
                            ("celsius", "hottest")):
            value = data.get(found)
            if isinstance(value, int | float):
                setattr(self, name, float(value))
        hits = data.get("hits")
        if isinstance(hits, int):
            if self._answers is not None and seconds > self._answers[0] and hits >= self._answers[1]:
                self.answers_per_second = (hits - self._answers[1]) / (seconds - self._answers[0])
            self._answers = (seconds, hits)
