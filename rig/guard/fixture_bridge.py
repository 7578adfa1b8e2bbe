"""The guard's hand on one fixture bridge. All of it runs in the bridge's own thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from rig.clock import Clock
from rig.errors import BridgeError, InstrumentError, NoAcknowledge, RigError, Role
from rig.guard.lamps import LampLevels
from rig.guard.mains import RelayEdges
from rig.guard.thermometer import BoardSensors, read_all
from rig.guard.watch import PinLevels
from rig.instruments.bridge import Bridge, Level
from rig.instruments.fans import FanController
from rig.slotentry import Colour, SlotEntry

T = TypeVar("T")


class BridgeReport(Protocol):
    """Who is told what the bridge shows."""

    def saw_pins(self, pins: PinLevels) -> None: ...
    def saw_rest(self) -> None: ...
    def saw_celsius(self, celsius: tuple[float | None, ...]) -> None: ...
    def saw_fans(self, rpm: tuple[float, ...] | None) -> None: ...
    def commanded_fans(self, share: float) -> None: ...
    def lost_bridge(self, text: str) -> None: ...
    def saw_lamps(self, fault: str | None) -> None: ...


class BridgeHand:
    """Pins, I2C and fans. A port that fails is closed and opened afresh at the next word."""

    def __init__(
        self,
        find: Callable[[], SlotEntry],
        clock: Clock,
        report: BridgeReport,
        make: Callable[[str, Clock], Bridge],
    ) -> None:
        """``find`` gives the slot's present entry, StationFault when there is none."""
        self._find = find
        self._clock = clock
        self._report = report
        self._make = make
        self._bridge: Bridge | None = None
        self._entry: SlotEntry | None = None
        self.sensors = BoardSensors()           # the board's, as the last lease told
        self.edges = RelayEdges()               # for the watchdog relay, where the fixture has one
        self._lamps = LampLevels()
        self._mux = 0                           # channels the worker last selected

    def hold_reset(self) -> bool:
        """Reset low, read back; True when it is."""
        return self._try(lambda bridge, entry: bridge.set_pin(entry.pins.reset, Level.LOW))

    def rest(self) -> bool:
        """Reset low, loop-back open, discharge relay at rest, all read back, then fans full."""

        def down(bridge: Bridge, entry: SlotEntry) -> None:
            bridge.set_pin(entry.pins.reset, Level.LOW)
            bridge.set_pin(entry.pins.discharge, Level.LOW)
            bridge.set_pin(entry.pins.loopback, Level.LOW)

        if not self._try(down):
            return False
        self._report.saw_rest()
        # best effort: the board is off, and a silent fan controller is the next lease's matter
        self._try(lambda bridge, entry: self._drive(bridge, entry, 1.0))
        return True

    def prepare_power(self, share: float) -> None:
        """Reset low, discharge relay open, fans running. Raises BridgeError."""

        def ready(bridge: Bridge, entry: SlotEntry) -> None:
            bridge.set_pin(entry.pins.reset, Level.LOW)
            self._drive(bridge, entry, share)
            bridge.set_pin(entry.pins.discharge, Level.HIGH)

        self._do(ready)

    def look(self) -> None:
        """Read the safety inputs; report them or the loss of the bridge."""
        try:
            self.pins()
        except RigError:
            return

    def pins(self) -> None:
        """As ``look``, but raises BridgeError."""

        def read(bridge: Bridge, entry: SlotEntry) -> PinLevels:
            return PinLevels(
                bridge.pin(entry.pins.estop) is Level.HIGH,
                bridge.pin(entry.pins.lid) is Level.HIGH,
                bridge.pin(entry.pins.seated) is Level.HIGH,
            )

        self._report.saw_pins(self._do(read))

    def feed_relay(self) -> None:
        """An edge for the watchdog relay in the supply's mains, when it is due."""
        self._try(self._feed)

    def arm_relay(self) -> None:
        """Both edges, and the relay seen closed. Raises BridgeError, InstrumentError when it is open."""

        def arm(bridge: Bridge, entry: SlotEntry) -> bool:
            if entry.pins.watchdog_feed is None or entry.pins.watchdog_closed is None:
                return True
            for _ in (Level.HIGH, Level.LOW):
                self._edge(bridge, entry, entry.pins.watchdog_feed)
            return bridge.pin(entry.pins.watchdog_closed) is Level.HIGH

        if not self._do(arm):
            raise InstrumentError(
                Role.SUPPLY, "watchdog relay: found it open though the bridge feeds it, expected closed; "
                "check the relay, its feed and its second contact"
            )

    def _feed(self, bridge: Bridge, entry: SlotEntry) -> None:
        pin = entry.pins.watchdog_feed
        if pin is not None and self.edges.due(entry.watchdog_seconds, self._clock.now()):
            self._edge(bridge, entry, pin)

    def _edge(self, bridge: Bridge, entry: SlotEntry, pin: int) -> None:
        bridge.set_pin(pin, Level.LOW if self.edges.high else Level.HIGH)
        self.edges.given(entry.watchdog_seconds, self._clock.now())

    def show(self, lit: Colour | None) -> None:
        """Bring one lamp nearer to where only ``lit`` is on. Nothing is waited for and no port is opened:

        what the bridge says to it passes by with the next answer. A failure is reported and goes no further.
        """
        bridge, entry = self._bridge, self._entry
        if bridge is None or entry is None:
            return
        if self._lamps.heard(bridge.take_refusals()):
            self._report.saw_lamps(self._lamps.fault)
        now = self._clock.now()
        pin, level = self._lamps.next(entry.pins.lights, lit, now)
        if pin is None:
            return
        try:
            bridge.post_pin(pin, level)
        except BridgeError as error:                # the next look finds out what is wrong with the port
            self._report.saw_lamps(str(error))
            return
        self._lamps.sent(pin, level, now)

    def feel(self) -> None:
        """Board temperatures and fan speeds, reported. The worker's mux setting is put back."""
        self._try(self._feel)

    def set_reset(self, level: Level) -> None:
        """Raises BridgeError."""
        self._do(lambda bridge, entry: bridge.set_pin(entry.pins.reset, level))

    def set_loopback(self, level: Level) -> None:
        """Raises BridgeError."""
        self._do(lambda bridge, entry: bridge.set_pin(entry.pins.loopback, level))

    def set_fans(self, share: float) -> None:
        """Raises BridgeError."""
        self._do(lambda bridge, entry: self._drive(bridge, entry, share))

    def fan_rpm(self) -> tuple[float, ...]:
        """Raises BridgeError."""
        return self._do(lambda bridge, entry: FanController(bridge, entry.fan_controller).rpm())

    def i2c(self, address: int, data: bytes, count: int) -> bytes:
        """Write ``data``, then read ``count``; either may be none. Raises NoAcknowledge, BridgeError."""

        def transfer(bridge: Bridge, _entry: SlotEntry) -> bytes:
            if not count:
                bridge.i2c_write(address, data)
                if address == self.sensors.mux and data:
                    self._mux = data[-1]
                return b""
            if not data:
                return bridge.i2c_read(address, count)
            return bridge.i2c_write_read(address, data, count)

        return self._do(transfer)

    def close(self) -> None:
        if self._bridge is not None:
            self._bridge.close()
        self._bridge = self._entry = None
        self._lamps = LampLevels()

    def _feel(self, bridge: Bridge, entry: SlotEntry) -> None:
        self._report.saw_celsius(read_all(bridge, self.sensors, self._mux))
        try:
            self._report.saw_fans(FanController(bridge, entry.fan_controller).rpm())
        except NoAcknowledge:
            self._report.saw_fans(None)

    def _drive(self, bridge: Bridge, entry: SlotEntry, share: float) -> None:
        FanController(bridge, entry.fan_controller).drive(share)
        self._report.commanded_fans(share)

    def _try(self, action: Callable[[Bridge, SlotEntry], object]) -> bool:
        try:
            self._do(action)
        except RigError:
            return False
        return True

    def _do(self, action: Callable[[Bridge, SlotEntry], T]) -> T:
        """Act on an open port. NoAcknowledge passes; any other failure closes the port, is reported."""
        try:
            if self._bridge is None or self._entry is None:
                self._entry = self._find()
                self._bridge = self._make(self._entry.bridge or "", self._clock)
            return action(self._bridge, self._entry)
        except NoAcknowledge:
            raise
        except RigError as error:
            self.close()
            fault = error if isinstance(error, BridgeError) else BridgeError(str(error))
            self._report.lost_bridge(str(fault))
            raise fault from error
