from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from rig.clock import VirtualClock
from rig.records import (
    EepromRecord,
    Journal,
    Kind,
    MeasurementRecord,
    RunFolder,
    RunRecord,
    RunStart,
    State,
    Store,
    close_dead_runs,
    read_record,
)
from rig.records.model import SCHEMA_VERSION
from rig.verdict import Outcome, Verdict

Make = Callable[..., RunRecord]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


def die(folder: RunFolder, start: RunStart, clock: VirtualClock, *taken: MeasurementRecord) -> None:
    """Leave a journal as a killed run does: no record, nobody holding it."""
    with Journal(folder.journal, clock) as journal:
        journal.append("start", **start.model_dump(mode="json"))
        clock.sleep(12.0)
        journal.append("event", at_seconds=12.0, kind="phase", text="soak")
        for measurement in taken:
            journal.append("measurement", **measurement.model_dump(mode="json"))


def test_a_dead_run_is_closed_as_aborted(
    results: Path, folder: RunFolder, start: RunStart, clock: VirtualClock, make: Make
) -> None:
    die(folder, start, clock, *make().measurements)
    clock.sleep(3600)
    closed = close_dead_runs(results, "slot1", clock)
    assert len(closed) == 1
    record = read_record(folder.record)
    assert record == closed[0] == Store(results / "rig.db").get(start.run_id)
    assert (record.verdict, record.board_verdict, record.failure_code) == (Verdict.ABORTED, None, "STN-GUARD")
    assert (record.seconds, record.ended) == (12.0, start.started + timedelta(seconds=12))
    assert record.measurements == make().measurements
    assert [event.kind for event in record.events] == ["phase", "closed"]
    assert folder.junit.is_file()


def test_it_is_closed_once(results: Path, folder: RunFolder, start: RunStart, clock: VirtualClock) -> None:
    die(folder, start, clock)
    assert len(close_dead_runs(results, "slot1", clock)) == 1
    assert close_dead_runs(results, "slot1", clock) == []


def test_a_board_proved_bad_stays_so(
    results: Path, folder: RunFolder, start: RunStart, clock: VirtualClock, make: Make
) -> None:
    die(folder, start, clock, *make(chips_found=32).measurements)
    assert close_dead_runs(results, "slot1", clock)[0].board_verdict is Verdict.FAIL


@pytest.mark.parametrize("change", [
    {"values": (None,)}, {"code": "STN-WARM"}, {"code": None}, {"code": "BOARD-RATE"},
    {"outcome": Outcome.PASS},
])
def test_what_proves_nothing_does_not(
    change: dict[str, object], results: Path, folder: RunFolder, start: RunStart, clock: VirtualClock,
    make: Make,
) -> None:
    failed = make(chips_found=32).measurements[1].model_copy(update=change)
    die(folder, start, clock, failed)
    assert close_dead_runs(results, "slot1", clock)[0].board_verdict is None


def test_a_retry_that_passed_counts(
    results: Path, folder: RunFolder, start: RunStart, clock: VirtualClock, make: Make
) -> None:
    die(folder, start, clock, make(chips_found=32).measurements[1], make().measurements[1])
    assert close_dead_runs(results, "slot1", clock)[0].board_verdict is None


def test_damage_does_not_stop_it(
    results: Path, folder: RunFolder, start: RunStart, clock: VirtualClock
) -> None:
    die(folder, start, clock)
    folder.journal.write_bytes(folder.journal.read_bytes().replace(b"soak", b"sook") + b'{"n":2,"torn')
    record = close_dead_runs(results, "slot1", clock)[0]
    assert "1 lines, 1 damaged" in record.events[-1].text


def test_what_is_not_a_dead_run_of_the_slot_is_left_alone(
    results: Path, start: RunStart, clock: VirtualClock
) -> None:
    def make_folder(run_id: str) -> RunFolder:
        return RunFolder.create(results, start.serial, run_id, start.started)

    other = start.model_copy(update={"slot": "slot2"})
    die(make_folder("other"), other, clock)
    make_folder("empty").journal.touch()
    with Journal(make_folder("foreign").journal, clock) as journal:
        journal.append("start", product="something else")
    with Journal(make_folder("odd").journal, clock) as journal:
        journal.append("note")
    finished = make_folder("finished")
    die(finished, start, clock)
    finished.record.write_text("{}")
    with Journal(make_folder("alive").journal, clock) as alive:
        alive.append("start", **start.model_dump(mode="json"))
        assert close_dead_runs(results, "slot1", clock) == []
    assert [record.slot for record in close_dead_runs(results, "slot2", clock)] == ["slot2"]


def test_a_run_that_died_with_its_row_stored_keeps_its_verdict(
    results: Path, folder: RunFolder, start: RunStart, clock: VirtualClock, make: Make
) -> None:
    die(folder, start, clock)
    Store(results / "rig.db").put(make())
    assert close_dead_runs(results, "slot1", clock) == [make()]
    assert read_record(folder.record).verdict is Verdict.PASS


BEFORE, AFTER = "ff" * 256, "ff" * 255 + "00"


@pytest.mark.parametrize("carried", [True, False])
def test_a_pending_run_is_finished_or_void(
    carried: bool, results: Path, folder: RunFolder, start: RunStart, clock: VirtualClock, make: Make
) -> None:
    """By what its journal says of the board's EEPROM; what was stored as PASS was shown to nobody."""
    wanted = EepromRecord(before=BEFORE, after=AFTER)
    stored = make().model_copy(update={"eeprom": wanted})
    with Journal(folder.journal, clock) as journal:
        journal.append("start", **start.model_dump(mode="json"))
        for taken in stored.measurements:
            journal.keep(Kind.MEASUREMENT, taken)
        Store(results / "rig.db").put(stored, State.PENDING)
        journal.keep(Kind.EEPROM, wanted)
        if carried:
            journal.keep(Kind.EEPROM, wanted.model_copy(update={"read_back": True}))
    (record,) = close_dead_runs(results, "slot1", clock)
    store = Store(results / "rig.db")
    assert record == store.get(start.run_id) == read_record(folder.record)
    assert record.eeprom is not None
    assert record.eeprom.read_back is carried
    assert record.eeprom.before == BEFORE, "what a rewrite goes back to is kept"
    if carried:
        assert (record.verdict, store.state_of(start.run_id)) == (Verdict.PASS, State.CLOSED)
    else:
        assert (record.verdict, store.state_of(start.run_id)) == (Verdict.ABORTED, State.VOID)
        assert record.measurements == stored.measurements
        assert "PASS was stored, but it is not certain" in record.events[-1].text
    assert close_dead_runs(results, "slot1", clock) == []


def test_a_dead_run_of_an_older_rig_is_closed_in_todays_form(
    results: Path, folder: RunFolder, start: RunStart, clock: VirtualClock
) -> None:
    die(folder, start.model_copy(update={"schema_version": 1}), clock)
    assert close_dead_runs(results, "slot1", clock)[0].schema_version == SCHEMA_VERSION


RUN = """
import sys
from pathlib import Path
from rig.clock import SystemClock
from rig.records import Journal, RunFolder, RunStart
start = RunStart.model_validate_json(sys.argv[2])
folder = RunFolder.create(Path(sys.argv[1]), start.serial, start.run_id, start.started)
journal = Journal(folder.journal, SystemClock())
journal.append("start", **start.model_dump(mode="json"))
print(folder.path, flush=True)
sys.stdin.read()
"""


def test_a_killed_process_is_dead_and_a_living_one_is_not(
    results: Path, start: RunStart, clock: VirtualClock
) -> None:
    run = subprocess.Popen([sys.executable, "-c", RUN, str(results), start.model_dump_json()],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    assert run.stdin is not None
    path = Path(run.stdout.readline().strip())
    assert close_dead_runs(results, "slot1", clock) == []
    os.kill(run.pid, signal.SIGKILL)
    run.wait(20)
    run.stdout.close()
    run.stdin.close()
    assert [record.failure_code for record in close_dead_runs(results, "slot1", clock)] == ["STN-GUARD"]
    assert read_record(path / "record.json").verdict is Verdict.ABORTED
