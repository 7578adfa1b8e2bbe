"""Who has a place, and whether that process still lives: labgrid ties an acquisition to nothing."""

from __future__ import annotations

import re
import socket
from pathlib import Path

_HOLDER = re.compile(r"(?P<host>[^/]+)/.+-(?P<pid>[0-9]+)")


def is_gone(holder: str) -> bool:
    """Whether ``host/user-process`` was a process of this computer that lives no more.

    Of people, and of processes of other computers, nothing is known: they are never gone.
    """
    found = _HOLDER.fullmatch(holder)
    return (
        found is not None
        and found["host"] == socket.gethostname()
        and not Path("/proc", found["pid"]).exists()
    )
