"""First power, reset held low: room, rail, leads and stack, before a clock runs."""

from __future__ import annotations

import pytest

from rig.pytestplugin import Run
from rig.pytestplugin.power_path import cold_check, open_board
from rig.pytestplugin.start_gate import check_start

pytestmark = pytest.mark.plan


def test_start(run: Run) -> None:
    check_start(run)


def test_cold(run: Run) -> None:
    cold_check(run)


def test_pre_open(run: Run) -> None:
    open_board(run)
