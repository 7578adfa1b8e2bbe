"""``rig run`` on a real bench refuses a board in quarantine before anything is opened."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import rig
from rig.cli import app
from rig.recipe import Party
from rig.records import STORE_FILE, FindingRecord, MadeBy, RunRecord, Store
from rig.verdict import Verdict

ROOT = Path(rig.__file__).parents[1]
SERIAL = "S21PROTEST0000001"
SUPPLY = {"family": "scpi99", "max_volts": 20, "max_amps": 120, "max_watts": 2000, "watchdog_seconds": 2}
CODE = "EEPROM-SERIAL"


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Of a run on a bench whose every address leads nowhere; the board's serial was found twice."""
    monkeypatch.setenv("RIG_RUNTIME", str(tmp_path / "runtime"))
    slot = {
        "chain": "/dev/rig-absent", "bridge": "/dev/rig-absent-control",
        "supply": SUPPLY | {"resource": "TCPIP::127.0.0.1::1::SOCKET"},
        "meter": {"resource": "TCPIP::127.0.0.1::2::SOCKET"},
        "scanner": {"resource": "TCPIP::127.0.0.1::3::SOCKET"},
    }
    (tmp_path / "real.yaml").write_text(yaml.safe_dump({
        "fixture": "real", "simulated": False, "slots": {"slot1": slot},
    }))
    shutil.copytree(ROOT / "testplans", tmp_path / "plans")
    recipe = tmp_path / "plans" / "s21pro" / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("mode: sequential", "mode: random_work"))
    at = datetime(2026, 1, 1, 8, tzinfo=UTC)
    (tmp_path / "results").mkdir()
    Store(tmp_path / "results" / STORE_FILE).put(RunRecord(
        run_id="20260101T080000-00c0de", serial=SERIAL, product="s21pro", slot="slot1", station="b",
        fixture="real", simulated=False, started=at, ended=at, seconds=60.0,
        made_by=MadeBy(rig_version="0", plan={}), verdict=Verdict.FAIL, board_verdict=Verdict.FAIL,
        failure_code=CODE, findings=(
            FindingRecord(code=CODE, party=Party.BOARD, severity=Verdict.FAIL, text="Another serial."),
        ),
    ))
    options = {"fixture": "real.yaml", "plans": "plans", "results": "results"}
    return ["run", "--product", "s21pro", "--slot", "slot1", "--serial", SERIAL, "--json",
            *(word for name, path in options.items() for word in (f"--{name}", str(tmp_path / path)))]


def test_it_ends_with_2_and_says_how_it_is_released(words: list[str], tmp_path: Path) -> None:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2, result.output
    assert f"rig: board {SERIAL}: found it in quarantine ({CODE} is not tried again" in result.stderr
    assert f"releases it with `rig repair release {SERIAL} --why TEXT --operator NAME" in result.stderr
    assert json.loads(result.stdout.splitlines()[-1])["verdict"] is None
    assert [path.name for path in (tmp_path / "results").iterdir() if path.is_dir()] == []
