"""A family and its settings: what a fixture file may say about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from rig.datafile import Data
from rig.errors import UsageError
from rig.instruments.meter import MeterFamily
from rig.instruments.scanner import ScannerFamily
from rig.instruments.supply_family import SupplyFamily

F = TypeVar("F")


class NoOptions(Data):
    """The options of a family that has none."""


@dataclass(frozen=True)                         # generic aliases cannot be called with slots in 3.11
class Kind(Generic[F]):
    """What the registry knows of a family. ``options`` holds the facts about it that are settings.

    ``models`` are beginnings of the model names its instruments give; empty: any.
    """

    name: str
    models: tuple[str, ...]
    options: type[Data]
    build: Callable[[Any], F]

    def family(self, options: Mapping[str, Any]) -> F:
        """The family with a fixture file's options. Raises UsageError naming the wrong one."""
        try:
            return self.build(self.options.model_validate(dict(options)))
        except ValidationError as error:
            problem = error.errors()[0]
            field = ".".join(str(part) for part in problem["loc"])
            known = ", ".join(self.options.model_fields) or "none"
            raise UsageError(
                f"family {self.name}: options.{field}: found {problem['input']!r}, expected: "
                f"{problem['msg']} (its options: {known})"
            ) from error


SupplyKind = Kind[SupplyFamily]
MeterKind = Kind[MeterFamily]
ScannerKind = Kind[ScannerFamily]
