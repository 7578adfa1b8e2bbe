"""Work and warmth together: one round reads answers and every sensor, and sets the fans."""

from __future__ import annotations

from dataclasses import dataclass

from rig.board.fan_control import FanController
from rig.board.sensors import hottest_of, read_sensor
from rig.board.work_stream import WorkStream
from rig.recipe import Product, Recipe
from rig.slot import Slot

ROUND_SECONDS = 0.2             # of reading answers; sensors come on top, and the whole stays under 0.25 s
LEAST_FAN_CHANGE = 0.005


@dataclass(frozen=True, slots=True)
class Warmth:
    """Board temperatures of one round, celsius, None where a sensor did not acknowledge."""

    celsius: tuple[float | None, ...]
    hottest: float | None
    fan_share: float


class WarmthKeeper:
    """Runs the work stream and the fan controller in rounds; soak and burn-in share one.

    Between two sensors it reads answers, so the chain's port never waits for the side channel.
    """

    def __init__(self, slot: Slot, product: Product, recipe: Recipe, stream: WorkStream) -> None:
        self._slot, self._product, self._stream = slot, product, stream
        self._controller = FanController.warming(
            recipe.soak.target_celsius, recipe.soak.warming_fan_share
        )
        self._commanded: float | None = None

    def round(self) -> Warmth:
        """One round of about a fifth of a second. Raises LinkError, BridgeError, GuardTrip, GuardError."""
        celsius = []
        for sensor in range(self._product.sensors):
            self._stream.step(ROUND_SECONDS / self._product.sensors)
            celsius.append(read_sensor(self._slot, self._product, sensor))
        hottest = hottest_of(tuple(celsius))
        self._controller = self._controller.step(hottest, self._slot.clock.now())
        self._command(self._controller.share)
        return Warmth(tuple(celsius), hottest, self._controller.share)

    def _command(self, share: float) -> None:
        if self._commanded is None or abs(share - self._commanded) >= LEAST_FAN_CHANGE:
            self._slot.side.set_fans(share)
            self._commanded = share
