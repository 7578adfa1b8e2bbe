"""The factory's system (MES) as a bench file names it: section ``mes``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import Enum
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from rig.datafile import Data
from rig.errors import UsageError

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Dialect(Enum):
    """Whose messages it speaks (docs/mes.md)."""

    PLAIN = "plain"
    INCUMBENT = "incumbent"


class Offline(Enum):
    """What becomes of a board when the system cannot be reached before its run."""

    REFUSE = "refuse"                           # STN-MES
    ALLOW_AND_QUEUE = "allow_and_queue"         # it is tested; its result waits for the system


class MesEntry(Data):
    """``all_runs``: simulated and engineering runs are asked for and told, too: not a real line's."""

    url: str
    dialect: Dialect = Dialect.PLAIN
    timeout_seconds: float = Field(default=5.0, ge=0.1, le=30)
    offline: Offline = Offline.REFUSE
    token_env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    all_runs: bool = False

    @field_validator("url")
    @classmethod
    def _http(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("http://HOST[:PORT][/PATH], or https")
        if parts.username is not None or parts.password is not None:
            raise ValueError("an address without a secret: token_env names the variable that has it")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _no_secret_in_the_open(self) -> MesEntry:
        parts = urlsplit(self.url)
        if self.token_env is not None and parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise ValueError("https, since a token goes there")
        return self

    def token(self, environment: Mapping[str, str] = os.environ) -> str | None:
        """The secret; None where none is named. Raises UsageError when it is not there or no token."""
        if self.token_env is None:
            return None
        token = environment.get(self.token_env, "")
        if not token or not token.isascii() or not token.isprintable():
            raise UsageError(f"variable {self.token_env}: found no token, expected that of the MES in it")
        return token
