"""Badges, PINs, sessions and control, on a clock that tests move."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.clock import VirtualClock
from rig.errors import FileError, UsageError
from rig.station.badges import BadgeFile, Code, add_badge, hashed, holds, load_badges
from rig.station.roles import Role
from rig.station.sessions import (
    AWAY_SECONDS,
    IDLE_SECONDS,
    LOCKED_SECONDS,
    MOST_TRIES,
    RAISED_SECONDS,
    Refused,
    Session,
    Sessions,
)

SECRET, PIN = "K7QX9M2RT4WD", "135790"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def sessions(badges: BadgeFile, clock: VirtualClock) -> Sessions:
    return Sessions(badges, clock)


def logged_in(sessions: Sessions, number: str) -> Session:
    return sessions.open(*sessions.checked_badge(f"BADGE-{number}-{SECRET}"), None)


def test_the_file_of_badges_holds_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "badges.yaml"

    code = add_badge(file, "0417", "Ada", Role.TECHNICIAN, PIN)

    text = file.read_text()
    assert code.secret not in text
    assert PIN not in text
    assert file.stat().st_mode & 0o077 == 0
    badge = load_badges(file).badges["0417"]
    assert (badge.name, badge.role) == ("Ada", Role.TECHNICIAN)
    assert holds(code.secret, badge.secret)
    assert badge.pin is not None
    assert holds(PIN, badge.pin)
    assert not holds("135791", badge.pin)


@pytest.mark.parametrize(("number", "role", "pin"), [
    ("0417", Role.QA, None), ("0417", Role.ENGINEER, "123"), ("../x", Role.OPERATOR, None),
])
def test_a_badge_that_is_none_is_refused(tmp_path: Path, number: str, role: Role, pin: str | None) -> None:
    with pytest.raises(UsageError):
        add_badge(tmp_path / "badges.yaml", number, "Ada", role, pin)


def test_a_file_with_a_plain_pin_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "badges.yaml"
    file.write_text(f'badges: {{"0417": {{name: Ada, role: qa, secret: "{hashed(SECRET)}", pin: "{PIN}"}}}}')

    with pytest.raises(FileError, match="pin"):
        load_badges(file)


@pytest.mark.parametrize("text", [
    f"BADGE-0417-{SECRET}", "badge-0417-k7qx9m2rt4wd", f" BADGE-0417-{SECRET}\n",
])
def test_a_code_is_read_in_any_case(text: str) -> None:
    assert Code.read(text) == Code("0417", SECRET)


def test_a_session_ends_when_nobody_presses_anything(sessions: Sessions, clock: VirtualClock) -> None:
    session = logged_in(sessions, "0001")

    clock.sleep(IDLE_SECONDS - 1)
    sessions.used(session)
    clock.sleep(IDLE_SECONDS - 1)
    assert sessions.find(session.token) is session
    clock.sleep(2)

    assert sessions.find(session.token) is None
    assert sessions.in_control is None


def test_a_raised_role_falls_back(sessions: Sessions, clock: VirtualClock) -> None:
    session = logged_in(sessions, "0003")
    sessions.checked_pin(session, PIN)
    sessions.raise_role(session)
    assert session.role is Role.ENGINEER

    clock.sleep(RAISED_SECONDS + 1)
    sessions.find(session.token)

    assert session.role is Role.OPERATOR


def test_a_badge_without_a_pin_stays_an_operator(sessions: Sessions) -> None:
    session = logged_in(sessions, "0001")

    with pytest.raises(Refused) as refused:
        sessions.checked_pin(session, PIN)

    assert refused.value.status == 403


def test_a_lock_ends_by_itself_and_a_right_pin_clears_the_count(
    sessions: Sessions, clock: VirtualClock
) -> None:
    session = logged_in(sessions, "0002")
    for _ in range(MOST_TRIES):
        with pytest.raises(Refused):
            sessions.checked_pin(session, "000000")
    with pytest.raises(Refused) as locked:
        sessions.checked_pin(session, PIN)

    clock.sleep(LOCKED_SECONDS + 1)
    sessions.checked_pin(session, PIN)

    assert locked.value.status == 429


def test_strangers_do_not_fill_the_memory(sessions: Sessions) -> None:
    for number in range(MOST_TRIES):
        with pytest.raises(Refused):
            sessions.checked_badge(f"BADGE-9{number}-{SECRET}")

    with pytest.raises(Refused) as locked:
        sessions.checked_badge(f"BADGE-99-{SECRET}")
    assert locked.value.status == 429
    assert len(sessions._tries) == 1


def test_control_stays_with_who_has_it_until_they_are_away(sessions: Sessions, clock: VirtualClock) -> None:
    ada, bo = logged_in(sessions, "0001"), logged_in(sessions, "0002")
    sessions.connected(ada, +1)
    assert sessions.controls(ada)
    assert not sessions.controls(bo)

    sessions.connected(ada, -1)
    clock.sleep(AWAY_SECONDS + 1)

    assert sessions.controls(bo)


def test_the_same_person_at_another_browser_takes_control(sessions: Sessions) -> None:
    first, second = logged_in(sessions, "0001"), logged_in(sessions, "0001")

    assert sessions.in_control is second
    assert sessions.controls(first)
