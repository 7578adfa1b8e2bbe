"""One board of a study, after its run: what was wrong with it and what the rig said."""

from __future__ import annotations

from typing import Any

from rig.datafile import Data
from rig.recipe.failures import Party
from rig.records import RunRecord
from rig.study.mix import BoardDrawn
from rig.study.truth import EXPECTED, Bench, codes_of, must_be_caught
from rig.verdict import Verdict

DECISION = "decision_seconds"


class Row(Data):
    """``faults`` as in a scenario file, ranges resolved; ``ranked`` codes of the findings, first cause first.

    ``decision_seconds``: burn-in until the last chip was decided; None when it was not reached.
    """

    number: int
    seed: int
    faults: tuple[dict[str, Any], ...]
    verdict: Verdict
    board_verdict: Verdict | None
    code: str | None
    ranked: tuple[str, ...]
    grade: str | None
    seconds: float
    decision_seconds: float | None
    cpu_seconds: float

    @classmethod
    def of(cls, board: BoardDrawn, record: RunRecord, cpu_seconds: float) -> Row:
        decided = [one.values[0] for one in record.measurements if one.name == DECISION and one.values]
        return cls(
            number=board.number,
            seed=board.seed,
            faults=tuple(dict(fault) for fault in board.faults),
            verdict=record.verdict,
            board_verdict=record.board_verdict,
            code=record.failure_code,
            ranked=tuple(dict.fromkeys(finding.code for finding in record.findings)),
            grade=record.grade,
            seconds=round(record.seconds, 3),
            decision_seconds=decided[-1] if decided else None,
            cpu_seconds=round(cpu_seconds, 3),
        )

    @property
    def kind(self) -> str:
        """The kind of its faults, `good` without any."""
        return " + ".join(sorted(str(fault["kind"]) for fault in self.faults)) or "good"

    @property
    def shipped(self) -> bool:
        """MARGINAL ships where the recipe says so; a study counts it as shipped wherever."""
        return self.verdict in (Verdict.PASS, Verdict.MARGINAL)

    @property
    def blamed(self) -> Party | None:
        """Whose the verdict says it is; None for a board that ships."""
        return {
            Verdict.FAIL: Party.BOARD, Verdict.ABORTED: Party.OPERATOR, Verdict.STATION_FAULT: Party.STATION,
        }.get(self.verdict)

    def must_be_caught(self, bench: Bench) -> bool:
        return any(must_be_caught(fault, bench) for fault in self.faults)

    def escaped(self, bench: Bench) -> bool:
        """Whether it ships with a fault that must be found."""
        return self.shipped and self.must_be_caught(bench)

    def misbooked(self) -> bool:
        """Whether the verdict blames a party that none of its faults belongs to."""
        parties = {EXPECTED[str(fault["kind"])].blame for fault in self.faults}
        if not parties or self.blamed is None:
            return bool(self.blamed) and self.blamed is not Party.BOARD
        wrongly_board = self.board_verdict is Verdict.FAIL and Party.BOARD not in parties
        return self.blamed not in parties or wrongly_board

    def named(self, most: int) -> bool:
        """Whether a right code of its one fault stands among the first ``most``."""
        (fault,) = self.faults
        return bool(codes_of(fault) & set(self.ranked[:most]))
