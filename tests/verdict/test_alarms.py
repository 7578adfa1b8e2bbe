"""Alarms of the last runs: when they ring, and when they must not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rig.verdict.alarms import AlarmKind, AlarmRules, LastRun, alarms

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


def runs(*codes: str | None, slot: str = "slot1", day: int = 0) -> list[LastRun]:
    return [LastRun(BEGAN + timedelta(days=day, minutes=at), "A1", slot, f"{slot}-{day}-{at}", code)
            for at, code in enumerate(codes)]


def test_the_same_code_on_three_boards_in_a_row_locks() -> None:
    found = alarms(runs(None, "CHAIN-SHORT", "CHAIN-SHORT", "CHAIN-SHORT"), AlarmRules())

    assert [(one.kind, one.place, one.code, one.locks) for one in found] == [
        (AlarmKind.SAME_CODE, "A1 slot1", "CHAIN-SHORT", True)
    ]


def test_a_pass_or_another_code_between_them_does_not() -> None:
    assert alarms(runs("CHIP-WEAK", "CHIP-WEAK", None, "CHIP-WEAK"), AlarmRules()) == ()
    assert alarms(runs("CHIP-WEAK", "CHIP-WEAK", "CHIP-CORES"), AlarmRules()) == ()
    assert alarms(runs("CHIP-WEAK", "CHIP-WEAK", "CHIP-WEAK", None), AlarmRules()) == ()


def test_one_board_three_times_is_not_three_boards() -> None:
    again = [LastRun(BEGAN + timedelta(minutes=at), "A1", "slot1", "B1", "CHIP-WEAK") for at in range(3)]

    assert alarms(again, AlarmRules()) == ()


def test_slots_ring_each_for_itself() -> None:
    both = [*runs("CHIP-WEAK", "CHIP-WEAK"), *runs("CHIP-WEAK", slot="slot2")]

    assert alarms(both, AlarmRules()) == ()


def test_a_drop_of_yield_rings_with_its_interval() -> None:
    before = [None] * 294 + ["CHIP-CORES"] * 3 + [None] * 3
    after = [None, None, None, "CHIP-WEAK", None] * 10

    found = alarms(runs(*before, *after), AlarmRules())

    drops = [one for one in found if one.kind is AlarmKind.YIELD_DROP]
    assert {one.place for one in drops} == {"A1", "A1 slot1"}
    assert all(one.high is not None and one.high < 0.99 and one.code == "CHIP-WEAK" for one in drops)


def test_a_day_below_its_limit_rings() -> None:
    yesterday, today = runs(*[None] * 195, *["CHIP-CORES"] * 5), runs(*[None, "CHIP-WEAK"] * 5, day=1)

    found = alarms([*yesterday, *today], AlarmRules())

    assert AlarmKind.OUT_OF_LIMITS in {one.kind for one in found}


def test_a_sound_line_rings_for_nothing() -> None:
    steady: list[str | None] = ([None] * 24 + ["CHIP-WEAK"]) * 20

    assert alarms(runs(*steady, None), AlarmRules()) == ()
    assert alarms([], AlarmRules()) == ()


def test_a_day_within_its_limit_rings_for_nothing() -> None:
    yesterday, today = runs(*[None] * 195, *["CHIP-CORES"] * 5), runs(*[None] * 9, "CHIP-WEAK", None, day=1)

    assert alarms([*yesterday, *today], AlarmRules()) == ()


def test_what_a_person_has_looked_at_begins_no_row_again() -> None:
    weak = runs(*["CHIP-WEAK"] * 6)

    looked = {"slot1": weak[3].started}
    held = alarms(weak, AlarmRules(), looked)
    again = alarms([*weak, *runs("CHIP-WEAK", day=1)], AlarmRules(), looked)

    assert held == ()
    assert [(one.boards, one.slot) for one in again] == [(3, "slot1")]
    assert alarms(weak, AlarmRules(), {"slot2": weak[5].started})
    assert alarms(weak, AlarmRules(), {"slot1": weak[5].started}) == ()
