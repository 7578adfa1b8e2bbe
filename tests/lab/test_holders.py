"""Whose a place is: only a dead process of this very computer is known to be gone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from rig.lab.holders import is_gone

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
