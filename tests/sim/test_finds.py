"""What a group of chips finds of a job: which answers, when, and under which registers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rig.bm13xx.chain import ChainLayout
from rig.bm13xx.jobs import Job
from rig.bm13xx.sweep import window_counts
from rig.sim.answers import AnswerBook
from rig.sim.finds import Finds, Group, Terms, sweep_start
from rig.work.pack import Pack

LAYOUT = ChainLayout(65, 2)
N, MHZ = 7861, 587.5


def group(pack: Pack, chips: list[int], starts: list[int] | None = None, **terms: int) -> Group:
    asked = Terms(job=Job.from_header(0, pack.templates[0].tobytes()), since=0.0, sweep_length=N, ticket=0,
                  rolled=0xFFFF, long=True)
    return Group(
        terms=replace(asked, **terms), chips=np.array(chips),
        starts=np.array([LAYOUT.slice_start(chip) for chip in chips] if starts is None else starts),
        mhz=np.full(len(chips), MHZ), reporting=np.ones((65, 128), dtype=np.bool_),
    )


def found(book: AnswerBook, asked: Group) -> Finds:
    finds = book.finds(asked)
    assert finds is not None
    return finds


def test_an_answer_comes_when_its_batch_has_swept_to_its_counter(pack: Pack, book: AnswerBook) -> None:
    finds = found(book, group(pack, list(range(65))))
    position = LAYOUT.position(finds.word & np.uint32(0x1FF_FFFF))
    expected = (finds.version_bits >> 4) * 2 * (N + 134) / 25e6 + position / (MHZ * 1e6)
    assert finds.seconds == pytest.approx(expected, abs=1e-9)
    assert (np.diff(finds.seconds) >= 0).all()
    assert len(finds.word) == len(pack.word[pack.answers_of(0)])
    assert (finds.chip == LAYOUT.chip_of(finds.word & np.uint32(0x1FF_FFFF))).all()
    assert finds.period == pytest.approx(2.6198, abs=1e-3)


def test_a_window_that_passes_the_last_counter_goes_on_at_zero(pack: Pack, book: AnswerBook) -> None:
    start = 2**25 - 100_000
    finds = found(book, group(pack, [64], [start]))
    counter = (finds.word & np.uint32(0x1FF_FFFF)).astype(int)
    beyond = window_counts(N, MHZ) - 100_000
    assert counter[counter < start].max() < beyond
    assert counter[counter < start].max() > beyond - 10_000
    assert len(counter[counter >= start]) > 0 or LAYOUT.slice_start(64) + 360_000 < start


def test_a_partial_mask_rolls_its_bits_low_to_high(pack: Pack, book: AnswerBook) -> None:
    finds = found(book, group(pack, list(range(65)), rolled=0x0FF0))
    assert len(finds.word) > 0
    assert (finds.version_bits & 0xF00F == 0).all()
    counter = (finds.version_bits >> 4).astype(int)              # eight bits: sixteen batches
    assert (finds.sub_core == counter % 16).all()
    assert (finds.seconds // (2 * (N + 134) / 25e6) == counter // 16).all()
    assert finds.period == pytest.approx(16 * 2 * (N + 134) / 25e6)


def test_a_job_of_no_pack_finds_nothing(pack: Pack, book: AnswerBook) -> None:
    other = Job.from_header(0, (pack.templates[0] ^ np.uint8(0x80)).tobytes())
    assert book.finds(replace(group(pack, [0]), terms=replace(group(pack, [0]).terms, job=other))) is None


def test_the_registers_of_an_offset() -> None:
    assert sweep_start(0x8000_03F1) == 0x3F1 << 9
    assert sweep_start(0x0000_03F1) == 0
