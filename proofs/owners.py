"""Guard and bench of a runtime directory, ended by the ids in their locks and waited for."""

from __future__ import annotations

import json
import os
import select
import signal
from collections.abc import Iterable
from pathlib import Path

END_SECONDS = 15.0


def end_owners(runtime: Path, roles: Iterable[str] = ("guard", "bench")) -> None:
    """End who holds these locks, one after the other; a lock that nobody holds is passed over.

    Raises TimeoutError for one that is still there after ``END_SECONDS``.
    """
    for role in roles:
        try:
            process = os.pidfd_open(int(json.loads((runtime / f"{role}.lock").read_text())["pid"]))
        except (FileNotFoundError, ValueError, KeyError, ProcessLookupError):
            continue
        try:
            signal.pidfd_send_signal(process, signal.SIGTERM)
            # it can be read when the process has ended, whether or not its parent has taken note
            if not select.select([process], [], [], END_SECONDS)[0]:
                raise TimeoutError(f"{role} of {runtime}: found it there {END_SECONDS:g} s after SIGTERM")
        except ProcessLookupError:
            continue
        finally:
            os.close(process)
