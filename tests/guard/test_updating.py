"""What somebody who wants to change the rig under a bench learns from its guard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rig.clock import SystemClock
from rig.errors import StationFault
from rig.update.slots import Slots

Until = Callable[..., float]


def test_a_slot_is_busy_from_its_lease_to_its_end(
    bench: Any, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIG_RUNTIME", str(bench.runtime))
    guard = bench.guard()
    client = bench.client()
    until(lambda: client.status()["slot1"]["state"] in ("off", "hot"), 10, "off")
    slots = Slots([bench.fixture], SystemClock())

    before = [*slots.busy()]
    client.lease()
    leased = [*slots.busy()]
    with pytest.raises(StationFault, match=r"little slot1 is leased, expected no slot live"), slots.held(0):
        pass
    client.close()
    until(lambda: not [*slots.busy()], 10, "free again")
    guard.kill()
    guard.wait(10)

    assert before == []
    assert leased == ["little slot1 is leased"]
    with slots.held(0):                         # nobody owns anything: there is nothing live
        assert len([*slots.busy()]) == 2


def test_a_guard_that_does_not_answer_may_have_a_live_slot(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIG_RUNTIME", str(bench.runtime))
    bench.runtime.mkdir(mode=0o700)
    slots = Slots([bench.fixture], SystemClock())
    lock = slots.benches[0][1].lock("guard")
    lock.try_acquire()

    with pytest.raises(StationFault, match="found no guard at"), slots.held(0):
        pass
    lock.release()
