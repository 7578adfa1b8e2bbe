"""What a bench's watcher looks at and whom it tells: section ``watch`` of a bench file."""

from __future__ import annotations

from datetime import date
from enum import Enum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from rig.datafile import Data
from rig.destinations import Guarded

LOOPBACK = ("127.0.0.1", "localhost", "::1")
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _.-]{0,39}$")]


class Part(Enum):
    """A process that is to be up."""

    GUARD = "guard"
    STATION = "station"
    OUTBOX = "outbox"
    LAB = "lab"                                 # labgrid's coordinator and the bench's exporter


class WebhookEntry(Guarded):
    """Who is told of alarms: one POST of JSON. Its secret is a token, sent as ``Bearer``."""

    url: str
    timeout_seconds: float = Field(default=5, ge=0.1, le=30)
    alive_seconds: float | None = Field(default=None, ge=10)    # None: only what changes is told

    @field_validator("url")
    @classmethod
    def _of_http(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("http://HOST[:PORT]/PATH, or https")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("an address alone: the secret is named by secret_env or secret_file")
        return url

    @model_validator(mode="after")
    def _no_secret_in_the_open(self) -> Self:
        parts = urlsplit(self.url)
        guarded = self.secret_env is not None or self.secret_file is not None
        if guarded and parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise ValueError("https, since a secret goes there")
        return self

    @property
    def host(self) -> str:
        """All of it that may be told: some services' paths are secrets."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


class WatchEntry(Data):
    """``parts`` None: guard and station, and the outbox where the bench file names somewhere to send to."""

    every_seconds: float = Field(default=30, ge=1, le=3600)
    parts: list[Part] | None = None
    rounds: int = Field(default=2, ge=1, le=100)            # in a row, until what changed is told
    repeat_hours: float = Field(default=4, ge=0.1, le=1000)         # while it stays wrong
    least_free_gib: float = Field(default=5, gt=0)          # on the disk of the results
    warn_days: int = Field(default=30, ge=0, le=1000)       # before something ends
    certificates: dict[Name, Path] = Field(default={})      # X.509, PEM: their own last day
    ends: dict[Name, date] = Field(default={})              # whatever else has a last day, such as a key
    webhook: WebhookEntry | None = None
