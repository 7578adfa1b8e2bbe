"""A golden board recorded over real ports, and another board judged with what it gave."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from rig.testkit import VirtualBench
from rig.verdict import Verdict


def record(lab: Any, *words: str) -> subprocess.CompletedProcess[str]:
    options = {
        "product": "s21pro", "fixture": str(lab.fixture), "slot": "slot1", "serial": "S21PROGOLDEN00001",
        "results": str(lab.results), "plans": str(lab.plans), "scenario": str(lab.scenario()),
    }
    out = str(lab.plans / "s21pro" / "golden.kap")
    command = [sys.executable, "-m", "rig", "pack", "record", out, *words]
    command += [word for name, value in options.items() for word in (f"--{name}", value)]
    return subprocess.run(
        command, env=lab.environment, cwd=lab.folder, capture_output=True, text=True, timeout=240, check=False
    )


def test_a_recorded_pack_judges_a_board(lab: Any) -> None:
    folder = lab.plans / "s21pro"
    decision = {"good_hit_rate": 0.995, "bad_hit_rate": 0.97, "most_answers_per_chip": 2_500}
    lab.edit(folder / "recipe.yaml", decision=decision)
    done = record(
        lab, "--jobs-from", str(folder / "s21pro-sim.kap"), "--jobs", "4", "--passes", "2", "--least", "2"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "of the truth by 2 of 2 passes" in done.stdout
    assert not lab.output()

    lab.edit(folder / "product.yaml", simulated_judged_by="golden.kap")
    bench = VirtualBench("s21pro", fixture=lab.fixture, results=lab.folder / "virtual", plans=lab.plans)
    judged = bench.run(seed=8, time_scale=20)
    assert (judged.verdict, judged.failure_code) == (Verdict.PASS, None)
    assert "golden.kap" in judged.made_by.plan
