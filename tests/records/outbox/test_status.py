from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rig.clock import VirtualClock
from rig.records.outbox import status as status_module
from rig.records.outbox.delivery import Refusal
from rig.records.outbox.results import DeadLetter, Depth
from rig.records.outbox.status import DestinationStatus, OutboxStatus
from rig.records.outbox.uploader import Going, Traffic
from rig.records.telemetry.spool import Spool

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Results:
    """A queue as it is looked at."""

    def __init__(self, rows: int, since: timedelta, dead: int = 0) -> None:
        self._depth = Depth(rows, NOW - since if rows else None, 100_000 * rows)
        self._dead = [DeadLetter(number, f"run {number}", NOW, "refused") for number in range(dead)]

    def depth(self) -> Depth:
        return self._depth

    def dead_letters(self) -> list[DeadLetter]:
        return self._dead


def plant(queue: Results, traffic: Traffic | None = None) -> DestinationStatus:
    return DestinationStatus.of("plant", "postgresql://db/rig", queue, traffic, NOW)


def test_a_quiet_outbox_has_no_alarm() -> None:
    assert list(plant(Results(3, timedelta(minutes=59)), Traffic(Going.WAITING, "away")).alarms()) == []


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (plant(Results(3, timedelta(hours=2))), "results wait since 2.0 h"),
        (plant(Results(0, timedelta(), dead=2)), "2 dead letters"),
        (plant(Results(1, timedelta()), Traffic(Going.HELD, "word")), "held until it is mended: word"),
        (plant(Results(1, timedelta()), Traffic(Going.ENDED, "its log")), "nothing is sent"),
    ],
)
def test_what_a_person_must_look_at_is_an_alarm(found: DestinationStatus, says: str) -> None:
    (alarm,) = found.alarms()

    assert says in alarm


def test_a_clock_that_was_set_back_makes_nothing_younger_than_now() -> None:
    assert plant(Results(1, -timedelta(hours=5))).oldest_seconds == 0.0


def test_a_spool_says_that_it_fills_before_it_drops(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", VirtualClock(NOW), most_bytes=1000)

    def alarms() -> list[str]:
        return list(DestinationStatus.of("telemetry", "", spool, None, NOW, spool).alarms())

    seen = []
    for _ in range(12):
        spool.put(["x" * 100])
        seen.append((alarms(), spool.dropped()))

    first_alarm = next(place for place, (said, _) in enumerate(seen) if said)
    first_drop = next(place for place, (_, dropped) in enumerate(seen) if dropped)
    assert first_alarm < first_drop
    assert "90% of the spool are full" in seen[first_alarm][0][0]
    assert "lines were dropped so far" in " ".join(seen[first_drop][0])


def test_dead_lines_are_an_alarm_too(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", VirtualClock(NOW), most_bytes=1000)
    spool.put(["a b=c 1"])
    taken = spool.take()
    spool.settle(taken, [Refusal(taken[0], "400")])

    found = DestinationStatus.of("telemetry", "", spool, None, NOW, spool)

    assert found.dead_letters == 1
    assert any("dead letters" in alarm for alarm in found.alarms())


def test_a_disk_that_fills_is_an_alarm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert OutboxStatus.of(str(tmp_path), [], running=True).alarms == ()
    monkeypatch.setattr(status_module, "LEAST_FREE_BYTES", 1 << 60)

    (alarm,) = OutboxStatus.of(str(tmp_path), [], running=True).alarms

    assert "MiB left" in alarm
