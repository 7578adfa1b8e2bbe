"""The end of what a run started beside itself: guard and bench, by the ids they left in their locks."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

END_SECONDS = 10.0


def end_bench(runtime: Path) -> None:
    """Guard first: it reads everything back as off while the bench still answers. Waited for."""
    for role in ("guard", "bench"):
        try:
            pid = int(json.loads((runtime / f"{role}.lock").read_text())["pid"])
            os.kill(pid, signal.SIGTERM)
        except (FileNotFoundError, ValueError, KeyError, ProcessLookupError):
            continue
        deadline = time.monotonic() + END_SECONDS
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
