"""Trying one instrument out: what of its family's words it understands, row by row.

A row is ok or no, with the reason; some are necessary for its role. Raises only what stops the
person: KeyboardInterrupt. Whatever happens, a supply's output is off at the end.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from rig.clock import Clock
from rig.errors import InstrumentError, Role
from rig.slot import Reading

EXCHANGES = 50


class Outcome(Enum):
    OK = "ok"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing tried. ``necessary``: without it the instrument cannot have its role."""

    name: str
    outcome: Outcome
    why: str
    necessary: bool


@dataclass(slots=True)
class Notes:
    """The rows so far; ``show`` is told each as it comes."""

    show: Callable[[Row], None] = lambda _row: None
    rows: list[Row] = field(default_factory=list)

    def note(self, name: str, outcome: Outcome, why: str, *, necessary: bool = False) -> None:
        self.rows.append(Row(name, outcome, why, necessary))
        self.show(self.rows[-1])

    def attempt(self, name: str, action: Callable[[], str], *, necessary: bool = False) -> bool:
        """A row from what ``action`` returns (ok, and why) or from the InstrumentError it raises (no)."""
        try:
            why = action()
        except InstrumentError as error:
            self.note(name, Outcome.NO, str(error), necessary=necessary)
            return False
        self.note(name, Outcome.OK, why, necessary=necessary)
        return True


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found. ``ok``: all that is necessary for the role holds."""

    resource: str
    role: Role | None
    family: str | None
    identity: str | None
    rows: Sequence[Row]

    @property
    def ok(self) -> bool:
        return self.role is not None and all(
            row.outcome is Outcome.OK for row in self.rows if row.necessary
        )

    def as_data(self) -> dict[str, object]:
        """As plain values, for JSON."""
        return {
            "resource": self.resource,
            "role": self.role.value if self.role else None,
            "family": self.family,
            "identity": self.identity,
            "ok": self.ok,
            "rows": [
                {"name": row.name, "outcome": row.outcome.value, "necessary": row.necessary, "why": row.why}
                for row in self.rows
            ],
        }


def exchange_time(ask: Callable[[], object], clock: Clock, times: int = EXCHANGES) -> str:
    """Median and 99th percentile of ``times`` questions, for people."""
    taken = sorted(_timed(ask, clock) for _ in range(times))
    p99 = taken[min(times - 1, round(0.99 * times))]
    return f"median {_milliseconds(statistics.median(taken))}, p99 {_milliseconds(p99)} of {times}"


def sentinels(readings: Sequence[Reading]) -> str:
    """How many of the readings were numbers, and as what the others were understood."""
    missing = [reading.status.value for reading in readings if not reading.ok]
    numbers = len(readings) - len(missing)
    kinds = ", ".join(f"{missing.count(kind)} {kind}" for kind in sorted(set(missing)))
    return f"{numbers} of {len(readings)} were numbers" + (f"; {kinds}, understood as such" if kinds else "")


def until(clock: Clock, seconds: float, pause: float) -> Iterator[float]:
    """The seconds that have passed, again and again with a pause, until ``seconds`` are over."""
    began = clock.now()
    while (passed := clock.now() - began) <= seconds:
        yield passed
        clock.sleep(pause)


def _timed(ask: Callable[[], object], clock: Clock) -> float:
    began = clock.now()
    ask()
    return clock.now() - began


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"
