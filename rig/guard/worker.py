"""One thread for one instrument: urgent orders first, then what was asked, then looking around.

A hung instrument holds up only its own thread. An urgent order throws away what waits, ends what
is pending, and is repeated until it succeeds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from rig.clock import Clock
from rig.errors import GuardError, RigError
from rig.guard.threads import Threads

T = TypeVar("T")

# Runs the step again and again until it says False; the owner decides what a bug in it means.
Loop = Callable[[str, Callable[[], bool]], None]

# An urgent order that failed: soon again at first, then without keeping the machine busy.
RETRY_SECONDS = 0.1
SLOW_RETRY_SECONDS = 0.5
_QUICK_RETRIES = 50


class Worker:
    """``poll`` does one round of looking and says in how many seconds it wants to be called again.

    ``interrupt`` makes whatever this thread is waiting for fail at once. An urgent job returns
    whether it succeeded and raises nothing.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        threads: Threads,
        poll: Callable[[], float],
        interrupt: Callable[[], None],
    ) -> None:
        self.name = name
        self._clock = clock
        self._threads = threads
        self._poll = poll
        self._interrupt = interrupt
        self._condition = threads.condition()
        self._jobs: deque[_Task[Any]] = deque()
        self._urgent: Callable[[], bool] | None = None
        self._retry_at = 0.0
        self._tries = 0
        self._poll_at = 0.0
        self._interruptible = False
        self._stopped = False

    def start(self, loop: Loop) -> None:
        """Begin, in a thread of its own."""
        self._threads.start(self.name, lambda: loop(self.name, self.step))

    def stop(self) -> None:
        with self._condition:
            self._stopped = True
            self._condition.notify_all()

    def submit(self, job: Callable[[], T], seconds: float) -> T:
        """Have ``job`` run by this thread; its result or error. Raises GuardError after ``seconds``."""
        task = _Task(job)
        deadline = self._clock.now() + seconds
        with self._condition:
            self._jobs.append(task)
            self._condition.notify_all()
            while not task.ended and (left := deadline - self._clock.now()) > 0:
                self._condition.wait(left)
            if not task.ended:
                task.fail(GuardError(f"{self.name}: found no result in {seconds:g} s, expected one"))
        return task.outcome()

    def urge(self, job: Callable[[], bool]) -> None:
        """Run ``job`` next and until it succeeds; it takes the place of an earlier urgent one."""
        with self._condition:
            self._urgent, self._retry_at, self._tries = job, 0.0, 0
            while self._jobs:
                self._jobs.popleft().fail(GuardError(f"{self.name}: dropped, the guard is switching off"))
            if self._interruptible:
                self._interrupt()
            self._condition.notify_all()

    def withdraw(self) -> None:
        """Forget an urgent order; only for its owner, when the slot is allowed to go live."""
        with self._condition:
            self._urgent = None

    def step(self) -> bool:
        """One piece of work; False when the thread is to end."""
        with self._condition:
            wait = self._idle_seconds()
            if wait > 0 and not self._stopped:
                self._condition.wait(wait)
                return True
            if self._stopped:
                return False
            now = self._clock.now()
            urgent = self._urgent if self._urgent is not None and now >= self._retry_at else None
            task = self._jobs.popleft() if urgent is None and self._jobs else None
            if urgent is None and task is None and self._urgent is not None:
                return True
            self._interruptible = urgent is None
        if urgent is not None:
            self._run_urgent(urgent)
        elif task is not None:
            self._run(task)
        else:
            pause = self._poll()
            with self._condition:
                self._poll_at = self._clock.now() + pause
        with self._condition:
            self._interruptible = False
        return True

    def _run_urgent(self, job: Callable[[], bool]) -> None:
        done = job()
        with self._condition:
            if done and self._urgent is job:
                self._urgent = None
            elif self._urgent is job:
                self._tries += 1
                pause = RETRY_SECONDS if self._tries < _QUICK_RETRIES else SLOW_RETRY_SECONDS
                self._retry_at = self._clock.now() + pause

    def _idle_seconds(self) -> float:
        """Seconds until there is something to do; 0 when there is."""
        if self._jobs:
            return 0.0
        due = self._poll_at if self._urgent is None else self._retry_at
        return max(0.0, due - self._clock.now())


    def _run(self, task: _Task[Any]) -> None:
        """Whoever asked is told when it has ended, and how."""
        if task.ended:
            return
        try:
            task.do()
        finally:
            with self._condition:
                self._condition.notify_all()


class _Task(Generic[T]):
    """A job and what came of it; the first end counts."""

    def __init__(self, job: Callable[[], T]) -> None:
        self._job = job
        self._result: list[T] = []
        self._error: RigError | None = None

    @property
    def ended(self) -> bool:
        return bool(self._result) or self._error is not None

    def do(self) -> None:
        """Errors of the rig are the answer; anything else is a bug and flies, after telling the asker."""
        try:
            result = self._job()
        except RigError as error:
            self.fail(error)
        except BaseException:
            self.fail(GuardError("the guard failed at this; see its log"))
            raise
        else:
            if not self.ended:
                self._result.append(result)

    def fail(self, error: RigError) -> None:
        if not self.ended:
            self._error = error

    def outcome(self) -> T:
        """The job's result, or its error raised."""
        if self._error is not None:
            raise self._error
        return self._result[0]
