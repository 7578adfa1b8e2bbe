"""A multimeter with a scanner on the domains and the pads, driven by the data of its family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from rig.instruments.identity import Identity
from rig.instruments.numbers import parse_number, parse_register
from rig.instruments.session import Session
from rig.instruments.transport import NEWLINES, Wire
from rig.slot import Reading, Scanner, ScanReading, Status

SCANNER_SECONDS = 1.9                           # patience for one answer, on top of the scan's time


@dataclass(frozen=True, slots=True)
class Channels:
    """Where the board is wired: channel numbers of the domains, host side first, and the pads."""

    domains: tuple[int, ...]
    terminals: int


class Row(Enum):
    """What an answer holds for each channel."""

    VALUE_CHANNEL = "value, channel"
    CHANNEL_VALUE = "channel, value"
    VALUE = "value"                             # of one input: a multimeter without a scanner


@dataclass(frozen=True, slots=True)
class Demand:
    """What must be so before anything else: the answer's beginning, and what to do if it is not."""

    question: str
    begins: str
    else_do: str


@dataclass(frozen=True, slots=True)
class ScannerFamily:
    """How scanners of one family are spoken to.

    ``arrange`` gives the lines that set up one scan of these channels; ``start`` and then ``read``
    (given how many channels) take it, answered with a row a channel in any order. A family of
    single-input multimeters (Row.VALUE) measures the pads alone; its domains have no data.
    """

    name: str
    models: tuple[str, ...]
    arrange: Callable[[Channels], tuple[str, ...]]
    read: Callable[[int], str]
    seconds_per_channel: float
    row: Row = Row.VALUE_CHANNEL
    start: tuple[str, ...] = ()
    demands: tuple[Demand, ...] = ()
    error_query: str = "SYST:ERR?"
    seconds: float = SCANNER_SECONDS
    wire: Wire = NEWLINES


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
        for demand in family.demands:
            found = session.query(demand.question, str.strip)
            if not found.strip('"').upper().startswith(demand.begins):
                raise session.fault(f"{demand.question}: found {found}, expected {demand.begins}; "
                                    f"{demand.else_do}")
        errors = session.errors()
        if errors:
            raise session.fault(f"set-up: found error {'; '.join(errors)}, expected none")

    @property
    def identity(self) -> Identity:
        return self._identity

    def read(self) -> ScanReading:
        """One scan; takes the family's time a channel."""
        family, channels = self._family, self._channels
        if family.row is Row.VALUE:
            pads = self._session.query(family.read(1), parse_number, after=family.start)
            return ScanReading(tuple(Reading.missing(Status.NO_DATA) for _ in channels.domains), pads)
        question = family.read(len(channels.domains) + 1)
        return self._session.query(question, self._sorted, after=family.start)

    def close(self) -> None:
        self._session.close()

    def _sorted(self, line: str) -> ScanReading:
        """Readings by the channel numbers that came with them, never by their place in the line."""
        words = line.split(",")
        expected = (*self._channels.domains, self._channels.terminals)
        if len(words) != 2 * len(expected):
            raise ValueError(f"{len(words)} fields, expected {2 * len(expected)}")
        values, numbers = words[::2], words[1::2]
        if self._family.row is Row.CHANNEL_VALUE:
            values, numbers = numbers, values
        found: dict[int, Reading] = {
            parse_register(channel): parse_number(value)
            for value, channel in zip(values, numbers, strict=True)
        }
        if set(found) != set(expected):
            raise ValueError(f"channels {sorted(found)}, expected {sorted(expected)}")
        return ScanReading(
            tuple(found[channel] for channel in self._channels.domains), found[self._channels.terminals]
        )
