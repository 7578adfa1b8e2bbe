"""Failure codes: texts with places to fill in, and whose fault each is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rig.datafile import check, load
from rig.errors import FileError
from rig.recipe.failures import PLACEHOLDERS, Failure, Failures, Party, party_of

ROOT = Path(__file__).resolve().parents[2]
FILLED = dict.fromkeys(PLACEHOLDERS, "x")


@pytest.fixture(scope="module")
def shipped() -> Failures:
    return load(ROOT / "testplans" / "s21pro" / "failures.yaml", Failures)


def test_every_shipped_code_tells_what_it_is_and_what_to_do(shipped: Failures) -> None:
    for code, failure in shipped.codes.items():
        assert failure.says, code
        assert failure.action, code
        assert "{" not in failure.says.format(**FILLED) + failure.action.format(**FILLED)
        if party_of(code) is Party.BOARD:
            assert failure.causes, code
            assert failure.retest, code


@pytest.mark.parametrize(
    ("code", "party"),
    [("CHAIN-SHORT", Party.BOARD), ("STN-LINK", Party.STATION), ("OPR-STOP", Party.OPERATOR),
     ("STANDARD", Party.BOARD), ("X-STN-Y", Party.BOARD)],
)
def test_the_prefix_says_whose_it_is(code: str, party: Party) -> None:
    assert party_of(code) is party


@pytest.mark.parametrize("field", ["says", "place", "action", "retest"])
@pytest.mark.parametrize(
    "text", ["chip {chips_x}", "chip {}", "chip {chip", "chip chip}", "{chip!r}", "{chip:>5}", "{Chip}",
             "{chip.real}", "{{chip}}", "{0}"],
)
def test_a_text_that_could_not_be_filled_in_is_refused(field: str, text: str) -> None:
    with pytest.raises(ValidationError, match="only the placeholders"):
        Failure.model_validate({"says": "s", "action": "a"} | {field: text})


@given(st.text(alphabet="ab{}_: chip", max_size=24))
def test_what_is_accepted_can_always_be_filled_in(text: str) -> None:
    try:
        failure = Failure(says=text, action="a")
    except ValidationError:
        return
    assert failure.says.format(**FILLED).count("{") == 0


def test_a_file_without_codes_is_refused() -> None:
    with pytest.raises(FileError, match="codes"):
        check(Path("failures.yaml"), {"failures": "x", "version": 1, "codes": {}}, Failures)


@pytest.mark.parametrize("again", [{}, {"most": -1}, {"most": 1, "then": "scrap"}, {"most": 1, "slot": 2}])
def test_a_rule_across_runs_is_checked(again: dict[str, object]) -> None:
    code = {"says": "x", "action": "y", "again": again}
    with pytest.raises(FileError, match=r"codes\.CHIP-WEAK\.again"):
        check(Path("failures.yaml"), {"failures": "x", "version": 1, "codes": {"CHIP-WEAK": code}}, Failures)


def test_what_proves_little_is_tried_again(shipped: Failures) -> None:
    doubtful = {code for code, words in shipped.codes.items() if words.again is not None}
    assert {"BOARD-RATE", "CHAIN-WANDERS"} <= doubtful
    assert "CHIP-WEAK" not in doubtful


def test_slots_are_named_slot3_and_called_so() -> None:
    """A place that reads 'Fans of slot {slot}' becomes 'Fans of slot slot3'."""
    files = [*ROOT.glob("testplans/*/failures.yaml"), *ROOT.glob("rig/station/**/words/*.json")]

    doubled = [
        f"{file.name}: {line.strip()}" for file in files
        for line in file.read_text(encoding="utf-8").splitlines()
        if re.search(r"(slot|puesto) \{slot\}", line, re.IGNORECASE)
    ]

    assert len(files) >= 5
    assert doubled == []
