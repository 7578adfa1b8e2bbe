"""A plan played on a slot: pytest as the engine, quiet, with nothing loaded but what the plan needs."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from rig.pytestplugin.progress import Progress
from rig.pytestplugin.recording import InsteadOfBurnIn
from rig.pytestplugin.session import RunSession
from rig.pytestplugin.setup import RunSetup
from rig.pytestplugin.stops import Stops
from rig.records import RunRecord
from rig.slot import SlotProvider


@dataclass(frozen=True, slots=True)
class Played:
    """How a run ended; no record when pytest itself could not begin."""

    code: int
    record: RunRecord | None
    path: Path | None
    untold: str = ""            # why the factory's system does not have it yet


class _Struck:
    """Whether somebody stopped pytest itself; errors in a plan's modules are called interrupted, too."""

    def __init__(self) -> None:
        self.seen = False

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.seen = not isinstance(excinfo.value, pytest.Session.Interrupted)


def play(setup: RunSetup, slot: SlotProvider, progress: Progress, stops: Stops) -> Played:
    """Run the plan's modules on the board in ``slot``.

    Raises UsageError and StationFault before it begins, StationFault when its end could not be kept, and
    KeyboardInterrupt where it was stopped before there was anything to record.
    """
    session, struck = RunSession(setup, slot, progress, stops, quiet=True), _Struck()
    plugins: list[object] = [session, struck]
    modules = "test_*.py"
    if setup.workload.instead is not None:
        plugins.append(InsteadOfBurnIn(setup.workload.instead))
        modules += f" {setup.workload.instead.name}"
    words = [
        str(setup.plan.lookup.steps), "-o", f"python_files={modules}",
        "--disable-plugin-autoload", "-p", "rig.pytestplugin",
        "-p", "no:cacheprovider", "-p", "no:doctest", "-p", "no:unraisableexception",
        "-p", "no:threadexception", "-W", "default",
        "--import-mode=importlib", "--capture=no",
        "-o", "faulthandler_timeout=0",
    ]
    try:
        code = int(pytest.main(words, plugins=plugins))
    finally:
        _forget_modules(setup.plan.lookup.steps)
    if session.unfiled is not None:
        raise session.unfiled
    if struck.seen and session.record is None:
        raise KeyboardInterrupt
    return Played(code, session.record, session.record_path, session.untold)


def _forget_modules(folder: Path) -> None:
    """The next plan of this process has steps of its own: pytest would take modules of the same names for
    those of that plan, even one that broke while it was read."""
    own = str(folder.resolve())
    for name, module in list(sys.modules.items()):
        file = vars(module).get("__file__") if isinstance(module, ModuleType) else None
        if file is not None and os.path.dirname(file) == own:
            del sys.modules[name]
