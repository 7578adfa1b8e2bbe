"""EEPROM images of boards in the field: layouts, checksums, ciphers; the keys are rig.eepromkeys'."""

from rig.recipe.eeprom.image import Image, Region, RegionState, decode, encode
from rig.recipe.eeprom.layouts import LAYOUTS, Layout

__all__ = ["LAYOUTS", "Image", "Layout", "Region", "RegionState", "decode", "encode"]
