"""Playing a study's boards: in as many processes as asked for, kept as they come, taken up again."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from pydantic import ValidationError

from rig.errors import UsageError
from rig.pool import work_pool
from rig.sim.scenario import Scenario, parse_scenario
from rig.study.mix import BoardDrawn, Boards, load_mix
from rig.study.rows import Row
from rig.testkit import VirtualBench

CHUNK = 8                           # boards for which a process reads the plan's files once
STUDY_SERIAL = "STUDYBOARD{:07d}"
SLOT = "slot1"


@dataclass(frozen=True, slots=True)
class Study:
    """What is studied: how many boards of which mix, by which plan. Processes are handed this alone."""

    product: str
    fixture: Path
    plans: Path
    mix: Path
    boards: int
    per_kind: int
    seed: int
    time_scale: float

    def bench(self, results: Path) -> VirtualBench:
        """A bench in virtual time for its boards. Raises UsageError, FileError."""
        return VirtualBench(
            self.product, fixture=self.fixture, results=results, plans=self.plans, slot=SLOT
        )

    def drawn(self, bench: VirtualBench) -> Boards:
        """All its boards. Raises FileError for a mix that is not right."""
        product = bench.setup.plan.product
        return Boards(load_mix(self.mix, product), product, self.seed, self.boards, self.per_kind)

    def name(self, bench: VirtualBench) -> str:
        """What its rows depend on, in one word: rows of another study must not be taken up."""
        facts = [
            self.product, self.mix.read_text(), sorted(bench.setup.hashes.items()),
            self.boards, self.per_kind, self.seed, self.time_scale,
        ]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def play_boards(study: Study, numbers: Sequence[int]) -> list[Row]:
    """The rows of some boards, played one after the other in this process."""
    with tempfile.TemporaryDirectory(prefix="rig-study-") as folder:
        bench = study.bench(Path(folder))
        boards = study.drawn(bench)
        return [_played(bench, boards.draw(number), study) for number in numbers]


def play_all(study: Study, numbers: Sequence[int], processes: int) -> Iterator[Row]:
    """Every row as it is finished. Closing it ends the processes."""
    chunks = [numbers[first:first + CHUNK] for first in range(0, len(numbers), CHUNK)]
    pool = work_pool(processes)
    try:
        for done in as_completed([pool.submit(play_boards, study, chunk) for chunk in chunks]):
            yield from done.result()
    finally:
        pool.shutdown(cancel_futures=True)


class KeptRows:
    """Rows on disk, one JSON line each, so that a study that was stopped is taken up again.

    ``rows`` by number. Raises UsageError when the file holds another study's.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self._name = name
        self.rows: dict[int, Row] = {}
        self._file: TextIO | None = None

    def add(self, row: Row) -> None:
        if self._file is None:
            raise RuntimeError(f"{self.path}: found closed, expected to be used in a with block")
        self.rows[row.number] = row
        self._file.write(row.model_dump_json() + "\n")
        self._file.flush()

    def __enter__(self) -> Self:
        if self.path.exists():
            self._read(self.path.read_text(encoding="utf-8").split("\n"))
        self._file = self.path.open("w", encoding="utf-8")
        self._file.write(json.dumps({"study": self._name}) + "\n")
        for row in self.rows.values():
            self._file.write(row.model_dump_json() + "\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _read(self, lines: Sequence[str]) -> None:
        if lines[0] != json.dumps({"study": self._name}):
            raise UsageError(
                f"{self.path}: found the rows of another study, expected this one's; remove it to begin anew"
            )
        for line in lines[1:-1]:            # a torn last line is one board to play again
            try:
                row = Row.model_validate_json(line)
            except ValidationError as error:
                raise UsageError(f"{self.path}: found a damaged row, remove the file: {error}") from error
            self.rows[row.number] = row


def _played(bench: VirtualBench, board: BoardDrawn, study: Study) -> Row:
    began = time.process_time()
    record = bench.play(_scenario(board, study), STUDY_SERIAL.format(board.number))
    return Row.of(board, record, time.process_time() - began)


def _scenario(board: BoardDrawn, study: Study) -> Scenario:
    told = {"seed": board.seed, "faults": [dict(fault) for fault in board.faults]}
    return parse_scenario(
        {"time_scale": study.time_scale, "boards": {SLOT: told}}, Path(f"board {board.number}")
    )
