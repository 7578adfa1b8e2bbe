"""A short turn of the long proof: whatever a wire carries, nothing crashes, hangs or goes uncounted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rig
from proofs.fuzz import SOURCES, Source, fuzz, fuzz_commands, preambles
from rig.recipe import load_plan
from rig.work.pack import Pack, load_pack

BYTES = 60_000


@pytest.fixture(scope="module")
def pack() -> Pack:
    plan = load_plan(Path(rig.__file__).parents[1] / "testplans", "s21pro")
    return load_pack(plan.pack_path(simulated=True))


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)
def test_every_kind_of_stream_is_taken_and_counted(source: Source, pack: Pack) -> None:
    found = fuzz(source, BYTES, pack, seed=7)
    assert found.fed_bytes == BYTES
    assert found.slowest_feed_seconds < 5
    if source.__name__ == "strange_answers":
        assert found.nonces == BYTES // 11
    if source.__name__ in ("noise", "preambles"):
        assert found.skipped_bytes > 0.99 * BYTES


def test_preambles_do_not_end(pack: Pack) -> None:
    rng = np.random.default_rng(1)
    assert len(preambles(rng, 1001)) >= 1000
    assert fuzz(preambles, 20_000, pack).nonces == 0


def test_commands_come_through_between_damage() -> None:
    assert fuzz_commands(20_000) > 1000
