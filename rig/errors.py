"""The one tree of errors.

    RigError
    ├── UsageError               the person asked for something that cannot be done        exit 2
    │   └── FileError            a file says something it may not: file, field, found, expected
    ├── RecipeError              the recipe contradicts the board on the bench (STN-RECIPE)   exit 3
    │   └── EepromKeyError       the board's EEPROM is under a key the bench has not
    ├── StationFault             the station failed; the board is not to blame (STN-…)       exit 3
    │   ├── LinkError            the chain's port is dead (STN-LINK)
    │   ├── InstrumentError      a supply, meter or scanner (STN-SUPPLY, -METER, -SCANNER)
    │   ├── WireError            the chain's wire damages too much (STN-WIRE)
    │   ├── BridgeError          the fixture's side channel (STN-BRIDGE)
    │   │   └── NoAcknowledge    the bridge works, the device addressed on I2C kept silent
    │   ├── GuardError           lease refused or lost, guard gone (STN-GUARD)
    │   ├── MesError             the factory's system away, or not as it must be (STN-MES)
    │   └── CalibrationOverdue   an instrument of a production bench (STN-CAL)
    ├── GuardTrip                the guard switched off; carries the code of its cause        exit by code
    └── RunStopped               a person stopped the run (OPR-STOP)                          exit 4

A bad board is a measurement, not an exception. Every message says what was found, what was
expected and what to do. Anything else that escapes a run is the rig's own bug: STN-SOFTWARE.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path


class Role(Enum):
    """What an instrument is for; each role has its own station code."""

    SUPPLY = "supply"
    METER = "meter"
    SCANNER = "scanner"

    @property
    def code(self) -> str:
        """The failure code a fault of this instrument is booked to."""
        return f"STN-{self.name}"


class RigError(Exception):
    """Base of everything the rig raises on purpose."""


class UsageError(RigError):
    """The person asked for something that cannot be done; nothing was powered."""


class FileError(UsageError):
    """A file holds something it may not.

    Attributes: file, field (dotted, "" for the whole file), found, expected.
    """

    def __init__(self, file: Path | str, field: str, found: str, expected: str) -> None:
        self.file, self.field, self.found, self.expected = Path(file), field, found, expected
        place = f"{file}: {field}" if field else f"{file}"
        super().__init__(f"{place}: found {found}, expected {expected}")


class RecipeError(RigError):
    """The recipe contradicts the board on the bench."""

    code = "STN-RECIPE"


class EepromKeyError(RecipeError):
    """The board's EEPROM is enciphered, and no configured key opens it: nobody knows which board it is."""


class StationFault(RigError):
    """The station failed while a board was on it; the board is not to blame.

    ``code`` is the STN-… failure code the run ends with.
    """

    code = "STN-SOFTWARE"


class LinkError(StationFault):
    """The chain's serial port is gone or dead."""

    code = "STN-LINK"


class WireError(StationFault):
    """The chain's wire damages what is said on it, beyond judging a board over it."""

    code = "STN-WIRE"


class InstrumentError(StationFault):
    """A supply, meter or scanner is gone, hangs, disagrees or answered nonsense."""

    def __init__(self, role: Role, message: str) -> None:
        super().__init__(message)
        self.role = role
        self.code = role.code


class BridgeError(StationFault):
    """The fixture's side channel (I2C, GPIO, ADC) failed."""

    code = "STN-BRIDGE"


class NoAcknowledge(BridgeError):
    """The bridge works, but the I2C device addressed did not acknowledge.

    Board procedures catch it: an absent EEPROM or sensor is a measurement.
    """

    def __init__(self, address: int) -> None:
        super().__init__(f"no acknowledge from I2C address 0x{address:02X}")
        self.address = address


class GuardError(StationFault):
    """The guard refused or lost the lease, or is gone."""

    code = "STN-GUARD"


class MesError(StationFault):
    """The factory's system is away, does not let the station in, or takes no message."""

    code = "STN-MES"


class CalibrationOverdue(StationFault):
    """An instrument of a production bench is past the day its calibration ends."""

    code = "STN-CAL"


class GuardTrip(RigError):
    """The guard switched the slot off by itself.

    ``code`` is the failure code of the cause (a board code, STN-… or OPR-…).
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code, self.reason = code, reason


class RunStopped(RigError):
    """A person stopped the run."""

    code = "OPR-STOP"
