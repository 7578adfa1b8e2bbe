"""How a board's work is judged (docs/plans.md tells which mode is for what)."""

from __future__ import annotations

from enum import Enum


class Mode(Enum):
    SEQUENTIAL = "sequential"        # distinct known answers, decided as early as they allow
    FULL_PATTERN = "full_pattern"    # every sub-core's patterns, by the incumbent's criteria
    RANDOM_WORK = "random_work"      # right answers a second, none of them known beforehand
