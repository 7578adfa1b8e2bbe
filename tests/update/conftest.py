"""A station's home with a real git repository; its versions set up and prove themselves by little scripts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

import rig
from rig.clock import SystemClock
from rig.update.asked import Asked
from rig.update.home import Home
from rig.update.update import Update

ROOT = Path(rig.__file__).parents[1]
STEPS = {
    "schema_version": 1, "store_version": 1, "needs_gib": 0.001,
    "prepare": [["sh", "prepare.sh"]], "prove": [["./built/rig", "prove"]],
    "after": [["./built/rig", "after", "{fixture}", "{product}"]],
}
PREPARE = "mkdir built && cp rig.sh built/rig && chmod +x built/rig\n"
RIG = 'echo "version $1 in $RIG_RUNTIME"\n'


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main", *words],
        cwd=folder, capture_output=True, text=True, check=True,
    )
    return done.stdout.strip()


@dataclass
class Site:
    """``upstream``: where versions come from; ``home``: the station's; ``results`` must stay as they are."""

    upstream: Path
    home: Home
    fixture: Path
    runtime: Path
    results: Path
    said: list[str]

    def version(self, tag: str, rig: str = RIG, prepare: str = PREPARE, **steps: Any) -> str:
        """A new version upstream; its commit."""
        files: Mapping[str, str] = {
            "rig.sh": f"#!/bin/sh\n# {tag}\n{rig}", "prepare.sh": prepare,
            ".gitignore": "built/\nresults/*\n",
            "deploy/release.yaml": yaml.safe_dump(STEPS | steps),
        }
        for name, text in files.items():
            (self.upstream / name).parent.mkdir(exist_ok=True)
            (self.upstream / name).write_text(text)
        git(self.upstream, "add", "-A")
        git(self.upstream, "commit", "-qm", tag)
        git(self.upstream, "tag", tag)
        return git(self.upstream, "rev-parse", "HEAD")

    def update(self, **asked: object) -> Update:
        told = {"fixtures": [self.fixture], "product": "s21pro", "results": self.results} | asked
        return Update(self.home, Asked(**told), SystemClock(), self.said.append)    # type: ignore[arg-type]

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "rig", "update", "--home", str(self.home.folder),
                "--fixture", str(self.fixture), *words]

    @property
    def current(self) -> str:
        """What the station's rig is, by its own words."""
        return (self.home.current_link / "rig.sh").read_text().splitlines()[1][2:]

    def picture(self) -> dict[str, str]:
        """All that an update could have changed: names and links, but for the lock and git's own."""
        found = {}
        for path in sorted([*self.home.folder.rglob("*"), *self.results.rglob("*")]):
            if ".git" not in path.parts and path.name != "update.lock":
                found[str(path)] = os.readlink(path) if path.is_symlink() else ""
        return found


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    runtime = Path(tempfile.mkdtemp(prefix="rig-"))
    monkeypatch.setenv("RIG_RUNTIME", str(runtime))
    for name in ("upstream", "home", "results"):
        (tmp_path / name).mkdir()
    shutil.copy(ROOT / "fixtures" / "sim.yaml", tmp_path / "bench.yaml")
    (tmp_path / "results" / "kept").write_text("a run")
    git(tmp_path / "upstream", "init", "-q")
    made = Site(tmp_path / "upstream", Home(tmp_path / "home"), tmp_path / "bench.yaml", runtime,
                tmp_path / "results", [])
    made.version("v1")
    git(tmp_path, "clone", "-q", str(made.upstream), str(tmp_path / "home" / "source"))
    yield made
    assert (tmp_path / "results" / "kept").read_text() == "a run"
    assert [one.name for one in (tmp_path / "results").iterdir() if one.name != "rig.db"] == ["kept"]
    shutil.rmtree(runtime)
