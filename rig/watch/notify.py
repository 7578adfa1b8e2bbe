"""A word to systemd that we are up and go on: units of Type=notify with WatchdogSec."""

from __future__ import annotations

import contextlib
import os
import socket


def alive(address: str | None = None) -> None:
    """``address``: else $NOTIFY_SOCKET, as sd_notify(3) has it; nothing is done without one."""
    found = address or os.environ.get("NOTIFY_SOCKET", "")
    if not found:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door, contextlib.suppress(OSError):
        door.setblocking(False)
        door.sendto(b"READY=1\nWATCHDOG=1", "\0" + found[1:] if found.startswith("@") else found)
