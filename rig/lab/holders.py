"""Who has a place, and whether that process still lives: labgrid ties an acquisition to nothing."""

from __future__ import annotations

import getpass
import os
import re
import socket
from pathlib import Path

from rig.purpose import Purpose

WITHHELD = "withheld"               # the user who has the places that nobody may have
_HOLDER = re.compile(r"(?P<host>[^/]+)/.+-(?P<pid>[0-9]+)")
_XDIST = "PYTEST_XDIST_WORKER"


def who_am_i() -> str:
    """The name this process acquires under: $LG_USERNAME, else user and process.

    Workers of pytest-xdist share one environment, and must not share a place: each adds its process.
    """
    given = os.environ.get("LG_USERNAME")
    if given and _XDIST not in os.environ:
        return given
    return f"{given or getpass.getuser()}-{os.getpid()}"


def at_the_bench(purpose: Purpose, pid: int) -> str:
    """The name under which the lab is told of a run that came by no place."""
    return f"{'production' if purpose is Purpose.TEST else purpose.value}-{pid}"


def on_this_computer(user: str) -> str:
    """The user as a coordinator knows it: host/user."""
    return f"{os.environ.get('LG_HOSTNAME', socket.gethostname())}/{user}"


def is_withheld(holder: str | None) -> bool:
    return holder is not None and holder.rpartition("/")[2] == WITHHELD


def is_gone(holder: str) -> bool:
    """Whether ``host/user-process`` was a process of this computer that lives no more.

    Of people, and of processes of other computers, nothing is known: they are never gone. Nor are
    those under a $LG_HOSTNAME, which two computers may share.
    """
    found = _HOLDER.fullmatch(holder)
    return (
        found is not None
        and found["host"] == socket.gethostname()
        and not Path("/proc", found["pid"]).exists()
    )
