"""Which family an unknown instrument belongs to: by the model it names, then by what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rig.errors import InstrumentError, Role, UsageError
from rig.instruments.identity import Identity
from rig.instruments.kind import Kind
from rig.instruments.numbers import parse_number, parse_switch
from rig.instruments.registry import METERS, SCANNERS, SUPPLIES
from rig.instruments.session import Session

PLAIN_SUPPLY = "scpi99"
_PROBE_SECONDS = 0.5

# In this order: what is a supply and a meter is a supply.
ROLES: Mapping[Role, Mapping[str, Kind[Any]]] = {
    Role.SUPPLY: SUPPLIES, Role.METER: METERS, Role.SCANNER: SCANNERS,
}


@dataclass(frozen=True, slots=True)
class Found:
    """A role and the name of a family in it, and how that was known."""

    role: Role
    family: str
    why: str


def told(family: str | None, role: Role | None) -> Found | None:
    """What the person said. Raises UsageError when it does not exist or does not fit together."""
    if family is None:
        return None
    for one, kinds in ROLES.items():
        if family in kinds:
            if role is not None and role is not one:
                raise UsageError(f"family {family!r} is one of a {one.value}, not of a {role.value}")
            return Found(one, family, "told")
    known = ", ".join(name for kinds in ROLES.values() for name in kinds)
    raise UsageError(f"family {family!r}: expected one of {known}")


def found(session: Session, identity: Identity, role: Role | None) -> Found | None:
    """By the model's name, else by asking what a plain supply answers; None when neither helps."""
    model = identity.model.upper()
    named = [
        Found(one, name, f"model {identity.model}")
        for one, kinds in ROLES.items() if role in (None, one)
        for name, kind in kinds.items() if kind.models and model.startswith(kind.models)
    ]
    if named and (role is not None or named[0].role is Role.SUPPLY):
        return named[0]
    if role in (None, Role.SUPPLY) and _is_supply(session):
        return Found(Role.SUPPLY, PLAIN_SUPPLY, "it answers VOLT? and OUTP?")
    if named:
        return named[0]
    return Found(Role.SUPPLY, PLAIN_SUPPLY, "told its role") if role is Role.SUPPLY else None


def _is_supply(session: Session) -> bool:
    try:
        session.query("VOLT?", parse_number, seconds=_PROBE_SECONDS)
        session.query("OUTP?", parse_switch, seconds=_PROBE_SECONDS)
    except InstrumentError:
        return False
    return True
