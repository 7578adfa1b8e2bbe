from __future__ import annotations

import os
import socket
from typing import Any

import pytest

from rig.errors import UsageError
from rig.guard.connection import peer_of
from rig.guard.requests import Request
from rig.slot import Phase


def test_fields_of_the_right_kind() -> None:
    request = Request({"run": "r", "volts": 2, "count": 3, "data": "0aff", "phase": "cold"})

    assert request.text("run") == "r"
    assert request.number("volts") == 2.0
    assert request.whole("count", 0, 255) == 3
    assert request.data("data") == b"\x0a\xff"
    assert request.phase("phase") is Phase.COLD


@pytest.mark.parametrize("value", [None, "2", True, float("nan"), float("inf"), [], {}])
def test_a_number_must_be_one(value: Any) -> None:
    with pytest.raises(UsageError, match="volts"):
        Request({"volts": value}).number("volts")


@pytest.mark.parametrize("value", [None, "2", True, 1.0, -1, 256])
def test_a_whole_number_must_be_in_range(value: Any) -> None:
    with pytest.raises(UsageError, match="0 to 255"):
        Request({"count": value}).whole("count", 0, 255)


def test_other_nonsense() -> None:
    request = Request({"data": "0g", "phase": "warm", "run": 7})
    with pytest.raises(UsageError, match="hex"):
        request.data("data")
    with pytest.raises(UsageError, match="pre-open"):
        request.phase("phase")
    with pytest.raises(UsageError, match="text"):
        request.text("run")
    with pytest.raises(UsageError, match="None"):
        request.text("missing")


def test_the_kernel_says_who_is_at_the_other_end() -> None:
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        assert peer_of(one) == (os.getpid(), os.getuid())
