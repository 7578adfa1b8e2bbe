"""Measurements declared before they are taken, with their limits (testplans/<product>/limits.yaml)."""

from __future__ import annotations

from enum import Enum
from typing import Self

from pydantic import Field, model_validator

from rig.datafile import Data
from rig.recipe.mode import Mode


class Dimension(Enum):
    """What a vector measurement runs over."""

    BOARD = "board"        # one value
    CHIP = "chip"
    DOMAIN = "domain"
    SENSOR = "sensor"


class Limit(Data):
    """Operators of a limit; those given must all hold. A limit without operator is refused."""

    equals: float | None = None
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _has_operator(self) -> Self:
        if self.equals is None and self.at_least is None and self.at_most is None:
            raise ValueError("an operator: equals, at_least or at_most")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least not above at_most")
        if self.equals is not None and not self.holds(self.equals):
            raise ValueError("equals within at_least and at_most")
        return self

    def holds(self, value: float) -> bool:
        """Whether ``value`` satisfies every operator given; NaN never does."""
        return (
            (self.equals is None or value == self.equals)
            and (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
        )

    def __str__(self) -> str:
        parts = [
            f"{sign} {bound:g}"
            for sign, bound in (("=", self.equals), (">=", self.at_least), ("<=", self.at_most))
            if bound is not None
        ]
        return " and ".join(parts)


class LevelLimit(Data):
    """The limits that hold at one level in place of the measurement's own."""

    limit: Limit
    marginal: Limit | None = None


class MeasurementSpec(Data):
    """One declared measurement.

    ``code`` is the failure code when the limit does not hold and diagnosis knows no better;
    ``marginal`` is a wider limit: outside ``limit`` but inside it is MARGINAL, not FAIL. A value
    nearer to its limit than ``uncertainty`` (expanded, 95 %, in the unit) lies in the guard band:
    MARGINAL, not PASS (ILAC-G8:09/2019, 4.2.3). ``levels`` have limits of their own at some levels.
    ``modes`` are those that judge by it; the others only record it.
    """

    unit: str
    says: str                                   # what it is, for the report
    over: Dimension = Dimension.BOARD
    limit: Limit | None = None                  # none: recorded only
    marginal: Limit | None = None
    uncertainty: float = Field(default=0.0, ge=0)
    levels: dict[str, LevelLimit] = Field(default={})
    code: str | None = None
    required: bool = True
    critical: bool = False                      # a failure stops the board at once
    modes: tuple[Mode, ...] = Field(default=tuple(Mode), min_length=1)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.limit is not None and self.code is None:
            raise ValueError("a failure code for every limit")
        if self.marginal is not None and self.limit is None:
            raise ValueError("a limit inside the marginal one")
        if self.levels and self.limit is None:
            raise ValueError("a limit for the levels that have none of their own")
        if self.uncertainty and any(limit.equals is not None for limit in self.all_limits()):
            raise ValueError("no uncertainty for what must equal a number")
        return self

    def all_limits(self) -> tuple[Limit, ...]:
        """Its limit at any level."""
        own = () if self.limit is None else (self.limit,)
        return (*own, *(level.limit for level in self.levels.values()))

    def at_level(self, level: str) -> MeasurementSpec:
        """As it is judged at ``level``."""
        if level not in self.levels:
            return self
        own = self.levels[level]
        return self.model_copy(update={"limit": own.limit, "marginal": own.marginal})


class Limits(Data):
    limits: str
    version: int = Field(ge=1)
    measurements: dict[str, MeasurementSpec] = Field(min_length=1)

    def beside(self, others: Limits) -> Limits:
        """These, and of ``others`` the measurements that are not declared here."""
        return self.model_copy(update={"measurements": others.measurements | self.measurements})

    def in_mode(self, mode: Mode) -> Limits:
        """The same declarations as ``mode`` has them: what it does not judge by is recorded only."""
        recorded: dict[str, object] = {
            "limit": None, "marginal": None, "levels": {}, "code": None, "required": False, "critical": False,
        }
        return self.model_copy(update={"measurements": {
            name: spec if mode in spec.modes else spec.model_copy(update=recorded)
            for name, spec in self.measurements.items()
        }})

    def at_level(self, level: str) -> Limits:
        """The same declarations as they are judged at ``level``."""
        return self.model_copy(update={"measurements": {
            name: spec.at_level(level) for name, spec in self.measurements.items()
        }})
