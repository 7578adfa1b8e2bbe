"""One thing ``rig doctor`` looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. ``necessary``: without it no run can be made."""

    name: str
    good: bool
    found: str
    advice: str = ""
    necessary: bool = True
