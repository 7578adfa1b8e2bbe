"""The short version of ``make prove-power``, with bounds that a busy computer keeps, too."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from proofs.bench import PowerBench
from proofs.power import WATCHDOGS, Blow, Trial, table
from proofs.victims import Holder, Victims

BUSY_SECONDS = 1.0


@pytest.fixture(scope="module")
def bench() -> Iterator[PowerBench]:
    with PowerBench() as made:
        yield made


def test_whoever_is_killed_the_board_goes_off(bench: PowerBench) -> None:
    trial = Trial(bench, seed=3)
    kinds = {signal.SIGKILL: 0.1, signal.SIGSTOP: 1.1, signal.SIGTERM: 5.0, signal.SIGINT: 5.0}

    trial.run([
        Blow(f"worker {number.name}", seconds + BUSY_SECONDS, trial.signalled(Holder.WORKER, number))
        for number, seconds in kinds.items() for _ in range(3)
    ])

    assert sum(len(tally.seconds) for tally in trial.tallies.values()) == 12
    assert not any(tally.failures for tally in trial.tallies.values()), table(trial.tallies)


def test_a_killed_guard_leaves_it_to_the_supplies_watchdogs(bench: PowerBench) -> None:
    trial = Trial(bench, seed=4)

    trial.kill_guard()

    (tally,) = trial.tallies.values()
    assert len(tally.seconds) == 4
    assert 0.5 < max(tally.seconds) < 2.2 + BUSY_SECONDS, table(trial.tallies)


def test_a_killed_guard_leaves_it_to_the_watchdogs_in_the_mains() -> None:
    """The PDU's outlets and the relays that the bridge feeds: no supply of this bench has one."""
    with PowerBench(WATCHDOGS) as bench:
        trial = Trial(bench, seed=5)

        trial.kill_guard()

    assert {kind: len(tally.seconds) for kind, tally in trial.tallies.items()} == {
        "guard SIGKILL, pdu": 2, "guard SIGKILL, relay": 2,
    }
    for tally in trial.tallies.values():
        assert 0.5 < max(tally.seconds) < 2.2 + BUSY_SECONDS, table(trial.tallies)


def test_the_estop_needs_no_guard(bench: PowerBench) -> None:
    """The contactor drops at the fixture; the stopped guard orders nothing, the watchdog comes later."""
    bench.place("slot1", {"kind": "estop", "at_seconds": 2.0})
    holder = Victims(bench).start(Holder.STEADY, "slot1")
    try:
        began = bench.watcher.when_live("slot1", 30)
        assert began is not None
        time.sleep(max(0.0, began + 1.5 - time.monotonic()))
        bench.strike_guard(signal.SIGSTOP)
        assert bench.watcher.look()["slot1"]["amps"] > 1
        while bench.watcher.look()["slot1"]["amps"] >= 1:
            assert time.monotonic() < began + 2.05 + BUSY_SECONDS
        assert time.monotonic() > began + 1.9
    finally:
        holder.kill()
        holder.wait(10)
        bench.strike_guard(signal.SIGCONT)
    assert bench.watcher.when_off("slot1", 10) is not None
