"""One slot of the simulated bench in memory, in virtual time: no ports, no guard, no instruments.

Supply and meter are read from the bench's own physics, so what a run costs here is the chain's
simulation and the rig's procedures.
"""

from __future__ import annotations

from pathlib import Path

from rig.clock import VirtualClock
from rig.errors import BridgeError, NoAcknowledge
from rig.fixturefile import load_fixture
from rig.sim.bridge import SimBridge
from rig.sim.fixture import SimSlot
from rig.sim.rack import Rack
from rig.sim.scenario import Scenario

I2C, GPIO = 0x05, 0x06               # pages of the fixture bridge, and its I2C commands
WRITE, READ, WRITE_READ = 0x20, 0x30, 0x40
FAN_DRIVE, FANS = 0x30, 4
BRIDGE_SECONDS, LOOK_SECONDS = 0.002, 0.005


class MemorySlot:
    """A rig.slot.Slot without supply, meter and scanner; ``bench`` is the simulated slot behind it."""

    name = "slot1"
    simulated = True

    def __init__(self, fixture: Path, plans: Path, seed: int) -> None:
        self.clock = VirtualClock()
        scenario = Scenario.model_validate({"boards": {self.name: {"seed": seed}}})
        rack = Rack(load_fixture(fixture), plans, scenario, self.clock.now())
        self.bench: SimSlot = rack.slots[self.name]
        self._pins = self.bench.entry.pins
        self._bridge = SimBridge(self.bench)
        self._baud = 115_200
        self._echo = b""
        self.link = self.side = self

    def power(self, volts: float, limit_amps: float) -> None:
        """What the guard does on a worker's word."""
        self._set(self._pins.discharge, high=True)
        self.bench.output.volts_set, self.bench.output.amps_set = volts, limit_amps
        self.bench.output.on = True

    def watts(self) -> float:
        """What a meter at the connector would read."""
        self.bench.advance(self.clock.now())
        return self.bench.power.connector_watts

    # ---- link

    def set_baud(self, baud: int) -> None:
        self._baud = baud
        self.flush_input()

    def write(self, data: bytes) -> None:
        self.bench.tick(self.clock.now())
        self._echo += self.bench.receive(data, self.clock.now(), self._baud)

    def read(self, seconds: float) -> bytes:
        until = self.clock.now() + seconds
        while not (data := self._heard()) and (left := until - self.clock.now()) > 0:
            self.clock.sleep(min(LOOK_SECONDS, left))
        return data

    def flush_input(self) -> None:
        self._heard()

    def _heard(self) -> bytes:
        self.bench.tick(self.clock.now())
        echo, self._echo = self._echo, b""
        return echo + self.bench.transmit(self.clock.now(), self._baud)

    # ---- side

    def i2c_write(self, address: int, data: bytes) -> None:
        self._ask(I2C, WRITE, bytes([address]) + data)

    def i2c_read(self, address: int, count: int) -> bytes:
        return self._ask(I2C, READ, bytes([address, count]))

    def i2c_write_read(self, address: int, data: bytes, count: int) -> bytes:
        return self._ask(I2C, WRITE_READ, bytes([address]) + data + bytes([count]))

    def hold_reset(self) -> None:
        self._set(self._pins.reset, high=False)

    def release_reset(self) -> None:
        self._set(self._pins.reset, high=True)

    def close_loopback(self) -> None:
        self._set(self._pins.loopback, high=True)

    def open_loopback(self) -> None:
        self._set(self._pins.loopback, high=False)

    def set_fans(self, share: float) -> None:
        for fan in range(FANS):
            data = bytes([FAN_DRIVE + 16 * fan, round(255 * share)])
            self.i2c_write(self.bench.entry.fan_controller, data)

    def _set(self, pin: int, *, high: bool) -> None:
        self._ask(GPIO, pin, bytes([high]))

    def _ask(self, page: int, command: int, data: bytes) -> bytes:
        self.clock.sleep(BRIDGE_SECONDS)
        packet = bytes([1, 0, page, command]) + data
        answer = self._bridge.receive((2 + len(packet)).to_bytes(2, "little") + packet, self.clock.now())
        if answer[3] == 0xFF:
            raise NoAcknowledge(data[0])
        if answer[3]:
            raise BridgeError(f"status {answer[3]}")
        return answer[4:]
