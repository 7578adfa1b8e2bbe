"""A line's history, drawn: boards, lots, slots, failures, retests, repairs, and planted drifts. Pure numpy.

It is for trying out and proving the reports. Everything made of it is marked simulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STATIONS: Final = ("A1-01", "A1-02", "A2-01")
SLOTS: Final = ("slot1", "slot2", "slot3", "slot4")
DAY_SECONDS: Final = 86_400

# share of sound first runs that fail with each code, and the run's length in seconds when they do
FAILURES: Final[dict[str, tuple[float, float]]] = {
    "CHIP-WEAK": (0.0125, 140.0),
    "CHAIN-SHORT": (0.0060, 34.0),
    "CHIP-CORES": (0.0048, 141.0),
    "DOMAIN-VOLTS": (0.0026, 139.0),
    "CHAIN-WANDERS": (0.0020, 41.0),
    "POWER-HIGH": (0.0012, 140.0),
    "CHAIN-RESPONSE": (0.0008, 36.0),
    "EEPROM-DATA": (0.0007, 4.0),
    "SENSOR-NONE": (0.0005, 4.0),
}
PASS_SECONDS: Final = 141.0
STATION_FAULTS: Final = (
    ("STN-LINK", 0.0015),
    ("STN-CONTACT", 0.0015),
    ("STN-METER", 0.001),
    ("STN-ESTOP", 0.001),
)
NO_FAULT_FOUND: Final = frozenset({"CHAIN-WANDERS", "CHIP-WEAK"})  # now and then pass when run again
CHIP_CODES: Final = frozenset({"CHIP-WEAK", "CHIP-CORES", "CHAIN-SHORT", "CHAIN-RESPONSE", "CHAIN-WANDERS"})


@dataclass(frozen=True, slots=True)
class Plants:
    """What is wrong with the line, None: nothing. ``hot_day`` counts from the history's first day."""

    place: int | None = None  # number of a slot of a station: its contacts wear out
    lot: int | None = None  # number of a lot with weak chips
    domain: int | None = None  # it runs hot from ``hot_day`` on
    hot_day: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """How much is drawn. ``lots`` of boards follow each other, four at a time."""

    boards: int
    days: int
    seed: int
    until: date  # the last day
    plants: Plants = Plants()
    chips: int = 65
    domains: int = 13
    stations: Sequence[str] = STATIONS

    @property
    def since(self) -> date:
        return self.until - timedelta(days=self.days - 1)

    @property
    def places(self) -> list[tuple[str, str]]:
        return [(station, slot) for station in self.stations for slot in SLOTS]

    @property
    def lots(self) -> int:
        return max(6, self.days // 5)

    @classmethod
    def planted(cls, boards: int, days: int, seed: int, until: date) -> Line:
        """With one slot biased, one lot weak and one domain hot after a date, which the seed draws."""
        rng = np.random.default_rng([seed, 1])
        plain = cls(boards, days, seed, until)
        plants = Plants(
            int(rng.integers(len(plain.places))),
            int(rng.integers(1, plain.lots - 1)),
            int(rng.integers(2, 11)),
            int(days * rng.uniform(0.4, 0.7)),
        )
        return cls(boards, days, seed, until, plants)


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs in the order in which they began; arrays run by run. ``code`` "" when none; chip, domain -1."""

    board: Ints
    place: Ints
    lot: Ints
    seconds_in: Floats  # since the first day's midnight
    length: Floats
    code: NDArray[np.str_]
    chip: Ints
    domain: Ints
    purpose: NDArray[np.str_]
    stopped: NDArray[np.bool_]  # by the station, not by the board

    def __len__(self) -> int:
        return len(self.board)

    def sorted(self) -> Runs:
        order = np.argsort(self.seconds_in, kind="stable")
        return Runs(*(getattr(self, name)[order] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class DrawnRepair:
    board: int
    seconds_in: float
    code: str
    place: str


@dataclass(frozen=True)
class Happened:
    """A history without its numbers. ``bins`` and ``lot`` are the boards'."""

    line: Line
    runs: Runs
    repairs: tuple[DrawnRepair, ...]
    lot: Ints
    bins: Ints
    rng: np.random.Generator = field(repr=False)


def draw(line: Line) -> Happened:
    """The boards of a line, run by run. The same line gives the same history."""
    rng = np.random.default_rng([line.seed, 0])
    n = line.boards
    day = np.sort(rng.integers(0, line.days, n))
    hour = rng.uniform(0.0, DAY_SECONDS - 1200, n)
    lot = _lots(line, rng, day)
    place = rng.integers(0, len(line.places), n)
    firsts = _firsts(line, rng, day, day * float(DAY_SECONDS) + hour, place, lot)
    again, repairs = _later_runs(line, rng, firsts)
    runs = _joined([firsts, again, *_others(line, rng, firsts)]).sorted()
    return Happened(line, runs, repairs, lot, rng.integers(1, 4, n), rng)


def _lots(line: Line, rng: np.random.Generator, day: Ints) -> Ints:
    """Four lots at a time; a lot lasts four turns, so each meets many others on the same days."""
    turn = day * line.lots / line.days
    return np.clip(np.floor(turn + rng.integers(-2, 2, len(day))), 0, line.lots - 1).astype(np.int64)


def _firsts(line: Line, rng: np.random.Generator, day: Ints, at: Floats, place: Ints, lot: Ints) -> Runs:
    n, plants = line.boards, line.plants
    rates = np.tile([rate for rate, _ in FAILURES.values()], (n, 1))
    codes = np.array([*FAILURES, ""])
    weak, wanders = list(FAILURES).index("CHIP-WEAK"), list(FAILURES).index("CHAIN-WANDERS")
    hot = np.zeros(n, bool)
    if plants.place is not None:
        worn = (place == plants.place) * np.clip(day / max(1, line.days - 1) * 1.6 - 0.3, 0.0, 1.0)
        rates[:, wanders] += 0.045 * worn
    if plants.lot is not None:
        rates[:, weak] += 0.06 * (lot == plants.lot)
    if plants.domain is not None:
        hot = (day >= plants.hot_day) & (rng.random(n) < 0.012)
        rates[hot] = 0.0
        rates[hot, weak] = 1.0
    pick = (rng.random(n)[:, None] > np.cumsum(rates, axis=1)).sum(axis=1)
    code = codes[pick]
    chip = np.where(np.isin(code, list(CHIP_CODES)), rng.integers(0, line.chips, n), -1)
    a_domain = line.chips // line.domains
    if plants.domain is not None:
        chip = np.where(hot, plants.domain * a_domain + rng.integers(0, a_domain, n), chip)
    domain = np.where(
        chip >= 0, chip // a_domain, np.where(code == "DOMAIN-VOLTS", rng.integers(0, line.domains, n), -1)
    )
    length = np.array([*(seconds for _, seconds in FAILURES.values()), PASS_SECONDS])[pick]
    return Runs(
        np.arange(n),
        place,
        lot,
        at,
        length * rng.normal(1.0, 0.03, n),
        code,
        chip,
        domain,
        np.full(n, "test"),
        np.zeros(n, bool),
    )


def _later_runs(line: Line, rng: np.random.Generator, firsts: Runs) -> tuple[Runs, tuple[DrawnRepair, ...]]:
    """What became of boards that failed: some pass when run again, most are repaired and pass twice."""
    end = float(line.days * DAY_SECONDS)
    told: list[tuple[int, int, float, str]] = []  # run copied, place, when, code
    repairs: list[DrawnRepair] = []
    for at in np.flatnonzero(firsts.code != "").tolist():
        code, when, place = str(firsts.code[at]), float(firsts.seconds_in[at]), int(firsts.place[at])
        other = int((place + 1 + rng.integers(len(line.places) - 1)) % len(line.places))
        if code in NO_FAULT_FOUND and rng.random() < (0.75 if code == "CHAIN-WANDERS" else 0.12):
            told.append((at, other, when + 900.0 + 600.0 * rng.random(), ""))
            continue
        when += DAY_SECONDS * float(rng.lognormal(0.15, 0.6))
        if rng.random() < 0.08:
            continue  # still waiting
        repairs.append(DrawnRepair(at, when, code, _place(code, int(firsts.chip[at]))))
        mended = rng.random() < 0.93
        told.append((at, other, when + 1800.0, "" if mended else code))
        if mended:
            told.append((at, other, when + 2400.0, ""))
    told = [one for one in told if one[2] < end]
    which = np.array([one[0] for one in told], np.int64)
    codes = np.array([one[3] for one in told] or [""], dtype=firsts.code.dtype)[: len(told)]
    failed = codes != ""
    return Runs(
        firsts.board[which],
        np.array([one[1] for one in told], np.int64),
        firsts.lot[which],
        np.array([one[2] for one in told]),
        np.where(failed, firsts.length[which], PASS_SECONDS),
        codes,
        np.where(failed, firsts.chip[which], -1),
        np.where(failed, firsts.domain[which], -1),
        np.full(len(told), "test"),
        np.zeros(len(told), bool),
    ), tuple(one for one in repairs if one.seconds_in < end)


def _others(line: Line, rng: np.random.Generator, firsts: Runs) -> list[Runs]:
    """Station faults (before the board's own run) and a golden board a day on every slot."""
    found = []
    for code, rate in STATION_FAULTS:
        which = np.flatnonzero(rng.random(len(firsts)) < rate)
        found.append(
            Runs(
                firsts.board[which],
                firsts.place[which],
                firsts.lot[which],
                firsts.seconds_in[which] - 200.0,
                rng.uniform(3, 60, len(which)),
                np.full(len(which), code, "<U16"),
                np.full(len(which), -1),
                np.full(len(which), -1),
                np.full(len(which), "test"),
                np.ones(len(which), bool),
            )
        )
    places, days = len(line.places), line.days
    many = places * days
    found.append(
        Runs(
            np.tile(-1 - np.arange(places) // len(SLOTS), days),
            np.tile(np.arange(places), days),
            np.full(many, -1),
            np.repeat(np.arange(days), places) * float(DAY_SECONDS)
            + 21_600.0
            + 200.0 * np.tile(np.arange(places), days),
            np.full(many, PASS_SECONDS),
            np.full(many, "", "<U16"),
            np.full(many, -1),
            np.full(many, -1),
            np.full(many, "golden"),
            np.zeros(many, bool),
        )
    )
    return found


def _joined(some: Sequence[Runs]) -> Runs:
    return Runs(*(np.concatenate([getattr(one, name) for one in some]) for name in Runs.__slots__))


def _place(code: str, chip: int) -> str:
    return (
        f"chip {chip}" if chip >= 0 else {"EEPROM-DATA": "EEPROM", "POWER-HIGH": "board"}.get(code, "board")
    )
