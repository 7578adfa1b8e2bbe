"""A statement under a signature, as one line of canonical JSON; and what is wrong with one.

``{"development_key":…,"key_id":…,KIND:1,"public_key":…,"signature":…,"statement":{…}}`` and a line end. The
signature is over the canonical form of all but itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from rig.datafile import Data
from rig.errors import UsageError
from rig.records.canonical import NotCanonical, canonical, parsed
from rig.records.passport.keys import SigningKey, key_id, signed
from rig.records.plain import plain

FORMAT = 1
MOST_BYTES = 50_000_000         # of a file that is read whole; a passport has some 4,000
_KEYS = {"statement", "development_key", "key_id", "public_key", "signature"}
_HEX_DIGITS = {"key_id": 16, "public_key": 64, "signature": 128}


class Kind(StrEnum):
    """What is sealed: the key of the outer object that says its format."""

    PASSPORT = "passport"
    LOT = "lot"


class NoPassport(UsageError):
    """The file is nothing of the kind, or of a format this rig does not know."""


S = TypeVar("S", bound=Data)


@dataclass(frozen=True, slots=True)
class Sealed(Generic[S]):
    """What a sealed file says. ``problems``: why it may not be believed, a sentence each.

    ``public_key`` is "" where it names none; ``statement`` is None where it has not the form of one.
    """

    statement: S | None
    public_key: str
    development: bool
    problems: tuple[str, ...]


def seal(kind: Kind, statement: Data, key: SigningKey) -> bytes:
    """The sealed file. The same statement and key give the same bytes."""
    envelope: dict[str, Any] = {
        kind.value: FORMAT,
        "statement": plain(statement.model_dump(mode="json")),
        "development_key": key.development,
        "key_id": key_id(key.public_hex),
        "public_key": key.public_hex,
    }
    return canonical(envelope | {"signature": key.sign(canonical(envelope))}) + b"\n"


def unseal(text: bytes, kind: Kind, model: type[S], trusted: str | None = None) -> Sealed[S]:
    """Read a sealed file and hold it against itself, and against the ``trusted`` public key (hex).

    Raises NoPassport when it is no file of this kind at all.
    """
    envelope = _envelope(text, kind)
    problems = list(_problems(text, envelope, kind, trusted))
    statement: S | None = None
    try:
        statement = model.model_validate_json(canonical(envelope.get("statement")), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, ("statement", *first["loc"])))
        problems.append(f"{field}: {first['msg']}")
    public = envelope.get("public_key")
    named = str(public) if _is_hex(public, _HEX_DIGITS["public_key"]) else ""
    return Sealed(statement, named, envelope.get("development_key") is True, tuple(problems))


def _envelope(text: bytes, kind: Kind) -> dict[str, Any]:
    if len(text) > MOST_BYTES:
        raise NoPassport(f"found {len(text)} bytes, expected a {kind.value}")
    try:
        envelope = parsed(text)
        canonical(envelope)
    except NotCanonical as error:
        raise NoPassport(f"{error}, expected a {kind.value}") from error
    if not isinstance(envelope, dict) or kind.value not in envelope or "statement" not in envelope:
        raise NoPassport(f"found other JSON, expected a {kind.value}")
    if envelope[kind.value] != FORMAT or isinstance(envelope[kind.value], (bool, float)):
        found = json.dumps(envelope[kind.value])[:40]
        raise NoPassport(f"found {kind.value} format {found}, expected {FORMAT}")
    return envelope


def _problems(text: bytes, envelope: dict[str, Any], kind: Kind, trusted: str | None) -> list[str]:
    problems = []
    expected = canonical(envelope) + b"\n"
    if text != expected:
        problems.append(_first_difference(text, expected))
    odd = sorted(set(envelope) ^ {*_KEYS, kind.value})
    if odd:
        known = ", ".join(sorted({*_KEYS, kind.value}))
        problems.append(f"{odd[0][:40]!r}: expected the keys {known} and no other")
    if not isinstance(envelope.get("development_key"), bool):
        problems.append("development_key: expected true or false")
    for name, digits in _HEX_DIGITS.items():
        if not _is_hex(envelope.get(name), digits):
            return [*problems, f"{name}: expected {digits} digits of hex"]
    public, unsigned = envelope["public_key"], {k: v for k, v in envelope.items() if k != "signature"}
    if envelope["key_id"] != key_id(public):
        problems.append(f"key_id: found {envelope['key_id']}, expected {key_id(public)}, the public key's")
    if not signed(public, canonical(unsigned), envelope["signature"]):
        problems.append("the signature does not fit: something was changed after it was signed")
    if trusted is not None and trusted != public:
        problems.append(f"signed by key {key_id(public)}, expected {key_id(trusted)}, the key that was given")
    return problems


def _is_hex(value: object, digits: int) -> bool:
    return isinstance(value, str) and len(value) == digits and set(value) <= set("0123456789abcdef")


def _first_difference(found: bytes, expected: bytes) -> str:
    at = next(
        (place for place, pair in enumerate(zip(found, expected, strict=False)) if pair[0] != pair[1]),
        min(len(found), len(expected)),
    )
    return (
        f"byte {at}: found {_excerpt(found, at)}, expected {_excerpt(expected, at)}: the file is not as it "
        "was written"
    )


def _excerpt(text: bytes, at: int) -> str:
    return ascii(text[at : at + 12].decode("utf-8", errors="replace")) if at < len(text) else "its end"
