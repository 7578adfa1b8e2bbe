"""Without a network: a far side that answers as it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.clock import VirtualClock
from rig.errors import StationFault
from rig.records.outbox.delivery import TAKEN, Delivery, Outcome, Refusal
from rig.records.outbox.uploader import HELD_SECONDS, IDLE_SECONDS, MOST_SECONDS, Going, Uploader
from rig.records.telemetry.spool import Block

LATER = Delivery(Outcome.LATER, "nobody there")


@dataclass
class Far:
    """``answer`` decides; what it took is in ``lines``, as often as it took it."""

    answer: Callable[[list[str]], Delivery]
    lines: list[str] = field(default_factory=list)
    calls: int = 0

    def send(self, parcels: Sequence[Block]) -> Delivery:
        self.calls += 1
        lines = [line for parcel in parcels for line in parcel.body.split("\n")]
        answer = self.answer(lines)
        if answer.outcome is Outcome.TAKEN:
            self.lines += lines
        return answer

    def close(self) -> None:
        pass


class Waiting:
    """A queue in memory."""

    def __init__(self, bodies: Iterable[str]) -> None:
        self.blocks = [Block(number, body) for number, body in enumerate(bodies, start=1)]
        self.dead: list[Refusal[Block]] = []
        self.broken = False

    def take(self) -> Sequence[Block]:
        return self.blocks[:8]

    def settle(self, taken: Sequence[Block], refused: Sequence[Refusal[Block]]) -> None:
        if self.broken:
            raise StationFault("spool.db: found disk full")
        self.blocks = [block for block in self.blocks if block.number not in {one.number for one in taken}]
        self.dead += refused


def bodies(count: int) -> list[str]:
    return [f"a{number}\nb{number}" for number in range(count)]


def uploader(queue: Waiting, far: Far, **told: Callable[[], bool]) -> Uploader[Block]:
    return Uploader(queue, far, VirtualClock(), jitter=lambda: 1.0, **told)


def test_all_that_waits_is_sent_in_order_and_forgotten() -> None:
    queue, far = Waiting(bodies(20)), Far(lambda lines: TAKEN)
    sending = uploader(queue, far)

    waits = [sending.step() for _ in range(4)]

    assert waits == [0.0, 0.0, 0.0, IDLE_SECONDS]
    assert far.lines == "\n".join(bodies(20)).split("\n")
    assert queue.blocks == []
    assert (sending.traffic.going, sending.traffic.sent) == (Going.IDLE, 20)


def test_waits_grow_to_a_minute_while_it_is_away_and_nothing_is_given_up() -> None:
    queue, far = Waiting(bodies(3)), Far(lambda lines: LATER)
    sending = uploader(queue, far)

    waits = [sending.step() for _ in range(12)]

    assert waits[:4] == [0.5, 1.0, 2.0, 4.0]
    assert waits[-1] == MOST_SECONDS
    assert len(queue.blocks) == 3
    assert sending.traffic.going is Going.WAITING
    far.answer = lambda lines: TAKEN
    assert sending.step() == 0.0
    assert (queue.blocks, sending.traffic.failures) == ([], 0)


def test_what_the_far_side_asks_for_is_obeyed() -> None:
    sending = uploader(Waiting(bodies(1)), Far(lambda lines: Delivery(Outcome.LATER, "429", seconds=17.0)))

    assert sending.step() == 17.0


def test_who_does_not_let_us_in_is_looked_at_once_a_minute() -> None:
    queue = Waiting(bodies(1))
    sending = uploader(queue, Far(lambda lines: Delivery(Outcome.HELD, "401 unauthorized")))

    assert [sending.step() for _ in range(5)] == [HELD_SECONDS] * 5

    assert (sending.traffic.going, sending.traffic.reason) == (Going.HELD, "401 unauthorized")
    assert queue.dead == []
    assert len(queue.blocks) == 1


@given(poison=st.sets(st.integers(0, 15)))
def test_exactly_what_is_poison_becomes_a_dead_letter(poison: set[int]) -> None:
    bad = {f"a{number}" for number in poison}
    queue = Waiting(bodies(16))
    far = Far(lambda lines: Delivery(Outcome.REFUSED, "400 bad") if bad & set(lines) else TAKEN)
    sending = uploader(queue, far)

    while sending.step() == 0.0:
        pass

    assert {one.parcel.body for one in queue.dead} == bad
    assert sorted(far.lines) == sorted(set("\n".join(bodies(16)).split("\n")) - bad)
    assert queue.blocks == []


def test_a_batch_too_large_is_halved() -> None:
    far = Far(lambda lines: TAKEN if len(lines) <= 3 else Delivery(Outcome.TOO_LARGE, "413"))
    queue = Waiting(bodies(8))
    sending = uploader(queue, far)

    sending.step()

    assert far.lines == "\n".join(bodies(8)).split("\n")
    assert queue.dead == []


def test_an_outage_in_the_middle_of_a_bisection_settles_nothing() -> None:
    answers = iter([Delivery(Outcome.REFUSED, "400"), TAKEN, LATER])
    queue, far = Waiting(bodies(8)), Far(lambda lines: next(answers))
    sending = uploader(queue, far)

    sending.step()

    assert (len(queue.blocks), queue.dead) == (8, [])
    far.answer = lambda lines: Delivery(Outcome.REFUSED, "400 bad") if "a3" in lines else TAKEN
    sending.step()
    assert queue.blocks == []
    assert [one.parcel.body for one in queue.dead] == ["a3"]


def test_our_own_disk_is_waited_for() -> None:
    queue, far = Waiting(bodies(2)), Far(lambda lines: TAKEN)
    queue.broken = True
    sending = uploader(queue, far)

    assert sending.step() > 0

    assert (sending.traffic.going, "disk full" in sending.traffic.reason) == (Going.WAITING, True)
    queue.broken = False
    assert sending.step() == 0.0
    assert queue.blocks == []


def test_stopping_does_not_wait_for_a_long_bisection() -> None:
    far = Far(lambda lines: Delivery(Outcome.REFUSED, "400"))
    queue = Waiting(bodies(8))
    sending = uploader(queue, far, stopped=lambda: far.calls >= 3)

    sending.step()

    assert far.calls == 3
    assert len(queue.blocks) == 8


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999])
def test_stations_do_not_come_back_all_at_once(jitter: float) -> None:
    sending = Uploader(Waiting(bodies(1)), Far(lambda lines: LATER), VirtualClock(), jitter=lambda: jitter)

    assert sending.step() == pytest.approx(0.5 * (0.5 + 0.5 * jitter))
