"""A slot as its tile shows it."""

from __future__ import annotations

from dataclasses import dataclass

from rig.purpose import Purpose
from rig.recipe import Product
from rig.station.crew import OnRun
from rig.station.endings import Ending
from rig.station.slotflow import Conditions, Missing, SlotFlow
from rig.station.timing import Timing
from rig.station.view import HandsOff, TileState, TileView, Words
from rig.station.words import say

QUIET_SECONDS = 45.0            # a run that says nothing for so long may have lost its way


@dataclass(frozen=True, slots=True)
class Stand:
    """All that is known of one slot."""

    slot: SlotFlow
    run: OnRun | None
    ending: Ending | None
    product: Product
    simulated: bool
    feed: str                               # name of the slot's breaker
    feed_free: bool


def tile_of(stand: Stand, timing: Timing, now: float) -> TileView:
    """The tile, as it is now."""
    slot, found = stand.slot, stand.slot.conditions
    common: dict[str, object] = {
        "slot": slot.name, "number": slot.number, "simulated": stand.simulated,
        "volts": found.volts if found else None, "celsius": found.celsius if found else None,
        "hands_off": _hands_off(slot, found),
        "needs_release": bool(found and found.latched),
    }
    lost = _lost(stand, now)
    if slot.running is not None:
        return _running(stand, timing, now, common, lost)
    if lost is not None:
        return _tile(common, state=TileState.NO_LINK, title=say("tile.no_link"), sentence=lost,
                     action=say("action.no_link"), serial=slot.busy_with)
    if slot.asked is not None:
        return _asked(stand, now, common)
    if stand.ending is not None and slot.ended is not None and slot.ended.state is not TileState.READY:
        return _ended(slot, stand.ending, common)
    return _idle(slot, found, common)


def _lost(stand: Stand, now: float) -> Words | None:
    """Why nobody knows what the slot does."""
    silent = stand.slot.unheard(now)
    if silent is not None:
        return say("no_link.guard", seconds=round(min(silent, 9999)))
    run = stand.run
    if run is not None and now - run.live.heard_at > QUIET_SECONDS:
        return say("no_link.run", seconds=round(now - run.live.heard_at))
    return None


def _running(
    stand: Stand, timing: Timing, now: float, common: dict[str, object], lost: Words | None
) -> TileView:
    slot, run = stand.slot, stand.run
    if run is None:                         # between the order and the process
        return _tile(common, state=TileState.RUNNING, title=say("tile.running"), serial=slot.running,
                     can_stop=True)
    live, seconds = run.live, now - run.live.began_at
    left = timing.left(live.phase, now - live.phase_at, live.told_left)
    facts: dict[str, object] = {
        "serial": run.serial, "run_id": run.run_id, "golden": run.purpose is Purpose.GOLDEN,
        "phase": live.phase, "seconds": round(seconds, 1),
        "seconds_left": None if left is None else round(left, 1),
        "progress": None if left is None else round(min(1.0, seconds / max(seconds + left, 1e-9)), 3),
        "watts": live.watts, "mhz": live.mhz, "answers_per_second": live.answers_per_second,
        "board": live.board(stand.product), "can_stop": run.stop_at is None, "hands_off": None,
    }
    for name in ("volts", "celsius"):
        value = getattr(live, name)
        facts[name] = common[name] if value is None else value
    if lost is not None:
        return _tile(common | facts, state=TileState.NO_LINK, title=say("tile.no_link"), sentence=lost,
                     action=say("action.no_link"))
    return _tile(common | facts, state=TileState.RUNNING, title=say("tile.running"))


def _asked(stand: Stand, now: float, common: dict[str, object]) -> TileView:
    slot, found = stand.slot, stand.slot.conditions
    missing = slot.missing(now, feed_free=stand.feed_free) or Missing.GUARD
    params: dict[str, str | int | float] = {"number": slot.number}
    if missing is Missing.FEED:
        params = {"feed": stand.feed}
    elif missing is Missing.TAKEN:
        params = {"who": found.taken_by if found else ""}
    elif missing is Missing.BRIDGE:
        params = {"text": (found.fault if found else None) or "no answer"}
    return _tile(
        common, state=TileState.ACTION_NEEDED, title=say(f"tile.action.{missing.value}"),
        sentence=say(f"action.{missing.value}", **params), action=say("action.starts"),
        serial=slot.asked.serial if slot.asked else None,
        golden=bool(slot.asked and slot.asked.purpose is Purpose.GOLDEN), can_stop=True,
    )


def _ended(slot: SlotFlow, ending: Ending, common: dict[str, object]) -> TileView:
    state = ending.ended.state
    facts: dict[str, object] = {
        "outcome": state, "serial": ending.ended.serial, "run_id": ending.run_id, "golden": ending.golden,
        "sentence": ending.sentence, "action": ending.action, "place": ending.place,
        "code": ending.ended.code, "grade": ending.grade, "board": ending.board, "label": ending.label,
        "seconds": ending.seconds, "watts": ending.watts, "needs_ack": slot.needs_ack,
    }
    if slot.hot:
        return _tile(common | facts, state=TileState.HOT, title=say("tile.hot"))
    return _tile(common | facts, state=state, title=ending.title)


def _idle(slot: SlotFlow, found: Conditions | None, common: dict[str, object]) -> TileView:
    if found is None or found.fault is not None or found.seated is None:
        text = (found.fault if found else None) or "no answer"
        return _tile(common, state=TileState.ACTION_NEEDED, title=say("tile.action.bridge"),
                     sentence=say("action.bridge", text=text))
    if found.latched:
        return _tile(common, state=TileState.ACTION_NEEDED, title=say("tile.action.release"),
                     sentence=say("action.release", number=slot.number))
    if not found.estop_closed:
        return _tile(common, state=TileState.ACTION_NEEDED, title=say("tile.action.estop"),
                     sentence=say("action.estop"))
    if found.taken_by:
        return _tile(common, state=TileState.ACTION_NEEDED, title=say("tile.action.wait_taken"),
                     sentence=say("action.wait_taken", who=found.taken_by))
    state = TileState.READY if found.seated else TileState.EMPTY
    return _tile(common, state=state, title=say(f"tile.{state.value.lower()}"),
                 action=say("action.scan_board"))


def _hands_off(slot: SlotFlow, found: Conditions | None) -> HandsOff | None:
    """Only where a board was under power: the guard's gate is closed at its start, too."""
    if found is None or found.unload.safe or (slot.ended is None and not found.live):
        return None
    unload, seconds = found.unload, round(found.unload.seconds_left)
    words = say("hot.cooling", seconds=seconds) if seconds > 0 else say("hot.why", text=unload.why)
    return HandsOff(words=words, seconds_left=unload.seconds_left or None, volts=found.volts,
                    celsius=unload.celsius)


def _tile(facts: dict[str, object], **more: object) -> TileView:
    return TileView.model_validate(facts | more)
