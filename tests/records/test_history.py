"""A board's past and a slot's, as the retest policy takes them: what counts, in which order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rig.purpose import Purpose
from rig.records import RunRecord, State, Store
from rig.records.history import History, past_of
from rig.records.repairs import Kind, Repair, RepairBook
from rig.verdict import Fault, Verdict
from rig.verdict.retest import PastRun, Released, Repaired

Make = Callable[..., RunRecord]
SERIAL = "SIM0000000000001A"


class Shop:
    """A store to put runs and repairs into, an hour apart."""

    def __init__(self, path: Path, make: Make) -> None:
        self.path, self.make, self.hours = path, make, 0

    def run(self, *faults: Fault, state: State = State.CLOSED, values: dict[str, Any] | None = None,
            **changes: Any) -> RunRecord:
        self.hours += 1
        record = self.make(*faults, run_id=f"run-{self.hours}", **(values or {}))
        record = record.model_copy(update={
            "started": record.started + timedelta(hours=self.hours), **changes,
        })
        Store(self.path).put(record, state)
        return record

    def repair(self, after: RunRecord | None, kind: Kind = Kind.REPAIR) -> None:
        self.hours += 1
        at = self.make().started + timedelta(hours=self.hours)
        code = "CHAIN-SHORT" if kind is Kind.REPAIR else None
        RepairBook(self.path).keep(Repair.told(
            SERIAL, at, kind, did="reflowed", operator="Bo", code=code, place=code and "here",
            run_id=after.run_id if after else None,
        ))

    def past(self, *, simulated: bool = True) -> list[object]:
        return [line.past for line in History(self.path, simulated=simulated).of(SERIAL)]


@pytest.fixture
def shop(tmp_path: Path, make: Make) -> Shop:
    return Shop(tmp_path / "rig.db", make)


def test_runs_and_repairs_come_in_the_order_they_happened(shop: Shop) -> None:
    bad = shop.run(values={"chips_found": 32})
    shop.repair(bad)
    good = shop.run()
    shop.repair(good, Kind.RELEASE)
    assert shop.past() == [
        PastRun(SERIAL, "slot1", Verdict.FAIL, Verdict.FAIL, "CHAIN-SHORT", "CHAIN-SHORT"),
        Repaired("CHAIN-SHORT"), PastRun(SERIAL, "slot1", Verdict.PASS, Verdict.PASS), Released(),
    ]
    lines = History(shop.path, simulated=True).of(SERIAL)
    assert [line.run_id for line in lines] == [bad.run_id, None, good.run_id, None]
    assert [line.past for line in lines if line.run_id] == [past_of(bad), past_of(good)]


def test_a_boards_failure_keeps_its_code_when_the_run_ends_worse(shop: Shop) -> None:
    record = shop.run(Fault("STN-SUPPLY", "gone"), values={"chips_found": 32, "board_watts": None})
    assert (record.failure_code, record.board_code) == ("STN-SUPPLY", "CHAIN-SHORT")
    assert shop.past() == [past_of(record)]
    assert record.model_copy(update={"findings": ()}).board_code == "CHAIN-SHORT"
    assert record.model_copy(update={"findings": (), "measurements": ()}).board_code is None


def test_worlds_are_kept_apart(shop: Shop) -> None:
    real, simulated = shop.run(simulated=False), shop.run(values={"chips_found": 32})
    shop.run(purpose=Purpose.ENGINEERING)
    shop.run(serial="ANOTHERBOARD")
    assert shop.past() == [past_of(simulated)]
    assert shop.past(simulated=False) == [past_of(real)]
    shop.repair(simulated)
    assert [len(shop.past(simulated=simulated)) for simulated in (True, False)] == [2, 1]


def test_a_repair_before_any_run_counts_wherever_the_board_is_run(shop: Shop) -> None:
    shop.repair(None)
    assert shop.past() == shop.past(simulated=False) == [Repaired("CHAIN-SHORT")]


@pytest.mark.parametrize("state", [State.PENDING, State.VOID])
def test_a_verdict_that_nobody_was_shown_is_none_but_a_failure_stays(state: State, shop: Shop) -> None:
    shop.run(state=state)
    bad = shop.run(state=state, values={"chips_found": 32})
    assert shop.past() == [PastRun(SERIAL, "slot1", Verdict.ABORTED, None), past_of(bad)]


def test_of_very_many_the_last_count(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rig.records.history.LAST_OF_BOARD", 4)
    shop.run(values={"chips_found": 32})
    for _ in range(4):
        shop.run()
    assert shop.past() == [PastRun(SERIAL, "slot1", Verdict.PASS, Verdict.PASS)] * 4


def test_a_slots_runs_are_those_of_its_fixture(shop: Shop) -> None:
    runs = [shop.run(serial=f"BOARD{number}") for number in range(3)]
    for other in ({"slot": "slot2"}, {"fixture": "other"}, {"simulated": False},
                  {"purpose": Purpose.ENGINEERING}):
        shop.run(**other)
    assert History(shop.path, simulated=True).last_on("sim", "slot1") == tuple(map(past_of, runs))
    assert History(shop.path, simulated=True).last_on("sim", "slot9") == ()
