"""What the forkserver loads before the first board, so that a run begins in a fraction of a second.

Nothing here may open a port, start a thread or keep a lock: every run is a fork of this.
"""

from __future__ import annotations

import gc
import os
from importlib import import_module

from rig.work.backend import best_backend

# what a run would import otherwise while the board waits
LOADED = (
    "pytest", "labgrid.pytestplugin", "pyvisa", "pyvisa_py.tcpip", "rig.instruments.registry",
    "rig.pytestplugin.board_run", "rig.pytestplugin.carrying", "rig.pytestplugin.levels",
    "rig.pytestplugin.play", "rig.pytestplugin.power_path", "rig.pytestplugin.setup",
    "rig.pytestplugin.start_gate", "rig.pytestplugin.wired", "rig.station.child",
)

# whatever pytest plug-ins are installed beside us, a run loads only what its plan needs
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

for module in LOADED:
    import_module(module)
best_backend()                                  # its self-test, once
gc.collect()
gc.freeze()                                     # forks share these pages for good
