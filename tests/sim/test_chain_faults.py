"""The chain's fault kinds: what a host sees of each, through the ports only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rig.bm13xx.commands import ChainInactive
from rig.bm13xx.registers import Register
from rig.sim import chain_faults

MakeHost = Callable[..., Any]
SHOWN: set[str] = set()


def shows(*kinds: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Marks a test as the one that shows these kinds."""
    SHOWN.update(kinds)
    return lambda test: test


# ---- the chain

@shows("dead_chip")
@pytest.mark.parametrize("chip", [0, 1, 32, 64])
def test_dead_chip(host: MakeHost, chip: int) -> None:
    one = host({"kind": "dead_chip", "chip": chip})
    assert one.count() == chip
    one.configure(200.0)
    nonces = one.hash_job(seconds=1.0)
    assert int(one.board.chain.hashing.sum()) == chip
    if chip > 1:
        assert set(one.layout.chip_of(nonces.counter).tolist()) == set(range(chip))


def test_dead_chip_leaves_those_after_it_on_their_idle_clock(host: MakeHost) -> None:
    one = host({"kind": "dead_chip", "chip": 32})
    one.count()
    one.configure(400.0)
    assert one.board.chain.chips.mhz[31:33].tolist() == [400.0, 50.0]


@shows("broken_response")
@pytest.mark.parametrize("chip", [0, 20])
def test_broken_response(host: MakeHost, chip: int) -> None:
    one = host({"kind": "broken_response", "chip": chip})
    assert one.count() == chip
    one.configure()
    one.tell(one.supply, "VOLT 13.6")
    nonces = one.hash_job(seconds=1.0)
    assert one.board.chain.hashing.all()                 # they work and draw power, unheard
    assert float(one.ask(one.supply, "MEAS:CURR?")) > 60
    assert set(one.layout.chip_of(nonces.counter).tolist()) == set(range(chip))


@shows("no_clock", "reset_stuck")
@pytest.mark.parametrize("kind", ["no_clock", "reset_stuck"])
def test_silent_chain_with_a_good_rail(host: MakeHost, kind: str) -> None:
    one = host({"kind": kind})
    assert one.count() == 0
    assert one.raw == b""
    assert one.domain_volts() == [pytest.approx(15 / 13, abs=0.05)] * 13
    assert float(one.ask(one.supply, "MEAS:CURR?")) < 4.5   # leakage only: a good one draws 6 A


@shows("stuck_busy")
@pytest.mark.parametrize("chip", [0, 20, 63])
def test_stuck_busy_silences_those_beyond_and_commands_still_act_on_them(host: MakeHost, chip: int) -> None:
    one = host({"kind": "stuck_busy", "chip": chip})
    assert one.count() == chip + 1
    one.configure()
    one.tell(one.supply, "VOLT 13.6")
    nonces = one.hash_job(seconds=1.0)
    assert one.board.chain.hashing.all()
    assert float(one.ask(one.supply, "MEAS:CURR?")) > 60
    assert set(one.layout.chip_of(nonces.counter).tolist()) == set(range(chip + 1))


def recount(host: Any) -> int:
    """A fresh reset and the count after it, as a bring-up does."""
    host.pin(0, 0)
    host.wait(0.1)
    host.pin(0, 1)
    host.wait(0.1)
    return len(host.discover())


@shows("intermittent_joint")
def test_intermittent_joint_is_drawn_at_each_enumeration(host: MakeHost) -> None:
    one = host({"kind": "intermittent_joint", "chip": 40, "probability": 0.5})
    counts = [one.count()] + [recount(one) for _ in range(39)]
    assert set(counts) == {40, 65}
    assert 10 <= counts.count(40) <= 30
    # no reply of a try comes in two forms: the joint stays as it was from the reset to the count
    assert len(one.raw) == 11 * sum(counts)
    again = host({"kind": "intermittent_joint", "chip": 40, "probability": 0.5})
    assert [again.count()] + [recount(again) for _ in range(39)] == counts


def test_a_count_without_a_reset_is_an_enumeration_too_and_nothing_else_is(host: MakeHost) -> None:
    one = host({"kind": "intermittent_joint", "chip": 40, "probability": 0.5})
    one.count()
    for _ in range(30):
        count = len(one.read(Register.CHIP_ID))
        assert [len(one.read(Register.UART_RELAY)) for _ in range(3)] == [count] * 3
        one.send(ChainInactive())
        assert len(one.read(Register.MISC_CONTROL)) == count
    assert {len(one.read(Register.CHIP_ID)) for _ in range(30)} == {40, 65}


@pytest.mark.parametrize(("probability", "count"), [(0.0, 65), (1.0, 0)])
def test_a_joint_that_never_or_always_fails(host: MakeHost, probability: float, count: int) -> None:
    one = host({"kind": "intermittent_joint", "chip": 0, "probability": probability})
    assert [one.count()] + [recount(one) for _ in range(5)] == [count] * 6


def test_a_joint_that_opens_at_a_count_takes_the_work_of_those_beyond(host: MakeHost) -> None:
    one = host({"kind": "intermittent_joint", "chip": 33, "probability": 1.0, "at_seconds": 5.0})
    one.bring_up()
    one.wait(6.0)
    one.job()
    one.wait(0.3)
    assert one.board.chain.hashing.all()            # nobody has counted since it struck: still joined
    assert len(one.read(Register.CHIP_ID)) == 33
    assert np.flatnonzero(one.board.chain.hashing).tolist() == list(range(33))


def sensor_celsius(host: Any, sensor: int) -> float:
    host.request(5, 0x20, bytes([0x70, 1 << sensor]))
    return float(host.request(5, 0x40, bytes([0x4C, 0, 1]))[1][0] - 64)


@shows("heat_drop")
def test_heat_drop(host: MakeHost) -> None:
    one = host({"kind": "heat_drop", "chip": 21, "above_celsius": 50.0}, time_scale=50)
    one.bring_up()
    assert len(one.read(Register.CHIP_ID)) == 65
    one.slot.fans.drive[:] = 0.2
    one.job()
    one.wait(0.05)
    while one.board.chain.hashing.all():
        one.wait(0.05)
        assert sensor_celsius(one, 3) < 56
    assert sensor_celsius(one, 3) >= 47
    assert len(one.read(Register.CHIP_ID, seconds=0.02)) == 21
    one.pin(0, 0)
    one.slot.fans.drive[:] = 1.0
    one.wait(2.0)
    one.baud = 115_200.0
    assert recount(one) == 65                       # cooler, it is there again


@shows("volt_drop")
def test_volt_drop(host: MakeHost) -> None:
    one = host({"kind": "volt_drop", "chip": 7, "below_volts": 1.08})
    assert one.count() == 65                        # at the pre-open volts
    assert one.domain_volts()[1] > 1.1
    one.tell(one.supply, "VOLT 13.6")
    one.wait(0.3)
    assert one.domain_volts()[1] < 1.08
    assert len(one.read(Register.CHIP_ID)) == 7
    one.tell(one.supply, "VOLT 15")
    one.wait(0.3)
    assert len(one.read(Register.CHIP_ID)) == 65


# ---- who a chip says it is

@shows("duplicate_address")
@pytest.mark.parametrize("chip", [1, 30, 64])
def test_duplicate_address(host: MakeHost, chip: int) -> None:
    one = host({"kind": "duplicate_address", "chip": chip})
    one.bring_up()
    found = [reply.address for reply in one.read(Register.CHIP_ID)]
    expected = list(range(0, 130, 2))
    expected[chip] = expected[chip - 1]
    assert found == expected
    assert len(one.read(Register.CHIP_ID, 2 * chip)) == 0
    one.write(0xE4, 0x1234, 2 * (chip - 1))         # a write to one hits both
    assert [reply.value for reply in one.read(0xE4, 2 * (chip - 1))] == [0x1234] * 2
    nonces = one.hash_job(seconds=1.0)
    chips = np.bincount(one.layout.chip_of(nonces.counter), minlength=65)
    assert chips[chip] == 0                         # it swept the slice of the one before
    assert chips[chip - 1] == pytest.approx(2 * np.median(chips), rel=0.25)


def test_an_address_that_turns_while_the_chain_runs(host: MakeHost) -> None:
    one = host({"kind": "duplicate_address", "chip": 5, "at_seconds": 5.0})
    one.bring_up()
    assert len(one.read(Register.CHIP_ID, 8)) == 1
    one.wait(6.0)
    assert [len(one.read(Register.CHIP_ID, address)) for address in (8, 10)] == [2, 0]


@shows("wrong_chip_id")
def test_wrong_chip_id(host: MakeHost) -> None:
    one = host({"kind": "wrong_chip_id", "chip": 9, "id": 0x1368})
    one.power()
    one.release()
    ids = [reply.value >> 16 for reply in one.discover()]
    assert ids == [0x1370] * 9 + [0x1368] + [0x1370] * 55


# ---- silicon

@shows("weak_chip")
def test_weak_chip(host: MakeHost) -> None:
    found = host({"kind": "weak_chip", "chip": 17, "rate": 0.8}).rates()
    assert found[17] == pytest.approx(0.8, abs=0.08)
    assert np.delete(found, 17).min() > 0.98


@shows("slow_chip")
def test_slow_chip(host: MakeHost) -> None:
    """Its margin ends below the clock; one that ends above it is as good as any."""
    found = host(
        {"kind": "slow_chip", "chip": 17, "mhz": 120}, {"kind": "slow_chip", "chip": 40, "mhz": 10}
    ).rates()
    assert found[17] < 0.1
    assert np.delete(found, 17).min() > 0.98


@shows("slow_board")
def test_slow_board(host: MakeHost) -> None:
    found = host({"kind": "slow_board", "rate": 0.9}).rates()
    assert found.mean() == pytest.approx(0.9, abs=0.01)
    assert found.min() > 0.83


@shows("bad_cores")
@pytest.mark.parametrize("cores", [[3, 64, 127], 40])
def test_bad_cores(host: MakeHost, cores: Any) -> None:
    one = host({"kind": "bad_cores", "chip": 5, "cores": cores})
    one.bring_up()
    seen: set[int] = set()
    known: set[int] = set()
    for job in range(2):
        nonces = one.hash_job(job, job + 1)
        seen |= set(nonces.core[one.layout.chip_of(nonces.counter) == 5].tolist())
        rows = one.pack.answers_of(job)
        known |= set(one.pack.core[rows][one.pack.chip_index[rows] == 5].tolist())
    missing = known - seen
    if isinstance(cores, list):
        assert set(cores) & known <= missing
        assert len(missing) <= 4
    else:
        assert 25 < len(missing) <= 43
        assert int(one.board.effects.dead_cores[5].sum()) == cores


@shows("hardware_errors")
def test_hardware_errors(host: MakeHost) -> None:
    one = host({"kind": "hardware_errors", "chip": 30, "rate": 0.25})
    one.bring_up()
    nonces = one.hash_job()
    hits = one.hits(nonces)
    returned = np.bincount(one.layout.chip_of(nonces.counter), minlength=65)
    assert returned[30] >= 155
    assert hits[30] / returned[30] == pytest.approx(0.75, abs=0.1)
    assert (hits[:30] / returned[:30]).mean() > 0.999
    assert one.read(Register.NONCE_ERROR_COUNTER, 60)[0].value == returned[30] - hits[30]


@shows("stale_jobs")
def test_stale_jobs(host: MakeHost) -> None:
    one = host({"kind": "stale_jobs", "chip": 11})
    one.bring_up()
    one.hash_job(0, 3, seconds=0.2)
    later = one.hash_job(1, 4, seconds=2.5)
    late = one.layout.chip_of(later.counter)
    ours = later.job_id == 4
    assert set(late[ours].tolist()) == set(range(65)) - {11}
    assert set(late[~ours][20:].tolist()) == {11}       # the first are answers that were under way
    assert set(later.job_id[late == 11].tolist()) == {3}
    assert one.hits(later, 0)[11] > 140                 # sound answers, of the old job
    again = one.hash_job(1, 3, seconds=0.5)             # the id comes again, for another job
    assert one.hits(again, 1)[11] == 0


@shows("duplicate_nonces")
def test_duplicate_nonces(host: MakeHost) -> None:
    one = host({"kind": "duplicate_nonces", "chip": 44, "rate": 0.3})
    one.bring_up()
    nonces = one.hash_job()
    mine = one.layout.chip_of(nonces.counter) == 44
    pairs = list(zip(nonces.word[mine].tolist(), nonces.version_bits[mine].tolist(), strict=True))
    twice = len(pairs) - len(set(pairs))
    assert twice / len(set(pairs)) == pytest.approx(0.3, abs=0.1)
    assert all(pair in (pairs[at - 1], *pairs[at + 1:at + 2]) for at, pair in enumerate(pairs)
               if pairs.count(pair) == 2)
    others = zip(nonces.word[~mine].tolist(), nonces.version_bits[~mine].tolist(), strict=True)
    assert len(set(others)) == (~mine).sum()


# ---- several, and late

def test_faults_of_the_chain_add_up(host: MakeHost) -> None:
    one = host(
        {"kind": "stuck_busy", "chip": 50}, {"kind": "duplicate_address", "chip": 20},
        {"kind": "wrong_chip_id", "chip": 3, "id": 0x1366}, {"kind": "weak_chip", "chip": 10, "rate": 0.5},
        {"kind": "stale_jobs", "chip": 11}, {"kind": "duplicate_nonces", "chip": 12, "rate": 1.0},
        {"kind": "intermittent_joint", "chip": 60, "probability": 1.0},
    )
    found = one.rates()
    ids = one.read(Register.CHIP_ID)
    assert [reply.value >> 16 for reply in ids] == [0x1370] * 3 + [0x1366] + [0x1370] * 47
    assert ids[20].address == ids[19].address
    assert one.board.chain.hashing.tolist() == [True] * 60 + [False] * 5
    assert found[51:].max() == 0
    assert found[10] == pytest.approx(0.5, abs=0.1)
    assert found[11] == pytest.approx(0.5, abs=0.05)     # one job of the two
    assert found[12] == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    "fault", [{"kind": "dead_chip", "chip": 12}, {"kind": "broken_response", "chip": 12}]
)
def test_a_chain_that_breaks_while_it_hashes(host: MakeHost, fault: dict[str, Any]) -> None:
    one = host(fault | {"at_seconds": 8.0})
    assert one.count() == 65
    one.configure()
    one.tell(one.supply, "VOLT 13.6")
    one.job()
    while one.board.effects.commands_reach == one.board.effects.replies_reach == 65:
        one.wait(0.05)
    one.wait(0.1)
    one.frames = one.frames[:0]
    one.wait(0.5)
    word = np.ascontiguousarray(one.frames[:, 2:6]).view(">u4").ravel().astype(np.uint32)
    assert one.layout.chip_of(word & np.uint32(0x1FF_FFFF)).max() < 12




def test_every_kind_of_the_chain_is_shown(kinds_of: Callable[[Any], set[str]]) -> None:
    assert kinds_of(chain_faults) == SHOWN
