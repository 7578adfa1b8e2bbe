"""The customer's EEPROM keys, as a key file has them and a bench file's section ``eeprom`` names them.

    schema_version: 1
    xxtea:                    # by the number in the image's second nibble, 32 hex digits in quotes
      1: "…"
    aes: {key: "…", iv: "…"}  # 64 and 32 hex digits

What a file of keys holds is never quoted.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from pydantic import model_validator

from rig.datafile import demand_private, read_yaml, yaml_values
from rig.destinations import Guarded
from rig.errors import FileError

XXTEA_BYTES, AES_BYTES, IV_BYTES = 16, 32, 16
NUMBERS = range(16)


@dataclass(frozen=True, slots=True)
class EepromKeys:
    """Keys by what they are for; ``aes`` is key and initialisation vector."""

    xxtea: Mapping[int, bytes] = field(default_factory=dict, repr=False)
    aes: tuple[bytes, bytes] | None = field(default=None, repr=False)

    def says(self) -> str:
        """Which there are, for people."""
        numbers = ", ".join(map(str, sorted(self.xxtea)))
        words = [f"XXTEA key {numbers}"] * bool(self.xxtea) + ["AES"] * (self.aes is not None)
        return ", ".join(words) or "no key"


class EepromEntry(Guarded):
    """Where the keys of the boards' EEPROMs are. The secret is the text of a key file."""

    @model_validator(mode="after")
    def _some_place(self) -> Self:
        if self.secret_env is None and self.secret_file is None:
            raise ValueError("secret_file or secret_env")
        return self

    def keys(self, environment: Mapping[str, str] = os.environ) -> EepromKeys:
        """The keys as they stand now. Raises UsageError, which tells the place and never the value."""
        if self.secret_file is not None:
            return load_keys(self.secret_file)
        return parse_keys(self.secret(environment) or "", Path(f"variable {self.secret_env}"))


def load_keys(file: Path) -> EepromKeys:
    """Read a key file. Raises FileError, which tells the place and never the value."""
    demand_private(file)
    try:
        values = read_yaml(file)
    except FileError:
        raise FileError(file, "", "no YAML", "a file of EEPROM keys") from None
    return _keys_of(values, file)


def parse_keys(text: str, source: Path) -> EepromKeys:
    """The keys in a key file's text that came from ``source``. Raises FileError as ``load_keys``."""
    try:
        values = yaml_values(text, source)
    except FileError:
        raise FileError(source, "", "no YAML", "the text of a file of EEPROM keys") from None
    return _keys_of(values, source)


def _keys_of(values: Any, file: Path) -> EepromKeys:
    if not isinstance(values, dict) or values.get("schema_version") != 1:
        raise FileError(file, "schema_version", "another or none", "1, in a file of EEPROM keys")
    if set(values) - {"schema_version", "xxtea", "aes"}:
        raise FileError(file, "", "a key it does not know", "schema_version, xxtea and aes only")
    xxtea, aes = values.get("xxtea", {}), values.get("aes")
    if not isinstance(xxtea, dict) or not set(xxtea) <= set(NUMBERS):
        raise FileError(file, "xxtea", "something else", "keys by their numbers, 0 to 15")
    if aes is not None and (not isinstance(aes, dict) or set(aes) != {"key", "iv"}):
        raise FileError(file, "aes", "something else", "key and iv")
    return EepromKeys(
        {int(number): _secret(file, f"xxtea.{number}", text, XXTEA_BYTES) for number, text in xxtea.items()},
        None if aes is None else (
            _secret(file, "aes.key", aes["key"], AES_BYTES), _secret(file, "aes.iv", aes["iv"], IV_BYTES),
        ),
    )


def _secret(file: Path, place: str, text: Any, size: int) -> bytes:
    digits = text if isinstance(text, str) else ""
    if len(digits) != 2 * size or not set(digits.lower()) <= set("0123456789abcdef"):
        raise FileError(file, place, "something else", f"{2 * size} hex digits in quotes")
    return bytes.fromhex(digits)
