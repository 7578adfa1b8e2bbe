"""A small pack, boards and slots in memory, and a host that brings a chain up in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import numpy as np
import pytest

from rig.bm13xx import pll, registers
from rig.bm13xx.chain import ChainLayout
from rig.bm13xx.commands import (
    ChainInactive,
    Command,
    ReadRegister,
    SendJob,
    SetAddress,
    WriteRegister,
    encode,
)
from rig.bm13xx.jobs import Job
from rig.bm13xx.models import chip_model
from rig.bm13xx.registers import Register
from rig.bm13xx.replies import Nonces, RegisterReply, ReplyDecoder, columns
from rig.recipe import Product, Silicon
from rig.recipe.product import SerialFormat
from rig.sim.answers import AnswerBook
from rig.sim.board import Board
from rig.sim.bridge import SimBridge
from rig.sim.faults import Fault
from rig.sim.fixture import SimSlot
from rig.sim.scenario import parse_scenario
from rig.sim.scpi_meter import MeterScpi
from rig.sim.scpi_scanner import ScannerScpi
from rig.sim.scpi_supply import SupplyScpi
from rig.slotentry import MeterEntry, ScannerEntry, SlotEntry, SupplyEntry
from rig.work.pack import Pack

CHIPS, SWEEP_LENGTH, MHZ = 65, 7861, 587.5
SERIAL = "SIMTEST0000000001"
PER_CHIP = 160                     # answers of each chip in each job of the small pack
JOBS = 2


def small_pack() -> Pack:
    """Two jobs of 65 x 160 nonces that no one has hashed: enough for the wire and for timing."""
    rng = np.random.default_rng(3)
    layout = ChainLayout(CHIPS, 2)
    parts = []
    for job in range(JOBS):
        chip = np.repeat(np.arange(CHIPS), PER_CHIP)
        start = np.array([layout.slice_start(c) for c in range(CHIPS)])[chip]
        core = rng.integers(0, 128, len(chip))
        word = (core << 25 | (start + rng.integers(0, 360_000, len(chip)))).astype(np.uint32)
        batch = np.tile(np.sort(rng.choice(4096, PER_CHIP, replace=False)), CHIPS)
        version = (batch << 4 | rng.integers(0, 12, len(chip))).astype(np.uint16)
        zero_bits = (14 + np.minimum(rng.geometric(0.5, len(chip)) - 1, 20)).astype(np.uint8)
        order = np.lexsort((word, version))
        parts.append((np.full(len(chip), job, np.uint16), chip.astype(np.uint8)[order], word[order],
                      version[order], zero_bits[order]))
    templates = np.zeros((JOBS, 80), np.uint8)
    templates[:, 3] = 0x20
    templates[:, 4] = np.arange(JOBS) + 1
    job, chip, word, version, zero_bits = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Pack(
        name="small", origin="tests", chip="bm1370", chips=CHIPS, address_interval=2,
        sweep_length=SWEEP_LENGTH, window_counts=360_000, required_zero_bits=14, templates=templates,
        job=job, chip_index=chip, word=word, version_bits=version, zero_bits=zero_bits,
    )


@pytest.fixture(scope="session")
def pack() -> Pack:
    return small_pack()


@pytest.fixture(scope="session")
def book(pack: Pack) -> AnswerBook:
    return AnswerBook(pack)


@pytest.fixture(scope="session")
def product() -> Product:
    return Product(
        product="s21pro", name="Antminer S21 Pro", board_name="BHB68606", chip="bm1370", chips=CHIPS,
        serial=SerialFormat(pattern="[A-Z0-9]{17}", says="17 of A-Z and 0-9"), domains=13,
        chips_per_domain=5, address_interval=2, sweep_length=SWEEP_LENGTH, core_clock_delay=12, sensors=4,
        simulated_silicon=Silicon(pack="small.kap", required_zero_bits=14),
    )


@pytest.fixture(scope="session")
def entry() -> SlotEntry:
    return SlotEntry(
        supply=SupplyEntry(max_volts=20, max_amps=120, max_watts=2000), meter=MeterEntry(),
        scanner=ScannerEntry(),
    )


class Host:
    """One slot with a board, and the hands of a host on all its ports, in virtual time."""

    def __init__(self, product: Product, book: AnswerBook, pack: Pack, entry: SlotEntry,
                 faults: Sequence[dict[str, Any]], seed: int, top: dict[str, Any]) -> None:
        self.product, self.pack, self.now, self.baud = product, pack, 100.0, 115_200.0
        scenario = parse_scenario(
            {"boards": {"slot1": {"seed": seed, "faults": list(faults)}}} | top, Path("test")
        )
        self.slot = SimSlot("slot1", entry, 1, self.now)
        self.board = Board(product, book, scenario, "slot1", SERIAL)
        self.slot.place(self.board, self.now)
        self.bridge = SimBridge(self.slot)
        self.supply, self.scanner = SupplyScpi(self.slot), ScannerScpi(self.slot)
        self.meter = MeterScpi(self.slot, self.now)
        self.layout = ChainLayout(product.chips, product.address_interval)
        self.decoder = ReplyDecoder(chip_model(product.chip))
        self.registers: list[RegisterReply] = []
        self.frames = np.empty((0, 11), np.uint8)
        self.raw = b""
        self._id = 0

    # ---- time and the wire

    def wait(self, seconds: float) -> None:
        """Let time pass; what the chain sends meanwhile lands in raw, registers and frames."""
        until = self.now + seconds
        while self.now < until:
            self.now = min(until, self.now + 0.01)
            self.slot.tick(self.now)
            self.meter.advance(self.now)
            self._take(self.slot.transmit(self.now, self.baud))

    def _take(self, data: bytes) -> None:
        self.raw += data
        block = self.decoder.feed(data)
        self.registers += block.registers
        self.frames = np.concatenate((self.frames, block.nonces))

    def send(self, command: Command, pause: float = 0.0) -> None:
        self._take(self.slot.receive(encode(command), self.now, self.baud))
        self.wait(pause)

    def write(self, register: int, value: int, address: int | None = None) -> None:
        self.send(WriteRegister(register, value, address))

    def read(self, register: int, address: int | None = None, seconds: float = 0.1) -> list[RegisterReply]:
        self.registers.clear()
        self.send(ReadRegister(register, address), seconds)
        return list(self.registers)

    # ---- fixture and instruments

    def ask(self, instrument: Any, message: str) -> str:
        self.slot.advance(self.now)
        answer = instrument.handle(message, self.now)
        assert answer is not None, message
        if answer.at > self.now:
            self.wait(answer.at - self.now)
        self.slot.advance(self.now)
        return str(answer.text())

    def tell(self, instrument: Any, message: str) -> None:
        self.slot.advance(self.now)
        assert instrument.handle(message, self.now) is None, message

    def request(self, page: int, command: int, data: bytes = b"") -> tuple[int, bytes]:
        """One bridge packet; (status, data), or (-1, b"") when nothing answered."""
        self._id = (self._id + 1) % 256
        packet = (6 + len(data)).to_bytes(2, "little") + bytes([self._id, 0, page, command]) + data
        answer = self.bridge.receive(packet, self.now)
        if not answer:
            return -1, b""
        assert answer[2] == self._id
        assert int.from_bytes(answer[:2], "little") == len(answer)
        return answer[3], answer[4:]

    def pin(self, number: int, level: int | None = None) -> int:
        status, data = self.request(6, number, b"" if level is None else bytes([level]))
        assert status == 0
        return data[0]

    # ---- what a host does with a board

    def power(self, volts: float = 15.0) -> None:
        """Stop discharging, supply on, wait for its slew."""
        self.pin(2, 1)
        self.tell(self.supply, "VOLT:PROT 16;:CURR:PROT 100;:CURR:PROT:STAT ON")
        self.tell(self.supply, f"VOLT {volts};:CURR 95;:OUTP ON")
        self.wait(0.5)

    def release(self) -> None:
        self.pin(0, 1)
        self.wait(0.05)

    def discover(self) -> list[RegisterReply]:
        for _ in range(3):
            self.write(Register.MIDSTATE_CONFIG, registers.version_rolling())
        return self.read(Register.CHIP_ID)

    def count(self) -> int:
        """Power, reset released, and how many chips answer."""
        self.power()
        self.release()
        return len(self.discover())

    def domain_volts(self) -> list[float]:
        """As the scanner reads them."""
        self.tell(self.scanner, "CONF:VOLT:DC 10,(@101:113)")
        return [float(volts) for volts in self.ask(self.scanner, "READ?").split(",")]

    def configure(self, mhz: float = MHZ) -> None:
        """From discovered to ready for jobs, without the pauses a real chain is given."""
        self.write(Register.MISC_CONTROL, registers.REPORT_ALL_CORES)
        self.send(ChainInactive())
        for chip in range(self.product.chips):
            self.send(SetAddress(self.layout.address(chip)))
        self.wait(0.2)
        self.write(Register.UART_BAUD, registers.uart_baud(0))
        self.wait(0.06)
        self.baud = 3_125_000.0
        self.write(Register.CORE_MAILBOX, registers.CORE_ENABLE)
        for chip in range(self.product.chips):
            offset = registers.nonce_offset_word(self.layout.nonce_offset(chip))
            self.write(Register.CHIP_NONCE_OFFSET, offset, self.layout.address(chip))
        self.write(Register.PLL0_PARAMETER, pll.encode(mhz))
        self.write(Register.HASH_COUNTING_NUMBER, SWEEP_LENGTH)
        self.wait(0.05)

    def job(self, number: int = 0, job_id: int = 1) -> None:
        self.send(SendJob(Job.from_header(job_id, self.pack.templates[number].tobytes())))

    def bring_up(self, volts: float = 13.6) -> None:
        """A cold board to one that is ready for jobs."""
        self.power()
        self.release()
        self.discover()
        self.configure()
        self.tell(self.supply, f"VOLT {volts}")
        self.wait(0.2)

    def hash_job(self, number: int = 0, job_id: int = 1, seconds: float = 2.6) -> Nonces:
        """One job's answers."""
        self.frames = self.frames[:0]
        self.job(number, job_id)
        self.wait(seconds)
        return columns(self.frames, chip_model(self.product.chip))

    def hits(self, nonces: Nonces, number: int = 0) -> np.ndarray:
        """Known answers that came back, a chip."""
        rows = self.pack.answers_of(number)
        known = set(zip(self.pack.word[rows].tolist(), self.pack.version_bits[rows].tolist(), strict=True))
        pairs = zip(nonces.word.tolist(), nonces.version_bits.tolist(), strict=True)
        good = np.array([pair in known for pair in pairs], dtype=bool)
        return np.bincount(self.layout.chip_of(nonces.counter[good]), minlength=self.product.chips)

    def rates(self) -> np.ndarray:
        """Hit rate of each chip over both jobs of the pack, from cold."""
        self.bring_up()
        hits = sum(self.hits(self.hash_job(job, job + 1), job) for job in range(JOBS))
        return np.asarray(hits) / (JOBS * PER_CHIP)


@pytest.fixture(scope="session")
def host(product: Product, book: AnswerBook, pack: Pack, entry: SlotEntry) -> Callable[..., Host]:
    def make(*faults: dict[str, Any], seed: int = 7, **top: Any) -> Host:
        return Host(product, book, pack, entry, faults, seed, top)
    return make


@pytest.fixture(scope="session")
def kinds_of() -> Callable[[ModuleType], set[str]]:
    """The fault kinds that a module of them defines."""
    def find(module: ModuleType) -> set[str]:
        here = [one for one in vars(module).values() if getattr(one, "__module__", "") == module.__name__]
        faults = [one for one in here if isinstance(one, type) and issubclass(one, Fault)]
        fields = [one.model_fields["kind"] for one in faults if "kind" in one.model_fields]
        return {get_args(field.annotation)[0] for field in fields}
    return find
