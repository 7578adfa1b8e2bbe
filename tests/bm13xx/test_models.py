from __future__ import annotations

import pytest

from rig.bm13xx.models import MODELS, chip_model
from rig.errors import UsageError


def test_the_bm1370_has_2040_sub_cores() -> None:
    model = chip_model("bm1370")
    there = [(c, s) for c in range(model.cores) for s in range(model.sub_cores) if model.has(c, s)]
    assert len(there) == model.positions == model.counted_sub_cores == 2040
    assert sum(core == 15 for core, _ in there) == sum(core == 127 for core, _ in there) == 12
    assert not model.has(128, 0)
    assert not model.has(0, 16)


def test_names_and_ids_agree() -> None:
    for name, model in MODELS.items():
        assert model.name == name
        assert f"bm{model.chip_id:04x}" == name
        assert model.job_id_bits + model.sub_core_bits == 8
        assert model.sub_cores == 1 << model.sub_core_bits


def test_the_job_id_that_comes_back() -> None:
    assert chip_model("bm1370").reply_job_id(0x1D) == 0xD
    assert chip_model("bm1366").reply_job_id(0x1D) == 0x1D


def test_an_unknown_chip_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'bm1399'.*bm1370, bm1368, bm1366, bm1362"):
        chip_model("bm1399")
