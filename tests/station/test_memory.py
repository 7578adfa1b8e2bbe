"""What a station that was killed leaves of its tiles, and what the next one makes of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from rig.purpose import Purpose
from rig.records import STORE_FILE
from rig.records.lookup import Lookup
from rig.station.memory import Kept, Memory
from rig.station.slotflow import Asked, Conditions, Ended, SlotFlow
from rig.station.view import TileState
from rig.verdict import Verdict
from tests.station.test_golden import BEGAN, SERIAL, Past

FAILED = Ended(SERIAL, TileState.FAIL, "CHIP-WEAK")


def again(memory: Memory, slot: SlotFlow, results: Path) -> Kept | None:
    """What the next station finds of the slot."""
    memory.keep({slot.name: slot})
    return Memory(results, "sim").tiles.slots.get(slot.name)


@pytest.fixture
def slot() -> SlotFlow:
    made = SlotFlow("slot1", 1, reseat=True)
    made.saw(Conditions(at=0.0, seated=True))
    return made


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path, "sim")


def test_each_step_of_a_slot_outlives_its_station(memory: Memory, slot: SlotFlow, tmp_path: Path) -> None:
    found = [again(memory, slot, tmp_path)]
    memory.ordered("slot1", BEGAN)
    slot.began(SERIAL)
    found.append(again(memory, slot, tmp_path))
    slot.finished(FAILED)
    found.append(again(memory, slot, tmp_path))
    slot.acknowledge()
    found.append(again(memory, slot, tmp_path))
    slot.take(Asked("S21PROTEST0000002", who="0417", purpose=Purpose.TEST))
    found.append(again(memory, slot, tmp_path))

    run = Kept(serial=SERIAL, since=BEGAN)
    assert found == [
        None, run, run, run.model_copy(update={"acknowledged": True}),
        run.model_copy(update={"superseded": True}),
    ]


def test_a_slot_without_its_board_is_forgotten_with_the_next_scan(
    memory: Memory, slot: SlotFlow, tmp_path: Path
) -> None:
    slot.began(SERIAL)
    slot.finished(Ended(SERIAL, TileState.PASS))
    slot.saw(Conditions(at=1.0, seated=False))
    lifted = again(memory, slot, tmp_path)
    slot.take(Asked("S21PROTEST0000002", who="0417", purpose=Purpose.TEST))

    assert lifted == Kept(serial=SERIAL, lifted=True)
    assert again(memory, slot, tmp_path) is None


def test_a_failure_that_came_back_wants_to_be_seen_and_its_board_to_come_out(slot: SlotFlow) -> None:
    slot.came_back(FAILED, acknowledged=False, lifted=False)
    wanted = slot.needs_ack
    slot.acknowledge()
    slot.take(Asked("S21PROTEST0000002", who="0417", purpose=Purpose.TEST))
    slot.saw(Conditions(at=1.0, estop_closed=True, lid_closed=True, seated=True))

    assert wanted
    assert str(slot.missing(1.0, feed_free=True)) == "change"


def test_a_file_nobody_can_read_stands_on_no_tile(memory: Memory, slot: SlotFlow, tmp_path: Path) -> None:
    slot.began(SERIAL)
    again(memory, slot, tmp_path)
    next((tmp_path / "station").glob("tiles-*")).write_text("{")

    assert Memory(tmp_path, "sim").tiles.slots == {}


def test_the_run_that_was_ordered_is_found_and_no_older_one(tmp_path: Path) -> None:
    past = Past(tmp_path / "results")
    past.run(hours=0)
    died = past.run(hours=1, verdict=Verdict.ABORTED, board_verdict=None, failure_code="STN-GUARD")
    lookup, slot = Lookup(tmp_path / "results" / STORE_FILE), died.slot

    def last(**changes: object) -> str | None:
        asked = {"fixture": "sim", "slot": slot, "serial": SERIAL, "since": None, **changes}
        found = lookup.last_of_slot(**asked)  # type: ignore[arg-type]
        return None if found is None else found.run_id

    assert last() == last(since=BEGAN + timedelta(minutes=59)) == died.run_id
    assert last(since=BEGAN + timedelta(hours=2)) is None
    assert last(slot="slot9") is last(serial="S21PROTEST0000009") is last(fixture="other") is None
