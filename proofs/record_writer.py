"""What ``proofs.records`` kills: a process that keeps runs as a session does, one after the other.

It replays measurements; journal, store, files and recovery are the rig's own. After each step that
returned it says so on a pipe, a line a step: the step's word, the run's id, a number or a verdict.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from rig.clock import SystemClock
from rig.recipe.limits import Dimension
from rig.records import (
    STORE_FILE,
    EepromRecord,
    Journal,
    Kind,
    MadeBy,
    MeasurementRecord,
    RunFolder,
    RunRecord,
    RunStart,
    State,
    Store,
    close_dead_runs,
    file_run,
    new_run_id,
)
from rig.verdict import Outcome, Verdict

MEASUREMENTS = 30
SYNC_EVERY = 6              # a phase's worth
CARRIED_SHARE = 0.7         # of the runs: their result goes into the board's EEPROM


class Step(StrEnum):
    RECOVERED = "recovered"     # a dead run was closed; the verdict
    STARTED = "started"
    LINE = "line"               # a measurement is in the journal; how many so far
    CARRIED = "carried"         # the EEPROM was read back
    SHOWN = "shown"             # all is closed: the verdict may be shown


class Writer:
    """Keeps runs of ``slot`` in ``results`` until it is killed."""

    def __init__(self, results: Path, slot: str, pipe: int, seed: int) -> None:
        self._results, self._slot, self._pipe = results, slot, pipe
        self._random, self._clock = random.Random(seed), SystemClock()

    def work(self) -> None:
        """Recovery, then run after run; never returns."""
        for record in close_dead_runs(self._results, self._slot, self._clock):
            self._say(Step.RECOVERED, record.run_id, record.verdict.value)
        while True:
            self._one_run()

    def _one_run(self) -> None:
        began = self._clock.utc()
        run_id, serial = new_run_id(began), f"PROOF{self._random.randrange(20):04d}"
        start = RunStart(
            run_id=run_id, serial=serial, product="proof", slot=self._slot, station="proof", fixture="proof",
            simulated=True, started=began, made_by=MadeBy(rig_version="proof", plan={}),
        )
        folder = RunFolder.create(self._results, serial, run_id, began)
        journal = Journal(folder.journal, self._clock)
        journal.append(Kind.START, **start.model_dump(mode="json"))
        self._say(Step.STARTED, run_id, 0)
        taken = []
        for measured in self._measurements():
            journal.keep(Kind.MEASUREMENT, measured)
            taken.append(measured)
            self._say(Step.LINE, run_id, len(taken))
            if len(taken) % SYNC_EVERY == 0:
                journal.sync()
        record = self._record(start, tuple(taken))
        journal.settle()
        if record.verdict is Verdict.PASS and self._random.random() < CARRIED_SHARE:
            record = self._carry(journal, record)
        file_run(self._results, folder, record)
        journal.append("closed", verdict=record.verdict)
        journal.close()
        self._say(Step.SHOWN, run_id, record.verdict.value)

    def _carry(self, journal: Journal, record: RunRecord) -> RunRecord:
        """A board whose EEPROM takes what is written; the order is the session's."""
        after = self._random.randbytes(256).hex()
        wanted = EepromRecord(before="ff" * 256, after=after)
        Store(self._results / STORE_FILE).put(record.model_copy(update={"eeprom": wanted}), State.PENDING)
        journal.keep(Kind.EEPROM, wanted)
        journal.settle()
        carried = wanted.model_copy(update={"read_back": True})
        journal.keep(Kind.EEPROM, carried)
        self._say(Step.CARRIED, record.run_id, 0)
        return record.model_copy(update={"eeprom": carried})

    def _record(self, start: RunStart, taken: tuple[MeasurementRecord, ...]) -> RunRecord:
        failed = any(one.outcome is Outcome.FAIL for one in taken)
        verdict = Verdict.FAIL if failed else Verdict.PASS
        ended = max(self._clock.utc(), start.started)
        return RunRecord(
            **dict(start), ended=ended, seconds=(ended - start.started) / timedelta(seconds=1),
            verdict=verdict, board_verdict=verdict, failure_code="CHIP-WEAK" if failed else None,
            failure_text="a weak chip" if failed else None, measurements=taken,
        )

    def _measurements(self) -> Iterator[MeasurementRecord]:
        bad = self._random.randrange(MEASUREMENTS) if self._random.random() < 0.2 else None
        for number in range(MEASUREMENTS):
            values = tuple(round(self._random.gauss(1.0, 0.01), 6) for _ in range(13))
            yield MeasurementRecord(
                name=f"measured_{number}", says="a replayed one", unit="V", over=Dimension.DOMAIN,
                values=values, limit=">= 0.5", marginal_limit=None, code="CHIP-WEAK",
                outcome=Outcome.FAIL if number == bad else Outcome.PASS,
                failing=(0,) if number == bad else (), at_seconds=float(number),
            )

    def _say(self, step: Step, run_id: str, fact: int | str) -> None:
        os.write(self._pipe, f"{step.value} {run_id} {fact}\n".encode())
