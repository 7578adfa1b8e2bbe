from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.bm13xx.jobs import Job, difficulty, zero_bits
from rig.errors import UsageError

U32 = st.integers(0, 0xFFFF_FFFF)
HASHES = st.binary(min_size=32, max_size=32)
JOBS = st.builds(
    Job, job_id=st.integers(0, 31), version=U32, prev_hash=HASHES, merkle_root=HASHES,
    ntime=U32, nbits=U32, starting_nonce=U32,
)


@given(st.binary(min_size=80, max_size=80), st.integers(0, 31))
def test_a_header_comes_back_from_its_job(header: bytes, job_id: int) -> None:
    job = Job.from_header(job_id, header)
    assert job.header(header[76:], 0) == header
    assert job.header(int.from_bytes(header[76:]), 0) == header


@given(JOBS, st.binary(min_size=4, max_size=4), st.integers(0, 0xFFFF))
def test_the_version_counter_lands_in_bits_28_to_13(job: Job, nonce: bytes, counter: int) -> None:
    header = job.header(nonce, counter)
    assert len(header) == 80
    assert int.from_bytes(header[:4], "little") == job.version | counter << 13


def test_strength_of_a_hash() -> None:
    at_difficulty_one = (0xFFFF << 208).to_bytes(32, "little")
    assert difficulty(at_difficulty_one) == 1
    assert zero_bits(at_difficulty_one) == 32
    assert zero_bits(b"\xFF" * 32) == 0
    assert zero_bits(bytes(32)) == 256
    assert difficulty(bytes(32)) == math.inf


@pytest.mark.parametrize(("change", "message"), [
    ({"job_id": 32}, "job id 32"),
    ({"prev_hash": b"short"}, "hashes of 5 and 32 bytes"),
    ({"ntime": -1}, "ntime -1"),
    ({"version": 1 << 32}, "version 4294967296"),
])
def test_fields_that_do_not_fit_are_refused(change: dict[str, object], message: str) -> None:
    fields: dict[str, object] = {
        "job_id": 0, "version": 0, "prev_hash": bytes(32), "merkle_root": bytes(32), "ntime": 0, "nbits": 0,
    }
    with pytest.raises(UsageError, match=message):
        Job(**fields | change)  # type: ignore[arg-type]


def test_a_header_of_another_length_is_refused() -> None:
    with pytest.raises(UsageError, match="79 bytes"):
        Job.from_header(0, bytes(79))
