"""The factory's system as a destination of the outbox (rig.records.outbox): its queue and its sender."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from rig.records.mes.owed import OwedBook, Owing
from rig.records.mes.port import MesAway, MesDenied, MesPort, MesRejected
from rig.records.model import RunRecord
from rig.records.outbox.delivery import TAKEN, Delivery, Outcome, Refusal
from rig.records.outbox.results import DeadLetter, Depth


@dataclass(frozen=True, slots=True)
class MesParcel:
    """One run as the store has it."""

    number: int
    record: RunRecord

    def split(self) -> Sequence[Self]:
        return (self,)


class MesQueue:
    """What one fixture's runs owe, one at a time. Raises StationFault."""

    def __init__(self, book: OwedBook) -> None:
        self._book = book

    def take(self) -> Sequence[MesParcel]:
        waiting = [one for one in self._book.waiting() if one.owing is Owing.WAITING]
        return [MesParcel(one.number, self._book.record(one.run_id)) for one in waiting[:1]]

    def settle(self, taken: Sequence[MesParcel], refused: Sequence[Refusal[MesParcel]]) -> None:
        reasons = {one.parcel.number: one.reason for one in refused}
        for parcel in taken:
            reason = reasons.get(parcel.number)
            owing = Owing.TOLD if reason is None else Owing.REFUSED
            self._book.settle(parcel.record.run_id, owing, reason or "")

    def depth(self) -> Depth:
        waiting = [one for one in self._book.waiting() if one.owing is Owing.WAITING]
        oldest = min((datetime.fromisoformat(one.at) for one in waiting), default=None)
        return Depth(len(waiting), oldest, 0)

    def dead_letters(self) -> list[DeadLetter]:
        return [
            DeadLetter(one.number, f"run {one.run_id}", datetime.fromisoformat(one.at), one.reason)
            for one in self._book.waiting() if one.owing is Owing.REFUSED
        ]

    def retry(self) -> int:
        """Put what was refused back into the queue; how many."""
        refused = [one for one in self._book.waiting() if one.owing is Owing.REFUSED]
        for one in refused:
            self._book.settle(one.run_id, Owing.WAITING)
        return len(refused)


class MesSender:
    """Tells runs one after the other; a run told twice is one there."""

    def __init__(self, port: MesPort) -> None:
        self._port = port

    def send(self, parcels: Sequence[MesParcel]) -> Delivery:
        try:
            for parcel in parcels:
                self._port.commit(parcel.record)
        except MesAway as error:
            return Delivery(Outcome.LATER, str(error))
        except MesDenied as error:
            return Delivery(Outcome.HELD, str(error))
        except MesRejected as error:
            return Delivery(Outcome.REFUSED, str(error))
        return TAKEN

    def close(self) -> None:
        """Nothing is held between two messages."""
