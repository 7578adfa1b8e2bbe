"""One run in one fresh process: a fork of the forkserver, a session of its own, ports opened after it."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from rig.clock import SystemClock
from rig.errors import RigError, UsageError
from rig.pytestplugin.options import RunOptions
from rig.pytestplugin.play import play
from rig.pytestplugin.setup import prepare
from rig.pytestplugin.wired import wired_slot
from rig.station.reporter import Pipe, Reporter, StationStops

COLLECT = (20_000, 20, 50)      # a run makes few cycles, and is over soon


@dataclass(frozen=True, slots=True)
class RunOrder:
    """What one run is to do. ``presses``: what people scanned for it; ``log``: where its prints go."""

    options: RunOptions
    presses: tuple[str, ...]
    log: Path
    runtime: Path


def run_board(order: RunOrder, link: socket.socket) -> None:
    """The whole life of the process; what it has to say goes through ``link``, its exit code last."""
    os.setsid()                                 # Ctrl-C and the station's end are not for it
    gc.set_threshold(*COLLECT)
    _print_to(order.log)
    os.environ["RIG_RUNTIME"] = str(order.runtime)
    pipe = Pipe(link)
    try:
        code = _test(order, pipe)
    except RigError as error:
        code = 2 if isinstance(error, UsageError) else 3
        pipe.send("refused", text=str(error), code=code)
    except KeyboardInterrupt:
        code = 4
        pipe.send("refused", text="stopped before it had begun", code=code)
    sys.exit(code)


def _test(order: RunOrder, pipe: Pipe) -> int:
    setup = prepare(order.options, SystemClock())
    reporter = Reporter(pipe, order.presses)
    pipe.send("began", run_id=setup.run_id)
    with wired_slot(setup) as slot:
        try:
            return play(setup, slot, reporter, StationStops(pipe)).code
        finally:
            reporter.close()


def _print_to(log: Path) -> None:
    """Anything printed goes to the slot's own file, as a started guard's does."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    signal.signal(signal.SIGINT, signal.default_int_handler)
