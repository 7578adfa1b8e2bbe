"""Two workers of pytest-xdist in one CI job: each holds a place of its own under its own name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from rig.lab.directory import Directory

SUITE = """
import time
import pytest
from rig.lab.directory import Directory
from rig.lab.waiting import reserved_place

@pytest.mark.parametrize("number", range(2))
def test_holds(number, worker_id, tmp_path_factory):
    shared = tmp_path_factory.getbasetemp().parent
    with reserved_place({"fixture": "sim-16"}, None, 60) as held:
        place = Directory("ADDRESS").places()[held.place]
        (shared / f"held-{number}").write_text(f"{worker_id} {held.place} {place.acquired}")
        while len(list(shared.glob("held-*"))) < 2:     # both hold theirs at one time
            time.sleep(0.05)
"""


def test_each_worker_has_a_place_of_its_own(bench: Path, directory: Directory, tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE.replace("ADDRESS", directory.address))

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "xdist", "-n2",
         f"--basetemp={tmp_path / 'base'}", "test_suite.py"],
        cwd=tmp_path, env=os.environ | {
            "LG_USERNAME": "ci", "LG_COORDINATOR": directory.address, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True, text=True, timeout=120, check=False,
    )

    assert done.returncode == 0, done.stdout
    told = [file.read_text().split() for file in (tmp_path / "base").glob("held-*")]
    workers, places, holders = (set(column) for column in zip(*told, strict=True))
    assert (len(workers), len(places), len(holders)) == (2, 2, 2)
    assert all("/ci-" in holder for holder in holders)
    assert not holders & {place.acquired for place in directory.places().values()}
