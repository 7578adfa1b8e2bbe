"""``rig repair``: what is kept, shown and refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from rig.cli import app
from rig.errors import UsageError
from rig.records import STORE_FILE, MadeBy, RunRecord, Store
from rig.verdict import Verdict

SERIAL = "S21PROTEST0000001"
RUN = RunRecord(
    run_id="20260101T080000-00c0de", serial=SERIAL, product="s21pro", slot="slot2", station="b",
    fixture="sim", simulated=True, started=datetime(2026, 1, 1, 8, tzinfo=UTC),
    ended=datetime(2026, 1, 1, 9, tzinfo=UTC), seconds=60.0, made_by=MadeBy(rig_version="0", plan={}),
    verdict=Verdict.FAIL, board_verdict=Verdict.FAIL, failure_code="CHIP-WEAK",
)
TOLD = ("--code", "CHIP-WEAK", "--place", "chip 7", "--did", "replaced it", "--operator", "Bo")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    Store(tmp_path / STORE_FILE).put(RUN)
    return tmp_path


def repair(results: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["repair", *words, "--results", str(results)])


def test_a_repair_is_kept_and_shown_with_its_run(results: Path) -> None:
    kept = repair(results, "log", SERIAL, *TOLD)
    assert (kept.exit_code, kept.stdout) == (0, f"{SERIAL}: repair kept, after run {RUN.run_id}\n")
    words = ("--why", "looked at it", "--operator", "Qa", "--run", RUN.run_id)
    released = repair(results, "release", SERIAL, *words)
    assert (released.exit_code, released.stdout) == (0, f"{SERIAL}: release kept, after run {RUN.run_id}\n")
    shown = repair(results, "list", SERIAL)
    assert shown.exit_code == 0
    fixed, free = shown.stdout.splitlines()
    assert fixed.endswith(f"Z  repaired for CHIP-WEAK by Bo after run {RUN.run_id}, at chip 7: replaced it")
    assert free.endswith(f"Z  released by Qa after run {RUN.run_id}: looked at it")


def test_a_board_that_nobody_knows(results: Path) -> None:
    assert repair(results, "list", "NOBODY").stdout == "NOBODY: no repairs\n"
    assert "of a board without runs" in repair(results, "log", "NOBODY", *TOLD).stdout
    assert "repaired for CHIP-WEAK by Bo, at chip 7" in repair(results, "list", "NOBODY").stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("log", SERIAL, *TOLD, "--run", "r9"), "found no such run"),
        (("log", SERIAL, *TOLD, "--did", "a\x1b[2Jb"), "--did: found 'a\\x1b[2Jb'"),
        (("log", "../../x", *TOLD), "serial: found"),
        (("log", SERIAL, *TOLD, "--code", "STN-LINK"), "--code: found"),
    ],
)
def test_what_may_not_be_kept_is_refused(words: tuple[str, ...], says: str, results: Path) -> None:
    refused = repair(results, *words)
    assert isinstance(refused.exception, UsageError)        # main() makes exit 2 of it
    assert says in str(refused.exception)
    assert "repaired" not in repair(results, "list", SERIAL).stdout


@pytest.mark.parametrize("words", [("list", SERIAL), ("log", SERIAL, *TOLD)])
def test_a_mistyped_folder_makes_no_store(words: tuple[str, ...], tmp_path: Path) -> None:
    refused = repair(tmp_path, *words)
    assert isinstance(refused.exception, UsageError)
    assert "found no rig.db, expected the store of a station; give --results" in str(refused.exception)
    assert list(tmp_path.iterdir()) == []
