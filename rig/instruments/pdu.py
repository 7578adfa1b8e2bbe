"""A switched outlet: the last way to take the mains from a supply that no longer answers.

The plainest dialect, as labgrid's ``rest`` power ports speak it: PUT and GET of ``1`` or ``0`` on
``/outlets/N``. Every exchange has a timeout and every order is read back: none of labgrid's own
power drivers has either. Its watchdog is this rig's own dialect, no maker's: PUT of seconds on
``/outlets/N/watchdog`` arms and feeds it, 0 disarms, GET tells the seconds it is armed with.
"""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from rig.errors import InstrumentError, Role

_SECONDS = 1.0


class Mains(Protocol):
    """A switched feed of one supply. Raises InstrumentError (SUPPLY)."""

    @property
    def number(self) -> int: ...

    def cut(self) -> None:
        """Mains off, read back."""
        ...

    def feed(self) -> None:
        """Mains on, read back."""
        ...

    def is_fed(self) -> bool: ...

    def watch(self, seconds: float) -> None:
        """Arm or feed its watchdog, read back: without another word so long it goes off. 0 disarms."""
        ...


@dataclass(frozen=True, slots=True)
class Outlet:
    """One outlet of a PDU at ``base`` (http://host:port). Raises InstrumentError (SUPPLY)."""

    base: str
    number: int

    def cut(self) -> None:
        """Mains off, read back."""
        self._set("0")

    def feed(self) -> None:
        """Mains on, read back."""
        self._set("1")

    def is_fed(self) -> bool:
        """Whether the outlet is on."""
        return self._ask("GET", None) == "1"

    def watch(self, seconds: float) -> None:
        """Arm or feed its watchdog, read back: without another word so long it goes off. 0 disarms."""
        self._set(f"{seconds:g}", "/watchdog")

    def _set(self, value: str, place: str = "") -> None:
        self._ask("PUT", value, place)
        found = self._ask("GET", None, place)
        if found != value:
            what = f"{place[1:]} to {value}" if place else value
            raise self._fault(f"found {found!r} after setting {what}")

    def _ask(self, method: str, body: str | None, place: str = "") -> str:
        parts = urlsplit(self.base)
        link = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)
        try:
            link.request(method, f"{parts.path.rstrip('/')}/outlets/{self.number}{place}", body)
            answer = link.getresponse()
            text = answer.read(64).decode("latin-1").strip()
        except (OSError, http.client.HTTPException) as error:
            raise self._fault(f"found {error}") from error
        finally:
            link.close()
        if answer.status != http.client.OK:
            raise self._fault(f"found HTTP {answer.status} {text}")
        return text

    def _fault(self, found: str) -> InstrumentError:
        return InstrumentError(
            Role.SUPPLY, f"outlet {self.number} of the PDU at {self.base}: {found}, expected its answer; "
            "pull the supply's plug",
        )
