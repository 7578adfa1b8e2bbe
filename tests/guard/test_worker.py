from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from rig.clock import SystemClock
from rig.errors import BridgeError, GuardError
from rig.guard.threads import RealThreads
from rig.guard.worker import Worker


class Bed:
    """A worker with a poll that counts, and an interrupt that ends what hangs."""

    def __init__(self) -> None:
        self.polls = 0
        self.interrupted = threading.Event()
        self.hanging = threading.Event()
        self.bugs: list[str] = []
        self.worker = Worker("slot1 part", SystemClock(), RealThreads(), self.poll, self.interrupted.set)

    def poll(self) -> float:
        self.polls += 1
        return 0.01

    def hang(self) -> str:
        self.hanging.set()
        assert self.interrupted.wait(10)
        raise BridgeError("interrupted")

    def loop(self, _name: str, step: Callable[[], bool]) -> None:
        while True:
            try:
                while step():
                    pass
                return
            except ZeroDivisionError as error:
                self.bugs.append(str(error))


@pytest.fixture
def bed() -> Iterator[Bed]:
    made = Bed()
    made.worker.start(made.loop)
    yield made
    made.worker.stop()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_it_looks_around_while_nothing_is_asked(bed: Bed) -> None:
    until(lambda: bed.polls > 3)


def test_results_and_errors_come_back(bed: Bed) -> None:
    assert bed.worker.submit(lambda: 41 + 1, 5) == 42

    def fail() -> None:
        raise BridgeError("no")

    with pytest.raises(BridgeError, match="no"):
        bed.worker.submit(fail, 5)


def test_a_bug_is_told_to_both_and_the_thread_goes_on(bed: Bed) -> None:
    with pytest.raises(GuardError, match="see its log"):
        bed.worker.submit(lambda: 1 // 0, 5)

    assert bed.worker.submit(lambda: "still here", 5) == "still here"
    assert len(bed.bugs) == 1


def test_an_asker_does_not_wait_for_ever(bed: Bed) -> None:
    with pytest.raises(GuardError, match=r"no result in 0\.05 s"):
        bed.worker.submit(bed.hang, 0.05)
    bed.interrupted.set()


def test_an_urgent_order_ends_what_hangs_and_drops_what_waits(bed: Bed) -> None:
    outcomes: list[str] = []

    def ask(job: Callable[[], object]) -> None:
        try:
            bed.worker.submit(job, 10)
        except (BridgeError, GuardError) as error:
            outcomes.append(str(error))

    askers = [threading.Thread(target=ask, args=(bed.hang,)), threading.Thread(target=ask, args=(lambda: 1,))]
    askers[0].start()
    assert bed.hanging.wait(5)
    askers[1].start()
    until(lambda: len(bed.worker._jobs) == 1)
    done = threading.Event()

    def order() -> bool:
        done.set()
        return True

    bed.worker.urge(order)

    assert done.wait(5)
    for asker in askers:
        asker.join(5)
    assert sorted(outcomes) == ["interrupted", "slot1 part: dropped, the guard is switching off"]


def test_an_urgent_order_is_repeated_until_it_succeeds_and_nothing_is_polled_meanwhile(bed: Bed) -> None:
    tries: list[int] = []

    def order() -> bool:
        tries.append(bed.polls)
        return len(tries) == 4

    bed.worker.urge(order)

    until(lambda: len(tries) == 4)
    assert tries[1] == tries[3]
    polls = bed.polls
    until(lambda: bed.polls > polls + 2)
    assert len(tries) == 4


def test_an_urgent_order_is_not_interrupted_by_the_next(bed: Bed) -> None:
    began, go_on, second = threading.Event(), threading.Event(), threading.Event()

    def first() -> bool:
        began.set()
        return go_on.wait(5)

    def next_one() -> bool:
        second.set()
        return True

    bed.worker.urge(first)
    assert began.wait(5)
    bed.interrupted.clear()
    bed.worker.urge(next_one)
    assert not bed.interrupted.is_set()
    go_on.set()
    assert second.wait(5)


def test_a_withdrawn_order_is_not_repeated(bed: Bed) -> None:
    tries: list[int] = []

    def order() -> bool:
        tries.append(1)
        return False

    bed.worker.urge(order)
    until(lambda: len(tries) >= 1)
    bed.worker.withdraw()
    count = len(tries)
    polls = bed.polls
    until(lambda: bed.polls > polls + 20)
    assert len(tries) <= count + 1
