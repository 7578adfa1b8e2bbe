"""Which dialect each of a slot's instruments speaks: that of the family the fixture file names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from rig.errors import UsageError
from rig.sim.fixture import SimSlot
from rig.sim.scpi import Answer, Scpi
from rig.sim.scpi_meter import MeterScpi
from rig.sim.scpi_meters import Chroma66200Scpi, Pw3336Scpi
from rig.sim.scpi_scanner import ScannerScpi
from rig.sim.scpi_scanners import Dmm6500Scpi, TruevoltScpi
from rig.sim.scpi_supplies import Chroma62000Scpi, GenesysScpi, It6000cScpi, N6900Scpi
from rig.sim.scpi_supply import SupplyScpi


class SimMeter(Protocol):
    """A meter's dialect: it keeps an energy count, so time is told to it."""

    def handle(self, message: str, now: float) -> Answer | None: ...

    def advance(self, now: float) -> None: ...


SUPPLIES: Mapping[str, Callable[[SimSlot], SupplyScpi]] = {
    "scpi99": SupplyScpi,
    "n6900": N6900Scpi,
    "it6000c": It6000cScpi,
    "chroma62000p": Chroma62000Scpi,
    "genesys": GenesysScpi,
}
METERS: Mapping[str, Callable[[SimSlot, float], SimMeter]] = {
    "wt300e": MeterScpi,
    "chroma66200": Chroma66200Scpi,
    "pw3336": Pw3336Scpi,
}
SCANNERS: Mapping[str, Callable[[SimSlot], Scpi]] = {
    "daq970a": ScannerScpi,
    "dmm6500": Dmm6500Scpi,
    "truevolt": TruevoltScpi,
}

D = TypeVar("D")


def supply_of(slot: SimSlot) -> SupplyScpi:
    """Raises UsageError for a family that is not simulated."""
    return _chosen(SUPPLIES, slot.entry.supply.family, slot)(slot)


def meter_of(slot: SimSlot, now: float) -> SimMeter:
    """Raises UsageError for a family that is not simulated."""
    return _chosen(METERS, slot.entry.meter.family, slot)(slot, now)


def scanner_of(slot: SimSlot) -> Scpi:
    """Raises UsageError for a family that is not simulated."""
    return _chosen(SCANNERS, slot.entry.scanner.family, slot)(slot)


def _chosen(dialects: Mapping[str, D], family: str, slot: SimSlot) -> D:
    if family not in dialects:
        raise UsageError(
            f"{slot.name}: family {family!r} is not simulated, expected one of {', '.join(dialects)}"
        )
    return dialects[family]
