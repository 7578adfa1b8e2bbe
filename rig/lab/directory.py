"""A conversation with labgrid's coordinator: what places there are, and taking and giving back one.

Each question is a connection of its own, closed again before it is answered: a run holds none, so
that no coordinator that dies can reach into it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from labgrid.remote.common import ReservationState
from labgrid.remote.generated import labgrid_coordinator_pb2 as pb

from rig.errors import UsageError
from rig.lab.holders import WITHHELD, is_gone, is_withheld, on_this_computer, who_am_i
from rig.lab.names import DOWN, SLOT_CLASS, STATE, UP
from rig.lab.refusals import Busy, Unfit
from rig.lab.session import OURS, SECONDS, Place, Session, connected, listens

__all__ = ["DEFAULT_COORDINATOR", "SLOT_CLASS", "Directory", "Place", "Reservation", "who_am_i"]

DEFAULT_COORDINATOR = "127.0.0.1:20408"
_MOST_WAITING = 100
_GOING = (ReservationState.waiting, ReservationState.allocated, ReservationState.acquired)


@dataclass(frozen=True, slots=True)
class Reservation:
    """What the coordinator knows of one that still holds. ``place``: what it was given, None as yet."""

    token: str
    owner: str                      # host/user
    place: str | None


class Directory:
    """The coordinator at an address. Every method raises StationFault when it is not there."""

    def __init__(self, address: str, user: str | None = None) -> None:
        self.address = address
        self._user = user or who_am_i()

    @property
    def name(self) -> str:
        """What the coordinator knows us by."""
        return on_this_computer(self._user)

    def answers(self) -> bool:
        """Whether anybody listens there."""
        return listens(self.address)

    def places(self) -> dict[str, Place]:
        """All places by name."""
        with self._session() as session:
            return {name: session.seen(name) for name in sorted(session.places)}

    def place(self, name: str) -> Place:
        """One place. Raises UsageError when there is none of that name."""
        with self._session() as session:
            return self._known(session, name)

    def exported(self, exporter: str) -> set[str]:
        """The slots that an exporter offers, by its groups."""
        with self._session() as session:
            return {group for whose, group, _ in session.offered() if whose == exporter}

    def publish(self, name: str, match: str, tags: Mapping[str, str]) -> None:
        """Make a place of what matches, or bring the one of that name up to date. A tag of "" goes."""
        with self._session() as session:
            if name not in session.places:
                session.calls.AddPlace(pb.AddPlaceRequest(name=name), timeout=SECONDS)
                session.calls.AddPlaceMatch(
                    pb.AddPlaceMatchRequest(placename=name, pattern=match), timeout=SECONDS
                )
            elif tags.items() <= session.places[name].tags.items():
                return
            _tag(session, name, tags)

    def acquire(self, name: str) -> Place:
        """Take a place; it is ours until ``release``.

        Raises UsageError when there is none of that name or somebody has it, StationFault when its
        exporter is not there or it is withheld.
        """
        with self._session() as session:
            place = self._known(session, name)
            self._demand_free(session, place)
            try:
                _acquire(session, name)
            except grpc.RpcError as error:
                _none_such(error)
                raise _refused(place, error) from error
            return place

    def demand_free(self, name: str) -> Place:
        """The place, if ``acquire`` would get it; raises as that does."""
        with self._session() as session:
            place = self._known(session, name)
            self._demand_free(session, place)
            return place

    def release(self, name: str, acquired_by: str | None = None) -> None:
        """Give a place back, ours or what ``acquired_by`` left; if it is not theirs any more, nothing."""
        with self._session() as session:
            session.calls.ReleasePlace(
                pb.ReleasePlaceRequest(placename=name, fromuser=acquired_by or self.name), timeout=SECONDS
            )

    def claim(self, name: str) -> bool:
        """Take a free place, whoever it is set aside for; False when somebody has it."""
        with self._session() as session:
            if name not in session.places:
                return False
            return _take_over(session, name)

    def withhold(self, name: str, why: str) -> None:
        """See to it that nobody gets a place, by labgrid's own client as little as by us.

        Somebody who has it keeps it; then it is marked only.
        """
        with Directory(self.address, WITHHELD)._session() as session:
            place = session.places[name]
            if place.tags.get(STATE) != DOWN or place.comment != OURS + why:
                _tag(session, name, {STATE: DOWN})
                _say(session, name, OURS + why)
            if place.acquired is None:
                _take_over(session, name)

    def restore(self, name: str, why_locked: str = "") -> None:
        """Offer a place (again), with a word to those who may not have it yet."""
        with Directory(self.address, WITHHELD)._session() as session:
            place = session.places[name]
            if place.tags.get(STATE) != UP:
                _tag(session, name, {STATE: UP})
            comment = OURS + why_locked if why_locked else ""
            if place.comment != comment and (comment or place.comment.startswith(OURS)):
                _say(session, name, comment)
            if is_withheld(place.acquired):
                session.calls.ReleasePlace(
                    pb.ReleasePlaceRequest(placename=name, fromuser=place.acquired), timeout=SECONDS
                )

    def reserve(self, tags: Mapping[str, str], priority: float = 0.0) -> Reservation:
        """Ask for any place with these tags. It lapses after a minute unless ``look_at`` asks after it."""
        with self._session() as session:
            wanted = {"main": pb.Reservation.Filter(filter=dict(tags))}
            answer = session.calls.CreateReservation(
                pb.CreateReservationRequest(filters=wanted, prio=priority), timeout=SECONDS
            )
            return _reservation(answer.reservation)

    def look_at(self, token: str) -> Reservation | None:
        """A reservation of ours as it stands, alive for another minute; None when it has ended."""
        with self._session() as session:
            try:
                answer = session.calls.PollReservation(
                    pb.PollReservationRequest(token=token), timeout=SECONDS
                )
            except grpc.RpcError as error:
                _none_such(error)
                return None
            found = answer.reservation
            return _reservation(found) if ReservationState(found.state) in _GOING else None

    def give_up(self, token: str) -> None:
        """End a reservation, if there is one yet."""
        with self._session() as session:
            _cancel(session, token)

    def reservations(self) -> tuple[Reservation, ...]:
        """All that hold."""
        with self._session() as session:
            return tuple(_reservations(session))

    def free_the_dead(self) -> None:
        """Give back what processes of this computer held or had set aside for them when they died."""
        with self._session() as session:
            for name, place in session.places.items():
                if place.acquired is not None and is_gone(place.acquired):
                    session.calls.ReleasePlace(
                        pb.ReleasePlaceRequest(placename=name, fromuser=place.acquired), timeout=SECONDS
                    )
            for one in _reservations(session):
                if is_gone(one.owner):
                    _cancel(session, one.token)

    def _known(self, session: Session, name: str) -> Place:
        if name not in session.places:
            known = ", ".join(sorted(session.places)) or "none"
            raise UsageError(f"place {name!r}: not known to the coordinator at {self.address}, "
                             f"which has {known}")
        return session.seen(name)

    def _demand_free(self, session: Session, place: Place) -> None:
        if is_withheld(place.acquired):
            raise Unfit(f"place {place.name} is withheld: {place.why or 'nobody said why'}")
        if place.acquired:
            raise Busy(f"place {place.name} is acquired by {place.acquired}; wait until it is released")
        if place.slot is None:
            raise Unfit(f"place {place.name}: found no exporter for it, expected one; "
                        "run rig lab up on its station")
        if place.reservation:
            owner = {one.token: one.owner for one in _reservations(session)}.get(place.reservation)
            if owner not in (None, self.name):
                raise Busy(f"place {place.name} is set aside for {owner}; wait with --rig-wait")

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with connected(self.address, self.name) as session:
            yield session


def _acquire(session: Session, name: str) -> None:
    session.calls.AcquirePlace(pb.AcquirePlaceRequest(placename=name), timeout=SECONDS)


def _refused(place: Place, error: grpc.Call) -> Busy | Unfit:
    """Between our look and our word somebody was quicker, or the exporter does not let go of it."""
    said = error.details()
    if "resources" in said:
        return Unfit(f"place {place.name}: {said}; run rig lab up on its station")
    return Busy(f"place {place.name}: {said}; wait until it is released")


def _take_over(session: Session, name: str) -> bool:
    """Acquire it before all who wait for it; whether it was free.

    The coordinator gives it to the next in its queue as soon as one is sent off.
    """
    if session.places[name].acquired is not None:
        return False
    for _ in range(_MOST_WAITING):
        for one in _reservations(session):
            if one.place == name:
                _cancel(session, one.token)
        try:
            _acquire(session, name)
        except grpc.RpcError as error:
            _none_such(error)
            if error.code() is not grpc.StatusCode.PERMISSION_DENIED:
                return False                    # somebody was quicker
        else:
            return True
    return False


def _cancel(session: Session, token: str) -> None:
    try:
        session.calls.CancelReservation(pb.CancelReservationRequest(token=token), timeout=SECONDS)
    except grpc.RpcError as error:
        _none_such(error)


def _reservations(session: Session) -> Iterator[Reservation]:
    for one in session.calls.GetReservations(pb.GetReservationsRequest(), timeout=SECONDS).reservations:
        if ReservationState(one.state) in _GOING:
            yield _reservation(one)


def _reservation(found: Any) -> Reservation:
    return Reservation(found.token, found.owner, found.allocations.get("main"))


def _none_such(error: grpc.RpcError) -> None:
    """What was asked for is no more, or is somebody else's by now; anything else is raised on."""
    mild = (grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.PERMISSION_DENIED)
    if not isinstance(error, grpc.Call) or error.code() not in mild:
        raise error


def _tag(session: Session, name: str, tags: Mapping[str, str]) -> None:
    session.calls.SetPlaceTags(pb.SetPlaceTagsRequest(placename=name, tags=dict(tags)), timeout=SECONDS)


def _say(session: Session, name: str, comment: str) -> None:
    session.calls.SetPlaceComment(
        pb.SetPlaceCommentRequest(placename=name, comment=comment), timeout=SECONDS
    )
