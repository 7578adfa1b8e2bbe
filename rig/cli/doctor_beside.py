"""What a bench file names beside the bench: the factory's system, the plant, telemetry, EEPROM keys.

Secrets are looked for and never shown. Of a server it is seen whether it takes a connection; nothing is sent.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from rig.cli.doctor_check import Check
from rig.errors import UsageError
from rig.fixturefile import FixtureFile
from rig.mesentry import Offline

_CONNECT_SECONDS = 1.0
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "postgres": 5432}


def beside(fixture: FixtureFile) -> Iterator[Check]:
    """One line each."""
    mes, plant, telemetry = fixture.mes, fixture.plant, fixture.telemetry
    yield _keys(fixture)
    if mes is None:
        yield _none("MES", "boards are run unasked")
    else:
        yield _server("MES", mes.url, mes.token, necessary=mes.offline is Offline.REFUSE)
    if plant is None:
        yield _none("plant", "records stay on the station")
    else:
        yield _server("plant", plant.url, plant.secret, necessary=False)
    if telemetry is None:
        yield _none("telemetry", "the seconds of a run stay in its folder")
    else:
        yield _server("telemetry", telemetry.url, telemetry.secret, necessary=False)


def _keys(fixture: FixtureFile) -> Check:
    if fixture.eeprom is None:
        return _none("EEPROM keys", "an enciphered board cannot be run (docs/passport.md)")
    try:
        return Check("EEPROM keys", True, f"configured: {fixture.eeprom.keys().says()}")
    except UsageError as error:
        return Check("EEPROM keys", False, str(error), "Correct section eeprom of the bench file.")


def _none(name: str, so: str) -> Check:
    return Check(name, True, f"not configured: {so}", necessary=False)


def _server(name: str, url: str, secret: Callable[[], str | None], *, necessary: bool) -> Check:
    """Its secret is there, and somebody listens where it should be."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or _PORTS[parts.scheme]
    where = f"{host}:{port}"
    try:
        known = "" if secret() is None else ", its secret is there"
    except UsageError as error:
        return Check(name, False, f"{where}: {error}", "Correct the bench file, or set it.", necessary)
    try:
        socket.create_connection((host, port), _CONNECT_SECONDS).close()
    except OSError as error:
        found = f"{where}: {error.strerror or error}"
        return Check(name, False, found, "Start it; check network and address.", necessary)
    return Check(name, True, f"{where} takes connections{known}")
