from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from rig.errors import InstrumentError, Role
from rig.instruments.identity import Expected
from rig.instruments.numbers import parse_number

IDENTITY = "Maker,Model-7,SN1,1.0"


class Instrument:
    """Two quantities that must never be taken for each other, and an error queue."""

    def __init__(self) -> None:
        self.identity = IDENTITY
        self.errors: list[str] = []

    def __call__(self, line: str) -> str | None:
        match line:
            case "*IDN?":
                return self.identity
            case "VOLT?":
                return "13.6"
            case "CURR?":
                return "80.5"
            case "SYST:ERR?":
                return self.errors.pop(0) if self.errors else '+0,"No error"'
        return None


@pytest.fixture
def instrument() -> Instrument:
    return Instrument()


def value(session: Any, question: str) -> float:
    return float(session.query(question, parse_number).value)


FAULTS = ["SILENT", "HALF", "TWICE", "CLOSES", "FLOODS"]


@pytest.mark.parametrize("name", FAULTS)
def test_one_wrong_turn_is_absorbed_on_a_fresh_identified_connection(
    name: str, instrument: Instrument, serve: Any, session_with: Any, faults: Any
) -> None:
    server = serve(instrument)
    server.misbehave("VOLT?", faults[name])
    session = session_with(server)
    session.identity()

    assert value(session, "VOLT?") == 13.6
    assert value(session, "CURR?") == 80.5
    assert server.connections == 2
    again = server.heard[server.heard.index("VOLT?") + 1 :]
    assert again[:2] == ["*IDN?", "VOLT?"]


@pytest.mark.parametrize("name", ["SILENT", "HALF", "TWICE", "CLOSES", "FLOODS"])
def test_two_wrong_turns_are_a_fault_of_its_role(
    name: str, instrument: Instrument, serve: Any, session_with: Any, faults: Any
) -> None:
    server = serve(instrument)
    server.misbehave("VOLT?", faults[name], faults[name])
    session = session_with(server, Role.METER)
    session.identity()

    with pytest.raises(InstrumentError, match=r"VOLT\?") as caught:
        value(session, "VOLT?")
    assert caught.value.code == "STN-METER"
    assert value(session, "CURR?") == 80.5


def test_a_late_answer_never_reaches_the_next_question(
    instrument: Instrument, serve: Any, session_with: Any, late: Any
) -> None:
    server = serve(instrument)
    server.misbehave("VOLT?", late(0.4), late(0.4))
    session = session_with(server)

    session.identity()
    with pytest.raises(InstrumentError):
        value(session, "VOLT?")
    for _ in range(10):
        assert value(session, "CURR?") == 80.5


def test_an_answer_of_another_kind_is_asked_again(
    instrument: Instrument, serve: Any, session_with: Any, says: Any
) -> None:
    server = serve(instrument)
    server.misbehave("VOLT?", says("CV"))
    session = session_with(server)
    session.identity()

    assert value(session, "VOLT?") == 13.6
    assert server.connections == 2


def test_sentinels_are_good_answers(instrument: Instrument, serve: Any, session_with: Any, says: Any) -> None:
    server = serve(instrument)
    server.misbehave("VOLT?", says("NAN"), says("9.9E37"), says("INF"))
    session = session_with(server)

    assert [session.query("VOLT?", parse_number).ok for _ in range(4)] == [False, False, False, True]
    assert server.connections == 1


def test_nobody_there_is_an_instrument_error(serve: Any, session_with: Any) -> None:
    server = serve(lambda _line: None)
    server.close()
    session = session_with(server, Role.SCANNER)

    with pytest.raises(InstrumentError, match="no identity") as caught:
        session.identity()
    assert caught.value.code == "STN-SCANNER"


def test_one_that_never_answers_is_given_up_in_bounded_time(serve: Any, session_with: Any) -> None:
    session = session_with(serve(lambda _line: None))
    began = time.monotonic()

    with pytest.raises(InstrumentError, match="no identity"):
        value(session, "VOLT?")

    assert time.monotonic() - began < 2.0


def test_a_wrong_instrument_is_refused(instrument: Instrument, serve: Any, session_with: Any) -> None:
    server = serve(instrument)

    with pytest.raises(InstrumentError, match="expected one that begins with WT3"):
        session_with(server, expected=Expected(("WT3",))).identity()
    with pytest.raises(InstrumentError, match="'SN2'"):
        session_with(server, expected=Expected((), "SN2")).identity()


def test_another_instrument_at_the_address_is_noticed(
    instrument: Instrument, serve: Any, session_with: Any, faults: Any
) -> None:
    server = serve(instrument)
    session = session_with(server)
    session.identity()
    instrument.identity = "Maker,Model-7,SN9,1.0"
    server.misbehave("VOLT?", faults.CLOSES)

    with pytest.raises(InstrumentError, match="SN1"):
        value(session, "VOLT?")


def test_the_opening_is_said_after_every_identification(
    instrument: Instrument, serve: Any, session_with: Any, faults: Any
) -> None:
    server = serve(instrument)
    server.misbehave("VOLT?", faults.SILENT)
    session = session_with(server, opening=("*CLS", "HEAD OFF"))
    session.identity()

    assert value(session, "VOLT?") == 13.6
    assert server.heard == [
        "*IDN?", "*CLS", "HEAD OFF", "VOLT?", "*IDN?", "*CLS", "HEAD OFF", "VOLT?",
    ]


def test_lines_before_a_question_are_repeated_with_it(
    instrument: Instrument, serve: Any, session_with: Any, faults: Any
) -> None:
    server = serve(instrument)
    server.misbehave("VOLT?", faults.CLOSES)
    session = session_with(server)
    session.identity()

    session.query("VOLT?", parse_number, after=("VOLT 13.6",))

    assert server.heard.count("VOLT 13.6") == 2


def test_the_error_queue_is_read_to_its_end(instrument: Instrument, serve: Any, session_with: Any) -> None:
    instrument.errors = ['-113,"Undefined header"', '-222,"Data out of range"']
    session = session_with(serve(instrument))

    assert session.errors() == ('-113,"Undefined header"', '-222,"Data out of range"')
    assert session.errors() == ()


def test_a_queue_that_never_empties_is_not_read_for_ever(serve: Any, session_with: Any) -> None:
    replies: Callable[[str], str] = lambda line: IDENTITY if line == "*IDN?" else '-100,"Command error"'  # noqa: E731
    session = session_with(serve(replies))

    assert len(session.errors()) == 40


def test_an_interrupt_holds_until_the_shout_and_the_shout_goes_first(
    instrument: Instrument, serve: Any, session_with: Any
) -> None:
    server = serve(instrument)
    session = session_with(server)
    session.identity()
    session.interrupt()

    with pytest.raises(InstrumentError, match="interrupted"):
        value(session, "VOLT?")
    with pytest.raises(InstrumentError, match="interrupted"):
        value(session, "CURR?")
    assert session.shout(("OFF NOW",), "CURR?", parse_number, 0.1).value == 80.5
    said = server.heard[server.heard.index("OFF NOW") :]
    assert said == ["OFF NOW", "*IDN?", "OFF NOW", "CURR?"]
    assert value(session, "VOLT?") == 13.6


def test_a_shout_in_step_needs_no_new_connection(
    instrument: Instrument, serve: Any, session_with: Any
) -> None:
    server = serve(instrument)
    session = session_with(server)
    session.identity()

    assert session.shout(("OFF NOW",), "CURR?", parse_number, 0.1).value == 80.5
    assert server.connections == 1
