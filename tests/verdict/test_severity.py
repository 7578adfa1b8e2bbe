from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.recipe import Party
from rig.verdict import ExitCode, Verdict, exit_code, severity_of, worst


def test_the_five_stand_in_order() -> None:
    names = ["PASS", "MARGINAL", "FAIL", "ABORTED", "STATION_FAULT"]
    assert [verdict.value for verdict in sorted({*Verdict})] == names
    assert Verdict.FAIL < Verdict.ABORTED <= Verdict.ABORTED
    assert Verdict.STATION_FAULT > Verdict.PASS


@given(st.lists(st.sampled_from(Verdict)), st.sampled_from(Verdict))
def test_one_more_never_betters_the_worst(verdicts: list[Verdict], one: Verdict) -> None:
    assert worst([*verdicts, one]) >= max(worst(verdicts), one)
    assert worst([]) is Verdict.PASS


@pytest.mark.parametrize(("verdict", "ships", "code"), [
    (Verdict.PASS, False, 0),
    (Verdict.MARGINAL, True, 0),
    (Verdict.MARGINAL, False, 1),
    (Verdict.FAIL, True, 1),
    (Verdict.STATION_FAULT, True, 3),
    (Verdict.ABORTED, True, 4),
])
def test_exit_codes(verdict: Verdict, ships: bool, code: int) -> None:
    assert exit_code(verdict, ship_marginal=ships) == code
    assert ExitCode.USAGE == 2


def test_each_party_has_its_severity() -> None:
    assert [severity_of(party) for party in (Party.BOARD, Party.STATION, Party.OPERATOR)] == [
        Verdict.FAIL, Verdict.STATION_FAULT, Verdict.ABORTED,
    ]
