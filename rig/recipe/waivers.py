"""Waivers: chips of one lot, FT version or bin may miss a limit, by somebody's leave and for a time.

The incumbent's test program carries such allowances as code; here they are a product's data
(testplans/<product>/waivers.yaml, which may be absent). A value that only a waiver lets through is
MARGINAL, never PASS, and its measurement says whose waiver it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Self

from pydantic import Field, model_validator

from rig.datafile import Data
from rig.recipe.limits import Limit, Limits, MeasurementSpec


@dataclass(frozen=True, slots=True)
class ChipLot:
    """What a board's EEPROM says of its chips."""

    lot: str
    ft_version: str
    chip_bin: int


class Chips(Data):
    """Whom a waiver is for: all that is named must be so."""

    lot: str | None = Field(default=None, min_length=1)
    ft_version: str | None = Field(default=None, min_length=1)
    chip_bin: int | None = Field(default=None, ge=0, le=255)

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.lot is None and self.ft_version is None and self.chip_bin is None:
            raise ValueError("lot, ft_version or chip_bin: a waiver for all boards is a limit")
        return self

    def includes(self, board: ChipLot) -> bool:
        pairs = (
            (self.lot, board.lot), (self.ft_version, board.ft_version), (self.chip_bin, board.chip_bin)
        )
        return all(wanted is None or wanted == found for wanted, found in pairs)


class Waiver(Data):
    """One measurement's wider limit. It holds up to and including the day ``expires``, in UTC."""

    author: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    expires: date
    chips: Chips
    measurement: str
    limit: Limit

    def expired(self, today: date) -> bool:
        return today > self.expires

    def widen(self, spec: MeasurementSpec, name: str) -> MeasurementSpec:
        """The measurement as this waiver, ``name``, has it."""
        by = f"waiver {name} of {self.author}, up to {self.expires.isoformat()}: {self.reason}"
        levels = {
            level: own.model_copy(update={"marginal": self.limit}) for level, own in spec.levels.items()
        }
        return spec.model_copy(
            update={"marginal": self.limit, "levels": levels, "says": f"{spec.says} ({by})"}
        )


class Waivers(Data):
    waivers: str
    version: int = Field(ge=1)
    entries: dict[str, Waiver] = Field(min_length=1)

    def problems(self, limits: Limits) -> Iterable[tuple[str, str, str]]:
        """Field, found and expected of what these limits do not go with."""
        for name, waiver in self.entries.items():
            field, spec = f"entries.{name}", limits.measurements.get(waiver.measurement)
            if spec is None:
                yield f"{field}.measurement", repr(waiver.measurement), "a measurement of limits.yaml"
                continue
            if not spec.all_limits():
                yield f"{field}.measurement", repr(waiver.measurement), "a measurement with a limit"
            for own in (*spec.all_limits(), *((spec.marginal,) if spec.marginal else ())):
                if not wider(waiver.limit, own):
                    yield f"{field}.limit", str(waiver.limit), f"one that lets more through than {own}"
                    break

    def applied(
        self, limits: Limits, board: ChipLot, today: date
    ) -> tuple[Limits, tuple[str, ...], tuple[str, ...]]:
        """The limits for this board, and the names of the waivers that are in them, and of the expired
        ones that are not."""
        mine = {name: waiver for name, waiver in self.entries.items() if waiver.chips.includes(board)}
        late = tuple(name for name, waiver in mine.items() if waiver.expired(today))
        specs, used = dict(limits.measurements), []
        for name, waiver in mine.items():
            spec = specs[waiver.measurement]
            if name not in late and spec.limit is not None:
                specs[waiver.measurement] = waiver.widen(spec, name)
                used.append(name)
        return limits.model_copy(update={"measurements": specs}), tuple(used), late


def wider(limit: Limit, own: Limit) -> bool:
    """Whether ``limit`` lets through all that ``own`` does, and more."""
    if limit == own or limit.equals is not None:
        return False
    low = own.at_least if own.equals is None else own.equals
    high = own.at_most if own.equals is None else own.equals
    return (
        (limit.at_least is None or (low is not None and limit.at_least <= low))
        and (limit.at_most is None or (high is not None and limit.at_most >= high))
    )
