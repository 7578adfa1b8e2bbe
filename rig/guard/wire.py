"""What guard and client say to each other: JSON lines, errors and readings included."""

from __future__ import annotations

import json
import math
from typing import Any

from rig.errors import (
    BridgeError,
    GuardError,
    GuardTrip,
    InstrumentError,
    NoAcknowledge,
    RigError,
    Role,
    UsageError,
)
from rig.slot import Mode, Reading, Status, SupplyReading, Unload

LONGEST_LINE = 64 * 1024


def encode(message: dict[str, Any]) -> bytes:
    """One line. NaN never travels: numbers that are none have a status."""
    return json.dumps(message, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Raises ValueError for anything but one whole JSON object."""
    if not line.endswith(b"\n"):
        raise ValueError("half a line")
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError(f"{type(message).__name__} instead of an object")
    return message


def error_out(error: RigError) -> dict[str, Any]:
    """An error as data. Whatever has no kind of its own travels as the guard's."""
    match error:
        case GuardTrip():
            return {"kind": "trip", "code": error.code, "text": error.reason}
        case InstrumentError():
            return {"kind": "instrument", "role": error.role.value, "text": str(error)}
        case NoAcknowledge():
            return {"kind": "no acknowledge", "address": error.address, "text": str(error)}
        case BridgeError():
            return {"kind": "bridge", "text": str(error)}
        case UsageError():
            return {"kind": "usage", "text": str(error)}
    return {"kind": "guard", "text": str(error)}


def error_in(data: dict[str, Any]) -> RigError:
    """The error that travelled."""
    text = str(data.get("text", "no reason given"))
    match data.get("kind"):
        case "trip":
            return GuardTrip(str(data["code"]), text)
        case "instrument":
            return InstrumentError(Role(data["role"]), text)
        case "no acknowledge":
            return NoAcknowledge(int(data["address"]))
        case "bridge":
            return BridgeError(text)
        case "usage":
            return UsageError(text)
    return GuardError(text)


def reading_out(reading: SupplyReading) -> dict[str, Any]:
    return {
        "volts": _number_out(reading.volts),
        "amps": _number_out(reading.amps),
        "watts": _number_out(reading.watts),
        "mode": reading.mode.value,
    }


def reading_in(data: dict[str, Any]) -> SupplyReading:
    """Raises KeyError, TypeError or ValueError when the data are no reading."""
    return SupplyReading(
        _number_in(data["volts"]), _number_in(data["amps"]), _number_in(data["watts"]), Mode(data["mode"])
    )


def unload_out(unload: Unload) -> dict[str, Any]:
    return {
        "safe": unload.safe, "seconds_left": unload.seconds_left,
        "celsius": unload.celsius, "why": unload.why,
    }


def unload_in(data: dict[str, Any]) -> Unload:
    """Raises KeyError, TypeError or ValueError when the data are none."""
    celsius = data["celsius"]
    return Unload(
        bool(data["safe"]), float(data["seconds_left"]), None if celsius is None else float(celsius),
        str(data["why"]),
    )


def _number_out(reading: Reading) -> dict[str, Any]:
    if reading.ok:
        return {"value": reading.value, "status": Status.OK.value}
    status = Status.NO_DATA if reading.status is Status.OK else reading.status
    return {"value": None, "status": status.value}


def _number_in(data: dict[str, Any]) -> Reading:
    value, status = data["value"], Status(data["status"])
    return Reading(math.nan if value is None else float(value), status)
