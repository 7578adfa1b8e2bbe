"""A multimeter with a scanner on the domains and the pads, driven by the data of its family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from rig.instruments.identity import Identity
from rig.instruments.numbers import parse_number, parse_register
from rig.instruments.session import Session
from rig.slot import Reading, Scanner, ScanReading


@dataclass(frozen=True, slots=True)
class Channels:
    """Where the board is wired: channel numbers of the domains, host side first, and the pads."""

    domains: tuple[int, ...]
    terminals: int


@dataclass(frozen=True, slots=True)
class ScannerFamily:
    """How scanners of one family are spoken to.

    ``arrange`` gives the lines that set up one scan of these channels; ``read`` starts it and
    answers ``value,channel`` pairs in any order.
    """

    name: str
    models: tuple[str, ...]
    arrange: Callable[[Channels], tuple[str, ...]]
    read: str
    seconds_per_channel: float


class ScannerSession(Scanner, Protocol):
    """A rig.slot.Scanner with its identity and its end. Raises InstrumentError of role SCANNER."""

    @property
    def identity(self) -> Identity: ...

    def close(self) -> None: ...


class ScpiScanner:
    """A ScannerSession over one session."""

    def __init__(self, session: Session, family: ScannerFamily, channels: Channels) -> None:
        """Connects, identifies and sets up (``family.arrange`` is in the session's conduct)."""
        self._session = session
        self._family = family
        self._channels = channels
        self._identity = session.identity()
        errors = session.errors()
        if errors:
            raise session.fault(f"set-up: found error {'; '.join(errors)}, expected none")

    @property
    def identity(self) -> Identity:
        return self._identity

    def read(self) -> ScanReading:
        """One scan; takes the family's time a channel."""
        return self._session.query(self._family.read, self._sorted)

    def close(self) -> None:
        self._session.close()

    def _sorted(self, line: str) -> ScanReading:
        """Readings by the channel numbers that came with them, never by their place in the line."""
        words = line.split(",")
        expected = (*self._channels.domains, self._channels.terminals)
        if len(words) != 2 * len(expected):
            raise ValueError(f"{len(words)} fields, expected {2 * len(expected)}")
        found: dict[int, Reading] = {
            parse_register(channel): parse_number(value)
            for value, channel in zip(words[::2], words[1::2], strict=True)
        }
        if set(found) != set(expected):
            raise ValueError(f"channels {sorted(found)}, expected {sorted(expected)}")
        return ScanReading(
            tuple(found[channel] for channel in self._channels.domains), found[self._channels.terminals]
        )
