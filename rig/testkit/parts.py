"""The ports of a simulated slot without ports: chain and bridge, straight to the models."""

from __future__ import annotations

from rig.sim.bridge import SimBridge
from rig.sim.fixture import SimSlot
from rig.testkit.clock import SharedClock

_LOOK_SECONDS = 0.005              # how often a reader with nothing to read looks again
_BITS_PER_BYTE = 10
_BRIDGE_SECONDS = 0.002            # a packet's way there and back over USB


class VirtualLink:
    """rig.slot.Link to the simulated chain, whose line keeps five seconds of answers for its reader."""

    def __init__(self, slot: SimSlot, clock: SharedClock, baud: int) -> None:
        self._slot, self._clock, self._baud = slot, clock, baud
        self._waiting = bytearray()
        self._sent_at = 0.0

    def set_baud(self, baud: int) -> None:
        self._clock.sleep(self._sent_at - self._clock.now())
        self._baud = baud
        self.flush_input()

    def write(self, data: bytes) -> None:
        now = self._clock.now()
        self._slot.tick(now)
        self._waiting += self._slot.receive(data, now, self._baud)
        self._sent_at = max(self._sent_at, now) + len(data) * _BITS_PER_BYTE / self._baud

    def read(self, seconds: float) -> bytes:
        until = self._clock.now() + seconds
        self._take()
        while not self._waiting and (left := until - self._clock.now()) > 0:
            self._clock.sleep(min(_LOOK_SECONDS, left))
            self._take()
        data = bytes(self._waiting)
        self._waiting.clear()
        return data

    def flush_input(self) -> None:
        self._take()
        self._waiting.clear()

    def _take(self) -> None:
        now = self._clock.now()
        self._slot.tick(now)
        self._waiting += self._slot.transmit(now, self._baud)


class VirtualBridgePort:
    """rig.instruments.bridge.BytePort to the simulated fixture bridge."""

    def __init__(self, bridge: SimBridge, clock: SharedClock) -> None:
        self._bridge, self._clock = bridge, clock
        self._answers = bytearray()
        self.timeout: float | None = 0.0

    def write(self, data: bytes, /) -> int:
        self._clock.sleep(_BRIDGE_SECONDS)
        self._answers += self._bridge.receive(data, self._clock.now())
        return len(data)

    def read(self, size: int = 1, /) -> bytes:
        if not self._answers:
            self._clock.sleep(self.timeout or 0.0)
        data = bytes(self._answers[:size])
        del self._answers[:size]
        return data

    def reset_input_buffer(self) -> None:
        self._answers.clear()

    def close(self) -> None:
        self._answers.clear()


class VirtualMains:
    """rig.instruments.pdu.Mains: the outlet that feeds the simulated slot's supply."""

    def __init__(self, slot: SimSlot, clock: SharedClock) -> None:
        self._slot, self._clock = slot, clock
        self.number = slot.entry.supply.pdu_outlet or 0

    def cut(self) -> None:
        self._switch(on=False)

    def feed(self) -> None:
        self._switch(on=True)

    def is_fed(self) -> bool:
        return self._slot.mains.outlet

    def watch(self, seconds: float) -> None:
        self._slot.watch_outlet(seconds, self._clock.now())

    def _switch(self, *, on: bool) -> None:
        self._slot.switch_outlet(self._clock.now(), on=on)
