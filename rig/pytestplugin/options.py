"""The options a plan is run with, the same under ``rig run`` and plain pytest."""

from __future__ import annotations

import math
from collections.abc import Mapping
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
    "reserve": "any labgrid place with these tags, TAG=VALUE,TAG=VALUE, in the stead of --rig-place",
    "wait": "seconds to wait in the lab's queue for the place (default: 0)",
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


def demand_one_process(config: pytest.Config) -> None:
    """Raises UsageError under pytest-xdist: workers would each take the one slot."""
    asked = (config.getoption(name, None) for name in ("numprocesses", "tx"))
    if hasattr(config, "workerinput") or any(asked):
        raise UsageError("-n: found workers of pytest-xdist, expected one process a board; "
                         "begin a pytest a slot")


@dataclass(frozen=True, slots=True)
class PlaceAsked:
    """What a session asks of the lab: a place by its name, or else by tags, and how long it waits for it."""

    name: str | None
    tags: Mapping[str, str]
    wait_seconds: float
    coordinator: str | None


def wanted_place(config: pytest.Config) -> PlaceAsked | None:
    """The place this session asks for, None without one.

    Raises UsageError when a bench or a slot is named beside it, or what is said of it makes no sense.
    """
    place, reserve, wait, coordinator = (
        config.getoption(f"--rig-{name}") for name in ("place", "reserve", "wait", "coordinator")
    )
    if place is None and reserve is None:
        for name, value in (("wait", wait), ("coordinator", coordinator)):
            if value is not None:
                raise UsageError(f"--rig-{name}: found no --rig-place and no --rig-reserve, expected one")
        return None
    if place is not None and not place:
        raise UsageError("--rig-place: found nothing, expected a place; rig lab status names them")
    given = "place" if place is not None else "reserve"
    for name in ("fixture", "slot", *(("reserve",) if given == "place" else ())):
        if config.getoption(f"--rig-{name}") is not None:
            raise UsageError(f"--rig-{name}: found beside --rig-{given}, expected one of the two")
    return PlaceAsked(place, _tags(reserve), _seconds(wait), coordinator)


def _tags(given: str | None) -> Mapping[str, str]:
    if given is None:
        return {}
    pairs = [part.strip().partition("=") for part in given.split(",")]
    if not all(name and value for name, _, value in pairs):
        raise UsageError(f"--rig-reserve: found {given!r}, expected TAG=VALUE,TAG=VALUE, such as "
                         "product=s21pro,bench=real")
    return {name: value.lower() for name, _, value in pairs}


def _seconds(given: str | None) -> float:
    if given is None:
        return 0.0
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise UsageError(f"--rig-wait: found {given!r}, expected seconds, 0 or more")
    return seconds


def read_options(config: pytest.Config, at: tuple[Path, str, str] | None = None) -> RunOptions:
    """The options of this session, ``at`` a bench, its slot and the place that told them, if one did.

    Raises UsageError when a necessary one is missing.
    """
    given: dict[str, str | None] = {name: config.getoption(f"--rig-{name}") for name in _HELP}
    if at is not None:
        given |= {"fixture": str(at[0]), "slot": at[1], "place": at[2]}
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
        purpose=wanted_purpose(config),
        place=given["place"],
    )


def wanted_purpose(config: pytest.Config) -> Purpose:
    """What the run is for. Raises UsageError for a word that is no purpose."""
    given: str | None = config.getoption("--rig-purpose")
    if given is None:
        return Purpose.TEST
    if given not in list(Purpose):
        raise UsageError(f"--rig-purpose: found {given!r}, expected {', '.join(Purpose)}")
    return Purpose(given)
