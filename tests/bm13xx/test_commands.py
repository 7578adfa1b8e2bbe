from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.bm13xx.commands import (
    ChainInactive,
    Command,
    CommandDecoder,
    ReadRegister,
    SendJob,
    SetAddress,
    WriteRegister,
    encode,
)
from rig.bm13xx.jobs import Job
from rig.bm13xx.registers import Register, uart_relay
from rig.errors import UsageError

BYTES = st.integers(0, 255)
U32 = st.integers(0, 0xFFFF_FFFF)
HASHES = st.binary(min_size=32, max_size=32)
JOBS = st.builds(
    Job, job_id=st.integers(0, 31), version=U32, prev_hash=HASHES, merkle_root=HASHES,
    ntime=U32, nbits=U32, starting_nonce=U32,
)
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(SetAddress, BYTES),
    st.just(ChainInactive()),
    st.builds(WriteRegister, BYTES, U32, st.none() | BYTES),
    st.builds(ReadRegister, BYTES, st.none() | BYTES),
    st.builds(SendJob, JOBS),
)


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(at % (len(data) + 1) for at in cuts)})
    return [data[start:end] for start, end in pairwise(edges)]


@given(st.lists(COMMANDS, max_size=8), st.lists(st.integers(0, 1000), max_size=8))
def test_commands_come_back_from_a_stream_in_any_pieces(commands: list[Command], cuts: list[int]) -> None:
    decoder = CommandDecoder()
    stream = b"".join(map(encode, commands))
    assert [found for piece in cut(stream, cuts) for found in decoder.feed(piece)] == commands
    assert (decoder.bad_crc, decoder.skipped) == (0, 0)


@given(COMMANDS, st.binary(max_size=30))
def test_a_command_after_garbage_is_found(command: Command, garbage: bytes) -> None:
    quiet = garbage.replace(b"\x55", b"\x54")
    decoder = CommandDecoder()
    assert decoder.feed(quiet + encode(command)) == [command]
    assert (decoder.skipped, decoder.bad_crc) == (len(quiet), 0)


@given(COMMANDS, COMMANDS, st.data())
def test_one_wrong_bit_costs_its_frame_only(first: Command, second: Command, data: st.DataObject) -> None:
    frame = bytearray(encode(first))
    bit = data.draw(st.integers(8 * 4, 8 * len(frame) - 1))      # beyond preamble, type and length
    frame[bit // 8] ^= 1 << bit % 8
    decoder = CommandDecoder()
    assert decoder.feed(bytes(frame) + encode(second))[-1:] == [second]
    assert decoder.bad_crc >= 1


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_garbage_is_counted_and_not_kept(pieces: list[bytes]) -> None:
    decoder = CommandDecoder()
    taken = sum(len(encode(found)) for piece in pieces for found in decoder.feed(piece))
    waiting = sum(map(len, pieces)) - taken - decoder.skipped
    assert 0 <= waiting < 88


def test_a_long_row_of_preambles_is_passed_quickly() -> None:
    decoder = CommandDecoder()
    assert decoder.feed(b"\x55\xAA\x40\x05" * 20_000) == []
    assert decoder.skipped > 79_000


@pytest.mark.parametrize("frame", [
    "55aa430500001e",                   # no such type
    "55aa5205010000000000",             # sound shape, wrong sum
    "55aa520900000a",                   # length of another type
])
def test_what_is_no_command_is_ignored(frame: str) -> None:
    decoder = CommandDecoder()
    assert decoder.feed(bytes.fromhex(frame) + encode(ChainInactive())) == [ChainInactive()]


# prefix 55 AA; as quoted from the capture or computed by its rule, domain by domain
@pytest.mark.parametrize(("domain", "strength", "first", "last"), [
    (12, "4109805800 01F11114", "4109782C0013000319", "4109802C001300031B"),
    (6, "41094458 0001F1111B", "41093C2C003100030C", "4109442C0031000316"),
    (0, "410908580001F1111F", "4109002C004F000300", "4109082C004F000313"),
])
def test_frames_of_the_domain_borders(domain: int, strength: str, first: str, last: str) -> None:
    near, far = 10 * domain, 10 * domain + 8
    gap = uart_relay(5 * (13 - domain) + 14)
    built = (
        WriteRegister(Register.IO_DRIVER_STRENGTH, 0x0001_F111, far),
        WriteRegister(Register.UART_RELAY, gap, near),
        WriteRegister(Register.UART_RELAY, gap, far),
    )
    wanted = [bytes.fromhex("55AA" + frame) for frame in (strength, first, last)]
    assert [encode(command) for command in built] == wanted


@pytest.mark.parametrize("command", [
    SetAddress(256), WriteRegister(0, 1 << 32), WriteRegister(0, -1, 0), ReadRegister(300),
    ReadRegister(0, -1),
])
def test_values_that_do_not_fit_are_refused(command: Command) -> None:
    with pytest.raises(UsageError, match="does not fit"):
        encode(command)
