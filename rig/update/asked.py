"""What a person wants of an update."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Asked:
    """``fixtures``: every bench of this station; releases are proved against the first."""

    fixtures: Sequence[Path]
    product: str
    results: Path | None = None             # whose store must stay readable; nothing is changed there
    wait_seconds: float = 0.0               # for slots to be free
    restart: str | None = None              # starts the services anew, as the site does it
    keep: int = 3                           # releases
    offline: bool = False                   # what was fetched before
