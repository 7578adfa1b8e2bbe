"""The packet of a shipment: what goes in, what is left out and why, and what was changed in it."""

from __future__ import annotations

import html
import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rig.errors import UsageError
from rig.purpose import Purpose
from rig.records import State
from rig.records.canonical import canonical
from rig.records.model import InstrumentRecord
from rig.records.passport import (
    LotStatement,
    NoPassport,
    Packet,
    Period,
    SigningKey,
    chosen_key,
    make_key,
    make_packet,
    verify_packet,
)
from rig.records.repairs import Kind, Repair, RepairBook
from rig.verdict.retest import Action

MADE = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
HOSTILE = "<script>alert('1')</script>&\"x\""
MakePacket = Callable[..., Packet]


@pytest.fixture
def packet_of(station: Any, key: SigningKey, tmp_path: Path, began: datetime) -> MakePacket:
    def make(hours: int = 24, signing: SigningKey = key, name: str = "packet") -> Packet:
        period = Period(began, began + timedelta(hours=hours))
        return make_packet(station.results, period, tmp_path / name, signing, MADE)

    return make


def why(packet: Packet) -> dict[str, str]:
    return {one.serial: one.why for one in packet.lot.left_out}


def test_only_boards_that_may_ship_are_in_it(station: Any, packet_of: MakePacket) -> None:
    station.keep("GOOD", action=Action.AGAIN)
    good = station.keep("GOOD")
    station.keep("FAILED", action=Action.REPAIR, values={"chips_found": 32})
    station.keep("FELL")
    station.keep("FELL", action=Action.QUARANTINE)
    station.keep("WAITS", state=State.PENDING)
    station.keep("DIED", state=State.VOID)
    station.keep("TRIED", purpose=Purpose.ENGINEERING)
    station.keep("OLD", action=None)
    mended = station.keep("MENDED")
    RepairBook(station.results / "rig.db").keep(Repair(
        "MENDED", mended.ended + timedelta(minutes=5), Kind.REPAIR, "reflowed", "Ada", code="CHIP-WEAK",
    ))
    packet = packet_of()
    assert [(board.serial, board.run_id) for board in packet.lot.boards] == [("GOOD", good.run_id)]
    assert why(packet) == {
        "DIED": "Its last run is void: its process died before anybody was shown a verdict.",
        "FAILED": "Its last run ended FAIL with CHAIN-SHORT. Next: repair. Because.",
        "FELL": "Its last run ended PASS. Next: quarantine. Because.",
        "MENDED": "It was worked on after its last run.",
        "OLD": "Its last run ended PASS. Its record does not say that it may ship.",
        "TRIED": "None of its runs was a test.",
        "WAITS": "Its last run is not closed yet.",
    }


def test_what_came_after_the_period_counts(station: Any, packet_of: MakePacket) -> None:
    station.keep("AGAIN")
    station.keep("STAYS")
    station.keep("AGAIN", action=Action.REPAIR)
    packet = packet_of(hours=2)
    assert [board.serial for board in packet.lot.boards] == ["STAYS"]
    assert why(packet) == {"AGAIN": "It was tested again after the period."}


def test_simulated_boards_are_never_among_real_ones(station: Any, packet_of: MakePacket) -> None:
    station.keep("REAL", simulated=False)
    station.keep("MADEUP")
    packet = packet_of()
    assert [board.serial for board in packet.lot.boards] == ["REAL"]
    assert not packet.lot.simulated
    assert why(packet) == {"MADEUP": "It is simulated: there is no such board."}
    assert "SIMULATED." not in (packet.folder / "index.html").read_text()


def test_a_changed_record_ships_no_board(station: Any, packet_of: MakePacket) -> None:
    station.keep("GOOD")
    run = station.keep("FORGED", action=Action.REPAIR)
    with closing(sqlite3.connect(station.results / "rig.db")) as database:
        database.execute(
            "UPDATE runs SET record = replace(record, '\"repair\"', '\"ship\"') WHERE run_id = ?",
            [run.run_id],
        )
        database.commit()
    assert "found its record changed after it was closed" in why(packet_of())["FORGED"]


def test_the_page_tells_boards_chips_places_and_instruments(station: Any, packet_of: MakePacket) -> None:
    meter = InstrumentRecord(role="meter", identity="WT310E,91K1", calibrated="2025-06-02",
                             certificate="C-77120", calibration_due="2026-06-02", calibration_overdue=True)
    station.keep("FIRST", instruments=(meter,))
    station.keep("SECOND", site=None, country=None, identity=None, simulated=True)
    station.keep("THIRD", action=Action.REPAIR)
    text = (packet_of().folder / "index.html").read_text()
    words = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())
    for told in (
        "2 simulated boards in this shipment", "130 chips", "1 tested in the period and left out",
        "BM1370BB-F2 AB 2 N5 F1V02B3C1 JOB20260114-0001 1 65", "Works 2, Austin US bench-3 sim 1",
        "not stated not stated bench-3 sim 1", "meter WT310E,91K1 2025-06-02 C-77120 2026-06-02 - OVERDUE",
        "FIRST PASS SIMULATED L1 1,051.2 W", "SIMULATED. These runs were made on a simulated bench.",
        "DEVELOPMENT KEY.", "THIRD 20260101T100000-00c0de Its last run ended PASS. Next: repair.",
    ):
        assert told in words, told
    assert not re.search(r"(src|href)=\"(?!passports/)|url\(|@import|<script", text), "nothing from elsewhere"


def test_hostile_words_stay_words(station: Any, packet_of: MakePacket) -> None:
    run = station.keep("BOARD", station=HOSTILE, site=HOSTILE,
                       instruments=(InstrumentRecord(role=HOSTILE, identity=HOSTILE),))
    station.keep("OTHER", identity=run.identity.model_copy(update={"chip_marking": HOSTILE}))
    packet = packet_of()
    assert "<script" not in (packet.folder / "index.html").read_text()
    assert verify_packet(packet.folder).problems == ()


def test_a_configured_key_makes_no_mark(station: Any, packet_of: MakePacket, tmp_path: Path) -> None:
    make_key(tmp_path / "key.pem")
    station.keep("BOARD")
    packet = packet_of(signing=chosen_key(station.results, tmp_path / "key.pem"))
    assert "DEVELOPMENT" not in (packet.folder / "index.html").read_text()


def test_a_whole_packet_verifies(station: Any, key: SigningKey, packet_of: MakePacket) -> None:
    for serial in ("A1", "B2", "C3"):
        station.keep(serial)
    packet = packet_of()
    report = verify_packet(packet.folder, key.public_hex, station.results)
    assert report.problems == ()
    assert isinstance(report.statement, LotStatement)
    assert report.development


def spoil_page(folder: Path) -> None:
    page = folder / "index.html"
    page.write_text(page.read_text().replace("1,051.2 W", "951.2 W"))


def swap(folder: Path) -> None:
    first, second, *_ = sorted((folder / "passports").iterdir())
    text = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(text)


def spoil_passport(folder: Path) -> None:
    passport = sorted((folder / "passports").iterdir())[0]
    passport.write_bytes(passport.read_bytes().replace(b'"watts":1051.2', b'"watts":951.2'))


def spoil_list(folder: Path) -> None:
    lot = json.loads((folder / "lot.json").read_bytes())
    lot["statement"]["boards"].pop()
    text = json.dumps(lot, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    (folder / "lot.json").write_text(text + "\n")


def spoil_key(folder: Path) -> None:
    lot = json.loads((folder / "lot.json").read_bytes())
    lot["public_key"] = "zz"
    (folder / "lot.json").write_bytes(canonical(lot) + b"\n")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (spoil_page, "index.html: was changed after the packet was made"),
        (swap, "found the passport of board B2"),
        (spoil_passport, "the signature does not fit"),
        (spoil_list, "the signature does not fit"),
        (spoil_key, "public_key: expected 64 digits of hex"),
        (lambda folder: (folder / "index.html").unlink(), "index.html: is gone from the packet"),
        (lambda folder: sorted((folder / "passports").iterdir())[1].unlink(), "is gone from the packet"),
        (lambda folder: (folder / "passports" / "more.json").write_text("{}"),
         "passports/more.json: is no part of the packet"),
        (lambda folder: sorted((folder / "passports").iterdir())[0].write_text("{"), "found no JSON"),
    ],
)
def test_what_was_changed_in_a_packet_is_told(
    spoil: Callable[[Path], None], says: str, station: Any, packet_of: MakePacket
) -> None:
    for serial in ("A1", "B2"):
        station.keep(serial)
    folder = packet_of().folder
    spoil(folder)
    problems = verify_packet(folder).problems
    assert any(says in problem for problem in problems), problems


def test_a_passport_of_another_key_is_told(station: Any, packet_of: MakePacket, tmp_path: Path) -> None:
    make_key(tmp_path / "key.pem")
    station.keep("A1")
    stranger = chosen_key(station.results, tmp_path / "key.pem")
    ours, other = packet_of(), packet_of(signing=stranger, name="other")
    shutil.copytree(other.folder / "passports", ours.folder / "passports", dirs_exist_ok=True)
    assert any("the key that was given" in one for one in verify_packet(ours.folder).problems)


def test_a_packet_is_held_against_the_store(station: Any, packet_of: MakePacket) -> None:
    run = station.keep("A1")
    packet = packet_of()
    record = station.folder(run).record
    record.write_text(record.read_text().replace("1051.2", "951.2"))
    (problem,) = verify_packet(packet.folder, results=station.results).problems
    assert "was changed after its run was closed" in problem


def test_no_board_at_all_and_a_folder_that_is_there_are_refused(
    station: Any, packet_of: MakePacket, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"found no rig\.db"):
        packet_of()
    station.keep("A1")
    with pytest.raises(UsageError, match="found no board tested"):
        packet_of(hours=0)
    assert not (tmp_path / "packet").exists()
    packet_of()
    with pytest.raises(UsageError, match="found it there already"):
        packet_of()
    with pytest.raises(UsageError, match="found no folder"):
        packet_of(name="absent/packet")
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".tmp")]


def test_a_packet_of_nothing_shippable_says_so(station: Any, packet_of: MakePacket) -> None:
    station.keep("A1", action=Action.REPAIR)
    packet = packet_of()
    assert packet.lot.boards == ()
    assert "No board tested in the period may ship." in (packet.folder / "index.html").read_text()
    assert verify_packet(packet.folder).problems == ()


def test_a_folder_that_is_no_packet(tmp_path: Path) -> None:
    with pytest.raises(NoPassport, match=r"lot\.json: found No such file"):
        verify_packet(tmp_path)
