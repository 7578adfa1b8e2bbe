"""A simulated board's EEPROM under a key, as boards of the field have it; the key is the scenario's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rig.eepromkeys import EepromKeys, load_keys
from rig.errors import FileError


def eeprom_keys(file: Path | None) -> EepromKeys | None:
    """The keys in ``file``; None without one. Raises FileError when it has no AES key."""
    if file is None:
        return None
    keys = load_keys(file)
    if keys.aes is None:
        raise FileError(file, "aes", "nothing", "the key and iv that a simulated board's EEPROM is under")
    return keys


def enciphered(image: bytes, keys: EepromKeys) -> bytes:
    """An image of version 1 in clear, each written region under the AES key."""
    from rig.recipe.eeprom import decode, encode
    from rig.recipe.eeprom.layouts import Cipher

    return encode(replace(decode(image), cipher=Cipher.AES), keys)
