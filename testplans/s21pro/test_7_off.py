"""The end: off, discharged, and seen to be so at the pads."""

from __future__ import annotations

import pytest

from rig.pytestplugin import Run
from rig.pytestplugin.power_path import switch_off

pytestmark = pytest.mark.plan


def test_off(run: Run) -> None:
    switch_off(run)
