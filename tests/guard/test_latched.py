"""E-stops and falls of current, with the guard as a process: what stays, and what a person says."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from rig.errors import GuardError, GuardTrip
from rig.slot import Phase, Protection

ESTOP = 3
Until = Callable[..., float]


def go_live(bench: Any, slot: str = "slot1") -> Any:
    client = bench.client(slot)
    client.lease()
    client.supply.enter(Phase.HASHING, 60.0)
    client.supply.on(13.6, Protection(16.0, 100.0), 95.0)
    return client


def said(bench: Any, *words: str) -> tuple[int, str]:
    asked = bench.run("-m", "rig", "guard", *words, "--fixture", str(bench.fixture))
    out, _ = asked.communicate(timeout=30)
    return asked.returncode, out


def test_an_estop_stays_over_leases_and_guards_until_it_is_released(bench: Any, until: Until) -> None:
    guard = bench.guard()
    client = go_live(bench)
    bench.bridges["slot1"].pins[ESTOP] = 0
    until(lambda: not bench.supplies["slot1"].on, 1.0, "off")
    with pytest.raises(GuardTrip, match="STN-ESTOP"):
        client.supply.read()
    unload = client.supply.unload()
    assert not unload.safe
    assert unload.why
    client.close()

    code, _ = said(bench, "release", "slot1", "--operator", "mk")
    assert code == 3
    bench.bridges["slot1"].pins[ESTOP] = 1
    guard.kill()
    guard.wait(10)
    bench.socket.unlink()
    bench.guard()
    with pytest.raises(GuardTrip, match="rig guard release slot1 --operator NAME"):
        bench.client().lease()
    client = bench.client("slot2")
    client.lease()
    client.close()

    assert said(bench, "release", "little", "--operator", "mk")[0] == 0
    assert not bench.supplies["slot1"].on
    by_hand = [one for one in bench.log() if one["event"] == "released by hand"]
    (slot1,) = (one for one in by_hand if one["slot"] == "slot1")
    assert "the e-stop of" in slot1["reason"]
    assert slot1["reason"].endswith("by mk")
    go_live(bench)
    assert bench.supplies["slot1"].on


def test_release_without_a_guard_and_without_a_cause(bench: Any) -> None:
    """It starts a guard to hear it; with nothing to release that says so."""
    code, _ = said(bench, "release", "slot1", "--operator", "mk")

    assert code == 3
    assert [one["event"] for one in bench.log()][:1] == ["start"]
    bench.end_guard()


def test_a_fall_of_current_is_off_in_a_fifth_of_a_second(bench: Any, until: Until) -> None:
    bench.guard()
    supply = bench.supplies["slot1"]
    supply.load_amps = 78.0
    client = go_live(bench)
    time_to_settle = time.monotonic() + 1.5
    until(lambda: time.monotonic() > time_to_settle, 3.0, "settled work")
    fell = time.monotonic()
    supply.load_amps = 60.0

    until(lambda: not supply.on, 1.0, "off")

    assert supply.off_at - fell < 0.4           # a loaded computer; the figure is 0.2
    with pytest.raises(GuardTrip, match=r"fell from 78\.0 A to 60\.0 A") as caught:
        client.supply.read()
    assert caught.value.code == "CHAIN-SHORT"


def test_status_as_a_table(bench: Any, until: Until) -> None:
    bench.change(unload={"seconds": 30})
    bench.guard()
    client = go_live(bench)
    code, out = said(bench, "status")
    assert code == 0
    assert "slot1" in out
    assert "live" in out
    assert "keep off" in out

    client.close()
    _, out = said(bench, "status", "--json")
    slot = json.loads(out)["slot1"]
    assert slot["state"] == "hot"
    assert slot["unload"]["seconds_left"] > 0
    assert "expected 30" in slot["unload"]["why"]
    assert slot["latched"] is None


def test_a_wrong_name_is_told(bench: Any) -> None:
    bench.guard()
    with pytest.raises(GuardError, match="nothing to release"):
        bench.client().release("little", "mk")
