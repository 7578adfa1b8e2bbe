"""One slot's night on a virtual clock: what each ending means, and what is not done after it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rig.clock import VirtualClock
from rig.errors import StationFault, UsageError
from rig.night.schedule import Job, schedule
from rig.night.slotnight import Power, Ran, Taken, night_of
from rig.night.summary import Ended, SlotNight
from rig.verdict.severity import Verdict
from tests.night.conftest import LINK, PASSED, PLANS, FakeHands, WriteSite


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def hands(clock: VirtualClock) -> FakeHands:
    return FakeHands(clock)


@pytest.fixture
def job(site_of: WriteSite) -> Job:
    return schedule(site_of(slots=1), PLANS, "anywhere", night=0).jobs[0]


def ends(found: SlotNight) -> dict[str, Ended]:
    return {piece.name: piece.ended for piece in found.pieces}


def test_all_goes_well(job: Job, hands: FakeHands, clock: VirtualClock) -> None:
    found = night_of(job, hands, clock)

    assert ends(found) == dict.fromkeys(
        ("self-test", "instruments", "golden run", "drift", "planted uart_gone"), Ended.GOOD
    )
    assert hands.did == [
        "took slot1", "ran slot1", "ran slot1 with uart_gone", "asked for slot1", "gave slot1 back"
    ]
    assert found.measured == {"board_watts": 1040.0}
    assert found.golden_seconds == 60
    assert found.seconds == 125
    assert not found.left_on


MADE_WAY = Ran("ABORTED", Verdict.ABORTED, None, "OPR-STOP", "run-1", made_way=True)


def test_production_pre_empts_and_the_rest_is_left(
    job: Job, hands: FakeHands, clock: VirtualClock
) -> None:
    hands.golden = MADE_WAY

    found = night_of(job, hands, clock)

    assert ends(found)["golden run"] is Ended.PREEMPTED
    assert ends(found)["planted uart_gone"] is Ended.NOT_DONE
    assert "production wants the slot" in found.pieces[2].says
    assert found.measured == {}


@pytest.mark.parametrize(("golden", "ended", "goes_on"), [
    (Ran("FAIL weak", Verdict.FAIL, Verdict.FAIL, "CHIP-WEAK", "run-1"), Ended.FAILED, True),
    (Ran("MARGINAL", Verdict.MARGINAL, Verdict.MARGINAL, None, "run-1"), Ended.GOOD, True),
    (Ran("ABORTED", Verdict.ABORTED, None, "OPR-STOP", "run-1"), Ended.FAILED, True),
    (Ran("its time was over", late=True), Ended.FAILED, True),
    (Ran("a level beyond the ratings", refused=True), Ended.FAILED, True),
    (Ran("no beat", Verdict.STATION_FAULT, None, "STN-GUARD", "run-1"), Ended.STATION, False),
    (Ran("its process ended with -9"), Ended.STATION, False),
    (Ran("slot1 is under lease", taken=True, refused=True), Ended.NOT_DONE, False),
], ids=["fail", "marginal", "stopped", "late", "refused", "station", "died", "taken"])
def test_a_golden_run_ends_as_its_verdict_says(
    job: Job, hands: FakeHands, clock: VirtualClock, golden: Ran, ended: Ended, goes_on: bool
) -> None:
    hands.golden = golden

    found = night_of(job, hands, clock)

    assert ends(found)["golden run"] is ended
    assert (ends(found)["planted uart_gone"] is Ended.GOOD) is goes_on
    assert ("drift" in ends(found)) is (golden.verdict is Verdict.MARGINAL)


@pytest.mark.parametrize("planted", [
    PASSED,
    replace(LINK, code="STN-METER"),
    replace(LINK, board_verdict=Verdict.FAIL),
    Ran("FAIL", Verdict.FAIL, Verdict.FAIL, "CHAIN-NONE", "run-2"),
    Ran("no such fault kind", refused=True),
], ids=["passed", "other code", "the board as well", "the board", "refused"])
def test_a_planted_fault_that_is_not_the_stations_fails(
    job: Job, hands: FakeHands, clock: VirtualClock, planted: Ran
) -> None:
    hands.planted = planted

    piece = night_of(job, hands, clock).pieces[-1]

    assert piece.ended is Ended.FAILED
    assert "expected STATION_FAULT STN-LINK and no word against the board" in piece.says


def test_nothing_is_powered_after_a_self_test_that_found_something(
    job: Job, hands: FakeHands, clock: VirtualClock
) -> None:
    hands.problems = ["slot1: the e-stop loop is open"]

    found = night_of(job, hands, clock)

    assert found.pieces[0].ended is Ended.STATION
    assert {piece.ended for piece in found.pieces[1:]} == {Ended.NOT_DONE}
    assert not any(did.startswith("ran") for did in hands.did)


@pytest.mark.parametrize(("drifts", "ended"), [
    (["board_watts is 1080"], Ended.FAILED), ([], Ended.GOOD), (None, Ended.NOT_DONE),
], ids=["drifted", "as before", "not enrolled"])
def test_a_golden_board_is_held_against_its_past(
    job: Job, hands: FakeHands, clock: VirtualClock, drifts: list[str] | None, ended: Ended
) -> None:
    hands.drifts = drifts

    assert ends(night_of(job, hands, clock))["drift"] is ended


@pytest.mark.parametrize(("error", "ended"), [
    (Taken("place is acquired by somebody"), Ended.NOT_DONE),
    (UsageError("found another runtime directory"), Ended.FAILED),
    (StationFault("found no coordinator"), Ended.STATION),
], ids=["taken", "not here", "lab gone"])
def test_a_place_that_is_not_to_be_had(
    job: Job, hands: FakeHands, clock: VirtualClock, error: UsageError | StationFault, ended: Ended
) -> None:
    hands.taken = {"slot1": error}

    found = night_of(job, hands, clock)

    assert ends(found) == {"place": ended}
    assert hands.did == []


def test_a_stopped_night_begins_nothing(job: Job, hands: FakeHands, clock: VirtualClock) -> None:
    hands.stopped = True

    found = night_of(job, hands, clock)

    assert {piece.ended for piece in found.pieces} == {Ended.NOT_DONE}


def test_a_board_that_may_be_on_is_told(job: Job, hands: FakeHands, clock: VirtualClock) -> None:
    hands.left = Power("live, 13.60 V at the supply", on=True)

    found = night_of(job, hands, clock)

    assert found.left_on
    assert found.power == "live, 13.60 V at the supply"
