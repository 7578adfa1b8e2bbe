"""The result in the board's EEPROM: whole runs in virtual time of a plan that wants it there."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import rig
from rig.errors import StationFault
from rig.pytestplugin.play import Played, play
from rig.pytestplugin.progress import Ending, Silence
from rig.pytestplugin.stops import NoStops
from rig.recipe.eeprom_layout import PT1_START, decode_image
from rig.recipe.eeprom_result import PT2_SIZE, PT2_START, decode_pt2
from rig.records import (
    STORE_FILE,
    IdentityRecord,
    Kind,
    RunFolder,
    RunRecord,
    State,
    Store,
    journal,
    read_journal,
)
from rig.sim.scenario import parse_scenario
from rig.testkit import VirtualBench
from rig.verdict import ExitCode, Verdict

ROOT = Path(rig.__file__).parents[1]


class Watched(Silence):
    """Keeps what was in the store when the verdict was shown."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self.shown: list[tuple[str, State | None]] = []

    def end(self, ending: Ending) -> None:
        store = Store(self._store)
        (run,) = store.runs_of(ending.serial)
        self.shown.append((ending.verdict, store.state_of(run.run_id)))


class Protected(bytearray):
    """A memory that is read well and forgets what is written."""

    def __setitem__(self, place: Any, value: Any) -> None:
        pass


@dataclass
class Place:
    bench: VirtualBench
    results: Path

    def run(
        self, *faults: dict[str, Any], memory: type[bytearray] = bytearray
    ) -> tuple[Played, Watched, bytes]:
        """A run; what was shown, and the EEPROM after it."""
        board = {"seed": 7, "faults": list(faults)}
        scenario = parse_scenario({"time_scale": 20, "boards": {"slot1": board}}, Path("scenario"))
        setup = self.bench.setup
        slot = self.bench._slot(setup, scenario)
        part = slot.bench.board._eeprom
        part.memory = memory(part.memory)
        watched = Watched(self.results / STORE_FILE)
        played = play(setup, slot, watched, NoStops())
        return played, watched, bytes(part.memory)

    def journal_of(self, played: Played) -> list[Any]:
        assert played.path is not None
        return read_journal(played.path.with_name("journal.jsonl"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    plans = tmp_path / "testplans"
    shutil.copytree(ROOT / "testplans", plans)
    recipe = plans / "s21pro" / "recipe.yaml"
    recipe.write_text(recipe.read_text() + "write_eeprom: true\n")
    bench = VirtualBench("s21pro", fixture=ROOT / "fixtures" / "sim.yaml", results=tmp_path, plans=plans)
    return Place(bench, tmp_path)


def kept(played: Played) -> RunRecord:
    assert played.record is not None
    return played.record


def test_a_pass_is_shown_when_the_board_carries_it(place: Place) -> None:
    played, watched, memory = place.run()
    record = kept(played)
    assert (record.verdict, watched.shown) == (Verdict.PASS, [("PASS", State.CLOSED)])
    assert record.eeprom is not None
    assert record.identity == IdentityRecord.of(decode_image(memory))
    assert record.eeprom.read_back
    assert bytes.fromhex(record.eeprom.after) == memory
    result = decode_pt2(memory[PT2_START : PT2_START + PT2_SIZE])
    assert result is not None
    assert (result.volts, result.mhz, result.passed, result.count) == (13.6, 588, True, 1)
    assert 15 < result.celsius[0] < 40 < result.celsius[1] < 65
    assert result.answer_share == pytest.approx(record.board_rate, abs=1e-4)
    before = bytes.fromhex(record.eeprom.before)
    assert memory[:PT2_START] == before[:PT2_START]
    assert memory[PT1_START] != 0xFF
    lines = [entry.data["read_back"] for entry in place.journal_of(played) if entry.kind == Kind.EEPROM]
    assert lines == [False, True]


def test_a_failure_is_carried_too(place: Place) -> None:
    _, watched, memory = place.run({"kind": "weak_chip", "chip": 17, "rate": 0.8})
    assert watched.shown == [("FAIL", State.CLOSED)]
    result = decode_pt2(memory[PT2_START : PT2_START + PT2_SIZE])
    assert result is not None
    assert (result.passed, result.count) == (False, 1)


def test_a_board_that_does_not_keep_it_has_failed(place: Place) -> None:
    played, watched, _ = place.run(memory=Protected)
    record = kept(played)
    assert (record.verdict, record.failure_code, played.code) == (
        Verdict.FAIL, "EEPROM-DATA", ExitCode.BOARD_FAILED,
    )
    assert watched.shown == [("FAIL", State.CLOSED)]
    assert record.eeprom is not None
    assert not record.eeprom.read_back
    assert any(event.kind == "eeprom" and "after writing" in event.text for event in record.events)


def test_a_board_that_was_not_judged_keeps_what_it_had(place: Place) -> None:
    played, _, memory = place.run({"kind": "meter_overload"})
    assert kept(played).verdict is Verdict.STATION_FAULT
    assert kept(played).eeprom is None
    assert memory[PT2_START : PT2_START + PT2_SIZE] == bytes([0xFF]) * PT2_SIZE


def test_a_recipe_that_does_not_want_it_writes_nothing(place: Place) -> None:
    setup = place.bench.setup
    recipe = setup.plan.recipe.model_copy(update={"write_eeprom": False})
    place.bench._setup = replace(setup, plan=replace(setup.plan, recipe=recipe))
    played, watched, memory = place.run()
    assert watched.shown == [("PASS", State.CLOSED)]
    assert kept(played).eeprom is None
    assert memory[PT2_START : PT2_START + PT2_SIZE] == bytes([0xFF]) * PT2_SIZE


def test_what_cannot_be_kept_is_shown_to_nobody(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk refuses the last file of a good board's run."""
    make, shown = RunFolder.create, []

    def blocked(*words: Any) -> RunFolder:
        folder = make(*words)
        folder.record.mkdir()
        return folder

    monkeypatch.setattr(RunFolder, "create", blocked)
    monkeypatch.setattr(Watched, "end", lambda _, ending: shown.append(ending))
    with pytest.raises(StationFault, match=r"record\.json: found Is a directory"):
        place.run()
    assert shown == []


def test_a_disk_that_fills_up_within_a_run(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The board goes off all the same, and one sentence says why there is no record."""
    write, lines = journal._write, []

    def fills_up(descriptor: int, line: bytes) -> None:
        lines.append(line)
        if len(lines) > 60:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(descriptor, line)

    monkeypatch.setattr(journal, "_write", fills_up)
    slot = place.bench.slot(seed=7, time_scale=20)
    with pytest.raises(StationFault, match=r"journal\.jsonl: found No space left on device"):
        play(place.bench.setup, slot, Silence(), NoStops())
    assert len(lines) > 60
    assert not slot.bench.output.on
    assert slot.bench.output.volts < 1.0
