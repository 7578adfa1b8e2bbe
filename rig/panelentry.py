"""What a fixture file says of the station's page at its place (docs/station.md). On the ground."""

from __future__ import annotations

from pydantic import Field

from rig.datafile import Data


class PanelEntry(Data):
    """Where labels are printed, and how long a golden check holds."""

    printer: str | None = Field(default=None, pattern=r"^tcp://[^/:\s]+:\d{1,5}$")  # a ZPL printer's raw port
    golden_hours: float = Field(default=12.0, gt=0, le=24 * 31)
