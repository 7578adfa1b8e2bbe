"""The numbers of a drawn history: every run × element, with slots, lots, days, boards and plants in them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.qa.history import DAY_SECONDS, Happened
from rig.recipe.limits import Dimension, Limits

Floats = NDArray[np.float64]
MOST_SIGMAS: Final = 3.8  # nothing sound ever leaves its limits by chance


class Stage(IntEnum):
    """How far a run comes: a board that fails at a stage has no numbers of later ones."""

    SIDE = 0
    COLD = 1
    OPEN = 2
    CHAIN = 3
    WORK = 4


STOPS_AT: Final = {
    "EEPROM-DATA": Stage.SIDE,
    "SENSOR-NONE": Stage.SIDE,
    "CHAIN-SHORT": Stage.CHAIN,
    "CHAIN-RESPONSE": Stage.CHAIN,
    "CHAIN-WANDERS": Stage.CHAIN,
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A measurement's mean and sigmas: between boards, and between elements and repeats of one board."""

    stage: Stage
    mean: float
    between: float
    within: float = 0.0
    digits: int = 6


# name: drawn so. Names, limits and units are limits.yaml's; what it does not declare is left out.
VALUES: Final[dict[str, Drawn]] = {
    "start_celsius": Drawn(Stage.SIDE, 24.0, 0.9, 0.4, 2),
    "sensor_offset_celsius": Drawn(Stage.SIDE, 0.0, 0.0, 0.8, 2),
    "ambient_celsius": Drawn(Stage.SIDE, 24.0, 0.9, 0.1, 2),
    "start_spread_celsius": Drawn(Stage.SIDE, 1.8, 0.3, 0.3, 2),
    "charge_seconds": Drawn(Stage.COLD, 0.21, 0.02, 0.01, 3),
    "rail_ohms": Drawn(Stage.COLD, 3.4, 0.2, 0.05, 3),
    "readback_error_volts": Drawn(Stage.COLD, 0.002, 0.001, 0.005, 4),
    "sense_error_volts": Drawn(Stage.COLD, 0.003, 0.001, 0.005, 4),
    "cold_amps": Drawn(Stage.COLD, 0.6, 0.08, 0.02, 3),
    "inrush_seconds": Drawn(Stage.OPEN, 0.31, 0.03, 0.01, 3),
    "pre_open_contact_volts": Drawn(Stage.OPEN, 0.021, 0.003, 0.002, 5),
    "pre_open_volts": Drawn(Stage.OPEN, 15.0, 0.012, 0.008, 4),
    "pre_open_deviation_volts": Drawn(Stage.OPEN, 0.0, 0.0, 0.0085, 5),
    "chips_found": Drawn(Stage.CHAIN, 65.0, 0.0),
    "idle_domain_volts": Drawn(Stage.CHAIN, 1.153, 0.002, 0.0085, 5),
    "idle_amps": Drawn(Stage.CHAIN, 6.1, 0.45, 0.05, 3),
    "idle_excess_amps": Drawn(Stage.CHAIN, 0.1, 0.45, 0.05, 3),
    "contact_ohms": Drawn(Stage.WORK, 0.0019, 0.00008, 0.00012, 6),
    "power_balance_watts": Drawn(Stage.WORK, 0.5, 1.0, 2.5, 2),
    "soak_celsius": Drawn(Stage.WORK, 55.7, 0.2, 0.15, 2),
    "soak_excess_celsius": Drawn(Stage.WORK, 0.9, 0.4, 0.2, 2),
    "hottest_celsius": Drawn(Stage.WORK, 57.4, 0.5, 0.3, 2),
    "cooling_ratio": Drawn(Stage.WORK, 1.0, 0.045, 0.01, 4),
    "kelvin_per_kilowatt": Drawn(Stage.WORK, 22.0, 1.0, 0.2, 3),
    "chip_hit_rate": Drawn(Stage.WORK, 0.9992, 0.00004, 0.0003, 5),
    "weak_chips": Drawn(Stage.WORK, 0.0, 0.0),
    "dead_cores": Drawn(Stage.WORK, 0.0, 0.0),
    "hardware_error_rate": Drawn(Stage.WORK, 0.0004, 0.00002, 0.0001, 6),
    "board_hit_rate": Drawn(Stage.WORK, 0.9992, 0.0002, 0.00005, 6),
    "decision_seconds": Drawn(Stage.WORK, 12.4, 1.1, 0.6, 2),
    "answers_per_second": Drawn(Stage.WORK, 1195.0, 3.0, 4.0, 1),
    "board_watts": Drawn(Stage.WORK, 1035.0, 10.0, 2.0, 2),
    "board_amps": Drawn(Stage.WORK, 76.1, 0.7, 0.15, 3),
    "terminal_volts": Drawn(Stage.WORK, 13.6, 0.004, 0.004, 4),
    "joules_per_terahash": Drawn(Stage.WORK, 13.29, 0.13, 0.03, 4),
    "domain_volts": Drawn(Stage.WORK, 1.046, 0.0008, 0.0095, 5),
    "domain_deviation_volts": Drawn(Stage.WORK, 0.0, 0.0, 0.0095, 5),
    "energy_watt_hours": Drawn(Stage.WORK, 14.2, 0.3, 0.2, 3),
    "counts_made": Drawn(Stage.WORK, 18.0, 0.0),
    "discharge_seconds": Drawn(Stage.SIDE, 1.1, 0.08, 0.05, 3),
    "left_volts": Drawn(Stage.SIDE, 0.22, 0.04, 0.02, 3),
}
NATURAL: Final = 0.05  # how far slots, lots and days differ without any fault, in sigmas


@dataclass(frozen=True, slots=True)
class Column:
    """Rows of the matrix that one measurement has."""

    name: str
    start: int
    size: int


def columns(limits: Limits, sizes: dict[Dimension, int]) -> tuple[Column, ...]:
    """The measurements that a history has numbers of, and their rows in the matrix."""
    found, start = [], 0
    for name in VALUES:
        if name in limits.measurements:
            size = sizes[limits.measurements[name].over]
            found.append(Column(name, start, size))
            start += size
    return tuple(found)


def values_of(happened: Happened, layout: tuple[Column, ...]) -> Floats:
    """Elements × runs; NaN where a run did not come so far."""
    line, runs, rng = happened.line, happened.runs, happened.rng
    matrix = np.empty((layout[-1].start + layout[-1].size, len(runs)))
    reached = np.full(len(runs), len(Stage))
    for code, stage in STOPS_AT.items():
        reached[runs.code == code] = stage
    reached[runs.stopped] = Stage.SIDE
    day = (runs.seconds_in // DAY_SECONDS).astype(np.int64)
    for column in layout:
        drawn = VALUES[column.name]
        rows = matrix[column.start : column.start + column.size]
        sigma = np.hypot(drawn.between, drawn.within)
        boards = _clipped(rng, line.boards + len(line.stations)) * drawn.between
        rows[:] = drawn.mean + boards[runs.board] + _clipped(rng, rows.shape) * drawn.within
        if sigma:
            for key, count in (
                (runs.place, len(line.places)),
                (runs.lot, line.lots + 1),
                (day, line.days + 1),
            ):
                rows += (rng.normal(0, NATURAL, count) * sigma)[key]
    _plant(
        happened, {column.name: matrix[column.start : column.start + column.size] for column in layout}, day
    )
    for column in layout:
        drawn = VALUES[column.name]
        rows = matrix[column.start : column.start + column.size]
        np.round(rows, drawn.digits, out=rows)
        if drawn.stage is not Stage.SIDE:
            rows[:, reached < drawn.stage] = np.nan
        if column.name != "chips_found" and drawn.stage == Stage.CHAIN:
            rows[:, reached == Stage.CHAIN] = np.nan
    return matrix


def _clipped(rng: np.random.Generator, shape: int | tuple[int, ...]) -> Floats:
    noise: Floats = rng.standard_normal(shape)
    return np.clip(noise, -MOST_SIGMAS, MOST_SIGMAS, out=noise)


def _plant(happened: Happened, by_name: dict[str, Floats], day: NDArray[np.int64]) -> None:
    """What failed, and what the plants do to numbers."""
    line, runs = happened.line, happened.runs
    plants, none = line.plants, np.empty((0, len(runs)))
    of = {name: by_name.get(name, none) for name in VALUES}
    np.clip(of["chip_hit_rate"], None, 1.0, out=of["chip_hit_rate"])
    np.clip(of["board_hit_rate"], None, 1.0, out=of["board_hit_rate"])
    if plants.place is not None:
        worn = (runs.place == plants.place) * np.clip(day / max(1, line.days - 1) * 1.6 - 0.3, 0.0, 1.0)
        of["contact_ohms"] += 0.0016 * worn
        of["pre_open_contact_volts"] += 0.012 * worn
    if plants.lot is not None:
        of["chip_hit_rate"] -= 0.0003 * (runs.lot == plants.lot)
        of["board_hit_rate"] -= 0.0003 * (runs.lot == plants.lot)
    if plants.domain is not None:
        hot = (day >= plants.hot_day) & (runs.purpose == "test")
        for name in ("domain_volts", "domain_deviation_volts"):
            if len(of[name]):
                of[name][plants.domain] += 0.012 * hot
        np.clip(of["domain_deviation_volts"], -0.0445, 0.0445, out=of["domain_deviation_volts"])
    for at in np.flatnonzero((runs.code != "") & ~runs.stopped).tolist():
        code, chip, domain = str(runs.code[at]), int(runs.chip[at]), int(runs.domain[at])
        for name, row, value in {
            "CHIP-WEAK": (("chip_hit_rate", chip, 0.93), ("weak_chips", 0, 1.0)),
            "CHIP-CORES": (("chip_hit_rate", chip, 0.96), ("dead_cores", chip, 5.0)),
            "CHAIN-SHORT": (("chips_found", 0, float(max(chip, 0))),),
            "CHAIN-RESPONSE": (("chips_found", 0, float(max(chip, 0))),),
            "CHAIN-WANDERS": (("chips_found", 0, float(max(chip, 0))),),
            "DOMAIN-VOLTS": (("domain_deviation_volts", domain, 0.061), ("domain_volts", domain, 1.107)),
            "POWER-HIGH": (("board_watts", 0, 1112.0), ("joules_per_terahash", 0, 14.27)),
        }.get(code, ()):
            if len(of[name]):
                of[name][row, at] = value
