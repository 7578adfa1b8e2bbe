"""How long a run still takes, from how long the phases of good boards took lately."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from rig.records import RunRecord
from rig.verdict import Verdict

LAST_RUNS = 5


@dataclass(slots=True)
class Timing:
    """Phases of the last good runs of one product on this station, in their order."""

    _runs: deque[tuple[tuple[str, float], ...]] = field(default_factory=lambda: deque(maxlen=LAST_RUNS))

    def learn(self, record: RunRecord) -> None:
        """A finished run; only good ones went all the way."""
        if record.verdict not in (Verdict.PASS, Verdict.MARGINAL):
            return
        began = [(event.text, event.at_seconds) for event in record.events if event.kind == "phase"]
        ends = [*began, ("", record.seconds)]
        phases = tuple((name, until - since) for (name, since), (_, until) in pairwise(ends))
        if phases:
            self._runs.append(phases)

    def left(self, phase: str, seconds_in_phase: float, told: float | None) -> float | None:
        """Seconds until the end; ``told`` is what the run itself says of its phase. None: no past runs."""
        rests = [rest for run in self._runs if (rest := _rest(run, phase)) is not None]
        if not rests:
            return told
        after = median(later for _, later in rests)
        here = max(0.0, median(length for length, _ in rests) - seconds_in_phase)
        return after + (here if told is None else told)


def _rest(run: tuple[tuple[str, float], ...], phase: str) -> tuple[float, float] | None:
    """Length of a phase, and of all that came after it; a phase that came twice counts by its first."""
    for at, (name, length) in enumerate(run):
        if name == phase:
            return length, sum(later for _, later in run[at + 1:])
    return None
