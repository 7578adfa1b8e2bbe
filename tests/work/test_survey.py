from __future__ import annotations

import dataclasses

from rig.work.pack import Pack
from rig.work.survey import bad_answers, coverage


def test_a_sound_pack_has_no_bad_answers(small_pack: Pack) -> None:
    assert list(bad_answers(small_pack)) == []


def test_a_wrong_nonce_and_a_wrong_strength_are_found(small_pack: Pack) -> None:
    words, zeros = small_pack.word.copy(), small_pack.zero_bits.copy()
    words[1300] ^= 1
    zeros[7] += 1
    bad = list(bad_answers(dataclasses.replace(small_pack, word=words, zero_bits=zeros)))
    assert [(answer.row, answer.job) for answer in bad] == [(7, 0), (1300, 1)]
    assert bad[0].said == bad[0].found + 1


def test_coverage_counts_every_answer_once(small_pack: Pack) -> None:
    seen = coverage(small_pack)
    assert seen.per_chip_and_job.tolist() == [[300] * 4] * 3
    assert seen.per_core.shape == (4, 128)
    assert seen.per_core.sum() == seen.per_sub_core.sum() == len(small_pack)
    row = 1000
    assert seen.per_core[small_pack.chip_index[row], small_pack.core[row]] > 0
