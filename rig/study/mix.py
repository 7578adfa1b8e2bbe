"""Mix files: which faults a study's boards carry, how often, and within which ranges.

The vocabulary is docs/scenarios.md. The same seed draws the same boards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import numpy as np
from pydantic import Field, model_validator

from rig.datafile import Data, load
from rig.errors import FileError, UsageError
from rig.recipe import Product
from rig.sim.faults import Fault
from rig.sim.scenario import FAULTS
from rig.sim.thermal import FANS

ANY = "any"
_NOT_DRAWN = ("kind", "share")

Values = Mapping[str, Any]


class FaultMix(Data):
    """One line of a mix: a kind, its share among faulty boards, and its parameters or their ranges."""

    kind: str
    share: float = Field(gt=0)
    told: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gathered(cls, values: Any) -> Any:
        """What is not kind or share are parameters of the kind."""
        if not isinstance(values, dict) or "told" in values:
            return values
        told = {key: value for key, value in values.items() if key not in _NOT_DRAWN}
        return {key: values[key] for key in _NOT_DRAWN if key in values} | {"told": told}


class Mix(Data):
    """A whole file. ``good``: share of boards without a fault; ``pairs``: of faulty ones that carry two."""

    good: float = Field(ge=0, le=1)
    pairs: float = Field(default=0.0, ge=0, le=1)
    faults: tuple[FaultMix, ...] = ()

    @model_validator(mode="after")
    def _something_to_draw(self) -> Mix:
        if self.good < 1 and not self.faults:
            raise ValueError("faults, as not all boards are good")
        if self.pairs > 0 and len({fault.kind for fault in self.faults}) < 2:
            raise ValueError("two kinds of faults at least, as some boards carry two")
        return self


@dataclass(frozen=True, slots=True)
class BoardDrawn:
    """One board of a study: the seed of its lottery and its faults, as a scenario file says them."""

    number: int
    seed: int
    faults: tuple[Values, ...]


def load_mix(file: Path, product: Product) -> Mix:
    """Read a mix file and draw every line of it once. Raises FileError naming what is wrong."""
    mix = load(file, Mix)
    rng = np.random.default_rng(0)
    for place, fault in enumerate(mix.faults):
        if fault.kind not in FAULTS:
            raise FileError(file, f"faults.{place}.kind", repr(fault.kind), f"one of {', '.join(FAULTS)}")
        try:
            draw_fault(fault, product, rng)
        except (UsageError, ValueError) as error:
            raise FileError(file, f"faults.{place}", f"{fault.kind} {fault.told}", str(error)) from error
    return mix


class Boards:
    """The boards of a study, by number: first those of the mix, then ``per_kind`` of every line alone."""

    def __init__(self, mix: Mix, product: Product, seed: int, boards: int, per_kind: int) -> None:
        self._mix, self._product, self._seed = mix, product, seed
        self._boards, self._per_kind = boards, per_kind

    def __len__(self) -> int:
        return self._boards + self._per_kind * len(self._mix.faults)

    def draw(self, number: int) -> BoardDrawn:
        """The board of that number, the same whichever were drawn before."""
        rng = np.random.default_rng([self._seed, number])
        seed = int(rng.integers(0, 2**31))
        if number < self._boards:
            lines = self._lines(rng)
        else:
            lines = [self._mix.faults[(number - self._boards) // self._per_kind]]
        return BoardDrawn(number, seed, tuple(draw_fault(line, self._product, rng) for line in lines))

    def _lines(self, rng: np.random.Generator) -> list[FaultMix]:
        mix = self._mix
        if rng.random() < mix.good:
            return []
        shares = np.array([fault.share for fault in mix.faults])
        first = mix.faults[int(rng.choice(len(shares), p=shares / shares.sum()))]
        if rng.random() >= mix.pairs:
            return [first]
        others = [fault for fault in mix.faults if fault.kind != first.kind]
        shares = np.array([fault.share for fault in others])
        return [first, others[int(rng.choice(len(shares), p=shares / shares.sum()))]]


def draw_fault(line: FaultMix, product: Product, rng: np.random.Generator) -> Values:
    """A fault with every range and `any` resolved, as a scenario file says it.

    Raises UsageError or ValueError for parameters the kind has not got or a board has no place for.
    """
    kind = FAULTS[line.kind]
    while True:
        told = {name: _resolved(kind, name, value, product, rng) for name, value in line.told.items()}
        values = {"kind": line.kind, **told}
        misfit = kind.model_validate(values).misfit(product)
        if misfit is None:
            return values
        if ANY not in line.told.values():   # such a draw may hit the one chip that has no such fault
            name, found, expected = misfit
            raise UsageError(f"{name}: found {found}, expected {expected} on a {product.product}")


def _resolved(kind: type[Fault], name: str, value: Any, product: Product, rng: np.random.Generator) -> Any:
    field = kind.model_fields.get(name)
    if field is None:
        known = ", ".join(one for one in kind.model_fields if one != "kind")
        raise UsageError(f"{name}: no parameter of this kind, which has {known}")
    if value == ANY:
        return _anywhere(name, field.annotation, product, rng)
    if isinstance(value, list) and len(value) == 2:
        low, high = value
        if _whole(field.annotation):
            return int(rng.integers(int(low), int(high) + 1))
        return float(rng.uniform(low, high))
    return value


def _anywhere(name: str, annotation: Any, product: Product, rng: np.random.Generator) -> Any:
    """Uniform over all places, or over all words of a choice."""
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return rng.choice([one.value for one in annotation]).item()
    places = {
        "chip": product.chips, "domain": product.domains, "sensor": product.sensors, "fan": FANS,
    }
    if name in places:
        return int(rng.integers(0, places[name]))
    words = get_args(annotation)
    if words and all(isinstance(word, str) for word in words):
        return str(rng.choice(words))
    raise UsageError(f"{name}: found any, expected a number or a range; it is no place on a board")


def _whole(annotation: Any) -> bool:
    """Whether a parameter counts or names places, rather than measures."""
    if get_origin(annotation) is Annotated:
        return _whole(get_args(annotation)[0])
    return annotation is int or any(map(_whole, get_args(annotation)))
