"""A limit's words, as a record has them, read back as numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_PART = re.compile(r"(>=|<=|=) (\S+)")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Both ends are still within. ``equals`` is the one value that is."""

    low: float | None = None
    high: float | None = None
    equals: float | None = None

    @classmethod
    def of(cls, words: str | None) -> Self:
        """Of ``rig.recipe.Limit``'s words; without any where there is no limit."""
        parts = {sign: float(bound) for sign, bound in _PART.findall(words or "")}
        equals = parts.get("=")
        return cls(parts.get(">=", equals), parts.get("<=", equals), equals)
