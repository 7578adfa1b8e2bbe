"""What the forkserver loads before the first board, so that a run begins in a fraction of a second.

Nothing here may open a port, start a thread of ours or keep a lock: every run is a fork of this. (numpy and
pyarrow start threads of their own when they are loaded; both have fork handlers for them.)
"""

from __future__ import annotations

import contextlib
import gc
import os
from importlib import import_module
from pathlib import Path

import pyarrow

from rig.errors import RigError
from rig.fixturefile import load_fixture
from rig.pytestplugin.conclude import code_hash
from rig.pytestplugin.setup import check_plan
from rig.pytestplugin.workload import planned
from rig.recipe import load_plan
from rig.work.backend import best_backend

PLAN = "RIG_STATION_PLAN"                       # the folder of the product's plan
FIXTURE = "RIG_STATION_FIXTURE"                 # the fixture's file

# what a run would import otherwise while the board waits
LOADED = (
    "cryptography.hazmat.primitives.ciphers",
    "pyarrow.parquet", "pytest", "labgrid.pytestplugin", "pyvisa", "pyvisa_py.tcpip",
    "rig.instruments.registry",
    "rig.pytestplugin.board_run", "rig.pytestplugin.carrying", "rig.pytestplugin.levels",
    "rig.pytestplugin.play", "rig.pytestplugin.power_path", "rig.pytestplugin.setup",
    "rig.pytestplugin.start_gate", "rig.pytestplugin.wired", "rig.records.telemetry.parquet",
    "rig.station.child",
    "difflib", "faulthandler", "pdb", "unittest", "xml.dom.expatbuilder",       # pytest's own
)

# whatever pytest plug-ins are installed beside us, a run loads only what its plan needs
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

for module in LOADED:
    import_module(module)
pyarrow.array([0.0])                            # brings in pandas, where there is one
best_backend()                                  # its self-test, once
code_hash()                                     # of the code that is loaded now
if PLAN in os.environ:
    # taken apart once; a run reads the files again, and takes apart what has changed
    folder = Path(os.environ[PLAN])
    with contextlib.suppress(RigError):         # a run says what is wrong with them
        fixture, plan = load_fixture(Path(os.environ[FIXTURE])), load_plan(folder.parent, folder.name)
        check_plan(plan)                        # the lines of its sequential tests, a tenth of a second
        planned(plan, simulated=fixture.simulated)
gc.collect()
gc.freeze()                                     # forks share these pages for good
