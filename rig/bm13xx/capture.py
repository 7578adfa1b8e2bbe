"""Captures of the wire as text: bursts of hex bytes, one a line, in up to two directions.

``#`` starts a comment. A line may begin with ``>`` (host to chip) or ``<`` (chip to host). Bytes of
one direction form one stream, whatever stood between their lines, so a frame may span lines.
Bytes without a mark form a stream of their own, in which each frame's preamble tells the direction.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from rig.errors import UsageError


class Direction(Enum):
    """Which way bytes went."""

    HOST_TO_CHIP = "host_to_chip"
    CHIP_TO_HOST = "chip_to_host"


_MARKS = {">": Direction.HOST_TO_CHIP, "<": Direction.CHIP_TO_HOST}


@dataclass(slots=True)
class Stream:
    """The bytes of one direction (None: of unmarked lines), and when each burst stood."""

    direction: Direction | None
    data: bytearray = field(default_factory=bytearray)
    _starts: list[int] = field(default_factory=list)
    _instants: list[int] = field(default_factory=list)

    def append(self, burst: bytes, instant: int) -> None:
        """Add a burst that came after ``instant`` bytes of the whole capture."""
        self._starts.append(len(self.data))
        self._instants.append(instant)
        self.data += burst

    def instant(self, offset: int) -> int:
        """How many bytes of the whole capture, all streams together, came before ``offset``."""
        burst = bisect_right(self._starts, offset) - 1
        return self._instants[burst] + offset - self._starts[burst]

    def ends_burst(self, offset: int) -> bool:
        """Whether a burst ends just before ``offset``."""
        burst = bisect_right(self._starts, offset) - 1
        return offset == len(self.data) or self._starts[burst] == offset


def read_capture(lines: Iterable[str]) -> tuple[Stream, ...]:
    """The streams of a capture. Raises UsageError naming the first line that is no hex."""
    streams: dict[Direction | None, Stream] = {
        direction: Stream(direction) for direction in (None, *Direction)
    }
    instant = 0
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        direction = _MARKS.get(text[:1])
        digits = text[1:] if direction else text
        try:
            burst = bytes.fromhex(digits)
        except ValueError:
            raise UsageError(
                f"line {number} of the capture: found {_short(text)}, expected whole bytes in hex, "
                "with > or < in front at most, # before a comment"
            ) from None
        if burst:
            streams[direction].append(burst, instant)
            instant += len(burst)
    return tuple(stream for stream in streams.values() if stream.data)


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
