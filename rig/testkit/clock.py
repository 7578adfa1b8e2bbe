"""Virtual time for several who work beside each other: whoever sleeps lets the next one on.

The worker and the guard's threads are threads here too, but exactly one of them runs at any moment,
until it sleeps or waits; then the clock jumps to whoever is due next. So code that was written for
threads runs unchanged, an hour passes in seconds, and the same run always comes out the same.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from types import TracebackType

from rig.clock import VirtualClock


class _Ended(BaseException):
    """Raised where a party stands when the clock ends."""


class _Party:
    """One who lives by the clock; it runs while it holds its own baton."""

    def __init__(self) -> None:
        self._baton = threading.Lock()
        self._baton.acquire()
        self.thread: threading.Thread | None = None

    def go(self) -> None:
        self._baton.release()

    def wait(self) -> None:
        self._baton.acquire()


class _Turn:
    """Somebody's appointment, and whether it still holds."""

    __slots__ = ("holds", "who")

    def __init__(self, who: _Party) -> None:
        self.who = who
        self.holds = True


class SharedClock(VirtualClock):
    """A rig.clock.Clock, and rig.guard.threads.Threads on it. Its home is the thread that made it.

    An error that ends a party is raised at home, at its next sleep.
    """

    def __init__(self) -> None:
        super().__init__()
        self._turns: list[tuple[float, int, _Turn]] = []
        self._numbers = itertools.count()
        self._home = self._present = _Party()
        self._parties: list[_Party] = []
        self._failure: BaseException | None = None
        self._ending = False

    def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        until = self.now() + seconds
        if not self._turns or self._turns[0][0] > until:
            super().sleep(seconds)
            return
        self.appoint(until)
        self.give_way()

    def condition(self) -> VirtualCondition:
        return VirtualCondition(self)

    def start(self, name: str, run: Callable[[], None]) -> None:
        party = _Party()
        party.thread = threading.Thread(target=self._live, args=(party, run), name=name, daemon=True)
        self._parties.append(party)
        self._push(self.now(), _Turn(party))
        party.thread.start()

    def end(self) -> None:
        """End every party where it stands. From home."""
        self._ending = True
        self._turns.clear()
        for party in self._parties:
            if party.thread is not None and party.thread.is_alive():
                party.go()
                party.thread.join()
        self._parties.clear()
        self._ending = False

    def appoint(self, at: float) -> _Turn:
        """The present party wants to go on at ``at``."""
        turn = _Turn(self._present)
        self._push(at, turn)
        return turn

    def call(self, turn: _Turn) -> None:
        """Let a party that waits go on now instead."""
        if turn.holds:
            turn.holds = False
            self._push(self.now(), _Turn(turn.who))

    def give_way(self) -> None:
        """Let whoever is due next go on; returns when it is the present party's turn again."""
        if self._ending:
            raise _Ended
        me = self._present
        if self._hand_on() is me:
            return
        me.wait()
        if me is not self._home and self._ending:
            raise _Ended
        if me is self._home and self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _hand_on(self) -> _Party:
        """Move time to the next turn and wake its party, if it is another than the present one."""
        while True:
            at, _, turn = heapq.heappop(self._turns)
            if turn.holds:
                break
        super().sleep(at - self.now())
        turn.holds = False
        before, self._present = self._present, turn.who
        if turn.who is not before:
            turn.who.go()
        return turn.who

    def _live(self, party: _Party, run: Callable[[], None]) -> None:
        party.wait()
        if self._ending:
            return
        try:
            run()
        except _Ended:
            return
        except BaseException as error:  # it flies on at home
            self._failure, self._present = error, self._home
            self._home.go()
            return
        self._hand_on()

    def _push(self, at: float, turn: _Turn) -> None:
        heapq.heappush(self._turns, (at, next(self._numbers), turn))


class VirtualCondition:
    """rig.guard.threads.Condition on a shared clock; its lock needs no holding, as only one runs."""

    def __init__(self, clock: SharedClock) -> None:
        self._clock = clock
        self._waiting: list[_Turn] = []

    def wait(self, timeout: float) -> bool:
        turn = self._clock.appoint(self._clock.now() + timeout)
        self._waiting.append(turn)
        self._clock.give_way()
        if turn in self._waiting:
            self._waiting.remove(turn)
            return False
        return True

    def notify_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        for turn in waiting:
            self._clock.call(turn)

    def __enter__(self) -> VirtualCondition:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return
