"""What each fault kind must come to: when it must be caught, under which codes, and whose it is.

This is the vocabulary's own table (docs/scenarios.md), written down apart from the rules of the
verdict, so that a study can contradict them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rig.recipe import Product, Recipe
from rig.recipe.failures import Party

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bench:
    """What the thresholds of some kinds depend on: figures of the plan."""

    working_domain_volts: float
    soak_celsius: float
    working_amps: float

    @classmethod
    def of(cls, product: Product, recipe: Recipe) -> Bench:
        """``working_amps``: what a sound board draws at its level, at least."""
        level = recipe.levels[0]
        return cls(level.volts / product.domains, recipe.soak.target_celsius, LEAST_WORKING_AMPS)


LEAST_WORKING_AMPS = 65.0


@dataclass(frozen=True, slots=True)
class Expected:
    """``caught`` says whether such a fault must be found; ``codes`` are equally right then."""

    blame: Party
    codes: frozenset[str]
    caught: Callable[[Values, Bench], bool] = lambda _values, _bench: True


def must_be_caught(fault: Values, bench: Bench) -> bool:
    """Whether a board or station with this fault must not end as sound."""
    return EXPECTED[str(fault["kind"])].caught(fault, bench)


def codes_of(fault: Values) -> frozenset[str]:
    """The codes that are right for a fault; chip 0 leaves a chain on which nobody answers."""
    codes = EXPECTED[str(fault["kind"])].codes
    silent = fault["kind"] in _SILENT_FROM_ITS_CHIP_ON and fault.get("chip") == 0
    return codes | {"CHAIN-NONE"} if silent else codes


def _board(*codes: str, caught: Callable[[Values, Bench], bool] | None = None) -> Expected:
    return Expected(Party.BOARD, frozenset(codes), *([caught] if caught else []))


def _station(*codes: str, caught: Callable[[Values, Bench], bool] | None = None) -> Expected:
    return Expected(Party.STATION, frozenset(codes), *([caught] if caught else []))


def _at_least(name: str, least: float) -> Callable[[Values, Bench], bool]:
    return lambda fault, _bench: abs(fault[name]) >= least


def _at_most(name: str, most: float) -> Callable[[Values, Bench], bool]:
    return lambda fault, _bench: bool(fault[name] <= most)


def _many_cores(fault: Values, _bench: Bench) -> bool:
    cores = fault["cores"]
    return (cores if isinstance(cores, int) else len(set(cores))) >= 3


def _drops_while_soaking(fault: Values, bench: Bench) -> bool:
    return bool(fault["above_celsius"] <= bench.soak_celsius - 2)


def _drops_at_working_volts(fault: Values, bench: Bench) -> bool:
    return bool(fault["below_volts"] >= bench.working_domain_volts + 0.02)


def _trips_at_work(fault: Values, bench: Bench) -> bool:
    return bool(fault["amps"] < bench.working_amps)


def _bad_room(fault: Values, _bench: Bench) -> bool:
    return not 15 <= fault["celsius"] <= 40


_SILENT_FROM_ITS_CHIP_ON = frozenset({"dead_chip", "broken_response", "intermittent_joint"})
_INSTRUMENT_CODES = ("STN-SUPPLY", "STN-METER", "STN-SCANNER")

EXPECTED: Mapping[str, Expected] = {
    "dead_chip": _board("CHAIN-SHORT"),
    "broken_response": _board("CHAIN-RESPONSE", "CHIP-BUSY"),
    "stuck_busy": _board("CHIP-BUSY", "CHAIN-RESPONSE"),
    "intermittent_joint": _board("CHAIN-WANDERS", "CHAIN-SHORT", caught=_at_least("probability", 0.5)),
    "dead_domain": _board("DOMAIN-LOST"),
    "no_clock": _board("CHAIN-NONE"),
    "reset_stuck": _board("CHAIN-NONE"),
    "weak_chip": _board("CHIP-WEAK", caught=_at_most("rate", 0.985)),
    "slow_chip": _board("CHIP-WEAK", caught=_at_least("mhz", 120)),
    "bad_cores": _board("CHIP-CORES", caught=_many_cores),
    "hardware_errors": _board("CHIP-ERRORS", caught=_at_least("rate", 0.02)),
    "slow_board": _board("BOARD-RATE", "CHIP-WEAK", caught=_at_most("rate", 0.985)),
    "duplicate_address": _board("CHIP-ADDRESS"),
    "wrong_chip_id": _board("CHIP-ID"),
    "stale_jobs": _board("CHIP-STALE"),
    "duplicate_nonces": _board("CHIP-REPEATS", caught=_at_least("rate", 0.05)),
    "heat_drop": _board("CHIP-HEAT", caught=_drops_while_soaking),
    "volt_drop": _board("CHIP-VOLTS", caught=_drops_at_working_volts),
    "hot_board": _board("TEMP-HIGH", caught=_at_least("factor", 1.6)),
    "power_high": _board("POWER-HIGH", caught=_at_least("factor", 1.08)),
    "short_circuit": _board("POWER-SHORT", caught=_at_most("ohms", 0.02)),
    "open_input": _board("POWER-OPEN"),
    "leakage": _board("POWER-LEAK", "POWER-HIGH", caught=_at_least("amps", 2)),
    "domain_voltage": _board("DOMAIN-VOLTS", caught=_at_least("offset_volts", 0.06)),
    "eeprom_absent": _board("EEPROM-NONE"),
    "eeprom_corrupt": _board("EEPROM-DATA"),
    "eeprom_duplicate_serial": _board("EEPROM-SERIAL"),
    "sensor_absent": _board("SENSOR-NONE"),
    "sensor_stuck": _board("SENSOR-STUCK"),
    "uart_gone": _station("STN-LINK"),
    "corrupt_replies": _station("STN-WIRE", caught=_at_least("rate", 0.01)),
    "lost_bytes": _station("STN-WIRE", caught=_at_least("rate", 0.002)),
    "supply_unreachable": _station("STN-SUPPLY"),
    "supply_hangs": _station("STN-SUPPLY"),
    "supply_trips": _station("STN-SUPPLY", caught=_trips_at_work),
    "supply_readback_offset": _station("STN-SUPPLY", caught=_at_least("volts", 0.1)),
    "meter_unreachable": _station("STN-METER"),
    "meter_overload": _station("STN-METER"),
    "meter_offset": _station("STN-METER", caught=_at_least("watts", 40)),
    "scanner_unreachable": _station("STN-SCANNER"),
    "late_reply": _station(*_INSTRUMENT_CODES, caught=_at_least("ms", 2000)),
    "contact_resistance": _station("STN-CONTACT", caught=_at_least("ohms", 0.005)),
    "sense_open": _station("STN-CONTACT"),
    "cable_open": _station("STN-CONTACT"),
    "bridge_unreachable": _station("STN-BRIDGE"),
    "fan_fail": _station("STN-FAN"),
    "will_not_warm": _station("STN-WARM", "STN-FAN"),
    "ambient": _station("STN-AMBIENT", caught=_bad_room),
    "estop": _station("STN-ESTOP"),
    "lid_open": _station("STN-LID"),
    "board_removed": Expected(Party.OPERATOR, frozenset({"OPR-UNPLUG"})),
}
