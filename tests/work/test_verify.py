from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.bm13xx.crc import crc5, reply_tail
from rig.bm13xx.jobs import block_hash, zero_bits
from rig.bm13xx.replies import encode_nonces
from rig.work.backend import Backend
from rig.work.verify import Outcome, Verified, verify_batch

DATA = Path(__file__).resolve().parents[1] / "data"
ANSWERS = json.loads((DATA / "difficulty1.json").read_text())["answers"]


def by_hand(frame: bytes, templates: np.ndarray, live: int, required: int) -> tuple[int, int]:
    """One frame judged the slow way: outcome and zero bits."""
    job_id = frame[7] >> 4
    if crc5(frame[2:]):
        return Outcome.CORRUPT, 0
    if not live >> job_id & 1:
        return Outcome.UNKNOWN_JOB, 0
    template = templates[job_id].tobytes()
    version = int.from_bytes(template[:4], "little") | int.from_bytes(frame[8:10]) << 13
    header = version.to_bytes(4, "little") + template[4:76] + frame[2:6]
    zeros = zero_bits(block_hash(header))
    return (Outcome.GENUINE if zeros >= required else Outcome.WRONG), min(255, zeros)


def answer_frame(answer: dict[str, Any], job_id: int) -> np.ndarray:
    word = int(answer["nonce_wire"], 16)
    return encode_nonces(word, job_id, answer["sub_core"], answer["version_bits"], 0)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer["nonce_wire"])
def test_every_full_strength_answer(answer: dict[str, Any], backends: tuple[Backend, ...]) -> None:
    templates = np.zeros((16, 80), dtype=np.uint8)
    templates[9] = np.frombuffer(bytes.fromhex(answer["template"]), np.uint8)
    frame = answer_frame(answer, 9)
    for backend in backends:
        right = verify_batch(frame, templates, 1 << 9, 32, backend=backend)
        assert (right.outcome[0], right.zero_bits[0]) == (Outcome.GENUINE, answer["zero_bits"])
        weak = verify_batch(frame, templates, 1 << 9, answer["zero_bits"] + 1, backend=backend)
        assert (weak.outcome[0], weak.zero_bits[0]) == (Outcome.WRONG, answer["zero_bits"])
        absent = verify_batch(frame, templates, 0xFFFF ^ 1 << 9, 32, backend=backend)
        assert (absent.outcome[0], absent.zero_bits[0]) == (Outcome.UNKNOWN_JOB, 0)


def test_an_answer_with_any_bit_turned_is_never_genuine(backends: tuple[Backend, ...]) -> None:
    templates = np.zeros((16, 80), dtype=np.uint8)
    templates[:] = np.frombuffer(bytes.fromhex(ANSWERS[0]["template"]), np.uint8)
    frames = np.repeat(answer_frame(ANSWERS[0], 3), 72, axis=0)
    frames[np.arange(72), 2 + np.arange(72) // 8] ^= (1 << np.arange(72) % 8).astype(np.uint8)
    for backend in backends:
        assert set(verify_batch(frames, templates, 0xFFFF, 32, backend=backend).outcome) == {Outcome.CORRUPT}
    frames[:, 10] = [reply_tail(row[2:10].tobytes(), 4) for row in frames]
    outcomes = [verify_batch(frames, templates, 0xFFFF, 32, backend=backend).outcome for backend in backends]
    # byte 6 and the id bits do not enter the hash (every job is the same one here), the rest does
    hashed = np.r_[0:32, 48:64]
    for outcome in outcomes:
        assert set(outcome[hashed]) == {Outcome.WRONG}
        np.testing.assert_array_equal(outcome, outcomes[0])


@given(
    payloads=st.lists(st.binary(min_size=8, max_size=8), max_size=9),
    turned=st.lists(st.integers(0, 10 * 8 - 1), max_size=4),
    live=st.integers(0, 0xFFFF),
    required=st.integers(0, 12),
    seed=st.integers(0, 2**32 - 1),
)
def test_back_ends_agree_to_the_bit(
    backends: tuple[Backend, ...], payloads: list[bytes], turned: list[int],
    live: int, required: int, seed: int,
) -> None:
    templates = np.random.default_rng(seed).integers(0, 256, (16, 80), dtype=np.uint8)
    whole = [b"\xAA\x55" + payload + bytes((reply_tail(payload, 4),)) for payload in payloads]
    frames = np.frombuffer(b"".join(whole), np.uint8).reshape(-1, 11).copy()
    for bit in turned:
        if len(frames):
            frames[bit % len(frames), 1 + bit // 8] ^= 1 << bit % 8
    expected = [by_hand(row.tobytes(), templates, live, required) for row in frames]
    for backend in backends:
        result = verify_batch(frames, templates, live, required, backend=backend)
        assert list(zip(result.outcome, result.zero_bits, strict=True)) == expected


def test_back_ends_agree_on_a_large_batch(backends: tuple[Backend, ...], rng: np.random.Generator) -> None:
    templates = rng.integers(0, 256, (16, 80), dtype=np.uint8)
    n = 4_001
    frames = encode_nonces(
        rng.integers(0, 2**32, n), rng.integers(0, 16, n), 0, rng.integers(0, 2**16, n), 0
    )
    frames[::7, 4] ^= 0x10
    results = [verify_batch(frames, templates, 0x7FFF, 3, backend=backend) for backend in backends]
    assert set(results[0].outcome) == set(Outcome)
    for result in results[1:]:
        np.testing.assert_array_equal(result.outcome, results[0].outcome)
        np.testing.assert_array_equal(result.zero_bits, results[0].zero_bits)


def test_blocks_that_are_not_contiguous_and_empty_ones(
    backends: tuple[Backend, ...], rng: np.random.Generator
) -> None:
    templates = np.asfortranarray(rng.integers(0, 256, (16, 80), dtype=np.uint8))
    frames = encode_nonces(rng.integers(0, 2**32, 10), 1, 0, 0, 0)
    for backend in backends:
        every_other = verify_batch(frames[::2], templates, 2, 1, backend=backend)
        all_of_them = verify_batch(frames, templates, 2, 1, backend=backend)
        np.testing.assert_array_equal(every_other.zero_bits, all_of_them.zero_bits[::2])
        assert len(verify_batch(frames[:0], templates, 2, 1, backend=backend).outcome) == 0


def test_wrong_shapes_are_a_bug_of_the_caller() -> None:
    templates = np.zeros((16, 80), dtype=np.uint8)
    with pytest.raises(ValueError, match="expected \\(n, 11\\)"):
        verify_batch(np.zeros((3, 9), dtype=np.uint8), templates, 0, 8)
    with pytest.raises(ValueError, match="0 to 255"):
        verify_batch(np.zeros((3, 11), dtype=np.uint8), templates, 0, 256)


def test_real_headers(shared: Path, backends: tuple[Backend, ...]) -> None:
    """18,883 mainnet headers, each as the answer of a job whose version bits 28..13 are zero."""
    raw = (shared / "known_answers" / "real_headers.bin").read_bytes()
    headers = np.frombuffer(raw, np.uint8).reshape(-1, 80)
    versions = np.ascontiguousarray(headers[:, :4]).view("<u4")[:, 0]
    rolled = versions >> 13 & 0xFFFF
    words = np.ascontiguousarray(headers[:, 76:]).view(">u4")[:, 0]
    templates = headers.copy()
    templates[:, :4] = (versions & ~np.uint32(0xFFFF << 13)).astype("<u4").view(np.uint8).reshape(-1, 4)
    frames = encode_nonces(words, np.arange(len(words)) % 16, 0, rolled, 0)
    for backend in backends:
        blocks: list[Verified] = []
        for at in range(0, len(frames) - len(frames) % 16, 16):
            jobs = templates[at:at + 16]
            blocks.append(verify_batch(frames[at:at + 16], jobs, 0xFFFF, 32, backend=backend))
        assert all(not block.outcome.any() and block.zero_bits.min() >= 32 for block in blocks)
