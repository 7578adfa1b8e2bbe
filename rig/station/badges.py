"""Who works here: badges and PINs in a file of salted scrypt hashes. Nothing in it lets anybody in.

A badge's barcode is ``BADGE-<number>-<secret>``: the number is for people and records, the secret is
known by its hash alone, and so is the PIN.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, field_validator

from rig.datafile import Data, load
from rig.errors import UsageError
from rig.records.files import write_whole
from rig.station.roles import Role

PREFIX = "BADGE-"
SECRET_LETTERS = 12                         # of 32: 60 bits
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_COST, _BLOCK, _LANES = 2**14, 8, 1         # scrypt: 16 MiB, some 40 ms
_CODE = re.compile(r"BADGE-([A-Z0-9]{1,12})-([A-Z0-9]{8,32})", re.ASCII)
_PIN = re.compile(r"[0-9]{6,12}", re.ASCII)
_HASH = r"^scrypt\$[A-Za-z0-9+/=]{24}\$[A-Za-z0-9+/=]{44}$"


class Badge(Data):
    """One person's badge. ``pin`` None: never more than an operator."""

    name: str = Field(min_length=1, max_length=60)
    role: Role
    secret: str = Field(pattern=_HASH)
    pin: str | None = Field(default=None, pattern=_HASH)

    @field_validator("role")
    @classmethod
    def _of_a_person(cls, role: Role) -> Role:
        if role is Role.VIEWER:
            raise ValueError("operator, technician, engineer or qa: a viewer is a screen")
        return role

    @field_validator("name")
    @classmethod
    def _one_line(cls, name: str) -> str:
        if not name.isprintable():
            raise ValueError("one printable line")
        return name


class BadgeFile(Data):
    schema_version: int = Field(default=1, ge=1, le=1)
    badges: dict[str, Badge] = Field(default={})

    @field_validator("badges")
    @classmethod
    def _numbers(cls, badges: dict[str, Badge]) -> dict[str, Badge]:
        for number in badges:
            if re.fullmatch(r"[A-Z0-9]{1,12}", number, re.ASCII) is None:
                raise ValueError(f"badge numbers of 1 to 12 of A-Z and 0-9, not {number[:20]!r}")
        return badges


@dataclass(frozen=True, slots=True)
class Code:
    """What a badge's barcode says."""

    number: str
    secret: str

    @classmethod
    def read(cls, text: str) -> Code | None:
        """None for what is no badge."""
        found = _CODE.fullmatch(text.strip().upper())
        return None if found is None else cls(found[1], found[2])

    @property
    def text(self) -> str:
        return f"{PREFIX}{self.number}-{self.secret}"


def load_badges(file: Path) -> BadgeFile:
    """The badges of a file; none when there is no file yet. Raises FileError."""
    return load(file, BadgeFile) if file.exists() else BadgeFile()


def add_badge(file: Path, number: str, name: str, role: Role, pin: str | None) -> Code:
    """Put a badge into the file, or in place of the one of its number; its code, told this once.

    Raises UsageError for a PIN that is none, or a role that needs one; FileError for a bad file.
    """
    if role > Role.OPERATOR and pin is None:
        raise UsageError(f"role {role.value}: found no PIN, expected one")
    if pin is not None and _PIN.fullmatch(pin) is None:
        raise UsageError("PIN: found something else, expected 6 to 12 digits")
    code = Code.read(f"{PREFIX}{number}-{''.join(secrets.choice(_LETTERS) for _ in range(SECRET_LETTERS))}")
    if code is None:
        raise UsageError(f"badge number: found {number[:20]!r}, expected 1 to 12 of A-Z and 0-9")
    known = load_badges(file).model_dump(mode="json")
    badge: dict[str, Any] = {"name": name, "role": role.value, "secret": hashed(code.secret)}
    if pin is not None:
        badge["pin"] = hashed(pin)
    checked = _checked({**known, "badges": {**known["badges"], code.number: badge}})
    write_whole(file, yaml.safe_dump(checked.model_dump(mode="json", exclude_none=True), allow_unicode=True))
    file.chmod(0o600)
    return code


def hashed(word: str) -> str:
    """A salted hash as the file keeps it."""
    salt = secrets.token_bytes(16)
    return f"scrypt${base64.b64encode(salt).decode()}${base64.b64encode(_scrypt(word, salt)).decode()}"


def holds(word: str, kept: str) -> bool:
    """Whether ``word`` is what was hashed; takes as long either way."""
    _, salt, digest = kept.split("$")
    return hmac.compare_digest(_scrypt(word, base64.b64decode(salt)), base64.b64decode(digest))


def _scrypt(word: str, salt: bytes) -> bytes:
    return hashlib.scrypt(word.encode(), salt=salt, n=_COST, r=_BLOCK, p=_LANES, dklen=32)


def _checked(values: dict[str, Any]) -> BadgeFile:
    try:
        return BadgeFile.model_validate(values)
    except ValueError as error:
        raise UsageError(f"badge: {error}") from error
