"""The factory's system: whether a board may be run, and what came of it."""

from rig.records.mes.client import MesClient
from rig.records.mes.owed import Owed, OwedBook, deliver_owed
from rig.records.mes.port import MesAway, MesDenied, MesPort, MesRejected, Question, Reason, Route

__all__ = [
    "MesAway", "MesClient", "MesDenied", "MesPort", "MesRejected", "Owed", "OwedBook", "Question",
    "Reason", "Route", "deliver_owed",
]
