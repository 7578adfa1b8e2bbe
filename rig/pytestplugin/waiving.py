"""A product's waivers, put to the board whose chips they are for as soon as its EEPROM was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rig.recipe import Limits, PlanFolder
from rig.recipe.waivers import ChipLot

if TYPE_CHECKING:
    from datetime import datetime

    from rig.pytestplugin.log import RunLog
    from rig.recipe.eeprom_layout import BoardIdentity


class Waiving:
    """Applies waivers once a run, and says so in its record."""

    def __init__(self, plan: PlanFolder, log: RunLog) -> None:
        self._waivers, self._limits, self._log = plan.waivers, plan.limits, log

    def widened(self, identity: BoardIdentity | None, now: datetime) -> Limits | None:
        """The limits for this board; None where no waiver changes them, and ever after."""
        if self._waivers is None or identity is None:
            return None
        waivers, self._waivers = self._waivers, None
        lot = ChipLot(identity.factory_job, identity.ft_version, identity.chip_bin)
        found, used, late = waivers.applied(self._limits, lot, now.date())
        for name in used:
            entry = waivers.entries[name]
            self._log.happened(
                "waiver", f"{name}, by {entry.author} up to {entry.expires.isoformat()}: "
                f"{entry.measurement} {entry.limit} is MARGINAL for these chips; {entry.reason}",
            )
        for name in late:
            expired = waivers.entries[name].expires.isoformat()
            self._log.happened("waiver", f"{name} is for these chips, but expired on {expired}: not applied")
        return found if used else None
