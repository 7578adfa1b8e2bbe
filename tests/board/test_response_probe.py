"""The rail tells whether chips that are not heard work; on the simulated board, physics included."""

from __future__ import annotations

from statistics import median
from typing import Any

import pytest

from rig.board import ResponseProbe, probe_response
from rig.slot import Phase, Protection

LEVEL_VOLTS = 13.6


@pytest.fixture
def probe(live: Any, virtual_bench: Any) -> Any:
    def probed(*faults: dict[str, Any]) -> ResponseProbe:
        slot = live(*faults)
        slot.supply.enter(Phase.RAMPING, 20)
        slot.supply.on(LEVEL_VOLTS, Protection(16.0, 100.0), 40.0)
        slot.clock.sleep(0.3)
        found = probe_response(slot, virtual_bench.setup.plan.product, virtual_bench.setup.pack)
        slot.bench.advance(slot.clock.now())
        assert not slot.bench.board.chain.hashing.any(), "it ends in reset"
        return found

    return probed


def most(found: ResponseProbe) -> float:
    middle = median(found.shift_volts)
    return max(abs(shift - middle) for shift in found.shift_volts)


@pytest.mark.parametrize("fault", [
    {"kind": "broken_response", "chip": 32}, {"kind": "broken_response", "chip": 0},
    {"kind": "broken_response", "chip": 64}, {"kind": "stuck_busy", "chip": 17},
])
def test_unheard_chips_that_work(probe: Any, fault: dict[str, Any]) -> None:
    found = probe(fault)
    assert found.work_amps > 2.5 * found.idle_amps
    assert most(found) < 0.015
    assert found.seconds < 2.0


@pytest.mark.parametrize("chip", [1, 2, 7, 30, 32, 59, 63, 64])
def test_dead_chips_move_the_domains(probe: Any, chip: int) -> None:
    found = probe({"kind": "dead_chip", "chip": chip})
    assert most(found) > 0.06 or found.work_amps < 1.3 * found.idle_amps
    assert found.seconds < 2.0


def test_a_board_of_which_nothing_works_draws_no_more(probe: Any) -> None:
    found = probe({"kind": "dead_chip", "chip": 0})
    assert found.work_amps < 1.1 * found.idle_amps
