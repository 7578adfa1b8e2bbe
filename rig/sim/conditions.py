"""What the board does to its chips: the conditions a chain works under, and joints that come and go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rig.sim.arrays import Flags, Floats
from rig.sim.effects import Effects


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """Arrays are (chips,). ``alive`` chips have power and clock and are out of reset.

    ``commands_reach`` of them can hear the host as heat and volts are now; ``volts`` are across
    each; ``hit_rate`` is the share of known answers each returns; ``effects`` the faults that have
    struck (another object as soon as one more strikes).
    """

    alive: Flags
    commands_reach: int
    volts: Floats
    hit_rate: Floats
    effects: Effects


class Joints:
    """Which intermittent joints are open now. ``reach`` chips are joined to the host by them.

    Each joint is drawn afresh at each enumeration. One begins when chips come out of reset, and one
    with every broadcast read of CHIP_ID but the first after that: the bring-up's reset, writes
    and count are one try.
    """

    def __init__(self, chips: int, seed: int) -> None:
        self.reach = chips
        self._chips = chips
        self._rng = np.random.default_rng([seed, 6])
        self._counted = False

    def released(self, effects: Effects) -> None:
        """Chips came out of reset."""
        self._counted = False
        self._draw(effects)

    def counted(self, effects: Effects) -> bool:
        """All chips are asked for their id; returns whether the joints were drawn for it."""
        first, self._counted = not self._counted, True
        if first or not effects.joints:
            return False
        self._draw(effects)
        return True

    def _draw(self, effects: Effects) -> None:
        lots = [(joint.chip, self._rng.random() < joint.probability) for joint in effects.joints]
        self.reach = min((chip for chip, is_open in lots if is_open), default=self._chips)


def leading(flags: Flags) -> int:
    """How many from the start on are set."""
    return len(flags) if flags.all() else int(np.argmin(flags))
