"""The result in the board's EEPROM: whole runs in virtual time of a plan that wants it there."""

from __future__ import annotations

import errno
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import rig
from rig.clock import SystemClock
from rig.eepromkeys import EepromKeys, load_keys
from rig.errors import StationFault
from rig.pytestplugin.play import Played, play
from rig.pytestplugin.progress import Ending, Silence
from rig.pytestplugin.stops import NoStops
from rig.recipe.eeprom import decode
from rig.recipe.eeprom.identity import identity_of
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
    close_dead_runs,
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
        *_, run = store.runs_of(ending.serial)
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
        self, *faults: dict[str, Any], memory: Callable[[bytearray], bytearray] = bytearray, **board: Any
    ) -> tuple[Played, Watched, bytes]:
        """A run; what was shown, and the EEPROM after it."""
        board = {"seed": 7, "faults": list(faults), **board}
        scenario = parse_scenario({"time_scale": 20, "boards": {"slot1": board}}, Path("scenario"))
        setup = self.bench.setup
        slot = self.bench._slot(setup, scenario)
        part = slot.bench.board._eeprom
        part.memory = memory(part.memory)
        watched = Watched(self.results / STORE_FILE)
        played = play(setup, slot, watched, NoStops())
        assert part is slot.bench.board._eeprom, "no fault put another part in"
        return played, watched, bytes(part.memory)

    def keyed(self, keys: EepromKeys) -> None:
        """The bench's keys, as its file would name them."""
        self.bench._setup = replace(self.bench.setup, eeprom_keys=keys)

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


# ---- enciphered, as boards of the field are

KEY_BYTES = random.Random(19).randbytes(48).hex()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """What the simulated board's EEPROM is under."""
    file = tmp_path / "board-keys.yaml"
    file.write_text(f'schema_version: 1\naes: {{key: "{KEY_BYTES[:64]}", iv: "{KEY_BYTES[64:]}"}}\n')
    file.chmod(0o600)
    return file


def pt2_of(memory: bytes, keys: EepromKeys) -> dict[str, Any]:
    return dict(decode(memory, keys).regions[1].values)


def test_an_enciphered_board_carries_it_under_its_key(place: Place, key_file: Path) -> None:
    keys = load_keys(key_file)
    place.keyed(keys)

    played, watched, memory = place.run(eeprom_key_file=str(key_file))

    record = kept(played)
    assert watched.shown == [("PASS", State.CLOSED)]
    assert record.identity == IdentityRecord.of(identity_of(memory, keys))
    assert record.eeprom is not None
    before = bytes.fromhex(record.eeprom.before)
    assert (record.eeprom.read_back, bytes.fromhex(record.eeprom.after)) == (True, memory)
    assert before[:PT2_START] + before[PT2_START + PT2_SIZE :] == memory[:PT2_START] + memory[0x70:]
    told = pt2_of(memory, keys)
    assert (told["volts"], told["mhz"], told["pt2_result"], told["pt2_count"]) == (13.6, 588, 1, 1)
    assert played.path is not None
    kept_files = [file for file in played.path.parent.iterdir() if file.is_file()]
    kept_files.append(place.results / STORE_FILE)
    assert not [file for file in kept_files if KEY_BYTES[:16] in file.read_bytes().decode("latin-1")]


@pytest.mark.parametrize(("aes", "says"), [
    (None, "no key configured; expected the customer's key; name it in the bench file, section eeprom"),
    ((bytes(32), bytes(16)), "not the right key; expected the key it was enciphered with. Try a board"),
], ids=["no key", "a wrong key"])
def test_without_its_key_a_board_is_left_untouched(
    aes: tuple[bytes, bytes] | None, says: str, place: Place, key_file: Path
) -> None:
    place.keyed(EepromKeys(aes=aes))
    written: list[Any] = []

    class Seen(bytearray):
        def __setitem__(self, at: Any, value: Any) -> None:
            written.append(at)

    played, watched, _ = place.run(eeprom_key_file=str(key_file), memory=Seen)

    record = kept(played)
    assert (record.verdict, record.failure_code, record.board_verdict) == (
        Verdict.STATION_FAULT, "STN-RECIPE", None,
    )
    assert says in (record.failure_text or "")
    assert watched.shown == [("STATION_FAULT", State.CLOSED)]
    assert (record.eeprom, record.identity, written) == (None, None, [])


def test_a_part_that_is_damaged_under_its_key_is_the_boards(place: Place, key_file: Path) -> None:
    place.keyed(load_keys(key_file))
    played, _, _ = place.run({"kind": "eeprom_corrupt"}, eeprom_key_file=str(key_file))
    assert (kept(played).verdict, kept(played).failure_code) == (Verdict.FAIL, "EEPROM-DATA")


def test_killed_before_it_is_read_back(place: Place, key_file: Path, tmp_path: Path) -> None:
    """The next run on the slot voids the dead one; a result that is torn is found and written anew."""
    keys, torn, whole = load_keys(key_file), tmp_path / "torn", tmp_path / "whole"
    place.keyed(keys)

    class Deadly(bytearray):
        """Whoever has written a whole result dies; half of it would have stood there a page before."""
        left = PT2_SIZE

        def __setitem__(self, at: Any, value: Any) -> None:
            super().__setitem__(at, value)
            self.left -= 1
            if self.left == PT2_SIZE // 2:
                torn.write_bytes(self)
            if not self.left:
                whole.write_bytes(self)
                os._exit(9)

    child = os.fork()
    if child == 0:
        try:
            place.run(eeprom_key_file=str(key_file), memory=Deadly)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert pt2_of(whole.read_bytes(), keys)["pt2_count"] == 1

    (void,) = close_dead_runs(tmp_path, "slot1", SystemClock())
    place.bench._setup = replace(place.bench.setup, run_id="the-next-run")
    played, watched, memory = place.run(
        eeprom_key_file=str(key_file), memory=lambda _: bytearray(torn.read_bytes())
    )

    assert Store(tmp_path / STORE_FILE).state_of(void.run_id) is State.VOID
    assert watched.shown == [("PASS", State.CLOSED)]
    assert kept(played).run_id == "the-next-run"
    assert any("not written whole" in event.text for event in kept(played).events)
    assert pt2_of(memory, keys)["pt2_count"] == 1
