"""A run's sheet at the station: made by `rig report` in a process of its own, once, one at a time."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import rig
from rig.clock import SystemClock
from rig.records import RunRecord
from rig.station import prints
from rig.station.app import make_app
from rig.station.badges import BadgeFile
from rig.station.place import Place
from rig.station.prints import Prints
from rig.station.runfiles import RunFiles
from rig.station.sessions import Refused, Sessions
from rig.station.station import Station
from rig.testkit import VirtualBench
from tests.station.conftest import VIEW, Door

ROOT = Path(rig.__file__).parents[1]
# Notes that it was called, and writes to its last word as `rig report board` does.
STAND_IN = """
import os, sys, time
from pathlib import Path
folder = Path(sys.argv[1])
at = len(list(folder.glob("call-*")))
call = folder / f"call-{at}"
call.touch()
time.sleep(float((folder / "seconds").read_text()))
call.write_text(str(os.nice(0)))
if (folder / "fails").exists():
    print("a line\\nrig: " + (folder / "fails").read_text(), file=sys.stderr)
    sys.exit(2)
Path(sys.argv[-1]).write_text("<html><body>a sheet</body></html>")
"""


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunRecord]:
    """Results with one real run in them."""
    results = tmp_path_factory.mktemp("results")
    bench = VirtualBench(
        "s21pro", fixture=ROOT / "fixtures" / "sim.yaml", results=results, plans=ROOT / "testplans"
    )
    return results, bench.run([{"kind": "dead_chip", "chip": 32}], seed=7)


@pytest.fixture
def door(place: Place, badges: BadgeFile, short: tuple[Path, RunRecord]) -> Iterator[Door]:
    clock, there = SystemClock(), replace(place, results=short[0])
    station, sessions = Station(there, clock), Sessions(badges, clock)
    yield Door(make_app(station, sessions, VIEW, {"127.0.0.1", "localhost"}), station, sessions)
    station.log.close()


Made = Callable[..., Prints]


@pytest.fixture
def made(tmp_path: Path, place: Place, short: tuple[Path, RunRecord]) -> Made:
    """``made(seconds=…, fails=…)``: prints by a stand-in that takes so long, or fails with that sentence."""

    def made(seconds: float = 0.0, fails: str = "") -> Prints:
        (tmp_path / "seconds").write_text(str(seconds))
        if fails:
            (tmp_path / "fails").write_text(fails)
        files = RunFiles(short[0], place.plan.product)
        return Prints(short[0], files, (sys.executable, "-c", STAND_IN, str(tmp_path)))

    return made


def refused(work: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        asyncio.run(work)
    return caught.value


def test_a_run_is_served_as_its_sheet_and_with_nothing_of_the_station(
    door: Door, short: tuple[Path, RunRecord]
) -> None:
    record, screen = short[1], door.screen()

    seen = screen.client.get(f"/api/runs/{record.run_id}/page")
    printed = screen.client.get(f"/api/runs/{record.run_id}/page?print=true")

    assert (seen.status_code, printed.status_code) == (200, 200), seen.text
    assert record.serial in seen.text
    assert "CHAIN-SHORT" in seen.text
    assert "<script" not in seen.text
    policy = seen.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox allow-downloads")
    nonce = re.search(r'<script nonce="([\w-]+)">addEventListener', printed.text)
    assert nonce is not None
    assert f"script-src 'nonce-{nonce[1]}'" in printed.headers["content-security-policy"]
    assert "allow-same-origin" not in printed.headers["content-security-policy"]


def test_a_sheet_wants_a_screen_or_a_badge(door: Door, short: tuple[Path, RunRecord]) -> None:
    assert door.browser().client.get(f"/api/runs/{short[1].run_id}/page").status_code == 401


@pytest.mark.parametrize("run_id", [
    "--out", "-h", "a*b", "%2e%2e", "nosuchrun", "x" * 65, "%3Cscript%3E", "S21PRO'--",
])
def test_hostile_run_ids_have_no_sheet(door: Door, run_id: str) -> None:
    assert door.screen().client.get(f"/api/runs/{run_id}/page").status_code in (404, 422)


def test_a_part_of_a_run_id_is_none(made: Made, short: tuple[Path, RunRecord], tmp_path: Path) -> None:
    assert refused(made().page(short[1].run_id.split("-")[1])).status == 404
    assert not list(tmp_path.glob("call-*"))


def test_a_run_that_is_on_has_no_sheet_yet(
    tmp_path: Path, place: Place, short: tuple[Path, RunRecord]
) -> None:
    (tmp_path / "2026-11-28" / "B1-20261128T000000Z-abcdef").mkdir(parents=True)
    files = RunFiles(tmp_path, place.plan.product)

    problem = refused(Prints(tmp_path, files).page("20261128T000000Z-abcdef"))

    assert problem.words.key == "refused.print_live"


def test_a_sheet_is_made_once_and_below_everything_else(
    made: Made, short: tuple[Path, RunRecord], tmp_path: Path
) -> None:
    press = made(seconds=0.3)

    async def pressed() -> list[str]:
        return await asyncio.gather(*(press.page(short[1].run_id) for _ in range(3)))

    assert asyncio.run(pressed()) == ["<html><body>a sheet</body></html>"] * 3
    (call,) = tmp_path.glob("call-*")
    assert int(call.read_text()) == min(19, os.nice(0) + prints.NICER)


def test_sheets_are_made_one_at_a_time_and_who_waits_too_long_is_told(
    made: Made, short: tuple[Path, RunRecord], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prints, "WAIT_SECONDS", 0.2)
    press = made(seconds=1.5)

    async def pressed() -> list[str | BaseException]:
        return await asyncio.gather(
            *(press.page(short[1].run_id) for _ in range(2)), return_exceptions=True
        )

    found = asyncio.run(pressed())          # which of the two came first to the printer is open

    assert found.count("<html><body>a sheet</body></html>") == 1
    (late,) = (one for one in found if isinstance(one, Refused))
    assert late.words.key == "refused.print_busy"
    assert len(list(tmp_path.glob("call-*"))) == 1


def test_one_that_fails_is_told_in_one_sentence_and_tried_again(
    made: Made, short: tuple[Path, RunRecord], tmp_path: Path
) -> None:
    press = made(fails="found no store")

    problem = refused(press.page(short[1].run_id))
    (tmp_path / "fails").unlink()

    assert (problem.status, problem.words.text) == (503, "The page could not be made: rig: found no store")
    assert "a sheet" in asyncio.run(press.page(short[1].run_id))


def test_one_that_hangs_is_ended(
    made: Made, short: tuple[Path, RunRecord], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prints, "MAKE_SECONDS", 0.5)
    press = made(seconds=60)

    problem = refused(press.page(short[1].run_id))

    assert problem.words.key == "refused.print_slow"
