"""One instrument tried out from connecting to switching off: ``rig instrument check``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rig.clock import Clock
from rig.errors import InstrumentError, Role
from rig.instruments.check import Notes, Outcome, Report, Row
from rig.instruments.check_measuring import check_meter, check_scanner
from rig.instruments.check_supply import Demand, check_supply
from rig.instruments.find import ROLES, Found, found, told
from rig.instruments.identity import Expected, Identity
from rig.instruments.registry import visa
from rig.instruments.scanner import Channels
from rig.instruments.session import Conduct, Session
from rig.instruments.supply_family import SUPPLY_SECONDS
from rig.instruments.transport import NEWLINES, TransportOpener, Wire

_ANYBODY = Expected()
_USUAL_CHANNELS = Channels(tuple(range(101, 114)), 120)


@dataclass(frozen=True, slots=True)
class Target:
    """What to try, and what is known about it beforehand.

    ``options`` and ``expected`` are those of a fixture file that names it.
    """

    resource: str
    demand: Demand
    family: str | None = None
    role: Role | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    expected: Expected = _ANYBODY
    channels: Channels = _USUAL_CHANNELS


def inspect(
    target: Target, clock: Clock, opener: TransportOpener = visa,
    show: Callable[[Row], None] = lambda _row: None,
) -> Report:
    """Try the instrument out; ``show`` is told each row as it comes.

    Raises UsageError for a family or resource that cannot be.
    """
    notes = Notes(show)
    known = told(target.family, target.role)
    session, identity = _identified(target, known, clock, opener, notes)
    if session is None or identity is None:
        return _report(target, known, None, notes)
    try:
        known = known or found(session, identity, target.role)
    finally:
        session.close()
    if known is None:
        roles = ", ".join(name for kinds in ROLES.values() for name in kinds)
        notes.note("family", Outcome.NO, f"no family names model {identity.model!r}, and it does not answer "
                   f"as a plain supply; say --family, one of {roles}", necessary=True)
        return _report(target, None, identity, notes)
    _check_model(known, identity, notes)
    _check(target, known, clock, opener, notes)
    return _report(target, known, identity, notes)


def _identified(
    target: Target, known: Found | None, clock: Clock, opener: TransportOpener, notes: Notes
) -> tuple[Session | None, Identity | None]:
    """A session in which the instrument said who it is: with its family's line ends, or by trying."""
    wires = (NEWLINES, Wire("\r\n")) if known is None else (_family(target, known).wire,)
    role = target.role or (known.role if known else Role.SUPPLY)
    problem: InstrumentError | None = None
    for wire in wires:
        conduct = Conduct(role, target.resource, SUPPLY_SECONDS, target.expected, ())
        session = Session(opener(target.resource, wire, clock), conduct)
        try:
            identity = session.identity()
        except InstrumentError as error:
            problem = problem or error
            session.close()
            continue
        notes.note("identify", Outcome.OK, str(identity), necessary=True)
        return session, identity
    notes.note("identify", Outcome.NO, str(problem), necessary=True)
    return None, None


def _check_model(known: Found, identity: Identity, notes: Notes) -> None:
    models = ROLES[known.role][known.family].models
    where = f"{known.role.value}, {known.family}: {known.why}"
    if models and not identity.model.upper().startswith(models):
        notes.note("family", Outcome.NO, f"{where}; it names models {', '.join(models)}: a fixture file must "
                   f"say model: {identity.model}")
    else:
        notes.note("family", Outcome.OK, where)


def _check(target: Target, known: Found, clock: Clock, opener: TransportOpener, notes: Notes) -> None:
    family = _family(target, known)
    opening = family.arrange(target.channels) if known.role is Role.SCANNER else family.opening
    conduct = Conduct(
        known.role, known.family, family.seconds, target.expected, opening,
        family.error_query,
        family.acknowledge if known.role is Role.SUPPLY else None,
    )
    if known.role is Role.SCANNER:
        seconds = family.seconds + (len(target.channels.domains) + 1) * family.seconds_per_channel
        conduct = replace(conduct, seconds=seconds)
    transport = opener(target.resource, family.wire, clock)
    session = Session(transport, conduct)
    try:
        if not notes.attempt("error queue", lambda: _queue(session)):
            session = Session(transport, replace(conduct, error_query=None))
        if known.role is Role.SUPPLY:
            check_supply(session, family, target.demand, clock, notes)
        elif known.role is Role.METER:
            check_meter(session, family, clock, notes)
        else:
            check_scanner(session, family, target.channels, clock, notes)
    finally:
        session.close()


def _queue(session: Session) -> str:
    entries = session.errors()
    if entries and session.errors():
        raise session.fault(f"found {entries[-1]} again and again, expected a queue that empties")
    return f"emptied of {'; '.join(entries)}" if entries else "empty"


def _family(target: Target, known: Found) -> Any:
    return ROLES[known.role][known.family].family(target.options)


def _report(target: Target, known: Found | None, identity: Identity | None, notes: Notes) -> Report:
    return Report(
        target.resource,
        known.role if known else target.role,
        known.family if known else None,
        str(identity) if identity else None,
        tuple(notes.rows),
    )
