"""Whole runs over real ports: `rig run` as a process, on a bench and a guard of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

import rig
from proofs.owners import end_owners

ROOT = Path(rig.__file__).parents[1]
SERIAL = "S21PROTEST0000001"


@dataclass(frozen=True)
class Done:
    """A finished `rig run`."""

    code: int
    out: str
    err: str
    summary: dict[str, Any]

    @property
    def record(self) -> dict[str, Any]:
        return json.loads(Path(self.summary["record"]).read_text())


class Lab:
    """A private runtime directory, results folder and plan with short soak times."""

    def __init__(self, folder: Path, runtime: Path) -> None:
        self.folder, self.runtime = folder, runtime
        self.results = folder / "results"
        self.plans = folder / "testplans"
        self.fixture = folder / "sim.yaml"
        shutil.copytree(ROOT / "testplans", self.plans)
        shutil.copy(ROOT / "fixtures" / "sim.yaml", self.fixture)
        self.edit(self.plans / "s21pro" / "recipe.yaml", soak_seconds=4)

    @staticmethod
    def edit(file: Path, **changes: Any) -> None:
        file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | changes, sort_keys=False))

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"RIG_RUNTIME": str(self.runtime), "PYTHONWARNINGS": "default"}

    def scenario(self, *faults: dict[str, Any], slot: str = "slot1", **top: Any) -> Path:
        path = self.folder / f"scenario-{slot}.yaml"
        values = {"time_scale": 20, "boards": {slot: {"serial": "auto", "seed": 7, "faults": list(faults)}}}
        path.write_text(yaml.safe_dump(values | top))
        return path

    def words(self, scenario: Path | None, **changes: str) -> list[str]:
        options = {
            "product": "s21pro", "fixture": str(self.fixture), "slot": "slot1", "serial": SERIAL,
            "results": str(self.results), "plans": str(self.plans),
        } | changes
        words = [sys.executable, "-m", "rig", "run", "--json"]
        words += [word for name, value in options.items() for word in (f"--{name}", value)]
        return words + (["--scenario", str(scenario)] if scenario else [])

    def start(self, scenario: Path | None, **changes: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.words(scenario, **changes), env=self.environment, cwd=self.folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )

    def run(self, *faults: dict[str, Any], **changes: str) -> Done:
        return self.finish(self.start(self.scenario(*faults), **changes))

    @staticmethod
    def finish(child: subprocess.Popen[str], seconds: float = 240) -> Done:
        try:
            out, err = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            out, err = child.communicate()
            pytest.fail(f"rig run did not end within {seconds} s:\n{out}\n{err}")
        last = out.strip().splitlines()[-1:] or ["{}"]
        summary = json.loads(last[0]) if last[0].startswith("{") else {}
        return Done(child.returncode, out, err, summary)

    def truth(self) -> dict[str, Any]:
        """What the bench's own physics say, read past every instrument."""
        host, port = json.loads((self.runtime / "bench.json").read_text())["truth"].split(":")
        with socket.create_connection((host, int(port)), timeout=5) as door, door.makefile() as lines:
            return json.loads(lines.readline())["slots"]

    def wait_for(self, happened: Callable[[], bool], seconds: float, what: str) -> float:
        """Poll until ``happened``; returns how long it took."""
        began = time.monotonic()
        while not happened():
            assert time.monotonic() - began < seconds, f"not within {seconds} s: {what}"
            time.sleep(0.01)
        return time.monotonic() - began

    def output(self, slot: str = "slot1") -> bool:
        return bool(self.truth()[slot]["output"])

    def stop(self) -> None:
        end_owners(self.runtime)


@contextmanager
def _lab(folder: Path) -> Iterator[Lab]:
    runtime = Path(tempfile.mkdtemp(prefix="rig-"))
    made = Lab(folder, runtime)
    yield made
    made.stop()
    shutil.rmtree(runtime, ignore_errors=True)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with _lab(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def module_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One bench for all tests of a module."""
    with _lab(tmp_path_factory.mktemp("bench")) as made:
        yield made
