"""Whole runs of the shipped plan in virtual time, and slots for tests of procedures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import rig
from rig.bm13xx.models import chip_model
from rig.board import bring_up, link_echoes, read_eeprom
from rig.errors import GuardError, GuardTrip, UsageError
from rig.guard.client_parts import SupplyClient
from rig.instruments.scanner import ScpiScanner
from rig.records import RunRecord
from rig.slot import Phase, Protection
from rig.testkit import VirtualBench, VirtualSlot
from rig.testkit.clock import SharedClock
from rig.verdict import Verdict

ROOT = Path(rig.__file__).parents[1]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> VirtualBench:
    return VirtualBench(
        "s21pro", fixture=ROOT / "fixtures" / "sim.yaml", results=tmp_path_factory.mktemp("results"),
        plans=ROOT / "testplans",
    )


def told(record: RunRecord) -> Any:
    """What a record says, but for the names of the run."""
    return record.model_dump(exclude={"run_id", "started", "ended", "made_by"})


def test_a_good_board_passes_and_says_that_it_was_simulated(bench: VirtualBench) -> None:
    record = bench.run(seed=7)
    assert (record.verdict, record.failure_code, record.grade) == (Verdict.PASS, None, "L1")
    assert record.simulated
    assert record.chips_found == 65
    assert record.board_rate is not None
    assert record.board_rate > 0.998
    assert record.not_taken == ()
    assert [note.role for note in record.instruments] == ["supply", "meter", "scanner"]
    assert record.seconds > 60


def test_the_same_seed_gives_the_same_record(bench: VirtualBench) -> None:
    fault = {"kind": "weak_chip", "chip": 17, "rate": 0.8}
    first, second = (bench.run([fault], seed=3, time_scale=20) for _ in range(2))
    assert told(first) == told(second)
    assert first.failure_code == "CHIP-WEAK"
    assert told(bench.run([fault], seed=4, time_scale=20)) != told(first)


BOARD_FAULTS = [
    ({"kind": "dead_chip", "chip": 32}, "CHAIN-SHORT"),
    ({"kind": "reset_stuck"}, "CHAIN-NONE"),
    ({"kind": "open_input"}, "POWER-OPEN"),
    ({"kind": "eeprom_corrupt"}, "EEPROM-DATA"),
    ({"kind": "domain_voltage", "domain": 5, "offset_volts": 0.08}, "DOMAIN-VOLTS"),
    ({"kind": "bad_cores", "chip": 5, "cores": 4}, "CHIP-CORES"),
]
STATION_FAULTS = [
    ({"kind": "uart_gone"}, "STN-LINK"),
    ({"kind": "supply_unreachable", "at_seconds": 8}, "STN-SUPPLY"),
    ({"kind": "meter_overload"}, "STN-METER"),
    ({"kind": "scanner_unreachable", "at_seconds": 10}, "STN-SCANNER"),
    ({"kind": "bridge_unreachable", "at_seconds": 10}, "STN-BRIDGE"),
    ({"kind": "fan_fail", "fan": 1, "at_seconds": 5}, "STN-FAN"),
    ({"kind": "estop", "at_seconds": 9}, "STN-ESTOP"),
    ({"kind": "corrupt_replies", "rate": 0.02}, "STN-WIRE"),
]


def kind_of(value: object) -> str:
    return str(value["kind"]) if isinstance(value, dict) else ""


@pytest.mark.parametrize(("fault", "code"), BOARD_FAULTS, ids=kind_of)
def test_a_fault_of_the_board_is_the_boards(bench: VirtualBench, fault: dict[str, Any], code: str) -> None:
    record = bench.run([fault], seed=7, time_scale=20)
    assert (record.verdict, record.failure_code) == (Verdict.FAIL, code)


@pytest.mark.parametrize(("fault", "code"), STATION_FAULTS, ids=kind_of)
def test_a_fault_of_the_station_is_not_the_boards(
    bench: VirtualBench, fault: dict[str, Any], code: str
) -> None:
    record = bench.run([fault], seed=7, time_scale=20)
    assert (record.verdict, record.failure_code) == (Verdict.STATION_FAULT, code)
    assert record.board_verdict is not Verdict.FAIL


def test_a_board_that_could_not_be_proved_off_is_not_to_be_touched(bench: VirtualBench) -> None:
    record = bench.run([{"kind": "supply_unreachable", "at_seconds": 8}], seed=7, time_scale=20)
    (off,) = [event.text for event in record.events if event.kind == "off"]
    assert off == "volts unknown; hands off yet: it could not be read back as off; call the engineer"


def test_a_board_pulled_out_is_nobodys_fault(bench: VirtualBench) -> None:
    record = bench.run([{"kind": "board_removed", "at_seconds": 9}], seed=7, time_scale=20)
    assert (record.verdict, record.failure_code) == (Verdict.ABORTED, "OPR-UNPLUG")


def test_a_domain_above_its_limit_is_off_at_once(
    bench: VirtualBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it was doing: within 0.2 s of the end of the scan that shows it."""
    clocks: list[SharedClock] = []
    scans: list[tuple[float, float]] = []       # when, and the highest domain's volts
    offs: list[float] = []

    class KeptClock(SharedClock):
        def __init__(self) -> None:
            super().__init__()
            clocks.append(self)

    def read(scanner: ScpiScanner, plain: Any = ScpiScanner.read) -> Any:
        found = plain(scanner)
        scans.append((clocks[-1].now(), max(volts.value for volts in found.domains)))
        return found

    def off(supply: SupplyClient, plain: Any = SupplyClient.off) -> Any:
        offs.append(clocks[-1].now())
        return plain(supply)

    monkeypatch.setattr("rig.testkit.bench.SharedClock", KeptClock)
    monkeypatch.setattr(ScpiScanner, "read", read)
    monkeypatch.setattr(SupplyClient, "off", off)

    fault = {"kind": "domain_voltage", "domain": 3, "offset_volts": 0.3, "at_seconds": 30}
    record = bench.run([fault], seed=7, time_scale=20)

    assert (record.verdict, record.failure_code) == (Verdict.FAIL, "DOMAIN-VOLTS")
    shown = next(at for at, volts in scans if volts > 1.25)
    assert min(at for at in offs if at >= shown) - shown <= 0.2


@pytest.fixture
def slot(bench: VirtualBench) -> Any:
    made = bench.slot(seed=7)
    yield made
    made.close()


def live(slot: VirtualSlot, bench: VirtualBench) -> VirtualSlot:
    recipe = bench.setup.plan.recipe
    slot.prepare()
    slot.power_on()
    slot.supply.enter(Phase.PRE_OPEN, 60)
    slot.supply.on(recipe.pre_open_volts, Protection(recipe.over_volts, recipe.over_amps), 12)
    return slot


def test_a_procedure_runs_in_a_slot_of_its_own(bench: VirtualBench, slot: VirtualSlot) -> None:
    plan = bench.setup.plan
    live(slot, bench)
    assert link_echoes(slot)
    assert read_eeprom(slot, plan.product).identity is not None
    found = bring_up(slot, plan.product, plan.recipe, chip_model(plan.product.chip))
    assert found.complete
    assert slot.bench.power.supply_amps > 3
    assert slot.make_safe() < 1.0
    assert slot.bench.power.pad_volts < 1.0


def test_the_guard_trips_a_worker_that_is_late(bench: VirtualBench, slot: VirtualSlot) -> None:
    live(slot, bench)
    slot.clock.sleep(61.0)
    with pytest.raises(GuardTrip, match="was not over in its 60 s"):
        slot.supply.read()
    assert not slot.bench.output.on
    assert ("slot1", "stopping", "STN-GUARD") in slot.guard.notes.entries


def test_volts_beyond_the_phase_are_refused(bench: VirtualBench, slot: VirtualSlot) -> None:
    slot.prepare()
    slot.supply.enter(Phase.COLD, 10)
    with pytest.raises(GuardError, match="expected 0 to 2 V"):
        slot.supply.on(15.0, Protection(16, 100), 2)
    assert not slot.bench.output.on


def test_a_fault_nobody_knows_is_refused_by_name(bench: VirtualBench) -> None:
    with pytest.raises(UsageError, match="no such fault kind 'gremlin'"):
        bench.run([{"kind": "gremlin"}])
