"""What a second of a run looked like, and the points it makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from rig.records.telemetry.lines import Field, series, told

BOARD, CHIP, PHASE = "rig_board", "rig_chip", "rig_phase"       # measurements
LOOK_LINE, PHASE_LINE = "look", "phase"                         # kinds of lines in the run's folder


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a board at work; None and empty where nothing is known, never NaN.

    Volts and amps of the supply at its terminals, ``meter_…`` at the fixture's connector. ``trials``,
    ``hits`` and ``errors`` of each chip count since its work began; ``celsius`` of each sensor.
    """

    mhz: float | None = None
    supply_volts: float | None = None
    supply_amps: float | None = None
    meter_volts: float | None = None
    meter_amps: float | None = None
    watts: float | None = None
    watt_hours: float | None = None
    terminal_volts: float | None = None
    fan_share: float | None = None
    domain_volts: tuple[float, ...] = ()
    celsius: tuple[float | None, ...] = ()
    trials: tuple[int, ...] = ()
    hits: tuple[int, ...] = ()
    errors: tuple[int, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Its known parts."""
        return {name: value for name in _NAMES if (value := getattr(self, name)) is not None and value != ()}

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """From ``facts``, as JSON gives them back."""
        known: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in facts.items() if name in _NAMES
        }
        return cls(**known)


_NAMES = tuple(Look.__dataclass_fields__)
_NUMBERS = tuple(name for name in _NAMES if Look.__dataclass_fields__[name].default is None)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose seconds they are."""

    run_id: str
    serial: str
    product: str
    station: str
    fixture: str
    slot: str
    chips_per_domain: int

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        return cls(**{name: facts[name] for name in cls.__dataclass_fields__})

    def facts(self) -> dict[str, Any]:
        return asdict(self)


class Points:
    """Looks and phases of one run, in their order, as lines of the line protocol.

    The run's id is a field of every point: as a tag it would make 66 new series a run, for ever. A server
    that keeps no words is given it as a tag (``run_is_tag``).
    """

    def __init__(self, identity: Identity, *, run_is_tag: bool) -> None:
        self.identity, self.run_is_tag = identity, run_is_tag
        self._series: dict[tuple[str, int], str] = {}
        self._phases = 0

    def block(self, kind: str, ns: int, facts: Mapping[str, Any]) -> str:
        """The lines of what was kept as ``kind``, look or phase; "" when it makes none. Raises NotALine."""
        if kind == PHASE_LINE:
            self._phases += 1
            return self.of_phase(str(facts["phase"]), self._phases, ns)
        return "\n".join(self.of_look(Look.of(facts), ns)) if kind == LOOK_LINE else ""

    def of_look(self, look: Look, ns: int) -> Iterator[str]:
        """One point of the board, one of each chip that is at work."""
        fields: dict[str, Field] = {
            name: float(value) for name in _NUMBERS if (value := getattr(look, name)) is not None
        }
        for name, values in (("celsius", look.celsius), ("domain_volts", look.domain_volts)):
            fields |= {f"{name}_{n}": float(value) for n, value in enumerate(values) if value is not None}
        for name in ("trials", "hits", "errors"):
            if counts := getattr(look, name):
                fields[name] = sum(counts)
        if fields:
            yield self._line(BOARD, -1, fields | self._words(serial=self.identity.serial), ns)
        for chip, counts in enumerate(zip(look.trials, look.hits, look.errors, strict=True)):
            of_chip: dict[str, Field] = dict(zip(("trials", "hits", "errors"), counts, strict=True))
            if look.mhz is not None:
                of_chip["mhz"] = float(look.mhz)
            yield self._line(CHIP, chip, of_chip | self._words(), ns)

    def of_phase(self, phase: str, number: int, ns: int) -> str:
        """A mark where a phase begins; ``number`` counts them from 1, for servers that keep no words."""
        told_too = self._words(serial=self.identity.serial, phase=" ".join(phase.split()))
        return self._line(PHASE, -1, {"number": number, **told_too}, ns)

    def _words(self, **words: str) -> dict[str, Field]:
        return {} if self.run_is_tag else {"run": self.identity.run_id, **words}

    def _line(self, measurement: str, chip: int, fields: Mapping[str, Field], ns: int) -> str:
        place = measurement, chip
        if place not in self._series:
            self._series[place] = series(measurement, self._tags(chip))
        return f"{self._series[place]} {told(fields)} {ns:d}"

    def _tags(self, chip: int) -> dict[str, str]:
        whose = self.identity
        tags = {name: getattr(whose, name) for name in ("station", "fixture", "slot", "product")}
        if chip >= 0:
            tags |= {"chip": str(chip), "domain": str(chip // whose.chips_per_domain)}
        return tags | ({"run": whose.run_id} if self.run_is_tag else {})
