"""A slot as its tile shows it, from what is known of it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

import rig
from rig.clock import SystemClock
from rig.guard.report import slot_report
from rig.guard.rules import SlotRules
from rig.purpose import Purpose
from rig.recipe import find_plans, load_plan
from rig.records import RunRecord
from rig.runtime import Runtime
from rig.slot import Unload
from rig.station.crew import OnRun
from rig.station.endings import ending_of
from rig.station.guardlook import GuardLook, conditions_of
from rig.station.live import Live
from rig.station.slotflow import Asked, Conditions, SlotFlow
from rig.station.tiles import QUIET_SECONDS, Stand, tile_of
from rig.station.timing import Timing
from rig.station.view import TileState

ROOT = Path(rig.__file__).parents[1]
PRODUCT = load_plan(find_plans(ROOT / "testplans"), "s21pro").product
SERIAL, NOW = "S21PROTEST0000001", 1000.0
GOOD = Conditions(at=NOW, estop_closed=True, lid_closed=True, seated=True, volts=0.1, celsius=25.0)
HOT = Unload(safe=False, seconds_left=21.4, celsius=54.0, why="off for 9 s, expected 30")


def stand(found: Conditions | None = GOOD, run: OnRun | None = None) -> Stand:
    slot = SlotFlow("slot3", 3, reseat=True)
    if found is not None:
        slot.saw(found)
    return Stand(slot, run, None, PRODUCT, True, "wall", True)


def on_run(heard_at: float = NOW) -> OnRun:
    live = Live(began_at=NOW - 60, heard_at=heard_at, phase="burn-in", phase_at=NOW - 10, told_left=20.0,
                watts=1040.0, volts=13.6, chips_found=65)
    return OnRun("slot3", SERIAL, 4711, live, Purpose.GOLDEN, run_id="run-1")


def after(name: str, found: Conditions = GOOD) -> Stand:
    """The slot after the run of a golden record."""
    text = (ROOT / "tests" / "data" / "golden" / f"record_{name}.json").read_text()
    ending = ending_of(RunRecord.model_validate_json(text), PRODUCT, golden=False)
    made = replace(stand(found), ending=ending)
    made.slot.began(SERIAL)
    made.slot.finished(ending.ended)
    return made


@pytest.mark.parametrize(("found", "state", "title"), [
    (GOOD, TileState.READY, "tile.ready"),
    (replace(GOOD, seated=False), TileState.EMPTY, "tile.empty"),
    (replace(GOOD, fault="no answer"), TileState.ACTION_NEEDED, "tile.action.bridge"),
    (replace(GOOD, estop_closed=False), TileState.ACTION_NEEDED, "tile.action.estop"),
    (replace(GOOD, latched=True), TileState.ACTION_NEEDED, "tile.action.release"),
])
def test_a_slot_nobody_works_at(found: Conditions, state: TileState, title: str) -> None:
    tile = tile_of(stand(found), Timing(), NOW)

    assert (tile.state, tile.title.key) == (state, title)


def test_a_slot_the_guard_has_said_nothing_of_may_be_live() -> None:
    tile = tile_of(stand(None), Timing(), NOW)

    assert (tile.state, tile.sentence.key if tile.sentence else "") == (TileState.NO_LINK, "no_link.guard")


def test_a_board_that_waits_says_for_what() -> None:
    made = stand(replace(GOOD, lid_closed=False))
    made.slot.take(Asked(SERIAL, Purpose.TEST, "0417"))

    tile = tile_of(made, Timing(), NOW)

    assert (tile.state, tile.title.key, tile.serial, tile.can_stop) == (
        TileState.ACTION_NEEDED, "tile.action.lid", SERIAL, True
    )


TAKEN = replace(GOOD, leased=True, taken_by="run nightly-7 (process 4711)")


@pytest.mark.parametrize("asked", [True, False])
def test_a_slot_that_somebody_else_runs_says_who(asked: bool) -> None:
    made = stand(TAKEN)
    if asked:
        made.slot.take(Asked(SERIAL, Purpose.TEST, "0417"))

    tile = tile_of(made, Timing(), NOW)

    assert (tile.state, tile.title.key) == (TileState.ACTION_NEEDED, "tile.action.wait_taken")
    assert "run nightly-7 (process 4711)" in (tile.sentence.text if tile.sentence else "")


def test_a_running_board_tells_its_figures_and_its_time() -> None:
    made = stand(run=on_run())
    made.slot.began(SERIAL)

    tile = tile_of(made, Timing(), NOW)

    assert (tile.state, tile.phase, tile.watts, tile.golden) == (TileState.RUNNING, "burn-in", 1040.0, True)
    assert (tile.seconds, tile.seconds_left, tile.progress) == (60.0, 20.0, 0.75)


@pytest.mark.parametrize("late", ["guard", "run"])
def test_a_run_nobody_hears_of_may_be_live(late: str) -> None:
    made = stand(run=on_run(NOW if late == "guard" else NOW - QUIET_SECONDS - 1))
    made.slot.began(SERIAL)

    tile = tile_of(made, Timing(), NOW + (10 if late == "guard" else 0))

    assert (tile.state, tile.sentence.key if tile.sentence else "") == (TileState.NO_LINK, f"no_link.{late}")
    assert tile.serial == SERIAL


def test_a_verdict_is_hot_until_the_board_may_be_touched() -> None:
    hot = tile_of(after("pass", replace(GOOD, unload=HOT)), Timing(), NOW)
    cool = tile_of(after("pass"), Timing(), NOW)

    assert (hot.state, hot.outcome) == (TileState.HOT, TileState.PASS)
    assert hot.hands_off is not None
    assert (hot.hands_off.seconds_left, hot.hands_off.celsius) == (21.4, 54.0)
    assert (cool.state, cool.hands_off) == (TileState.PASS, None)


def test_a_failure_wants_to_be_seen() -> None:
    made = after("fail")

    before = tile_of(made, Timing(), NOW)
    made.slot.acknowledge()
    then = tile_of(made, Timing(), NOW)

    assert (before.state, before.needs_ack) == (TileState.FAIL, True)
    assert (then.state, then.needs_ack) == (TileState.FAIL, False)
    assert before.code is not None
    assert before.code in before.title.text


LOOPS = {"estop_closed": True, "lid_closed": True, "seated": True}


def test_a_slot_is_taken_from_before_a_runs_lease_until_after_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    look = GuardLook(tmp_path / "bench.yaml", Runtime(tmp_path), SystemClock())
    lock = Runtime(tmp_path).lock("slot-slot3")
    free = look.with_lock("slot3", GOOD)

    lock.try_acquire({"run": "nightly-7", "pid": os.getpid()})
    taken = look.with_lock("slot3", GOOD)
    lock.release()
    lock.try_acquire({"holder": "rig update", "pid": os.getpid()})
    kept_out = look.with_lock("slot3", GOOD)
    lock.release()

    assert kept_out.taken_by == f"rig update (process {os.getpid()})"
    assert free == look.with_lock("slot3", GOOD) == GOOD
    assert taken == replace(GOOD, taken_by=f"run nightly-7 (process {os.getpid()})")


def test_the_guard_knows_who_has_leased_or_borrowed_a_slot() -> None:
    report = slot_report(SlotRules(NOW), NOW)
    lease = {"run": "nightly-7", "pid": 4711, "trip": None}

    leased = conditions_of({**report, "interlocks": LOOPS, "lease": lease}, NOW)
    lent = conditions_of({**report, "interlocks": LOOPS, "loan": {"pid": 7, "seconds_left": 9.0}}, NOW)

    assert (leased.leased, leased.taken_by) == (True, "run nightly-7 (process 4711)")
    assert (lent.leased, lent.taken_by) == (False, "rig instrument check (process 7)")
    assert conditions_of({**report, "interlocks": LOOPS}, NOW).taken_by == ""
