"""All procedures in the order of a run on the bench's whole board, physics included, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rig.bm13xx.models import ChipModel
from rig.board import (
    SoakTick,
    WarmthKeeper,
    WorkStream,
    bring_up,
    burn_in,
    link_echoes,
    ramp,
    read_eeprom,
    read_sensors,
    soak,
)
from rig.clock import VirtualClock
from rig.eepromkeys import EepromKeys
from rig.errors import BridgeError, NoAcknowledge
from rig.recipe import Level, Product, Recipe
from rig.sim.answers import AnswerBook
from rig.sim.board import Board
from rig.sim.bridge import SimBridge
from rig.sim.fixture import SimSlot
from rig.sim.scenario import Scenario
from rig.slotentry import MeterEntry, ScannerEntry, SlotEntry, SupplyEntry
from rig.work.ledger import Ledger, Tally
from rig.work.pack import Pack

LEVEL = Level(level="L1", volts=13.6, mhz=587.5)
SERIAL = "SIMBOARD000000001"
I2C, GPIO = 0x05, 0x06
WRITE, READ, WRITE_READ = 0x20, 0x30, 0x40
FAN_DRIVE = 0x30


class BenchSlot:
    """A slot of the simulated fixture as a rig.slot.Slot without instruments, ports or guard."""

    name = "slot1"
    simulated = True
    eeprom_keys = EepromKeys()

    def __init__(self, product: Product, book: AnswerBook, scenario: Scenario) -> None:
        supply = SupplyEntry(max_volts=20, max_amps=120, max_watts=1800)
        entry = SlotEntry(supply=supply, meter=MeterEntry(), scanner=ScannerEntry())
        self.clock = VirtualClock()
        self.pins = entry.pins
        self.bench = SimSlot(self.name, entry, 3, self.clock.now())
        self.bench.place(Board(product, book, scenario, self.name, SERIAL), self.clock.now())
        self.bridge = SimBridge(self.bench)
        self.baud = 115_200
        self.echo = b""
        self.link = self.side = self

    def power(self, volts: float) -> None:
        """What the guard does on a worker's word."""
        self._set(self.pins.discharge, high=True)
        self.bench.output.volts_set, self.bench.output.amps_set = volts, 95.0
        self.bench.output.on = True

    # ---- link

    def set_baud(self, baud: int) -> None:
        self.baud = baud
        self.flush_input()

    def write(self, data: bytes) -> None:
        self.bench.advance(self.clock.now())
        self.echo += self.bench.receive(data, self.clock.now(), self.baud)

    def read(self, seconds: float) -> bytes:
        until = self.clock.now() + seconds
        while not (data := self._heard()) and (left := until - self.clock.now()) > 0:
            self.clock.sleep(min(0.005, left))
        return data

    def flush_input(self) -> None:
        self._heard()

    def _heard(self) -> bytes:
        self.bench.advance(self.clock.now())
        echo, self.echo = self.echo, b""
        return echo + self.bench.transmit(self.clock.now(), self.baud)

    # ---- side

    def i2c_write(self, address: int, data: bytes) -> None:
        self._ask(I2C, WRITE, bytes([address]) + data)

    def i2c_read(self, address: int, count: int) -> bytes:
        return self._ask(I2C, READ, bytes([address, count]))

    def i2c_write_read(self, address: int, data: bytes, count: int) -> bytes:
        return self._ask(I2C, WRITE_READ, bytes([address]) + data + bytes([count]))

    def hold_reset(self) -> None:
        self._set(self.pins.reset, high=False)

    def release_reset(self) -> None:
        self._set(self.pins.reset, high=True)

    def close_loopback(self) -> None:
        self._set(self.pins.loopback, high=True)

    def open_loopback(self) -> None:
        self._set(self.pins.loopback, high=False)

    def set_fans(self, share: float) -> None:
        for fan in range(4):
            self.i2c_write(0x2F, bytes([FAN_DRIVE + 16 * fan, round(255 * share)]))

    def _set(self, pin: int, *, high: bool) -> None:
        self._ask(GPIO, pin, bytes([high]))

    def _ask(self, page: int, command: int, data: bytes) -> bytes:
        self.clock.sleep(0.002)
        packet = bytes([1, 0, page, command]) + data
        answer = self.bridge.receive((2 + len(packet)).to_bytes(2, "little") + packet, self.clock.now())
        if answer[3] == 0xFF:
            raise NoAcknowledge(data[0])
        if answer[3]:
            raise BridgeError(f"status {answer[3]}")
        return answer[4:]


@pytest.fixture(scope="module")
def book(pack: Pack) -> AnswerBook:
    return AnswerBook(pack)


@pytest.fixture
def place(product: Product, book: AnswerBook) -> Callable[..., BenchSlot]:
    """place(*faults): a slot at pre-open volts with that board in it, ten times as quick to warm."""

    def placed(*faults: dict[str, Any]) -> BenchSlot:
        boards = {"slot1": {"seed": 11, "faults": faults}}
        slot = BenchSlot(product, book, Scenario.model_validate({"time_scale": 10.0, "boards": boards}))
        slot.power(15.0)
        return slot

    return placed


@pytest.fixture
def run(
    product: Product, recipe: Recipe, model: ChipModel, pack: Pack
) -> Callable[[BenchSlot], tuple[SoakTick, Tally]]:
    """run(slot): bring-up to five seconds of burn-in."""

    def done(slot: Any) -> tuple[SoakTick, Tally]:
        found = bring_up(slot, product, recipe, model)
        assert found.complete
        slot.power(LEVEL.volts)
        list(ramp(slot, product, recipe, LEVEL, found))
        stream = WorkStream(slot, product, recipe, pack, model)
        keeper = WarmthKeeper(slot, product, recipe, stream)
        stream.open()
        ticks = list(soak(slot, recipe, keeper))
        assert max(tick.hottest or 0.0 for tick in ticks) < 60.0
        ledger = Ledger(pack, pack.layout, product.sweep_length, LEVEL.mhz)
        burning = burn_in(slot, stream, ledger, keeper)
        last = next(tick for tick in burning if tick.seconds > 5.0)
        assert last.hottest is not None
        assert abs(last.hottest - 56.0) < 2.0
        return ticks[-1], last.tally

    return done


def test_a_good_board_from_cold_to_burn_in(place: Any, run: Any) -> None:
    slot = place()
    warm, tally = run(slot)
    assert warm.warm
    assert warm.seconds < 16.0
    assert int(slot.bench.board.chain.hashing.sum()) == 65
    rates = tally.hits / tally.trials
    assert rates.min() > 0.985
    assert tally.hits.sum() / tally.trials.sum() > 0.998
    assert tally.stale.sum() + tally.duplicate.sum() + tally.outside.sum() + tally.unknown == 0


def test_a_weak_chip_and_dead_cores_in_their_places(place: Any, run: Any) -> None:
    weak = {"kind": "weak_chip", "chip": 17, "rate": 0.8}
    _, tally = run(place(weak, {"kind": "bad_cores", "chip": 3, "cores": [5, 9, 64]}))
    rates = tally.hits / tally.trials
    assert rates.argmin() == 17
    assert 0.74 < rates[17] < 0.86
    assert tally.core_hits[3, [5, 9, 64]].sum() == 0
    assert tally.core_trials[3, [5, 9, 64]].min() > 0


def test_a_dead_chip_stops_the_bring_up_and_the_link_is_proved_good(
    place: Any, product: Product, recipe: Recipe, model: ChipModel
) -> None:
    slot = place({"kind": "dead_chip", "chip": 32})
    found = bring_up(slot, product, recipe, model)
    assert found.counts == (32, 32)
    assert not found.complete
    assert set(slot.bench.board.chain.chips.mhz) == {50.0}
    assert link_echoes(slot)


def test_a_silent_board_and_a_silent_port_are_told_apart(
    place: Any, product: Product, recipe: Recipe, model: ChipModel
) -> None:
    for fault, echoes in (("reset_stuck", True), ("uart_gone", False)):
        slot = place({"kind": fault})
        assert bring_up(slot, product, recipe, model).counts == (0, 0)
        assert link_echoes(slot) is echoes


def test_identity_and_sensors_over_the_bridge(place: Any, product: Product) -> None:
    slot = place({"kind": "sensor_absent", "sensor": 1})
    reading = read_eeprom(slot, product)
    assert reading.identity is not None
    assert reading.identity.serial == SERIAL
    celsius = read_sensors(slot, product)
    assert [value is None for value in celsius] == [False, True, False, False]


def test_an_absent_and_a_corrupt_eeprom(place: Any, product: Product) -> None:
    absent = read_eeprom(place({"kind": "eeprom_absent"}), product)
    assert (absent.image, absent.identity) == (None, None)
    corrupt = read_eeprom(place({"kind": "eeprom_corrupt"}), product)
    assert corrupt.image is not None
    assert corrupt.identity is None
