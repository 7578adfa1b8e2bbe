"""EEPROM images of boards in the field: layouts, checksums, ciphers; keys are the customer's."""

from rig.recipe.eeprom.image import Image, Region, RegionState, decode, encode
from rig.recipe.eeprom.keys import EepromKeys, load_keys
from rig.recipe.eeprom.layouts import LAYOUTS, Layout

__all__ = [
    "LAYOUTS", "EepromKeys", "Image", "Layout", "Region", "RegionState", "decode", "encode", "load_keys",
]
