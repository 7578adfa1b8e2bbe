from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUN = """
import sys, tempfile
from pathlib import Path
import rig.station.preload
before = set(sys.modules)

from rig.clock import VirtualClock
from rig.pytestplugin.options import RunOptions
from rig.pytestplugin.setup import prepare
from rig.records.telemetry.look import Identity, Look
from rig.records.telemetry.recording import RunTelemetry
from rig.verdict import calibrate

def laboured(*_):
    raise SystemExit("the lines of a sequential test were calculated while a board waits")

calibrate._wrong = laboured
fixture, plans = Path(sys.argv[1]), Path(sys.argv[2])
with tempfile.TemporaryDirectory(prefix="rig-") as folder:
    options = RunOptions(
        fixture, "slot1", "s21pro", "S21PROBENCH000001", results=Path(folder), plans=plans
    )
    setup = prepare(options, VirtualClock())
    identity = Identity(setup.run_id, options.serial, "s21pro", "bench", "sim", "slot1", 5)
    telemetry = RunTelemetry(Path(folder), identity, VirtualClock())
    telemetry.look(Look(watts=1.0, celsius=(40.0,)))
    telemetry.close()
    assert telemetry.trouble() is None
print(*sorted(set(sys.modules) - before))
"""


def test_what_every_run_does_is_loaded_and_calculated_before_the_first_board(tmp_path: Path) -> None:
    plans, fixture = ROOT / "testplans", ROOT / "fixtures" / "sim.yaml"
    told = subprocess.run(
        [sys.executable, "-c", RUN, fixture, plans], capture_output=True, text=True, timeout=60, cwd=tmp_path,
        env=os.environ
        | {"RIG_STATION_PLAN": str(plans / "s21pro"), "RIG_STATION_FIXTURE": str(fixture)}, check=False,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.split() == []
