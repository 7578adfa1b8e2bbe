"""One connection to labgrid's coordinator: its own calls, and all that it had when we came."""

from __future__ import annotations

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

from rig.errors import StationFault
from rig.lab.names import SLOT_CLASS

OURS = "rig: "                      # begins the comments on places that are not a person's
SECONDS = 10.0                      # for one question, connection and all
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
    comment: str = ""
    reservation: str | None = None  # token of the one it is set aside for

    @property
    def why(self) -> str:
        """What the rig says against the place; a comment by people is theirs."""
        return self.comment.removeprefix(OURS) if self.comment.startswith(OURS) else ""


@dataclass(slots=True)
class Session:
    """A connection while it is open."""

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
        return Place(name, dict(place.tags), place.acquired, self._slot_of(place), place.comment,
                     place.reservation)

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


def listens(address: str) -> bool:
    """Whether anybody listens at HOST:PORT."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
    except (OSError, ValueError):
        return False
    return True


@contextmanager
def connected(address: str, name: str) -> Iterator[Session]:
    """A connection for one question, as ``name``. Raises StationFault when nobody is there or refuses."""
    if not listens(address):
        raise StationFault(f"found no coordinator at {address}, expected labgrid's; "
                           "is the lab up (rig lab status)?")
    words: queue.SimpleQueue[Any] = queue.SimpleQueue()
    for said in _greeting(name):
        words.put(said)
    try:
        with grpc.insecure_channel(address, options=_OPTIONS) as channel:
            session = Session(pb_grpc.CoordinatorStub(channel))
            stream = session.calls.ClientStream(iter(words.get, None), timeout=SECONDS)
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
        raise StationFault(f"the coordinator at {address} refused: {said}") from error


def _greeting(name: str) -> Iterator[Any]:
    """Who we are, what we want to see, and a mark that comes back after all of it."""
    yield pb.ClientInMessage(startup=pb.StartupDone(version=labgrid_version(), name=name))
    yield pb.ClientInMessage(subscribe=pb.Subscribe(all_places=True))
    yield pb.ClientInMessage(subscribe=pb.Subscribe(all_resources=True))
    yield pb.ClientInMessage(sync=pb.Sync(id=1))
