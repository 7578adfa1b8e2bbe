"""Scenario files: what stands in each slot of the bench and what is wrong with it.

The vocabulary is docs/scenarios.md.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import Field

from rig.datafile import Data, check, read_yaml
from rig.errors import FileError, UsageError
from rig.recipe import Product
from rig.sim import chain_faults as chain
from rig.sim import faults as kinds
from rig.sim import station_faults as station

AnyFault = Annotated[
    chain.DeadChip | chain.BrokenResponse | chain.StuckBusy | chain.IntermittentJoint | chain.NoClock
    | chain.ResetStuck | chain.HeatDrop | chain.VoltDrop | chain.WrongChipId | chain.DuplicateAddress
    | chain.WeakChip | chain.SlowChip | chain.SlowBoard | chain.HardwareErrors | chain.BadCores
    | chain.StaleJobs | chain.DuplicateNonces
    | kinds.HotBoard | kinds.PowerHigh | kinds.OpenInput | kinds.ShortCircuit | kinds.Leakage
    | kinds.DeadDomain | kinds.DomainVoltage
    | kinds.EepromAbsent | kinds.EepromCorrupt | kinds.EepromDuplicateSerial | kinds.SensorAbsent
    | kinds.SensorStuck
    | kinds.SupplyUnreachable | kinds.MeterUnreachable | kinds.ScannerUnreachable | kinds.UartGone
    | kinds.CorruptReplies | kinds.LostBytes
    | kinds.BridgeUnreachable | kinds.MeterOverload | kinds.FanFail
    | kinds.Estop | kinds.LidOpen | kinds.BoardRemoved
    | station.SupplyHangs | station.SupplyTrips | station.SupplyReadbackOffset | station.MeterOffset
    | station.LateReply | station.ContactResistance | station.SenseOpen | station.CableOpen
    | station.WillNotWarm | station.Ambient,
    Field(discriminator="kind"),
]
FAULTS: Mapping[str, type[kinds.Fault]] = {
    str(get_args(fault.model_fields["kind"].annotation)[0]): fault
    for fault in get_args(get_args(AnyFault)[0])
}


class BoardScenario(Data):
    """One board. ``serial`` auto is the scanned one; ``seed`` None is drawn from the serial.

    ``eeprom_key_file``: the EEPROM is enciphered under its AES key, as boards of the field are.
    """

    serial: str = Field(default="auto", pattern=r"^[\x20-\x7e]{1,18}$")
    eeprom_key_file: Path | None = None         # from the scenario's own folder on
    seed: int | None = Field(default=None, ge=0)
    faults: tuple[AnyFault, ...] = ()

    def seed_for(self, serial: str) -> int:
        return zlib.crc32(serial.encode()) if self.seed is None else self.seed

    def check_fits(self, product: Product) -> None:
        """Refuse faults at places this product has not got. Raises UsageError."""
        for fault in self.faults:
            misfit = fault.misfit(product)
            if misfit is not None:
                field, found, expected = misfit
                raise UsageError(
                    f"fault {fault.kind}: {field}: found {found}, expected {expected} on a {product.product}"
                )


class Scenario(Data):
    """A whole file. A slot that is not named holds a good board."""

    ambient_celsius: float = Field(default=25.0, ge=-40, le=85)
    time_scale: float = Field(default=1.0, gt=0)
    boards: dict[str, BoardScenario] = Field(default_factory=dict)

    def board(self, slot: str) -> BoardScenario:
        return self.boards.get(slot, BoardScenario())

    def in_folder(self, folder: Path) -> Scenario:
        """The same with the files it names as they lie from here, told as from ``folder``."""
        boards = {
            slot: board.model_copy(update={"eeprom_key_file": folder / board.eeprom_key_file})
            for slot, board in self.boards.items() if board.eeprom_key_file is not None
        }
        return self.model_copy(update={"boards": self.boards | boards}) if boards else self


def load_scenario(file: Path) -> Scenario:
    """Read a scenario file. Raises FileError, or UsageError for a kind that cannot be simulated."""
    return parse_scenario(read_yaml(file) or {}, file)


def parse_scenario(values: Any, source: Path) -> Scenario:
    """Validate plain values that came from ``source``. Raises as ``load_scenario``."""
    for place, kind in _kinds_named(values):
        if not isinstance(kind, str) or kind not in FAULTS:
            raise UsageError(
                f"{source}: {place}.kind: no such fault kind {kind!r}; expected one of {', '.join(FAULTS)}"
            )
    return check(source, values, Scenario).in_folder(source.parent)


def scenario_for(values: Mapping[str, Any] | None, file: Path | None) -> Scenario:
    """The scenario given as a mapping or as a file; neither is a bench of good boards."""
    if values is not None and file is not None:
        raise FileError(file, "", "a scenario given twice", "a mapping or a file")
    if file is not None:
        return load_scenario(file)
    return parse_scenario(dict(values or {}), Path("scenario"))


def _kinds_named(values: Any) -> Iterator[tuple[str, Any]]:
    """Where each fault stands and its kind, in whatever of the values has the right shape."""
    boards = values.get("boards") if isinstance(values, dict) else None
    for slot, board in boards.items() if isinstance(boards, dict) else ():
        found = board.get("faults") if isinstance(board, dict) else None
        for number, fault in enumerate(found if isinstance(found, list) else ()):
            if isinstance(fault, dict) and "kind" in fault:
                yield f"boards.{slot}.faults.{number}", fault["kind"]
