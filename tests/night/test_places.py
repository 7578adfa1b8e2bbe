"""The hands of a real night at a real coordinator: a place that somebody has, and one that is not there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rig.clock import SystemClock
from rig.errors import UsageError
from rig.lab.directory import Directory
from rig.lab.lab import Lab
from rig.night.schedule import Job, schedule
from rig.night.slotnight import Taken
from rig.night.wired import WiredHands
from tests.night.conftest import PLANS, ROOT, WriteSite


@pytest.fixture
def job(site_of: WriteSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Job]:
    """A slot of a bench whose lab the night has to bring up."""
    runtime = tempfile.mkdtemp(prefix="rig-")
    monkeypatch.setenv("RIG_RUNTIME", runtime)
    monkeypatch.delenv("LG_USERNAME", raising=False)
    file = tmp_path / "sim.yaml"
    shutil.copy(ROOT / "fixtures" / "sim.yaml", file)
    slots = {"slot1": {"serial": "S21PROGOLDEN00001", "product": "s21pro"}}
    yield schedule(site_of(benches=[{"fixture": "sim.yaml", "slots": slots}]), PLANS, "here", night=0).jobs[0]
    Lab(file).down()
    shutil.rmtree(runtime, ignore_errors=True)


def test_a_place_is_held_and_given_back_and_left_to_whoever_has_it(
    job: Job, site_of: WriteSite, tmp_path: Path
) -> None:
    hands = WiredHands(site_of(), PLANS, tmp_path / "results", tmp_path, SystemClock())
    hands.offer(job.bench)
    address = Lab(job.bench.file).state().address
    assert address is not None
    somebody = Directory(address, user="somebody")

    with hands.held(job):
        while_held = somebody.places()[job.place].acquired
    after = somebody.places()[job.place].acquired
    somebody.acquire(job.place)

    with pytest.raises(Taken, match="acquired by"), hands.held(job):
        pass
    with pytest.raises(UsageError, match="not known") as told, hands.held(replace(job, slot="slot9")):
        pass

    assert while_held is not None
    assert after is None
    assert not isinstance(told.value, Taken)
