"""Work and warmth together: one round reads answers and every sensor, and sets the fans."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rig.board.fan_control import FanController
from rig.board.sensors import hottest_of, read_sensor
from rig.board.work_stream import WorkStream
from rig.recipe import Product, Recipe
from rig.slot import Slot

ROUND_SECONDS = 0.18            # of reading answers; sensors come on top, and a tick stays under 0.25 s
LEAST_FAN_CHANGE = 0.005


@dataclass(frozen=True, slots=True)
class Warmth:
    """Board temperatures, celsius, None where a sensor did not acknowledge; what the fans are set to."""

    celsius: tuple[float | None, ...]
    hottest: float | None
    fan_share: float


class WarmthKeeper:
    """Runs the work stream and the fan controller in rounds; soak and burn-in share one.

    Between two sensors it reads answers, so the chain's port never waits for the side channel.
    Errors of both rounds: LinkError, BridgeError, GuardTrip, GuardError.
    """

    def __init__(self, slot: Slot, product: Product, recipe: Recipe, stream: WorkStream) -> None:
        self._slot, self._product, self._stream = slot, product, stream
        self._controller = FanController.warming(
            recipe.soak.target_celsius, recipe.soak.warming_fan_share
        )
        self._celsius: list[float | None] = []
        self._turn = 0
        self._commanded: float | None = None

    def round(self) -> Warmth:
        """A fifth of a second of work, the hottest sensor and one more read, fans set: for a board that
        is heating up. The first round reads all."""
        due = self._due()
        for sensor in range(self._product.sensors):
            self._stream.step(ROUND_SECONDS / self._product.sensors)
            if sensor in due:
                self._celsius[sensor] = read_sensor(self._slot, self._product, sensor)
        return self._control()

    def _due(self) -> set[int]:
        """The sensors of this round: the hottest so far, on which the fans depend, and one in turn."""
        if not self._celsius:
            self._celsius = [None] * self._product.sensors
            return set(range(self._product.sensors))
        self._turn = (self._turn + 1) % self._product.sensors
        hottest = max(
            range(self._product.sensors), key=lambda sensor: self._celsius[sensor] or -math.inf
        )
        return {hottest, self._turn}

    def hold(self) -> Warmth:
        """A fifth of a second of work and one sensor in turn; fans when all had theirs.

        For a board that sits at its temperature: a quarter of the side channel's traffic.
        """
        if not self._celsius:
            return self.round()
        for _ in range(self._product.sensors):
            self._stream.step(ROUND_SECONDS / self._product.sensors)
        self._celsius[self._turn] = read_sensor(self._slot, self._product, self._turn)
        self._turn = (self._turn + 1) % self._product.sensors
        return self._control() if self._turn == 0 else self._warmth()

    def _control(self) -> Warmth:
        warmth = self._warmth()
        self._controller = self._controller.step(warmth.hottest, self._slot.clock.now())
        share = self._controller.share
        if self._commanded is None or abs(share - self._commanded) >= LEAST_FAN_CHANGE:
            self._slot.side.set_fans(share)
            self._commanded = share
        return self._warmth()

    def _warmth(self) -> Warmth:
        celsius = tuple(self._celsius)
        return Warmth(celsius, hottest_of(celsius), self._controller.share)
