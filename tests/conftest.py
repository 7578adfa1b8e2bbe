"""What all our own tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Two busy cores make wall-clock deadlines of single examples meaningless.
settings.register_profile("rig", deadline=None, database=None)
settings.load_profile("rig")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of captures and third-party data that are no part of the product.

    Absent, the test is skipped, or fails where RIG_REQUIRE (comma separated) names ``shared``.
    """
    root = Path(__file__).resolve().parents[1]
    folder = (root / os.environ.get("RIG_SHARED", "../shared")).resolve()
    if folder.is_dir():
        return folder
    reason = f"no folder {folder}; set RIG_SHARED to where the shared data lies"
    if "shared" in os.environ.get("RIG_REQUIRE", "").split(","):
        pytest.fail(f"RIG_REQUIRE names shared, but there is {reason}")
    pytest.skip(reason)
