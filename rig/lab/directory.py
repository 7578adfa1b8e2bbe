"""A conversation with labgrid's coordinator: what places there are, and taking and giving back one.

Each question is a connection of its own, closed again before it is answered: a run holds none, so
that no coordinator that dies can reach into it.
"""

from __future__ import annotations

import getpass
import os
import queue
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from labgrid.remote.common import Place as LabgridPlace
from labgrid.remote.common import ResourceEntry
from labgrid.remote.generated import labgrid_coordinator_pb2 as pb
from labgrid.remote.generated import labgrid_coordinator_pb2_grpc as pb_grpc
from labgrid.util import labgrid_version

from rig.errors import StationFault, UsageError

DEFAULT_COORDINATOR = "127.0.0.1:20408"
SLOT_CLASS = "BenchSlot"
_SECONDS = 10.0                     # for one question, connection and all
_CONNECT_SECONDS = 2.0
# A channel of its own each time: gRPC else remembers that nobody listened and does not look again at once.
_OPTIONS = (("grpc.use_local_subchannel_pool", 1),)


@dataclass(frozen=True, slots=True)
class Place:
    """A place as the coordinator has it. ``slot`` is what its exporter says of it, None without one."""

    name: str
    tags: Mapping[str, str]
    acquired: str | None            # host/user of who has it
    slot: Mapping[str, str] | None


@dataclass(slots=True)
class _Session:
    """One connection: the coordinator's own calls, and all that it had when we came."""

    calls: Any
    places: dict[str, LabgridPlace] = field(default_factory=dict)
    resources: dict[tuple[str, str, str], ResourceEntry] = field(default_factory=dict)

    def take(self, update: Any) -> None:
        if update.WhichOneof("kind") == "place":
            self.places[update.place.name] = LabgridPlace.from_pb2(update.place)
        elif update.WhichOneof("kind") == "resource":
            path = update.resource.path
            self.resources[path.exporter_name, path.group_name, path.resource_name] = ResourceEntry(
                ResourceEntry.data_from_pb2(update.resource)
            )

    def seen(self, name: str) -> Place:
        place = self.places[name]
        return Place(name, dict(place.tags), place.acquired, self._slot_of(place))

    def offered(self) -> Iterator[tuple[str, str, ResourceEntry]]:
        """Exporter, group and entry of every slot that is there."""
        for (exporter, group, _), entry in self.resources.items():
            if entry.data.get("cls") == SLOT_CLASS and entry.avail:
                yield exporter, group, entry

    def _slot_of(self, place: LabgridPlace) -> Mapping[str, str] | None:
        """What the exporter says of the slot behind a place, None when it says nothing (any more)."""
        for exporter, group, entry in self.offered():
            if place.hasmatch((exporter, group, SLOT_CLASS, SLOT_CLASS)):
                told = entry.data["params"].items()
                return {str(name): str(value) for name, value in told if value is not None}
        return None


def who_am_i() -> str:
    """The name this process acquires under: $LG_USERNAME, else user and process."""
    return os.environ.get("LG_USERNAME") or f"{getpass.getuser()}-{os.getpid()}"


class Directory:
    """The coordinator at an address. Every method raises StationFault when it is not there."""

    def __init__(self, address: str, user: str | None = None) -> None:
        self.address = address
        self._user = user or who_am_i()

    @property
    def name(self) -> str:
        """What the coordinator knows us by."""
        return f"{os.environ.get('LG_HOSTNAME', socket.gethostname())}/{self._user}"

    def answers(self) -> bool:
        """Whether anybody listens there."""
        host, _, port = self.address.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
        except (OSError, ValueError):
            return False
        return True

    def places(self) -> dict[str, Place]:
        """All places by name."""
        with self._session() as session:
            return {name: session.seen(name) for name in sorted(session.places)}

    def exported(self, exporter: str) -> set[str]:
        """The slots that an exporter offers, by its groups."""
        with self._session() as session:
            return {group for whose, group, _ in session.offered() if whose == exporter}

    def publish(self, name: str, match: str, tags: Mapping[str, str]) -> None:
        """Make a place of what matches, or bring the one of that name up to date."""
        with self._session() as session:
            if name not in session.places:
                session.calls.AddPlace(pb.AddPlaceRequest(name=name), timeout=_SECONDS)
                session.calls.AddPlaceMatch(
                    pb.AddPlaceMatchRequest(placename=name, pattern=match), timeout=_SECONDS
                )
            session.calls.SetPlaceTags(
                pb.SetPlaceTagsRequest(placename=name, tags=dict(tags)), timeout=_SECONDS
            )

    def acquire(self, name: str) -> Place:
        """Take a place; it is ours until ``release``.

        Raises UsageError when there is none of that name or somebody has it, StationFault when its
        exporter is not there.
        """
        with self._session() as session:
            if name not in session.places:
                known = ", ".join(sorted(session.places)) or "none"
                raise UsageError(f"place {name!r}: not known to the coordinator at {self.address}, "
                                 f"which has {known}")
            place = session.seen(name)
            if place.acquired:
                raise UsageError(f"place {name} is acquired by {place.acquired}; wait until it is released")
            if place.slot is None:
                raise StationFault(f"place {name}: found no exporter for it, expected one; "
                                   "run rig lab up on its station")
            session.calls.AcquirePlace(pb.AcquirePlaceRequest(placename=name), timeout=_SECONDS)
            return place

    def release(self, name: str, acquired_by: str | None = None) -> None:
        """Give a place back, ours or what ``acquired_by`` left; if it is not theirs any more, nothing."""
        with self._session() as session:
            session.calls.ReleasePlace(
                pb.ReleasePlaceRequest(placename=name, fromuser=acquired_by or self.name), timeout=_SECONDS
            )

    @contextmanager
    def _session(self) -> Iterator[_Session]:
        """A connection for one question, with all that the coordinator has."""
        if not self.answers():
            raise StationFault(f"found no coordinator at {self.address}, expected labgrid's; "
                               "is the lab up (rig lab status)?")
        words: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for said in self._greeting():
            words.put(said)
        try:
            with grpc.insecure_channel(self.address, options=_OPTIONS) as channel:
                session = _Session(pb_grpc.CoordinatorStub(channel))
                stream = session.calls.ClientStream(iter(words.get, None), timeout=_SECONDS)
                try:
                    for told in stream:
                        for update in told.updates:
                            session.take(update)
                        if told.HasField("sync"):
                            break
                    yield session
                finally:
                    words.put(None)
                    stream.cancel()
        except grpc.RpcError as error:
            said = error.details() if isinstance(error, grpc.Call) else str(error)
            raise StationFault(f"the coordinator at {self.address} refused: {said}") from error

    def _greeting(self) -> Iterator[Any]:
        """Who we are, what we want to see, and a mark that comes back after all of it."""
        yield pb.ClientInMessage(startup=pb.StartupDone(version=labgrid_version(), name=self.name))
        yield pb.ClientInMessage(subscribe=pb.Subscribe(all_places=True))
        yield pb.ClientInMessage(subscribe=pb.Subscribe(all_resources=True))
        yield pb.ClientInMessage(sync=pb.Sync(id=1))
