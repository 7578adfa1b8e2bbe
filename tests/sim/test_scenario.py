"""Scenario files: what is taken, and what is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rig.errors import FileError, UsageError
from rig.recipe import Product
from rig.sim.eeprom_cipher import eeprom_keys
from rig.sim.scenario import FAULTS, BoardScenario, load_scenario, parse_scenario, scenario_for

FILE = Path("bench.yaml")
# Every fault kind of the shared vocabulary (docs/scenarios.md).
VOCABULARY = [
    "dead_chip", "broken_response", "stuck_busy", "intermittent_joint", "dead_domain", "no_clock",
    "reset_stuck", "weak_chip", "slow_chip", "bad_cores", "hardware_errors", "slow_board",
    "duplicate_address", "wrong_chip_id", "stale_jobs", "duplicate_nonces", "heat_drop", "volt_drop",
    "hot_board", "power_high", "short_circuit", "open_input", "leakage", "domain_voltage", "eeprom_absent",
    "eeprom_corrupt", "eeprom_duplicate_serial", "sensor_absent", "sensor_stuck", "uart_gone",
    "corrupt_replies", "lost_bytes", "supply_unreachable", "supply_hangs", "supply_trips",
    "supply_readback_offset", "meter_unreachable", "meter_overload", "meter_offset",
    "scanner_unreachable", "late_reply", "contact_resistance", "sense_open", "cable_open",
    "bridge_unreachable", "fan_fail", "will_not_warm", "ambient", "estop", "lid_open", "board_removed",
]


def with_fault(**fault: Any) -> dict[str, Any]:
    return {"boards": {"slot1": {"faults": [fault]}}}


def test_the_documented_example() -> None:
    scenario = parse_scenario(
        {
            "ambient_celsius": 25, "time_scale": 1,
            "boards": {
                "slot1": {
                    "serial": "auto", "seed": 7,
                    "faults": [
                        {"kind": "weak_chip", "chip": 17, "rate": 0.8},
                        {"kind": "fan_fail", "fan": 2, "at_seconds": 12},
                    ],
                },
                "slot2": {"seed": 8, "faults": []},
            },
        },
        FILE,
    )
    weak, fan = scenario.board("slot1").faults
    assert (weak.kind, weak.at_seconds) == ("weak_chip", None)
    assert (fan.kind, fan.at_seconds) == ("fan_fail", 12)


def test_a_slot_that_is_not_named_holds_a_good_board_of_its_serial() -> None:
    board = parse_scenario({}, FILE).board("slot3")
    assert board == BoardScenario()
    assert board.seed_for("A") == board.seed_for("A") != board.seed_for("B")
    assert BoardScenario(seed=7).seed_for("A") == 7


def test_every_kind_of_the_vocabulary_is_known() -> None:
    assert sorted(FAULTS) == sorted(VOCABULARY)


@pytest.mark.parametrize("kind", ["dead_chips", "", 7, None, ["dead_chip"]])
def test_unknown_kinds_are_refused(kind: Any) -> None:
    with pytest.raises(UsageError, match=r"bench.yaml: boards.slot1.faults.0.kind: no such fault kind"):
        parse_scenario(with_fault(kind=kind), FILE)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"ambient": 20}, "ambient"),
        ({"time_scale": 0}, "time_scale"),
        ({"boards": {"slot1": {"seeds": 1}}}, "boards.slot1.seeds"),
        ({"boards": {"slot1": {"faults": {"kind": "dead_chip"}}}}, "boards.slot1.faults"),
        (with_fault(chip=3), "boards.slot1.faults.0"),
        (with_fault(kind="weak_chip", chip=3), "rate"),
        (with_fault(kind="weak_chip", chip=3, rate=1.2), "rate"),
        (with_fault(kind="intermittent_joint", chip=3, probability=2), "probability"),
        (with_fault(kind="dead_domain", domain=3, how="gone"), "how"),
        (with_fault(kind="short_circuit", ohms=0), "ohms"),
        (with_fault(kind="heat_drop", chip=3), "above_celsius"),
        (with_fault(kind="volt_drop", chip=3, below_volts=-1), "below_volts"),
        (with_fault(kind="weak_chip", chip=-1, rate=0.5), "chip"),
        (with_fault(kind="dead_chip", chip=3, core=1), "core"),
        (with_fault(kind="estop", at_seconds=-1), "at_seconds"),
        (with_fault(kind="bad_cores", chip=3, cores=0), "cores"),
        ([], ""),
    ],
)
def test_what_a_file_may_not_say(values: Any, field: str) -> None:
    with pytest.raises(FileError, match=r"bench.yaml") as refused:
        parse_scenario(values, FILE)
    assert field in refused.value.field


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"kind": "dead_chip", "chip": 65}, "chip: found 65, expected 0 to 64"),
        ({"kind": "duplicate_address", "chip": 0}, "chip: found 0, expected 1 to 64 on a s21pro"),
        ({"kind": "stuck_busy", "chip": 64}, "chip: found 64, expected 0 to 63 on a s21pro"),
        ({"kind": "dead_domain", "domain": 13, "how": "silent"}, "domain: found 13, expected 0 to 12"),
        ({"kind": "sensor_stuck", "sensor": 4, "celsius": 30}, "sensor: found 4, expected 0 to 3"),
        ({"kind": "domain_voltage", "domain": 13, "offset_volts": 0.1}, "domain: found 13"),
        ({"kind": "sensor_absent", "sensor": 4}, "sensor: found 4"),
        ({"kind": "fan_fail", "fan": 4}, "fan: found 4"),
        ({"kind": "bad_cores", "chip": 1, "cores": 129}, "cores: found 129"),
        ({"kind": "bad_cores", "chip": 1, "cores": [3, 128]}, "cores: found 128"),
    ],
)
def test_places_the_product_has_not_got(product: Product, fault: dict[str, Any], field: str) -> None:
    board = parse_scenario(with_fault(**fault), FILE).board("slot1")
    with pytest.raises(UsageError, match=f"fault {fault['kind']}: {field}"):
        board.check_fits(product)


def test_a_chip_id_is_a_number_or_hex_text() -> None:
    for given in (0x1368, "0x1368"):
        scenario = parse_scenario(with_fault(kind="wrong_chip_id", chip=2, id=given), FILE)
        fault = scenario.board("slot1").faults[0]
        assert fault.id == 0x1368  # type: ignore[union-attr]


def test_a_key_file_lies_beside_the_scenario(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("boards: {slot1: {eeprom_key_file: keys.yaml}, slot2: {}}\n")
    scenario = load_scenario(file)
    assert scenario.board("slot1").eeprom_key_file == tmp_path / "keys.yaml"
    assert scenario.board("slot2").eeprom_key_file is None


def test_a_simulated_board_needs_the_key_of_its_cipher(tmp_path: Path) -> None:
    file = tmp_path / "keys.yaml"
    file.write_text(f'schema_version: 1\nxxtea: {{1: "{"ab" * 16}"}}\n')
    file.chmod(0o600)
    with pytest.raises(FileError, match="aes: found nothing, expected the key and iv"):
        eeprom_keys(file)


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("boards: {slot1: {faults: [{kind: no_clock}]}}\n")
    assert load_scenario(file).board("slot1").faults[0].kind == "no_clock"
    assert scenario_for(None, file) == load_scenario(file)
    assert scenario_for({"time_scale": 5}, None).time_scale == 5
    assert not scenario_for(None, None).boards
    with pytest.raises(FileError, match="twice"):
        scenario_for({}, file)
    with pytest.raises(FileError, match="no such file"):
        load_scenario(tmp_path / "absent.yaml")
