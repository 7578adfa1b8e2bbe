"""One lab for all tests of this folder: labgrid's own coordinator and exporter for the sixteen slots."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import rig
from rig.lab.directory import Directory
from rig.lab.lab import Lab, LabState

SIXTEEN = Path(rig.__file__).parents[1] / "fixtures" / "sim-16.yaml"


@pytest.fixture(scope="session")
def hall() -> Iterator[Path]:
    """A runtime directory, whose lab is taken down when all is over."""
    runtime = Path(tempfile.mkdtemp(prefix="rig-"))
    yield runtime
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RIG_RUNTIME", str(runtime))
        Lab(SIXTEEN).down()
    shutil.rmtree(runtime, ignore_errors=True)


@pytest.fixture
def bench(hall: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bench file of sixteen simulated slots, in the lab's own surroundings."""
    monkeypatch.setenv("RIG_RUNTIME", str(hall))
    for name in ("LG_COORDINATOR", "LG_USERNAME", "LG_HOSTNAME", "PYTEST_XDIST_WORKER"):
        monkeypatch.delenv(name, raising=False)
    return SIXTEEN


@pytest.fixture
def state(bench: Path) -> LabState:
    """The lab, up: brought up where the test before has left it otherwise."""
    found = Lab(bench).state()
    if not found.whole or any(place.acquired for place in found.places):
        found = Lab(bench).up()
    assert found.whole
    return found


@pytest.fixture
def directory(state: LabState) -> Directory:
    assert state.address is not None
    return Directory(state.address)


@pytest.fixture
def wait_for() -> Callable[..., None]:
    def wait(happened: Callable[[], bool], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < deadline, f"not within {seconds} s"
            time.sleep(0.02)

    return wait
