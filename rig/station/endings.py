"""A run's record as the tile tells it: which state, which sentences, which chips."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rig.recipe import Product
from rig.records import RunRecord
from rig.station.slotflow import Ended
from rig.station.view import BoardMap, TileState, Words
from rig.station.words import say
from rig.verdict import Verdict
from rig.verdict.retest import Action

_BY_VERDICT = {
    Verdict.PASS: TileState.PASS,
    Verdict.MARGINAL: TileState.MARGINAL,
    Verdict.FAIL: TileState.FAIL,
    Verdict.ABORTED: TileState.STOPPED,
    Verdict.STATION_FAULT: TileState.STATION_FAULT,
}
_AGAIN = (Action.AGAIN, Action.OTHER_SLOT)
DIED = "STN-GUARD"              # what a run whose process died is closed with


@dataclass(frozen=True, slots=True)
class Ending:
    """What stays on the tile."""

    ended: Ended
    run_id: str | None
    title: Words
    sentence: Words | None = None
    action: Words | None = None
    place: Words | None = None
    grade: str | None = None
    board: BoardMap | None = None
    label: Words | None = None
    seconds: float | None = None
    watts: float | None = None
    golden: bool = False

    def with_label(self, label: Words) -> Ending:
        return replace(self, label=label)


def ending_of(record: RunRecord, product: Product, *, golden: bool) -> Ending:
    """What the tile says after this run."""
    state = _state_of(record)
    code = record.failure_code or ""
    first = record.findings[0] if record.findings else None
    return Ending(
        ended=Ended(record.serial, state, record.failure_code),
        run_id=record.run_id,
        title=title_of(state, code),
        sentence=say("run.says", text=record.failure_text) if record.failure_text else None,
        action=_action_of(record, state),
        place=say("run.place", text=first.place) if first and first.place else None,
        grade=record.grade,
        board=board_of(record, product),
        seconds=record.seconds,
        watts=record.watts,
        golden=golden,
    )


def refused_ending(serial: str, text: str, *, by_station: bool) -> Ending:
    """A run that could not begin: the station's fault, or something a person can put right."""
    state = TileState.STATION_FAULT if by_station else TileState.STOPPED
    return Ending(
        ended=Ended(serial, state), run_id=None, title=title_of(state, ""),
        sentence=say("run.refused", text=text), action=say("action.again"),
    )


def title_of(state: TileState, code: str) -> Words:
    """The big word of a tile."""
    key = f"tile.{state.value.lower()}"
    if state in (TileState.FAIL, TileState.RETEST, TileState.STATION_FAULT):
        return say(key, code=code)
    return say(key)


def board_of(record: RunRecord, product: Product) -> BoardMap:
    """The board's map from its measurements and findings."""
    latest = {taken.name: taken for taken in record.latest()}

    def values(name: str) -> tuple[float | None, ...]:
        return latest[name].values if name in latest else ()

    found = [one for one in record.findings if one.severity is not Verdict.PASS]
    volts = values("domain_volts") or values("idle_domain_volts")
    return BoardMap(
        domains=product.domains, chips_per_domain=product.chips_per_domain, chips_found=record.chips_found,
        hit_shares=values("chip_hit_rate"),
        bad_cores=tuple(None if value is None else int(value) for value in values("dead_cores")),
        domain_volts=volts,
        failing_chips=tuple(dict.fromkeys(one.chip for one in found if one.chip is not None)),
        failing_domains=tuple(dict.fromkeys(one.domain for one in found if one.domain is not None)),
        failing_sensors=tuple(dict.fromkeys(one.sensor for one in found if one.sensor is not None)),
    )


def _state_of(record: RunRecord) -> TileState:
    state, step = _BY_VERDICT[record.verdict], record.next_step
    if record.failure_code == DIED:
        return TileState.STATION_FAULT
    if state is TileState.FAIL and step is not None and step.action in _AGAIN:
        return TileState.RETEST
    return state


def _action_of(record: RunRecord, state: TileState) -> Words:
    first, step = record.findings[0] if record.findings else None, record.next_step
    if state in (TileState.PASS, TileState.MARGINAL) and (step is None or step.action is Action.SHIP):
        return say("action.unload")
    if state in (TileState.RETEST, TileState.MARGINAL) and step is not None:
        return say(f"run.then.{step.action.name.lower()}", text=step.why)
    if record.failure_code == DIED:
        return say("run.died.action")
    if first is not None and first.action:
        return say("run.action", text=first.action)
    return say("action.again")
