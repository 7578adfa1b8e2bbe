"""The two ways in which a place that there is is not handed out."""

from __future__ import annotations

from rig.errors import StationFault, UsageError


class Busy(UsageError):
    """Somebody has the place, or it is set aside for somebody: who waits may get it."""


class Unfit(StationFault):
    """Its exporter or guard is dead, an e-stop waits there, or its station has found it bad."""
