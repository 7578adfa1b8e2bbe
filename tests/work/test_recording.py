"""What is kept of a golden board's passes, how complete that is, and packs of several boards made one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rig.bm13xx.replies import encode_nonces
from rig.errors import FileError, UsageError
from rig.work.completeness import completeness, kept_share
from rig.work.ledger import Ledger
from rig.work.merge import merged
from rig.work.openpack import without_answers
from rig.work.pack import Pack, load_pack, save_pack
from rig.work.recording import Recorded, Recording, pack_of
from rig.work.survey import bad_answers

MHZ, JOB_SECONDS = 588.24, 2.4
COLUMNS = ("templates", "job", "chip_index", "word", "version_bits", "zero_bits")


def record(pack: Pack, came: list[np.ndarray], least: int, window: int | None = None) -> Recorded:
    """Passes through all jobs; ``came[n]`` are the answers of ``pack`` that come back in pass n."""
    jobs = without_answers(pack, pack.jobs, MHZ)
    jobs = jobs if window is None else replace(jobs, window_counts=window)
    recording = Recording(jobs, len(came), least, 0.9 * JOB_SECONDS)
    ledger = Ledger(jobs, jobs.layout, jobs.sweep_length, MHZ, closed=recording.close)
    now, number = 0.0, 0
    ledger.issue(0, 15, now)                            # superseded at once: no pass
    for rows in came:
        for job in range(pack.jobs):
            assert not recording.done
            ledger.issue(job, number % 15, now)
            own = rows[pack.job[rows] == job]
            columns = pack.word[own], number % 15, pack.sub_core[own], pack.version_bits[own], 0
            ledger.take(encode_nonces(*columns), now + 1.0)
            now, number = now + JOB_SECONDS, number + 1
    for last in range(2):
        ledger.issue(last, number % 15, now + last * JOB_SECONDS)
    assert recording.done
    assert recording.answers == sum(len(np.unique(rows)) for rows in came)
    return recording.solved("golden", "by a test")


def test_what_always_comes_is_the_pack(small_pack: Pack, tmp_path: Path) -> None:
    every = np.arange(len(small_pack))
    found = record(small_pack, [every] * 3, 3)
    for column in COLUMNS:
        np.testing.assert_array_equal(getattr(found.pack, column), getattr(small_pack, column))
    assert (found.seen, found.rare, found.strange) == (3600, 0, 0)
    assert found.hit_rates.tolist() == [1.0] * 4
    save_pack(found.pack, tmp_path / "golden.kap")
    loaded = load_pack(tmp_path / "golden.kap")
    assert (loaded.name, loaded.origin, list(bad_answers(loaded))) == ("golden", "by a test", [])


def test_k_of_n(small_pack: Pack) -> None:
    every = np.arange(len(small_pack))
    once, twice = every[every % 100 == 7], every[every % 100 == 8]
    passes = [
        np.setdiff1d(every, np.concatenate((once, twice))),
        np.setdiff1d(every, twice), np.setdiff1d(every, once),
        every, np.concatenate((every, every[:50])),     # a second return is no second pass
    ]
    found = record(small_pack, passes, 4)
    kept = np.setdiff1d(every, np.concatenate((once, twice)))
    np.testing.assert_array_equal(found.pack.word, small_pack.word[kept])
    assert found.rare == len(once) + len(twice)
    assert found.hit_rates == pytest.approx(1 - 0.02 * 0.4, abs=0.003)


def test_what_a_chip_cannot_meet_is_left_out(small_pack: Pack) -> None:
    every = np.arange(len(small_pack))
    found = record(small_pack, [every] * 2, 2, window=100_000)
    within = small_pack.layout.position(small_pack.counter) < 100_000
    np.testing.assert_array_equal(found.pack.word, small_pack.word[within])
    assert found.strange == int((~within).sum())


def test_nothing_came(small_pack: Pack, tmp_path: Path) -> None:
    found = record(small_pack, [np.empty(0, np.intp)] * 2, 1)
    assert (len(found.pack), found.seen) == (0, 0)
    assert np.isnan(found.hit_rates).all()
    with pytest.raises(FileError, match="job 0: found no answers"):
        save_pack(found.pack, tmp_path / "none.kap")


@given(rate=st.floats(0.5, 0.9999), passes=st.integers(1, 9), data=st.data())
def test_the_share_of_the_truth_that_is_kept(rate: float, passes: int, data: st.DataObject) -> None:
    least = data.draw(st.integers(1, passes))
    assert kept_share(rate, passes, least) == pytest.approx(stats.binom.sf(least - 1, passes, rate))


def test_share_kept_at_the_ends() -> None:
    assert kept_share(1.0, 5, 4) == 1.0
    assert kept_share(float("nan"), 5, 4) == 0.0
    assert kept_share(0.9992, 5, 4) > 0.99999


def test_a_complete_pack_lacks_nothing(small_pack: Pack) -> None:
    complete = completeness(small_pack, np.full(4, 900.0))
    assert complete.found.tolist() == [900] * 4
    assert [lack for lack in complete.lacks(900) if "cores" not in lack] == []


def test_what_a_pack_lacks_is_named(small_pack: Pack) -> None:
    kept = np.flatnonzero((small_pack.chip_index != 2) | (np.arange(len(small_pack)) % 2 == 0))
    keys = small_pack.version_bits[kept].astype(np.uint64) << np.uint64(32) | small_pack.word[kept]
    poor = pack_of(small_pack, small_pack.job[kept], keys)
    lacks = list(completeness(poor, np.full(4, 900.0)).lacks(880))
    assert any("1 chips have less than the 880 answers" in lack and "(chip 2)" in lack for lack in lacks)
    assert any("1 chips gave back less than a good chip does (chip 2)" in lack for lack in lacks)
    assert any("cores have less than 4 answers" in lack for lack in lacks)
    many = list(completeness(poor, np.full(4, 900.0)).lacks(5000))
    assert "4 chips" in many[0]


def some_of(pack: Pack, left_out: int) -> Pack:
    kept = np.flatnonzero(np.arange(len(pack)) % 10 != left_out)
    keys = pack.version_bits[kept].astype(np.uint64) << np.uint64(32) | pack.word[kept]
    return pack_of(pack, pack.job[kept], keys)


def test_merged_boards_make_up_for_each_other(small_pack: Pack) -> None:
    boards = [(Path(f"{board}.kap"), some_of(small_pack, board)) for board in range(3)]
    all_of_them = merged(boards, 2, "both")
    for column in COLUMNS:
        np.testing.assert_array_equal(getattr(all_of_them, column), getattr(small_pack, column))
    assert "answers that 2 of 3 have" in all_of_them.origin
    in_every = merged(boards, 3, "every")
    assert len(in_every) == 0.7 * len(small_pack)


def test_the_shortest_window_counts(small_pack: Pack) -> None:
    within = np.flatnonzero(small_pack.layout.position(small_pack.counter) < 200_000)
    keys = small_pack.version_bits[within].astype(np.uint64) << np.uint64(32) | small_pack.word[within]
    short = replace(pack_of(small_pack, small_pack.job[within], keys), window_counts=200_000)
    both = merged([(Path("a.kap"), small_pack), (Path("b.kap"), short)], 1, "both")
    assert both.window_counts == 200_000
    np.testing.assert_array_equal(both.word, short.word)


def test_packs_that_do_not_go_together(small_pack: Pack) -> None:
    other = small_pack.templates.copy()
    other[1, 40] ^= 1
    first = (Path("a.kap"), small_pack)
    with pytest.raises(FileError, match=r"templates: found other jobs, expected the job list of a.kap"):
        merged([first, (Path("b.kap"), replace(small_pack, templates=other))], 1, "x")
    with pytest.raises(FileError, match=r"b.kap: sweep_length: found 99, expected 7861, as a.kap has it"):
        merged([first, (Path("b.kap"), replace(small_pack, sweep_length=99))], 1, "x")
    for packs, least in (([first], 1), ([first, first], 3), ([first, first], 0)):
        with pytest.raises(UsageError, match="two packs or more"):
            merged(packs, least, "x")
