"""From bytes to a board's ledger, whatever the pieces."""

from __future__ import annotations

import numpy as np
import pytest

from rig.bm13xx.replies import encode_nonces, encode_register
from rig.work.ingest import Ingest, WireCount
from rig.work.ledger import Ledger
from rig.work.pack import Pack


@pytest.fixture
def ledger(small_pack: Pack) -> Ledger:
    book = Ledger(small_pack, small_pack.layout, small_pack.sweep_length, 588.24)
    book.issue(0, 3, 0.0)
    return book


@pytest.fixture
def stream(small_pack: Pack) -> bytes:
    rows = small_pack.answers_of(0)
    columns = small_pack.word[rows], 3, small_pack.sub_core[rows], small_pack.version_bits[rows], 0
    return encode_nonces(*columns).tobytes()


@pytest.mark.parametrize("size", [7, 1_000, 100_000])
def test_every_answer_is_booked_whatever_the_pieces(
    small_pack: Pack, ledger: Ledger, stream: bytes, size: int
) -> None:
    ingest = Ingest(small_pack.model, 0.0, ledger)
    for at in range(0, len(stream), size):
        ingest.feed(stream[at:at + size], 2.6)
    assert ledger.tally(2.6).answers == 1200
    assert ingest.wire(2.6) == WireCount(received_bytes=len(stream), nonce_frames=1200)


def test_damage_is_counted_and_excused(small_pack: Pack, ledger: Ledger, stream: bytes) -> None:
    ingest = Ingest(small_pack.model, 0.0, ledger)
    damaged = bytearray(stream)
    damaged[11 * 40 + 5] ^= 1
    del damaged[11 * 80 + 3]
    ingest.feed(bytes(damaged), 2.6)
    wire, tally = ingest.wire(2.6), ledger.tally(2.6)
    assert (wire.nonce_frames, wire.corrupt_frames, wire.missing_bytes) == (1198, 1, 1)
    assert wire.skipped_bytes == 21
    assert (tally.excused, tally.unnamed) == (2, 0)
    assert np.array_equal(tally.trials, tally.hits)


def test_without_a_ledger_only_the_wire_is_counted(small_pack: Pack, stream: bytes) -> None:
    ingest = Ingest(small_pack.model, 0.0)
    ingest.feed(stream + encode_register(1, 2, 3), 1.0)
    assert (ingest.wire(1.0).nonce_frames, ingest.wire(1.0).register_frames) == (1200, 1)


def test_silence_counts_from_the_last_byte_or_from_when_work_began(small_pack: Pack) -> None:
    ingest = Ingest(small_pack.model, 10.0)
    ingest.feed(b"", 11.0)
    assert ingest.wire(12.0).silent_seconds == 2.0
    ingest.feed(b"\x00", 12.0)
    assert ingest.wire(12.5).silent_seconds == 0.5
    ingest.restart_silence(20.0)
    assert ingest.wire(20.0).silent_seconds == 0.0
