"""One spelling for each value: what is hashed and signed (docs/passport.md).

UTF-8, keys in the order of their code points, no spaces, nothing but ``"``, ``\\`` and control
characters escaped. Whole numbers in decimal; other numbers in the fewest digits that read back as the
same double, as Python writes them.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, NoReturn


class NotCanonical(ValueError):
    """The text is no JSON that a canonical form exists for; the message says what was found."""


def canonical(value: Any) -> bytes:
    """The one spelling of ``value``: dict with text keys, list, str, int, finite float, bool, None.

    Raises NotCanonical.
    """
    try:
        text = json.dumps(
            value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
        )
        return text.encode("utf-8")
    except (ValueError, TypeError, RecursionError) as error:
        raise NotCanonical(f"found a value without a canonical form ({error})") from error


def parsed(text: bytes | str) -> Any:
    """The value of any JSON text. Raises NotCanonical; equal keys are the caller's to find."""
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise NotCanonical(f"found no JSON ({error})") from error


def digest_of(text: bytes | str) -> str:
    """SHA-256 of the canonical form of a JSON text, hex: spaces and line ends do not count."""
    return hashlib.sha256(canonical(parsed(text))).hexdigest()


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits[:20]} is beyond a double")
    return value
