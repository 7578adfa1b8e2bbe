"""A night on the simulated bench, over labgrid's places, with production coming in the midst of it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import yaml

from rig.lab.lab import Lab

GOLDEN = "S21PROGOLDEN00001"


def test_a_night_gives_way_to_production_and_finds_what_was_planted(lab: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("RIG_RUNTIME", str(lab.runtime))
    site, out = lab.folder / "site.yaml", lab.folder / "night"
    slots = {
        "slot1": {"serial": GOLDEN, "product": "s21pro", "work": ["golden"]},
        "slot2": {"serial": "S21PROGOLDEN00002", "product": "s21pro",
                  "work": ["self-test", "instruments", "planted"]},
    }
    site.write_text(yaml.safe_dump({
        "site": "here", "jobs": 1, "plans": str(lab.plans),
        "planted": [{"fault": {"kind": "uart_gone"}, "codes": ["STN-LINK"]}],
        "benches": [{"fixture": str(lab.fixture), "slots": slots}],
    }))
    # a bench of its own: one that a run starts may have ended, idle, before it is asked for the truth
    bench = subprocess.Popen(
        [sys.executable, "-m", "rig", "sim", "--fixture", str(lab.fixture), "--plans", str(lab.plans)],
        env=lab.environment, cwd=lab.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    lab.wait_for((lab.runtime / "bench.json").exists, 90, "the bench is up")
    night = subprocess.Popen(
        [sys.executable, "-m", "rig", "nightly", "--site", str(site), "--results", str(lab.results),
         "--out", str(out)],
        env=lab.environment, cwd=lab.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    try:
        lab.wait_for(lab.output, 90, "the golden board is powered")
        production = lab.run({"kind": "sensor_absent", "sensor": 0}, serial="S21PROTEST0000002")
        told, _ = night.communicate(timeout=180)
        outputs = [state["output"] for state in lab.truth().values()]
        places = Lab(lab.fixture).state().places
    finally:
        night.kill()
        Lab(lab.fixture).down()
        bench.terminate()
        bench.wait(30)

    assert production.summary["failure_code"] == "SENSOR-NONE", production.err
    assert night.returncode == 0, told
    summary = json.loads((out / "nightly.json").read_text())
    ends = {slot["slot"]: {piece["name"]: piece["ended"] for piece in slot["pieces"]}
            for slot in summary["slots"]}
    assert ends == {
        "slot1": {"golden run": "pre-empted"},
        "slot2": {"self-test": "good", "instruments": "good", "planted uart_gone": "good"},
    }
    assert not any(slot["left_on"] for slot in summary["slots"])
    assert {place.acquired for place in places} == {None}
    assert not any(outputs)
    assert (out / "nightly.xml").is_file()
    assert "production wants the slot" in (out / "nightly.html").read_text()
