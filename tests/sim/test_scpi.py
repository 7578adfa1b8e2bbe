"""The SCPI parser: forms of headers, compound messages, errors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.sim.scpi import NO_ERROR, Call, Later, Scpi, out_of_range


class Box(Scpi):
    """An instrument with a level, a slow answer and numbered items."""

    def __init__(self) -> None:
        self.level = 0.0
        self.items: dict[int, str] = {}
        super().__init__("MAKER,MODEL,1,2", {
            "[SOURce:]VOLTage[:LEVel]": self._set,
            "[SOURce:]VOLTage[:LEVel]?": lambda _: f"{self.level:g}",
            "[SOURce:]VOLTage:PROTection?": lambda _: "16",
            "OUTPut": lambda call: self.items.update({0: str(call.flag())}),
            "NUMeric[:NORMal]:ITEM#": lambda call: self.items.update({call.numbers[0]: call.arguments[0]}),
            "SLOW?": lambda call: Later(call.now + 2, lambda: "late"),
        })

    def _set(self, call: Call) -> None:
        self.level = call.number(0, 20)

    def ask(self, message: str) -> str:
        answer = self.handle(message, 5.0)
        assert answer is not None, message
        return answer.text()


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.mark.parametrize(
    "header", ["VOLT", "volt", "VOLTAGE", "SOUR:VOLT", ":SOURCE:VOLTAGE:LEVEL", "VOLT:LEV", "Sour:Volt:Lev"]
)
def test_short_long_and_optional_forms(box: Box, header: str) -> None:
    assert box.handle(f"{header} 14.5", 0.0) is None
    assert box.ask(f"{header}?") == "14.5"
    assert box.ask("SYST:ERR?") == NO_ERROR


@pytest.mark.parametrize("header", ["VOL", "VOLTA", "SOU:VOLT", "LEV", "VOLT:LEVE", "VOLTS"])
def test_other_spellings_are_undefined(box: Box, header: str) -> None:
    assert box.handle(f"{header} 1", 0.0) is None
    assert box.ask("SYST:ERR?") == '-113,"Undefined header"'
    assert box.ask("SYST:ERR:NEXT?") == NO_ERROR


def test_an_unknown_query_stays_unanswered(box: Box) -> None:
    assert box.handle("NOSUCH?", 0.0) is None
    assert box.ask("SYST:ERR?").startswith("-113")


def test_compound_messages_follow_the_path(box: Box) -> None:
    assert box.ask("VOLT 14;:VOLT?;:SOUR:VOLT:PROT?") == "14;16"
    assert box.ask("SOUR:VOLT 3;VOLT?") == "3"
    assert box.ask("*IDN?;:VOLT?") == "MAKER,MODEL,1,2;3"
    assert box.handle(":NUM:NORM:ITEM1 U,1;ITEM2 I,1;*CLS;ITEM12 P,1", 0.0) is None
    assert box.items == {1: "U", 2: "I", 12: "P"}


def test_arguments_are_checked(box: Box) -> None:
    for message, code in (
        ("VOLT", -109), ("VOLT 1,2", -108), ("VOLT x", -104), ("VOLT 21", -222), ("OUTP MAYBE", -224),
        ("VOLT nan", -222),
    ):
        box.handle(message, 0.0)
        assert box.ask("SYST:ERR?").startswith(str(code)), message
    assert box.level == 0.0
    assert str(out_of_range()) == '-222,"Data out of range"'


def test_a_late_answer_says_when(box: Box) -> None:
    answer = box.handle("VOLT?;:SLOW?", 5.0)
    assert answer is not None
    assert answer.at == 7.0
    assert answer.text() == "0;late"


def test_the_error_queue_is_bounded_and_cleared(box: Box) -> None:
    for _ in range(30):
        box.handle("BAD", 0.0)
    errors = [box.ask("SYST:ERR?") for _ in range(21)]
    assert errors[19].startswith("-350")
    assert errors[20] == NO_ERROR
    box.handle("BAD", 0.0)
    box.handle("*CLS", 0.0)
    assert box.ask("SYST:ERR?") == NO_ERROR


@given(st.text(max_size=60))
def test_any_text_is_survived(text: str) -> None:
    box = Box()
    box.handle(text, 0.0)
    assert box.ask("*OPC?") == "1"
