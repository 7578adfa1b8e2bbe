"""The options a plan is run with, the same under ``rig run`` and plain pytest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rig.errors import UsageError
from rig.purpose import Purpose

if TYPE_CHECKING:
    import pytest

_HELP = {
    "fixture": "bench file",
    "slot": "slot of the bench the board sits in",
    "place": "labgrid place to take, in the stead of --rig-fixture and --rig-slot (rig lab)",
    "coordinator": "labgrid's coordinator, HOST:PORT (default: $LG_COORDINATOR, then 127.0.0.1:20408)",
    "product": "product the board is",
    "serial": "serial scanned from the board",
    "scenario": "scenario file for a simulated bench: a fresh board goes into the slot",
    "results": "folder the run's record goes to (default: results)",
    "operator": "who runs the test",
    "plans": "folder of test plans (default: $RIG_PLANS, then testplans/ upwards)",
    "purpose": f"what the run is for: {', '.join(Purpose)} (default: test)",
}


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What one run is asked to do."""

    fixture: Path
    slot: str
    product: str
    serial: str
    scenario: Path | None = None
    results: Path = Path("results")
    operator: str = ""
    plans: Path | None = None
    purpose: Purpose = Purpose.TEST
    place: str | None = None                    # of the lab, by which the slot was asked for
    telemetry: bool = True          # runs in virtual time keep none unless they are asked to

    def as_pytest_words(self) -> list[str]:
        """The same options as plain pytest takes them."""
        values = {
            "fixture": self.fixture, "slot": self.slot, "product": self.product,
            "serial": self.serial, "scenario": self.scenario, "results": self.results,
            "operator": self.operator or None, "plans": self.plans, "purpose": self.purpose.value,
        }
        return [f"--rig-{name}={value}" for name, value in values.items() if value is not None]


def add_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("rig", "test a hashboard")
    for name, says in _HELP.items():
        group.addoption(f"--rig-{name}", default=None, help=says)


def wanted(config: pytest.Config) -> bool:
    """Whether this pytest session tests a board; without any --rig option the plug-in is inert.

    Any of them asks for a test: a forgotten --rig-slot must not end with exit 0 and nothing tested.
    """
    given = any(config.getoption(f"--rig-{name}", default=None) is not None for name in _HELP)
    return given and not config.option.collectonly


def wanted_place(config: pytest.Config) -> tuple[str, str | None] | None:
    """The place this session asks for and its coordinator, None without one.

    Raises UsageError when a bench or a slot is named beside it.
    """
    place: str | None = config.getoption("--rig-place")
    coordinator: str | None = config.getoption("--rig-coordinator")
    if place is None:
        if coordinator is not None:
            raise UsageError("--rig-coordinator: found no --rig-place, expected one")
        return None
    if not place:
        raise UsageError("--rig-place: found nothing, expected a place; rig lab status names them")
    for name in ("fixture", "slot"):
        if config.getoption(f"--rig-{name}") is not None:
            raise UsageError(f"--rig-{name}: found beside --rig-place, expected one of the two")
    return place, coordinator


def read_options(config: pytest.Config, at: tuple[Path, str] | None = None) -> RunOptions:
    """The options of this session, ``at`` a bench and its slot if a place told them.

    Raises UsageError when a necessary one is missing.
    """
    given: dict[str, str | None] = {name: config.getoption(f"--rig-{name}") for name in _HELP}
    if at is not None:
        given |= {"fixture": str(at[0]), "slot": at[1]}
    missing = [name for name in ("fixture", "slot", "product", "serial") if not given[name]]
    if missing:
        raise UsageError(f"found no --rig-{missing[0]}, expected it: {_HELP[missing[0]]}")
    scenario, plans = given["scenario"], given["plans"]
    return RunOptions(
        fixture=Path(given["fixture"] or ""),
        slot=given["slot"] or "",
        product=given["product"] or "",
        serial=given["serial"] or "",
        scenario=Path(scenario) if scenario else None,
        results=Path(given["results"] or "results"),
        operator=given["operator"] or "",
        plans=Path(plans) if plans else None,
        purpose=_purpose(given["purpose"]),
        place=given["place"],
    )


def _purpose(given: str | None) -> Purpose:
    if given is None:
        return Purpose.TEST
    if given not in list(Purpose):
        raise UsageError(f"--rig-purpose: found {given!r}, expected {', '.join(Purpose)}")
    return Purpose(given)
