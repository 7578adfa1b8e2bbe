"""Answers told by the bytes that are left of their replies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.bm13xx.replies import encode_nonces
from rig.work.damage import Extent, Namer, extent
from rig.work.issue import answer_keys
from rig.work.ledger import Ledger
from rig.work.pack import Pack

Frames = np.ndarray
JOB = 0


@pytest.fixture(scope="module")
def namer(small_pack: Pack) -> Namer:
    rows = small_pack.answers_of(JOB)
    return Namer(answer_keys(small_pack.version_bits[rows], small_pack.word[rows]))


@pytest.fixture(scope="module")
def frames(small_pack: Pack) -> Frames:
    """The replies of one job, in its order."""
    rows = small_pack.answers_of(JOB)
    return encode_nonces(
        small_pack.word[rows], 3, small_pack.sub_core[rows], small_pack.version_bits[rows], 0
    )


@pytest.mark.parametrize(
    ("length", "expected"),
    [(11, Extent(1, 1, 0)), (10, Extent(1, 0, 1)), (9, Extent(1, 0, 2)), (33, Extent(3, 3, 0)),
     (20, Extent(2, 0, 2)), (21, Extent(2, 1, 1)), (1, Extent(1, 0, 10)), (0, Extent(0, 0, 0))],
)
def test_what_a_piece_stands_for(length: int, expected: Extent) -> None:
    assert extent(bytes(length)) == expected


@given(row=st.integers(0, 1199), at=st.integers(0, 10), turn=st.integers(1, 255))
def test_one_turned_byte_names_its_answer(
    namer: Namer, frames: Frames, row: int, at: int, turn: int
) -> None:
    damaged = bytearray(frames[row].tobytes())
    damaged[at] ^= turn
    assert namer.name(bytes(damaged)) == ([row], 0)


@given(row=st.integers(0, 1199), at=st.integers(0, 10))
def test_one_lost_byte_names_its_answer(namer: Namer, frames: Frames, row: int, at: int) -> None:
    whole = frames[row].tobytes()
    assert namer.name(whole[:at] + whole[at + 1:]) == ([row], 0)


@given(st.lists(st.tuples(st.integers(0, 1199), st.integers(0, 9), st.booleans()), min_size=1, max_size=5))
def test_damaged_neighbours_are_told_apart(
    namer: Namer, frames: Frames, parts: list[tuple[int, int, bool]]
) -> None:
    piece = b""
    for row, at, lost in parts:
        whole = frames[row].tobytes()
        piece += whole[:at] + (b"" if lost else bytes([whole[at] ^ 0x10])) + whole[at + 1:]
    named = namer.name(piece)
    assert named.rows == [row for row, _, _ in parts]
    assert named.unnamed == 0


@given(st.binary(max_size=704))
def test_rubbish_names_nothing(namer: Namer, piece: bytes) -> None:
    assert namer.name(piece) == ([], extent(piece).frames)


def test_two_turned_bytes_are_too_many(namer: Namer, frames: Frames) -> None:
    damaged = bytearray(frames[7].tobytes())
    damaged[3] ^= 1
    damaged[9] ^= 1
    assert namer.name(bytes(damaged)) == ([], 1)


# ---- in the ledger

@pytest.fixture
def ledger(small_pack: Pack) -> Ledger:
    book = Ledger(small_pack, small_pack.layout, small_pack.sweep_length, 588.24)
    book.issue(JOB, 3, 0.0)
    return book


def turned(frame: Any, at: int = 4) -> bytes:
    damaged = bytearray(frame.tobytes())
    damaged[at] ^= 0x40
    return bytes(damaged)


Take = Callable[..., Any]


@pytest.mark.parametrize("late", [False, True], ids=["in time", "when already due"])
def test_a_damaged_answer_is_neither_trial_nor_miss(ledger: Ledger, frames: Frames, late: bool) -> None:
    """``late``: its trial had been made, for the chain had gone on."""
    kept = np.ones(len(frames), dtype=bool)
    kept[[5, 50]] = False
    pieces = [turned(frames[5]), turned(frames[50])]
    ledger.take(frames[kept], 2.6, [] if late else pieces)
    before = ledger.tally(2.6)
    if late:
        ledger.take(frames[:0], 2.6, pieces)
    tally = ledger.tally(2.6)
    for counted in (tally.trials, tally.passed):
        assert counted.sum() == before.trials.sum() - (2 if late else 0)
    assert (tally.trials == tally.hits).all()
    assert (tally.core_trials == tally.core_hits).all()
    assert (tally.passed == tally.returned).all()
    assert (tally.excused, tally.unnamed) == (2, 0)


def test_a_damaged_answer_is_struck_once_and_a_whole_one_stays(ledger: Ledger, frames: Frames) -> None:
    ledger.take(frames[:400], 2.6, [turned(frames[5]), turned(frames[500]), turned(frames[500])])
    ledger.take(frames[401:], 2.6, [turned(frames[5])])
    tally = ledger.tally(2.6)
    assert tally.trials.sum() - tally.hits.sum() == 1, "row 400 never came"
    assert tally.excused == 4
    assert tally.duplicate.sum() == 2, "rows 5 and 500 came whole after all"


def test_what_names_nothing_is_counted(ledger: Ledger, frames: Frames) -> None:
    ledger.take(frames[:400], 1.0, [bytes(11), bytes(25)])
    assert (ledger.tally(1.0).excused, ledger.tally(1.0).unnamed) == (0, 4)


def test_answers_to_the_job_before_are_told_for_a_while(ledger: Ledger, frames: Frames) -> None:
    ledger.issue(1, 4, 2.0)
    ledger.take(frames[:0], 2.4, [turned(frames[700])])
    ledger.take(frames[:0], 2.6, [])
    ledger.take(frames[:0], 2.7, [turned(frames[701])])
    assert (ledger.tally(2.7).excused, ledger.tally(2.7).unnamed) == (1, 1)


def test_no_more_is_looked_into_than_a_board_can_be_judged_over(ledger: Ledger, frames: Frames) -> None:
    ledger.take(frames[:0], 1.0, [turned(frame) for frame in frames[:100]])
    assert (ledger.tally(1.0).excused, ledger.tally(1.0).unnamed) == (16, 84)


def slipped(frame: Any) -> Any:
    """The frame with its nonce or version turned by the wire so that the checksum holds."""
    turned = frame.copy()
    turned[3] ^= 0x20
    return encode_nonces(
        int.from_bytes(turned[2:6].tobytes()), turned[7] >> 4, turned[7] & 15,
        int.from_bytes(turned[8:10].tobytes()), turned[6],
    )


def test_a_reply_that_slipped_through_its_checksum_is_no_error_of_a_chip(
    ledger: Ledger, frames: Frames
) -> None:
    noise = [turned(frame) for frame in frames[:16]]
    ledger.take(slipped(frames[100]), 1.0, noise)
    kept = np.ones(len(frames), dtype=bool)
    kept[:16] = kept[100] = False
    ledger.take(frames[kept], 2.6)
    tally = ledger.tally(2.6)
    assert tally.wrong.sum() == 0
    assert (tally.trials == tally.hits).all()


def test_on_a_quiet_wire_the_same_reply_is_the_chips_error(ledger: Ledger, frames: Frames) -> None:
    ledger.take(slipped(frames[100]), 1.0)
    assert ledger.tally(1.0).wrong.sum() == 1


def test_only_as_many_are_excused_as_noise_explains(ledger: Ledger, frames: Frames) -> None:
    ledger.take(frames[:0], 1.0, [turned(frame) for frame in frames[:16]])
    ledger.take(np.concatenate([slipped(frame) for frame in frames[100:110]]), 1.0)
    assert ledger.tally(1.0).wrong.sum() == 9
