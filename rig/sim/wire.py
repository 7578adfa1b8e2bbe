"""The chain's UART line: bytes take their time, and a wrong rate makes garbage of them."""

from __future__ import annotations

from collections import deque

import numpy as np

from rig.bm13xx.replies import LONG

BITS_PER_BYTE = 10
TOLERANCE = 0.05                   # 1 Mbaud against 1.0417 works on real boards
FIFO_BYTES = 1 << 20
_BURST_BYTES = 176
# What a line at another rate looks like to a UART: runs of one level, and never a preamble.
_GARBAGE = np.array([0x00, 0x80, 0xC0, 0xE0, 0xF0, 0xF8, 0xFC, 0xFE, 0xFF], dtype=np.uint8)


def rates_agree(one: float, other: float) -> bool:
    """Whether two UARTs at these rates understand each other."""
    return abs(one / other - 1) <= TOLERANCE


class Incoming:
    """Bytes under way from the host: each is there when its stop bit is."""

    def __init__(self) -> None:
        self._bursts: deque[tuple[float, float, bytes]] = deque()     # start, baud, bytes
        self._free_at = 0.0

    def put(self, data: bytes, now: float, baud: float) -> None:
        start = max(now, self._free_at)
        self._bursts.append((start, baud, data))
        self._free_at = start + len(data) * BITS_PER_BYTE / baud

    def take(self, now: float) -> list[tuple[float, float, bytes]]:
        """What has arrived by ``now``: (time of the last bit, baud, bytes) each."""
        arrived = []
        while self._bursts:
            start, baud, data = self._bursts[0]
            count = int((now - start) * baud / BITS_PER_BYTE + 1e-6)
            if count < 1:
                break
            self._bursts.popleft()
            part, rest = data[:count], data[count:]
            end = start + len(part) * BITS_PER_BYTE / baud
            arrived.append((end, baud, part))
            if rest:
                self._bursts.appendleft((end, baud, rest))
                break
        return arrived

    def clear(self) -> None:
        self._bursts.clear()

    @property
    def next_due(self) -> float | None:
        """When the burst under way is complete."""
        if not self._bursts:
            return None
        start, baud, data = self._bursts[0]
        return start + len(data) * BITS_PER_BYTE / baud


class Outgoing:
    """Replies waiting for the line, first in, first out, and let go at its rate.

    Bounded: whole replies that do not fit are dropped and counted in ``dropped`` (bytes).
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._waiting = bytearray()
        self._free_at = 0.0

    def put(self, frames: bytes, now: float) -> None:
        if len(self._waiting) + len(frames) > FIFO_BYTES:
            self.dropped += len(frames)
            return
        if not self._waiting:
            self._free_at = max(self._free_at, now)
        self._waiting += frames

    def take(self, now: float, baud: float) -> bytes:
        """The bytes whose stop bit has passed by ``now``."""
        if not self._waiting:
            return b""
        count = min(len(self._waiting), int((now - self._free_at) * baud / BITS_PER_BYTE + 1e-6))
        if count <= 0:
            return b""
        self._free_at += count * BITS_PER_BYTE / baud
        data = bytes(self._waiting[:count])
        del self._waiting[:count]
        return data

    def next_due(self, baud: float) -> float | None:
        """When a burst worth taking has left, None when nothing waits."""
        if not self._waiting:
            return None
        return self._free_at + min(len(self._waiting), _BURST_BYTES) * BITS_PER_BYTE / baud

    def clear(self) -> None:
        self._waiting.clear()

    def __len__(self) -> int:
        return len(self._waiting)


class Noise:
    """Damage on the way from the chain to the host; the same seed damages the same bytes.

    A reply is 11 bytes; each of its bytes is hit so often that ``corrupt_share`` of the replies
    come with one byte or more turned. A byte that is hit becomes any other byte, so one hit reply
    in about 36 has a right CRC-5 again.
    """

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng([seed, 5])

    def damaged(self, data: bytes, corrupt_share: float, lost_share: float) -> bytes:
        """What arrives of ``data``. Shares 0..1: of replies with turned bits, of bytes lost."""
        if not data or not (corrupt_share or lost_share):
            return data
        heard = np.frombuffer(data, np.uint8).copy()
        hit = np.flatnonzero(self._rng.random(len(heard)) < 1 - (1 - corrupt_share) ** (1 / LONG))
        heard[hit] ^= self._rng.integers(1, 256, len(hit), dtype=np.uint8)
        return heard[self._rng.random(len(heard)) >= lost_share].tobytes()


def garbled(data: bytes, sent_baud: float, read_baud: float, rng: np.random.Generator) -> bytes:
    """What a host at another rate makes of ``data``: about as many bytes as it samples frames."""
    count = max(1, round(len(data) * min(1.0, read_baud / sent_baud)))
    return _GARBAGE[rng.integers(0, len(_GARBAGE), count)].tobytes()
