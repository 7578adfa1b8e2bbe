"""A slot in memory for the order and the timing of procedures: a chain that answers its name.

It knows addresses, discovery, bauds and jobs, nothing of physics; the simulated bench's chain is
driven in test_simulated_chain.py.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rig.bm13xx.commands import (
    ChainInactive,
    Command,
    CommandDecoder,
    ReadRegister,
    SendJob,
    SetAddress,
    WriteRegister,
)
from rig.bm13xx.models import ChipModel, chip_model
from rig.bm13xx.registers import Register, baud_of
from rig.bm13xx.replies import encode_register
from rig.board import bring_up
from rig.clock import VirtualClock
from rig.eepromkeys import EepromKeys
from rig.errors import NoAcknowledge
from rig.recipe import Level, Product, Recipe, Silicon
from rig.recipe.product import SerialFormat
from rig.slot import Phase, Protection
from rig.testkit import VirtualBench, VirtualSlot
from rig.work.pack import Pack, load_pack

BOOT_BAUD = 115_741
PACK = Path(__file__).parents[2] / "testplans" / "s21pro" / "s21pro-sim.kap"
FIXTURE = Path(__file__).parents[2] / "fixtures" / "sim.yaml"
SENSOR_OFFSETS = (-8.0, -3.0, 0.0, 3.0)
FAN_SECONDS = 1.5


@dataclass(frozen=True)
class Sent:
    """One frame the host wrote, and when and how fast."""

    at: float
    baud: int
    data: bytes
    command: Command


@dataclass
class FakeLink:
    """The chain's UART with a scripted chain behind it.

    ``counts``: chips that answer the first, second… discovery; the last one stays. ``mangle``
    gets each discovery's bytes and its number.
    """

    clock: VirtualClock
    side: FakeSide
    counts: list[int] = field(default_factory=lambda: [65])
    chip_id_of: Callable[[int], int] = lambda _chip: 0x1370
    mangle: Callable[[int, bytes], bytes] = lambda _number, data: data
    echo: Callable[[bytes], bytes] = lambda data: data
    answer_job: Callable[[SendJob], bytes] = lambda _job: b""
    address_of: Callable[[int, int], int] = lambda _chip, address: address
    host_baud: int = 0
    chip_baud: int = BOOT_BAUD
    discoveries: int = 0
    addressed: list[int] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    echoed: list[tuple[int, bytes]] = field(default_factory=list)
    waiting: deque[tuple[float, bytes]] = field(default_factory=deque)
    decoder: CommandDecoder = field(default_factory=CommandDecoder)
    reads: list[float] = field(default_factory=list)

    def reset(self) -> None:
        self.chip_baud, self.addressed, self.waiting = BOOT_BAUD, [], deque()

    def set_baud(self, baud: int) -> None:
        self.host_baud = baud
        self.flush_input()

    def flush_input(self) -> None:
        self._ready()

    def write(self, data: bytes) -> None:
        if self.side.loop_closed:
            self.echoed.append((self.host_baud, data))
            self._reply(self.echo(data))
            return
        for command in self.decoder.feed(data):
            self.sent.append(Sent(self.clock.now(), self.host_baud, data, command))
            if abs(self.host_baud / self.chip_baud - 1) < 0.03 and not self.side.reset_low:
                self._act(command)

    def read(self, seconds: float) -> bytes:
        self.reads.append(seconds)
        until = self.clock.now() + seconds
        if self.waiting and self.waiting[0][0] <= until:
            self.clock.sleep(self.waiting[0][0] - self.clock.now())
        else:
            self.clock.sleep(seconds)
        return self._ready()

    def say(self, data: bytes) -> None:
        """The chain sends something by itself."""
        self._reply(data)

    def _ready(self) -> bytes:
        ready = b""
        while self.waiting and self.waiting[0][0] <= self.clock.now():
            ready += self.waiting.popleft()[1]
        return ready

    def frames(self) -> list[bytes]:
        return [sent.data for sent in self.sent]

    def writes_of(self, register: Register) -> list[Sent]:
        return [
            sent
            for sent in self.sent
            if isinstance(sent.command, WriteRegister) and sent.command.register == register
        ]

    def _act(self, command: Command) -> None:
        match command:
            case ChainInactive():
                self.addressed = []
            case SetAddress(address):
                self.addressed.append(address)
            case WriteRegister(Register.UART_BAUD, value, None):
                self.chip_baud = round(baud_of(value))
            case ReadRegister(Register.CHIP_ID, None):
                self._discover()
            case SendJob():
                self._reply(self.answer_job(command))
            case _:
                pass

    def _discover(self) -> None:
        count = self.counts[min(self.discoveries, len(self.counts) - 1)]
        replies = b""
        for chip in range(count):
            address = self.addressed[chip] if chip < len(self.addressed) else 0
            address = self.address_of(chip, address)
            replies += encode_register(self.chip_id_of(chip) << 16 | address, address, Register.CHIP_ID)
        self._reply(self.mangle(self.discoveries, replies))
        self.discoveries += 1

    def _reply(self, data: bytes) -> None:
        """Bytes arrive as fast as the line carries them, in pieces that cut frames."""
        for start in range(0, len(data), 64):
            piece = data[start : start + 64]
            last = self.waiting[-1][0] if self.waiting else 0.0
            ready = max(last, self.clock.now()) + len(piece) * 10 / self.chip_baud
            self.waiting.append((ready, piece))


@dataclass
class FakeSide:
    """I2C devices as callables (written bytes, wanted count) → answer, and the fixture's outputs."""

    clock: VirtualClock
    devices: dict[int, Callable[[bytes, int], bytes]] = field(default_factory=dict)
    link: FakeLink | None = None
    reset_low: bool = True
    loop_closed: bool = False
    events: list[tuple[str, float]] = field(default_factory=list)
    fan_shares: list[float] = field(default_factory=list)

    def i2c_write(self, address: int, data: bytes) -> None:
        self.i2c_write_read(address, data, 0)

    def i2c_read(self, address: int, count: int) -> bytes:
        return self.i2c_write_read(address, b"", count)

    def i2c_write_read(self, address: int, data: bytes, count: int) -> bytes:
        if address not in self.devices:
            raise NoAcknowledge(address)
        return self.devices[address](data, count)

    def hold_reset(self) -> None:
        self.reset_low = True
        self.events.append(("reset low", self.clock.now()))
        assert self.link is not None
        self.link.reset()

    def release_reset(self) -> None:
        self.reset_low = False
        self.events.append(("reset high", self.clock.now()))

    def close_loopback(self) -> None:
        self.loop_closed = True
        self.events.append(("loop closed", self.clock.now()))

    def open_loopback(self) -> None:
        self.loop_closed = False
        self.events.append(("loop open", self.clock.now()))

    def set_fans(self, share: float) -> None:
        self.fan_shares.append(share)

    def fan_rpm(self) -> tuple[float, ...]:
        return ()


class FakeSlot:
    """A rig.slot.Slot without instruments: board procedures need none."""

    name = "slot1"
    simulated = True
    eeprom_keys = EepromKeys()

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.side = FakeSide(self.clock)
        self.link = FakeLink(self.clock, self.side)
        self.side.link = self.link

    @property
    def supply(self) -> None:
        raise AssertionError("no board procedure touches the supply")

    meter = scanner = supply


class Sensors:
    """A mux at 0x70 and sensors at 0x4C behind it; ``celsius`` of each, None for an absent one."""

    def __init__(self, side: FakeSide, celsius: list[float | None]) -> None:
        self.celsius = celsius
        self.refresh: Callable[[], None] = lambda: None
        self.selected = 0
        self.stolen = 0             # how many more sensor reads find the mux moved under them
        side.devices[0x70] = self._mux
        side.devices[0x4C] = self._sensor

    def _mux(self, data: bytes, count: int) -> bytes:
        if data:
            self.selected = data[0]
        return bytes([self.selected] * count)

    def _sensor(self, data: bytes, count: int) -> bytes:
        if self.stolen:
            self.stolen -= 1
            self.selected = 0x08
        self.refresh()
        value = self.celsius[self.selected.bit_length() - 1]
        if value is None:
            raise NoAcknowledge(0x4C)
        sixteenths = round((value + 64) * 16)
        assert count == 1
        return bytes([sixteenths >> 4 if data == b"\x00" else (sixteenths & 15) << 4])


@dataclass
class Plant:
    """One thermal mass under fans, constants of the board model the bench uses too (assumed ones)."""

    time_scale: float = 1.0
    room: float = 25.0
    watts: float = 1_062.0
    resistance: float = 1.0
    noise: float = 0.0
    fan: float = 0.3
    celsius: float = field(init=False)
    dice: random.Random = field(default_factory=lambda: random.Random(7))

    def __post_init__(self) -> None:
        self.celsius = self.room

    @property
    def hottest(self) -> float:
        return self.celsius + SENSOR_OFFSETS[-1]

    def read(self) -> tuple[float, ...]:
        return tuple(
            round((self.celsius + offset + self.dice.gauss(0, self.noise)) * 16) / 16
            for offset in SENSOR_OFFSETS
        )

    def run(self, share: float, seconds: float) -> None:
        for _ in range(20):
            step = seconds / 20
            self.fan += (share - self.fan) * step / FAN_SECONDS
            kelvin_per_watt = 0.0185 * self.resistance * self.fan**-0.8
            rise = self.watts * kelvin_per_watt - (self.celsius - self.room)
            self.celsius += rise / (kelvin_per_watt * 1_235) * step * self.time_scale


@dataclass
class WarmBoard:
    """A plant whose sensors stand behind a slot's mux and whose fans the slot commands."""

    slot: FakeSlot
    sensors: Sensors
    plant: Plant
    absent: tuple[int, ...] = ()
    seen_at: float = 0.0

    def __post_init__(self) -> None:
        self.seen_at = self.slot.clock.now()
        self.sensors.refresh = self.refresh

    def refresh(self) -> None:
        now = self.slot.clock.now()
        shares = self.slot.side.fan_shares
        self.plant.run(shares[-1] if shares else 0.3, now - self.seen_at)
        self.seen_at = now
        self.sensors.celsius = [
            None if at in self.absent else value for at, value in enumerate(self.plant.read())
        ]


@pytest.fixture
def make_plant() -> type[Plant]:
    return Plant


@pytest.fixture
def warm_board(slot: FakeSlot, sensors: Sensors) -> Callable[..., WarmBoard]:
    """warm_board(absent=(), **plant): the slot's board, with that thermal behaviour."""

    def made(absent: tuple[int, ...] = (), **plant: float) -> WarmBoard:
        return WarmBoard(slot, sensors, Plant(**plant), absent)

    return made


@pytest.fixture(scope="session")
def pack() -> Pack:
    return load_pack(PACK)


@pytest.fixture
def slot() -> FakeSlot:
    return FakeSlot()


@pytest.fixture
def sensors(slot: FakeSlot) -> Sensors:
    return Sensors(slot.side, [25.0, 26.5, 27.0625, 30.25])


@pytest.fixture(scope="session")
def model() -> ChipModel:
    return chip_model("bm1370")


@pytest.fixture(scope="session")
def product() -> Product:
    return Product(
        product="s21pro",
        name="Antminer S21 Pro hashboard",
        serial=SerialFormat(pattern="[A-Z0-9]{17}", says="17 capital letters and digits"),
        board_name="BHB68701",
        chip="bm1370",
        chips=65,
        domains=13,
        chips_per_domain=5,
        address_interval=2,
        sweep_length=7861,
        core_clock_delay=0x0C,
        sensors=4,
        simulated_silicon=Silicon(pack="s21pro-sim.kap", required_zero_bits=14),
    )


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return Recipe(
        recipe="s21pro",
        version=1,
        pre_open_volts=15.0,
        pre_open_amps=12.0,
        over_volts=15.8,
        over_amps=105.0,
        limit_amps=95.0,
        levels=(Level(level="L0", volts=13.6, mhz=600.0),),
    )


@pytest.fixture(scope="session")
def virtual_bench(tmp_path_factory: pytest.TempPathFactory) -> VirtualBench:
    return VirtualBench("s21pro", fixture=FIXTURE, results=tmp_path_factory.mktemp("results"))


@pytest.fixture
def live(virtual_bench: VirtualBench) -> Iterator[Callable[..., VirtualSlot]]:
    """live(*faults): the simulated board in a leased slot at pre-open volts, its reset held low."""
    opened: list[VirtualSlot] = []

    def made(*faults: dict[str, Any]) -> VirtualSlot:
        slot = virtual_bench.slot(faults, seed=11)
        opened.append(slot)
        slot.prepare()
        slot.power_on()
        slot.supply.enter(Phase.PRE_OPEN, 200)
        slot.supply.on(15.0, Protection(16.0, 100.0), 12.0)
        slot.clock.sleep(0.5)
        return slot

    yield made
    for slot in opened:
        slot.close()


@pytest.fixture
def configured(
    live: Callable[..., VirtualSlot], virtual_bench: VirtualBench, model: ChipModel
) -> Callable[..., VirtualSlot]:
    """configured(*faults): the same after its bring-up."""

    def made(*faults: dict[str, Any]) -> VirtualSlot:
        slot, plan = live(*faults), virtual_bench.setup.plan
        assert bring_up(slot, plan.product, plan.recipe, model).complete
        return slot

    return made
