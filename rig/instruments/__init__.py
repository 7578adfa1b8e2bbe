"""Instruments: supplies, power meters and scanners over SCPI, and the fixture's bridge.

A session has one owner and one lock; after any timeout it is reopened and identified before the
next word; sentinels become typed statuses, never floats.
"""

from rig.instruments.meter import MeterSession
from rig.instruments.registry import open_meter, open_scanner, open_supply, supply_client
from rig.instruments.scanner import ScannerSession
from rig.instruments.supply import PowerSupply

__all__ = [
    "MeterSession", "PowerSupply", "ScannerSession", "open_meter", "open_scanner", "open_supply",
    "supply_client",
]
