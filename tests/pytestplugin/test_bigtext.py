"""Large letters: every verdict and grade has them, in rows of one width."""

from __future__ import annotations

import pytest

from rig.pytestplugin.bigtext import ROWS, big
from rig.verdict.severity import Verdict

WORDS = [*(verdict.value.replace("_", " ") for verdict in Verdict), "PASS L1", "PASS L24"]


@pytest.mark.parametrize("word", WORDS)
def test_every_verdict_has_large_letters(word: str) -> None:
    rows = big(word)

    assert rows is not None
    assert len(rows) == ROWS
    assert len({len(row) for row in rows}) == 1
    assert all(row.strip() for row in rows)


def test_a_letter_without_a_large_form_is_left_small() -> None:
    assert big("PASS Ω") is None
    assert big("") is None


def test_the_letters_are_what_they_spell() -> None:
    assert big("FI") == ["█████  ███", "█       █ ", "████    █ ", "█       █ ", "█      ███"]
