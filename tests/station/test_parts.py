"""Scans, words, feeds, labels, timing, what a run says of itself: the small parts of the station."""

from __future__ import annotations

import ast
import json
import re
import socket
import string
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rig
from rig.errors import Role, StationFault
from rig.fixturefile import load_fixture
from rig.recipe import find_plans, load_plan
from rig.records import Entry, RunRecord
from rig.records.folder import SAFE_NAME
from rig.station.endings import ending_of
from rig.station.feeds import Feeds
from rig.station.labels import escaped, label_of, print_label
from rig.station.live import Live
from rig.station.scans import LONGEST_SCAN, Kind, read_scan
from rig.station.slotflow import Missing
from rig.station.timing import Timing
from rig.station.view import TileState
from rig.station.words import FOLDER, say, sentences
from rig.verdict.retest import Action

ROOT = Path(rig.__file__).parents[1]
PLAN = load_plan(find_plans(ROOT / "testplans"), "s21pro")
PRODUCT = PLAN.product


def golden(name: str) -> RunRecord:
    text = (ROOT / "tests" / "data" / "golden" / f"record_{name}.json").read_text()
    return RunRecord.model_validate_json(text)


@pytest.mark.parametrize(("text", "kind"), [
    ("S21PROTEST0000001", Kind.BOARD), ("SLOT-3", Kind.SLOT), ("stop-12", Kind.STOP),
    ("RELEASE-1", Kind.RELEASE), ("rework-chip-weak", Kind.REWORK), ("shift-end", Kind.SHIFT_END),
    ("SLOT-0", Kind.UNKNOWN), ("SLOT-1000", Kind.UNKNOWN), ("REWORK-STN", Kind.UNKNOWN),
    ("s21protest0000001", Kind.UNKNOWN), ("S21PROTEST000000١", Kind.UNKNOWN), ("", Kind.UNKNOWN),
])
def test_a_scan_is_told_by_its_form(text: str, kind: Kind) -> None:
    assert read_scan(text, PRODUCT).kind is kind


@given(st.text(max_size=200))
def test_whatever_is_scanned_is_shown_safely_and_names_no_file(text: str) -> None:
    scan = read_scan(text, PRODUCT)

    assert len(scan.text) <= LONGEST_SCAN
    assert scan.text.isprintable()
    assert scan.kind is not Kind.BOARD or SAFE_NAME.fullmatch(scan.serial)
    say("refused.format", text=scan.text, expected=PRODUCT.serial.says)


def test_every_sentence_can_be_said() -> None:
    for key, template in sentences("en").items():
        places = {name for _, name, _, _ in string.Formatter().parse(template) if name}
        assert say(key, **dict.fromkeys(places, "x")).text


def test_every_language_has_the_same_keys_and_places() -> None:
    english = sentences("en")
    for file in FOLDER.glob("*.json"):
        other = {key: text for key, text in sentences(file.stem).items() if not key.startswith("code.")}
        assert other.keys() == english.keys(), file
        for key, text in other.items():
            # why a board is run again is told in English alone
            left_out = {"text"} if key.startswith("run.then.") else set()
            assert _places(text) | left_out == _places(english[key]) | left_out, (file, key)


def _said_in(module: Path) -> Iterator[str]:
    """Every text of a module that reads like a key, and all that is handed to ``say``."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", node.value):
                yield node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
            yield from (part.value for part in ast.walk(node.args[0])
                        if isinstance(part, ast.Constant) and isinstance(part.value, str)
                        and not isinstance(node.args[0], ast.JoinedStr))


def test_every_key_is_said_somewhere_and_every_key_said_is_there() -> None:
    english = set(sentences("en"))
    heads = {key.split(".")[0] for key in english}
    said = {key for module in FOLDER.parent.glob("*.py") for key in _said_in(module)
            if key.split(".")[0] in heads and not key.endswith((".json", ".jsonl", ".xml", ".view"))}
    built = {f"tile.{state.value.lower()}" for state in TileState if state is not TileState.ACTION_NEEDED}
    built |= {f"{start}.{one.value}" for one in Missing for start in ("tile.action", "action")}
    built |= {f"run.then.{one.name.lower()}" for one in Action} | {f"calibration.{one.value}" for one in Role}

    assert english - said - built == set()
    assert (said | built) - english == set()


def _places(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_a_feed_carries_as_many_boards_as_the_guard_would_let_on() -> None:
    feeds = Feeds(load_fixture(ROOT / "fixtures" / "sim-16.yaml"), PLAN.recipe)

    assert feeds.free("slot4", {"slot1", "slot2", "slot3"})
    assert feeds.name_of("slot5") == "wall-2"
    assert [view.watts for view in feeds.views({"slot1": 1000.0, "slot2": 40.0})] == [1040.0, 0, 0, 0]


def test_a_board_too_many_waits_for_its_feed(tmp_path: Path) -> None:
    text = (ROOT / "fixtures" / "sim.yaml").read_text().replace("amps: 32", "amps: 16")
    file = tmp_path / "small.yaml"
    file.write_text(text)

    feeds = Feeds(load_fixture(file), PLAN.recipe)

    assert feeds.free("slot2", {"slot1"})
    assert not feeds.free("slot3", {"slot1", "slot2"})


@given(st.text())
def test_no_text_can_put_a_command_on_a_label(text: str) -> None:
    on_label = escaped(text)

    assert not set(on_label) & set("^~\n\r\\")
    if len(text) <= 80:
        parts = on_label.split("_")
        raw = parts[0].encode() + b"".join(bytes.fromhex(one[:2]) + one[2:].encode() for one in parts[1:])
        assert raw.decode(errors="surrogatepass") == text


def test_a_label_goes_to_the_printer_as_it_is() -> None:
    zpl = label_of(golden("pass"))
    with socket.create_server(("127.0.0.1", 0)) as printer:
        got: list[bytes] = []

        def listen() -> None:
            link, _ = printer.accept()
            with link, link.makefile("rb") as lines:
                got.append(lines.read())

        thread = threading.Thread(target=listen)
        thread.start()
        print_label(f"tcp://127.0.0.1:{printer.getsockname()[1]}", zpl)
        thread.join(5)

    assert got == [zpl.encode()]
    assert zpl.startswith("^XA")
    assert zpl.endswith("^XZ")
    assert zpl.count("^XA") == 1
    assert golden("pass").serial in zpl
    assert "SIMULATED" in zpl


def test_a_printer_that_is_not_there_is_the_stations_fault() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(StationFault, match="label printer"):
        print_label(f"tcp://127.0.0.1:{port}", "^XA^XZ")


@pytest.mark.parametrize(("name", "state"), [
    ("pass", TileState.PASS), ("marginal", TileState.MARGINAL), ("fail", TileState.FAIL),
    ("station_fault", TileState.STATION_FAULT),
])
def test_a_tile_tells_the_record(name: str, state: TileState) -> None:
    record = golden(name)

    ending = ending_of(record, PRODUCT, golden=False)

    assert ending.ended.state is state
    assert ending.ended.code == record.failure_code
    assert (ending.sentence.text if ending.sentence else None) == record.failure_text
    assert ending.action is not None


def test_the_failing_place_is_marked_on_the_map() -> None:
    record = golden("fail")
    first = record.findings[0]

    board = ending_of(record, PRODUCT, golden=False).board

    assert board is not None
    assert (first.chip in board.failing_chips) is (first.chip is not None)
    assert (first.domain in board.failing_domains) is (first.domain is not None)


def test_time_left_comes_from_past_runs() -> None:
    timing, record = Timing(), golden("pass")
    assert timing.left("burn-in", 1.0, 12.0) == 12.0

    timing.learn(record)

    phases = [event for event in record.events if event.kind == "phase"]
    first = phases[0]
    whole = timing.left(first.text, 0.0, None)
    assert whole == pytest.approx(record.seconds - first.at_seconds, abs=0.01)
    assert timing.left(phases[-1].text, 1e6, None) == 0


def test_a_bad_run_teaches_no_times() -> None:
    timing = Timing()

    timing.learn(golden("fail"))

    assert timing.left("burn-in", 0.0, None) is None


def entry(number: int, seconds: float, kind: str, /, **data: object) -> Entry:
    return Entry(number, datetime(2026, 11, 28, tzinfo=UTC), seconds, kind, data)


def test_a_run_is_followed_by_its_journal() -> None:
    live = Live(began_at=100.0, heard_at=100.0)

    for one in (
        entry(1, 2.0, "event", at_seconds=2.0, kind="phase", text="burn-in"),
        entry(2, 3.0, "count", count=65), entry(3, 3.5, "scan", domain_volts=[1.04] * 13),
        entry(4, 4.0, "sample", watts=1040.0, supply_volts=13.6, mhz=587.5, hottest=56.0, hits=1000),
        entry(5, 6.0, "sample", watts="overload", hits=37000),
    ):
        live.took_entry(one, 110.0)

    board = live.board(PRODUCT)
    assert (live.phase, live.phase_at, live.watts, live.mhz) == ("burn-in", 102.0, 1040.0, 587.5)
    assert live.answers_per_second == 18000.0
    assert board is not None
    assert (board.chips_found, board.domain_volts[0]) == (65, 1.04)


def test_what_a_run_says_is_taken_as_it_is() -> None:
    live = Live(began_at=0.0, heard_at=0.0)
    said = json.loads('{"phase": "soak", "watts": 900.5, "celsius": null, "seconds_left": 3.0, '
                      '"chips_found": 65, "hit_shares": [0.5, null]}')

    live.took_status(said, 5.0)

    assert (live.phase, live.phase_at, live.watts, live.celsius, live.told_left) == (
        "soak", 5.0, 900.5, None, 3.0
    )
    assert live.hit_shares == [0.5, None]
