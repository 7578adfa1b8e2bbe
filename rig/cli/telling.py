"""Records in words and columns, for a terminal of eighty."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from rig.purpose import Purpose
from rig.records import FindingRecord, InstrumentRecord, MeasurementRecord, RunRecord, State
from rig.records.repairs import Repair
from rig.verdict import Outcome

WIDTH = 79
PLACES = 8                  # of values outside their limits are named; the count says how many there are
HASH_DIGITS = 16            # enough to tell two files apart by eye; the record has all


def board_lines(
    serial: str, runs: Sequence[RunRecord], states: Mapping[str, State | None], repairs: Sequence[Repair]
) -> Iterator[str]:
    """A board's life: its runs, and what was done to it between them, first to last."""
    counts = Counter(run.verdict.value for run in runs)
    products = "".join(f", {product}" for product in sorted({run.product for run in runs}))
    yield f"Board {serial}{products}: {len(runs)} run{'' if len(runs) == 1 else 's'}"
    if counts:
        yield "  " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    life: list[tuple[datetime, RunRecord | Repair]] = [(run.started, run) for run in runs]
    life += [(repair.at, repair) for repair in repairs]
    for _, one in sorted(life, key=lambda entry: entry[0]):
        yield ""
        if isinstance(one, RunRecord):
            yield from _run_of_life(one, states[one.run_id])
        else:
            yield f"{_utc(one.at)}  {one.kind.value} by {one.operator}"
            yield from _wrapped(2, ", ".join(filter(None, (one.code, one.place, one.did))))


def _run_of_life(run: RunRecord, state: State | None) -> Iterator[str]:
    yield f"{_utc(run.started)}  {_result(run)}"
    yield from _wrapped(2, f"run {run.run_id}, {_where(run)}, {run.seconds:.1f} s")
    yield from _marks(2, run, state)
    if _figures(run):
        yield from _wrapped(2, _figures(run))
    if run.failure_code:
        yield from _wrapped(2, f"{run.failure_code}: {run.failure_text}")
        yield from _labelled(2, "place", run.findings[0].place if run.findings else "")
    yield from _next(run)


def run_lines(run: RunRecord, state: State | None) -> Iterator[str]:
    """Everything that is kept of one run."""
    yield f"Run {run.run_id}: {_result(run)}"
    yield f"  board {run.serial}, {run.product}"
    yield from _wrapped(2, _where(run))
    yield f"  {_utc(run.started)} to {_utc(run.ended)}, {run.seconds:.1f} s"
    yield from _marks(2, run, state)
    board = run.board_verdict.value if run.board_verdict else "not judged"
    yield from _wrapped(2, f"the board itself: {board}{', ' if _figures(run) else ''}{_figures(run)}")
    yield from _next(run)
    for heading, lines in (
        ("Findings", _findings(run.findings)),
        ("Phases", _phases(run)),
        ("Measurements", _measurements(run)),
        ("Events", _events(run)),
        ("Instruments", _instruments(run.instruments)),
        ("Made by", _made_by(run)),
    ):
        told = list(lines)
        if told:
            yield from ("", heading, *told)


def _result(run: RunRecord) -> str:
    parts = [run.verdict.value]
    if run.grade:
        parts.append(f"grade {run.grade}")
    if run.failure_code:
        parts.append(run.failure_code)
    return "  ".join(parts)


def _where(run: RunRecord) -> str:
    by = f", by {run.operator}" if run.operator else ""
    return f"station {run.station}, fixture {run.fixture}, {run.slot}{by}"


def _marks(indent: int, run: RunRecord, state: State | None) -> Iterator[str]:
    if run.simulated:
        yield " " * indent + "simulated: it never enters yield"
    if run.purpose is not Purpose.TEST:
        yield " " * indent + f"{run.purpose.value}: it never enters yield"
    if state is State.PENDING:
        yield from _wrapped(indent, "pending: it is not certain that the board's EEPROM carries this result")
    if state is State.VOID:
        yield from _wrapped(indent, "void: its process died before anybody was shown a verdict")


def _next(run: RunRecord) -> Iterator[str]:
    if run.next_step is not None:
        yield from _labelled(2, f"next, {run.next_step.action.value}", run.next_step.why)
    yield from _labelled(2, "the slot is suspect", run.slot_suspect or "")


def _figures(run: RunRecord) -> str:
    parts = []
    if run.chips_found is not None:
        parts.append(f"{run.chips_found} chips")
    if run.board_rate is not None:
        parts.append(f"{run.board_rate:.2%} of the answers")
    if run.watts is not None:
        parts.append(f"{run.watts:.1f} W")
    if run.joules_per_terahash is not None:
        parts.append(f"{run.joules_per_terahash:.2f} J/TH")
    return ", ".join(parts)


def _findings(findings: Sequence[FindingRecord]) -> Iterator[str]:
    for place, found in enumerate(findings, start=1):
        follows = ", follows from another" if found.consequence else ""
        yield f"  {place}. {found.code} ({found.severity.value}, {found.party.value}{follows})"
        yield from _wrapped(5, found.text)
        yield from _labelled(5, "place", found.place)
        yield from _labelled(5, "causes", ", ".join(found.causes))
        yield from _labelled(5, "action", found.action)
        yield from _labelled(5, "retest", found.retest)
        for fact in found.evidence:
            yield from _labelled(5, "seen", fact)


def _phases(run: RunRecord) -> Iterator[str]:
    began = [(event.text, event.at_seconds) for event in run.events if event.kind == "phase"]
    for (name, at), (_, end) in pairwise([*began, ("", run.seconds)]):
        yield f"  {at:8.1f} s  for {end - at:7.1f} s  {name}"


def _measurements(run: RunRecord) -> Iterator[str]:
    counting = {taken.name: taken for taken in run.measurements}
    for taken in run.measurements:
        again = "" if taken.attempt == 1 else f" (attempt {taken.attempt})"
        superseded = "" if counting[taken.name] is taken else ", done again"
        yield f"  {taken.outcome.value + superseded:<10}  {taken.name}{again}"
        limit = taken.limit or "none, recorded only"
        yield from _wrapped(14, f"{_values(taken)}; limit {limit}{_marginal(taken)}")
    if run.not_taken:
        yield from _hanging(f"  {'not taken':<10}  ", ", ".join(run.not_taken))


def _marginal(taken: MeasurementRecord) -> str:
    return f", marginal within {taken.marginal_limit}" if taken.marginal_limit else ""


def _values(taken: MeasurementRecord) -> str:
    """One value, or how many there are, their range, and where those outside the limit are."""
    unit = f" {taken.unit}" if taken.unit not in ("", "1") else ""
    numbers = [value for value in taken.values if value is not None]
    if not numbers:
        return "no number"
    if len(taken.values) == 1:
        return f"{numbers[0]:.6g}{unit}"
    lost = len(taken.values) - len(numbers)
    text = f"{len(taken.values)} values, {min(numbers):.6g} to {max(numbers):.6g}{unit}"
    text += f", {lost} no number" if lost else ""
    wrong = taken.failing if taken.outcome is Outcome.FAIL else taken.marginal
    if wrong:
        places = ", ".join(map(str, wrong[:PLACES])) + (", …" if len(wrong) > PLACES else "")
        text += f", {len(wrong)} outside: {taken.over.value} {places}"
    return text


def _events(run: RunRecord) -> Iterator[str]:
    for event in run.events:
        if event.kind != "phase":
            yield from _hanging(f"  {event.at_seconds:8.1f} s  {event.kind:<8} ", event.text)


def _instruments(instruments: Sequence[InstrumentRecord]) -> Iterator[str]:
    for one in instruments:
        yield from _hanging(f"  {one.role:<8} ", one.identity)
        if one.calibrated or one.calibration_due:
            overdue = ", OVERDUE" if one.calibration_overdue else ""
            yield from _hanging(
                " " * 11,
                f"calibrated {one.calibrated or 'never'}, certificate {one.certificate or 'none'}, "
                f"due {one.calibration_due or 'never'}{overdue}",
            )


def _made_by(run: RunRecord) -> Iterator[str]:
    made = run.made_by
    yield from _wrapped(
        2, f"rig {made.rig_version}, code {(made.code_hash or 'unknown')[:HASH_DIGITS]}, "
           f"answers checked by {made.backend or 'nothing'}",
    )
    if made.connector_cycles is not None:
        yield f"  connector cycle {made.connector_cycles} of the slot, {made.fixture_cycles} of the fixture"
    for name, digest in sorted(made.plan.items()):
        yield f"  {digest[:HASH_DIGITS]}  {name}"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _labelled(indent: int, label: str, text: str) -> Iterator[str]:
    if text:
        yield from _hanging(" " * indent + f"{label}: ", text)


def _wrapped(indent: int, text: str) -> Iterator[str]:
    yield from _hanging(" " * indent, text)


def _hanging(start: str, text: str) -> Iterator[str]:
    """``text`` after ``start``, its further lines under its first word."""
    yield from textwrap.wrap(
        text, WIDTH, initial_indent=start, subsequent_indent=" " * len(start), break_on_hyphens=False,
    ) or [start.rstrip()]
