"""Records to write: a good run, a failed one, one that the station broke off."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rig.clock import VirtualClock
from rig.recipe import Failure, Failures, Limit, Limits, MeasurementSpec
from rig.recipe.eeprom_layout import BoardIdentity
from rig.recipe.limits import Dimension
from rig.records import InstrumentRecord, MadeBy, RunFolder, RunRecord, RunStart
from rig.records.model import Event
from rig.records.plant.address import PlantAddress
from rig.records.plant.store import PlantStore
from rig.verdict import Evidence, Fault, Judge, Measurement, combine, diagnose, not_taken

STARTED = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)
SERIAL = "SIM0000000000001A"
LIMITS = Limits(limits="small", version=1, measurements={
    "chips_found": MeasurementSpec(unit="chips", says="chips found", limit=Limit(equals=65),
                                   code="CHAIN-SHORT"),
    "board_watts": MeasurementSpec(unit="W", says="board power", limit=Limit(at_most=1085),
                                   marginal=Limit(at_most=1100), code="POWER-HIGH"),
    "domain_volts": MeasurementSpec(unit="V", says="volts of each domain", over=Dimension.DOMAIN,
                                    limit=Limit(at_least=0.9, at_most=1.2), code="DOMAIN-VOLTS"),
    "start_celsius": MeasurementSpec(unit="celsius", says="sensors before power", over=Dimension.SENSOR),
})
WORDS = Failures(failures="small", version=1, codes={
    code: Failure(says=f"{code}: {{reason}}.", place="Here.", action="Act <now> & here.", retest="Once.")
    for code in ("CHAIN-SHORT", "POWER-HIGH", "DOMAIN-VOLTS", "STN-SUPPLY", "STN-SOFTWARE")
})
IDENTITY = BoardIdentity(
    serial=SERIAL, board_name="BHB68701", factory_job="JOB20260114-0001", chip_die="AB",
    chip_marking="BM1370BB-F2", ft_version="F1V02B3C1", chip_technology="N5", chip_bin=2,
    pcb_version=0x011E, bom_version=0x10, sensor_type=4, pt1_result=1, pt1_count=3,
)
GOOD: dict[str, Any] = {
    "start_celsius": [24.5, 25.0, 25.25, 26.0], "chips_found": 65, "board_watts": 1051.2,
    "domain_volts": [1.046] * 13,
}


def measured(values: dict[str, Any]) -> tuple[Measurement, ...]:
    judge = Judge(LIMITS, {Dimension.DOMAIN: 13, Dimension.SENSOR: 4})
    return tuple(
        judge.take(name, value, at_seconds=1.5 * place)
        for place, (name, value) in enumerate(values.items(), start=1)
    )


@pytest.fixture
def start() -> RunStart:
    return RunStart(
        run_id="20260101T080000-00c0de", serial=SERIAL, product="s21pro", slot="slot1", station="bench-3",
        site="Works 2, Austin", country="US",
        fixture="sim", operator="Ada", simulated=True, started=STARTED,
        made_by=MadeBy(rig_version="0.1.0", plan={"recipe.yaml": "ab" * 32}),
    )


Make = Callable[..., RunRecord]


@pytest.fixture
def make(start: RunStart) -> Make:
    """A record of a run with these measurements beside the good ones, ended by these faults."""

    def make(
        *faults: Fault, retried: tuple[Measurement, ...] = (), run_id: str = start.run_id, **changes: Any
    ) -> RunRecord:
        taken = (*retried, *measured({
            name: value for name, value in {**GOOD, **changes}.items() if value is not None
        }))
        evidence = Evidence(
            slot=start.slot, serial=start.serial, limits=LIMITS, chips=65, chips_per_domain=5,
            measurements=taken, faults=faults,
        )
        return RunRecord.complete(
            start.model_copy(update={"run_id": run_id}),
            combine(diagnose(evidence, WORDS), level="L1"),
            ended=STARTED + timedelta(seconds=61.5), seconds=61.5, measurements=taken,
            not_taken=not_taken(LIMITS, taken),
            events=(Event(at_seconds=0.5, kind="phase", text="bring-up"),),
            instruments=(InstrumentRecord(role="supply", identity="RIGSIM,SPS20-120,slot1,1.0"),),
            chips_found=65, board_rate=0.9991, watts=1051.2, joules_per_terahash=math.nan,
            backend="native, SHA-NI", identity=IDENTITY,
        )

    return make


@pytest.fixture
def records(make: Make) -> dict[str, RunRecord]:
    """One of each kind, by the name of its golden file."""
    volts: list[float] = [1.046] * 12 + [math.nan]
    return {
        "pass": make(),
        "marginal": make(board_watts=1090.0),
        "fail": make(chips_found=32, domain_volts=None, board_watts=None),
        "station_fault": make(Fault("STN-SUPPLY", "no answer in 2 s"), board_watts=None, domain_volts=volts),
    }


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(STARTED)


@pytest.fixture
def folder(tmp_path: Path, start: RunStart) -> RunFolder:
    return RunFolder.create(tmp_path / "results", start.serial, start.run_id, start.started)


@pytest.fixture
def plant(plant_url: str) -> Iterator[PlantStore]:
    """A plant that is ready."""
    from rig.records.plant.migrations import prepare
    from rig.records.plant.postgres import PlantConnection

    address = PlantAddress.of(plant_url, None, {})
    connection = PlantConnection(address)
    prepare(connection)
    connection.close()
    store = PlantStore(address)
    yield store
    store.close()
