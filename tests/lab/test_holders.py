"""Whose a place is: only a dead process of this very computer is known to be gone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from rig.lab.holders import at_the_bench, is_gone, on_this_computer, who_am_i
from rig.purpose import Purpose

HERE = socket.gethostname()


def dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_a_dead_process_of_this_computer_is_gone() -> None:
    assert is_gone(f"{HERE}/ci-{dead_pid()}")


@pytest.mark.parametrize("holder", [
    f"{HERE}/ci-{os.getpid()}", f"{HERE}/ci", f"{HERE}/ci-runner",
    "elsewhere/ci-999999999", "ci-999999999", "",
], ids=["alive", "no number", "a word", "elsewhere", "no computer", "nobody"])
def test_of_anybody_else_nothing_is_known(holder: str) -> None:
    assert not is_gone(holder)


def test_workers_of_one_ci_job_do_not_share_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.setenv("LG_USERNAME", "ci")
    alone = who_am_i()
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")

    assert alone == "ci"
    assert who_am_i() == f"ci-{os.getpid()}"
    assert not is_gone(on_this_computer(who_am_i()))


def test_the_lab_knows_production_from_other_runs_at_the_bench() -> None:
    assert at_the_bench(Purpose.TEST, 7) == "production-7"
    assert at_the_bench(Purpose.GAUGE, 7) == "gauge-7"
