"""A golden board is recorded, and another board judged with what it gave: the whole plan, in virtual time."""

from __future__ import annotations

import shutil
from copy import copy
from pathlib import Path

import numpy as np
import pytest
import yaml

import rig
from rig.clock import SystemClock
from rig.errors import FileError, UsageError
from rig.pytestplugin.options import RunOptions
from rig.pytestplugin.play import Played, play
from rig.pytestplugin.progress import Silence
from rig.pytestplugin.recording import RecordedWork, Recorder, Wanted
from rig.pytestplugin.setup import prepare
from rig.pytestplugin.stops import NoStops
from rig.testkit import VirtualBench
from rig.verdict import Verdict
from rig.work.completeness import completeness
from rig.work.pack import load_pack, save_pack

ROOT = Path(rig.__file__).parents[1]
FIXTURE = ROOT / "fixtures" / "sim.yaml"
SERIAL = "VIRTUALBOARD00001"
WEAK = {"kind": "weak_chip", "chip": 17, "rate": 0.98}


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped plan with a short soak."""
    plans = tmp_path_factory.mktemp("recorded") / "testplans"
    shutil.copytree(ROOT / "testplans", plans)
    recipe = plans / "s21pro" / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(yaml.safe_load(recipe.read_text()) | {"soak_seconds": 4}))
    return plans


def record(plans: Path, wanted: Wanted, *faults: dict[str, object]) -> tuple[Played, Recorder]:
    results = plans.parent / "results"
    bench = VirtualBench("s21pro", fixture=FIXTURE, results=results, plans=plans)
    work = RecordedWork(wanted)
    options = RunOptions(FIXTURE, "slot1", "s21pro", SERIAL, results=results, plans=plans)
    setup = prepare(options, SystemClock(), work)
    played = play(setup, bench.slot(faults, seed=3, time_scale=20), Silence(), NoStops())
    assert work.recorder is not None
    return played, work.recorder


@pytest.fixture(scope="module")
def golden(plans: Path) -> tuple[Played, Recorder]:
    return record(plans, Wanted("golden", 5, 4, jobs_from=plans / "s21pro" / "s21pro-sim.kap"))


def test_a_recording_is_never_a_pass(golden: tuple[Played, Recorder]) -> None:
    record = golden[0].record
    assert record is not None
    assert (record.verdict, record.board_verdict, record.grade) == (Verdict.ABORTED, None, None)
    assert record.failure_code == "OPR-STOP"
    assert "an engineering run: a golden board was recorded" in (record.failure_text or "")
    assert "record_golden.py" in record.made_by.plan
    assert golden[0].code == 4
    assert record.events[-1].kind == "off"


def test_nearly_all_of_the_truth_is_kept(plans: Path, golden: tuple[Played, Recorder]) -> None:
    recorder = golden[1]
    found = recorder.recording.solved("golden", "by a test")
    truth = load_pack(plans / "s21pro" / "s21pro-sim.kap")
    keys = [
        pack.job.astype(np.uint64) << np.uint64(48)
        | pack.version_bits.astype(np.uint64) << np.uint64(32) | pack.word
        for pack in (truth, found.pack)
    ]
    assert np.isin(keys[1], keys[0]).all()
    assert len(found.pack) > 0.9999 * len(truth)
    assert found.hit_rates == pytest.approx(0.9992, abs=0.002)
    complete = completeness(found.pack, recorder.expected_answers)
    assert complete.found.sum() / complete.expected.sum() == pytest.approx(1.0, abs=0.001)
    assert list(complete.lacks(7_000)) == []


@pytest.mark.parametrize(("faults", "verdict", "code"), [
    ([], Verdict.PASS, None), ([WEAK], Verdict.FAIL, "CHIP-WEAK"),
], ids=["good", "weak"])
def test_a_board_is_judged_the_same_with_it(
    plans: Path, golden: tuple[Played, Recorder], tmp_path: Path,
    faults: list[dict[str, object]], verdict: Verdict, code: str | None,
) -> None:
    own = tmp_path / "testplans"
    shutil.copytree(plans, own)
    save_pack(golden[1].recording.solved("golden", "by a test").pack, own / "s21pro" / "golden.kap")
    product = own / "s21pro" / "product.yaml"
    product.write_text(product.read_text() + "simulated_judged_by: golden.kap\n")
    bench = VirtualBench("s21pro", fixture=FIXTURE, results=tmp_path / "results", plans=own)
    assert bench.setup.pack.name == "golden"
    found = bench.run(faults, seed=8, time_scale=20)
    assert (found.verdict, found.failure_code) == (verdict, code)
    assert "golden.kap" in found.made_by.plan


def test_a_board_that_is_not_golden_is_named_and_nothing_kept(plans: Path) -> None:
    wanted = Wanted("golden", 1, 1, plans / "s21pro" / "s21pro-sim.kap", jobs=1)
    played, recorder = record(plans, wanted, {"kind": "dead_chip", "chip": 40})
    assert played.record is not None
    assert (played.code, played.record.failure_code) == (1, "CHAIN-SHORT")
    assert not recorder.recording.done
    assert recorder.recording.answers == 0


def refusal(plans: Path, wanted: Wanted) -> str:
    options = RunOptions(FIXTURE, "slot1", "s21pro", SERIAL, results=plans.parent / "results", plans=plans)
    with pytest.raises(UsageError) as refused:
        prepare(options, SystemClock(), RecordedWork(wanted))
    return str(refused.value)


def test_what_a_simulated_board_cannot_answer_is_refused_before_power(plans: Path, tmp_path: Path) -> None:
    own = plans / "s21pro" / "s21pro-sim.kap"
    assert "--jobs-from: found none" in refusal(plans, Wanted("x", 2, 2))
    assert "jobs: found 10, expected 11 or more" in refusal(plans, Wanted("x", 2, 2, own, jobs=11))
    pack = copy(load_pack(own))         # a file that has not changed is read once
    templates = pack.templates.copy()
    templates[3, 40] ^= 1
    object.__setattr__(pack, "templates", templates)
    save_pack(pack, tmp_path / "other.kap")
    assert "jobs of another pack" in refusal(plans, Wanted("x", 2, 2, tmp_path / "other.kap"))


@pytest.mark.parametrize(("passes", "least", "jobs"), [(2, 3, None), (2, 0, None), (2, 2, 0)])
def test_numbers_that_make_no_sense(passes: int, least: int, jobs: int | None) -> None:
    with pytest.raises(UsageError, match="expected 1"):
        Wanted("x", passes, least, jobs=jobs)


def test_a_product_without_recording_steps(plans: Path, tmp_path: Path) -> None:
    own = tmp_path / "testplans"
    shutil.copytree(plans, own)
    (own / "s21pro" / "record_golden.py").unlink()
    options = RunOptions(FIXTURE, "slot1", "s21pro", SERIAL, results=tmp_path, plans=own)
    with pytest.raises(FileError, match="expected the steps that record a s21pro"):
        prepare(options, SystemClock(), RecordedWork(Wanted("x", 2, 2)))
