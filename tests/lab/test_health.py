"""A slot is fit as long as its guard is and no e-stop waits there: a real guard, stopped and killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from proofs.owners import end_owners
from rig.cli import app
from rig.errors import StationFault
from rig.fixture.processes import ensure_guard
from rig.fixturefile import load_fixture
from rig.lab.directory import Directory
from rig.lab.health import guard_died, slot_problems
from rig.lab.hold import held_place
from rig.lab.lab import Lab
from rig.runtime import Runtime, runtime_for

FIRST = "bench-a16-sim-16-slot1"


@pytest.fixture
def runtime(bench: Path) -> Iterator[Runtime]:
    """Where a guard of the bench is to stand; one that is left there is ended."""
    found = runtime_for(bench)
    yield found
    end_owners(found.folder)
    found.guard_socket.unlink(missing_ok=True)
    found.latches.unlink(missing_ok=True)


def guard_of(runtime: Runtime) -> int:
    note = runtime.lock("guard").held_by()
    assert note is not None
    return int(note["pid"])


def stock_client(address: str, *words: str) -> subprocess.CompletedProcess[str]:
    """labgrid's own client, which knows nothing of us."""
    return subprocess.run(
        [sys.executable, "-m", "labgrid.remote.client", "-x", address, "-p", FIRST, *words],
        capture_output=True, text=True, timeout=60, check=False,
    )


def test_an_estop_of_a_guard_that_has_ended_withholds_its_slot_alone(bench: Path, runtime: Runtime) -> None:
    runtime.latches.write_text(json.dumps({"slot2": {"reason": "the e-stop opened", "since": "today"}}))

    state = Lab(bench).up()
    status = CliRunner().invoke(app, ["lab", "status", "--fixture", str(bench)])
    runtime.latches.unlink()
    again = Lab(bench).up()

    assert list(state.problems) == ["bench-a16-sim-16-slot2"]
    assert status.exit_code == 3
    assert "slot2  withheld: the e-stop opened at today and was not released" in status.stdout
    assert again.whole


def test_no_place_is_handed_out_past_a_guard_that_is_dead(
    bench: Path, runtime: Runtime, directory: Directory, wait_for: Callable[..., None]
) -> None:
    fixture = load_fixture(bench)
    ensure_guard(bench, runtime)
    fit = slot_problems(fixture, runtime)
    first_guard = guard_of(runtime)

    os.kill(first_guard, signal.SIGSTOP)
    hangs = slot_problems(fixture, runtime)
    os.kill(first_guard, signal.SIGKILL)
    wait_for(lambda: guard_died(runtime))
    with pytest.raises(StationFault, match=f"place {FIRST} is withheld: the guard has died"), \
            held_place(FIRST, directory.address):
        pytest.fail("it was handed out")
    seen = directory.places()[FIRST]
    refused = stock_client(directory.address, "acquire")

    assert fit == {}
    assert set(hangs) == set(fixture.slots)
    assert f"the guard (process {first_guard}) does not answer" in hangs["slot1"]
    assert (seen.tags["state"], seen.acquired) == ("down", f"{directory.name.partition('/')[0]}/withheld")
    assert refused.returncode != 0
    assert "already acquired" in refused.stdout + refused.stderr

    state = Lab(bench).up()

    assert state.whole
    assert guard_of(runtime) != first_guard
    assert state.places[0].tags["state"] == "up"
    with held_place(FIRST, directory.address) as held:
        assert held.slot == "slot1"
