"""The one tree of errors: codes, places in the tree, sentences for people."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import rig.errors
from rig.errors import (
    BridgeError,
    FileError,
    GuardError,
    GuardTrip,
    InstrumentError,
    LinkError,
    NoAcknowledge,
    RecipeError,
    RigError,
    Role,
    RunStopped,
    StationFault,
    UsageError,
    WireError,
)


def every_error() -> list[type[RigError]]:
    return [
        kind for _, kind in inspect.getmembers(rig.errors, inspect.isclass) if issubclass(kind, RigError)
    ]


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_stands_in_the_drawn_tree(kind: type[RigError]) -> None:
    lines = (rig.errors.__doc__ or "").splitlines()
    depth = {line.split("─ ")[-1].split()[0]: line.find("─ ") for line in lines if "─ " in line}
    depth["RigError"] = -1

    assert kind.__name__ in depth
    if kind is not RigError:
        assert depth[kind.__name__] > depth[kind.__mro__[1].__name__]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RecipeError("x"), "STN-RECIPE"),
        (StationFault("x"), "STN-SOFTWARE"),
        (LinkError("x"), "STN-LINK"),
        (WireError("x"), "STN-WIRE"),
        (BridgeError("x"), "STN-BRIDGE"),
        (NoAcknowledge(0x50), "STN-BRIDGE"),
        (GuardError("x"), "STN-GUARD"),
        (InstrumentError(Role.SUPPLY, "x"), "STN-SUPPLY"),
        (InstrumentError(Role.METER, "x"), "STN-METER"),
        (InstrumentError(Role.SCANNER, "x"), "STN-SCANNER"),
        (GuardTrip("TEMP-HIGH", "66 celsius"), "TEMP-HIGH"),
        (RunStopped("x"), "OPR-STOP"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, RigError) else "",
)
def test_each_error_carries_its_failure_code(error: RecipeError | StationFault, code: str) -> None:
    assert error.code == code


def test_a_station_fault_is_never_a_mistake_of_the_user() -> None:
    stations = {kind for kind in every_error() if issubclass(kind, StationFault)}
    assert len(stations) == 9
    assert not any(issubclass(kind, UsageError) for kind in stations)
    assert not issubclass(GuardTrip, StationFault)


def test_file_error_says_file_field_found_and_expected() -> None:
    error = FileError(Path("bench.yaml"), "slots.slot1.chain", "nothing", "a device")

    assert str(error) == "bench.yaml: slots.slot1.chain: found nothing, expected a device"
    assert (error.file, error.field) == (Path("bench.yaml"), "slots.slot1.chain")
    assert (error.found, error.expected) == ("nothing", "a device")


def test_file_error_of_a_whole_file_has_no_empty_field() -> None:
    assert str(FileError("a.yaml", "", "no such file", "YAML")) == "a.yaml: found no such file, expected YAML"


def test_trip_and_acknowledge_keep_their_facts() -> None:
    trip = GuardTrip("STN-LID", "the lid opened")
    assert (str(trip), trip.reason) == ("STN-LID: the lid opened", "the lid opened")
    silent = NoAcknowledge(0x4C)
    assert (str(silent), silent.address) == ("no acknowledge from I2C address 0x4C", 0x4C)
