from __future__ import annotations

import pytest

from rig.instruments.identity import Expected, Identity, parse_identity


def test_four_fields() -> None:
    found = parse_identity("YOKOGAWA,WT310E,91S123456,F1.01\r")

    assert found == Identity("YOKOGAWA", "WT310E", "91S123456", "F1.01")


def test_a_maker_that_leaves_fields_out() -> None:
    found = parse_identity("CHROMA 62012P-80-60, 01.00,2005/07/14")

    assert (found.maker, found.model, found.firmware) == ("CHROMA", "62012P-80-60", "01.00")


@pytest.mark.parametrize("text", ["", "13.6", "+1.360E+01", "1,2", "0", "OFF"])
def test_an_answer_to_another_question_is_no_identity(text: str) -> None:
    with pytest.raises(ValueError, match="no identity"):
        parse_identity(text)


def test_a_wrong_model_or_serial_number_is_named() -> None:
    found = parse_identity("Keysight Technologies,DAQ970A,MY1,A.02.04")

    assert Expected().problem(found) is None
    assert Expected(("DAQ97",), "MY1").problem(found) is None
    assert "WT3" in str(Expected(("WT3",)).problem(found))
    assert "'MY2'" in str(Expected((), "MY2").problem(found))
