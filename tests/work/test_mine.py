from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.bm13xx.jobs import Job, block_hash, zero_bits
from rig.bm13xx.sweep import BATCHES
from rig.errors import UsageError
from rig.work import mine
from rig.work.backend import Backend, library_for
from rig.work.mine import Order, assemble, first_strong, header_template, mine_unit, sub_cores_of
from rig.work.pack import Pack

ORDER = Order(
    name="tiny", chip="bm1370", chips=3, address_interval=2, sweep_length=7861, window_counts=5_000,
    required_zero_bits=6, jobs=2, answers_per_chip=40, per_sub_core=0, seed=1,
)


def changed(**changes: Any) -> Order:
    return dataclasses.replace(ORDER, **changes)


def test_a_unit_holds_answers_of_its_chip_inside_the_window() -> None:
    found = mine_unit(ORDER, 1, 2)
    work = Job.from_header(0, header_template(ORDER.name, 1))
    for word, version_bits, zeros in zip(
        found.word.tolist(), found.version_bits.tolist(), found.zero_bits.tolist(), strict=True
    ):
        assert zero_bits(block_hash(work.header(word, version_bits))) == zeros >= 6
        assert 0 <= (word & 0x1FFFFFF) - ORDER.layout.slice_start(2) < 5_000
    places = (found.word >> 25 << 4 | found.version_bits & 15).tolist()
    assert sorted(places) == sorted(sub_cores_of(ORDER, 2)[1].tolist())


def test_batches_are_spread_evenly() -> None:
    batches = np.sort(mine_unit(ORDER, 0, 0).version_bits >> 4)
    edges = np.arange(41) * BATCHES // 40
    assert np.all((batches >= edges[:-1]) & (batches < edges[1:]))


def test_the_seed_decides() -> None:
    same, other = mine_unit(ORDER, 0, 1), mine_unit(changed(seed=2), 0, 1)
    np.testing.assert_array_equal(mine_unit(ORDER, 0, 1).word, same.word)
    assert not np.array_equal(same.word, other.word)


def test_every_sub_core_comes_as_often_as_asked() -> None:
    places = sub_cores_of(changed(jobs=3, answers_per_chip=2000, per_sub_core=2), 1)
    assert places.shape == (3, 2000)
    counts = np.bincount(places.ravel(), minlength=2048)
    present = np.ones(2048, dtype=bool)
    present[[core << 4 | sub_core for core in (15, 127) for sub_core in range(12, 16)]] = False
    assert counts[present].min() >= 2
    assert not counts[~present].any()


@pytest.mark.parametrize(("changes", "says"), [
    ({"per_sub_core": 1}, "ask for more of either"),
    ({"answers_per_chip": 5000}, "expected 1 to 4096"),
    ({"window_counts": 12_000_000}, "a chip's slice"),
    ({"required_zero_bits": 0}, "zero bits"),
    ({"jobs": 0}, "0 jobs"),
    ({"chip": "bm9999"}, "unknown chip"),
    ({"chips": 200}, "addresses beyond"),
])
def test_orders_that_cannot_be_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        changed(**changes)


def test_a_window_without_answers_moves_to_the_next_batch() -> None:
    """12 zero bits in 600 counts: six windows out of seven hold none."""
    order = changed(window_counts=600, required_zero_bits=12, answers_per_chip=20)
    found = mine_unit(order, 0, 0)
    assert len(found.word) == 20
    assert found.zero_bits.min() >= 12
    assert len({*zip(found.word.tolist(), found.version_bits.tolist(), strict=True)}) == 20


def test_a_version_space_without_answers_is_refused() -> None:
    with pytest.raises(UsageError, match="fewer bits or a wider window"):
        mine_unit(changed(window_counts=1, required_zero_bits=40, answers_per_chip=1), 0, 0)


@given(
    first=st.integers(0, 2**32 - 1), count=st.integers(0, 60), version_bits=st.integers(0, 0xFFFF),
    required=st.integers(0, 7),
)
def test_searches_agree(
    native: tuple[Backend, ...], first: int, count: int, version_bits: int, required: int
) -> None:
    """Every code path finds the first word, at odd counts and over the end of the number range too."""
    work = Job.from_header(0, header_template(ORDER.name, 0))
    words = [(first + step) % 2**32 for step in range(count)]
    strong = (w for w in words if zero_bits(block_hash(work.header(w, version_bits))) >= required)
    expected = next(strong, -1)
    header = work.header(0, version_bits)
    for backend in native:
        library = library_for(backend)
        if library is not None:
            assert library.mine(header, first, count, required, backend.path) == expected


@pytest.mark.usefixtures("native")
def test_mining_without_the_library_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = mine_unit(ORDER, 0, 1)
    monkeypatch.setattr(mine, "best_backend", lambda: Backend.PYTHON)
    plain = mine_unit(ORDER, 0, 1)
    np.testing.assert_array_equal(quick.word, plain.word)
    np.testing.assert_array_equal(quick.zero_bits, plain.zero_bits)
    assert first_strong(Job.from_header(0, header_template(ORDER.name, 0)), 0, 0, 3, 60) == -1


def test_assembled_answers_are_in_the_packs_order(small_pack: Pack) -> None:
    keys = small_pack.version_bits.astype(np.int64) << 32 | small_pack.word
    for job in range(small_pack.jobs):
        assert np.all(np.diff(keys[small_pack.answers_of(job)]) > 0)
    np.testing.assert_array_equal(small_pack.layout.chip_of(small_pack.counter), small_pack.chip_index)


def test_an_order_gives_the_command_that_repeats_it() -> None:
    assert "--window 5000 --bits 6 --jobs 2 --answers 40 --per-sub-core 0 --seed 1" in ORDER.command
    assert assemble(changed(jobs=1, chips=1), {(0, 0): mine_unit(ORDER, 0, 0)}).origin.endswith("--seed 1")
