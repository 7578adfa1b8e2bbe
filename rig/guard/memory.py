"""What a guard leaves to the next one: the e-stops nobody has released yet."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rig.guard.latch import Latch


class Latches:
    """A file in the runtime directory; a guard that ends or is killed must not forget an e-stop.

    ``later`` runs the writing in another thread: a slow disk must not hold up an order.
    """

    def __init__(self, path: Path, later: Callable[[Callable[[], None]], None]) -> None:
        self._path = path
        self._later = later
        self._lock = threading.Lock()
        self._kept = kept_latches(path)

    def of(self, slot: str) -> Latch | None:
        with self._lock:
            return self._kept.get(slot)

    def keep(self, slot: str, latch: Latch | None) -> None:
        """The slot's latch from now on; None: released."""
        with self._lock:
            if self._kept.get(slot) == latch:
                return
            if latch is None:
                del self._kept[slot]
            else:
                self._kept[slot] = latch
        self._later(self._write)

    def _write(self) -> None:
        with self._lock:
            kept = {slot: {"reason": one.reason, "since": one.since} for slot, one in self._kept.items()}
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(kept, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(draft, self._path)


def kept_latches(path: Path) -> dict[str, Latch]:
    """What the last guard left, by slot. A file that cannot be read holds no latch: the loop itself is
    looked at anyway."""
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        return {str(slot): Latch(str(one["reason"]), str(one["since"])) for slot, one in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
