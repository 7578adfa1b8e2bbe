"""The station's word on itself, which stands above the lab: the lab only passes it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StationWord:
    """What the station has found of itself: ``problems`` by slot, and why no boards are produced now."""

    problems: Mapping[str, str] = field(default_factory=dict)
    locked: str | None = None
