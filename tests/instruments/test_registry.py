from __future__ import annotations

from typing import Any

import pytest

from rig.clock import SystemClock
from rig.errors import InstrumentError, UsageError
from rig.instruments import open_supply
from rig.slotentry import SupplyEntry


def entry(**fields: Any) -> SupplyEntry:
    return SupplyEntry(max_volts=20, max_amps=120, max_watts=2000, **fields)


def test_an_unknown_family_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"'nonesuch'.*scpi99"):
        open_supply(entry(family="nonesuch", resource="TCPIP::127.0.0.1::1::SOCKET"), SystemClock())


def test_no_address_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no resource"):
        open_supply(entry(), SystemClock())


def test_open_means_identified(serve: Any) -> None:
    server = serve(lambda line: "Maker,PS,SN1,1.0" if line == "*IDN?" else None)

    supply = open_supply(entry(resource=server.resource), SystemClock())
    assert str(supply.identity) == "Maker,PS,SN1,1.0"
    supply.close()
    with pytest.raises(InstrumentError, match="SN2"):
        open_supply(entry(resource=server.resource, serial_number="SN2"), SystemClock())
