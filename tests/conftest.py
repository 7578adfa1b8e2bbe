"""What all our own tests share."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from proofs.servers import Influx, Postgres, Victoria, has_influx, has_postgres, has_victoria

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Two busy cores make wall-clock deadlines of single examples meaningless.
settings.register_profile("rig", deadline=None, database=None)
settings.load_profile("rig")


# Whole runs over real ports wait more than they work: begun first, they are done when the rest is.
LONGEST = ("tests/e2e", "tests/station/test_runs.py", "tests/station/panel/test_wired.py",
           "tests/tree/test_packaging.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


Demand = Callable[[str, bool, str], None]


@pytest.fixture(scope="session")
def demand() -> Demand:
    """``demand(name, is_there, reason)``: what is absent skips the test with ``reason``.

    Where RIG_REQUIRE (comma separated) names it, the test fails instead.
    """
    def demand(name: str, is_there: bool, reason: str) -> None:
        if is_there:
            return
        if name in os.environ.get("RIG_REQUIRE", "").split(","):
            pytest.fail(f"RIG_REQUIRE names {name}, but there is {reason}")
        pytest.skip(reason)

    return demand


@pytest.fixture(scope="module")
def browser(demand: Demand) -> Iterator[Browser]:
    """One browser for the tests of a module.

    Not for the whole session: as long as it is there playwright's event loop runs in this thread, and
    tests elsewhere that run one of their own could not.
    """
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    demand("chromium", chromium is not None, "no chromium on this machine")
    # Root has no sandbox to run it in.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield found
        found.close()


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime directory of the test's own: no guard, no bench, no lock in it."""
    folder = Path(tempfile.mkdtemp(prefix="rig-"))
    monkeypatch.setenv("RIG_RUNTIME", str(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def shared(demand: Demand) -> Path:
    """The folder of captures and third-party data that are no part of the product."""
    root = Path(__file__).resolve().parents[1]
    folder = (root / os.environ.get("RIG_SHARED", "../shared")).resolve()
    demand("shared", folder.is_dir(), f"no folder {folder}; set RIG_SHARED to where the shared data lies")
    return folder


@pytest.fixture(scope="session")
def postgres(demand: Demand) -> Iterator[Postgres]:
    """A PostgreSQL of our own."""
    demand("postgres", has_postgres(), "no PostgreSQL 15 under /usr/lib/postgresql")
    server = Postgres()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def plant_url(postgres: Postgres) -> str:
    """A fresh database's address, with its password."""
    import psycopg

    name = f"plant_{secrets.token_hex(4)}"
    with psycopg.connect(postgres.url, autocommit=True) as database:
        database.execute(f"CREATE DATABASE {name}".encode())
    return postgres.url.replace("/postgres", f"/{name}")


@pytest.fixture(scope="session")
def influx(demand: Demand) -> Iterator[Influx]:
    """An InfluxDB 1.x of our own."""
    demand("influx", has_influx(), "no influxd on the path")
    server = Influx()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def victoria(demand: Demand) -> Iterator[Victoria]:
    """A VictoriaMetrics of our own."""
    demand("influx", has_victoria(), "no victoria-metrics on the path")
    server = Victoria()
    server.start()
    yield server
    server.remove()
