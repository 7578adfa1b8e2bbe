"""The runtime directory: where the processes of one fixture find each other.

``$RIG_RUNTIME``, else a folder under ``$XDG_RUNTIME_DIR`` or the temporary folder, named by the
user and a hash of the fixture file's real path; mode 0700. In it a lock per role, the sockets of
guard and bench, and the bench's ports.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rig.errors import UsageError

_LONGEST_SOCKET_PATH = 107          # sun_path of unix(7), less its closing zero


@dataclass(frozen=True)
class Runtime:
    """Paths of one fixture's runtime directory."""

    folder: Path

    @property
    def guard_socket(self) -> Path:
        return self.folder / "guard.sock"

    @property
    def latches(self) -> Path:
        """The e-stops that a guard leaves to the next one."""
        return self.folder / "latches.json"

    @property
    def lab(self) -> Path:
        """The folder of ``rig lab``'s helpers, and in it the address of the coordinator."""
        return self.folder / "lab"

    @property
    def bench_socket(self) -> Path:
        """The bench's control socket: one JSON line in, one out."""
        return self.folder / "bench.sock"

    @property
    def bench_ports(self) -> Path:
        """What ``rig sim --json`` prints, plus ``instance``; written when the bench is ready."""
        return self.folder / "bench.json"

    @property
    def station_address(self) -> Path:
        """Where the station that has the lock ``station`` answers, as a URL."""
        return self.folder / "station.url"

    def log(self, role: str) -> Path:
        return self.folder / f"{role}.log"

    def lock(self, role: str) -> RoleLock:
        """The lock of a role: ``bench``, ``guard``, ``start`` or a slot's name."""
        return RoleLock(self.folder / f"{role}.lock")


def runtime_for(fixture: Path) -> Runtime:
    """The runtime directory of a fixture file, made if need be.

    Raises UsageError when it cannot be made, belongs to somebody else, is open to others or has too
    long a name for the sockets in it.
    """
    chosen = os.environ.get("RIG_RUNTIME")
    if chosen:
        folder = Path(chosen)
    else:
        base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
        digest = hashlib.sha256(str(fixture.resolve()).encode()).hexdigest()[:12]
        folder = base / f"rig-{os.getuid()}-{digest}"
    if len(os.fsencode(Runtime(folder).guard_socket)) > _LONGEST_SOCKET_PATH:
        raise UsageError(
            f"runtime directory {folder}: found a path too long for a Unix socket in it; "
            "set RIG_RUNTIME to a shorter one"
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        raise UsageError(f"runtime directory {folder}: {error.strerror}; set RIG_RUNTIME to a folder "
                         "of your own") from error
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise UsageError(
            f"runtime directory {folder}: found owner {status.st_uid} and mode "
            f"{status.st_mode & 0o777:o}, expected owner {os.getuid()} and mode 700; "
            "remove it or set RIG_RUNTIME to a folder of your own"
        )
    return Runtime(folder)


LOCKS = Path("/proc/locks")     # id: kind, mode, what, pid, device:inode, range; "->" before who waits


class RoleLock:
    """An flock on a file: held by a living process or by nobody."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def try_acquire(self, note: dict[str, Any] | None = None) -> bool:
        """Take the lock if it is free and leave ``note`` in the file for whoever finds it held."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        os.ftruncate(fd, 0)
        os.write(fd, json.dumps(note or {"pid": os.getpid()}).encode())
        self._fd = fd
        return True

    def acquire(self) -> None:
        """Wait for the lock. For short critical sections such as starting a process."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX)
        self._fd = fd

    def release(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def holder(self) -> dict[str, Any]:
        """The note the last holder left; empty when there is none to read."""
        try:
            found = json.loads(self._path.read_text() or "{}")
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def held_by(self) -> dict[str, Any] | None:
        """The note of the living process that has it; None when nobody has. Does not touch the lock.

        Trying it would make whoever takes it at that moment believe that it is held.
        """
        note = self.holder()
        try:
            inode, locks = self._path.stat().st_ino, LOCKS.read_text().splitlines()
        except FileNotFoundError:
            return None
        for _, kind, _, _, pid, place, *_ in (line.split() for line in locks if "->" not in line):
            if kind == "FLOCK" and pid == str(note.get("pid")) and place.endswith(f":{inode}"):
                return note
        return None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
