from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rig.recipe import Failure, Failures, Party
from rig.recipe.failures import PLACEHOLDERS
from rig.verdict import Verdict
from rig.verdict.finding import Draft, fill

COMMON = {"slot": "slot1", "serial": "SN", "chips": 65}


def test_facts_are_filled_in() -> None:
    assert fill("chip {chip} at {rate} of {limit}", {"chip": 17, "rate": 0.81234, "limit": "0.995"}) == (
        "chip 17 at 0.8123 of 0.995"
    )


@given(st.text())
def test_filling_never_raises(template: str) -> None:
    assert fill(template, {}).count("{") <= template.count("{")


def test_an_unknown_fact_reads_as_a_question_mark() -> None:
    assert fill("chip {chip}, {0.__class__} {}", {}) == "chip ?, {0.__class__} {}"


@pytest.mark.parametrize("text", ["chip {chp}", "chip {chip", "chip {chip.x}", "{0}", "}"])
def test_texts_with_other_braces_are_refused_at_the_door(text: str) -> None:
    with pytest.raises(ValidationError, match="only the placeholders"):
        Failure(says=text, action="x")


def test_all_texts_fill_without_leaving_a_brace(failures: Failures) -> None:
    facts = dict.fromkeys(PLACEHOLDERS, "x")
    for words in failures.codes.values():
        for text in (words.says, words.place, words.action, words.retest, *words.causes):
            assert "{" not in fill(text, facts)


def test_a_draft_in_words(failures: Failures) -> None:
    draft = Draft("CHIP-WEAK", ("chip 17: 0.8 came back",), {"rate": "0.8"}, chip=17, domain=3)
    finding = draft.in_words(failures, COMMON)
    assert finding.text == (
        "Chip 17 loses too many answers, spread over its cores. Seen - chip 17: 0.8 came back."
    )
    assert finding.place == "Chip 17 in domain 3."
    assert "chip 17" in finding.action
    assert finding.causes[0] == "weak silicon"
    assert (finding.party, finding.severity, finding.chip) == (Party.BOARD, Verdict.FAIL, 17)


def test_a_code_without_words_still_speaks(failures: Failures) -> None:
    finding = Draft("ACME-1", ("it smells",)).in_words(failures, COMMON)
    assert finding.text == "ACME-1: it smells"
    assert "no words for ACME-1" in finding.action


@pytest.mark.parametrize(("ours", "limit", "covered"), [
    (Draft("CHAIN-SHORT", (), chip=32), Draft("CHAIN-SHORT", ()), True),
    (Draft("CHIP-CORES", (), chip=3), Draft("CHIP-CORES", (), chip=3), True),
    (Draft("CHIP-CORES", (), chip=3), Draft("CHIP-CORES", (), chip=4), False),
    (Draft("TEMP-HIGH", ()), Draft("TEMP-HIGH", (), sensor=2), False),
    (Draft("DOMAIN-VOLTS", (), domain=1), Draft("DOMAIN-VOLTS", (), domain=2), False),
    (Draft("CHIP-CORES", (), chip=3), Draft("CHIP-WEAK", (), chip=3), False),
])
def test_which_limits_a_finding_covers(ours: Draft, limit: Draft, covered: bool) -> None:
    assert ours.covers(limit) is covered
