from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.bm13xx.crc import crc5
from rig.bm13xx.models import MODELS, ChipModel, chip_model
from rig.bm13xx.replies import (
    LONGEST_PIECE,
    RegisterReply,
    ReplyDecoder,
    ReplyForm,
    columns,
    counters,
    encode_nonces,
    encode_register,
    excess_byte,
)

BM1370 = chip_model("bm1370")
Values = tuple[int, int, int, int, int]     # of one nonce, as encode_nonces takes them
REPLIES = st.builds(RegisterReply, st.integers(0, 0xFFFF_FFFF), st.integers(0, 255), st.integers(0, 255))
NONCES = st.tuples(
    st.integers(0, 0xFFFF_FFFF), st.integers(0, 15), st.integers(0, 15), st.integers(0, 0xFFFF),
    st.integers(0, 255),
)
CUTS = st.lists(st.integers(0, 10_000), max_size=12)


def nonce_frame(values: Values) -> bytes:
    return encode_nonces(*values).tobytes()


def register_frame(reply: RegisterReply) -> bytes:
    return encode_register(reply.value, reply.address, reply.register)


FRAMES = st.lists(NONCES.map(nonce_frame) | REPLIES.map(register_frame), max_size=40)


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(at % (len(data) + 1) for at in cuts)})
    return [data[start:end] for start, end in pairwise(edges)]


@dataclass
class Total:
    """What all feeds together gave."""

    nonces: list[bytes] = field(default_factory=list)
    registers: list[RegisterReply] = field(default_factory=list)
    bad_crc: int = 0
    skipped: int = 0

    @classmethod
    def of(cls, decoder: ReplyDecoder, pieces: list[bytes]) -> Total:
        total = cls()
        for piece in pieces:
            block = decoder.feed(piece)
            total.nonces += [row.tobytes() for row in block.nonces]
            total.registers += block.registers
            total.bad_crc += block.bad_crc
            total.skipped += block.skipped
        return total


@pytest.mark.parametrize("form", ReplyForm)
@given(frames=FRAMES, cuts=CUTS)
def test_sound_frames_come_back_in_any_pieces(form: ReplyForm, frames: list[bytes], cuts: list[int]) -> None:
    first = register_frame(RegisterReply(0x1370_0000, 0, 0))     # a host hears the discovery first
    total = Total.of(ReplyDecoder(BM1370, form), [first, *cut(b"".join(frames), cuts)])
    assert total.nonces == [frame for frame in frames if frame[10] & 0x80]
    assert [register_frame(reply) for reply in total.registers[1:]] == [
        frame for frame in frames if not frame[10] & 0x80
    ]
    assert (total.bad_crc, total.skipped) == (0, 0)


@given(st.lists(REPLIES, max_size=20), st.booleans())
def test_short_replies_come_back(replies: list[RegisterReply], at_once: bool) -> None:
    frames = [encode_register(*(r.value, r.address, r.register), size=9) for r in replies]
    pieces = [b"".join(frames)] if at_once else frames
    decoder = ReplyDecoder(BM1370)
    total = Total.of(decoder, [*pieces, encode_register(1, 2, 3, size=9)])
    assert total.registers[-1:] in ([RegisterReply(1, 2, 3)], replies[-1:])
    assert total.registers[:len(replies)] == replies
    assert total.skipped == 0


def test_a_board_changes_from_short_to_long_replies_and_back() -> None:
    short, long = encode_register(0xC100, 4, 0x18, size=9), encode_register(0xC100, 4, 0x18)
    total = Total.of(ReplyDecoder(BM1370), [short * 3, long * 3, short * 3, long])
    assert len(total.registers) == 10
    assert total.skipped == 0


def test_a_short_nonce_is_lengthened_with_no_version_rolled() -> None:
    payload = bytes.fromhex("4c0352750cd2")
    tail = next(byte for byte in range(0x80, 0xA0) if crc5(payload + bytes((byte,))) == 0)
    block = ReplyDecoder(BM1370).feed(b"\xAA\x55" + payload + bytes((tail,)))
    assert block.nonces[0, :8].tobytes() == b"\xAA\x55" + payload
    found = columns(block.nonces, BM1370)
    assert (found.version_bits[0], found.job_id[0], found.sub_core[0]) == (0, 13, 2)
    assert crc5(block.nonces[0, 2:].tobytes()) == 0


@given(st.lists(NONCES, min_size=1, max_size=30), st.data())
def test_a_lost_byte_costs_one_frame(nonces: list[Values], data: st.DataObject) -> None:
    # frames without a part of a preamble inside: a chance preamble may cost one more
    frames = [frame for frame in map(nonce_frame, nonces) if not {0xAA, 0x55} & set(frame[2:])]
    frames.append(nonce_frame((0x1800_A640, 9, 9, 8953, 2)))
    stream = b"".join(frames)
    lost = data.draw(st.integers(0, len(stream) - 1))
    total = Total.of(ReplyDecoder(BM1370, ReplyForm.LONG), [stream[:lost] + stream[lost + 1:]])
    hit = lost // 11
    assert [frame for frame in frames[:hit] + frames[hit + 1:] if frame not in total.nonces] == []


def test_a_damaged_frame_between_good_ones_is_counted_once() -> None:
    good = nonce_frame((0x4C03_5275, 13, 2, 0x5A2, 12))
    bad = good[:4] + b"\x00" + good[5:]
    total = Total.of(ReplyDecoder(BM1370), [good * 500 + bad + good * 500])
    assert len(total.nonces) == 1000
    assert (total.bad_crc, total.skipped) == (1, 11)


@given(st.lists(st.tuples(FRAMES, st.binary(max_size=40)), max_size=8), CUTS)
def test_damaged_pieces_are_the_bytes_that_were_skipped(
    parts: list[tuple[list[bytes], bytes]], cuts: list[int]
) -> None:
    stream = b"".join(b"".join(frames) + rubbish for frames, rubbish in parts)
    decoder = ReplyDecoder(BM1370, ReplyForm.LONG)
    blocks = [decoder.feed(piece) for piece in [*cut(stream, cuts), nonce_frame((1, 1, 1, 1, 1))]]
    pieces = [piece for block in blocks for piece in block.damaged]
    assert sum(map(len, pieces)) == sum(block.skipped for block in blocks)
    at = 0
    for piece in pieces:
        at = stream.index(piece, at) + len(piece)


def test_rubbish_without_end_comes_in_pieces_and_is_not_kept() -> None:
    decoder = ReplyDecoder(BM1370)
    found = [piece for _ in range(100) for piece in decoder.feed(bytes(1000)).damaged]
    assert {len(piece) for piece in found} == {LONGEST_PIECE}
    assert len(found) == 100_000 // LONGEST_PIECE


@given(st.lists(st.binary(max_size=300) | FRAMES.map(b"".join), max_size=10), st.sampled_from(ReplyForm))
def test_every_byte_is_accounted_for_and_few_wait(pieces: list[bytes], form: ReplyForm) -> None:
    decoder = ReplyDecoder(BM1370, form)
    taken = 0
    for piece in pieces:
        block = decoder.feed(piece)
        taken += 11 * (len(block.nonces) + len(block.registers)) + block.skipped
        assert all(crc5(row[2:].tobytes()) == 0 for row in block.nonces)
    total = sum(map(len, pieces))
    if form is ReplyForm.LONG:
        assert 0 <= total - taken <= 10
    else:                                # a 9-byte frame is counted as 11 here
        assert total - taken <= 10


@given(st.binary(max_size=2000), CUTS)
def test_pieces_make_no_difference_to_long_frames(data: bytes, cuts: list[int]) -> None:
    data = data.replace(b"\x00", b"\xAA\x55")
    whole = Total.of(ReplyDecoder(BM1370, ReplyForm.LONG), [data])
    assert Total.of(ReplyDecoder(BM1370, ReplyForm.LONG), cut(data, cuts)) == whole


@pytest.mark.parametrize("noise", [b"\xAA\x55", b"\xAA", b"\x55\xAA", b"\x00", b"\xAA\x55\x00"])
def test_long_noise_is_passed_in_bounded_time(noise: bytes) -> None:
    decoder = ReplyDecoder(BM1370)
    began = time.process_time()
    block = decoder.feed(noise * (100_000 // len(noise)))
    assert time.process_time() - began < 3
    assert not len(block.nonces)
    assert block.skipped > 99_980
    good = nonce_frame((0x4C03_5275, 13, 2, 0x5A2, 12))
    assert len(decoder.feed(good * 3).nonces) >= 2


@given(st.lists(NONCES, min_size=1, max_size=20), st.sampled_from(sorted(MODELS)))
def test_columns_are_what_was_encoded(nonces: list[Values], name: str) -> None:
    model: ChipModel = MODELS[name]
    word, job_id, sub_core, version, excess = (np.array(column) for column in zip(*nonces, strict=True))
    sub_core %= model.sub_cores
    found = columns(encode_nonces(word, job_id, sub_core, version, excess, model), model)
    assert found.word.tolist() == word.tolist()
    assert found.core.tolist() == (word >> 25).tolist()
    assert found.counter.tolist() == (word & 0x1FF_FFFF).tolist()
    assert found.job_id.tolist() == job_id.tolist()
    assert found.sub_core.tolist() == sub_core.tolist()
    assert found.version_bits.tolist() == version.tolist()
    assert found.excess.tolist() == excess.tolist()
    assert (found.word.dtype, found.version_bits.dtype) == (np.uint32, np.uint16)


def test_counters_alone_are_the_counter_column() -> None:
    frames = encode_nonces(np.arange(500, dtype=np.uint32) * 8_589_935, 3, 1, 7, 0)
    assert (counters(frames) == columns(frames, chip_model("bm1370")).counter).all()


def test_excess_byte_as_captured() -> None:
    assert excess_byte(6, 13).tolist() == 12                     # difficulty 29,588 over ticket 256
    assert excess_byte([0, 1], [0x10, 0x1F]).tolist() == [1, 3]
    assert excess_byte(1, 18, chip_model("bm1366")).tolist() == 1


@settings(max_examples=20)
@given(st.integers(1, 2000))
def test_empty_and_exact_feeds(count: int) -> None:
    decoder = ReplyDecoder(BM1370)
    assert decoder.feed(b"").nonces.shape == (0, 11)
    words = np.arange(count, dtype=np.uint32)
    frames = encode_nonces(words, 3, 1, 17, 0)
    block = decoder.feed(frames.tobytes())
    assert (block.nonces == frames).all()
    assert decoder.feed(b"").nonces.shape == (0, 11)


def test_aligned_frames_are_decoded_at_over_three_million_a_second() -> None:
    count = 600_000
    words = np.random.default_rng(7).integers(0, 2**32, count, dtype=np.uint32)
    stream = encode_nonces(words, 5, 3, words & 0xFFFF, 0).tobytes()
    rates = []
    for _ in range(3):
        decoder, found = ReplyDecoder(BM1370), 0
        began = time.process_time()
        for at in range(0, len(stream), 65_536):
            found += len(decoder.feed(stream[at:at + 65_536]).nonces)
        rates.append(found / (time.process_time() - began))
        assert found == count
    assert max(rates) > 3e6
