"""Where the plant's database is, and how to name it without telling its password."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

from rig.destinations import PlantEntry
from rig.errors import UsageError

VARIABLE = "RIG_PLANT"
_IN_QUERY = re.compile(r"(?<![a-z])password=([^&]*)&?")


@dataclass(frozen=True, slots=True)
class PlantAddress:
    """``url`` never holds a password: ``entry`` says where it is, or ``_told`` it was in the address."""

    url: str
    entry: PlantEntry | None = None
    _told: str | None = None

    @classmethod
    def of(
        cls, url: str | None, entry: PlantEntry | None, environment: Mapping[str, str] = os.environ
    ) -> PlantAddress:
        """The first there is: ``url``, $RIG_PLANT, the bench file's. Raises UsageError for none or a wrong
        one."""
        told = url or environment.get(VARIABLE)
        if told:
            return _apart(told)
        if entry is None:
            raise UsageError(
                f"found no address of the plant's database, expected --url, ${VARIABLE} or the section plant "
                "of a bench file: postgresql://user@host/database"
            )
        return cls(entry.url, entry)

    def password(self) -> str | None:
        """As it stands now; None leaves it to libpq's own ways. Raises UsageError."""
        if self.entry is not None and self._told is None:
            return self.entry.secret()
        return self._told

    def __repr__(self) -> str:
        return f"PlantAddress({self.url!r})"


def _apart(url: str) -> PlantAddress:
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise UsageError(
            f"the plant's database: found an address that begins {parts.scheme[:20]!r}, "
            "expected postgresql://user@host/database"
        )
    in_query = _IN_QUERY.search(parts.query)
    query = _IN_QUERY.sub("", parts.query).rstrip("&")
    password = parts.password or (in_query[1] if in_query else None)
    user, _, host = parts.netloc.rpartition("@")
    place = f"{user.partition(':')[0]}@{host}" if user else host
    bare = urlunsplit((parts.scheme, place, parts.path, query, ""))
    if bare.startswith("postgresql:/") and not bare.startswith("postgresql://"):
        bare = bare.replace("postgresql:/", "postgresql:///", 1)    # urlunsplit drops an empty host
    return PlantAddress(bare, None, None if password is None else unquote(password))
