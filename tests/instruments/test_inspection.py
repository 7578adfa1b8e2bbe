"""The check on instruments that are less than their family, or worse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from rig.clock import VirtualClock
from rig.errors import Role, UsageError
from rig.instruments.check import Outcome, Report, Row
from rig.instruments.check_supply import NO_PROTECTION, Demand
from rig.instruments.inspection import Target, inspect
from rig.instruments.memory import in_memory


@dataclass(frozen=True)
class At:
    at: float
    says: str

    def text(self) -> str:
        return self.says


class Minimal:
    """A supply with the least of words; ``ohms`` across its terminals, ``farads`` behind them."""

    def __init__(self, clock: VirtualClock, ohms: float = float("inf"), tau: float = 0.0) -> None:
        self.clock, self.ohms, self.tau = clock, ohms, tau
        self.identity = "ACME,PSU-1"
        self.levels = {"VOLT": 5.0, "CURR": 1.0}
        self.on = True
        self.obeys_off = True
        self.also: Callable[[str], str | None] = lambda _line: None
        self.said: list[str] = []
        self._off_at, self._off_volts = 0.0, 0.0

    def __call__(self, line: str, now: float) -> At | None:
        self.said.append(line)
        answer = self._answer(line)
        if answer is None:
            answer = self.also(line)
        return None if answer is None else At(now + 0.001, answer)

    def _answer(self, line: str) -> str | None:
        name, _, value = line.partition(" ")
        if name in self.levels and value:
            self.levels[name] = float(value)
        elif line in ("OUTP ON", "OUTP OFF") and (line == "OUTP ON" or self.obeys_off):
            self._off_at, self._off_volts = self.clock.now(), self.volts
            self.on = line == "OUTP ON"
        answers = {
            "*IDN?": self.identity, "OUTP?": str(int(self.on)), "MEAS:VOLT?": f"{self.volts:.5f}",
            "MEAS:CURR?": f"{self.volts / self.ohms:.5f}",
        }
        return answers.get(line) or (str(self.levels[line[:-1]]) if line[:-1] in self.levels else None)

    @property
    def volts(self) -> float:
        if self.on:
            return min(self.levels["VOLT"], self.levels["CURR"] * self.ohms)
        passed = self.clock.now() - self._off_at
        return self._off_volts * 2.718 ** (-passed / self.tau) if self.tau else 0.0


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


def check(device: Minimal, **known: object) -> Report:
    target = Target("memory", Demand(1.0, 0.1), **known)  # type: ignore[arg-type]
    return inspect(target, device.clock, in_memory(device))


def row(report: Report, name: str) -> Row:
    return next(row for row in report.rows if row.name == name)


def test_a_minimal_supply_passes_as_supply(clock: VirtualClock) -> None:
    device = Minimal(clock)

    report = check(device)

    assert (report.ok, report.role, report.family) == (True, Role.SUPPLY, "scpi99")
    assert "computed" in row(report, "power").why
    assert NO_PROTECTION in row(report, "protection").why
    assert row(report, "error queue").outcome is Outcome.NO
    assert not device.on
    assert max(device.levels["VOLT"], device.levels["CURR"]) <= 1.0
    assert not any(";" in line for line in device.said)


@pytest.mark.parametrize("answer", ["ERR", '-113,"Undefined header"', "1.25"])
def test_a_supply_that_answers_what_it_does_not_know_is_fit_too(clock: VirtualClock, answer: str) -> None:
    device = Minimal(clock)
    device.also = lambda line: answer if line.endswith("?") else None

    report = check(device)

    assert report.ok
    assert row(report, "error queue").outcome is Outcome.NO


def test_in_current_limit_amps_are_judged(clock: VirtualClock) -> None:
    report = check(Minimal(clock, ohms=2.0))

    assert report.ok
    assert "cc at 0.1 A" in row(report, "output reached").why
    assert "A to 0.000 A" in row(report, "decay").why


def test_neither_volts_nor_amps_is_not_fit(clock: VirtualClock) -> None:
    device = Minimal(clock)
    device.also = lambda _line: None
    report = check(Dragging(clock))

    assert not report.ok
    assert "0.500 V" in row(report, "output reached").why


class Dragging(Minimal):
    """Reaches half its volts, with no current."""

    @property
    def volts(self) -> float:
        return self.levels["VOLT"] / 2 if self.on else 0.0


@pytest.mark.parametrize(("tau", "fit"), [(1.0, True), (60.0, False)])
def test_decay_is_judged_against_what_was_reached(clock: VirtualClock, tau: float, fit: bool) -> None:
    report = check(Minimal(clock, tau=tau))

    assert report.ok is fit
    assert "from 1.000 V" in row(report, "decay").why or not fit


def test_a_supply_that_is_a_meter_too_is_a_supply(clock: VirtualClock) -> None:
    device = Minimal(clock)
    device.identity = "YOKOGAWA,WT310E,1,F1"
    device.also = lambda line: "1,2,3,4" if line == ":NUM:NORM:VAL?" else None

    assert check(device).role is Role.SUPPLY
    assert check(device, role=Role.METER).family == "wt300e"


def test_what_names_itself_a_meter_and_is_no_supply_is_one(clock: VirtualClock) -> None:
    values = {"*IDN?": "YOKOGAWA,WT310E,1,F1", ":NUM:NORM:VAL?": "13.6,78,1060,NAN",
              ":STAT:ERR?": '0,"No error"', ":INTEG:STAT?": "STAR"}
    report = inspect(Target("memory", Demand(1.0, 0.1)), clock,
                     in_memory(lambda line, now: At(now, values[line]) if line in values else None))

    assert (report.ok, report.role, report.family) == (True, Role.METER, "wt300e")
    assert "15 of 20 were numbers; 5 no data" in row(report, "sentinels").why
    assert row(report, "energy").outcome is Outcome.NO


def test_nobody_and_a_stranger(clock: VirtualClock) -> None:
    silent = inspect(Target("memory", Demand(1.0, 0.1)), clock, in_memory(lambda _line, _now: None))
    stranger = inspect(
        Target("memory", Demand(1.0, 0.1)), clock,
        in_memory(lambda line, now: At(now, "ACME,TOASTER") if line == "*IDN?" else None),
    )

    assert (silent.ok, silent.role, [row.name for row in silent.rows]) == (False, None, ["identify"])
    assert not stranger.ok
    assert "--family" in row(stranger, "family").why


@pytest.mark.parametrize("line", ["OUTP ON", "MEAS:VOLT?", "MEAS:CURR?", "VOLT:PROT?"])
def test_whatever_stops_it_the_output_is_off(clock: VirtualClock, line: str) -> None:
    device = Minimal(clock)
    before = device._answer

    def stopped(said: str) -> str | None:
        answer = before(said)
        if said == line and device.said.count(line) == 1:
            raise KeyboardInterrupt
        return answer

    device._answer = stopped  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        check(device)

    assert not device.on


def test_a_supply_that_stays_on_is_not_fit_and_told(clock: VirtualClock) -> None:
    device = Minimal(clock)
    device.obeys_off = False

    report = check(device)

    assert not report.ok
    assert "still on" in row(report, "off at the end, again").why


def test_what_does_not_fit_together_is_a_usage_error(clock: VirtualClock) -> None:
    with pytest.raises(UsageError, match="nonesuch"):
        check(Minimal(clock), family="nonesuch")
    with pytest.raises(UsageError, match="of a meter, not of a supply"):
        check(Minimal(clock), family="wt300e", role=Role.SUPPLY)


def test_as_data_holds_every_row(clock: VirtualClock) -> None:
    data = check(Minimal(clock)).as_data()

    assert (data["ok"], data["role"], data["family"]) == (True, "supply", "scpi99")
    rows = data["rows"]
    assert isinstance(rows, list)
    assert {"name", "outcome", "necessary", "why"} == set(rows[0])
