"""Where records and telemetry go from a station: the sections ``plant`` and ``telemetry`` of a bench file.

No secret stands in them: they name an environment variable, or a file that only its owner may read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from rig.datafile import Data
from rig.errors import UsageError


class Guarded(Data):
    """Something that asks for a secret. At most one of the two says where it is."""

    secret_env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    secret_file: Path | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.secret_env is not None and self.secret_file is not None:
            raise ValueError("secret_env or secret_file, not both")
        return self

    def secret(self, environment: Mapping[str, str] = os.environ) -> str | None:
        """The secret as it stands now; None where none is named.

        Raises UsageError when it is not there, or when others may read its file.
        """
        if self.secret_env is not None:
            if not environment.get(self.secret_env):
                raise UsageError(f"variable {self.secret_env}: found nothing, expected the secret in it")
            return environment[self.secret_env]
        return None if self.secret_file is None else _secret_in(self.secret_file)


class PlantEntry(Guarded):
    """The plant's PostgreSQL. Its secret is the password; without one libpq's own ways are open."""

    url: str

    @field_validator("url")
    @classmethod
    def _of_postgres(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("postgresql", "postgres"):
            raise ValueError("postgresql://user@host/database")
        if parts.password is not None or "password=" in parts.query:
            raise ValueError("an address without a password: name it by secret_env or secret_file")
        return url


class Backend(Enum):
    """What the telemetry's server understands, and what its answer is worth."""

    V2 = "v2"                               # InfluxDB 2.x, and 1.8 with its v2 interface
    V1 = "v1"                               # InfluxDB 1.x
    VICTORIAMETRICS = "victoriametrics"     # what it took since its last flush dies with it

    @property
    def is_durable(self) -> bool:
        """Whether a server that took lines has them on its disk."""
        return self is not Backend.VICTORIAMETRICS


class TelemetryEntry(Guarded):
    """The server of the dashboards. Its secret is a token (v1: user:password)."""

    backend: Backend
    url: str
    org: str | None = None                  # v2
    bucket: str | None = None               # v2
    database: str | None = None             # v1
    spool_megabytes: float = Field(default=512, gt=0, le=1_000_000)    # kept at most while it is away
    batch_lines: int = Field(default=4000, ge=1, le=5000)

    @field_validator("url")
    @classmethod
    def _of_http(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("http://host:port or https://host:port")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("an address alone: the secret is named by secret_env or secret_file")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _place_in_it(self) -> Self:
        wanted = {
            Backend.V2: {"org", "bucket"}, Backend.V1: {"database"}, Backend.VICTORIAMETRICS: set[str](),
        }[self.backend]
        given = {name for name in ("org", "bucket", "database") if getattr(self, name) is not None}
        if wanted != given:
            raise ValueError(f"for {self.backend.value}: {' and '.join(sorted(wanted)) or 'none of them'}, "
                             "of org, bucket and database")
        return self


def _secret_in(file: Path) -> str:
    try:
        mode = file.stat().st_mode & 0o777
        if mode & 0o077:
            raise UsageError(f"{file}: found mode {mode:03o}, expected 600: a secret is its owner's alone")
        secret = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: found {error}, expected a file with the secret") from error
    if not secret:
        raise UsageError(f"{file}: found it empty, expected the secret")
    return secret
