"""Limits, statistics, diagnosis and grade: pure functions over numbers."""

from rig.verdict.codes import Code
from rig.verdict.cores import cores_decided, dead_cores
from rig.verdict.cusum import FalseAlarms, Watch
from rig.verdict.diagnose import diagnose
from rig.verdict.evidence import (
    BurnIn,
    Count,
    EepromState,
    Evidence,
    Fault,
    ForeignChip,
    ResponseLook,
    SensorState,
)
from rig.verdict.finding import Finding
from rig.verdict.grade import Grade, combine
from rig.verdict.measurement import Judge, Judgement, Measurement, Outcome, judge, latest, not_taken
from rig.verdict.sequential import ChipCall, ChipTracker, SequentialTest
from rig.verdict.severity import ExitCode, Verdict, exit_code, severity_of, worst
from rig.verdict.wire import WireCount, WireWatch, less_lost, loss_share

__all__ = [
    "BurnIn", "ChipCall", "ChipTracker", "Code", "Count", "EepromState", "Evidence", "ExitCode",
    "FalseAlarms", "Fault", "Finding", "ForeignChip", "Grade", "Judge", "Judgement", "Measurement",
    "Outcome", "ResponseLook", "SensorState", "SequentialTest", "Verdict", "Watch", "WireCount", "WireWatch",
    "combine", "cores_decided", "dead_cores", "diagnose", "exit_code", "judge", "latest", "less_lost",
    "loss_share", "not_taken", "severity_of", "worst",
]
