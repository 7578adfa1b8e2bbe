"""The chain as a host meets it on the wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np
import pytest

from rig.bm13xx import pll, registers
from rig.bm13xx.commands import ChainInactive, ReadRegister, SendJob, SetAddress, WriteRegister, encode
from rig.bm13xx.crc import crc5, crc16
from rig.bm13xx.jobs import Job
from rig.bm13xx.registers import Register, mailbox_write
from rig.bm13xx.replies import columns, encode_register
from rig.bm13xx.sweep import version_space_seconds, window_counts
from rig.bm13xx.ticket import ticket_mask
from rig.sim.answers import AnswerBook
from rig.sim.hashcounters import HASHES_PER_COUNT

MakeHost = Callable[..., Any]
SWEEP_LENGTH = 7861


@pytest.fixture
def powered(host: MakeHost) -> Any:
    one = host()
    one.power()
    one.release()
    return one


@pytest.fixture
def ready(host: MakeHost) -> Any:
    one = host()
    one.bring_up()
    return one


# ---- registers and addresses

def test_replies_are_nine_bytes_until_version_rolling_is_on(powered: Any) -> None:
    powered.send(ReadRegister(Register.MISC_CONTROL), 0.2)
    assert powered.raw == encode_register(0xC100, 0, Register.MISC_CONTROL, size=9) * 65
    powered.raw = b""
    powered.write(Register.MIDSTATE_CONFIG, registers.version_rolling())
    powered.send(ReadRegister(Register.CHIP_ID), 0.2)
    assert powered.raw == bytes.fromhex("AA551370000000000000 10".replace(" ", "")) * 65


def test_discovery_takes_sixty_two_milliseconds(powered: Any) -> None:
    powered.write(Register.MIDSTATE_CONFIG, registers.version_rolling())
    powered.wait(0.1)
    powered.raw = b""
    powered.send(ReadRegister(Register.CHIP_ID), 0.05)
    assert 400 < len(powered.raw) < 600
    powered.wait(0.025)
    assert len(powered.raw) == 65 * 11


def test_bad_crc_is_ignored_and_does_not_stop_the_next_command(powered: Any) -> None:
    powered.write(Register.MIDSTATE_CONFIG, registers.version_rolling())
    broken = bytearray(encode(ReadRegister(Register.CHIP_ID)))
    broken[-1] ^= 1
    powered.slot.receive(bytes(broken), powered.now, powered.baud)
    powered.wait(0.2)
    assert powered.raw == b""
    assert len(powered.read(Register.CHIP_ID, seconds=0.2)) == 65


def test_addresses_go_down_the_chain_one_by_one(powered: Any) -> None:
    powered.discover()
    powered.send(ChainInactive())
    for address in range(0, 256, 2):
        powered.send(SetAddress(address))
    powered.wait(0.2)
    found = powered.read(Register.CHIP_ID, seconds=0.2)
    assert [reply.address for reply in found] == list(range(0, 130, 2))
    assert [reply.value for reply in found] == [0x1370_0000 | address for address in range(0, 130, 2)]
    assert [reply.address for reply in powered.read(Register.CHIP_ID, 0x10)] == [0x10]
    assert powered.read(Register.CHIP_ID, 0x11) == []


def test_registers_are_per_chip_and_unknown_ones_keep_what_is_written(ready: Any) -> None:
    ready.write(Register.IO_DRIVER_STRENGTH, 0x0001_F111, 8)
    ready.write(0xE4, 0xCAFE_F00D, 8)
    assert ready.read(Register.IO_DRIVER_STRENGTH, 8)[0].value == 0x0001_F111
    assert ready.read(Register.IO_DRIVER_STRENGTH, 10)[0].value == 0x0001_2111
    assert ready.read(0xE4, 8)[0].value == 0xCAFE_F00D
    assert ready.read(0xE4, 10)[0].value == 0


def test_chip_id_cannot_be_written(ready: Any) -> None:
    ready.write(Register.CHIP_ID, 0)
    assert ready.read(Register.CHIP_ID, 4)[0].value == 0x1370_0004


def test_core_registers_come_back_through_the_mailbox(ready: Any) -> None:
    ready.write(Register.CORE_MAILBOX, 5 << 16 | 1 << 15 | 0x05 << 8 | 0x77, 4)    # core 5 of chip 2 only
    ready.write(Register.CORE_MAILBOX, 5 << 16 | 0x05 << 8, 4)
    assert ready.read(Register.CORE_VALUE, 4)[0].value == 5 << 16 | 1 << 8 | 0x77
    ready.write(Register.CORE_MAILBOX, 6 << 16 | 0x05 << 8, 4)
    assert ready.read(Register.CORE_VALUE, 4)[0].value == 6 << 16 | 1 << 8


def test_the_pll_locks(ready: Any) -> None:
    word = pll.encode(400.0)
    ready.write(Register.PLL0_PARAMETER, word)
    assert {reply.value for reply in ready.read(Register.PLL0_PARAMETER)} == {word | 1 << 31}
    assert (ready.board.chain.chips.mhz == 400.0).all()


# ---- reset, power, baud

def test_reset_pin_and_loss_of_power_forget_everything(ready: Any) -> None:
    for forget in (lambda: (ready.pin(0, 0), ready.wait(0.05), ready.pin(0, 1)),
                   lambda: (ready.tell(ready.supply, "OUTP OFF"), ready.wait(2.0),
                            ready.tell(ready.supply, "OUTP ON"))):
        ready.write(0xE4, 0x1234)
        forget()
        ready.wait(0.5)
        ready.baud = 115_200.0
        ready.raw = b""
        ready.send(ReadRegister(Register.CHIP_ID), 0.2)
        assert ready.raw == encode_register(0x1370_0000, 0, 0, size=9) * 65
        assert not ready.board.chain.chips.registers[:, 0xE4].any()


def test_a_chain_in_reset_or_without_power_is_silent(host: MakeHost) -> None:
    one = host()
    one.release()
    one.send(ReadRegister(Register.CHIP_ID), 0.3)
    one.power()
    one.pin(0, 0)
    one.send(ReadRegister(Register.CHIP_ID), 0.3)
    assert one.raw == b""


def test_cold_volts_do_not_wake_a_chip(host: MakeHost) -> None:
    one = host()
    one.power(2.0)
    one.release()
    one.send(ReadRegister(Register.CHIP_ID), 0.3)
    assert one.raw == b""
    assert 0 < float(one.ask(one.supply, "MEAS:CURR?")) < 0.1


def test_a_host_on_the_wrong_rate_reads_garbage_and_is_not_understood(powered: Any) -> None:
    powered.discover()
    powered.raw = b""
    powered.registers.clear()
    powered.send(ReadRegister(Register.CHIP_ID))
    powered.baud = 3_125_000.0
    powered.wait(0.2)
    assert len(powered.raw) > 500
    assert not powered.registers
    powered.raw = b""
    powered.send(ReadRegister(Register.CHIP_ID), 0.2)
    assert powered.raw == b""


def test_the_baud_register_moves_the_chips(powered: Any) -> None:
    powered.discover()
    powered.write(Register.UART_BAUD, registers.uart_baud(0))
    powered.wait(0.06)
    powered.raw = b""
    powered.send(ReadRegister(Register.CHIP_ID), 0.2)
    assert powered.raw == b""
    powered.baud = 3_125_000.0
    assert len(powered.read(Register.CHIP_ID, seconds=0.001)) < 65
    powered.wait(0.02)
    assert len(powered.registers) == 65


def test_a_chip_that_missed_the_baud_change_hides_those_behind_it(powered: Any) -> None:
    powered.discover()
    powered.send(ChainInactive())
    for address in range(0, 256, 2):
        powered.send(SetAddress(address))
    powered.wait(0.2)
    for chip in range(65):
        if chip != 20:
            powered.write(Register.UART_BAUD, registers.uart_baud(0), 2 * chip)
            powered.wait(0.01)
            if chip == 0:
                powered.baud = 3_125_000.0      # chip 0 has moved: the host must follow it
    assert len(powered.read(Register.CHIP_ID)) < 21


# ---- what a chip demands before it reports

@pytest.mark.parametrize(
    ("register", "value"),
    [
        (Register.HASH_COUNTING_NUMBER, 0),
        (Register.MISC_CONTROL, 0x0000_C100),
        (Register.PLL0_PARAMETER, 0),
        (Register.CORE_MAILBOX, mailbox_write(0x02, 0x55)),
    ],
)
def test_nothing_is_reported_while_anything_lacks(ready: Any, register: int, value: int) -> None:
    ready.write(register, value)
    assert len(ready.hash_job(seconds=0.5).word) == 0


def test_no_job_no_answers(ready: Any) -> None:
    ready.wait(1.0)
    assert len(ready.frames) == 0
    assert not ready.board.chain.hashing.any()


def test_a_job_that_is_not_in_the_pack_heats_and_answers_nothing(ready: Any, pack: Any) -> None:
    ready.pack = type("Other", (), {"templates": pack.templates ^ np.uint8(0x80)})()
    assert len(ready.hash_job(seconds=0.5).word) == 0
    assert ready.board.chain.hashing.all()


def test_whatever_order_the_registers_come_in_the_sweep_starts_with_the_last(ready: Any) -> None:
    ready.write(Register.HASH_COUNTING_NUMBER, 0)
    ready.job()
    ready.wait(1.0)
    ready.frames = ready.frames[:0]
    ready.write(Register.HASH_COUNTING_NUMBER, SWEEP_LENGTH)
    ready.wait(0.2)
    first = ready.frames[:, 8].astype(int) << 8 | ready.frames[:, 9]
    assert len(first) > 100
    assert first.max() < 0.25 / version_space_seconds(SWEEP_LENGTH) * 65536


# ---- answers

def test_every_known_answer_comes_back_once_in_its_time(ready: Any) -> None:
    nonces = ready.hash_job(seconds=2.615)
    assert ready.hits(nonces).sum() > 0.997 * 65 * 160
    assert len(nonces.word) < 65 * 160
    batches = nonces.version_bits >> 4
    assert (np.diff(batches.astype(int)) >= -1).all()
    assert set(nonces.job_id.tolist()) == {1}
    assert (nonces.sub_core == nonces.version_bits & 15).all()


def test_answers_lie_in_the_window_of_their_chip(ready: Any) -> None:
    nonces = ready.hash_job(seconds=1.0)
    assert ready.layout.position(nonces.counter).max() < window_counts(SWEEP_LENGTH, 587.5)


def test_a_slower_clock_reaches_less_of_the_window(ready: Any) -> None:
    ready.write(Register.PLL0_PARAMETER, pll.encode(300.0))
    nonces = ready.hash_job(seconds=2.615)
    window = window_counts(SWEEP_LENGTH, 300.0)
    assert ready.layout.position(nonces.counter).max() < window
    expected = window / 360_000
    assert ready.hits(nonces).sum() == pytest.approx(expected * 65 * 160, rel=0.02)


def test_a_new_job_restarts_the_sweep(ready: Any) -> None:
    ready.job(0, 1)
    ready.wait(1.0)
    late = ready.hash_job(1, 2, seconds=0.5)
    mine = late.version_bits[late.job_id == 2]
    assert mine.min() < 600
    assert mine.max() < 0.55 / version_space_seconds(SWEEP_LENGTH) * 65536
    assert (late.job_id[5:] == 2).all()


def test_without_renewal_the_same_answers_come_again(ready: Any) -> None:
    nonces = ready.hash_job(seconds=2.7)
    pairs = list(zip(nonces.word.tolist(), nonces.version_bits.tolist(), strict=True))
    repeated = len(pairs) - len(set(pairs))
    space = version_space_seconds(SWEEP_LENGTH)
    assert repeated == pytest.approx((2.7 - space) / space * 65 * 160, rel=0.15)


def test_missing_offsets_give_every_answer_from_every_chip_that_sweeps_there(ready: Any) -> None:
    for chip in range(65):
        ready.write(Register.CHIP_NONCE_OFFSET, 0, ready.layout.address(chip))
    nonces = ready.hash_job(seconds=1.0)
    assert (ready.layout.chip_of(nonces.counter) == 0).all()
    pairs = set(zip(nonces.word.tolist(), nonces.version_bits.tolist(), strict=True))
    assert len(nonces.word) == pytest.approx(65 * len(pairs), rel=0.01)


@pytest.mark.parametrize("bits", [1, 2, 3])
def test_the_ticket_mask_halves_the_answers_with_each_bit(ready: Any, bits: int) -> None:
    ready.write(Register.TICKET_MASK, ticket_mask(bits))
    nonces = ready.hash_job(seconds=2.615)
    assert len(nonces.word) == pytest.approx(65 * 160 / 2**bits, rel=0.1)
    assert (nonces.excess % 2 == 0).all()


def test_excess_counts_the_bits_beyond_the_ticket(ready: Any, pack: Any) -> None:
    nonces = ready.hash_job(seconds=2.615)
    rows = pack.answers_of(0)
    bits = dict(zip(pack.word[rows].tolist(), pack.zero_bits[rows].tolist(), strict=True))
    known = [word for word in nonces.word.tolist() if word in bits]
    spare = {word: int(excess) >> 1 for word, excess in zip(nonces.word.tolist(), nonces.excess, strict=True)}
    assert len(known) > 10_000
    assert all(spare[word] == bits[word] - 14 for word in known)


def test_a_job_id_of_five_bits_shows_its_top_bit_beside_the_excess(ready: Any) -> None:
    nonces = ready.hash_job(job_id=0x13, seconds=0.5)
    assert set(nonces.job_id.tolist()) == {3}
    assert (nonces.excess & 1).all()


def test_report_gates_silence_a_quarter_that_goes_on_hashing(ready: Any) -> None:
    ready.write(Register.MISC_CONTROL, 0x7000_C100)
    nonces = ready.hash_job(seconds=1.0)
    assert nonces.core.max() < 96
    assert ready.board.chain.hashing.all()


def test_cores_that_are_not_enabled_do_not_answer(ready: Any) -> None:
    ready.write(Register.CORE_MAILBOX, 9 << 16 | 1 << 15 | 0x02 << 8 | 0x55)
    nonces = ready.hash_job(seconds=2.0)
    assert 9 not in set(nonces.core.tolist())
    assert 10 in set(nonces.core.tolist())


def test_a_partial_version_mask_rolls_only_its_bits(ready: Any) -> None:
    ready.write(Register.MIDSTATE_CONFIG, registers.version_rolling(0x0FFF))
    nonces = ready.hash_job(seconds=0.15)
    assert len(nonces.word)
    assert (nonces.version_bits & 0xF000 == 0).all()


def test_hash_counters_run_with_the_work_and_clear(ready: Any) -> None:
    ready.write(Register.HASH_COUNTER_TOTAL, 0)
    ready.hash_job(seconds=2.0)
    count = ready.read(Register.HASH_COUNTER_TOTAL, 6)[0].value
    assert count == pytest.approx(2.05 * 587.5e6 * 2040 / HASHES_PER_COUNT, rel=0.05)
    quarter = ready.read(Register.HASH_COUNTER_DOMAIN2, 6)[0].value
    assert quarter == pytest.approx(count / 4, rel=0.1)
    ready.write(Register.HASH_COUNTER_TOTAL, 0)
    assert ready.read(Register.HASH_COUNTER_TOTAL, 6)[0].value < count / 10


def test_the_same_seed_misses_the_same_answers(host: MakeHost) -> None:
    runs = []
    for _ in range(2):
        one = host(seed=11)
        one.bring_up()
        runs.append(one.hash_job(seconds=1.5))
    assert (runs[0].word == runs[1].word).all()
    other = host(seed=12)
    other.bring_up()
    assert set(other.hash_job(seconds=1.5).word.tolist()) != set(runs[0].word.tolist())


def test_a_slow_line_drops_what_it_cannot_carry_and_counts_it(host: MakeHost) -> None:
    one = host()
    one.bring_up()
    one.write(Register.UART_BAUD, registers.uart_baud(255))
    one.wait(0.05)
    one.baud = registers.baud_of(registers.uart_baud(255))
    one.job()
    for _ in range(30):
        one.now += 2.0
        one.board.chain.advance(one.now)
    assert one.board.chain.bytes_dropped > 0
    assert one.board.chain.bytes_dropped % 11 == 0


def test_a_write_to_one_chip_only_moves_that_chip(ready: Any) -> None:
    ready.send(WriteRegister(Register.PLL0_PARAMETER, pll.encode(400.0), 12))
    ready.wait(0.05)
    expected = np.full(65, 587.5)
    expected[6] = 400.0
    assert (ready.board.chain.chips.mhz == expected).all()


# ---- sweep, window, ticket, in figures

def test_the_version_counter_runs_at_the_logged_speed(ready: Any) -> None:
    nonces = ready.hash_job(seconds=2.2)
    last = nonces.version_bits[-200:].astype(int)
    assert last.max() / 2.2 == pytest.approx(25_016, rel=0.01)       # 25,034 fits bitaxeorg/ESP-Miner #588


def test_a_longer_sweep_overruns_into_the_next_slice_and_answers_twice(ready: Any) -> None:
    ready.write(Register.HASH_COUNTING_NUMBER, 2 * (SWEEP_LENGTH + 134) - 134)
    nonces = ready.hash_job(seconds=2.6)
    pairs = list(zip(nonces.word.tolist(), nonces.version_bits.tolist(), strict=True))
    window = window_counts(2 * (SWEEP_LENGTH + 134) - 134, 587.5)
    known = ready.pack.answers_of(0)
    counter = ready.pack.word[known] & np.uint32(0x1FF_FFFF)
    reached = ready.layout.position(counter) + 2**25 / 65 < window   # by the chip before, too
    assert len(pairs) - len(set(pairs)) == pytest.approx(reached.mean() * len(set(pairs)), rel=0.1)
    assert nonces.version_bits.max() < 0.51 * 65536                 # and the versions go half as fast


def test_a_ticket_of_nine_bits_crosses_into_the_next_byte(ready: Any, pack: Any) -> None:
    ready.write(Register.TICKET_MASK, 0x0000_80FF)
    nonces = ready.hash_job(seconds=2.615)
    expected = (pack.zero_bits[pack.answers_of(0)] >= 14 + 9).sum()
    assert len(nonces.word) == pytest.approx(expected, abs=2)


@pytest.mark.parametrize("mask", [0x0000_0040, 0x0000_8000, 0x0000_00A0])
def test_a_mask_with_gaps_tests_only_the_bits_it_selects(ready: Any, pack: Any, mask: int) -> None:
    ready.write(Register.TICKET_MASK, mask)
    nonces = ready.hash_job(seconds=2.615)
    places = [8 * (3 - byte) + 7 - bit for byte, value in enumerate(mask.to_bytes(4, "big"))
              for bit in range(8) if value >> bit & 1]
    template = pack.templates[0].tobytes()
    assert len(nonces.word) > 1000
    for word, rolled in zip(nonces.word[:500].tolist(), nonces.version_bits[:500].tolist(), strict=True):
        version = int.from_bytes(template[:4], "little") | rolled << 13
        header = version.to_bytes(4, "little") + template[4:76] + word.to_bytes(4)
        bits = f"{int.from_bytes(sha256(sha256(header).digest()).digest(), 'little'):0256b}"[14:]
        wrong = any(bits[place] == "1" for place in places)
        assert not wrong or (word ^ 0x155) in known_words(pack)      # but for the misses that come back wrong


def known_words(pack: Any) -> set[int]:
    return set(pack.word.tolist())


def test_nonces_are_nine_bytes_long_without_version_rolling(
    product: Any, pack: Any, entry: Any, host: MakeHost
) -> None:
    plain = replace(pack, version_bits=np.zeros_like(pack.version_bits))
    one = type(host())(product, AnswerBook(plain), plain, entry, (), 7, {})
    one.power()
    one.release()
    one.configure(50.0)
    one.raw = b""
    one.job()
    one.wait(0.05)
    assert len(one.raw) > 900
    frames = [one.raw[at:at + 9] for at in range(0, len(one.raw) - 9, 9)]
    assert {frame[:2] for frame in frames} == {b"\xaa\x55"}
    assert {frame[-1] >> 5 for frame in frames} == {4}
    assert {crc5(frame[2:]) for frame in frames} == {0}


def test_either_length_byte_of_a_job_is_taken(ready: Any) -> None:
    for length in (0x36, 0x56):
        frame = bytearray(encode(SendJob(Job.from_header(2, ready.pack.templates[0].tobytes()))))
        frame[3] = length
        frame[-2:] = crc16(frame[2:-2]).to_bytes(2)
        ready.frames = ready.frames[:0]
        ready.slot.receive(bytes(frame), ready.now, ready.baud)
        ready.wait(0.3)
        assert len(ready.frames) > 500


def test_a_starting_nonce_changes_nothing(ready: Any) -> None:
    job = Job.from_header(3, ready.pack.templates[0].tobytes())
    ready.send(SendJob(replace(job, starting_nonce=0x1234_5678)), 0.3)
    assert ready.layout.position(columns(ready.frames, ready.decoder.model).counter).max() < 375_714


@pytest.mark.parametrize("quarter", range(4))
def test_each_gate_opens_its_own_quarter(ready: Any, quarter: int) -> None:
    ready.write(Register.MISC_CONTROL, 1 << 28 + quarter | 0xC100)
    cores = ready.hash_job(seconds=0.5).core
    assert len(cores) > 100
    assert set((cores // 32).tolist()) == {quarter}


# ---- who speaks when

def test_a_reply_waits_for_its_neighbours_none_is_lost_none_torn(ready: Any) -> None:
    ready.job()
    ready.wait(0.5)
    ready.raw, ready.frames = b"", ready.frames[:0]
    found = [reply.address for _ in range(5) for reply in ready.read(Register.CHIP_ID, seconds=0.04)]
    ready.wait(0.1)
    assert found == 5 * list(range(0, 130, 2))
    assert len(ready.raw) == 11 * (len(ready.frames) + 5 * 65)
    assert ready.decoder.feed(b"").skipped == 0


def test_a_full_line_carries_whole_replies_at_its_pace(host: MakeHost) -> None:
    one = host()
    one.bring_up()
    one.write(Register.UART_BAUD, registers.uart_baud(26))
    one.wait(0.05)
    one.baud = 115_200.0
    one.raw, one.frames = b"", one.frames[:0]
    one.job()
    one.wait(2.0)                                # 4,000 answers a second for a line of 1,052
    seconds = 2.0 - 88 * 10 / 115_200
    assert len(one.raw) == pytest.approx(seconds * 115_740.7 / 10, rel=0.01)
    assert len(one.frames) == len(one.raw) // 11


def test_a_million_baud_host_is_understood_and_answered_at_the_chips_pace(powered: Any) -> None:
    powered.discover()
    powered.write(Register.UART_BAUD, 0x1130_0200)
    powered.wait(0.06)
    powered.baud = 1_000_000.0
    powered.raw = b""
    powered.send(ReadRegister(Register.CHIP_ID))
    powered.now += 7 * 10 / 1e6 + 0.004          # the command's way, and 4 ms of replies
    powered.slot.tick(powered.now)
    heard = len(powered.slot.transmit(powered.now, powered.baud))
    assert heard == pytest.approx(0.004 * 1_041_666.7 / 10, abs=2)
    powered.wait(0.01)


@pytest.mark.parametrize("chip", [1, 30])
def test_a_chip_that_resets_while_running_breaks_the_chain_there(ready: Any, chip: int) -> None:
    ready.job()
    ready.wait(0.5)
    fallen = np.zeros(65, dtype=bool)
    fallen[chip] = True
    ready.board.chain.chips.reset(fallen)
    ready.wait(0.1)
    ready.frames = ready.frames[:0]
    ready.wait(0.5)
    nonces = columns(ready.frames, ready.decoder.model)
    assert set(ready.layout.chip_of(nonces.counter).tolist()) == set(range(chip))
    assert len(ready.read(Register.CHIP_ID)) == chip
    assert ready.board.chain.hashing.tolist() == [at != chip for at in range(65)]


def test_a_first_chip_that_resets_answers_in_nine_bytes_at_its_old_rate(ready: Any) -> None:
    fallen = np.zeros(65, dtype=bool)
    fallen[0] = True
    ready.board.chain.chips.reset(fallen)
    ready.baud = 115_200.0
    ready.raw = b""
    ready.send(ReadRegister(Register.CHIP_ID), 0.2)
    assert ready.raw == encode_register(0x1370_0000, 0, 0, size=9)
