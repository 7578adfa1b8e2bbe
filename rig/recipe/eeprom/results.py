"""A run's result put into an image: its regions anew under the image's own cipher, all else as it stood."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rig.eepromkeys import EepromKeys
from rig.recipe.eeprom.fields import Field, Form, Value
from rig.recipe.eeprom.identity import is_plausible
from rig.recipe.eeprom.image import Image, Region, RegionState, decode, sealed
from rig.recipe.eeprom.layouts import S21PRO_V1, RegionSpec
from rig.recipe.eeprom_result import MOST_COUNT, NOT_PASSED, PASSED, WorkResult

MOST_STEPS, MOST_CHIPS = 15, 256    # a chip's clock is told in half a byte, of 128


@dataclass(frozen=True, slots=True)
class SweptClocks:
    """Each chip's clock as a sweep found it, NaN for a chip that was good at none; volts of the sweep."""

    mhz: tuple[float, ...]
    volts: float
    passed: bool


class CarriedResults:
    """What an image says of a board's tests, and the same image with another.

    ``image``: 256 bytes whose identity the keys open (rig.recipe.eeprom.identity).
    """

    def __init__(self, image: bytes, keys: EepromKeys) -> None:
        self._bytes, self._keys = image, keys
        self._image: Image = decode(image, keys)

    @property
    def is_torn(self) -> bool:
        """Whether a result was begun and is not whole: a station died while it wrote it."""
        return self._at("work")[1].state is RegionState.DAMAGED

    def times_tested(self) -> int:
        """How often the board was tested; a result that is damaged or none counts for none."""
        work = self._at("work")[1]
        count = work.values.get("pt2_count") if is_plausible(work) else None
        return count if isinstance(count, int) else 0

    def with_result(self, result: WorkResult, swept: SweptClocks | None = None) -> bytes:
        """The image with this result, and the swept clocks where its layout has a place whose rule is known.

        Raises ValueError when a number does not fit its place.
        """
        out = self._with(self._bytes, "work", {
            "volts": result.volts, "mhz": result.mhz, "answer_share": result.answer_share,
            "celsius_in": result.celsius[0], "celsius_out": result.celsius[1],
            "pt2_result": PASSED if result.passed else NOT_PASSED, "pt2_count": result.count,
        })
        if swept is None or not self.has_sweep:
            return out
        return self._with(out, "sweep", _swept(swept, min(MOST_COUNT, self._times_swept() + 1)))

    @property
    def has_sweep(self) -> bool:
        """S21 version 5 has such a region too, but how its clocks are counted is not known."""
        return self._image.layout is S21PRO_V1

    def _times_swept(self) -> int:
        count = self._at("sweep")[1].values.get("sweep_count")
        return count if isinstance(count, int) and count <= MOST_COUNT else 0

    def _at(self, name: str) -> tuple[RegionSpec, Region]:
        pairs = zip(self._image.layout.regions, self._image.regions, strict=True)
        return next((spec, region) for spec, region in pairs if spec.name == name)

    def _with(self, image: bytes, name: str, values: dict[str, Value]) -> bytes:
        spec, _ = self._at(name)
        told = {field.name: values.get(field.name, _nothing(field)) for field in spec.fields}
        region = sealed(spec, told, image[:2], self._image, self._keys)
        return image[: spec.start] + region + image[spec.start + spec.size :]


def _swept(swept: SweptClocks, count: int) -> dict[str, Value]:
    """The layout's rule: steps of whole MHz above the slowest chip's clock. No chip is told a clock above
    the one it was found good at; one that was good at none stands at the slowest, and the result is bad.
    """
    good = [mhz for mhz in swept.mhz if not math.isnan(mhz)]
    base = math.floor(min(good, default=0.0))
    step = int((max(good, default=0.0) - base) / MOST_STEPS) + 1
    levels = [0 if math.isnan(mhz) else int((mhz - base) / step) for mhz in swept.mhz]
    return {
        "volts": swept.volts, "sweep_rate": round(math.fsum(good)), "base_mhz": base, "step_mhz": step,
        "chip_levels": tuple(levels) + (0,) * (MOST_CHIPS - len(levels)),
        "sweep_result": PASSED if swept.passed and len(good) == len(levels) else NOT_PASSED,
        "sweep_count": count,
    }


def _nothing(field: Field) -> Value:
    """What is written where the rig has nothing to say."""
    return bytes(field.width) if field.form is Form.BYTES else 0
