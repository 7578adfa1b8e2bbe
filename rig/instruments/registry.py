"""From a line of the fixture file to an open instrument."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol, TypeVar

from rig.clock import Clock
from rig.errors import RigError, Role, UsageError
from rig.instruments.families import (
    chroma62000p,
    chroma66200,
    daq970a,
    dmm6500,
    genesys,
    it6000c,
    n6900,
    pw3336,
    scpi99,
    truevolt,
    wt300e,
)
from rig.instruments.identity import Expected
from rig.instruments.kind import Kind, MeterKind, ScannerKind, SupplyKind
from rig.instruments.meter import MeterSession, ScpiMeter
from rig.instruments.scanner import Channels, ScannerSession, ScpiScanner
from rig.instruments.session import Conduct, Session
from rig.instruments.supply import PowerSupply, ScpiSupply
from rig.instruments.supply_family import SupplyFamily
from rig.instruments.transport import Transport, TransportOpener, Wire
from rig.slotentry import InstrumentEntry, MeterEntry, ScannerEntry, SlotEntry, SupplyEntry

F = TypeVar("F")


def _by_name(*kinds: Kind[F]) -> dict[str, Kind[F]]:
    return {kind.name: kind for kind in kinds}


SUPPLIES: Mapping[str, SupplyKind] = _by_name(
    scpi99.KIND, n6900.KIND, it6000c.KIND, chroma62000p.KIND, genesys.KIND
)
METERS: Mapping[str, MeterKind] = _by_name(wt300e.KIND, chroma66200.KIND, pw3336.KIND)
SCANNERS: Mapping[str, ScannerKind] = _by_name(daq970a.KIND, dmm6500.KIND, truevolt.KIND)


def visa(resource: str | None, wire: Wire, clock: Clock) -> Transport:
    """The wired transport. Imported here: PyVISA takes half a second to load."""
    from rig.instruments.visa import VisaTransport

    if resource is None:
        raise UsageError("instrument: found no resource, expected a VISA name; is the bench running?")
    return VisaTransport(resource, clock, wire)


def supply_family(entry: SupplyEntry) -> SupplyFamily:
    """The family of a supply with its options. Raises UsageError for an unknown family or option."""
    return known(SUPPLIES, entry.family, Role.SUPPLY).family(entry.options)


def check_families(slot: SlotEntry) -> None:
    """Raises UsageError when a slot's line names a family or an option that does not exist."""
    supply_family(slot.supply)
    known(METERS, slot.meter.family, Role.METER).family(slot.meter.options)
    known(SCANNERS, slot.scanner.family, Role.SCANNER).family(slot.scanner.options)


def open_supply(entry: SupplyEntry, clock: Clock, transport: TransportOpener = visa) -> PowerSupply:
    """Connect to a supply and identify it. Raises InstrumentError; UsageError for a bad entry."""
    supply = supply_client(entry, clock, transport)
    with _closed_on_fault(supply):
        _ = supply.identity
    return supply


def supply_client(entry: SupplyEntry, clock: Clock, transport: TransportOpener = visa) -> PowerSupply:
    """A supply that is connected to at the first word. Raises UsageError for a bad entry."""
    family = supply_family(entry)
    conduct = Conduct(
        Role.SUPPLY,
        f"supply {entry.family} at {entry.resource or 'memory'}",
        family.seconds,
        _expected(entry, family.models),
        family.opening,
        family.error_query,
        family.acknowledge,
    )
    return ScpiSupply(Session(transport(entry.resource, family.wire, clock), conduct), family)


def open_meter(entry: MeterEntry, clock: Clock, transport: TransportOpener = visa) -> MeterSession:
    """Connect to a power meter, identify it and set it up. Raises as ``open_supply``."""
    family = known(METERS, entry.family, Role.METER).family(entry.options)
    conduct = Conduct(
        Role.METER,
        f"meter {entry.family} at {entry.resource or 'memory'}",
        family.seconds,
        _expected(entry, family.models),
        family.opening,
        family.error_query,
    )
    session = Session(transport(entry.resource, family.wire, clock), conduct)
    with _closed_on_fault(session):
        return ScpiMeter(session, family)


def open_scanner(
    entry: ScannerEntry, domains: int, clock: Clock, transport: TransportOpener = visa
) -> ScannerSession:
    """Connect to a scanner, identify it and set up one scan of ``domains`` domains and the pads."""
    family = known(SCANNERS, entry.family, Role.SCANNER).family(entry.options)
    first = entry.first_domain_channel
    channels = Channels(tuple(range(first, first + domains)), entry.terminal_channel)
    conduct = Conduct(
        Role.SCANNER,
        f"scanner {entry.family} at {entry.resource or 'memory'}",
        family.seconds + (domains + 1) * family.seconds_per_channel,
        _expected(entry, family.models),
        family.arrange(channels),
        family.error_query,
    )
    session = Session(transport(entry.resource, family.wire, clock), conduct)
    with _closed_on_fault(session):
        return ScpiScanner(session, family, channels)


def known(families: Mapping[str, Kind[F]], name: str, role: Role) -> Kind[F]:
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


def _expected(entry: InstrumentEntry, models: Iterable[str]) -> Expected:
    """Who may answer: the model the fixture file names, else any of the family."""
    named = (entry.model.upper(),) if entry.model else tuple(models)
    return Expected(named, entry.serial_number)
