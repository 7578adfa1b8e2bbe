"""One slot of the simulated fixture: supply, contactor, cables, fans, pins, and the board between.

The circuit from the supply to the board's pads is ``rig.sim.circuit``'s.
"""

from __future__ import annotations

import math

from rig.bm13xx.registers import RESET_VALUES, Register, baud_of
from rig.sim.board import Board
from rig.sim.circuit import Path, Power
from rig.sim.effects import Part
from rig.sim.mains import MainsPath
from rig.sim.supply import SupplyOutput
from rig.sim.thermal import Fans
from rig.sim.wire import Noise
from rig.slotentry import SlotEntry, Watchdog

OUT_OF_RESET_BAUD = baud_of(RESET_VALUES[Register.UART_BAUD])
CONTACTOR_SECONDS = 0.03           # from the loop's opening to the contacts'
STEP_SECONDS, STEADY_STEP_SECONDS, RESTING_STEP_SECONDS = 0.02, 0.2, 0.5
_LEAST_STEP_SECONDS = 0.0005
OFF_AMPS = 1.0                     # an output that is off and gives less is off indeed
_DEAD_VOLTS = 0.02
_STEADY_VOLTS, _STEADY_SHARE = 0.02, 0.005     # per step: below it the next one may be longer
_STRETCH = 1.5


class SimSlot:
    """Everything in one slot, sans-IO. Told the time, it catches up.

    Attributes: ``output`` the supply's stage; ``mains`` before it; ``fans``; ``power``; ``board``;
    ``outputs`` the levels of the bridge's output pins by number. The relays rest as at bench start:
    reset held, loop-back open, discharging.
    """

    def __init__(self, name: str, entry: SlotEntry, seed: int, now: float) -> None:
        self.name = name
        self.entry = entry
        self.seed = seed
        self.output = SupplyOutput(entry.supply)
        self.fans = Fans(seed)
        self.power = Power()
        self.board: Board | None = None
        self._noise = Noise(seed)
        pins = entry.pins
        driven = (pins.reset, pins.loopback, pins.discharge, pins.watchdog_feed, *pins.lights.values())
        self.outputs = dict.fromkeys((pin for pin in driven if pin is not None), False)
        self.mains = MainsPath(entry.watchdog_seconds if entry.watchdog is Watchdog.RELAY else None)
        self.output.feed_mains(on=self.mains.settle(now))
        self._contacts = True
        self._loop_opened: float | None = None
        self._first_on: float | None = None
        self.off_since: float | None = now
        self._now = now
        self._stride = STEP_SECONDS
        self._obeyed = self.output.orders

    # ---- what stands where

    def place(self, board: Board, now: float) -> None:
        """A fresh board in the slot, cold."""
        self.advance(now)
        self.board = board
        self._noise = Noise(board.lottery.seed)
        self.power = Power()
        self._contacts, self._loop_opened, self._first_on = True, None, None
        self._step(_LEAST_STEP_SECONDS, now)

    @property
    def seated(self) -> Board | None:
        """The board, unless it was taken out."""
        return None if self.board is None or self.board.effects.board_removed else self.board

    def is_gone(self, part: Part) -> bool:
        return self.board is not None and part in self.board.effects.gone

    # ---- pins

    def level(self, pin: int) -> bool:
        """What the bridge reads at a pin."""
        pins, board = self.entry.pins, self.board
        if pin in self.outputs:
            return self.outputs[pin]
        if pin == pins.estop:
            return board is None or not board.effects.estop_open
        if pin == pins.watchdog_closed:
            return self.mains.closed(self._now)
        if pin == pins.lid:
            return board is None or not board.effects.lid_open
        return pin == pins.seated and self.seated is not None

    def drive(self, pin: int, now: float, *, high: bool) -> bool:
        """Set an output, which acts at once; False when the pin is none."""
        if pin not in self.outputs:
            return False
        self.outputs[pin] = high
        if pin == self.entry.pins.watchdog_feed:
            self.mains.drive(now, high=high)
            self.output.feed_mains(on=self.mains.settle(now))
            return True
        if pin not in self.entry.pins.lights.values():
            self._step(_LEAST_STEP_SECONDS, now)
        return True

    # ---- mains

    def switch_outlet(self, now: float, *, on: bool) -> None:
        """By the PDU."""
        self.advance(now)
        self.mains.switch(on=on)
        self.output.feed_mains(on=self.mains.settle(now))

    def watch_outlet(self, seconds: float, now: float) -> None:
        """The PDU's watchdog of the outlet: armed or fed, disarmed with 0."""
        self.advance(now)
        self.mains.watch(seconds, now)

    @property
    def lights(self) -> dict[str, bool]:
        """Which lamps of the stack light are on, of those that are wired."""
        return {colour.value: self.outputs[pin] for colour, pin in self.entry.pins.lights.items()}

    @property
    def loopback(self) -> bool:
        return self.outputs[self.entry.pins.loopback]

    @property
    def live(self) -> bool:
        """Whether anything has volts."""
        return self.output.on or self.power.pad_volts > _DEAD_VOLTS

    # ---- the chain's line

    def receive(self, data: bytes, now: float, baud: float) -> bytes:
        """The host's bytes; returns what the loop-back relay sends straight back."""
        if self.is_gone(Part.UART):
            return b""
        if self.loopback:
            return data
        if self.seated is not None:
            self.seated.chain.receive(data, now, baud)
        return b""

    def transmit(self, now: float, baud: float) -> bytes:
        """What the chain has sent to a host that listens at ``baud``."""
        if self.seated is None:
            return b""
        data = self.seated.chain.transmit(now, baud)
        if self.loopback or self.is_gone(Part.UART):
            return b""
        effects = self.seated.effects
        return self._noise.damaged(data, effects.corrupt_share, effects.lost_share)

    @property
    def chain_baud(self) -> float:
        """The rate at which the board's first chip listens and speaks; out of reset without a board."""
        return OUT_OF_RESET_BAUD if self.seated is None else self.seated.chain.baud

    def next_due(self, now: float) -> float:
        """When to be called again at the latest."""
        rest = max(now, self._now + self._longest)
        due = None if self.seated is None else self.seated.chain.next_due(now)
        return rest if due is None else min(rest, due)

    # ---- time

    def tick(self, now: float) -> None:
        """Catch up when a step is due; exact state is ``advance``'s."""
        if now - self._now >= self._longest:
            self.advance(now)

    def advance(self, now: float) -> None:
        """Catch up to ``now`` in steps short enough for what is going on."""
        while (gap := now - self._now) > _LEAST_STEP_SECONDS:
            seconds = gap / math.ceil(gap / self._longest)
            self._now += seconds
            self._step(seconds, self._now)

    def look(self, now: float) -> None:
        """Catch up as exactly as a reading deserves: at once after an order to the supply, else in
        the steps that what goes on needs."""
        if self.output.orders != self._obeyed or now - self._now >= self._longest:
            self.advance(now)

    @property
    def _longest(self) -> float:
        """How long a step may be now: short while anything moves."""
        if not self.live:
            return RESTING_STEP_SECONDS
        opening = self._loop_opened is not None and self._contacts
        usual = STEP_SECONDS if opening else self._stride
        due = min(self.output.watchdog_left, self.mains.left(self._now))
        return min(usual, max(2 * _LEAST_STEP_SECONDS, due))

    def _step(self, seconds: float, now: float) -> None:
        board, before = self.board, self.power
        if self.output.on and self._first_on is None:
            self._first_on = now
        if board is not None:
            board.strike(None if self._first_on is None else now - self._first_on)
            self.fans.stop(board.effects.stopped_fans, full=board.effects.fans_full)
            self.output.fault_amps = board.effects.trip_amps
        self._move_contactor(now)
        self.output.feed_mains(on=self.mains.settle(now))
        self._obeyed = self.output.orders
        self.output.slew(seconds)
        self._settle(seconds)
        if self.output.on or self.power.supply_amps >= OFF_AMPS:
            self.off_since = None
        elif self.off_since is None:
            self.off_since = now
        self.fans.step(seconds)
        if board is not None:
            reset_low = not self.outputs[self.entry.pins.reset]
            board.run(seconds, now, air=self.fans.air, held_in_reset=reset_low)
        volts = abs(self.power.pad_volts - before.pad_volts)
        share = abs(self.power.supply_amps - before.supply_amps) / max(1.0, before.supply_amps)
        steady = volts < _STEADY_VOLTS and share < _STEADY_SHARE
        self._stride = min(STEADY_STEP_SECONDS, self._stride * _STRETCH) if steady else STEP_SECONDS

    def _move_contactor(self, now: float) -> None:
        effects = None if self.board is None else self.board.effects
        if effects is None or not (effects.estop_open or effects.lid_open):
            self._loop_opened = None
            self._contacts = True
            return
        if self._loop_opened is None:
            self._loop_opened = now
        self._contacts = now - self._loop_opened < CONTACTOR_SECONDS

    def _settle(self, seconds: float) -> None:
        """Work out the circuit, and tell the supply what became of its output."""
        if self.board is not None and self.seated is None:
            self.board.stack.open()
        path = Path(self.entry.supply, self.board, joined=self._contacts,
                    discharging=not self.outputs[self.entry.pins.discharge])
        source = self.output.ramp if self.output.on else None
        self.power, limiting = path.settle(self.power, source, self.output.amps_set, seconds)
        self.output.settle(self.power.terminal_volts, self.power.supply_amps, seconds, limiting=limiting)

    @property
    def meter_offset_watts(self) -> float:
        """How far off the meter's watts are."""
        return 0.0 if self.board is None else self.board.effects.meter_offset_watts
