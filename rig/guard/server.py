"""The guard's process: the lock first, then everything off, then the socket."""

from __future__ import annotations

import os
import signal
import socket
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

from rig.clock import Clock
from rig.errors import GuardError, UsageError
from rig.fixturefile import FixtureFile
from rig.guard.addresses import Addresses
from rig.guard.connection import Connection, peer_of
from rig.guard.crew import Crew, Tools
from rig.guard.envelope import Bounds
from rig.guard.feeds import Feed
from rig.guard.log import GuardLog
from rig.guard.memory import Latches
from rig.guard.rules import SlotRules
from rig.guard.slotguard import SlotGuard
from rig.instruments.pdu import Outlet
from rig.instruments.registry import supply_family
from rig.runtime import Runtime
from rig.slotentry import SlotEntry

TICK_SECONDS = 0.02
STOP_SECONDS = 8.0


def serve(fixture: FixtureFile, runtime: Runtime, clock: Clock, exit_when_idle: float | None) -> None:
    """Guard a fixture until told to stop, or until idle for ``exit_when_idle`` seconds.

    Raises UsageError when another guard holds the fixture, a supply's family is unknown or has not
    the watchdog the file names, and GuardError at the end when a slot was live and could not be
    proved safe.
    """
    for name, entry in fixture.slots.items():
        family = supply_family(entry.supply)
        if entry.supply.watchdog_seconds is not None and family.watchdog is None:
            raise UsageError(
                f"{name}: supply.watchdog_seconds: found a family ({family.name}) without a watchdog, "
                "expected one that has it; name a pdu or relay watchdog instead"
            )
    lock = runtime.lock("guard")
    if not lock.try_acquire():
        raise UsageError(
            f"a guard of this fixture is up already (process {lock.holder().get('pid')}, "
            f"in {runtime.folder}); expected none"
        )
    try:
        Guard(fixture, runtime, clock).run(exit_when_idle)
    finally:
        lock.release()


class Guard:
    """All slots of one fixture, their socket and their log. Its caller holds the role's lock."""

    def __init__(self, fixture: FixtureFile, runtime: Runtime, clock: Clock) -> None:
        self._clock = clock
        self._path = runtime.guard_socket
        self._log = GuardLog(runtime.log("guard"), clock)
        self._addresses = Addresses(fixture, runtime)
        self._stop = threading.Event()
        self._told = False                      # by a signal
        self._connections: list[Connection] = []
        self._idle_since = clock.now()
        latches = Latches(runtime.latches, self._log.later)
        tools = Tools(bounds=Bounds.of(fixture), keep=latches.keep)
        self._fixture = fixture.fixture
        self._crews: Mapping[str, Crew] = {
            name: Crew(name, entry, self._finder(name), self._outlet_finder(name), clock, self._log, tools)
            for name, entry in fixture.slots.items()
        }
        for name, crew in self._crews.items():
            crew.keeper.rules.after.latch = latches.of(name)
        feeds = [Feed(name, entry, self._is_live) for name, entry in fixture.feeds.items()]
        self._slots: Mapping[str, SlotGuard] = {
            name: SlotGuard(
                name, crew, next((feed for feed in feeds if name in fixture.feeds[feed.name].slots), None)
            )
            for name, crew in self._crews.items()
        }

    def run(self, exit_when_idle: float | None) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._told_to_stop)
        self._log.note(None, "start", f"process {os.getpid()}")
        for crew in self._crews.values():
            crew.start(self._loop)
        door = _listen(self._path)
        threading.Thread(target=self._loop, args=("door", lambda: self._admit(door)), daemon=True).start()
        self._loop("watch", lambda: self._watch(exit_when_idle))
        self._stop.set()
        self._path.unlink(missing_ok=True)
        left = self._switch_off()
        door.close()
        self._log.note(None, "end", f"process {os.getpid()}")
        self._log.close()
        if left:
            raise GuardError(
                f"the guard ends, but {', '.join(left)} could not be read back as off and below a volt; "
                "cut the mains there and keep hands off"
            )

    def _loop(self, name: str, step: Callable[[], bool]) -> None:
        """Run ``step`` until it says False. A bug in the guard switches everything off; it goes on."""
        while True:
            try:
                while step():
                    pass
                return
            except Exception:
                self._log.note(None, "bug", f"{name}: {traceback.format_exc()}")
                for slot in self._slots.values():
                    slot.stop(f"the guard failed in {name}; see its log")
                self._stop.wait(TICK_SECONDS)

    def _watch(self, exit_when_idle: float | None) -> bool:
        """One tick of every slot; False when it is time to end."""
        for slot in self._slots.values():
            slot.tick()
        if self._stop.wait(TICK_SECONDS) or self._told:
            return False
        if exit_when_idle is None or not self._idle():
            self._idle_since = self._clock.now()
            return True
        return self._clock.now() - self._idle_since < exit_when_idle

    def _idle(self) -> bool:
        """Nobody is connected, and nothing is live, or the simulated bench it was on is gone."""
        self._connections = [one for one in self._connections if one.open]
        if self._connections or any(slot.look(_leased) for slot in self._slots.values()):
            return False
        return all(slot.look(_proved_off) for slot in self._slots.values()) or self._addresses.bench_is_dead()

    def _admit(self, door: socket.socket) -> bool:
        try:
            link, _ = door.accept()
        except OSError:
            return not self._stop.is_set()
        pid, uid = peer_of(link)
        if uid != os.getuid():
            self._log.note(None, "refused", f"process {pid} of user {uid}")
            link.close()
            return True
        connection = Connection(link, self._fixture, self._slots, self._clock)
        self._idle_since = self._clock.now()
        self._connections.append(connection)
        threading.Thread(
            target=self._loop, args=(f"connection of {pid}", connection.serve), daemon=True
        ).start()
        return True

    def _switch_off(self) -> list[str]:
        """Everything off; the slots that were live once and could not be proved safe."""
        for slot in self._slots.values():
            slot.stop("the guard was told to stop")
        deadline = self._clock.now() + STOP_SECONDS
        for slot in self._slots.values():
            slot.wait_until_off(max(0.0, deadline - self._clock.now()))
        hot = [name for name, slot in self._slots.items() if slot.look(_may_be_hot)]
        if hot and self._addresses.bench_is_dead():
            hot = []
        for crew in self._crews.values():
            crew.stop()
        return hot

    def _told_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        # no lock may be taken here: the handler runs inside the very wait that holds it
        self._told = True

    def _is_live(self, name: str) -> bool:
        # a glance without the lock: the asker may hold another slot's
        return self._crews[name].keeper.rules.state.live

    def _finder(self, name: str) -> Callable[[], SlotEntry]:
        return lambda: self._addresses.of(name)

    def _outlet_finder(self, name: str) -> Callable[[], Outlet | None]:
        return lambda: self._addresses.outlet_of(name)


def _may_be_hot(rules: SlotRules, _now: float) -> bool:
    return rules.state.ever_live and not rules.state.safe


def _leased(rules: SlotRules, _now: float) -> bool:
    return rules.lease is not None


def _proved_off(rules: SlotRules, _now: float) -> bool:
    """The output was read back off, or this guard never saw it on and cannot reach it."""
    state = rules.state
    return not state.live and (state.safe or state.off_read_back or not state.ever_live)


def _listen(path: Path) -> socket.socket:
    """The guard's door, for this user alone; it appears when it can be knocked at.

    A file there is a dead guard's: the lock is ours.
    """
    hidden = path.with_name(f"{path.name}.new")
    hidden.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        door.bind(str(hidden))
    finally:
        os.umask(before)
    door.listen(64)
    hidden.rename(path)
    return door
