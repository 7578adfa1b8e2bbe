"""A stand-in of the factory's system, and a client of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from proofs.mes_standin import StandIn, mes_standin
from rig.clock import SystemClock
from rig.mesentry import MesEntry
from rig.records.mes import MesClient

Client = Callable[..., MesClient]


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with mes_standin() as found:
        yield found


@pytest.fixture
def client(standin: StandIn) -> Client:
    def client(**changes: object) -> MesClient:
        entry = {"url": standin.url, "timeout_seconds": 5, **changes}
        return MesClient(MesEntry.model_validate(entry), SystemClock())

    return client
