"""All procedures on the bench's own chain of 65 chips, in memory and in virtual time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rig.bm13xx.models import ChipModel
from rig.bm13xx.registers import Register
from rig.board import WarmthKeeper, WorkStream, bring_up, burn_in, ramp, soak
from rig.clock import VirtualClock
from rig.recipe import Level, Product, Recipe
from rig.sim.answers import AnswerBook
from rig.sim.chain import Chain
from rig.sim.conditions import Conditions
from rig.sim.effects import Effects
from rig.sim.silicon import draw
from rig.work.ledger import Ledger, Tally
from rig.work.pack import Pack

LEVEL = Level(level="L1", volts=13.6, mhz=587.5)
CHIPS, CORES = 65, 128


class ChainLink:
    """The bench's chain as a rig.slot.Link, without a port between."""

    def __init__(self, clock: VirtualClock, chain: Chain) -> None:
        self.clock, self.chain, self.baud = clock, chain, 115_200

    def set_baud(self, baud: int) -> None:
        self.baud = baud
        self.flush_input()

    def write(self, data: bytes) -> None:
        self.chain.receive(data, self.clock.now(), self.baud)

    def read(self, seconds: float) -> bytes:
        until = self.clock.now() + seconds
        while not (data := self.chain.transmit(self.clock.now(), self.baud)):
            left = until - self.clock.now()
            if left <= 0:
                return b""
            self.clock.sleep(min(0.005, left))
        return data

    def flush_input(self) -> None:
        self.chain.transmit(self.clock.now(), self.baud)


class Bench:
    """A slot with one board: what is done to its chips is told to the chain."""

    def __init__(self, slot: Any, product: Product, book: AnswerBook) -> None:
        self.slot, self.product = slot, product
        self.chain = Chain(product, book, seed=5)
        self.reach = CHIPS
        self.hit_rate = np.ones(CHIPS)
        self.error_rate = np.zeros(CHIPS)
        self.dead_cores = np.zeros((CHIPS, CORES), dtype=np.bool_)
        slot.link = ChainLink(slot.clock, self.chain)
        slot.side.link = self
        slot.side.release_reset = self.release_reset

    def reset(self) -> None:
        self._tell(alive=False)

    def release_reset(self) -> None:
        self._tell(alive=True)

    def _tell(self, *, alive: bool) -> None:
        effects = Effects.none(self.product, draw(self.product, 5))
        effects.error_rate, effects.dead_cores = self.error_rate, self.dead_cores
        conditions = Conditions(
            alive=np.full(CHIPS, alive), commands_reach=self.reach, volts=np.full(CHIPS, 1.1),
            hit_rate=self.hit_rate, effects=effects,
        )
        self.chain.set_conditions(conditions, self.slot.clock.now())


@pytest.fixture(scope="module")
def book(pack: Pack) -> AnswerBook:
    return AnswerBook(pack)


@pytest.fixture
def bench(slot: Any, sensors: Any, product: Product, book: AnswerBook) -> Bench:
    sensors.celsius = [48.0, 53.0, 56.0, 56.5]
    return Bench(slot, product, book)


def work_up(
    bench: Bench, product: Product, recipe: Recipe, model: ChipModel, pack: Pack
) -> tuple[WorkStream, WarmthKeeper]:
    """Bring up, ramp, open work."""
    found = bring_up(bench.slot, product, recipe, model)
    for _ in ramp(bench.slot, product, recipe, LEVEL, found):
        pass
    stream = WorkStream(bench.slot, product, recipe, pack, model)
    stream.open()
    return stream, WarmthKeeper(bench.slot, product, recipe, stream)


def burn(bench: Bench, stream: WorkStream, keeper: WarmthKeeper, pack: Pack, seconds: float) -> Tally:
    ledger = Ledger(pack, pack.layout, pack.sweep_length, LEVEL.mhz)
    for tick in burn_in(bench.slot, stream, ledger, keeper):
        if tick.seconds >= seconds:
            return tick.tally
    raise AssertionError("a burn-in ends only when it is closed")


def test_bring_up_configures_all_chips_and_leaves_them_idle(
    bench: Bench, product: Product, recipe: Recipe, model: ChipModel
) -> None:
    found = bring_up(bench.slot, product, recipe, model)
    assert found.complete
    assert found.counts == (65, 65)
    chips = bench.chain.chips
    assert chips.address.tolist() == list(range(0, 130, 2))
    assert set(chips.baud) == {3_125_000.0}
    assert set(chips.mhz) == {50.0}
    assert chips.enabled_cores.all()
    assert set(chips.registers[:, Register.MISC_CONTROL]) == {0xF000_C100}
    assert set(chips.registers[:, Register.SOFT_RESET_CONTROL]) == {0x0007_01F0}
    assert set(chips.registers[:, Register.TICKET_MASK]) == {0}
    relays = chips.registers[:, Register.UART_RELAY]
    assert relays[::5].tolist() == relays[4::5].tolist()
    assert int(chips.registers[0, Register.UART_RELAY]) == 0x004F_0003
    assert int(chips.registers[4, Register.IO_DRIVER_STRENGTH]) == 0x0001_F111
    assert not bench.chain.hashing.any()


def test_ramp_and_open_set_every_chip_hashing_in_its_own_slice(
    bench: Bench, product: Product, recipe: Recipe, model: ChipModel, pack: Pack
) -> None:
    work_up(bench, product, recipe, model, pack)
    bench.slot.clock.sleep(0.01)
    bench.chain.advance(bench.slot.clock.now())
    chips = bench.chain.chips
    assert set(chips.mhz) == {587.5}
    assert bench.chain.hashing.all()
    assert chips.registers[[0, 1, 64], Register.CHIP_NONCE_OFFSET].tolist() == [
        0x8000_0000, 0x8000_03F1, 0x8000_FC10,
    ]
    assert set(chips.registers[:, Register.HASH_COUNTING_NUMBER]) == {0x1EB5}


def test_every_answer_of_a_good_board_is_attributed(
    bench: Bench, product: Product, recipe: Recipe, model: ChipModel, pack: Pack
) -> None:
    stream, keeper = work_up(bench, product, recipe, model, pack)
    warm = list(soak(bench.slot, recipe, keeper))
    assert warm[-1].warm
    tally = burn(bench, stream, keeper, pack, 6.0)
    assert tally.trials.min() > 1_200
    assert (tally.hits == tally.trials).all()
    assert (tally.core_hits == tally.core_trials).all()
    for oddity in (tally.wrong, tally.stale, tally.duplicate, tally.outside):
        assert oddity.sum() == 0
    assert (tally.unknown, tally.corrupt) == (0, 0)
    wire = stream.wire
    assert (wire.bad_crc, wire.skipped_bytes) == (0, 0)
    assert wire.nonce_frames > tally.answers > 0
    assert wire.silent_seconds < 0.1


def test_a_weak_chip_and_dead_cores_show_where_they_are(
    bench: Bench, product: Product, recipe: Recipe, model: ChipModel, pack: Pack
) -> None:
    bench.hit_rate[17] = 0.8
    bench.dead_cores[40, [3, 77]] = True
    stream, keeper = work_up(bench, product, recipe, model, pack)
    tally = burn(bench, stream, keeper, pack, 5.0)
    rates = tally.hits / tally.trials
    assert 0.75 < rates[17] < 0.85
    assert tally.core_hits[40, [3, 77]].sum() == 0 < tally.core_trials[40, [3, 77]].sum()
    others = np.delete(rates, [17, 40])
    assert (others == 1.0).all()
    assert 0 < tally.wrong[17] < 0.05 * tally.trials[17]


def test_a_chain_that_ends_at_32_is_never_clocked_up(
    bench: Bench, product: Product, recipe: Recipe, model: ChipModel
) -> None:
    bench.reach = 32
    found = bring_up(bench.slot, product, recipe, model)
    assert found.counts == (32, 32)
    assert not found.complete
    chips = bench.chain.chips
    assert set(chips.mhz) == {50.0}
    assert not chips.addressed.any()
    assert set(np.round(chips.baud)) == {115_741.0}


def test_work_goes_on_at_a_higher_ticket(
    bench: Bench, product: Product, recipe: Recipe, model: ChipModel, pack: Pack
) -> None:
    harder = recipe.model_copy(update={"ticket_zero_bits": 2})
    stream, keeper = work_up(bench, product, harder, model, pack)
    ledger = Ledger(pack, pack.layout, pack.sweep_length, LEVEL.mhz, ticket_zero_bits=2)
    ticks = burn_in(bench.slot, stream, ledger, keeper)
    tally = next(tick.tally for tick in ticks if tick.seconds > 4.0)
    assert tally.trials.sum() > 1_000
    assert (tally.hits == tally.trials).all()
