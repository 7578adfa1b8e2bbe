from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from rig.errors import InstrumentError
from rig.instruments.families.scpi99 import SCPI99
from rig.instruments.supply import ScpiSupply
from rig.slot import Mode, Protection, Status

PROTECTION = Protection(16.0, 100.0)


class PlainSupply:
    """A supply that refuses levels above their protection, as many do."""

    def __init__(self) -> None:
        self.levels = {"VOLT": 0.0, "CURR": 0.0, "VOLT:PROT": 5.0, "CURR:PROT": 5.0}
        self.on = False
        self.obeys = True
        self.tripped = 0
        self.amps = "80.0"
        self.errors: list[str] = []
        self.said: list[str] = []

    def __call__(self, line: str) -> str | None:
        name, _, value = line.partition(" ")
        if value and name in self.levels:
            self.said.append(name)
            self._set(name, float(value))
            return None
        match line:
            case "*IDN?":
                return "Maker,PS,SN1,1.0"
            case "SYST:ERR?":
                return self.errors.pop(0) if self.errors else '0,"No error"'
            case "OUTP ON" | "OUTP OFF":
                self.on = line == "OUTP ON" if self.obeys else self.on
                return None
            case "OUTP:PROT:CLE":
                self.tripped = 0
                return None
            case "OUTP?":
                return str(int(self.on))
            case "MEAS:VOLT?":
                return f"{self.levels['VOLT'] if self.on else 0.0}"
            case "MEAS:CURR?":
                return self.amps if self.on else "0"
            case "STAT:OPER:COND?":
                return "1" if self.on else "4"
            case "STAT:QUES:COND?":
                return str(self.tripped)
        return str(self.levels[line[:-1]]) if line[:-1] in self.levels else None

    def _set(self, name: str, value: float) -> None:
        after = {**self.levels, name: value}
        if after["VOLT"] > after["VOLT:PROT"] or after["CURR"] > after["CURR:PROT"]:
            self.errors.append('-221,"Settings conflict"')
        elif self.obeys:
            self.levels = after


@pytest.fixture
def plain() -> PlainSupply:
    return PlainSupply()


@pytest.fixture
def server(plain: PlainSupply, serve: Any) -> Any:
    return serve(plain)


@pytest.fixture
def supply(server: Any, session_with: Any) -> ScpiSupply:
    return ScpiSupply(session_with(server), SCPI99)


def test_levels_and_protection_are_set_up_and_down_without_conflict(
    supply: ScpiSupply, plain: PlainSupply
) -> None:
    supply.configure(13.6, 95.0, PROTECTION)
    assert plain.levels == {"VOLT": 13.6, "CURR": 95.0, "VOLT:PROT": 16.0, "CURR:PROT": 100.0}

    supply.configure(2.0, 2.0, Protection(3.0, 4.0))
    assert plain.levels == {"VOLT": 2.0, "CURR": 2.0, "VOLT:PROT": 3.0, "CURR:PROT": 4.0}
    assert not plain.on


def test_a_level_that_does_not_read_back_is_refused(supply: ScpiSupply, plain: PlainSupply) -> None:
    plain.obeys = False

    with pytest.raises(InstrumentError, match="CURR") as caught:
        supply.configure(13.6, 95.0, PROTECTION)
    assert caught.value.code == "STN-SUPPLY"


def test_an_error_names_the_command_that_caused_it(supply: ScpiSupply) -> None:
    supply.configure(13.6, 95.0, PROTECTION)

    with pytest.raises(InstrumentError, match=r"VOLT 17\.000: found error -221"):
        supply.set_volts(17.0)


def test_old_errors_are_nobodys_fault(supply: ScpiSupply, plain: PlainSupply) -> None:
    plain.errors = ['-100,"from yesterday"']

    supply.configure(13.6, 95.0, PROTECTION)


def test_output_on_and_off_are_read_back(supply: ScpiSupply, plain: PlainSupply) -> None:
    supply.output_on()
    assert plain.on
    assert supply.output_is_on()
    supply.output_off()
    assert not plain.on
    plain.obeys = False
    with pytest.raises(InstrumentError, match="found the output off"):
        supply.output_on()
    plain.on = True
    with pytest.raises(InstrumentError, match="still on"):
        supply.output_off()
    with pytest.raises(InstrumentError, match="still on"):
        supply.interrupt_off()


def test_a_reading(supply: ScpiSupply, plain: PlainSupply) -> None:
    supply.configure(13.6, 95.0, PROTECTION)
    assert supply.read().mode is Mode.OFF
    supply.output_on()

    reading = supply.read()

    assert (reading.volts.value, reading.amps.value, reading.mode) == (13.6, 80.0, Mode.CONSTANT_VOLTAGE)
    assert reading.watts.value == pytest.approx(1088.0)


@pytest.mark.parametrize(("amps", "status"), [("9.9E37", Status.OVERLOAD), ("NAN", Status.NO_DATA)])
def test_a_sentinel_spoils_the_watts_too(
    supply: ScpiSupply, plain: PlainSupply, amps: str, status: Status
) -> None:
    plain.on, plain.amps = True, amps

    reading = supply.read()

    assert reading.amps.status is status
    assert reading.watts.status is status
    assert reading.volts.ok


@pytest.mark.parametrize("bit", [0, 1, 2, 4, 11])
def test_a_trip_shows_and_clears_with_the_output_off(
    supply: ScpiSupply, plain: PlainSupply, bit: int
) -> None:
    plain.on, plain.tripped = True, 1 << bit

    assert supply.read().mode is Mode.TRIPPED
    supply.clear_protection()
    assert not plain.on
    assert supply.read().mode is Mode.OFF


def test_off_takes_a_fresh_connection_when_the_present_one_hangs(
    supply: ScpiSupply, plain: PlainSupply, server: Any, faults: Any
) -> None:
    supply.output_on()
    server.misbehave("OUTP?", faults.SILENT)

    supply.interrupt_off()

    assert not plain.on
    assert server.connections == 2


def test_off_ends_a_pending_question_of_another_thread(
    plain: PlainSupply, server: Any, session_with: Any, late: Any
) -> None:
    supply = ScpiSupply(session_with(server, seconds=30.0), SCPI99)
    supply.output_on()
    server.misbehave("MEAS:VOLT?", late(20.0))
    failures: list[InstrumentError] = []

    def read() -> None:
        try:
            supply.read()
        except InstrumentError as error:
            failures.append(error)

    pending = threading.Thread(target=read)
    pending.start()
    deadline = time.monotonic() + 5
    while "MEAS:VOLT?" not in server.heard:
        assert time.monotonic() < deadline
    began = time.monotonic()

    supply.interrupt()
    supply.interrupt_off()

    pending.join(5)
    assert len(failures) == 1
    assert not plain.on
    assert time.monotonic() - began < 2.0


def test_the_first_word_to_an_unknown_supply_may_be_off(
    supply: ScpiSupply, plain: PlainSupply, server: Any
) -> None:
    plain.on = True

    supply.interrupt_off()

    assert not plain.on
    assert server.heard[0] == "OUTP OFF"


def test_off_is_said_even_to_one_that_never_answers(serve: Any, session_with: Any) -> None:
    server = serve(lambda _line: None)
    supply = ScpiSupply(session_with(server), SCPI99)
    began = time.monotonic()

    with pytest.raises(InstrumentError):
        supply.interrupt_off()

    assert server.heard[:1] == ["OUTP OFF"]
    assert time.monotonic() - began < 2.0
