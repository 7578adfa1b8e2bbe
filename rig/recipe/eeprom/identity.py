"""Who a board is by its EEPROM, in clear or enciphered, as far as the keys go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rig.eepromkeys import EepromKeys
from rig.recipe.eeprom.fields import Value
from rig.recipe.eeprom.image import Image, Region, RegionState, decode
from rig.recipe.eeprom.layouts import S21_V4, S21_V5, S21PRO_V1, Cipher
from rig.recipe.eeprom_layout import BoardIdentity, EepromDamaged, decode_image

# Boards of the products the rig tests. The S19 family's has its result beside the identity, in one region.
CARRIED = (S21PRO_V1, S21_V4, S21_V5)
PLAUSIBLE_VOLTS = (5.0, 30.0)


class EepromLocked(ValueError):
    """Enciphered, and no key opens it: nothing is known of the board. Says found, expected, what to do."""


def identity_of(image: bytes, keys: EepromKeys) -> BoardIdentity:
    """The identity in a 256-byte image.

    Raises EepromDamaged, and EepromLocked when it may as well be whole under a key that is not there.
    """
    try:
        return decode_image(image)
    except EepromDamaged as damage:
        found = _taken_apart(image, keys)
        if found is None or found.layout not in CARRIED or _is_clear_v1(found):
            raise
        return _opened(found, damage)


def _taken_apart(image: bytes, keys: EepromKeys) -> Image | None:
    try:
        return decode(image, keys)
    except EepromDamaged:
        return None


def _is_clear_v1(found: Image) -> bool:
    return found.layout is S21PRO_V1 and found.cipher is Cipher.NONE


def _opened(found: Image, damage: EepromDamaged) -> BoardIdentity:
    board = found.regions[0]
    if board.state is RegionState.SOUND and board.reads:
        return _identity(found, board.values)
    if board.state is RegionState.UNWRITTEN:
        raise EepromDamaged(f"EEPROM ({found.layout.name}): the board's region was never written") from damage
    if found.cipher is Cipher.NONE or board.reads or _is_key_right(found):
        raise EepromDamaged(f"EEPROM ({found.layout.name}), region {board.name}: {board.says}") from damage
    raise EepromLocked(_locked(found, board)) from damage


def _is_key_right(found: Image) -> bool:
    """Whether the key opened another region than the board's: then that one is what is damaged."""
    return any(is_plausible(region) for region in found.regions if region.name == "work")


def is_plausible(work: Region) -> bool:
    """Whether a work region says what a test may have written: a short checksum is right by chance."""
    least, most = PLAUSIBLE_VOLTS
    volts, share, result = (work.values.get(name) for name in ("volts", "answer_share", "pt2_result"))
    return (
        isinstance(volts, float) and least <= volts <= most
        and isinstance(share, float) and share <= 1 and result in (0, 1)
    )


def _locked(found: Image, board: Region) -> str:
    if board.state is RegionState.ENCIPHERED:
        return (
            f"the board's EEPROM ({found.layout.name}): found it {board.says}; expected the customer's key; "
            "name it in the bench file, section eeprom (docs/passport.md). Nothing was written"
        )
    odd = "found no text in it: damaged, or not the right key"        # a checksum that was right by chance
    says = odd if board.state is RegionState.SOUND else board.says
    return (
        f"the board's EEPROM ({found.layout.name}): {says}; expected the key it was enciphered with. "
        "Try a board that was read before: if it fails too, correct the key; if not, this board's EEPROM is "
        "damaged. Nothing was written"
    )


def _identity(found: Image, values: Mapping[str, Value]) -> BoardIdentity:
    told: dict[str, Any] = {**found.clear, **values}
    told.setdefault("sensor_type", values.get("chip_sensor_type"))
    told = {name: told[name] for name in BoardIdentity.__dataclass_fields__}
    for name, value in told.items():
        if isinstance(value, bytes):
            raise EepromDamaged(f"{name}: found the bytes {value.hex()}, expected printable ASCII")
    return BoardIdentity(**told)
