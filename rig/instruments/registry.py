"""From a line of the fixture file to an open instrument."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol, TypeVar

from rig.clock import Clock
from rig.errors import RigError, Role, UsageError
from rig.fixturefile import MeterEntry, ScannerEntry, SupplyEntry
from rig.instruments.families.daq970a import DAQ970A
from rig.instruments.families.scpi99 import SCPI99
from rig.instruments.families.wt300e import WT300E
from rig.instruments.identity import Expected
from rig.instruments.meter import MeterFamily, MeterSession, ScpiMeter
from rig.instruments.scanner import Channels, ScannerFamily, ScannerSession, ScpiScanner
from rig.instruments.session import Conduct, Session
from rig.instruments.supply import PowerSupply, ScpiSupply, SupplyFamily
from rig.instruments.transport import Transport

SUPPLIES: Mapping[str, SupplyFamily] = {SCPI99.name: SCPI99}
METERS: Mapping[str, MeterFamily] = {WT300E.name: WT300E}
SCANNERS: Mapping[str, ScannerFamily] = {DAQ970A.name: DAQ970A}

# Patience for one answer. A supply is asked twice before it counts as gone, and a live board waits.
SUPPLY_SECONDS = 1.0
METER_SECONDS = 1.9
SCANNER_SECONDS = 1.9                           # on top of the time the scan takes

F = TypeVar("F")

TransportOpener = Callable[[str, Clock], Transport]


def visa(resource: str, clock: Clock) -> Transport:
    """The wired transport. Imported here: PyVISA takes half a second to load."""
    from rig.instruments.visa import VisaTransport

    return VisaTransport(resource, clock)


def open_supply(entry: SupplyEntry, clock: Clock, transport: TransportOpener = visa) -> PowerSupply:
    """Connect to a supply and identify it. Raises InstrumentError; UsageError for a bad entry."""
    supply = supply_client(entry, clock, transport)
    with _closed_on_fault(supply):
        _ = supply.identity
    return supply


def supply_client(entry: SupplyEntry, clock: Clock, transport: TransportOpener = visa) -> PowerSupply:
    """A supply that is connected to at the first word. Raises UsageError for a bad entry."""
    family = known(SUPPLIES, entry.family, Role.SUPPLY)
    conduct = Conduct(
        Role.SUPPLY,
        f"supply {entry.family} at {entry.resource}",
        SUPPLY_SECONDS,
        Expected(family.models, entry.serial_number),
        family.opening,
    )
    session = Session(transport(_address(entry.resource, Role.SUPPLY), clock), conduct)
    return ScpiSupply(session, family)


def open_meter(entry: MeterEntry, clock: Clock, transport: TransportOpener = visa) -> MeterSession:
    """Connect to a power meter, identify it and set it up. Raises as ``open_supply``."""
    family = known(METERS, entry.family, Role.METER)
    conduct = Conduct(
        Role.METER,
        f"meter {entry.family} at {entry.resource}",
        METER_SECONDS,
        Expected(family.models, entry.serial_number),
        family.opening,
        family.error_query,
    )
    session = Session(transport(_address(entry.resource, Role.METER), clock), conduct)
    with _closed_on_fault(session):
        return ScpiMeter(session, family)


def open_scanner(
    entry: ScannerEntry, domains: int, clock: Clock, transport: TransportOpener = visa
) -> ScannerSession:
    """Connect to a scanner, identify it and set up one scan of ``domains`` domains and the pads."""
    family = known(SCANNERS, entry.family, Role.SCANNER)
    first = entry.first_domain_channel
    channels = Channels(tuple(range(first, first + domains)), entry.terminal_channel)
    conduct = Conduct(
        Role.SCANNER,
        f"scanner {entry.family} at {entry.resource}",
        SCANNER_SECONDS + (domains + 1) * family.seconds_per_channel,
        Expected(family.models, entry.serial_number),
        family.arrange(channels),
    )
    session = Session(transport(_address(entry.resource, Role.SCANNER), clock), conduct)
    with _closed_on_fault(session):
        return ScpiScanner(session, family, channels)


def known(families: Mapping[str, F], name: str, role: Role) -> F:
    """The family of that name. Raises UsageError naming those there are."""
    if name not in families:
        raise UsageError(f"{role.value} family {name!r}: expected one of {', '.join(families)}")
    return families[name]


class _Closable(Protocol):
    def close(self) -> None: ...


@contextmanager
def _closed_on_fault(part: _Closable) -> Iterator[None]:
    try:
        yield
    except RigError:
        part.close()
        raise


def _address(resource: str | None, role: Role) -> str:
    if resource is None:
        raise UsageError(f"{role.value}: found no resource, expected a VISA name; is the bench running?")
    return resource
