"""A station without a guard, its badges, and browsers that talk to it in memory."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx import Response

import rig
from rig.clock import SystemClock
from rig.station.app import make_app
from rig.station.badges import Badge, BadgeFile, hashed
from rig.station.place import Place
from rig.station.roles import Role
from rig.station.sessions import Sessions
from rig.station.station import Station

ROOT = Path(rig.__file__).parents[1]
VIEW, SECRET, PIN = "a-screen-of-this-station", "K7QX9M2RT4WD", "135790"
HOST = "127.0.0.1:8080"


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A simulated bench of four slots that nobody has started."""
    folder, runtime = tmp_path_factory.mktemp("station"), Path(tempfile.mkdtemp(prefix="rig-"))
    fixture = folder / "sim.yaml"
    shutil.copy(ROOT / "fixtures" / "sim.yaml", fixture)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RIG_RUNTIME", str(runtime))
        yield Place.find(fixture, None, None, folder / "results", ROOT / "testplans")
    shutil.rmtree(runtime, ignore_errors=True)


@pytest.fixture(scope="session")
def badges() -> BadgeFile:
    secret, pin = hashed(SECRET), hashed(PIN)
    return BadgeFile(badges={
        "0001": Badge(name="Ada", role=Role.OPERATOR, secret=secret),
        "0002": Badge(name="Bo", role=Role.TECHNICIAN, secret=secret, pin=pin),
        "0003": Badge(name="Cy", role=Role.ENGINEER, secret=secret, pin=pin),
    })


@dataclass
class Browser:
    """One browser: its cookies and the word its page sends with every press."""

    client: TestClient
    csrf: str = ""

    def badge(self, number: str, secret: str = SECRET) -> Response:
        answer = self.client.post(
            "/api/session/badge", json={"id": str(uuid.uuid4()), "badge": f"BADGE-{number}-{secret}"}
        )
        if answer.status_code == 200:
            self.csrf = answer.json()["csrf"]
        return answer

    def pin(self, pin: str = PIN) -> Response:
        return self.press("/api/session/pin", pin=pin)

    def press(self, path: str, **body: object) -> Response:
        return self.client.post(
            path, json={"id": str(uuid.uuid4()), **body}, headers={"x-rig-csrf": self.csrf}
        )

    def scan(self, text: str) -> Response:
        return self.press("/api/scan", text=text)


@dataclass
class Door:
    """The station's application; every browser is a new one."""

    app: object
    station: Station
    sessions: Sessions
    view: str = VIEW

    def browser(self) -> Browser:
        return Browser(TestClient(self.app, base_url=f"http://{HOST}", follow_redirects=False))  # type: ignore[arg-type]

    def screen(self) -> Browser:
        browser = self.browser()
        browser.client.get(f"/?view={VIEW}")
        return browser


@pytest.fixture
def door(place: Place, badges: BadgeFile) -> Iterator[Door]:
    clock = SystemClock()
    station, sessions = Station(place, clock), Sessions(badges, clock)
    yield Door(make_app(station, sessions, VIEW, {"127.0.0.1", "localhost"}), station, sessions)
    station.log.close()
