"""A sign of life: one thing that was looked at, and how it is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from pydantic import Field, field_validator

from rig.datafile import Data

MOST_SIGNS = 500                # of a sentence


class Gravity(Enum):
    """What something that is not well asks for."""

    NOTICE = "notice"           # a person, in the coming days
    ALARM = "alarm"             # a person, now


class Sign(Data):
    """``well`` None: neither, it stays as it was. ``figures``: units stand in their names."""

    name: str
    well: bool | None
    says: str
    gravity: Gravity = Gravity.ALARM
    figures: Mapping[str, float] = Field(default={})

    @field_validator("says")
    @classmethod
    def _one_line(cls, says: str) -> str:
        """Far sides' words stand in it, too, and it goes into logs."""
        return " ".join(says.split())[:MOST_SIGNS]

    @property
    def alarms(self) -> bool:
        return self.well is False and self.gravity is Gravity.ALARM
