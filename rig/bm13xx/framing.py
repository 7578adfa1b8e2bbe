"""What both directions of the wire have in common: how bytes fit a frame."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple


class Fit(Enum):
    """How the bytes at a preamble fit a frame."""

    GOOD = auto()
    BAD_CRC = auto()            # shaped like a frame, but the checksum says no
    NO_FRAME = auto()
    PARTIAL = auto()            # more bytes are needed to tell


class Fitted(NamedTuple):
    """The fit, and how many bytes it concerns (at least 1)."""

    fit: Fit
    size: int
