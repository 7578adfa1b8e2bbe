"""The one place where findings become a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rig.recipe.failures import Party
from rig.verdict.codes import is_sound
from rig.verdict.finding import Finding
from rig.verdict.severity import ExitCode, Verdict, exit_code, worst


@dataclass(frozen=True, slots=True)
class Grade:
    """How a run ended. ``grade`` is the level a shippable board is graded to.

    ``board_verdict`` is None when the board was not judged. ``first`` is the finding that names
    the failure; None only for PASS.
    """

    verdict: Verdict
    board_verdict: Verdict | None
    grade: str | None
    first: Finding | None
    findings: tuple[Finding, ...]

    @property
    def failure_code(self) -> str | None:
        return None if self.first is None else self.first.code

    @property
    def failure_text(self) -> str | None:
        return None if self.first is None else self.first.text

    def exit_code(self, *, ship_marginal: bool) -> ExitCode:
        """What the run exits with."""
        return exit_code(self.verdict, ship_marginal=ship_marginal)


def combine(findings: Iterable[Finding], *, level: str | None) -> Grade:
    """The worst finding wins; the first cause among the worst names the failure.

    ``level`` is the level the board was measured at, None when it got to none. A FAIL whose
    evidence the end of the run does not put in doubt stays with the board.
    """
    ranked = tuple(sorted(findings, key=lambda finding: finding.order))
    verdict = worst(finding.severity for finding in ranked)
    first = next((finding for finding in ranked if finding.severity is verdict), None)
    judged = verdict if verdict <= Verdict.FAIL else _proved(ranked)
    return Grade(
        verdict=verdict,
        board_verdict=judged,
        grade=level if verdict < Verdict.FAIL else None,
        first=first,
        findings=ranked,
    )


def _proved(findings: tuple[Finding, ...]) -> Verdict | None:
    """FAIL when a board's failure stands although the run ended worse."""
    endings = [finding.code for finding in findings if finding.severity > Verdict.FAIL]
    stands = any(
        finding.severity is Verdict.FAIL
        and finding.party is Party.BOARD
        and all(is_sound(finding.code, ending) for ending in endings)
        for finding in findings
    )
    return Verdict.FAIL if stands else None
