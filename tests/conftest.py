"""What all our own tests share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# Two busy cores make wall-clock deadlines of single examples meaningless.
settings.register_profile("rig", deadline=None, database=None)
settings.load_profile("rig")


Demand = Callable[[str, bool, str], None]


@pytest.fixture(scope="session")
def demand() -> Demand:
    """``demand(name, is_there, reason)``: what is absent skips the test with ``reason``.

    Where RIG_REQUIRE (comma separated) names it, the test fails instead.
    """
    def demand(name: str, is_there: bool, reason: str) -> None:
        if is_there:
            return
        if name in os.environ.get("RIG_REQUIRE", "").split(","):
            pytest.fail(f"RIG_REQUIRE names {name}, but there is {reason}")
        pytest.skip(reason)

    return demand


@pytest.fixture(scope="session")
def shared(demand: Demand) -> Path:
    """The folder of captures and third-party data that are no part of the product."""
    root = Path(__file__).resolve().parents[1]
    folder = (root / os.environ.get("RIG_SHARED", "../shared")).resolve()
    demand("shared", folder.is_dir(), f"no folder {folder}; set RIG_SHARED to where the shared data lies")
    return folder
