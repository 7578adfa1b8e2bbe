"""This very tree as a release: its own deploy/release.yaml, but for an environment borrowed from ours."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from rig.records.migrations import VERSION
from rig.update.release import State
from tests.update.conftest import ROOT, Site, git

FOLDERS, FILES = ("rig", "testplans", "fixtures", "deploy"), ("conftest.py", "pyproject.toml", ".gitignore")
BORROWED = f"""#!/bin/sh
PYTHONPATH=$PWD PYTHONSAFEPATH=1 exec {sys.executable} -m rig "$@"
"""


def test_this_tree_proves_itself_and_becomes_the_stations(site: Site) -> None:
    for name in FOLDERS:
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, site.upstream / name, dirs_exist_ok=True, ignore=leave)
    for name in FILES:
        shutil.copy(ROOT / name, site.upstream / name)
    (site.upstream / "borrowed.sh").write_text(BORROWED)
    steps = yaml.safe_load((ROOT / "deploy" / "release.yaml").read_text())
    wanted = {"prepare": [["install", "-D", "borrowed.sh", ".venv/bin/rig"]], "needs_gib": 0.001}
    (site.upstream / "deploy" / "release.yaml").write_text(yaml.safe_dump(steps | wanted))
    git(site.upstream, "add", "-A")
    git(site.upstream, "commit", "-qm", "this tree")
    git(site.upstream, "tag", "this")

    release = site.update().to("this")

    assert release.state is State.GOOD
    known = site.home.known(release.name)
    assert known is not None
    assert [step.what.split()[1:3] for step in known.steps[1:]] == [
        ["doctor", "--play"], ["plan", "check"], ["doctor", "--fixture"],
    ]
    assert "a sound board: PASS" in known.steps[1].tail
    told = subprocess.run(
        [".venv/bin/rig", "doctor", "--json"], cwd=site.home.current_link, capture_output=True, text=True,
        check=False,
    )
    assert json.loads(told.stdout)["fit"]
    assert not Path(site.home.current_link / "results").exists()


def test_what_the_release_says_of_the_store_is_true() -> None:
    """`rig update --back` asks it whether an older rig can read what a newer one wrote."""
    assert yaml.safe_load((ROOT / "deploy" / "release.yaml").read_text())["store_version"] == VERSION
