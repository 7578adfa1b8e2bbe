from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rig.clock import SystemClock
from rig.errors import InstrumentError
from rig.instruments import ScannerSession, open_scanner
from rig.slot import Status
from rig.slotentry import ScannerEntry


class Daq970:
    """The part of a DAQ970A the family uses; CONF overwrites the list and switches channels off."""

    def __init__(self) -> None:
        self.scan: list[int] = []
        self.with_channels = False
        self.volts: dict[int, str] = {}
        self.answer: str | None = None

    def __call__(self, line: str) -> str | None:
        if line.startswith("CONF:VOLT:DC"):
            self.scan, self.with_channels = [], False
        elif line.startswith("ROUT:SCAN (@"):
            self.scan = sorted(int(word) for word in line.removeprefix("ROUT:SCAN (@")[:-1].split(","))
        elif line == "FORM:READ:CHAN ON":
            self.with_channels = True
        elif line == "*IDN?":
            return "Keysight Technologies,DAQ970A,MY1,A.02.04"
        elif line == "SYST:ERR?":
            return '+0,"No error"'
        elif line == "READ?":
            return self.answer or ",".join(self._one(channel) for channel in self.scan)
        return None

    def _one(self, channel: int) -> str:
        volts = self.volts.get(channel, f"{channel / 1000:+.6E}")
        return f"{volts},{channel}" if self.with_channels else volts


@pytest.fixture
def daq970() -> Daq970:
    return Daq970()


@pytest.fixture
def opened(daq970: Daq970, serve: Any) -> Iterator[Any]:
    scanners: list[ScannerSession] = []

    def start(**fields: int) -> ScannerSession:
        entry = ScannerEntry(resource=serve(daq970).resource, **fields)  # type: ignore[arg-type]
        scanners.append(open_scanner(entry, 13, SystemClock()))
        return scanners[-1]

    yield start
    for scanner in scanners:
        scanner.close()


@pytest.mark.parametrize("terminal", [120, 100])
def test_every_reading_goes_to_its_own_channel(opened: Any, terminal: int) -> None:
    reading = opened(first_domain_channel=101, terminal_channel=terminal).read()

    assert [domain.value for domain in reading.domains] == [(101 + n) / 1000 for n in range(13)]
    assert reading.terminals.value == terminal / 1000


def test_overload_of_one_channel(opened: Any, daq970: Daq970) -> None:
    daq970.volts[103] = "+9.90000000E+37"

    reading = opened().read()

    assert reading.domains[2].status is Status.OVERLOAD
    assert all(domain.ok for index, domain in enumerate(reading.domains) if index != 2)


@pytest.mark.parametrize("answer", ["1.0,101", "1.0", "1,1,1", ",".join(f"1.0,{n}" for n in range(14))])
def test_an_answer_for_other_channels_is_refused(opened: Any, daq970: Daq970, answer: str) -> None:
    scanner = opened()
    daq970.answer = answer

    with pytest.raises(InstrumentError) as caught:
        scanner.read()
    assert caught.value.code == "STN-SCANNER"
