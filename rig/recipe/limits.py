"""Measurements declared before they are taken, with their limits (testplans/<product>/limits.yaml)."""

from __future__ import annotations

from enum import Enum
from typing import Self

from pydantic import Field, model_validator

from rig.datafile import Data


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


class MeasurementSpec(Data):
    """One declared measurement.

    ``code`` is the failure code when the limit does not hold and diagnosis knows no better;
    ``marginal`` is a wider limit: outside ``limit`` but inside it is MARGINAL, not FAIL.
    """

    unit: str
    says: str                                   # what it is, for the report
    over: Dimension = Dimension.BOARD
    limit: Limit | None = None                  # none: recorded only
    marginal: Limit | None = None
    code: str | None = None
    required: bool = True
    critical: bool = False                      # a failure stops the board at once

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.limit is not None and self.code is None:
            raise ValueError("a failure code for every limit")
        if self.marginal is not None and self.limit is None:
            raise ValueError("a limit inside the marginal one")
        return self


class Limits(Data):
    limits: str
    version: int = Field(ge=1)
    measurements: dict[str, MeasurementSpec] = Field(min_length=1)
