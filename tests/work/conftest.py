"""A small pack, and a chain that works through it in virtual time."""

from __future__ import annotations

import os

import numpy as np
import pytest

from rig.work.backend import Backend, hashing
from rig.work.mine import Order, assemble, mine_unit
from rig.work.pack import Pack

SMALL = Order(
    name="small", chip="bm1370", chips=4, address_interval=2, sweep_length=7861, window_counts=360_000,
    required_zero_bits=8, jobs=3, answers_per_chip=300, per_sub_core=0, seed=5,
)


@pytest.fixture(scope="session")
def small_pack() -> Pack:
    """Four chips, three jobs, 300 answers a chip and job."""
    pack = assemble(SMALL, {unit: mine_unit(SMALL, *unit) for unit in SMALL.units})
    for array in (pack.word, pack.version_bits, pack.job, pack.chip_index, pack.zero_bits):
        array.flags.writeable = False
    return pack


@pytest.fixture(scope="session")
def backends() -> tuple[Backend, ...]:
    """Every back end of this installation, Python always among them."""
    offered = hashing()
    if offered.library is None and "native" in os.environ.get("RIG_REQUIRE", "").split(","):
        pytest.fail(f"RIG_REQUIRE names native, but there is {offered.reason}")
    return offered.backends


@pytest.fixture(scope="session")
def native(backends: tuple[Backend, ...]) -> tuple[Backend, ...]:
    """The native back ends; a test that needs them is skipped where there are none."""
    found = tuple(backend for backend in backends if backend is not Backend.PYTHON)
    if not found:
        pytest.skip(hashing().reason)
    return found


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20260101)
