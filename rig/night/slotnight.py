"""One slot's night, piece after piece. It speaks to the bench by ``Hands`` only, so it runs on any clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from rig.clock import Clock
from rig.errors import RigError, UsageError
from rig.lab.site import PlantedFault, Work
from rig.night.schedule import Job
from rig.night.summary import Ended, Piece, SlotNight
from rig.verdict.severity import Verdict

STOPPED = "the night was stopped"
PLANTED = "planted "                    # before a fault's kind


class Taken(UsageError):
    """Somebody has the place or its slot: nobody's fault."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a process that had a board in hand ended. No verdict: it did not begin, and ``says`` why.

    ``made_way`` for production; ``taken``: somebody else had the slot; ``late``: its time was over.
    """

    says: str
    verdict: Verdict | None = None
    board_verdict: Verdict | None = None
    code: str | None = None
    run_id: str | None = None
    measured: dict[str, float] = field(default_factory=dict)
    made_way: bool = False
    taken: bool = False
    refused: bool = False
    late: bool = False


@dataclass(frozen=True, slots=True)
class Power:
    """The guard's word on a slot: what it is in, and whether our board may be on."""

    says: str
    on: bool


class Hands(Protocol):
    """What a night does to a bench. Nothing but ``held`` raises."""

    @property
    def stopped(self) -> bool:
        """Whether somebody ended the night: nothing new begins."""
        ...

    def held(self, job: Job) -> AbstractContextManager[object]:
        """The slot's place, ours until the block ends.

        Raises Taken when somebody has it, UsageError when it is no place to ask for here, StationFault
        when the lab is not there.
        """
        ...

    def self_test(self, job: Job) -> list[str]:
        """What is not as it must be with the slot or its bench."""
        ...

    def instruments(self, job: Job) -> Ran:
        """Meter and scanner tried out, the supply looked at; its verdict is PASS or STATION_FAULT."""
        ...

    def run(self, job: Job, planted: PlantedFault | None) -> Ran:
        """The plan on the golden board; with a fault planted it is no golden run."""
        ...

    def drift(self, job: Job) -> list[str] | None:
        """How the last golden run differs from the board's enrolled past; None for one that has none."""
        ...

    def power(self, job: Job) -> Power:
        """Every fault taken out again, then the guard asked."""
        ...


def night_of(job: Job, hands: Hands, clock: Clock) -> SlotNight:
    """All work of a slot. Raises nothing of the rig's own: a fault is how a piece ended."""
    began = clock.now()
    pieces: list[Piece] = []
    told = _Told()
    power = Power("not asked: nothing was done here", on=False)
    try:
        with hands.held(job):
            try:
                for piece in _pieces(job, hands, clock, told):
                    pieces.append(piece)
            finally:
                power = hands.power(job)
    except Taken as error:
        pieces.append(Piece(name="place", ended=Ended.NOT_DONE, says=str(error)))
    except UsageError as error:
        pieces.append(Piece(name="place", ended=Ended.FAILED, says=str(error)))
    except RigError as error:
        pieces.append(Piece(name="place", ended=Ended.STATION, says=str(error)))
    return SlotNight(
        place=job.place, station=job.bench.fixture.station, fixture=job.bench.fixture.fixture, slot=job.slot,
        serial=job.golden.serial, product=job.golden.product, simulated=job.bench.fixture.simulated,
        pieces=tuple(pieces), measured=told.measured, golden_seconds=told.seconds,
        power=power.says, left_on=power.on, seconds=clock.now() - began,
    )


@dataclass(slots=True)
class _Told:
    """What the golden run told."""

    measured: dict[str, float] = field(default_factory=dict)
    seconds: float | None = None


def _pieces(job: Job, hands: Hands, clock: Clock, told: _Told) -> Iterator[Piece]:
    """Once production wants the slot, or the station is not fit for what comes next, the rest is not done."""
    why = ""
    for name, work, planted in _names(job):
        why = why or (STOPPED if hands.stopped else "")
        if why:
            yield Piece(name=name, ended=Ended.NOT_DONE, says=why)
            continue
        began = clock.now()
        first, *others = _done(job, hands, work, planted, told)
        seconds = clock.now() - began
        yield first.model_copy(update={"name": name, "seconds": seconds})
        yield from others
        if work is Work.GOLDEN and told.measured:
            told.seconds = seconds
        if first.ended in (Ended.PREEMPTED, Ended.NOT_DONE, Ended.STATION):
            why = f"the {name} ended before: {first.ended.value}"


def _names(job: Job) -> Iterator[tuple[str, Work, PlantedFault | None]]:
    for work in job.work:
        if work is not Work.PLANTED:
            yield ("golden run" if work is Work.GOLDEN else work.value), work, None
    for fault in job.planted:
        yield PLANTED + fault.kind, Work.PLANTED, fault


def _done(
    job: Job, hands: Hands, work: Work, planted: PlantedFault | None, told: _Told
) -> Iterator[Piece]:
    """The piece itself first, its name still empty, then what follows from it."""
    if work is Work.SELF_TEST:
        problems = hands.self_test(job)
        yield Piece(name="", ended=Ended.STATION if problems else Ended.GOOD,
                    says="; ".join(problems) or "all is as it must be")
        return
    ran = hands.instruments(job) if work is Work.INSTRUMENTS else hands.run(job, planted)
    yield _piece(ran, _ended_planted(ran, planted) if planted else _ended(ran), planted)
    if work is Work.GOLDEN and ran.verdict in (Verdict.PASS, Verdict.MARGINAL):
        told.measured = ran.measured
        yield _drift(hands.drift(job))


def _drift(problems: list[str] | None) -> Piece:
    if problems is None:
        return Piece(name="drift", ended=Ended.NOT_DONE,
                     says="the board is not enrolled (rig golden enrol): held against other nights only")
    if not problems:
        return Piece(name="drift", ended=Ended.GOOD, says="as in its past")
    return Piece(name="drift", ended=Ended.FAILED, says="; ".join(problems), code="STN-GOLDEN")


def _piece(ran: Ran, ended: Ended, planted: PlantedFault | None) -> Piece:
    says = ran.says
    if ended is Ended.PREEMPTED:
        says = f"production wants the slot: {says}"
    elif planted is not None and ended is Ended.FAILED:
        wanted = " or ".join(planted.codes)
        says = f"expected STATION_FAULT {wanted} and no word against the board, found {_found(ran)}: {says}"
    return Piece(name="", ended=ended, says=says, run_id=ran.run_id, code=ran.code)


def _found(ran: Ran) -> str:
    parts = [ran.verdict.value if ran.verdict else "no run", ran.code or ""]
    if ran.board_verdict is Verdict.FAIL:
        parts.append("with the board failed")
    return " ".join(part for part in parts if part)


def _ended(ran: Ran) -> Ended:
    """Of a run that nothing was planted in."""
    if ran.made_way:
        return Ended.PREEMPTED
    if ran.taken:
        return Ended.NOT_DONE
    if ran.verdict in (Verdict.PASS, Verdict.MARGINAL):
        return Ended.GOOD
    failed = ran.late or ran.refused or ran.verdict in (Verdict.FAIL, Verdict.ABORTED)
    return Ended.FAILED if failed else Ended.STATION


def _ended_planted(ran: Ran, planted: PlantedFault) -> Ended:
    """A planted fault is good when the station takes the blame with the right code, and the board none."""
    if ran.made_way or ran.taken:
        return _ended(ran)
    told = ran.verdict is Verdict.STATION_FAULT and ran.code in planted.codes
    return Ended.GOOD if told and ran.board_verdict is not Verdict.FAIL else Ended.FAILED
