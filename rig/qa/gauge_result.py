"""What a gauge study came to, kept beside its plan; the station report shows it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from rig.datafile import Data
from rig.qa.gauge import BAD_PERCENT, GOOD_PERCENT, LEAST_NDC
from rig.records.files import write_whole

FOLDER: Final = "gauge"
RESULT: Final = "result.json"


class GaugeResult(Data):
    """One measurement of one study; null: nothing varied, or nothing of it was the gauge's."""

    study: str
    station: str
    simulated: bool
    made: AwareDatetime
    measurement: str
    grr_percent: float | None
    ndc: int | None
    tolerance_percent: float | None = None
    are_alike: bool = False

    def says(self) -> str:
        """Good, conditional or bad, by AIAG's rule of thumb."""
        return judged(self.grr_percent, self.ndc, self.tolerance_percent, are_alike=self.are_alike)


def judged(
    grr_percent: float | None, ndc: int | None, tolerance_percent: float | None = None, *,
    are_alike: bool = False,
) -> str:
    """AIAG MSA 4: under 10 % good, over 30 % bad; at least 5 categories.

    A measurement with a limit sorts boards by it, so its share of the tolerance counts; one without is
    there to tell boards apart.
    """
    if grr_percent is None:
        return "not defined: nothing varied"
    if tolerance_percent is not None:
        return _by(tolerance_percent)
    if are_alike:
        return "not defined: the boards are alike"
    if grr_percent > BAD_PERCENT or (ndc is not None and ndc < LEAST_NDC and grr_percent >= GOOD_PERCENT):
        return "bad" if grr_percent > BAD_PERCENT else "conditional, too few categories"
    return _by(grr_percent)


def _by(percent: float) -> str:
    return "bad" if percent > BAD_PERCENT else "good" if percent < GOOD_PERCENT else "conditional"


_LIST: Final = TypeAdapter(list[GaugeResult])


def keep(folder: Path, found: list[GaugeResult]) -> None:
    """Raises StationFault when the disk refuses."""
    write_whole(folder / RESULT, json.dumps([one.model_dump(mode="json") for one in found], indent=1) + "\n")


def studies_of(results: Path, station: str, *, simulated: bool) -> list[GaugeResult]:
    """Those made on a station, newest first; a damaged file is left out."""
    found: list[GaugeResult] = []
    for path in sorted((results / FOLDER).glob(f"*/{RESULT}")):
        try:
            found += _LIST.validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValidationError):
            continue
    mine = [one for one in found if one.station == station and one.simulated == simulated]
    return sorted(mine, key=_newest, reverse=True)


def _newest(one: GaugeResult) -> datetime:
    return one.made
