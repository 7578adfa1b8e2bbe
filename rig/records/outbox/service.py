"""The uploaders of one results folder: a thread a destination, started and stopped together."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from rig.clock import Clock
from rig.destinations import PlantEntry, TelemetryEntry
from rig.errors import UsageError
from rig.fixturefile import FixtureFile
from rig.mesentry import MesEntry
from rig.records.outbox.results import ResultQueue
from rig.records.outbox.status import DestinationStatus, OutboxStatus
from rig.records.outbox.uploader import Going, Traffic, Uploader
from rig.records.plain import plain
from rig.records.plant.address import PlantAddress
from rig.records.telemetry.spool import SPOOL_FILE, Spool
from rig.records.write import STORE_FILE
from rig.runtime import RoleLock

if TYPE_CHECKING:
    from rig.records.mes.uploads import MesQueue

LOCK_FILE, STATE_FILE = "outbox.lock", "outbox.json"    # who sends, and how it goes: beside the store
STOP_SECONDS = 45.0             # the longest that a far side is waited for, and some


@dataclass(frozen=True, slots=True)
class WaysOut:
    """Where a station's records and telemetry go; None: nowhere, they wait."""

    plant: PlantAddress | None = None
    telemetry: TelemetryEntry | None = None
    mes: MesEntry | None = None
    fixture: str = ""                       # whose runs the MES is owed

    @classmethod
    def of(cls, fixture: FixtureFile | None, url: str | None = None) -> Self:
        """As the bench file says; ``url`` or $RIG_PLANT goes before its plant. Raises UsageError."""
        entry: PlantEntry | None = fixture.plant if fixture else None
        try:
            plant: PlantAddress | None = PlantAddress.of(url, entry)
        except UsageError:
            if url or entry:
                raise
            plant = None
        if fixture is None:
            return cls(plant)
        return cls(plant, fixture.telemetry, fixture.mes, fixture.fixture)


class Outbox:
    """Sends what ``results`` holds. One process a folder at a time; a second one would do no harm.

    ``told`` is given how a destination's traffic goes: at the start, when there is trouble, when it is over.
    """

    def __init__(
        self, results: Path, ways: WaysOut, clock: Clock,
        told: Callable[[str, Traffic], None] | None = None,
    ) -> None:
        self._results, self._ways, self._clock, self._told = results, ways, clock, told
        self._lock = RoleLock(results / LOCK_FILE)
        self._stop = threading.Event()
        self._uploaders: dict[str, Uploader[Any]] = {}
        self._threads: list[threading.Thread] = []
        self._state = threading.Lock()

    def start(self) -> None:
        """Begin to send. Raises UsageError when another process does, StationFault for a bad disk."""
        if not self._taken():
            raise UsageError(
                f"{self._results}: found another process that sends (process "
                f"{self._lock.holder().get('pid', 'unknown')}), expected none; stop it first"
            )
        self._stop.clear()
        self._uploaders = dict(self._made())
        self._threads = [
            # daemons: a far side that does not answer must not keep the process from ending
            threading.Thread(target=self._send, args=(name, uploader), name=f"outbox-{name}", daemon=True)
            for name, uploader in self._uploaders.items()
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """End after the batch that is on its way; what was not acknowledged is sent again next time."""
        self._stop.set()
        for thread in self._threads:
            thread.join(seconds)
        self._threads = []
        with contextlib.suppress(OSError):
            (self._results / STATE_FILE).unlink(missing_ok=True)
        self._lock.release()

    def status(self) -> OutboxStatus:
        """How it stands now. Raises StationFault."""
        return status(
            self._results, self._ways, self._clock,
            {name: uploader.traffic for name, uploader in self._uploaders.items()} if self._threads else None,
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _taken(self) -> bool:
        """Whether the folder is ours; somebody who only looks holds the lock for a moment."""
        for _ in range(10):
            if self._lock.try_acquire():
                return True
            self._clock.sleep(0.05)
        return False

    def _made(self) -> Iterator[tuple[str, Uploader[Any]]]:
        ways, stopped = self._ways, self._stop.is_set
        if ways.plant is not None:
            from rig.records.plant.store import PlantSender

            queue = ResultQueue(self._results / STORE_FILE, self._clock)
            yield "plant", Uploader(queue, PlantSender(ways.plant), self._clock, stopped=stopped)
        if ways.telemetry is not None:
            from rig.records.outbox.influx import TelemetrySender

            spool = open_spool(self._results, ways.telemetry, self._clock)
            yield "telemetry", Uploader(spool, TelemetrySender(ways.telemetry), self._clock, stopped=stopped)

        if ways.mes is not None:
            from rig.records.mes import MesClient
            from rig.records.mes.uploads import MesSender

            owed = mes_queue(self._results, ways, self._clock)
            sender = MesSender(MesClient(ways.mes, self._clock))
            yield "mes", Uploader(owed, sender, self._clock, stopped=stopped)

    def _send(self, name: str, uploader: Uploader[Any]) -> None:
        try:
            self._send_until_stopped(name, uploader)
        finally:                            # whatever it was: it must be seen that nothing is sent
            uploader.end(by_itself=not self._stop.is_set())
            self._write_state()

    def _send_until_stopped(self, name: str, uploader: Uploader[Any]) -> None:
        trouble: str | None = None          # that was told last; "" when all was well
        wait = 0.0
        while not self._stop.wait(wait):
            wait = uploader.step()
            traffic = uploader.traffic
            found = "" if traffic.going.is_well else f"{traffic.going.value} {traffic.reason}"
            if found != trouble and self._told is not None:
                self._told(name, traffic)
            trouble = found
            self._write_state()

    def _write_state(self) -> None:
        """For `rig outbox status` of another process; a disk that refuses is not worth ending for."""
        with self._state, contextlib.suppress(OSError):
            facts = {name: plain(asdict(one.traffic)) for name, one in self._uploaders.items()}
            fresh = self._results / f".{STATE_FILE}.tmp"
            fresh.write_text(json.dumps(facts), encoding="utf-8")
            fresh.replace(self._results / STATE_FILE)


def open_spool(results: Path, entry: TelemetryEntry, clock: Clock) -> Spool:
    """The spool of a results folder."""
    most_bytes = int(entry.spool_megabytes * 1e6)
    return Spool(results / SPOOL_FILE, clock, most_bytes=most_bytes, batch_lines=entry.batch_lines)


def mes_queue(results: Path, ways: WaysOut, clock: Clock) -> MesQueue:
    """What the factory's system is owed of a results folder."""
    from rig.records.mes import OwedBook
    from rig.records.mes.uploads import MesQueue

    return MesQueue(OwedBook(results / STORE_FILE, ways.fixture, clock))


def status(
    results: Path, ways: WaysOut, clock: Clock, traffic: dict[str, Traffic] | None = None
) -> OutboxStatus:
    """How a folder's way out stands; ``traffic`` as another process left it if it is not given."""
    running = traffic is not None
    if traffic is None:
        running, traffic = _of_another(results)
    now = clock.utc()
    found = [DestinationStatus.of(
        "plant", ways.plant.url if ways.plant else "", ResultQueue(results / STORE_FILE, clock),
        traffic.get("plant"), now,
    )]
    if ways.telemetry is not None:
        spool = open_spool(results, ways.telemetry, clock)
        found.append(DestinationStatus.of(
            "telemetry", ways.telemetry.url, spool, traffic.get("telemetry"), now, spool,
            is_durable=ways.telemetry.backend.is_durable,
        ))
        spool.close()
    if ways.mes is not None:
        owed = mes_queue(results, ways, clock)
        found.append(DestinationStatus.of("mes", ways.mes.url, owed, traffic.get("mes"), now))
    return OutboxStatus.of(str(results), found, running=running)


def _of_another(results: Path) -> tuple[bool, dict[str, Traffic]]:
    lock = RoleLock(results / LOCK_FILE)
    if lock.try_acquire():
        lock.release()
        return False, {}
    try:
        facts = json.loads((results / STATE_FILE).read_text(encoding="utf-8"))
        return True, {name: _traffic(one) for name, one in facts.items()}
    except (OSError, ValueError):
        return True, {}         # it has only just begun


def _traffic(facts: dict[str, Any]) -> Traffic:
    times = {name: facts[name] and datetime.fromisoformat(facts[name]) for name in ("since", "last_sent")}
    return Traffic(**{**facts, **times, "going": Going(facts["going"])})
