"""The stack light over the wire: a station's look, the guard, the bench's bridge. No board is powered."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml

from rig.clock import SystemClock
from rig.fixture.processes import ensure_bench
from rig.guard.lights import Light
from rig.runtime import runtime_for
from rig.station.guardlook import GuardLook


@contextmanager
def started(lab: Any, role: str, *words: str) -> Iterator[None]:
    """A process of ours, ended at the end."""
    command = [sys.executable, "-m", "rig", role, "--fixture", str(lab.fixture), *words]
    with subprocess.Popen(command, env=lab.environment, stdout=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(15)


DARK = {"red": False, "amber": False, "green": False}
PINS = {"light_red": 8, "light_amber": 9, "light_green": 10}


def test_green_while_the_station_says_so_red_at_the_emergency_stop_and_no_green_left_behind(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIG_RUNTIME", str(lab.runtime))
    slots = yaml.safe_load(lab.fixture.read_text())["slots"]
    for name in ("slot1", "slot2"):
        slots[name]["pins"] = PINS
    lab.edit(lab.fixture, slots=slots, unload={"seconds": 0.2})
    runtime = runtime_for(lab.fixture)
    look = GuardLook(lab.fixture, runtime, SystemClock())

    def lights(slot: str = "slot1") -> Any:
        return lab.truth()[slot]["lights"]

    def asked(light: Light, slot: str = "slot1") -> Any:
        found = asyncio.run(look.look({"slot1": light, "slot2": light}))
        assert found, look.problem
        return lights(slot)

    with started(lab, "sim", "--plans", str(lab.plans)):
        with started(lab, "guard"):
            lab.wait_for(lambda: runtime.guard_socket.exists() and runtime.bench_ports.exists(), 20, "both")
            lab.wait_for(lambda: asked(Light.ACTION) == DARK | {"amber": True}, 20, "amber")
            lab.wait_for(lambda: asked(Light.ACTION) == DARK, 5, "dark between two flashes")
            stopped = lab.scenario({"kind": "estop"}, slot="slot2")
            bench = ensure_bench(lab.fixture, runtime, lab.plans)
            bench.place("slot2", "S21PROTEST0000001", "s21pro", lab.plans, stopped)
            lab.wait_for(lambda: asked(Light.GOOD, "slot2") == DARK | {"red": True}, 5, "red")
            lab.wait_for(lambda: asked(Light.GOOD) == DARK | {"green": True}, 5, "green")
            assert "lights" not in lab.truth()["slot3"]
            assert asyncio.run(look.look())["slot1"].light_fault is None
            look.close()

        assert lights() == DARK
        assert lights("slot2") == DARK | {"red": True}
